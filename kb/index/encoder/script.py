"""Whether an encoder can read the script of a text, by what its tokenizer makes of the letters. Pure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

MAX_UNREAD = 0.5  # the share of a text's letters that its tokenizer does not know as parts of words

Span = tuple[int, int]


def is_read(text: str, known: Sequence[Span]) -> bool:
    """Whether most letters of a text are in tokens that can mean something, given the spans of the known tokens.

    A tokenizer that was trained on a script has tokens of several letters. Of another script it knows single letters,
    bytes, or nothing. A Chinese character is a word or part of one by itself. ASCII letters are always read: the
    model knows the script, whatever the abbreviation.
    """
    single = Counter(start for start, end in known if end - start == 1)
    read = {place for start, end in known if end - start > 1 for place in range(start, end)}
    read |= {place for place, count in single.items() if count == 1 and _is_ideograph(text[place])}
    letters = [place for place, character in enumerate(text) if character.isalpha()]
    unread = sum(not text[place].isascii() and place not in read for place in letters)
    return unread <= MAX_UNREAD * len(letters)


def _is_ideograph(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK")
