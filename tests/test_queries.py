"""Judged queries, from the file to the table of measures."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import Run

from kb.errors import InputError
from kb.evaluation.beir import Beir
from kb.evaluation.queries import SYSTEMS, Golden, GoldenQuery, Rank, compare_rankings, load_golden
from kb.knowledge import KnowledgeBase
from kb.models import System

OWN = Path(__file__).parent / "golden.toml"
NOTES = OWN.parent.parent / "notes"
QUERY = '[[query]]\ntext = "graphs"\nrelevant = ["notes/a.md"]\n'


def golden(*relevant: str) -> Golden:
    return Golden(query=(GoldenQuery(text="graphs", relevant=relevant),))


def always(ranked: Sequence[str]) -> Rank:
    """Every system answers every query with the same notes."""
    return lambda query, limit: dict.fromkeys(SYSTEMS, ranked)


def test_table_by_hand() -> None:
    """Each query is asked once to a depth of a hundred, and the table holds the means of each system."""
    asked: list[tuple[str, int]] = []

    def rank(query: str, limit: int) -> dict[System, Sequence[str]]:
        asked.append((query, limit))
        late = [*(f"x{number}" for number in range(10)), "a"]
        return {"lexical": ["x"], "dense": ["x", "a"], "rrf": late, "sum": ["x"], "hybrid": ["a"]}

    judged = Golden(query=tuple(GoldenQuery(text=text, relevant=("a",)) for text in ("one", "two")))
    table = compare_rankings(judged, rank)
    assert asked == [("one", 100), ("two", 100)]
    assert table.queries == 2
    rows = [(row.mode, row.mrr, row.recall_10, row.recall_100, round(row.ndcg_10, 3)) for row in table.systems]
    assert rows == [
        ("lexical", 0.0, 0.0, 0.0, 0.0),
        ("dense", 0.5, 1.0, 1.0, 0.631),
        ("rrf", pytest.approx(1 / 11), 0.0, 1.0, 0.0),
        ("sum", 0.0, 0.0, 0.0, 0.0),
        ("hybrid", 1.0, 1.0, 1.0, 1.0),
    ]
    assert table.best_other == "dense"
    assert table.systems[1].intervals["mrr"] == (0.5, 0.5)


def test_note_named_twice_counts_once() -> None:
    """A note that the judge lists twice cannot lower a perfect answer."""
    best = compare_rankings(golden("a", "a"), always(["a"])).systems[0]
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
        compare_rankings(load_golden(path), always([]))
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
    """A notebook is measured in every way with a user's own file, and its paths are the user's paths."""
    write("notes/a.md", "---\narea: gnn\n---\nGraphs and graphs.\n")
    write("notes/b.md", "---\narea: llm\n---\nPrompts and tokens.\n")
    knowledge.add(["notes"])
    table = knowledge.evaluate(load_golden(write("golden.toml", QUERY)))
    assert [(row.mode, row.ndcg_10) for row in table.systems] == [(system, 1.0) for system in SYSTEMS]


def write_beir(folder: Path, judgements: str) -> None:
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": "d 1", "title": "Graphs", "text": "Nodes\nand edges."}, {"_id": "d/2", "text": "Tokens."}]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "edges"}\n{"_id": "q2", "text": "tokens"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judgements)


def test_a_beir_folder_becomes_notes_and_queries(tmp_path: Path) -> None:
    """Documents are notes under their titles; judgements above 0 name them; unknown ids and unjudged queries drop."""
    write_beir(tmp_path / "set", "q1\td 1\t2\nq1\td/2\t0\nq1\tgone\t1\nq9\td 1\t1\n")
    beir = Beir(tmp_path / "set")
    assert beir.notes == {"notes/000000.md": "# Graphs\n\nNodes\nand edges.\n", "notes/000001.md": "Tokens.\n"}
    assert beir.golden == Golden(query=(GoldenQuery(text="edges", relevant=("notes/000000.md",)),))
    beir.write(tmp_path / "notebook")
    assert (tmp_path / "notebook" / "notes" / "000001.md").read_text() == "Tokens.\n"


@pytest.mark.parametrize("judgements", ["", "q1\td 1\t0\n", "q1\td 1\n", "q1\td 1\thigh\n"])
def test_a_folder_without_judgements_is_refused(tmp_path: Path, judgements: str) -> None:
    """A folder with no usable judgement is refused by name."""
    write_beir(tmp_path / "set", judgements)
    with pytest.raises(InputError, match="set"):
        Beir(tmp_path / "set")


@pytest.mark.model
def test_a_beir_folder_is_measured_once_embedded(
    tmp_path: Path, kb: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kb eval --beir` needs no notebook, prints every system, keeps what it embedded, and can fail."""
    write_beir(tmp_path / "set", "q1\td 1\t1\nq2\td/2\t1\n")
    monkeypatch.chdir(tmp_path)
    first = kb("eval", "--beir", "set")
    assert first.code == 0
    assert [line.split()[0] for line in first.out.splitlines()[1:-1]] == list(SYSTEMS)
    assert first.out.splitlines()[-1].startswith("2 queries; hybrid against ")
    assert max(map(len, first.out.splitlines())) <= 80
    assert kb("eval", "--beir", "set", "--json").out.count('"mode"') == len(SYSTEMS)
    notes = sorted((Path(os.environ["XDG_CACHE_HOME"]) / "kb" / "beir").glob("*/notes/*.md"))
    before = [path.stat().st_mtime_ns for path in notes]
    notes[0].unlink()  # as if the first run had been interrupted
    assert kb("eval", "--beir", "set").out == first.out
    assert [path.stat().st_mtime_ns for path in notes][1:] == before[1:]
    failed = kb("eval", "--beir", "set", "--fail-under", "1.01")
    assert (failed.code, failed.err) == (1, "kb: hybrid's nDCG@10 is 1.0000, below 1.01\n")
    assert kb("eval").code == kb("eval", "x", "--beir", "set").code == 2
