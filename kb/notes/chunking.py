"""`Note` -> `Chunk`s that follow headings and fit the encoder, with line numbers. Pure.

The chunks of a note partition its body: every character that is not blank is in exactly one of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise

from kb.models import Block, BlockKind, Chunk, Note
from kb.notes.prose import clean, sentence_spans

CountTokens = Callable[[str], int]
Piece = tuple[int, int, int]  # first and last character, word pieces

LINED: tuple[BlockKind, ...] = ("list", "code", "table")  # cut between lines, of which no note has too many

_ITEM = re.compile(r"^(?:[-*+]|\d{1,9}[.)])\s", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s")
_WORD = re.compile(r"[^\W\d_]{2}")
_SEPARATOR = " > "
MIN_FILL = 0.25  # the share of the budget that a cut leaves on both sides where it can
RANKED = 40  # characters of a piece by which it is known: most edits come later
WIDE = 400  # pieces of a run that is cut in its middle half: no note can make it be cut a piece at a time
CRUMBS = 100  # pieces for each chunk: so many are no sentences, and counting each takes long
CHARACTERS = 10  # of text a word piece, more than any prose has: what is longer need not be counted to be cut


def chunk_note(note: Note, count_tokens: CountTokens, max_tokens: int) -> list[Chunk]:
    """Cut a note into chunks whose embedded text has at most `max_tokens` word pieces.

    Raises nothing; a passage that no boundary can cut (one endless word) is cut between characters.
    """
    chunks = []
    for blocks in _sections(note.blocks):
        heading_path = blocks[-1].heading_path
        header = _header(note.title, heading_path, count_tokens, max_tokens // 3)
        budget = max_tokens - count_tokens(header) - 1
        for start, end in _pack(note.text, blocks, count_tokens, budget):
            chunks.append(_chunk(note, heading_path, header, start, end))
    return chunks


def _sections(blocks: tuple[Block, ...]) -> Iterator[list[Block]]:
    """Blocks under one heading; a heading with nothing below it goes with what follows."""
    section: list[Block] = []
    has_text = False
    for block in blocks:
        if block.kind == "heading" and has_text:
            yield section
            section, has_text = [], False
        section.append(block)
        has_text |= block.kind != "heading"
    if section:
        yield section


def _header(title: str, heading_path: tuple[str, ...], count_tokens: CountTokens, limit: int) -> str:
    """`title > heading path`, its outer parts dropped and at last its words cut where it is too long.

    A title without a word (a file that is called `000123.md`) says nothing, and the encoder would still weigh it.
    """
    parts = [title, *heading_path] if _WORD.search(title) else list(heading_path)
    while len(parts) > 1 and count_tokens(_SEPARATOR.join(parts)) > limit:
        parts.pop(1 if len(parts) > 2 else 0)
    header = _SEPARATOR.join(parts)
    while header and count_tokens(header) > limit:
        header = header[: len(header) * 3 // 4]
    return header


def _pack(text: str, blocks: list[Block], count_tokens: CountTokens, budget: int) -> list[tuple[int, int]]:
    """Spans of consecutive blocks that fit; a block that fits nowhere is divided."""
    pieces = [piece for block in blocks for piece in _pieces(text, block, count_tokens, budget)]
    return [span for group in _groups(text, pieces, budget) for span in _fitting(text, group, count_tokens, budget)]


def _groups(text: str, pieces: list[Piece], budget: int) -> list[list[Piece]]:
    """Cut a run of pieces in two until each part fits: before the piece whose beginning has the smallest hash.

    Boundaries are chosen by what follows them, as in content-defined chunking (LBFS, Muthitacharoen et al. 2001), and
    from the outside in, as in a treap: an edit moves the boundaries beside it, where filling one chunk after another
    would move all that follow. Cuts near an end are taken only where there are no others: they make small chunks.
    """
    ranks = [
        hashlib.blake2b(text[start:end].lstrip()[:RANKED].encode(), digest_size=8).digest() for start, end, _ in pieces
    ]
    before = list(accumulate((cost for _, _, cost in pieces), initial=0))
    groups: list[list[Piece]] = []
    waiting = [(0, len(pieces))]
    while waiting:
        first, last = waiting.pop()
        if last - first <= 1 or before[last] - before[first] <= budget:
            groups.append(pieces[first:last])
            continue
        least, most = before[first] + MIN_FILL * budget, before[last] - MIN_FILL * budget
        middle = (least + most) / 2
        cuts = range(first + 1, last)
        if len(cuts) > WIDE:
            cuts = cuts[len(cuts) // 4 : -len(cuts) // 4]
        inner = [cut for cut in cuts if least <= before[cut] <= most]
        cut = min(inner or cuts, key=lambda cut: (ranks[cut], abs(before[cut] - middle)))
        waiting += [(cut, last), (first, cut)]
    return groups


def _pieces(text: str, block: Block, count_tokens: CountTokens, budget: int) -> Iterator[Piece]:
    """A block, or its parts where it is too long."""
    said = clean(text[block.start : block.end])
    cost = count_tokens(said) if len(said) <= CHARACTERS * budget else 1 + len(said) // CHARACTERS
    if cost <= budget:
        yield block.start, block.end, cost
        return
    for start, end in _divide(text, block, -(-cost // budget)):
        yield from _pieces(text, Block(kind="other", start=start, end=end), count_tokens, budget)


def _fitting(text: str, group: list[Piece], count_tokens: CountTokens, budget: int) -> list[tuple[int, int]]:
    """The span of a group, or of its halves: in some vocabularies a whole costs more than its pieces."""
    start, end = group[0][0], group[-1][1]
    if len(group) == 1 or count_tokens(clean(text[start:end])) <= budget:
        return [(start, end)]
    middle = len(group) // 2
    return [span for half in (group[:middle], group[middle:]) for span in _fitting(text, half, count_tokens, budget)]


def _divide(text: str, block: Block, parts: int) -> list[tuple[int, int]]:
    """Cut a block where a reader would: between items, rows, lines or sentences; else in the middle, and the halves
    again until they are so many parts.
    """
    spans = [span for span in _cuts(text[block.start : block.end], block.kind) if span[0] < span[1]]
    if len(spans) < 2 or (len(spans) > CRUMBS * parts and block.kind not in LINED):
        halves = [(block.start, block.end)]
        for _ in range(max((parts - 1).bit_length(), 1)):
            halves = [half for span in halves for half in _halves(text, *span) if half[0] < half[1]]
        return halves
    return [(block.start + start, block.start + end) for start, end in spans]


def _cuts(text: str, kind: BlockKind) -> list[tuple[int, int]]:
    if kind == "list":
        return _spans_between(text, [match.start() for match in _ITEM.finditer(text)])
    if kind in ("code", "table"):
        return _spans_between(text, [match.end() for match in re.finditer("\n", text)])
    return sentence_spans(text)


def _spans_between(text: str, starts: list[int]) -> list[tuple[int, int]]:
    return list(pairwise(sorted({0, *starts, len(text)})))


def _halves(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Two halves, cut at the line break or else the blank nearest to the middle, or between characters."""
    middle = (start + end) // 2
    for separator in ("\n", " "):
        before, after = text.rfind(separator, start + 1, middle), text.find(separator, middle, end - 1)
        cuts = [position + 1 for position in (before, after) if position > 0]
        if cuts:
            cut = min(cuts, key=lambda position: abs(position - middle))
            return [(start, cut), (cut, end)]
    return [(start, middle), (middle, end)]


def _chunk(note: Note, heading_path: tuple[str, ...], header: str, start: int, end: int) -> Chunk:
    raw = note.text[start:end]
    text = raw.strip("\n").rstrip()
    said = clean(_below_headings(text, header.split(_SEPARATOR)))
    first = start + len(raw) - len(raw.lstrip("\n"))
    return Chunk(
        heading_path=heading_path,
        text=text,
        start_line=note.line_of(first),
        end_line=note.line_of(first) + text.count("\n"),
        embedded="\n".join(part for part in (header, said) if part),
        digest=hashlib.sha256("\0".join([*heading_path, text]).encode()).hexdigest()[:16],
    )


def _below_headings(text: str, known: list[str]) -> str:
    """A passage without the headings it begins with that its header has: said twice, they would weigh twice."""
    lines = text.split("\n")
    while lines and (not lines[0].strip() or (_HEADING.match(lines[0]) and clean(lines[0]) in known)):
        del lines[0]
    return "\n".join(lines)
