"""The classifier: which of the three areas a note belongs to, how sure that is, and why."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from kb.ingest.areas import CLASSES, AreaText, AreaTexts, classify, load_areas, override
from kb.ingest.chunking import chunk_note
from kb.ingest.markdown import parse_note
from kb.models import AREAS, AreaVerdict, Encoder, FiledArea, NoteFile, VerdictArea


class WordEncoder:
    """Bags of words in which every word has a dimension of its own: only shared words make texts alike."""

    fingerprint = "words"
    dimensions = 512
    max_tokens = 64

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[self.places.setdefault(word, len(self.places))] += 1
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


ENCODER = WordEncoder()
SMALL = AreaTexts(
    area=(
        AreaText(name="ml-systems", phrases=("serving deployed models",), terms=("feature store", "ctr")),
        AreaText(name="gnn", phrases=("nodes with edges",), terms=("gin", "message passing")),
        AreaText(name="llm", phrases=("tokens in prompts",), terms=("rag",)),
    ),
    outside=(AreaText(name="kitchen", phrases=("bread plus butter",), terms=("oven",)),),
)


def verdict_of(
    text: str, areas: AreaTexts = SMALL, encoder: Encoder = ENCODER, path: str = "notes/x.md"
) -> AreaVerdict:
    """The verdict for a text, from file to classifier."""
    note = parse_note(NoteFile(path=path, size=0, mtime_ns=0, text=text, sha256=""))
    chunks = chunk_note(note, encoder.count_tokens, encoder.max_tokens)
    vectors = encoder.encode([chunk.embedded for chunk in chunks])
    return classify(note, chunks, vectors, areas, encoder.encode([phrase for phrase, _ in areas.phrases]))


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("A feature store and ctr, and ctr again.", "ml-systems"),
        ("# GIN\n\nMessage passing is all there is to it.", "gnn"),
        ("Tokens in prompts, and RAG, and more rag.", "llm"),
        ("The oven, bread plus butter, the oven.", "outside"),
    ],
)
def test_area(text: str, area: VerdictArea) -> None:
    """Words and phrases of one side decide for that side."""
    assert verdict_of(text).area == area


@pytest.mark.parametrize("text", ["The oven bakes message passing.", "x", "?!", "# Only a heading", "a " * 5000])
def test_verdict_adds_up(text: str) -> None:
    """The four scores are probabilities, and confidence, runner-up and margin follow from them."""
    verdict = verdict_of(text)
    assert set(verdict.scores) == set(CLASSES)
    assert sum(verdict.scores.values()) == pytest.approx(1)
    first, second = sorted(verdict.scores.values(), reverse=True)[:2]
    assert verdict.confidence == verdict.scores[verdict.area] == first
    assert verdict.margin == pytest.approx(first - second)
    assert verdict.scores[verdict.runner_up] == second
    assert verdict.runner_up != verdict.area
    assert verdict.decided_by == "classifier"


@pytest.mark.parametrize("text", ["Beginning with fragments.", "An imaging-gin-like thing.", "coven"])
def test_terms_are_whole_words(text: str) -> None:
    """A term inside another word says nothing."""
    assert not {entry.text for entry in verdict_of(text).evidence} & set(SMALL.terms)


@pytest.mark.parametrize(
    ("text", "term", "line"),
    [
        ("---\ntags: [a]\n---\n# Title\n\nAbout message\npassing.\n\nNow Message Passing.\n", "message passing", 9),
        ("An engineering beginning.\n\nThen GIN.\n", "gin", 3),
        ("Fragments of storage.\n\nNothing.\n\nA RAG system.\n", "rag", 5),
        ("İİİİİİİİ\nİİİİİİİİ\noven\nnot here\nnor here\n", "oven", 3),
    ],
    ids=["plain", "inside a word first", "inside a word first too", "letters that grow in lower case"],
)
def test_term_evidence_address(text: str, term: str, line: int) -> None:
    """The evidence of a term names the line where the note says it as a word."""
    evidence = next(entry for entry in verdict_of(text).evidence if entry.text == term)
    assert (evidence.path, evidence.line) == ("notes/x.md", line)


def test_phrase_evidence_address() -> None:
    """The evidence of a phrase names the first line of the passage nearest to it."""
    verdict = verdict_of("# One\n\nQuite other words.\n\n# Two\n\nnodes with edges\n")
    evidence = next(entry for entry in verdict.evidence if entry.text == "nodes with edges")
    assert (evidence.toward, evidence.line) == ("gnn", 5)


def test_unsure_near_a_border() -> None:
    """A verdict with a narrow margin is unsure and names the other area; a clear one is neither."""
    border = verdict_of("Message passing, and a rag.")
    assert border.unsure
    assert {border.area, border.also} == {"gnn", "llm"}
    clear = verdict_of("Message passing, GIN, nodes with edges. Message passing, GIN, nodes with edges.")
    assert (clear.area, clear.unsure, clear.also) == ("gnn", False, None)


@pytest.mark.parametrize(("area", "verdict_area"), [("llm", "llm"), ("detour", "outside")])
def test_override(area: FiledArea, verdict_area: VerdictArea) -> None:
    """The writer's word decides, and the classifier's scores stay to be seen."""
    judged = verdict_of("Message passing.")
    decided = override(judged, area, "front matter")
    assert (decided.area, decided.decided_by, decided.unsure) == (verdict_area, "front matter", False)
    assert decided.scores == judged.scores


def test_nearest_area_is_never_outside() -> None:
    """What lies outside still has a nearest area among the three."""
    verdict = verdict_of("The oven, bread plus butter; some message passing.")
    assert (verdict.area, verdict.nearest_area) == ("outside", "gnn")


def test_areas_that_come_with_kb() -> None:
    """The three areas are there, and no phrase or term speaks for two sides."""
    areas = load_areas()
    assert tuple(text.name for text in areas.area) == AREAS
    terms = [term.lower() for text in (*areas.area, *areas.outside) for term in text.terms]
    phrases = [phrase.lower() for phrase, _ in areas.phrases]
    assert len(set(terms)) == len(terms)
    assert len(set(phrases)) == len(phrases)


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "area"),
    [
        (
            "# Tail latency\n\nWe batch requests on the GPU server and watch p99 after each model deployment.",
            "ml-systems",
        ),
        ("# Aggregation\n\nEvery node sums the vectors of its neighbours, layer after layer.", "gnn"),
        ("# Decoding\n\nA small draft model proposes tokens that the chat model accepts or rejects.", "llm"),
        ("# Sunday loaf\n\nKnead the dough, let it rise overnight, and bake it until the crust is brown.", "outside"),
        ("# The flat\n\nMy landlord raised the rent; I wrote to the tenants' union about the taxes.", "outside"),
    ],
)
def test_meaning_decides(real_encoder: Encoder, text: str, area: VerdictArea) -> None:
    """With the real model a note is told by its meaning, also without any of the listed terms."""
    phrases = load_areas().phrases
    assert len(phrases) > 60
    assert verdict_of(text, load_areas(), real_encoder).area == area


def test_vectors_without_direction() -> None:
    """A passage that the encoder knows nothing of gives numbers, not errors."""
    verdict = verdict_of("…")
    assert np.isfinite(list(verdict.scores.values())).all()
