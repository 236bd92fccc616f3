"""Outlines with the writer's own headings, with the real model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kb.areas.concepts import load_concepts
from kb.errors import EvidenceError
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.reports import Outline

pytestmark = [pytest.mark.model, pytest.mark.slow]  # an outline of all notes

TOPIC = "serving large language models"
HEADINGS = ("Guessing tokens ahead", "Paging the cache", "Sourdough starters", "Batching", "Limits")


@pytest.fixture(scope="module")
def outline(library: KnowledgeBase) -> Outline:
    return library.outline(TOPIC, headings=HEADINGS)


def notes_under(outline: Outline) -> dict[str, set[str]]:
    return {section.heading: {Path(path).stem for path in section.notes} for section in outline.sections}


def test_the_headings_are_the_writers(outline: Outline) -> None:
    """The sections have the headings that were given, in their order, whether there is evidence for them or not."""
    assert tuple(section.heading for section in outline.sections) == HEADINGS
    assert outline.headings == HEADINGS


def test_each_heading_is_searched_for(outline: Outline) -> None:
    """A heading has the note that is about it; one that says nothing alone has notes on the topic."""
    notes = notes_under(outline)
    assert "speculative-decoding" in notes["Guessing tokens ahead"]
    assert "paged-attention" in notes["Paging the cache"]
    assert {"continuous-batching", "dynamic-batching"} <= notes["Batching"]
    assert notes["Limits"]
    serving = {"kv-cache", "paged-attention", "continuous-batching", "dynamic-batching", "speculative-decoding"}
    serving.add("byte-pair-encoding")  # its vocabulary decides how large the cache of a document is
    assert notes["Limits"] <= serving


def test_a_heading_without_evidence_is_named(outline: Outline) -> None:
    """A heading that the notes say nothing on has no points, and is said to have none."""
    assert outline.empty == ("Sourdough starters",)
    assert not notes_under(outline)["Sourdough starters"]
    assert [gap.section for gap in outline.gaps if gap.kind == "no evidence"] == ["Sourdough starters"]


def test_common_words_are_no_evidence(library: KnowledgeBase) -> None:
    """Notes that have the words of a heading, and say nothing like it, are not quoted under it."""
    assert library.outline(TOPIC, headings=("Batching", "Interest rates", "DPO")).empty == ("Interest rates",)


def test_a_concept_that_no_note_mentions_has_no_evidence(library: KnowledgeBase) -> None:
    """Notes near a heading are not quoted under it if none knows the concept that it names."""
    assert library.outline("graph attention", headings=("GAT", "Graph unlearning")).empty == ("Graph unlearning",)


def test_no_point_is_made_twice(outline: Outline) -> None:
    """A point is under one heading, and what is left over is under none."""
    points = [point.text for section in outline.sections for point in section.points]
    assert len(set(points)) == len(points)
    assert {place.text for place in outline.leftovers}.isdisjoint(points)


def test_a_point_goes_to_the_heading_it_fits_best(library: KnowledgeBase) -> None:
    """The order of the headings does not decide what is under them."""
    ahead, back = (
        notes_under(library.outline(TOPIC, headings=headings)) for headings in (HEADINGS[:2], HEADINGS[1::-1])
    )
    assert ahead == back


def test_headings_without_any_evidence(library: KnowledgeBase) -> None:
    """Where no heading has evidence there is no outline."""
    with pytest.raises(EvidenceError):
        library.outline(TOPIC, headings=("Sourdough starters", "Tax returns"))


def test_the_words_of_a_post(library: KnowledgeBase) -> None:
    """A length in words decides how many sections and points there are."""
    short = library.outline("graph attention", words=500)
    assert len(short.sections) == 2
    assert all(len(section.points) <= 6 for section in short.sections)  # five, and a table that they point at
    guided = library.outline(TOPIC, headings=("Batching", "Paging the cache"), words=200)
    assert all(len([p for p in section.points if p.kind == "quotation"]) <= 2 for section in guided.sections)


def test_a_draft_is_no_evidence_for_itself(
    indexed_notes: Path, tmp_path: Path, real_encoder: Encoder, capfd: pytest.CaptureFixture[str]
) -> None:
    """A draft among the notes is filled from the others, and its file stays as it is."""
    root = tmp_path / "copy"
    shutil.copytree(indexed_notes, root)
    draft = root / "notes" / "serving-draft.md"
    text = "# Serving large language models\n\n## Batching\n\nBatching requests keeps the accelerator busy all day.\n"
    draft.write_text(text)
    with KnowledgeBase(root, encoder=real_encoder) as knowledge:
        knowledge.sync()
        outline, filled = knowledge.fill(draft)
    assert outline.topic == "Serving large language models"
    assert "notes/serving-draft.md" not in {note.path for note in outline.considered}
    assert outline.sections[0].points
    assert draft.read_text() == text
    assert filled.startswith("<!-- kb outline: Serving large language models -->\n\n# Serving")


def test_a_heading_is_understood_by_what_it_describes(library: KnowledgeBase) -> None:
    """A heading that describes what the notes call by name is filled with it."""
    outline = library.outline("deploying models", headings=("Ways to roll out", "Watching them afterwards"))
    assert "shadow-and-canary-releases" in notes_under(outline)["Ways to roll out"]


def test_a_side_of_the_topic_is_filled_with_that_side(library: KnowledgeBase) -> None:
    """Under a heading that any topic could have stands what tells of that side of this one, and nothing else."""
    outline = library.outline("huge embedding tables", headings=("Making them smaller", "Keeping them fresh"))
    points = {section.heading: [point.text for point in section.points] for section in outline.sections}
    assert "compressing-embedding-tables" in notes_under(outline)["Making them smaller"]
    assert points["Keeping them fresh"]
    told = ("fresh", "updat", "retrain", "new ", "stale", "drift", "last year")
    assert all(any(word in text.casefold() for word in told) for text in points["Keeping them fresh"])


def test_a_section_ends_where_its_subject_does(library: KnowledgeBase) -> None:
    """A heading of which a few points speak has these few, and is not filled up with others of the topic."""
    outline = library.outline("training GNNs at scale", headings=("Partitioning", "Sampling"))
    partitioning = outline.sections[0]
    assert {"cluster-gcn", "distributed-gnn-training"} >= notes_under(outline)["Partitioning"] >= {"cluster-gcn"}
    said = ("partition", "metis", "cluster", "cut")
    assert all(
        any(word in point.text.casefold() for word in said)
        for point in partitioning.points
        if point.kind == "quotation"
    )


def test_questions_are_those_of_notes_on_the_topic(library: KnowledgeBase) -> None:
    """A note that is quoted for a remark, and is about something else, asks no question of the post; the nearest note
    asks the first one.
    """
    outline = library.outline("huge embedding tables", headings=("Making them smaller", "Training them"))
    asking = [Path(question.path).stem for question in outline.open_questions]
    assert asking[0] == "compressing-embedding-tables"
    assert "byte-pair-encoding" not in asking


def test_a_heading_that_names_a_concept_has_what_names_it(library: KnowledgeBase) -> None:
    """Under the name of a concept, in whatever form, stands what names it or its parts, not what is merely near."""
    outline = library.outline("graph representation learning", headings=("Sampling neighbours", "Message passing"))
    points = [point for point in outline.sections[0].points if point.kind == "quotation"]
    assert points
    known = load_concepts()
    asked = {number for number in known.named("neighbour sampling") for number in (number, *known.parts(number))}
    for point in points:
        said = " | ".join([point.text, point.label, Path(point.path).stem.replace("-", " ")])
        assert "sampl" in said.casefold() or asked & {*known.named(said)}
