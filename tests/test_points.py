"""Only what states something about the subject can become a point."""

from __future__ import annotations

import pytest

from kb.models import NoteFile
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.outline.quoting.runs import runs

STATED = "Neighbour sampling bounds the memory that one step needs."


def points_of(text: str) -> list[str]:
    note = parse_note(NoteFile(path="a.md", size=1, mtime_ns=1, text=text, sha256="0"))
    return [found.text for chunk in chunk_note(note, lambda part: len(part.split()), 200) for found in runs(chunk)]


@pytest.mark.parametrize(
    "heading",
    [
        "References",
        "7. Bibliography",
        "How to cite this page",
        "See also:",
        "Acknowledgements",
        "参考文献",
        "Preface",
        "About this book",
        "2. About the authors",
    ],
)
def test_the_apparatus_of_a_text_has_no_points(heading: str) -> None:
    """Lists of works, thanks and prefaces say nothing about the subject; a heading that goes on is another."""
    entry = "A. Person et al. A long enough title of some work, 2021."
    assert points_of(f"# Sampling\n\n{STATED}\n\n## {heading}\n\n- {entry}\n") == [STATED]
    assert points_of("# References in the heap\n\n" + STATED) == [STATED]


def test_a_sentence_that_a_formula_completes_is_no_point() -> None:
    """Its words alone lead in to the formula or go on after it."""
    text = (
        f"{STATED} The variance of the estimate over all seeds is then\n\n$$\n\\sigma^2\n$$\n\n"
        "where the mean is taken over the sampled neighbours alone.\n\n"
        "The variance of the estimate is bounded by the degree.\n$$\n\\sigma\n$$\n"
    )
    assert points_of(text) == [STATED, "The variance of the estimate is bounded by the degree."]
