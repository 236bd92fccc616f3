"""Judged queries, from the file to the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kb.errors import InputError
from kb.evaluation.runner import Golden, GoldenQuery, evaluate, load_golden
from kb.library import KnowledgeBase
from kb.models import Mode

OWN = Path(__file__).parent / "golden.toml"
NOTES = OWN.parent.parent / "notes"
QUERY = '[[query]]\ntext = "graphs"\nrelevant = ["notes/a.md"]\n'


def golden(*relevant: str) -> Golden:
    return Golden(query=(GoldenQuery(text="graphs", relevant=relevant),))


def test_table_by_hand() -> None:
    """Each mode is asked each query to a depth of ten, and the table holds the means."""
    asked: list[tuple[str, Mode, int]] = []

    def rank(query: str, mode: Mode, limit: int) -> Sequence[str]:
        asked.append((query, mode, limit))
        return {"lexical": ["x"], "dense": ["x", "a"], "hybrid": ["a"]}[mode]

    judged = Golden(query=tuple(GoldenQuery(text=text, relevant=("a",)) for text in ("one", "two")))
    table = evaluate(judged, rank)
    assert asked == [(text, mode, 10) for mode in ("lexical", "dense", "hybrid") for text in ("one", "two")]
    assert table.queries == 2
    assert [(row.mode, row.mrr, row.recall_10, round(row.ndcg_10, 3)) for row in table.systems] == [
        ("lexical", 0.0, 0.0, 0.0),
        ("dense", 0.5, 1.0, 0.631),
        ("hybrid", 1.0, 1.0, 1.0),
    ]


def test_note_named_twice_counts_once() -> None:
    """A note that the judge lists twice cannot lower a perfect answer."""
    best = evaluate(golden("a", "a"), lambda query, mode, limit: ["a"]).systems[0]
    assert (best.ndcg_10, best.recall_10, best.mrr) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[query]\n", "cannot be read"),
        ('[[query]]\ntext = "graphs"\n', "relevant"),
        (QUERY + 'colour = "red"\n', "colour"),
        (QUERY.replace('"notes/a.md"', "7"), "relevant"),
        ("", "query"),
        ("query = []\n", "query"),
    ],
    ids=["no TOML", "no judgement", "unknown key", "wrong type", "empty file", "no queries"],
)
def test_broken_file(tmp_path: Path, text: str, complaint: str) -> None:
    """A file that holds no judged queries is refused in one line that names the file and what is wrong."""
    path = tmp_path / "golden.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint) as refused:
        evaluate(load_golden(path), lambda query, mode, limit: [])
    assert "golden.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        load_golden(tmp_path / "nowhere.toml")


def test_own_queries() -> None:
    """The repository's judged queries name only notes that exist, each query is asked once and none lists a post."""
    queries = load_golden(OWN).query
    assert len(queries) >= 50
    assert len({query.text for query in queries}) == len(queries)
    for query in queries:
        assert query.relevant, query.text
        for path in query.relevant:
            assert (NOTES.parent / path).is_file(), path
            assert not path.startswith("notes/posts/"), path


def test_evaluating_a_notebook(knowledge: KnowledgeBase, write: Callable[[str, str], Path], notebook: Path) -> None:
    """A notebook is measured in all three modes with a user's own file, and its paths are the user's paths."""
    write("notes/a.md", "---\narea: gnn\n---\nGraphs and graphs.\n")
    write("notes/b.md", "---\narea: llm\n---\nPrompts and tokens.\n")
    knowledge.add(["notes"])
    table = knowledge.evaluate(write("golden.toml", QUERY))
    assert [(row.mode, row.ndcg_10) for row in table.systems] == [("lexical", 1.0), ("dense", 1.0), ("hybrid", 1.0)]
