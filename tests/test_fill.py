"""A draft that a writer began: which of its headings need evidence, and where the points go."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb.errors import InputError
from kb.models import NoteFile
from kb.notes.parse import parse_note
from kb.outline.post.check import check
from kb.outline.post.citations import Citations, find_cited, read_memory
from kb.outline.post.fill import filled, read_draft
from kb.outline.post.update import update
from kb.reports import Address, Gap, NoteVersion, Outline, Point, Section

NOTE = "# Depth\n\nTwo layers are enough for most graphs.\n\nNormalisation keeps features apart.\n"
DRAFT = """---
title: Why depth hurts
---

# Why depth hurts

## Introduction

I once stacked ten layers.

## How many layers

My own words.

### A remark
Stays here.
## Cures
- one of mine
- and another

## Nothing known
"""


def point(text: str, line: int = 3) -> Point:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Point(text=text, path="notes/a.md", start_line=line, end_line=line, sha256=digest)


LAYERS, CURE = point("Two layers are enough for most graphs."), point("Normalisation keeps features apart.", 5)


def outline(*headings: str, points: dict[str, Point] | None = None) -> Outline:
    given_points = {"How many layers": LAYERS, "Cures": CURE} if points is None else points
    return Outline(
        topic="why --> depth hurts",
        title="Why depth hurts",
        area="gnn",
        headings=headings,
        sections=tuple(
            Section(heading=heading, points=(given_points[heading],), notes=("notes/a.md",))
            if heading in given_points
            else Section(heading=heading, points=(), notes=())
            for heading in headings
        ),
        gaps=(Gap(kind="no evidence", text="nothing in the notes on Nothing known", section="Nothing known"),),
        leftovers=(Address(text="Depth costs memory.", path="notes/b.md", start_line=9, end_line=9),),
    )


def fill(text: str, form: Citations = "comment") -> str:
    draft = read_draft(text)
    return filled(draft, outline(*draft.headings), form)


def is_subsequence(old: str, new: str) -> bool:
    rest = iter(new)
    return all(character in rest for character in old)


@pytest.mark.parametrize(
    ("text", "title", "headings"),
    [
        (DRAFT, "Why depth hurts", ("How many layers", "Cures", "Nothing known")),
        ("# A *title*\n\n## One\n\n## Two ##\n", "A title", ("One", "Two")),
        ("---\ntitle: T\n---\n# First\n\n# Introduction\n\n# Second <a id='s'></a>\n", "T", ("First", "Second")),
        ("# T\n\n# First\n\nwords\n\n# Closing thoughts\n", "T", ("First",)),
        ("Title: T\n\n## One\n\n```\n## Not a heading\n```\n", "", ("One",)),
        ("\ufeff---\r\nTitle: T\r\n---\r\n\r\nOne\r\n---\r\n\r\n## TL;DR\r\n", "T", ("One",)),
    ],
)
def test_what_a_draft_asks_for(text: str, title: str, headings: tuple[str, ...]) -> None:
    """The title comes from the front matter or the first heading; sections are of level 2, or else of level 1."""
    draft = read_draft(text)
    assert (draft.title, draft.headings) == (title, headings)


@pytest.mark.parametrize("text", ["Only words.\n", "# A title\n", "# T\n\n## Introduction\n\n## References\n"])
def test_a_draft_without_sections_is_refused(text: str) -> None:
    """Without a heading that needs evidence there is nothing to fill."""
    with pytest.raises(InputError, match="no headings to fill"):
        read_draft(text)


def test_a_draft_is_filled_once() -> None:
    """What was filled is updated from then on."""
    with pytest.raises(InputError, match="filled already"):
        read_draft(fill(DRAFT))


@pytest.mark.parametrize("form", ["comment", "footnote", "none"])
def test_points_go_below_the_writers_text(form: Citations) -> None:
    """A point follows the writer's own text under its heading, before deeper headings, and continues a list."""
    text = re.sub(r"\s*<!--.*?-->|\[\^\d+\](?!:)", "", fill(DRAFT, form), flags=re.DOTALL)
    assert "My own words.\n\n- Two layers are enough for most graphs.\n\n### A remark\nStays here.\n## Cures" in text
    assert "- one of mine\n- and another\n- Normalisation keeps features apart.\n\n## Nothing known\n" in text


@pytest.mark.parametrize("form", ["comment", "footnote"])
def test_a_filled_draft_can_be_checked(form: Citations) -> None:
    """Its citations hold, it remembers the headings, and it is an outline, never evidence for another one."""
    text = fill(DRAFT, form)
    assert {entry.state for entry in check(text, {"notes/a.md": NOTE})} == {"holds"}
    memory = read_memory(text)
    assert memory is not None
    assert memory.brief.headings == ("How many layers", "Cures", "Nothing known")
    file = NoteFile(path="drafts/a.md", size=0, mtime_ns=0, text=text, sha256="")
    assert parse_note(file).kind == "outline"


def test_what_concerns_only_the_writer() -> None:
    """Headings without evidence and what fits no heading are told in a comment at the end."""
    end = fill(DRAFT).split("<!-- For the writer")[1]
    assert "Gap: nothing in the notes on Nothing known\n" in end
    assert "Left over: Depth costs memory. (notes/b.md:9)\n" in end


def test_an_empty_heading_is_updated() -> None:
    """A point that comes later for a heading without points goes under that heading."""
    later = point("Nothing is known of graphs that change.", 7)
    headings = ("How many layers", "Cures", "Nothing known")
    new = outline(*headings, points={"Nothing known": later}).model_copy(
        update={"considered": (NoteVersion(path="notes/a.md", sha256="f" * 64),)}
    )
    revision = update(fill(DRAFT), new)
    assert [(added.section, added.new_section) for added in revision.added] == [("Nothing known", False)]
    assert re.search(r"## Nothing known\n\n- Nothing is known of graphs that change\. <!--", revision.text)


words = st.sampled_from(
    ["## One", "### Deep", "# T", "text", "- item", "  - inner", "> said", "```", "    code", "", "Two\n---", "<div>"]
)


@given(
    lines=st.lists(words, max_size=12),
    newline=st.sampled_from(["\n", "\r\n"]),
    end=st.sampled_from(["", "\n"]),
    form=st.sampled_from(["comment", "footnote", "none"]),
)
@example(lines=["text"], newline="\n", end="", form="footnote")
def test_no_byte_of_the_writer_is_lost(lines: list[str], newline: str, end: str, form: Citations) -> None:
    """Whatever the draft contains, filling only inserts."""
    text = newline.join([*lines, "", "## Cures"]).replace("\r\n", "\n").replace("\n", newline) + end
    try:
        draft = read_draft(text)
    except InputError:
        return
    result = filled(draft, outline(*draft.headings, points=dict.fromkeys(draft.headings, CURE)), form)
    assert is_subsequence(text, result)
    if form == "comment":
        assert len(find_cited(result)) == len(draft.headings)
