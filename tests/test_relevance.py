"""Which notes bear on a topic, by the marks that the writer made."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from test_ordering import record

from kb.models import NoteRecord
from kb.outline.relevance import relevant_notes, tag_scores

LEANING = {"ml-systems": 1.0, "gnn": 1.0, "llm": 1.0, "detour": 1.0}


def stems(text: str) -> list[str]:
    """Words without their last letters, as a stemmer would cut them."""
    return [word[:5] for word in text.lower().replace("-", " ").split()]


def note(name: str, **fields: object) -> NoteRecord:
    return record("A note of a few words.\n").model_copy(update={"id": name, "path": f"notes/{name}.md"} | fields)


def ranked(notes: list[NoteRecord], own: list[float], tags: NDArray[np.float64] | None = None) -> list[str]:
    """The names of the notes that bear on a topic, best first, `own` being what their passages say."""
    scores = np.array([own])
    told = np.zeros(len(notes)) if tags is None else tags
    return [notes[index].id for index, _ in relevant_notes(notes, scores, scores, told, LEANING, 10)]


@pytest.mark.parametrize(
    "mark",
    [{"links": ("a",)}, {"path": "deep/c.md"}],
)
def test_links_and_folders_count(mark: dict[str, object]) -> None:
    """Of two equal notes, the one that the best note links to or shares a folder with bears on the topic."""
    notes = [note("a", path="deep/a.md"), note("b", path="other/b.md"), note("c", **mark), note("d")]
    assert ranked(notes, [1.0, 0.4, 0.4, 0.0]) == ["a", "c"]


def test_a_tag_that_the_topic_names_counts() -> None:
    """A tag counts where the topic has all of its words in any form; the more the fewer notes have it."""
    notes = [
        note("a", tags=("serving",)),
        note("b", tags=("Evaluation", "serving")),
        note("c", tags=("language-models",)),
        note("d"),
    ]
    scores = tag_scores(notes, "evaluating and serving models", stems)
    assert scores[1] > scores[0] > 0
    assert list(scores[2:]) == [0, 0]
    assert scores.max() <= 1
    assert ranked(notes, [0.9, 0.9, 0.0, 1.0], scores)[0] == "b"


def test_views_of_a_topic_count_alike() -> None:
    """A note that is best for one way to see a topic is as good as one that is best for the other."""
    notes = [note(name) for name in "abc"]
    views = np.array([[1.0, 0.0, 0.0], [0.0, 8.0, 0.0]])
    (_, first), (_, second) = relevant_notes(notes, views, views, np.zeros(3), LEANING, 10)
    assert first == second
