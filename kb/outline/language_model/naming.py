"""Whether a proposed name names something that its material does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kb.search.query import STOPWORDS

_TOKEN = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")


def invented(name: str, said: Iterable[str]) -> str | None:
    """The first proper name or number of a heading that no text of its material contains, in any case; None if there
    is none.
    """
    known = " ".join(said).casefold()
    words: list[str] = _TOKEN.findall(name)
    in_title_case = not any(word[0].islower() and word not in STOPWORDS for word in words)
    for place, word in enumerate(words):
        capital = word[:1].isupper() and place > 0 and not in_title_case
        if (capital or _is_name_or_number(word)) and word.casefold().removesuffix("s") not in known:
            return word
    return None


def _is_name_or_number(word: str) -> bool:
    """A number, an acronym, or a name with a capital or a digit inside, such as GPT-4 or PagedAttention."""
    return word[0].isdigit() or (word[:1].isalpha() and any(sign.isupper() for sign in word[1:]))
