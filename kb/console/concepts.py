"""The concepts of the areas."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from kb.console.terminal import area_text, count, grid, indented, notice, out, print_table, say, shorten_address, styled
from kb.models import AREAS
from kb.reports import ConceptList, DescribedConcept

SHOWN_NOTES = 5
SHOWN_CONCEPTS = 5  # of each area in the overview: two or three lines of a narrow terminal


def print_concepts(report: ConceptList) -> None:
    """What a query asks for, concept by concept; or a line for each concept that kb knows, under its area."""
    if report.query is None:
        _print_all(report.concepts)
    elif not report.concepts:
        notice("no concept of the areas was recognised in this; `kb concepts --all` lists all")
    for concept in report.concepts if report.query is not None else ():
        _print_concept(concept)


def print_overview(report: ConceptList) -> None:
    """How many concepts kb knows in each area, how many of them notes treat, and those that most notes treat."""
    for area, concepts in _by_area(report.concepts):
        treated = [concept for concept in concepts if concept.notes or concept.everywhere]
        out().print(Text.assemble(area_text(area), f"  {count(len(concepts), 'concept')}, {len(treated)} with notes"))
        treated.sort(key=lambda concept: (not concept.everywhere, -len(concept.notes)))
        if treated:
            indented(styled("most on " + ", ".join(concept.concept for concept in treated[:SHOWN_CONCEPTS])))
    notice("for more, `kb concepts --area gnn`, `kb concepts --all`, or `kb concepts QUERY`")


def _print_concept(concept: DescribedConcept) -> None:
    head = Text.assemble(f"{concept.weight or 0:.2f}  ", styled(concept.concept, "bold"), "  ")
    head.append(area_text(concept.area) if concept.area else styled("your own", "dim"))
    head.append(f"  {concept.how}", "dim")
    out().print(head)
    if concept.definition:
        indented(styled(concept.definition))
    for line in _relations(concept):
        indented(styled(line, "dim"))
    indented(styled(f"notes: {_notes(concept)}"))
    say("")


def _relations(concept: DescribedConcept) -> Iterator[str]:
    relations = {
        "also called": concept.aliases,
        "part of": concept.part_of,
        "parts": concept.parts,
        "builds on": concept.builds_on,
        "leads to": concept.leads_to,
        "alternatives": concept.alternatives,
    }
    yield from (f"{relation}: {', '.join(names)}" for relation, names in relations.items() if names)


def _notes(concept: DescribedConcept) -> str:
    if concept.everywhere:
        return "too many to list"
    more = len(concept.notes) - SHOWN_NOTES
    shown = ", ".join(shorten_address(path, len(",")) for path in concept.notes[:SHOWN_NOTES])
    return (shown + (f" and {more} more" if more > 0 else "")) or "none"


def _print_all(concepts: tuple[DescribedConcept, ...]) -> None:
    for area, listed in _by_area(concepts):
        out().print(Text.assemble(area_text(area), f"  {count(len(listed), 'concept')}"))
        table = grid()
        for concept in listed:
            table.add_row(Text(f"  {_how_many(concept)}", justify="right"), styled(concept.concept))
        print_table(table)


def _by_area(concepts: tuple[DescribedConcept, ...]) -> Iterator[tuple[str, list[DescribedConcept]]]:
    for area in (*AREAS, "outside", None):
        if listed := [concept for concept in concepts if concept.area == area]:
            yield area or "your own", listed


def _how_many(concept: DescribedConcept) -> str:
    return "many notes" if concept.everywhere else count(len(concept.notes), "note")
