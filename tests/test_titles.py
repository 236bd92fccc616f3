"""Working titles: words that the notes of a group use of their subject, as they write them."""

from __future__ import annotations

import pytest

from kb.ideas.titles import Wording, as_written, working_titles


def wording(title: str, *headings: str, text: str = "", tags: tuple[str, ...] = ()) -> Wording:
    return Wording(title, headings, tags, "\n".join((title, *headings, text)))


def titles(group: list[Wording], others: list[Wording]) -> list[str | None]:
    return [as_written(title, group) for title in working_titles(group, others)]


OTHERS = [wording(f"Subject {word}", "Needs consideration") for word in ("one", "two", "three", "four")]


def test_what_the_notes_share_is_the_title() -> None:
    """The words that all notes of a group have in a title or heading, and others have not, begin the first title."""
    group = [wording(f"{name} on disk", "Whale songs", text="Whale songs carry far.") for name in ("Ada", "Bo", "Cy")]
    assert str(titles(group, OTHERS)[0]).startswith("Whale songs")


@pytest.mark.parametrize(
    "heading",
    [
        "README",
        "📚 Table of contents",
        "Contents",
        "Installation",
        "Getting started!",
        "**More information**",
        "Key points",
        "Needs consideration",
        "models/meta-llama/Llama-3.1-8B",
        "notes.md",
        "How was it trained",
        "Above all",
        "1. Two of them",
    ],
)
def test_no_title_of_what_any_text_has(heading: str) -> None:
    """Generic parts, headings of templates, paths and weak words name no subject."""
    group = [wording(heading, heading, text=f"{heading} {heading}") for _ in range(3)]
    assert titles(group, OTHERS) == []


def test_no_title_of_one_common_word() -> None:
    """A single word is a title only if few other notes are about it."""
    group = [wording("GPUs", text="GPUs are slow to boot.") for _ in range(3)]
    assert titles(group, OTHERS) == ["GPUs"]
    assert titles(group, [wording("GPUs") for _ in range(7)]) == []


def test_spelling_of_prose() -> None:
    """Words are spelt as in sentences: addresses, file names and code do not count, nor does a capital
    that only begins a sentence.
    """
    text = "[how](#multi-gpu-jobs) `multi-gpu-jobs` in multi-gpu-jobs.md, ![](img/multi-gpu-jobs). Run Multi-GPU jobs."
    assert as_written(("multi gpu jobs",), [wording("", text=text)]) == "Multi-GPU jobs"
    assert as_written(("wide deep", "graph data"), [wording("Graph data: Wide & Deep", text="the graph data of")]) == (
        "Wide & Deep and graph data"
    )
    assert as_written(("multi gpu jobs",), [wording("", text="#multi-gpu-jobs")]) is None


def test_a_name_ends_with_its_noun() -> None:
    """The beginning of a longer name is no name, and what was done to a subject is not part of it."""
    group = [wording(f"Note {name}", "Hidden whale song archive", "Sound model trained") for name in "xyz"]
    phrases = {phrase for title in working_titles(group, OTHERS) for phrase in title}
    assert {"song archive", "sound model"} <= phrases
    assert not phrases & {"hidden whale", "whale song", "model trained"}
