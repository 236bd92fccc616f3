"""Cuts a `Note` into `Chunk`s that follow its headings and fit the encoder. Pure.

The chunks partition the body: every non-blank character is in exactly one of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from kb.models import Block, BlockKind, Chunk, LineKind, Note
from kb.notes.prose import clean, sentence_spans

CountTokens = Callable[[str], int]
CUT_BY_LINE: tuple[BlockKind, ...] = ("list", "code", "table")  # cut between lines, whose number per note is limited

_ITEM = re.compile(r"^(?:[-*+]|\d{1,9}[.)])\s", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s")
_WORD = re.compile(r"[^\W\d_]{2}")
_SEPARATOR = " > "
MIN_FILL = 0.25  # share of the budget that each side of a cut should at least have
HASHED_CHARACTERS = 40  # of the beginning of a piece: most edits change what follows
MIDDLE_FROM = 400  # pieces; longer runs are cut in their middle half, lest each cut split off a single piece
MAX_SENTENCES = 100  # per chunk; text with more "sentences" is not prose, and counting the tokens of each is slow
CHARACTERS_PER_TOKEN = 10  # more than prose has: text with more of them than its budget is cut without counting tokens


class Piece(NamedTuple):
    """A block or a part of one: characters `[start, end)` of the note's text, and its tokens."""

    start: int
    end: int
    tokens: int


def chunk_note(note: Note, count_tokens: CountTokens, max_tokens: int) -> list[Chunk]:
    """Cut a note into chunks of which the encoder sees at most `max_tokens` tokens, heading path included.

    A single word that exceeds this is cut between characters.
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
    """The blocks of each section; a heading without text of its own is joined to the next section."""
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
    """`title > heading path` in at most `limit` tokens: the parts between the first and last are dropped, then the
    first, and the last is truncated.

    A title without a word, such as that of `000123.md`, is left out: it would only distort the vector.
    """
    parts = [title, *heading_path] if _WORD.search(title) else list(heading_path)
    while len(parts) > 1 and count_tokens(_SEPARATOR.join(parts)) > limit:
        parts.pop(1 if len(parts) > 2 else 0)
    header = _SEPARATOR.join(parts)
    while header and count_tokens(header) > limit:
        header = header[: len(header) * 3 // 4]
    return header


def _pack(text: str, blocks: list[Block], count_tokens: CountTokens, budget: int) -> list[tuple[int, int]]:
    """Spans of consecutive blocks, or parts of blocks, that fit the budget."""
    pieces = [piece for block in blocks for piece in _pieces(text, block, count_tokens, budget)]
    return [span for group in _groups(text, pieces, budget) for span in _fitting(text, group, count_tokens, budget)]


def _groups(text: str, pieces: list[Piece], budget: int) -> list[list[Piece]]:
    """Bisect a run of pieces until every group fits, each time before the piece whose beginning has the smallest hash.

    The text after a boundary determines it, as in content-defined chunking (LBFS, Muthitacharoen et al. 2001), and the
    recursion resembles a treap. An edit therefore moves only nearby boundaries; greedy filling would move all later
    ones. Cuts near either end make small chunks and are the last resort.
    """
    ranks = [
        hashlib.blake2b(text[start:end].lstrip()[:HASHED_CHARACTERS].encode(), digest_size=8).digest()
        for start, end, _ in pieces
    ]
    before = list(accumulate((piece.tokens for piece in pieces), initial=0))
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
        if len(cuts) > MIDDLE_FROM:
            cuts = cuts[len(cuts) // 4 : -len(cuts) // 4]
        inner = [cut for cut in cuts if least <= before[cut] <= most]
        cut = min(inner or cuts, key=lambda cut: (ranks[cut], abs(before[cut] - middle)))
        waiting += [(cut, last), (first, cut)]
    return groups


def _pieces(text: str, block: Block, count_tokens: CountTokens, budget: int) -> Iterator[Piece]:
    """A block that fits the budget, or else parts of it that do."""
    plain = clean(text[block.start : block.end].rstrip())  # as in a chunk: without a blank, `1.` is a word
    countable = len(plain) <= CHARACTERS_PER_TOKEN * budget
    tokens = count_tokens(plain) if countable else 1 + len(plain) // CHARACTERS_PER_TOKEN
    if tokens <= budget:
        yield Piece(block.start, block.end, tokens)
        return
    for start, end in _divide(text, block, -(-tokens // budget)):
        yield from _pieces(text, Block(kind="other", start=start, end=end), count_tokens, budget)


def _fitting(text: str, group: list[Piece], count_tokens: CountTokens, budget: int) -> list[tuple[int, int]]:
    """The span of a group, or of its halves: with some tokenizers a text has more tokens than its pieces together."""
    start, end = group[0].start, group[-1].end
    if len(group) == 1 or count_tokens(clean(text[start:end].rstrip())) <= budget:
        return [(start, end)]
    middle = len(group) // 2
    return [span for half in (group[:middle], group[middle:]) for span in _fitting(text, half, count_tokens, budget)]


def _divide(text: str, block: Block, parts: int) -> list[tuple[int, int]]:
    """Cut a block between its items, rows, lines or sentences, or else by halving into at least `parts` parts."""
    spans = [span for span in _cuts(text[block.start : block.end], block.kind) if span[0] < span[1]]
    if len(spans) < 2 or (len(spans) > MAX_SENTENCES * parts and block.kind not in CUT_BY_LINE):
        halves = [(block.start, block.end)]
        for _ in range(max((parts - 1).bit_length(), 1)):
            halves = [half for span in halves for half in _halves(text, *span) if half[0] < half[1]]
        return halves
    return [(block.start + start, block.start + end) for start, end in spans]


def _cuts(text: str, kind: BlockKind) -> list[tuple[int, int]]:
    """The spans of the items, rows, lines or sentences of a block."""
    if kind == "list":
        return _spans_between(text, [match.start() for match in _ITEM.finditer(text)])
    if kind in ("code", "table"):
        return _spans_between(text, [match.end() for match in re.finditer("\n", text)])
    return sentence_spans(text)


def _spans_between(text: str, starts: list[int]) -> list[tuple[int, int]]:
    return list(pairwise(sorted({0, *starts, len(text)})))


def _halves(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Two halves, cut at the line break nearest to the middle, else at the nearest space, else between characters."""
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
    start_line = note.line_of(start + len(raw) - len(raw.lstrip("\n")))
    end_line = start_line + text.count("\n")
    kinds = note.kinds[start_line - 1 : end_line]
    plain = clean(_below_headings(_without_metadata(text, kinds), header.split(_SEPARATOR)))
    return Chunk(
        heading_path=heading_path,
        text=text,
        kinds=kinds,
        start_line=start_line,
        end_line=end_line,
        embedded="\n".join(part for part in (header, plain) if part),
        digest=hashlib.sha256("\0".join([*heading_path, text]).encode()).hexdigest()[:16],
    )


def _without_metadata(text: str, kinds: str) -> str:
    """A passage without the markup of tools, which says nothing about its subject."""
    if LineKind.METADATA not in kinds:
        return text
    return "\n".join(line for line, kind in zip(text.split("\n"), kinds, strict=True) if kind != LineKind.METADATA)


def _below_headings(text: str, known: list[str]) -> str:
    """A passage without leading headings that its header repeats: the vector would count them twice."""
    lines = text.split("\n")
    while lines and (not lines[0].strip() or (_HEADING.match(lines[0]) and clean(lines[0]) in known)):
        del lines[0]
    return "\n".join(lines)
