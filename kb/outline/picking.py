"""The writer's choice among the sections of an outline: which to drop, in which order, under which headings. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kb.errors import InputError
from kb.reports import Address, CoveredBefore, Gap, Outline, Point, Reference, Section

MAX_LEFTOVERS = 15


def rearranged(
    outline: Outline,
    drop: Sequence[int] = (),
    order: Sequence[int] = (),
    rename: Mapping[int, str] | None = None,
) -> Outline:
    """An outline without some sections, with others first, and with the writer's own headings.

    Sections are named by their numbers in `outline`, from 1; those that `order` does not name follow in their old
    order. The points of dropped sections become the first leftovers. Raises `InputError` for a number without a
    section, for a section that is both dropped and ordered, for an empty heading, and if no section would remain.
    """
    names = {number: " ".join(text.split()) for number, text in (rename or {}).items()}
    _check(len(outline.sections), drop, order, names)
    rest = [number for number in range(1, len(outline.sections) + 1) if number not in {*order, *drop}]
    kept = [outline.sections[number - 1] for number in (*order, *rest)]
    dropped = [outline.sections[number - 1] for number in sorted({*drop})]
    new_names = {outline.sections[number - 1].heading: text for number, text in names.items()}
    headings = {section.heading: new_names.get(section.heading, section.heading) for section in kept}
    return _with_sections(outline, kept, dropped, headings)


def _with_sections(
    outline: Outline, kept: Sequence[Section], dropped: Sequence[Section], headings: Mapping[str, str]
) -> Outline:
    """An outline with only what belongs to the sections that were kept. `headings` maps their old headings to new."""
    cited = {path for section in kept for path in section.notes}
    said = {point.text for section in kept for point in section.points}
    left = [_address(point) for section in dropped for point in section.points]
    return outline.model_copy(
        update={
            "sections": tuple(section.model_copy(update={"heading": headings[section.heading]}) for section in kept),
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


def _check(count: int, drop: Sequence[int], order: Sequence[int], names: Mapping[int, str]) -> None:
    for number in (*drop, *order, *names):
        if not 1 <= number <= count:
            raise InputError(f"there is no section {number}; sections are numbered 1 to {count}")
    if len({*order}) < len(order) or {*order} & {*drop}:
        raise InputError("a section can have one place only: order each once, and none that is dropped")
    if len({*drop}) == count:
        raise InputError("all sections are dropped; keep at least one")
    if not all(names.values()):
        raise InputError("a heading is empty; give the section a name")


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
