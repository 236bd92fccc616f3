"""A written outline -> the text that readers get: without kb's comments, its citations as numbered references. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from kb.notes.files import is_note
from kb.notes.markup.comments import comment_spans, without_comments
from kb.notes.markup.references import citations_in
from kb.outline.post.citations import references_to
from kb.outline.post.layout import Part, Post
from kb.reports import Unfinished

_ADDRESS = r"(?P<path>[^<>`\r\n]+?):(?P<first>\d{1,9})(?:-\d{1,9})?"
_CITATION = re.compile(rf"{_ADDRESS}(?:\s+sha256:[0-9a-f]{{64}}\s+chars:\d{{1,9}})?")
_FOOTNOTE = re.compile(
    rf"^ {{0,3}}\[\^(?P<label>\d{{1,9}})\]: From `{_ADDRESS}`(?:, sha256 [0-9a-f]+ <!--[^<>]*-->)?[ \t]*(?=\r?$)",
    re.MULTILINE,
)
_SLOT = re.compile(
    r"Thesis: the one sentence that a reader should take away\.|So what: what follows from this section\."
)
_REMARK = re.compile(
    r"kb (?:outline|memory)\b|(?:The title|The heading) is generated\.$|The notes say nothing on this\.$"
    rf"|Why this subject, why now, and for whom\.$|(?:{_SLOT.pattern})$|For the writer; delete before publishing\."
)
_COMMENT = re.compile(r"<!--.*?-->")
_CONTRADICTED = re.compile(r" \*\(contradicted here\)\*(?=(?: <!-- [^<>]+ sha256:|\[\^\d+\]))")
_ITEM = re.compile(r"^ {0,3}(\d{1,9})(?=[.)][ \t])", re.MULTILINE)
# What only the writer can settle.
_UNFINISHED = (
    (re.compile(r"\[(table|formula|code)\] `[^`\n]+:\d+(?:-\d+)?`"), "put the {} itself here: {}"),
    (re.compile(r"( \*\(contradicted here\)\*)"), "settle which of the contradicting points holds"),
    (re.compile(r"(\*\(generated\)\*)"), "reword or check the generated summary"),
    (re.compile(r"^(\*\*TLDR\*\*:)[ \t]*\r?\n(?=\s*(?:#|<!-- kb|\Z))", re.MULTILINE), "write the TLDR"),
)


class _Edit(NamedTuple):
    """A range `[start, end)` of a post, and what stands there instead."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True)
class CleanCopy:
    """The text for readers, the number of works in its list of references, that of citations that became references
    to these, and what the writer left unfinished, with the lines of the draft.
    """

    text: str
    references: int
    cited: int
    unfinished: tuple[Unfinished, ...]


def clean_copy(text: str, works: Mapping[str, Sequence[str]]) -> CleanCopy:
    """The clean copy of a post, given the works that each cited note is about or cites, by path.

    A footnote that cites a note becomes a link to the first of the note's works in the list of references, and is
    dropped if that lists none of them. A citation in a comment is dropped. All other text stays as it is.
    """
    post = Post(text)
    items = listed_works(post)
    notes = [*_FOOTNOTE.finditer(text)]
    links = [edit for note in notes for edit in _links(text, note, items, works)]
    removals = [*(match.span() for match in notes), *_own_comments(text)]
    edits = [
        *(_removal(post, start, end) for start, end in _joined(text, sorted(removals))),
        *links,
        *_renumbered(items),
        *(_Edit(*match.span()) for match in _CONTRADICTED.finditer(text)),
    ]
    return CleanCopy(
        text=_applied(text, edits),
        references=len(items),
        cited=sum(bool(edit.text) for edit in links),
        unfinished=tuple(sorted(_unfinished(post), key=lambda entry: entry.line)),
    )


def _own_comments(text: str) -> Iterator[tuple[int, int]]:
    """The comments that kb wrote."""
    unix = text.replace("\r\n", " \n").replace("\r", "\n")  # of the same length
    for start, end in comment_spans(unix):
        said = text[start:end].removeprefix("<!--").removesuffix("-->").strip()
        cited = _CITATION.fullmatch(said)
        if _REMARK.match(said) or (cited and is_note(unquote(cited["path"]))):
            yield start, end


def _joined(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans of which no two overlap or are separated by nothing but white space."""
    joined: tuple[int, int] | None = None
    for start, end in spans:
        if joined and not text[joined[1] : start].strip():
            joined = (joined[0], max(end, joined[1]))
        else:
            if joined:
                yield joined
            joined = (start, end)
    if joined:
        yield joined


def _removal(post: Post, start: int, end: int) -> _Edit:
    """What goes with a comment: its lines and a blank one, if it has them to itself, or else the space before it."""
    first, last = post.line_of(start), post.line_of(end)
    before, after = post.text[post.start(first) : start], post.text[end : post.end(last)]
    if before.strip():
        spaces = len(before) - len(before.rstrip(" \t"))
        return _Edit(start - (min(spaces, 1) if after.strip() else spaces), end)
    if after.strip():
        return _Edit(start, end)
    above = first > 0 and not post.line(first - 1).strip()
    if not post.text[end:].strip():
        return _Edit(post.start(first - above), len(post.text))
    below = not post.line(last + 1).strip()
    return _Edit(post.start(first), post.start(last + 1 + (below and (above or first == 0))))


class ListedWork(NamedTuple):
    """An item of the list of references: its number, where that and the whole item are written, and the works that it
    names.
    """

    number: int
    span: tuple[int, int]
    whole: tuple[int, int]
    names: frozenset[str]


def listed_works(post: Post) -> list[ListedWork]:
    """The items of the post's last list of references, numbered from 1."""
    part = next((part for part in reversed(post.parts) if post.title(part).casefold() == "references"), None)
    if part is None:
        return []
    start, end = _extent(post, part)
    marks = [*_ITEM.finditer(post.text, start, end)]
    ends = [*(match.start() for match in marks[1:]), end]
    return [
        ListedWork(
            number,
            match.span(1),
            (match.start(), min(after, _block_end(post, part, match.start()))),
            frozenset(work.reference for work in citations_in(post.text[match.end() : after])),
        )
        for number, (match, after) in enumerate(zip(marks, ends, strict=True), 1)
    ]


def _block_end(post: Post, part: Part, position: int) -> int:
    """The end of the block that an item of a list stands in, with its newline."""
    line = post.line_of(position)
    block = next(block for block in part.blocks if block.first <= line < block.after)
    return post.end(block.after - 1) + len(post.newline)


def _extent(post: Post, part: Part) -> tuple[int, int]:
    return post.start(part.blocks[0].first), post.end(part.blocks[-1].after - 1)


def _renumbered(items: Sequence[ListedWork]) -> Iterator[_Edit]:
    return (_Edit(*item.span, str(item.number)) for item in items)


def _links(
    text: str, footnote: re.Match[str], items: Sequence[ListedWork], works: Mapping[str, Sequence[str]]
) -> Iterator[_Edit]:
    """The references to a footnote of kb's, each as a link to the work, or as nothing."""
    named = works.get(unquote(footnote["path"]), ())
    numbers = (item.number for work in named for item in items if work in item.names)
    number = next(numbers, None)
    written = "" if number is None else f" [\\[{number}\\]](#references)"
    for position in references_to(footnote["label"], text):
        yield _Edit(position, position + len(f"[^{footnote['label']}]"), written)


def _unfinished(post: Post) -> Iterator[Unfinished]:
    for match in _SLOT.finditer(post.text):
        line = post.line_of(match.start())
        if _says_nothing(post, line, -1) and _says_nothing(post, line, 1):
            yield Unfinished(line=line + 1, text=f"fill in or delete: {match[0]}")
    for pattern, advice in _UNFINISHED:
        for match in pattern.finditer(post.text):
            yield Unfinished(line=post.line_of(match.start(1)) + 1, text=advice.format(match[1], match[0]))

    yield from _empty_parts(post)


def _empty_parts(post: Post) -> Iterator[Unfinished]:
    """The headings, other than a title, with nothing below them: no text, no slot, no heading of a lower level."""
    headed = [(part, part.heading) for part in post.parts if part.heading]
    for number, (part, heading) in enumerate(headed):
        is_title = number == 0 and heading.level == 1
        goes_on = number + 1 < len(headed) and headed[number + 1][1].level > heading.level
        below = post.text[post.end(heading.after - 1) : _extent(post, part)[1]]
        if not (is_title or goes_on or _SLOT.search(below) or without_comments(below).strip()):
            yield Unfinished(line=heading.first + 1, text=f"write or delete the section {post.title(part)!r}")


def _says_nothing(post: Post, line: int, step: int) -> bool:
    """Whether a line, and those from it in one direction up to a blank one, have nothing but comments."""
    while shown := post.line(line).strip():
        if _COMMENT.sub("", shown).strip():
            return False
        line += step
    return True


def _applied(text: str, edits: Iterable[_Edit]) -> str:
    """The text after some edits; one inside another has no effect."""
    pieces = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if edit.start >= done:
            pieces += [text[done : edit.start], edit.text]
            done = edit.end
    return "".join([*pieces, text[done:]])
