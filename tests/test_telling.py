"""The passage of a note that is shown first is the one that answers."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from conftest import REPOSITORY

from kb.knowledge import KnowledgeBase
from kb.models import ChunkRecord, Encoder, LineKind
from kb.search.query import query_words
from kb.search.ranking import Ranked
from kb.search.telling import RankedPassage, told_first

LEAST_TOLD = 0.66  # of the judged queries, for which the passage shown first is one that answers


def told(query: str, *sections: tuple[str, str, float]) -> list[str]:
    """The headings of passages, each with its text and score, in the order in which they are shown for a query."""
    passages = []
    for number, (heading, text, score) in enumerate(sections):
        lines = ["# Beam search", "", f"## {heading}", "", *text.splitlines()]
        kinds = "".join({"#": LineKind.HEADING, "": LineKind.BLANK}.get(line[:1], LineKind.PROSE) for line in lines)
        chunk = ChunkRecord(
            id=f"a:{number}:0",
            note_id="a",
            position=number,
            heading_path=(heading,),
            text="\n".join(lines),
            kinds=kinds,
            start_line=1,
            end_line=len(lines),
            embedding_key="",
        )
        passages.append(RankedPassage(Ranked(chunk.id, score, None, None), chunk))
    return [passage.chunk.heading_path[-1] for passage in told_first(passages, query_words(query))]


def test_words_that_few_passages_have() -> None:
    """Of a note's passages, one that has what the others lack comes before those that repeat its subject."""
    history = ("History", "Beam search and beam search and beam search.", 5.0)
    origins = ("Origins", "Beam search is old.", 4.0)
    pruning = ("Widths", "Narrow ones prune good candidates of a beam search.", 3.5)
    assert told("beam search pruning", history, origins, pruning) == ["Widths", "History", "Origins"]
    assert told("beam search", history, origins, pruning) == ["History", "Origins", "Widths"]
    assert told("beam search pruning", history) == ["History"]


def test_a_heading_tells() -> None:
    """A word in the heading of a passage counts for it, and one in the title of its note does not."""
    history = ("History", "It was found by chance.", 4.0)
    assert told("beam search width", history, ("Width", "Eight is often enough.", 3.0)) == ["Width", "History"]
    assert told("beam", history, ("Width", "Eight is often enough.", 3.0)) == ["History", "Width"]


def test_much_nearer_passages_come_first() -> None:
    """What a passage means counts as well: one that is much nearer to the query comes before one with its words."""
    near, worded = ("Size", "Eight is often enough.", 9.0), ("Width", "The width is given.", 2.0)
    assert told("beam width", near, worded) == ["Size", "Width"]


def test_questions_tell_nothing() -> None:
    """A passage of which at least half asks comes after all that tell, also where it has every word of the query."""
    asking = ("Open questions", "How wide should a beam search be?\nDoes width cost? It may well.", 9.0)
    telling = ("Cost", "Each candidate multiplies the work. Is it worth it? Often it is.", 2.0)
    assert told("how wide should a beam search be", asking, telling) == ["Cost", "Open questions"]


def test_a_short_word_is_a_whole_word() -> None:
    """A short word of a query is not found at the beginning of others; a longer one is, whatever its ending."""
    effort, knobs = ("Work", "Efficient work has an effect.", 4.0), ("Knobs", "The knob ef is the only one.", 3.0)
    assert told("ef", effort, knobs) == ["Knobs", "Work"]
    assert told("efficiently*", knobs, effort) == ["Work", "Knobs"]


@pytest.mark.parametrize("query", ["", "the of", "((", "C++", "naïve 日本"])
def test_any_query(query: str) -> None:
    """Passages stay in the order of their scores where none has a word of the query."""
    assert told(query, ("One", "Eight is enough.", 2.0), ("Two", "Nine is more.", 1.0)) == ["One", "Two"]


@pytest.mark.model
def test_most_judged_passages(indexed_notes: Path, real_encoder: Encoder) -> None:
    """For about two in three of the judged queries, the passage that is shown first is one that answers."""
    judged = tomllib.loads((REPOSITORY / "tests/passages.toml").read_text(encoding="utf-8"))["query"]
    told = 0
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        for query in judged:
            hits = {hit.path: hit for hit in knowledge.search(query["text"]).hits}
            told += (hits[query["note"]].heading_path or ("",))[-1] in query["headings"]
    assert told >= LEAST_TOLD * len(judged)
