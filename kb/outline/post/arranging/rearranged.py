"""A draft with its sections and blocks in another order, and with new points. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from kb.errors import InputError
from kb.outline.post.arranging.cutting import CutDraft, CutSection, Piece
from kb.outline.post.citations import Citing, last_definition, memory_lines, next_footnote, read_memory
from kb.outline.post.escaping import anchors, as_text
from kb.outline.post.layout import Post
from kb.outline.post.quotation import quotation
from kb.reports import ArrangedSection, DraftBlock, DraftSection, Point

# What a template says of a section until it has points, or another heading.
_NOTHING, _GENERATED = "<!-- The notes say nothing on this. -->", "<!-- The heading is generated. -->"
_ANCHOR = re.compile(r' ?<a id="([^"<>]*)"></a>')
_ENTRY = re.compile(r"[ \t]*\d{1,9}[.)][ \t]+(?P<link>\[[^\r\n]*\]\(#(?P<anchor>[^\s()]*)\))[ \t]*")
_LABELLED = re.compile(r'(?P<label>[^\n"]{1,200}) · "(?P<text>.*)"', re.DOTALL)  # as `quotation` writes it


def sections_of(text: str) -> tuple[DraftSection, ...]:
    """The sections of a draft with their blocks, without comments."""
    draft = CutDraft(text)
    return tuple(
        DraftSection(
            line=section.heading.first + 1,
            heading=section.title,
            points=tuple(_block(draft, piece) for piece in section.pieces if draft.said(piece)),
        )
        for section in draft.sections
    )


def _block(draft: CutDraft, piece: Piece) -> DraftBlock:
    said, line = draft.said(piece), piece.first + 1
    cited = draft.cited_in(piece)
    if not cited:
        return DraftBlock(line=line, text=said)
    labelled = _LABELLED.fullmatch(said)
    citation = cited[0][0].citation
    return DraftBlock(
        line=line,
        text=labelled["text"] if labelled else said,
        label=labelled["label"] if labelled else "",
        path=citation.path,
        start_line=citation.start_line,
        end_line=citation.end_line,
        sha256=citation.sha256,
    )


def rearranged(text: str, sections: Sequence[ArrangedSection]) -> str:
    """A draft with these sections in place of its own; what is before and after them stays, but for the table of
    contents and, with new points, the footnotes and the memory.

    Raises `InputError` for a section or block that the draft does not have, or that is named twice.
    """
    draft = CutDraft(text)
    if not draft.sections:
        raise InputError("the draft has no sections to rearrange")
    return _Rearranging(draft, sections).text()


class _Comments:
    """The comments of a draft: those with which each section begins and ends, and those `before` any other block, by
    its line, which go where it goes.
    """

    def __init__(self, draft: CutDraft) -> None:
        self.before: dict[int, list[str]] = {}
        self._of: dict[CutSection, tuple[list[str], list[str]]] = {}
        for section in draft.sections:
            above: list[str] | None = None
            met: list[str] = []
            for piece in section.pieces:
                if not draft.said(piece):
                    met.append(draft.raw(piece))
                    continue
                if above is None:
                    above = met
                else:
                    self.before[piece.first + 1] = met
                met = []
            self._of[section] = above or [], met

    def of(self, section: CutSection) -> tuple[list[str], list[str]]:
        """The comments with which a section begins and ends."""
        return self._of[section]


class _Rearranging:
    """Puts a draft together again."""

    def __init__(self, draft: CutDraft, sections: Sequence[ArrangedSection]) -> None:
        self._draft = draft
        self._sections = sections
        self._own = {section.heading.first + 1: section for section in draft.sections}
        self._pieces = {piece.first + 1: piece for section in draft.sections for piece in section.pieces}
        self._comments = _Comments(draft)
        self._memory = read_memory(draft.post.text)
        form = self._memory.brief.citations if self._memory else "comment"
        self._cite = Citing(form, next_footnote(draft.post.text))
        _require_known((section.line for section in sections), self._own, "section")
        lines = (block for section in sections for block in section.points if isinstance(block, int))
        _require_known(lines, self._pieces, "block")

    def text(self) -> str:
        """The draft as it is then."""
        post, own = self._draft.post, self._draft.sections
        start, end = post.start(own[0].heading.first), post.end(own[-1].whole.after - 1)
        anchored = self._anchors()
        written = [self._section(section, anchor) for section, anchor in zip(self._sections, anchored, strict=True)]
        head = self._contents(post.text[:start], anchored)
        return self._remembering(head + "\n\n".join(written) + post.text[end:])

    def _anchors(self) -> list[str]:
        """The anchor of each section: its own, or none; and one for each new section where the others have some."""
        kept = [_anchor_of(self._draft, self._own.get(section.line or 0)) for section in self._sections]
        if not any(_anchor_of(self._draft, section) for section in self._draft.sections):
            return kept
        taken = re.findall(r'\bid="([^"]*)"', self._draft.post.text)
        new = [section.heading for section in self._sections if section.line is None]
        names = iter(anchors(new, {"intro", "closing", "references", *taken}))
        return [
            next(names) if section.line is None else anchor
            for section, anchor in zip(self._sections, kept, strict=True)
        ]

    def _section(self, section: ArrangedSection, anchor: str) -> str:
        own = self._own.get(section.line or 0)
        if own and self._keeps_heading(section):
            if self._is_untouched(own, section):
                return self._draft.raw(own.whole)
            heading = self._draft.raw(own.heading)
        else:
            heading = f"{'#' * self._draft.level} {as_text(section.heading)}"
            heading += f' <a id="{anchor}"></a>' if anchor else ""
        return "\n\n".join([heading, *_joined(self._blocks(own, section))])

    def _keeps_heading(self, section: ArrangedSection) -> bool:
        return section.line is not None and self._own[section.line].title == section.heading

    def _is_untouched(self, own: CutSection, section: ArrangedSection) -> bool:
        return [*section.points] == [piece.first + 1 for piece in own.pieces if self._draft.said(piece)]

    def _blocks(self, own: CutSection | None, section: ArrangedSection) -> Iterator[tuple[str, bool]]:
        """The Markdown of a section's blocks, and whether each is an item of a list; before and behind them the
        comments with which the section began and ended, as far as they are still true.
        """
        untrue = {_NOTHING} if section.points else set()
        untrue |= {_GENERATED} if own and section.heading != own.title else set()
        above, below = self._comments.of(own) if own else ((), ())
        yield from ((raw, False) for raw in above if raw not in untrue)
        for block in section.points:
            if isinstance(block, Point):
                yield f"- {quotation(block, section.heading)}{self._cite(block)}", True
            else:
                yield from ((raw, False) for raw in self._comments.before.get(block, ()))
                yield self._draft.raw(self._pieces[block]), self._pieces[block].is_item
        yield from ((raw, False) for raw in below if raw not in untrue)

    def _contents(self, head: str, anchored: Sequence[str]) -> str:
        """The text before the sections with its table of contents, if it has one, in the new order."""
        lines = head.split("\n")
        entries = [(number, match) for number, line in enumerate(lines) if (match := _ENTRY.fullmatch(line))]
        gone = {_anchor_of(self._draft, section) for section in self._draft.sections} - {""}
        places = [index for index, (_, match) in enumerate(entries) if match["anchor"] in gone]
        if not places:
            return head
        linked = {match["anchor"]: match["link"] for _, match in entries}
        ours = [
            linked[anchor]
            if anchor in linked and self._keeps_heading(section)
            else f"[{as_text(section.heading)}](#{anchor})"
            for section, anchor in zip(self._sections, anchored, strict=True)
            if anchor
        ]
        others = [match["link"] for _, match in entries if match["anchor"] not in gone]
        links = [*others[: places[0]], *ours, *others[places[0] :]]
        first, last = entries[0][0], entries[-1][0]
        lines[first : last + 1] = [f"{number}. {link}" for number, link in enumerate(links, 1)]
        return "\n".join(lines)

    def _remembering(self, text: str) -> str:
        """The text with the footnotes of new points, and with a memory of these."""
        points = [block for section in self._sections for block in section.points if isinstance(block, Point)]
        memory = read_memory(text)
        if memory and points:
            end = memory.spans[0][1]
            hashes = (quoted.sha256 for point in points for quoted in (point, *point.also))
            text = (
                text[:end] + memory_lines((sha256 for sha256 in hashes if sha256 not in memory.points), ()) + text[end:]
            )
        if not self._cite.definitions:
            return text
        written, post = "\n".join(self._cite.definitions), Post(text)
        last = last_definition(text)
        if last is None:
            position = memory.spans[0][0] if memory else len(text)
            return f"{text[:position]}{written}\n\n{text[position:]}"
        position = post.end(post.line_of(last))
        return f"{text[:position]}\n{written}{text[position:]}"


def _joined(blocks: Iterable[tuple[str, bool]]) -> Iterator[str]:
    """Blocks as paragraphs: items that follow one another are one list."""
    paragraph: list[str] = []
    for (raw, is_item), (_, next_is_item) in pairwise([*blocks, ("", False)]):
        paragraph.append(raw)
        if not (is_item and next_is_item):
            yield "\n".join(paragraph)
            paragraph = []


def _anchor_of(draft: CutDraft, section: CutSection | None) -> str:
    found = _ANCHOR.search(draft.raw(section.heading)) if section else None
    return found[1] if found else ""


def _require_known(lines: Iterable[int | None], known: dict[int, CutSection] | dict[int, Piece], what: str) -> None:
    seen: set[int] = set()
    for line in lines:
        if line is not None and (line in seen or line not in known):
            reason = "is named twice" if line in seen else "is not in the draft"
            raise InputError(f"the {what} at line {line} {reason}; open the draft again")
        seen |= {line} if line is not None else set()
