"""What a post says at its citations, and what a note says now that is most like it. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from kb.notes.prose import clean, sentence_spans
from kb.notes.words import searchable
from kb.outline.post.citations import Cited

LIKE = 0.5  # the share of common words (Dice coefficient) from which a text is another wording of a quotation

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BLOCK_START = re.compile(r"^[ \t]*$|^[ \t]*(?:>[ \t]?)*(?:[-*+]|\d{1,9}[.)])[ \t]+|^[ \t]*#{1,6}[ \t]", re.MULTILINE)
_FORM = re.compile(r"(?:[^\n\"]{1,200} · )?\"(?P<text>.*)\"", re.DOTALL)  # of a point with a label
_MARK = re.compile(r"\s*\(contradicted here\)$")
_WORD = re.compile(r"\w+")


def quoted_at(text: str, cited: Sequence[Cited]) -> list[str]:
    """For each citation of a post, in order, the plain text that it follows; of several citations in a row, the same.

    That is the quotation, without its label, or what the writer made of it.
    """
    quoted: list[str] = []
    done = 0
    for entry in cited:
        start = max((match.end() for match in _BLOCK_START.finditer(text, done, entry.position)), default=done)
        said = _MARK.sub("", clean(_COMMENT.sub(" ", text[start : entry.position])))
        form = _FORM.fullmatch(said)
        quoted.append((form["text"] if form else said) or (quoted[-1] if quoted else ""))
        comment = _COMMENT.match(text, entry.position)
        done = comment.end() if comment else entry.position
    return quoted


def most_like(quoted: str, paragraphs: Iterable[str]) -> tuple[int, str] | None:
    """The consecutive sentences of some cleaned paragraphs that share most words with a quotation, and the number of
    their paragraph; None if all share too few.
    """
    wanted = _words(quoted)
    length = len(sentence_spans(quoted))
    likeness = {
        (number, run): _dice(wanted, _words(run))
        for number, paragraph in enumerate(paragraphs)
        for run in _runs(paragraph, length)
    }
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= LIKE else None


def _runs(paragraph: str, length: int) -> Iterator[str]:
    """All runs of up to `length` consecutive sentences."""
    spans = sentence_spans(paragraph)
    for first, (start, _) in enumerate(spans):
        for _, end in spans[first : first + length]:
            yield paragraph[start:end]


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(searchable(text.casefold())))


def _dice(one: Counter[str], other: Counter[str]) -> float:
    """The Dice coefficient of two bags of words."""
    return 2 * (one & other).total() / max(one.total() + other.total(), 1)
