"""Titles that several notes share, told apart by their folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from kb.knowledge import KnowledgeBase
from kb.models import Filter
from kb.outline.naming.own_titles import with_own_titles

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("paths", "titles"),
    [
        (
            ["animals/zebras/eval.md", "animals/Feeding-Gnus/eval.md", "animals/okapis/eval.md"],
            ["Zebras: Evaluation", "Feeding Gnus: Evaluation", "Okapis: Evaluation"],
        ),
        (["zebras/eval.md", "gnus/eval.md"], ["Evaluation", "Evaluation"]),
        (["notes/eval.md", "evaluation/eval.md", "01/eval.md"], ["Evaluation", "Evaluation", "Evaluation"]),
    ],
)
def test_a_title_of_many_notes_has_their_folders(
    knowledge: KnowledgeBase, write: Write, paths: list[str], titles: list[str]
) -> None:
    """A title that three notes have, as those of a template do, comes after the name of the note's folder, unless that
    says nothing more; two notes may well have one title.
    """
    for number, path in enumerate(paths):
        write(f"notes/{path}", f"---\narea: gnn\n---\n# Evaluation\n\nHerd {number} was counted.\n")
    write("notes/other.md", "---\narea: gnn\n---\n# Stripes\n\nThey differ.\n")
    knowledge.add(["notes"])
    named = knowledge._index.read(
        lambda reader: with_own_titles(reader, reader.catalog.notes_by_id(reader.passing(Filter()).notes))
    )
    by_path = {str(PurePosixPath(note.path).relative_to("notes")): note.title for note in named.values()}
    assert by_path == {**dict(zip(paths, titles, strict=True)), "other.md": "Stripes"}
