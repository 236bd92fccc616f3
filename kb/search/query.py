"""A query's words, and the expression that asks the full text for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

WORD = re.compile(r"\w+(?:[.\-/+#]\w+)*[+#]*")
# Words that nearly every passage has: they cost the most to look up and tell the least.
_STOPWORDS = """
a about an and are as at be been but by can could did do does for from had has have how i if in into is it its just like
me my no not of on or our should so than that the their them then there these they this those to too was we were what
when where which while who whom whose why will with would you your
"""
STOPWORDS = frozenset(_STOPWORDS.split())


def query_words(query: str) -> list[str]:
    """The words of a query without stopwords, each once; all of them where nothing else is left."""
    words = list(dict.fromkeys(match[0].lower() for match in WORD.finditer(query)))
    return [word for word in words if word not in STOPWORDS] or words


def match_expression(words: Iterable[str]) -> str:
    """An FTS5 expression for any of the words; each is quoted, so that no punctuation is syntax."""
    quoted = ('"' + word.replace('"', '""') + '"' for word in words)
    return " OR ".join(quoted)


def telling_words(frequencies: Mapping[str, int], budget: int) -> list[str]:
    """The rarest words of a query, as many as match at most `budget` passages between them, and at least one.

    Common words add little to bm25 (its idf is small) and cost the most: a passage is scored for each that it has.
    """
    kept: list[str] = []
    for word in sorted(frequencies, key=lambda word: frequencies[word]):
        budget -= frequencies[word]
        if kept and budget < 0:
            break
        kept.append(word)
    return kept
