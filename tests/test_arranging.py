"""A draft in another order: what moves, what stays, and that its citations hold as before."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path

import pytest
from conftest import REPOSITORY

from kb.errors import InputError
from kb.outline.post.arranging.rearranged import rearranged, sections_of
from kb.outline.post.arranging.references import without_works
from kb.outline.post.check import check
from kb.outline.post.citations import Citations, find_cited, read_memory
from kb.outline.post.render import TEMPLATES, render, template_text
from kb.reports import Address, ArrangedSection, Gap, Outline, Point, Reference, Section

TODAY = datetime.date(2026, 11, 27)
LINES = (
    "Caches grow with length.",
    "Heads share keys.",
    "Blocks are paged.",
    "Drafts are verified.",
    "Pages are shared.",
)
NOTE = "# Memory\n" + "\n".join(f"\n{line}" for line in LINES) + "\n"
NOTES = {"notes/memory.md": NOTE}


def point(line: str, label: str = "") -> Point:
    start = NOTE.split("\n").index(line) + 1
    sha256 = hashlib.sha256(line.encode()).hexdigest()
    return Point(text=line, path="notes/memory.md", start_line=start, end_line=start, sha256=sha256, label=label)


OUTLINE = Outline(
    topic="memory of serving",
    title="Memory of serving",
    area="llm",
    sections=(
        Section(
            heading="Caches", points=(point(LINES[0]), point(LINES[1], "Shazeer 2019")), notes=("notes/memory.md",)
        ),
        Section(heading="Paging", generated=True, points=(point(LINES[2]),), notes=("notes/memory.md",)),
        Section(heading="Speculation", points=(), notes=()),
    ),
    references=(Reference(title="A work", authors=(), url="https://a.example", cited_by=(), sections=()),),
    gaps=(Gap(kind="figures", text="no numbers on Paging"),),
    leftovers=(Address(text="Left.", path="notes/memory.md", start_line=1, end_line=1),),
)


def draft(template: str = "jekyll", citations: Citations = "comment") -> str:
    return render(OUTLINE, template_text(template), TODAY, citations)


def kept(text: str) -> list[ArrangedSection]:
    """The sections of a draft as they are."""
    return [
        ArrangedSection(line=one.line, heading=one.heading, points=tuple(block.line for block in one.points))
        for one in sections_of(text)
    ]


def states(text: str) -> list[str]:
    return [entry.state for entry in check(text, NOTES)]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("citations", ["comment", "footnote"])
def test_the_same_order_is_the_same_text(template: str, citations: Citations) -> None:
    """Nothing changes where nothing is moved, in each template and form of citation."""
    text = draft(template, citations)
    assert [one.heading for one in sections_of(text)] == ["Caches", "Paging", "Speculation"]
    assert rearranged(text, kept(text)) == text


@pytest.mark.parametrize("post", sorted((REPOSITORY / "notes" / "posts").glob("*.md")), ids=lambda post: post.stem)
def test_what_people_write_is_kept(post: Path) -> None:
    """The same for posts with headings, anchors and entries of the contents as their writer likes them."""
    text = post.read_text(encoding="utf-8")
    assert sections_of(text)
    assert rearranged(text, kept(text)) == text


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("citations", ["comment", "footnote"])
def test_another_order(template: str, citations: Citations) -> None:
    """Sections and points move, go and get new headings; what is cited still holds, a new point is cited too, and is
    remembered; introduction, references and remarks stay.
    """
    text = draft(template, citations)
    caches, paging, _ = kept(text)
    new = point(LINES[3])
    made = rearranged(
        text,
        [
            ArrangedSection(line=paging.line, heading="Pages [of memory]", points=(*paging.points, caches.points[1])),
            ArrangedSection(heading="Verification", points=(new,)),
            ArrangedSection(line=caches.line, heading="Caches", points=caches.points[:1]),
        ],
    )
    assert [one.heading for one in sections_of(made)] == ["Pages [of memory]", "Verification", "Caches"]
    said = [block.text for one in sections_of(made) for block in one.points]
    assert said == [LINES[2], LINES[1], LINES[3], LINES[0]]
    assert states(made) == ["holds"] * 4
    memory = read_memory(made)
    assert memory is not None
    assert memory.points == {point(line).sha256 for line in LINES[:4]}
    assert "The heading is generated" not in made
    assert "Speculation" not in made
    for stays in ("TLDR", "Closing thoughts", "https://a.example", "Gap: no numbers on Paging"):
        assert made.count(stays) == text.count(stays) > 0


def test_the_contents_follow() -> None:
    """The table of contents has the headings in their order with the anchors that they keep, and numbers from 1."""
    text = draft()
    caches, paging, _ = kept(text)
    moved = [paging, ArrangedSection(heading="New things"), caches.model_copy(update={"heading": "Stores"})]
    head = rearranged(text, moved).partition("# Introduction")[0]
    assert [line for line in head.splitlines() if line[:1].isdigit()] == [
        "1. [Introduction](#intro)",
        "2. [Paging](#paging)",
        "3. [New things](#new-things)",
        "4. [Stores](#caches)",
        "5. [Closing thoughts](#closing)",
        "6. [References](#references)",
    ]
    assert '# New things <a id="new-things"></a>' in rearranged(text, moved)


def test_the_words_of_the_writer_move_whole() -> None:
    """Paragraphs, rewordings, sub-headings, code and tables of the writer are blocks of their section, kept as they are
    written.
    """
    code, table = "```py\n# Not a heading\n```", "| a | b |\n|---|---|\n| 1 | 2 |"
    own = f"My *own* words,\nover two lines.\n\n### Detail\n\n{code}\n\n{table}"
    text = draft("hugo").replace("- Blocks are paged.", f"{own}\n\n- What I make of blocks.\n\n  More of it.")
    (_, paging, _) = sections_of(text)
    assert [block.text for block in paging.points][:2] == ["My own words, over two lines.", "Detail"]
    assert paging.points[-1].sha256 == point(LINES[2]).sha256
    first, second, third = kept(text)
    turned = second.model_copy(update={"points": second.points[::-1]})
    made = rearranged(text, [third, turned, first])
    assert set(text.split("\n")) == set(made.split("\n"))
    assert "What I make of blocks.\n\n  More of it. <!--" in made
    assert code in made
    assert table in made
    assert states(made) == ["holds"] * 3


def test_comments_stay_with_what_they_are_about() -> None:
    """A comment between two blocks goes where the second goes; one that begins or ends a section stays there. An image
    and a rule are blocks of their own, and a section that is not touched keeps every blank line.
    """
    text = draft().replace("- **Shazeer", "\n<!-- Is this so? -->\n\n![A cache](cache.png)\n\n---\n- **Shazeer")
    text = text.replace("- Blocks", "\n\nLoosely.\n\n\n- Blocks")
    caches, paging, _ = kept(text)
    assert [block.text for block in sections_of(text)[0].points][1:3] == ["A cache", "---"]
    grown = paging.model_copy(update={"heading": "Grown", "points": (*paging.points, *caches.points[1:])})
    made = rearranged(text, [caches.model_copy(update={"points": caches.points[:1]}), grown])
    assert "<!-- Is this so? -->\n\n![A cache](cache.png)\n\n---\n\n- **Shazeer" in made.partition("# Grown")[2]
    assert made.count("<!-- So what") == text.count("<!-- So what")
    assert "\n\n\n\nLoosely.\n\n\n- Blocks" in rearranged(text, [paging, caches])


def test_a_section_without_points_is_filled() -> None:
    """What a template says of a section without points goes with its first point."""
    text = draft("plain")
    assert "The notes say nothing on this." in text
    *others, empty = kept(text)
    made = rearranged(text, [*others, empty.model_copy(update={"points": (point(LINES[4]),)})])
    assert "The notes say nothing on this." not in made
    assert states(made) == ["holds"] * 4


@pytest.mark.parametrize(
    ("sections", "refused"),
    [
        ([ArrangedSection(line=1, heading="x")], "section at line 1 is not in the draft"),
        ([ArrangedSection(heading="x", points=(2,))], "block at line 2 is not in the draft"),
    ],
)
def test_what_the_draft_does_not_have(sections: list[ArrangedSection], refused: str) -> None:
    """A section or block that is not there is refused."""
    with pytest.raises(InputError, match=refused):
        rearranged(draft(), sections)


def test_what_is_named_twice() -> None:
    """No section and no block comes twice: a citation would."""
    text = draft()
    first, second, _ = kept(text)
    for sections in ([first, first], [first, second.model_copy(update={"points": first.points})]):
        with pytest.raises(InputError, match="is named twice"):
            rearranged(text, sections)
    assert len(find_cited(text)) == 3


def test_a_draft_without_sections() -> None:
    """A text without headings cannot be put in another order."""
    assert sections_of("# Title\n\nOnly words.\n") == ()
    with pytest.raises(InputError, match="no sections"):
        rearranged("# Title\n\nOnly words.\n", [])


WORKS = ("https://arxiv.org/abs/1706.03762", "https://a.example/one", "https://a.example/two")
LISTED = OUTLINE.model_copy(
    update={
        "references": tuple(
            Reference(title=f"Work {place}", authors=(), url=url, cited_by=(), sections=())
            for place, url in enumerate(WORKS)
        )
    }
)


@pytest.mark.parametrize("template", TEMPLATES)
def test_works_that_nothing_rests_on_leave_the_list(template: str) -> None:
    """An item whose work is gone leaves the list, and the others are numbered from 1; all else stays."""
    text = render(LISTED, template_text(template), TODAY, "comment")
    assert without_works(text, ()) == without_works(text, {"https://b.example"}) == text
    for place, name in enumerate(("arXiv:1706.03762", *WORKS[1:])):
        left = [number for number in range(3) if number != place]
        made = without_works(text, {name})
        assert [line for line in made.splitlines() if "Work " in line] == [
            f"{number}. Work {other}: <{WORKS[other]}>" for number, other in enumerate(left, 1)
        ]
        assert [line for line in made.splitlines() if "Work " not in line] == [
            line for line in text.splitlines() if "Work " not in line
        ]


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_empty_list_leaves_with_its_heading(template: str) -> None:
    """A draft whose works are all gone is the one that it would be without any."""
    without = OUTLINE.model_copy(update={"references": ()})
    text = render(LISTED, template_text(template), TODAY, "comment")
    assert without_works(text, {"arXiv:1706.03762", *WORKS}) == render(
        without, template_text(template), TODAY, "comment"
    )
