"""The writer's choices: sections dropped, ordered and renamed, and what follows from it."""

from __future__ import annotations

import pytest

from kb.console.picking import pick
from kb.errors import InputError
from kb.outline.picking import rearranged
from kb.reports import Address, CoveredBefore, Gap, OpenQuestion, Outline, Point, Reference, Repeated, Section


def section(name: str) -> Section:
    """A section of one note, both called by a letter."""
    path = f"notes/{name}.md"
    point = Point(text=f"Point of {name}.", path=path, start_line=1, end_line=1, sha256=name)
    return Section(heading=name.upper(), points=(point,), notes=(path,))


def said(name: str) -> Repeated:
    text = f"Point of {name}."
    return Repeated(text=text, said=Address(text=text, path="notes/p.md", start_line=1, end_line=1))


OUTLINE = Outline(
    topic="letters",
    title="Letters",
    area="gnn",
    sections=tuple(map(section, "abc")),
    references=(
        Reference(title="R", authors=(), url="u", cited_by=("notes/a.md", "notes/b.md"), sections=("A", "B")),
        Reference(title="S", authors=(), url="v", cited_by=("notes/b.md",), sections=("B",)),
    ),
    open_questions=tuple(OpenQuestion(text="?", path=f"notes/{name}.md", line=1) for name in "ab"),
    gaps=(
        Gap(kind="one note", text="one", section="A"),
        Gap(kind="one note", text="one", section="B"),
        Gap(kind="k", text="all"),
    ),
    covered_before=(
        CoveredBefore(path="notes/p.md", title="P", date=None, similarity=0.5, points=(said("a"), said("b"))),
    ),
)


def test_nothing_chosen() -> None:
    """An outline without choices stays as it is."""
    assert rearranged(OUTLINE) == OUTLINE


def test_a_dropped_section_leaves_no_trace_but_leftovers() -> None:
    """References, questions, gaps and repeated points that only a dropped section had are gone; its points are left."""
    left = rearranged(OUTLINE, drop=(2,))
    assert [entry.heading for entry in left.sections] == ["A", "C"]
    assert [(entry.title, entry.cited_by, entry.sections) for entry in left.references] == [
        ("R", ("notes/a.md",), ("A",))
    ]
    assert [entry.path for entry in left.open_questions] == ["notes/a.md"]
    assert [gap.section for gap in left.gaps] == ["A", None]
    assert [place.text for place in left.leftovers] == ["Point of b."]
    assert [point.text for point in left.covered_before[0].points] == ["Point of a."]


def test_order_and_names() -> None:
    """Ordered sections come first and the others after them; a new name is used wherever the old one was."""
    changed = rearranged(OUTLINE, order=(3, 2), rename={2: "  The   letter "})
    assert [entry.heading for entry in changed.sections] == ["C", "The letter", "A"]
    assert changed.references[1].sections == ("The letter",)
    assert changed.gaps[1].section == "The letter"


def test_picking_needs_a_terminal() -> None:
    """Without a terminal there is no prompt; the error names the flags that do the same."""
    with pytest.raises(InputError, match="needs a terminal; in scripts, use --drop"):
        pick(OUTLINE)


@pytest.mark.parametrize(
    ("drop", "order", "rename", "complaint"),
    [
        ((4,), (), {}, "no section 4"),
        ((), (0,), {}, "no section 0"),
        ((), (), {9: "X"}, "no section 9"),
        ((), (2, 2), {}, "one place"),
        ((2,), (2,), {}, "one place"),
        ((1, 2, 3), (), {}, "at least one"),
        ((), (), {1: " "}, "heading is empty"),
    ],
)
def test_wrong_choices(drop: tuple[int, ...], order: tuple[int, ...], rename: dict[int, str], complaint: str) -> None:
    """A choice that cannot be is refused in one line."""
    with pytest.raises(InputError, match=complaint):
        rearranged(OUTLINE, drop, order, rename)
