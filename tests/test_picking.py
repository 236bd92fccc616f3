"""The plan of an outline: sections dropped, moved and renamed by editing lines, and what follows from it."""

from __future__ import annotations

import pytest

from kb.errors import InputError
from kb.outline.picking import Plan, emptied, plan_text, planned, read_plan
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


def chosen(text: str) -> Plan:
    return read_plan(text, OUTLINE)


def test_a_plan_that_is_left_alone_changes_nothing() -> None:
    """The plan of an outline stands for that outline, whatever its comments say."""
    assert planned(OUTLINE, chosen(plan_text(OUTLINE))) == OUTLINE


def test_a_plan_has_a_line_for_each_section() -> None:
    """What is no comment are the numbers and headings of the sections; the comments list the points."""
    text = plan_text(OUTLINE)
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == ["1 A", "2 B", "3 C"]
    assert "#     Point of b.\n" in text


def test_a_dropped_section_leaves_no_trace_but_leftovers() -> None:
    """References, questions, gaps and repeated points that only a dropped section had are gone; its points are left."""
    left = planned(OUTLINE, chosen("1 A\n3 C\n"))
    assert [entry.heading for entry in left.sections] == ["A", "C"]
    assert [(entry.title, entry.cited_by, entry.sections) for entry in left.references] == [
        ("R", ("notes/a.md",), ("A",))
    ]
    assert [entry.path for entry in left.open_questions] == ["notes/a.md"]
    assert [gap.section for gap in left.gaps] == ["A", None]
    assert [place.text for place in left.leftovers] == ["Point of b."]
    assert [point.text for point in left.covered_before[0].points] == ["Point of a."]


def test_order_and_names() -> None:
    """Sections follow the order of the lines; a new name is used wherever the old one was, and is the writer's own."""
    generated = OUTLINE.model_copy(
        update={"sections": tuple(entry.model_copy(update={"generated": True}) for entry in OUTLINE.sections)}
    )
    changed = planned(generated, chosen("3 C\r\n  2\tThe   letter \n# 9 comment\n\n1 A"))
    assert [entry.heading for entry in changed.sections] == ["C", "The letter", "A"]
    assert [entry.generated for entry in changed.sections] == [True, False, True]
    assert changed.references[1].sections == ("The letter",)
    assert changed.gaps[1].section == "The letter"


def test_sections_of_one_name_are_told_apart() -> None:
    """Of two sections with the same heading, one can be renamed."""
    twins = OUTLINE.model_copy(update={"sections": (section("a"), section("a").model_copy(update={"notes": ()}))})
    changed = planned(twins, read_plan("2 Other\n1 A\n", twins))
    assert [(entry.heading, entry.notes) for entry in changed.sections] == [("Other", ()), ("A", ("notes/a.md",))]


def test_a_heading_is_shown_on_one_line() -> None:
    """Control characters of a heading do not reach the editor; the heading keeps them unless the line is changed."""
    odd = section("a").model_copy(update={"heading": "One\ntwo \x1b[31m\udcff"})
    outline = OUTLINE.model_copy(update={"sections": (odd,), "gaps": ()})
    text = plan_text(outline)
    assert text.splitlines()[0] == "1 One two [31m?"
    assert text.isprintable() is False
    assert "\x1b" not in text
    assert planned(outline, read_plan(text, outline)).sections == outline.sections


def test_a_plan_of_a_draft_only_chooses() -> None:
    """The headings of a draft stay: a heading whose line is deleted stays without points; moving and rewording are
    refused.
    """
    kept = emptied(OUTLINE, read_plan("1 A\n3 C\n", OUTLINE, headings_stay=True))
    assert [(entry.heading, len(entry.points)) for entry in kept.sections] == [("A", 1), ("B", 0), ("C", 1)]
    for text in ("3 C\n1 A\n", "1 Alpha\n"):
        with pytest.raises(InputError, match="keeps its headings"):
            read_plan(text, OUTLINE, headings_stay=True)


@pytest.mark.parametrize("text", ["", "\n \n", "# 1 A\n  # 2 B\n"], ids=repr)
def test_an_empty_plan(text: str) -> None:
    """Comments and blank lines are no sections."""
    assert list(chosen(text)) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 A\nC", "line 2 of the plan: 'C' does not begin with the number"),
        ("drop 1", "line 1 of the plan: 'drop 1' does not begin"),
        ("-1 A", "does not begin"),
        ("\n4 D", "line 2 of the plan: there is no section 4; sections are numbered 1 to 3"),
        ("0 A", "no section 0"),
        ("99999999999999999999 A", "does not begin"),
        ("1 A\n2 B\n1 A", "line 3 of the plan: section 1 is there twice"),
        ("1", "section 1 has no heading"),
        ("1A", "does not begin"),
    ],
)
def test_lines_that_are_no_section(text: str, complaint: str) -> None:
    """A line that cannot be read is named with its number and with what is wrong."""
    with pytest.raises(InputError, match=complaint):
        chosen(text)
