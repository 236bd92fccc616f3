"""Writes and reads a post's citations of notes and its memory of how it was made. Pure.

A point's citation is an HTML comment, `<!-- notes/a.md:3-4 sha256:… chars:87 -->`, after the point or after the
definition of its footnote. Hash and length identify the quoted text in the note even if the writer reworded the point.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from pydantic import ValidationError

from kb.errors import InputError
from kb.faults import first_fault
from kb.models import FiledArea, Frozen
from kb.outline.post.escaping import as_path
from kb.reports import Address, OpenQuestion, Outline, Point, Quoted

Citations = Literal["comment", "footnote", "none"]

SHOWN_DIGITS = 12  # of a hash, in a footnote that readers see

_CITATION = re.compile(
    r"<!--\s(?P<path>[^<>\r\n]+?):(?P<start>\d{1,9})(?:-(?P<end>\d{1,9}))?\s+"
    r"sha256:(?P<sha256>[0-9a-f]{64})\s+chars:(?P<length>\d{1,9})\s+-->"
)
_DEFINITION = re.compile(r" {0,3}\[\^([^\]\s]+)\]:")
_MEMORY = re.compile(
    r"<!-- kb memory[^<\r\n]*(?:\r\n?|\n)[ \t]*(?P<brief>\{[^\r\n]*\})[ \t]*(?:\r\n?|\n)(?P<hashes>[^<>]*?)(?=-->)"
)
_REMEMBERED = re.compile(r"\b(point|note):([0-9a-f]{64})")


@dataclass(frozen=True)
class Citation:
    """A quoted text: its address, its SHA-256 (whitespace collapsed), and its length in characters."""

    path: str
    start_line: int
    end_line: int
    sha256: str
    length: int


@dataclass(frozen=True)
class Cited:
    """A citation and its offset in a post; for a footnote, the offset of a reference to it."""

    citation: Citation
    position: int


class Brief(Frozen):
    """The options that an outline was made with."""

    topic: str
    areas: tuple[FiledArea, ...] = ()
    sections: int | None = None
    headings: tuple[str, ...] = ()
    words: int | None = None
    citations: Citations = "comment"


@dataclass(frozen=True)
class Memory:
    """What a post remembers: its brief, the hashes of all points that it was offered, and those of all the note files
    that these were chosen from. `spans` are the comments' offsets, from `<!--` up to but without `-->`.
    """

    brief: Brief
    points: frozenset[str]
    notes: frozenset[str]
    spans: tuple[tuple[int, int], ...]


class Citing:
    """Writes citations in one form, and collects the definitions of footnotes for the end of the post."""

    def __init__(self, form: Citations, next_number: int = 1) -> None:
        self.form = form
        self.definitions: list[str] = []
        self.cites_points = False
        self._next_number = next_number

    def __call__(self, place: Address | OpenQuestion) -> str:
        """The citation of a point, another address, or a question, to be put right after its text; one of a point that
        several notes make has the address in each.
        """
        if not isinstance(place, (Address, OpenQuestion)):
            raise TypeError(f"cite takes a point or a question, not {place!r}")
        if self.form == "none":
            return ""
        return "".join(map(self._cited, (place, *(place.also if isinstance(place, Point) else ()))))

    def _cited(self, place: Address | OpenQuestion) -> str:
        self.cites_points |= isinstance(place, Quoted)
        machine = f"<!-- {_machine_form(place)} -->"
        if self.form == "comment":
            return f" {machine}"
        return self._footnote(place, machine)

    def _footnote(self, place: Address | OpenQuestion, machine: str) -> str:
        number = self._next_number + len(self.definitions)
        definition = f"[^{number}]: From `{address(place)}`"  # a bare address would make it the definition of a link
        if isinstance(place, Quoted):
            definition += f", sha256 {place.sha256[:SHOWN_DIGITS]} {machine}"
        self.definitions.append(definition)
        return f"{' ' if place.text.endswith('^') else ''}[^{number}]"  # `^[` begins a footnote of another kind


def address(place: Address | OpenQuestion) -> str:
    """`path:start-end`, percent-encoded where a character could end a comment or a code span."""
    start, end = (place.line, place.line) if isinstance(place, OpenQuestion) else (place.start_line, place.end_line)
    return f"{as_path(place.path)}:{start}" + (f"-{end}" if end != start else "")


def find_cited(text: str) -> list[Cited]:
    """The citations of a post in their order, without those of unreferenced footnotes."""
    cited = []
    for match in _CITATION.finditer(text):
        label = _defined(text, match.start())
        positions = [match.start()] if label is None else list(references_to(label, text))
        cited += [Cited(_citation(match), position) for position in positions]
    return sorted(cited, key=lambda entry: entry.position)


def last_definition(text: str) -> int | None:
    """The offset after the last definition of a footnote that cites a point."""
    ends = [match.end() for match in _CITATION.finditer(text) if _defined(text, match.start()) is not None]
    return max(ends, default=None)


def next_footnote(text: str) -> int:
    """A number above those of all footnotes of a post, including the writer's own."""
    return max((int(number) for number in re.findall(r"\[\^(\d{1,9})\]", text)), default=0) + 1


def brief_of(outline: Outline, citations: Citations) -> Brief:
    """The options that an outline was made with, and the form of its citations."""
    return Brief(
        topic=outline.topic,
        areas=outline.areas,
        sections=outline.wanted_sections,
        headings=outline.headings,
        words=outline.words,
        citations=citations,
    )


def memory_comment(brief: Brief, points: Iterable[str], notes: Iterable[str]) -> str:
    """The comment in which a post remembers its brief and the hashes of points offered and notes considered."""
    settings = json.dumps(brief.model_dump(mode="json"), ensure_ascii=False)
    inert = re.sub(
        "[<>{^\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]",
        lambda match: f"\\u{ord(match[0]):04x}",
        settings[1:],
    )
    return f"<!-- kb memory: what kb outline --update goes by\n{{{inert}\n{memory_lines(points, notes)}-->\n"


def memory_lines(points: Iterable[str], notes: Iterable[str]) -> str:
    """The lines that remember the hashes of points and notes."""
    lines = [f"point:{sha256}\n" for sha256 in points] + [f"note:{sha256}\n" for sha256 in notes]
    return "".join(dict.fromkeys(lines))


def read_memory(text: str) -> Memory | None:
    """The memory of a post, or None. Raises `InputError` for one that cannot be read."""
    found = list(_MEMORY.finditer(text))
    if not found:
        return None
    try:
        brief = Brief.model_validate_json(found[0]["brief"])
    except ValidationError as error:
        raise InputError(f"its kb memory cannot be read: {first_fault(error)}; repair the comment") from error
    remembered = [entry for match in found for entry in _REMEMBERED.findall(match["hashes"])]
    points, notes = (frozenset(sha256 for kind, sha256 in remembered if kind == wanted) for wanted in ("point", "note"))
    return Memory(brief, points, notes, tuple(match.span() for match in found))


def _machine_form(place: Address | OpenQuestion) -> str:
    if not isinstance(place, Quoted):
        return address(place)
    return f"{address(place)} sha256:{place.sha256} chars:{len(' '.join(place.text.split()))}"


def _citation(match: re.Match[str]) -> Citation:
    start = int(match["start"])
    return Citation(
        path=unquote(match["path"]),
        start_line=start,
        end_line=int(match["end"] or start),
        sha256=match["sha256"],
        length=int(match["length"]),
    )


def _defined(text: str, position: int) -> str | None:
    """The label of the footnote that is defined on the line of an offset, before it."""
    match = _DEFINITION.match(_line_before(text, position))
    return match[1] if match else None


def _line_before(text: str, position: int) -> str:
    """The part of a line before an offset."""
    return text[max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1 : position]


def references_to(label: str, text: str) -> Iterator[int]:
    """The offsets of the references to a footnote."""
    for match in re.finditer(rf"(?<!\\)(?:\\\\)*(\[\^{re.escape(label)}\])", text):  # not escaped
        defines = text.startswith(":", match.end()) and not _line_before(text, match.start(1)).strip()
        if not defines:
            yield match.start(1)
