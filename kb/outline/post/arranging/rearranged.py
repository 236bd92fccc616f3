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


class _Rearranging:
    """Puts a draft together again."""

    def __init__(self, draft: CutDraft, sections: Sequence[ArrangedSection]) -> None:
        self._draft = draft
        self._sections = sections
        self._own = {section.heading.first + 1: section for section in draft.sections}
        self._pieces = {piece.first + 1: piece for section in draft.sections for piece in section.pieces}
        self._memory = read_memory(draft.post.text)
        form = self._memory.brief.citations if self._memory else "comment"
        self._cite = Citing(form, next_footnote(draft.post.text))
        _require_known((section.line for section in sections), self._own, "section")
        lines = (block for section in sections for block in section.points if isinstance(block, int))
        _require_known(lines, self._pieces, "block")

    def text(self) -> str:
        """The draft as it is then."""
        post, own = self._draft.post, self._draft.sections
        start = post.start(own[0].heading.first)
        end = post.end(max(piece.after for piece in (own[-1].heading, *own[-1].pieces)) - 1)
        anchored = self._anchors()
        written = [self._section(section, anchor) for section, anchor in zip(self._sections, anchored, strict=True)]
        head = self._contents(post.text[:start], anchored)
        return self._remembering(head + "\n\n".join(written) + post.text[end:])

    def _anchors(self) -> list[str]:
        """The anchor of each section: its own, or a new one; empty where the draft has none."""
        kept = [_anchor_of(self._draft, self._own.get(section.line or 0)) for section in self._sections]
        if not any(_anchor_of(self._draft, section) for section in self._draft.sections):
            return kept
        taken = re.findall(r'\bid="([^"]*)"', self._draft.post.text)
        new = [section.heading for section, anchor in zip(self._sections, kept, strict=True) if not anchor]
        names = iter(anchors(new, {"intro", "closing", "references", *taken}))
        return [anchor or next(names) for anchor in kept]

    def _section(self, section: ArrangedSection, anchor: str) -> str:
        own = self._own.get(section.line or 0)
        if own and own.title == section.heading:
            heading = self._draft.raw(own.heading)
        else:
            heading = f"{'#' * self._draft.level} {as_text(section.heading)}"
            heading += f' <a id="{anchor}"></a>' if anchor else ""
        above, below = self._comments(own, section)
        blocks = [(raw, False) for raw in above]
        blocks += [self._block(block, section.heading) for block in section.points]
        blocks += [(raw, False) for raw in below]
        return "\n\n".join([heading, *_joined(blocks)])

    def _comments(self, own: CutSection | None, section: ArrangedSection) -> tuple[list[str], list[str]]:
        """What of a section is not shown, before all that is and after it, as far as it is still true."""
        if own is None:
            return [], []
        shown = [bool(self._draft.said(piece)) for piece in own.pieces]
        untrue = {_NOTHING} if section.points else set()
        untrue |= {_GENERATED} if section.heading != own.title else set()
        first = shown.index(True) if True in shown else 0
        raw = [(number, self._draft.raw(piece)) for number, piece in enumerate(own.pieces) if not shown[number]]
        kept = [(number, text) for number, text in raw if text not in untrue]
        return [text for number, text in kept if number < first], [text for number, text in kept if number >= first]

    def _block(self, block: int | Point, heading: str) -> tuple[str, bool]:
        """The Markdown of a block, and whether it is an item of a list."""
        if isinstance(block, Point):
            return f"- {quotation(block, heading)}{self._cite(block)}", True
        piece = self._pieces[block]
        return self._draft.raw(piece), piece.is_item

    def _contents(self, head: str, anchored: Sequence[str]) -> str:
        """The text before the sections with its table of contents, if it has one, in the new order."""
        lines = head.split("\n")
        entries = [(number, match) for number, line in enumerate(lines) if (match := _ENTRY.fullmatch(line))]
        gone = {_anchor_of(self._draft, section) for section in self._draft.sections} - {""}
        places = [index for index, (_, match) in enumerate(entries) if match["anchor"] in gone]
        if not places:
            return head
        ours = [
            f"[{as_text(section.heading)}](#{anchor})" for section, anchor in zip(self._sections, anchored, strict=True)
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
