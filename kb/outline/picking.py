"""The writer's choice among the sections of an outline, as a plan that they edit: a line a section, which can be moved,
deleted and reworded, as in `git rebase --interactive`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kb.errors import InputError
from kb.notes.prose import printable
from kb.reports import Address, CoveredBefore, Gap, Outline, Point, Reference, Section

MAX_LEFTOVERS = 15
COMMENT = "#"

_LINE = re.compile(r"(\d{1,9})(?:\s+(.*))?", re.ASCII)

Plan = Sequence[tuple[int, str]]  # the numbers of sections in the outline, from 1, and their headings


def plan_text(outline: Outline, headings_stay: bool = False) -> str:
    """The plan of an outline as it is, with comments that say how to edit it and list the points of each section.

    With `headings_stay`, sections can only be deleted.
    """
    lines = [f"{number} {_heading(section)}" for number, section in enumerate(outline.sections, 1)]
    edits = (
        ("Delete a line to leave that heading of your draft without points.", "Headings and their order stay.")
        if headings_stay
        else ("Move a line to move its section, delete it to drop the section, and", "reword it to rename the section.")
    )
    comments = [
        f"The sections of {_one_line(outline.topic)!r}, one a line.",
        "",
        *edits,
        "Each line begins with the number of its section.",
        "If no line remains, nothing is written.",
        "",
        *_listed(outline),
    ]
    return "\n".join([*lines, "", *(f"{COMMENT} {line}".rstrip() for line in comments)]) + "\n"


def _listed(outline: Outline) -> Iterator[str]:
    for number, section in enumerate(outline.sections, 1):
        yield f"{number} {_heading(section)}"
        yield from (f"    {_one_line(point.text)}" for point in section.points)


def _heading(section: Section) -> str:
    return _one_line(section.heading)


def _one_line(text: str) -> str:
    """A text as a file can hold it on one line."""
    return " ".join(printable(text).split()).encode(errors="replace").decode()


def read_plan(text: str, outline: Outline, headings_stay: bool = False) -> Plan:
    """The sections that a plan keeps, in its order; none if no line remains.

    Raises `InputError`, which names the line, for a line without the number of a section, a number that is used twice,
    a heading that is empty, and, with `headings_stay`, for a heading that was moved or reworded.
    """
    plan: list[tuple[int, str]] = []
    for position, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(COMMENT):
            continue
        try:
            number, heading = _read_line(line, outline)
            if number in {earlier for earlier, _ in plan}:
                raise InputError(f"section {number} is there twice")
            if headings_stay and (heading != outline.sections[number - 1].heading or (plan and plan[-1][0] > number)):
                raise InputError("a draft keeps its headings and their order; only delete lines")
        except InputError as error:
            raise InputError(f"line {position} of the plan: {error}") from error
        plan.append((number, heading))
    return plan


def _read_line(line: str, outline: Outline) -> tuple[int, str]:
    count = len(outline.sections)
    match = _LINE.fullmatch(line.strip())
    if not match:
        raise InputError(f"{line.strip()!r} does not begin with the number of a section")
    number, heading = int(match[1]), " ".join((match[2] or "").split())
    if not 1 <= number <= count:
        raise InputError(f"there is no section {number}; sections are numbered 1 to {count}")
    if not heading:
        raise InputError(f"section {number} has no heading")
    section = outline.sections[number - 1]
    return number, section.heading if heading == _heading(section) else heading


def planned(outline: Outline, plan: Plan) -> Outline:
    """An outline with the sections of a plan, under its headings; the points of the others are the first leftovers."""
    numbers = {number for number, _ in plan}
    dropped = [section for number, section in enumerate(outline.sections, 1) if number not in numbers]
    headings = {outline.sections[number - 1].heading: heading for number, heading in plan}
    return _with_sections(
        outline, [_renamed(outline.sections[n - 1], heading) for n, heading in plan], dropped, headings
    )


def emptied(outline: Outline, plan: Plan) -> Outline:
    """An outline with all its headings, but points only in the sections of a plan."""
    numbers = {number for number, _ in plan}
    sections = tuple(
        section if number in numbers else Section(heading=section.heading, points=(), notes=())
        for number, section in enumerate(outline.sections, 1)
    )
    return planned(outline, plan).model_copy(update={"sections": sections})


def _with_sections(
    outline: Outline, kept: Sequence[Section], dropped: Sequence[Section], headings: Mapping[str, str]
) -> Outline:
    """An outline with only what belongs to the sections that were kept, under their new headings. `headings` maps the
    old ones to these.
    """
    cited = {path for section in kept for path in section.notes}
    said = {point.text for section in kept for point in section.points}
    left = [_address(point) for section in dropped for point in section.points]
    return outline.model_copy(
        update={
            "sections": tuple(kept),
            "references": tuple(
                _reference(entry, cited, headings) for entry in outline.references if cited & {*entry.cited_by}
            ),
            "open_questions": tuple(entry for entry in outline.open_questions if entry.path in cited),
            "gaps": tuple(
                _gap(gap, headings) for gap in outline.gaps if gap.section is None or gap.section in headings
            ),
            "leftovers": (*left, *outline.leftovers)[:MAX_LEFTOVERS],
            "covered_before": tuple(_post(post, said) for post in outline.covered_before),
        }
    )


def _renamed(section: Section, heading: str) -> Section:
    """A section under another heading, which the writer wrote."""
    if heading == section.heading:
        return section
    return section.model_copy(update={"heading": heading, "generated": False})


def _reference(reference: Reference, cited: set[str], headings: Mapping[str, str]) -> Reference:
    return reference.model_copy(
        update={
            "cited_by": tuple(path for path in reference.cited_by if path in cited),
            "sections": tuple(headings[name] for name in reference.sections if name in headings),
        }
    )


def _gap(gap: Gap, headings: Mapping[str, str]) -> Gap:
    return gap.model_copy(update={"section": headings[gap.section] if gap.section else None})


def _post(post: CoveredBefore, said: set[str]) -> CoveredBefore:
    return post.model_copy(update={"points": tuple(point for point in post.points if point.text in said)})


def _address(point: Point) -> Address:
    return Address.model_validate(point.model_dump(include={*Address.model_fields}))
