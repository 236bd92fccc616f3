"""The working title of an idea: its subject, and a question or claim of the notes that a post could be about. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kb.cutoffs import BEARING, CLOSE
from kb.models import ChunkRecord, Encoder
from kb.outline.questions import open_questions
from kb.outline.quoting.labels import is_part_of, needs_a_label
from kb.outline.quoting.runs import runs
from kb.outline.quoting.unspaced import word_count
from kb.search.query import STOPWORDS

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

CENTRAL = 30  # passages that claims are taken from
MAX_WORDS = 18  # of a question or claim in a title

_MARK = re.compile(r"^(?:TODO|FIXME|Q|Question|Open question)\b\s*:\s*", re.IGNORECASE)
_ONE_QUESTION = re.compile(r"[^.?!？。]*(?:[.](?=\w)[^.?!？。]*)*[?？]")
# What makes a sentence a claim that can be argued about, not a description.
_CONTRAST = re.compile(
    r"\b(?:but|not|never|nothing|rather than|instead of|unlike|without|than|while|whereas|because|unless|only when|"
    r"only if|no longer|not only|even when|even if|as long as|trade-?offs?|cannot|at the (?:price|cost) of)\b|n[’']t\b"
    r"|不是|而不|比|但|ではな|より|보다|아니라",
    re.IGNORECASE,
)
_ONE_CLAIM = re.compile(r"[^.!?;:()\d]*(?:[.](?=\w)[^.!?;:()\d]*)*[.。]?")  # no figures, asides or lists
_NO_CLAIM = re.compile(r"(?:\w+er|more|less)\b[^,]*\bthan\b|.*\b(?:means?|called|known as|refers? to)\b", re.IGNORECASE)
_OF_THE_WRITER = re.compile(
    r"\b(?:I|we|you|my|our|your|us|me|also|will be)\b|\bet al\b|\b(?:19|20)\d\d\b", re.IGNORECASE
)


def headlines(
    subjects: Sequence[tuple[Sequence[str], str]], chunks: Sequence[ChunkRecord], centre: FloatArray, encoder: Encoder
) -> Iterator[str | None]:
    """For each subject, called by its names and in one phrase, a title: with the open question of some passages that is
    nearest to it and to their `centre`, a unit vector `(dim,)`, or else the nearest claim of the most central ones,
    which come first: a sentence that sets something against something else. None where no question bears on the two
    and no claim is close to them.
    """
    kinds = [
        (said, least)
        for said, least in ((list(_questions(chunks)), BEARING), (list(_claims(chunks[:CENTRAL])), CLOSE))
        if said
    ]
    vectors = [encoder.encode(said) for said, _ in kinds]
    for names, phrase in subjects:
        aim = encoder.encode([" ".join(names)])[0]
        title = None
        for (said, least), own in zip(kinds, vectors, strict=True):
            related = (encoder.scale.relatedness(own @ aim) + encoder.scale.relatedness(own @ centre)) / 2
            best = int(related.argmax())
            if related[best] >= least:
                title = _with_subject(names, phrase, said[best])
                break
        yield title


def _questions(chunks: Sequence[ChunkRecord]) -> Iterator[str]:
    for chunk in chunks:
        for question in open_questions(chunk):
            text = _MARK.sub("", question.text)
            if word_count(text) <= MAX_WORDS and _ONE_QUESTION.fullmatch(text):
                yield text


def _claims(chunks: Sequence[ChunkRecord]) -> Iterator[str]:
    for chunk in chunks:
        for run in runs(chunk):
            text = run.text
            if (
                word_count(text) <= MAX_WORDS
                and _ONE_CLAIM.fullmatch(text)
                and _CONTRAST.search(text)
                and not _NO_CLAIM.match(text)
                and not _OF_THE_WRITER.search(text)
                and not needs_a_label(text)
            ):
                yield text.rstrip(".。")


def _with_subject(names: Sequence[str], phrase: str, said: str) -> str:
    """A question or claim, after the subject unless it names that."""
    if any(is_part_of(name, said) for name in names):
        return said[:1].upper() + said[1:]
    first = said.split(" ", 1)[0]
    lowered = said[:1].lower() + said[1:] if first.lower() in STOPWORDS and first != "I" else said
    return f"{phrase[:1].upper()}{phrase[1:]}: {lowered}"
