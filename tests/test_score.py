"""The score of a hit is a probability of its own: of the query and the note, whatever else is found."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import REPOSITORY, SCALE, Run
from hypothesis import given
from hypothesis import strategies as st

from kb.areas.concepts import load_concepts
from kb.evaluation.metrics import calibration_error
from kb.evaluation.queries import GoldenQuery, load_golden
from kb.knowledge import KnowledgeBase
from kb.models import Encoder, Filter, Mode
from kb.reports import SearchResult
from kb.search.answer import NEAREST
from kb.search.calibration import GOOD, WEAK, Evidence

QUERIES = ("QLoRA memory", "the ported model writes a sensible phrase and then babbles", "slugs on hostas")
EVERY = 5  # of the judged queries
FEW_GOOD, NONE_GOOD = "GraphSAINT", "slugs on hostas"


@given(st.floats(-1, 3), st.floats(0, 1), st.integers(0, 50))
def test_more_evidence_is_likelier(relatedness: float, coverage: float, words: int) -> None:
    """A score is a probability, and rises with the relatedness of a note and the query's words that it has."""
    less = Evidence({"a": relatedness}, coverage, words).probabilities()["a"]
    assert 0 <= less <= 1
    for more in ((relatedness + 0.1, coverage, words), (relatedness, coverage + 0.1, words)):
        assert Evidence({"a": more[0]}, *more[1:]).probabilities()["a"] > less


def test_a_name_is_evidence() -> None:
    """A note that is named after the concept which a query asks for is likelier, the more the query is about it."""
    chances = [Evidence({"a": 0.5}, 0.2, 5, titled).probabilities()["a"] for titled in (0.0, 0.5, 2.0)]
    assert chances == sorted(set(chances))


def test_each_chunk_has_its_own() -> None:
    """The chunks of a note differ by what they mean, and share what the note has of the words."""
    chances = Evidence({"far": 0.1, "near": 0.9}, 0.5, 4).probabilities()
    assert chances["far"] < chances["near"]


@pytest.mark.parametrize(
    ("cosine", "coverage", "words", "good"),
    [(0.6, 0.5, 4, True), (0.1, 0.5, 1, False), (0.3, 1.0, 3, True), (0.2, 0.1, 4, False), (0.0, 0.0, 0, False)],
)
def test_a_good_match(cosine: float, coverage: float, words: int, good: bool) -> None:
    """A note is a good match where meaning and words together are close enough, and neither alone must be."""
    found = Evidence({"a": SCALE.relatedness(cosine)}, coverage, words)
    assert (found.probabilities()["a"] >= GOOD) is good


@pytest.fixture(scope="module")
def own_notes(indexed_notes: Path, real_encoder: Encoder) -> Iterator[KnowledgeBase]:
    """The project's own notes."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        yield knowledge


@pytest.fixture(scope="module", params=QUERIES)
def answer(request: pytest.FixtureRequest, own_notes: KnowledgeBase) -> SearchResult:
    """All hits of a query."""
    return own_notes.search(request.param, limit=100)


@pytest.mark.model
@pytest.mark.parametrize(
    "filter",
    [Filter(areas=("llm",)), Filter(tags=("serving",)), Filter(since=datetime.date(2026, 1, 1))],
    ids=["area", "tag", "since"],
)
def test_filters_change_no_score(own_notes: KnowledgeBase, answer: SearchResult, filter: Filter) -> None:
    """A note has the same score for a query whatever the filter, and therefore whatever else is found."""
    everywhere = {hit.path: hit.score for hit in answer.hits}
    filtered = {hit.path: hit.score for hit in own_notes.search(answer.query, filter=filter).hits}
    assert 0 < len(filtered) < len(everywhere)
    assert filtered == {path: everywhere[path] for path in filtered}


@pytest.mark.model
def test_the_limit_changes_no_score(own_notes: KnowledgeBase, answer: SearchResult) -> None:
    """A note has the same score whether one note is shown or a hundred, and its passages have none above it."""
    first = own_notes.search(answer.query, limit=1)
    assert (first.hits[0].score, first.good_match) == (answer.hits[0].score, answer.good_match)
    assert all(passage.score <= hit.score for hit in answer.hits for passage in hit.passages)


@pytest.mark.model
def test_weak_hits_are_counted(own_notes: KnowledgeBase, answer: SearchResult) -> None:
    """A query has a good match where one of the ten best notes has a good score. Hits with weak scores are left out
    where they are not wanted, and all but a few where none is a good match.
    """
    everything = answer.hits[:10]
    strong = own_notes.search(answer.query, weak=False)
    assert strong.good_match == any(hit.score >= GOOD for hit in everything)
    kept = [hit.path for hit in everything if hit.score >= WEAK]
    assert [hit.path for hit in strong.hits] == (kept if strong.good_match else kept[:NEAREST])
    assert (answer.weaker, strong.weaker) == (0, len(everything) - len(strong.hits))


@pytest.mark.model
def test_probabilities_hold(own_notes: KnowledgeBase) -> None:
    """Of the hits with some score on the project's own notes, about that share is relevant."""
    lines = (REPOSITORY / "tests/nonsense.txt").read_text(encoding="utf-8").splitlines()
    nonsense = [GoldenQuery(text=line, relevant=()) for line in lines if line.strip("# ")]
    queries = (*load_golden(REPOSITORY / "tests/golden.toml").query[::EVERY], *nonsense[:: 2 * EVERY])
    found = [(hit.score, hit.path in query.relevant) for query in queries for hit in own_notes.search(query.text).hits]
    said, right = zip(*found, strict=True)
    assert calibration_error(said, right) < 0.05


@pytest.mark.model
@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("have it reason aloud and take a vote among several tries", "chain-of-thought"),
        ("answering each request for less money", "continuous-batching"),
        ("adapting a huge model on a single graphics card", "qlora"),
        ("billions of edges spread over several machines", "distributed-gnn-training"),
    ],
)
def test_other_words_make_no_weak_hit(own_notes: KnowledgeBase, query: str, note: str) -> None:
    """A note on what a query describes in other words is likely relevant, as the reading of the query says."""
    result = own_notes.search(query)
    assert (result.hits[0].path, result.good_match) == (f"notes/{note}.md", True)
    assert result.hits[0].score > 0.5


@pytest.mark.model
def test_what_a_title_names_is_a_good_match(own_notes: KnowledgeBase) -> None:
    """The name of a concept, however short, has a good match where a note has that name in its title."""
    concepts = load_concepts(())
    titles = " | ".join(note.title for note in own_notes.list().notes)
    names = [name for number in concepts.named(titles) for name in concepts.names(number) if name in titles]
    assert len(names) > 50
    assert [name for name in names if not own_notes.search(name, limit=1).good_match] == []


# --- weak hits ---


@pytest.mark.model
@pytest.mark.parametrize("mode", ["dense", "lexical"])
def test_cosines_and_bm25_are_not_cut(own_notes: KnowledgeBase, mode: Mode) -> None:
    """A bm25 or cosine is no probability: with a good match, all hits are shown however small they are."""
    result = own_notes.search("attention is all you need", mode=mode, weak=False)
    assert (result.good_match, len(result.hits), result.weaker) == (True, 10, 0)
    nothing = own_notes.search("slugs on hostas", mode="dense", weak=False)
    assert (nothing.good_match, len(nothing.hits), nothing.weaker) == (False, NEAREST, 10 - NEAREST)


@pytest.mark.model
def test_command_line_leaves_weak_hits_out(kb: Callable[..., Run], indexed_notes: Path) -> None:
    """The command line leaves weak hits out and says how to see them; with `-n` all are shown."""
    asked = ("search", "--notebook", str(indexed_notes))
    plain = kb(*asked, FEW_GOOD)
    shown = json.loads(kb(*asked, "--json", FEW_GOOD).out)
    assert 0 < len(shown["hits"]) < 10
    assert len(shown["hits"]) + shown["weaker"] == 10
    assert f"{shown['weaker']} weaker hit" in plain.err
    assert "`-n 10` shows" in plain.err
    everything = json.loads(kb(*asked, "--json", "-n", "10", FEW_GOOD).out)
    assert (len(everything["hits"]), everything["weaker"]) == (10, 0)


@pytest.mark.model
def test_command_line_where_all_are_weak(kb: Callable[..., Run], indexed_notes: Path) -> None:
    """Where every hit is weak, none is shown, and the messages do not speak of nearest ones."""
    answer = kb("search", "--notebook", str(indexed_notes), NONE_GOOD)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.splitlines() == ["kb: no note is a good match", "kb: 10 weaker hits; `-n 10` shows them"]
