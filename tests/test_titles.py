"""Working titles of groups of notes, in the words and the spelling of the notes."""

from __future__ import annotations

import pytest

from kb.ideas.titles import Wording, spelling, working_titles


def wording(title: str, *headings: str, text: str = "", tags: tuple[str, ...] = ()) -> Wording:
    return Wording(title, headings, tags, "\n".join((title, *headings, text)))


def titles(group: list[Wording], others: list[Wording]) -> list[str]:
    return [", ".join(spelling(words, group) for words in title) for title in working_titles(group, others)]


OTHERS = [wording(f"Subject {word}", "Needs consideration") for word in ("one", "two", "three", "four")]


def test_the_title_is_what_the_notes_share() -> None:
    """The first title begins with words that are in titles or headings of all notes of the group and of no other."""
    group = [wording(f"{name} on disk", "Whale songs", text="Whale songs carry far.") for name in ("Ada", "Bo", "Cy")]
    assert titles(group, OTHERS)[0].casefold().startswith("whale songs")


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
def test_generic_headings_are_no_titles(heading: str) -> None:
    """Generic sections, headings of a template, paths, and phrases without a noun are not titles."""
    group = [wording(heading, heading, text=f"{heading} {heading}") for _ in range(3)]
    assert titles(group, OTHERS) == []


def test_one_common_word_is_no_title() -> None:
    """A single word is a title only if few other notes have it."""
    group = [wording("GPUs", text="GPUs are slow to boot.") for _ in range(3)]
    assert titles(group, OTHERS) == ["GPUs"]
    assert titles(group, [wording("GPUs") for _ in range(7)]) == []


def test_titles_are_spelled_as_in_prose() -> None:
    """The spelling is that of sentences, not of URLs, file names or code; capitals at the start of a sentence do not
    count.
    """
    text = "[how](#multi-gpu-jobs) `multi-gpu-jobs` in multi-gpu-jobs.md, ![](img/multi-gpu-jobs). Run Multi-GPU jobs."
    assert spelling("multi gpu jobs", [wording("", text=text)]) == "Multi-GPU jobs"
    assert spelling("wide deep", [wording("Graph data: Wide & Deep")]) == "Wide & Deep"
    assert spelling("graph data", [wording("Graph data: Wide & Deep", text="the graph data of")]) == "graph data"
    assert spelling("multi gpu jobs", [wording("", text="#multi-gpu-jobs")]) == ""


def test_a_title_ends_with_its_noun() -> None:
    """A truncated noun phrase is not a title, and neither is a noun with a participle after it."""
    group = [wording(f"Note {name}", "Hidden whale song archive", "Sound model trained") for name in "xyz"]
    phrases = {phrase for title in working_titles(group, OTHERS) for phrase in title}
    assert {"song archive", "sound model"} <= phrases
    assert not phrases & {"hidden whale", "whale song", "model trained"}
