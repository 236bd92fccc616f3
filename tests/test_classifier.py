"""The classifier gives every note an area, a confidence, and evidence with addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pytest
from conftest import CENTRED_SCALE, SCALE
from numpy.typing import NDArray
from test_areas import SMALL

from kb.areas.classifier import Classifier, Example, override, verdict_from
from kb.areas.scoring import prose_of
from kb.areas.texts import SIDES, AreaTexts, load_areas
from kb.models import AreaText, AreaVerdict, Chunk, Encoder, FiledArea, Note, NoteFile, VerdictArea
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note


class WordEncoder:
    """Bags of words with one dimension per word, so that only shared words make texts similar."""

    fingerprint = "words"
    scale = SCALE
    centred_scale = CENTRED_SCALE
    dimensions = 512
    max_tokens = 64

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def reads(self, text: str) -> bool:
        return True

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[self.places.setdefault(word, len(self.places))] += 1
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


ENCODER = WordEncoder()
BORDER = "Edges, nodes, GIN, prompts, tokens, RAG."


def passages_of(text: str, encoder: Encoder, path: str) -> tuple[Note, list[Chunk], NDArray[np.float32]]:
    note = parse_note(NoteFile(path=path, size=0, mtime_ns=0, text=text, sha256=""))
    chunks = chunk_note(note, encoder.count_tokens, encoder.max_tokens)
    return note, chunks, encoder.encode([chunk.embedded for chunk in chunks])


def verdict_of(
    text: str,
    areas: AreaTexts = SMALL,
    encoder: Encoder = ENCODER,
    path: str = "notes/x.md",
    examples: Iterable[Example] = (),
) -> AreaVerdict:
    """The verdict on a text that goes through parsing, chunking and embedding."""
    phrase_vectors = encoder.encode([phrase for phrase, _ in areas.phrases])
    return Classifier(areas, phrase_vectors, encoder.scale, list(examples)).classify(*passages_of(text, encoder, path))


def example_of(text: str, area: VerdictArea, encoder: Encoder = ENCODER, path: str = "notes/e.md") -> Example:
    return Example(path, area, passages_of(text, encoder, path)[2].mean(axis=0))


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("A feature store and CTR, serving deployed models, and CTR again.", "ml-systems"),
        ("# GIN\n\nMessage passing over nodes with edges is all there is to it.", "gnn"),
        ("Tokens in prompts, and RAG, and more RAG.", "llm"),
        ("The recipe, bread plus butter, another recipe.", "outside"),
    ],
)
def test_area(text: str, area: VerdictArea) -> None:
    """Terms and phrases of a side lead to a verdict for that side."""
    assert verdict_of(text).area == area


@pytest.mark.parametrize(
    "text", ["The recipe of message passing.", "x", "?!", "…", "# Only a heading", "a " * 5000, BORDER]
)
def test_verdict_adds_up(text: str) -> None:
    """The four scores are probabilities, and confidence, runner-up and margin follow from them."""
    verdict = verdict_of(text)
    assert set(verdict.scores) == set(SIDES)
    assert sum(verdict.scores.values()) == pytest.approx(1)
    assert verdict.confidence == verdict.scores[verdict.area]
    assert verdict.scores[verdict.runner_up] == max(verdict.scores[side] for side in SIDES if side != verdict.area)
    assert verdict.margin == pytest.approx(verdict.confidence - verdict.scores[verdict.runner_up])
    assert verdict.decided_by == "classifier"


@pytest.mark.parametrize(
    ("text", "term", "line"),
    [
        (
            "---\ntags: [a]\n---\n# Nodes with edges\n\nAbout message\npassing.\n\nNow Message Passing.\n",
            "message passing",
            6,
        ),
        ("An engineering beginning.\n\nThen GIN, nodes with edges.\n", "GIN", 3),
        ("---\ntitle: GIN\n---\n\nNodes with edges.\n", "GIN", 1),
    ],
    ids=["plain", "inside a word first", "in the title only"],
)
def test_term_evidence_address(text: str, term: str, line: int) -> None:
    """Evidence by a term has the line where it first occurs as a word, or 1 if it is only in the title."""
    evidence = next(entry for entry in verdict_of(text).evidence if entry.text == term)
    assert (evidence.kind, evidence.path, evidence.line) == ("term", "notes/x.md", line)


def test_phrase_and_passage_evidence_address() -> None:
    """Evidence by a phrase has the first line of the most similar passage, that by a passage its own first line."""
    evidence = verdict_of("# One\n\nQuite other words, and GIN.\n\n# Two\n\nnodes with edges\n").evidence
    phrase = next(entry for entry in evidence if entry.text == "nodes with edges")
    assert (phrase.kind, phrase.toward, phrase.line) == ("phrase", "gnn", 5)
    passage = next(entry for entry in evidence if entry.kind == "passage")
    assert (passage.toward, passage.text, passage.line) == ("gnn", "Two nodes with edges", 5)


def without(areas: AreaTexts, text: str) -> AreaTexts:
    """The texts without one phrase or term."""

    def less(entry: AreaText) -> AreaText:
        kept = {
            field: tuple(value for value in getattr(entry, field) if value.strip("*") != text)
            for field in ("phrases", "terms", "hints")
        }
        return entry.model_copy(update=kept)

    return AreaTexts(
        areas={name: less(entry) for name, entry in areas.areas.items()},
        outside={name: less(entry) for name, entry in areas.outside.items()},
    )


@pytest.mark.model
@pytest.mark.parametrize(
    "text",
    [
        "# Serving\n\nWe watch p99 of the ranker after each release.\n\n# Graph\n\nA GNN over it.",
        "# Loaf\n\nKnead the dough, flour and butter.\n\n# Oven\n\nBake it.\n\n# And\n\nI asked ChatGPT.",
        "# Boxes\n\nYOLO predicts bounding boxes from an image.\n\n# Heads\n\nA transformer is used instead in DETR.",
    ],
    ids=["two areas", "far", "near miss"],
)
def test_every_reason_counts(real_encoder: Encoder, text: str) -> None:
    """Without any one piece of evidence, the probability of the side that it supports is lower."""
    areas = load_areas()
    whole = verdict_of(text, areas, real_encoder)
    assert {entry.kind for entry in whole.evidence} == {"phrase", "term", "passage"}
    for entry in whole.evidence:
        if entry.kind == "passage":
            sections = [f"# {part}" for part in text.split("# ") if part]
            gone = next(part for part in sections if part.split("\n")[0] == text.split("\n")[entry.line - 1])
            after = verdict_of("".join(part for part in sections if part != gone), areas, real_encoder)
        else:
            after = verdict_of(text, without(areas, entry.text), real_encoder)
        assert after.scores[entry.toward] < whole.scores[entry.toward], entry


def test_unsure_near_a_border() -> None:
    """A verdict between two areas is unsure and names the other area; a clear one does neither."""
    border = verdict_of(BORDER)
    assert border.unsure
    assert {border.area, border.also} == {"gnn", "llm"}
    clear = verdict_of("Message passing, GIN, nodes with edges. Message passing, GIN, nodes with edges.")
    assert (clear.area, clear.unsure, clear.also) == ("gnn", False, None)


@pytest.mark.parametrize(
    ("gnn", "outside", "area", "unsure"),
    [(0.9, 0.1, "gnn", False), (0.6, 0.4, "gnn", True), (0.4, 0.6, "outside", True), (0.1, 0.9, "outside", False)],
)
def test_the_border(gnn: float, outside: float, area: VerdictArea, unsure: bool) -> None:
    """A note is held back exactly where outside is likeliest; near the border it is unsure on both sides."""
    verdict = verdict_from({"ml-systems": 0.0, "gnn": gnn, "llm": 0.0, "outside": outside})
    assert (verdict.area, verdict.unsure) == (area, unsure)
    assert verdict.margin == pytest.approx(abs(gnn - outside))


def test_code_is_not_what_a_note_says() -> None:
    """Words in code count only where a passage has no other; lines stay where they are."""
    prose, code = (passages_of(text, ENCODER, "x.md")[1][0] for text in ("One.\n\n```\nGIN\n```\n", "```\nGIN\n```\n"))
    assert prose_of(prose) == "One.\n\n\n\n"
    assert prose_of(code) == code.text


GRAPHS = "# Graph attention\n\nEvery node weighs its neighbours by attention before it sums their vectors.\n\n"
SETUP = "".join(
    f"# {step}\n\nInstall Docker and Compose, open the port of the web server, and back up Postgres every night.\n\n"
    "```bash\nsudo apt-get install docker-ce\ndocker compose up -d\n```\n\n"
    for step in ("Installation", "Upgrade", "Troubleshooting")
)


@pytest.mark.model
def test_what_a_note_introduces_weighs_most(real_encoder: Encoder) -> None:
    """An installation log below does not decide, and would say more above: the same sections in another order."""
    introduced = verdict_of(GRAPHS + SETUP, load_areas(), real_encoder)
    turned = verdict_of(SETUP + GRAPHS, load_areas(), real_encoder)
    assert (introduced.area, introduced.unsure) == ("gnn", False)
    assert turned.scores["outside"] > 2 * introduced.scores["outside"]


@pytest.mark.parametrize(("area", "verdict_area"), [("llm", "llm"), ("detour", "outside")])
def test_override(area: FiledArea, verdict_area: VerdictArea) -> None:
    """The user's decision replaces the area and keeps the classifier's scores."""
    judged = verdict_of("Message passing.")
    decided = override(judged, area, "front matter")
    assert (decided.area, decided.decided_by, decided.unsure) == (verdict_area, "front matter", False)
    assert decided.scores == judged.scores


def test_nearest_area_is_never_outside() -> None:
    """A note outside the areas has one of the three as its nearest area."""
    verdict = verdict_of("A recipe, bread plus butter, recipe. Bread plus butter. Message passing.")
    assert (verdict.area, verdict.nearest_area) == ("outside", "gnn")


def test_a_note_follows_a_similar_example() -> None:
    """A note follows a similar one that the user filed, and the evidence says so; others are not affected."""
    text = "The quarterly figures of our shop in Lisbon."
    example = example_of(text, "gnn")
    moved = verdict_of(text, examples=[example])
    assert moved.area == "gnn"
    assert moved.scores["gnn"] > verdict_of(text).scores["gnn"]
    reason = next(entry for entry in moved.evidence if entry.kind == "example")
    assert (reason.text, reason.path) == ("like notes/e.md, which you filed under gnn", "notes/e.md")
    other = "Tokens in prompts, and RAG."
    assert verdict_of(other, examples=[example]) == verdict_of(other)


def test_a_note_is_not_its_own_example() -> None:
    """That a note was filed does not affect its own scores."""
    text = "The quarterly figures of our shop in Lisbon."
    assert verdict_of(text, examples=[example_of(text, "gnn", path="notes/x.md")]) == verdict_of(text)


VISION = [
    "# YOLO\n\nThe detector predicts bounding boxes and classes for every cell of a grid over the image.",
    "# SSD\n\nThis detector predicts bounding boxes from default boxes on feature maps of the image at several scales.",
    "# RetinaNet\n\nA one-stage detector of objects in images; focal loss keeps easy background boxes from winning.",
    "# DETR\n\nObject detection in an image as a set of boxes: queries predict bounding boxes, no anchors are needed.",
]


@pytest.mark.model
def test_a_few_examples_teach(real_encoder: Encoder) -> None:
    """After three notes on a subject were filed, a fourth follows; notes on other subjects keep their verdicts."""
    taught = [
        example_of(text, "ml-systems", real_encoder, f"notes/{number}.md") for number, text in enumerate(VISION[1:])
    ]
    assert verdict_of(VISION[0], load_areas(), real_encoder).area == "outside"
    assert verdict_of(VISION[0], load_areas(), real_encoder, examples=taught).area == "ml-systems"
    for other in (
        "# Loaf\n\nKnead the dough, let it rise overnight, and bake it.",
        "# Decoding\n\nA small draft model proposes tokens that the chat model accepts or rejects.",
    ):
        before = verdict_of(other, load_areas(), real_encoder)
        assert verdict_of(other, load_areas(), real_encoder, examples=taught) == before


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
        ("# Tuning\n\nQLoRA fits the tuning of a 65B on one card; the adapters stay in bf16.", "llm"),
        ("# Launch\n\nDeepSpeed with ZeRO on two nodes; the second one idles.", "ml-systems"),
        ("# Fragments\n\nGraphQL fragments keep nodes and edges of a connection beside the component.", "outside"),
        ("# Halo\n\nMPI message passing between the nodes of the cluster for a stencil.", "outside"),
        ("# Sunday loaf\n\nKnead the dough, let it rise overnight, and bake it until the crust is brown.", "outside"),
        ("# The flat\n\nMy landlord raised the rent; I wrote to the tenants' union about the taxes.", "outside"),
    ],
)
def test_meaning_and_words_decide(real_encoder: Encoder, text: str, area: VerdictArea) -> None:
    """With the real model, the most probable side is right for notes with and without telling terms."""
    verdict = verdict_of(text, load_areas(), real_encoder)
    assert max(verdict.scores, key=lambda side: verdict.scores[side]) == area


@pytest.mark.model
def test_a_passage_far_from_the_beginning_counts(real_encoder: Encoder) -> None:
    """A note that comes to its subject late is not classified by its first lines."""
    greeting = "# Monday\n\nA grey morning, and coffee. I sat down to write.\n\n"
    late = "".join(
        f"# Part {number}\n\nThe graph attention layer weighs the neighbours of node {number}.\n\n"
        for number in range(9)
    )
    assert verdict_of(greeting + late, load_areas(), real_encoder).area == "gnn"


@pytest.mark.model
def test_a_custom_area_needs_no_training(real_encoder: Encoder) -> None:
    """A description and two phrases define an area; its former subject is outside, and other areas stay the same."""
    own = AreaText(
        description="Computer vision: detecting and segmenting things in pictures",
        phrases=("detecting objects in photographs", "image segmentation"),
    )
    areas = load_areas().customised({"gnn": own})
    assert verdict_of("\n\n".join(VISION), areas, real_encoder).area == "gnn"
    graphs = "# GCN\n\nA graph convolutional network averages the features of neighbouring nodes."
    assert verdict_of(graphs, areas, real_encoder).area == "outside"
    assert verdict_of("# Chat\n\nPrompting a large language model.", areas, real_encoder).area == "llm"
