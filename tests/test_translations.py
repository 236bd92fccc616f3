"""Notes that are one text in several languages."""

from __future__ import annotations

import numpy as np
import pytest
from test_sections import excerpts_of

from kb.outline.quoting.claims import are_worded_alike
from kb.outline.quoting.translations import in_one_language, text_of

ENGLISH = "# Locks\n\nA lock is a chamber that lifts boats from one level to another.\n"
KOREAN = "# 갑문\n\n갑문은 배를 한 수위에서 다른 수위로 올리는 방이다.\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("notes/README.md", "notes/README.zh.md"),
        ("notes/locks.md", "notes/locks_ko.md"),
        ("notes/locks.en.md", "notes/locks.pt-BR.md"),
        ("notes/en/locks.md", "notes/zh-CN/locks.md"),
        ("design_en.md", "design_ja.md"),
    ],
)
def test_paths_of_translations(one: str, other: str) -> None:
    """The name of a file or of a folder names the language."""
    assert text_of(one) == text_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("notes/locks.md", "notes/gates.md"), ("a/locks.md", "b/locks.md"), ("locks.md", "lockskeeper.md")],
)
def test_paths_of_other_notes(one: str, other: str) -> None:
    """Notes in different folders, or with longer names, are no translations."""
    assert text_of(one) != text_of(other)


@pytest.mark.parametrize(("topic", "path"), [("locks for boats", "en/locks.md"), ("배를 위한 갑문", "ko/locks.md")])
def test_a_text_is_evidence_in_one_language(topic: str, path: str) -> None:
    """Of translations, the one in the script of the topic is quoted, whichever was found first."""
    for order in (("en/locks.md", "ko/locks.md"), ("ko/locks.md", "en/locks.md")):
        texts = {"en/locks.md": ENGLISH, "ko/locks.md": KOREAN}
        excerpts = excerpts_of({name: texts[name] for name in order} | {"en/gates.md": "# Gates\n\nGates need oil.\n"})
        kept, rows = in_one_language(excerpts, np.arange(len(excerpts)), topic)
        assert {entry.note.path for entry in kept} == {path, "en/gates.md"}
        assert [excerpts[row] for row in rows] == kept


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ("A lock is the chamber lifting old boats from one level up to another.", True),
        ("A lock is not the chamber that lifts old boats from one level to another.", False),
        ("A chamber is where old boats rest.", False),
        ("A lock, as all know here, is a chamber that lifts old boats from one level of water to another.", True),
    ],
)
def test_the_same_words_make_the_same_point(other: str, alike: bool) -> None:
    """A sentence with nearly the same words says the same, unless it denies it."""
    assert are_worded_alike("A lock is a chamber that lifts old boats from one level to another.", other) == alike
