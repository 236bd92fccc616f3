"""What a query asks for, and the expression that asks the full text for it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

WORD = re.compile(r"\w+(?:[.\-/+#]\w+)*[+#]*")
# Words that nearly every passage has: they cost the most to look up and tell the least.
_STOPWORDS = """
a about an and are as at be been but by can could did do does for from had has have how i if in into is it its just like
me my no not of on or our should so than that the their them then there these they this those to too was we were what
when where which while who whom whose why will with would you your
"""
STOPWORDS = frozenset(_STOPWORDS.split())

MIN_PART = 3  # letters of each part of a compound
SHORT_QUERY = 10  # words; in a longer one, which is prose, quotes are emphasis

_EXCLUDED = re.compile(r"(?<!\S)-(?:\"([^\"]*\w[^\"]*)\"|([^\W\d][^\s\"]*))")
_QUOTED = re.compile(r"(?<!\w)\"([^\"]*\w[^\"]*)\"(?!\w)")
_PREFIX = re.compile(r"(?<![\w*])(\w{2,})\*(?![\w*])")


class Query(NamedTuple):
    """What a writer typed: the text to embed, the words to look up (one that ends in `*` begins others), the phrases
    that must stand in a note, and what must not.
    """

    text: str
    words: tuple[str, ...]
    phrases: tuple[str, ...]
    without: tuple[str, ...]


def parse_query(query: str) -> Query:
    """Read `"exact words"`, `infer*` and `-not` in a query; any other punctuation is text, and so are the quotes of a
    query of many words.
    """
    without = tuple(_one_run(match[1] or match[2]) for match in _EXCLUDED.finditer(query))
    wanted = _EXCLUDED.sub(" ", query)
    short = len(WORD.findall(wanted)) <= SHORT_QUERY
    phrases = tuple(_one_run(match[1]) for match in _QUOTED.finditer(wanted)) if short else ()
    text = " ".join(_PREFIX.sub(r"\1", _QUOTED.sub(r"\1", wanted)).split())
    prefixes = {match[1].lower() for match in _PREFIX.finditer(wanted)}
    words = (f"{word}*" if word in prefixes else word for word in query_words(text))
    return Query(text, tuple(words), phrases, without)


def _one_run(phrase: str) -> str:
    """A phrase with single blanks; FTS5 would take a NUL for its end."""
    return " ".join(phrase.replace("\0", " ").split())


def query_words(query: str) -> list[str]:
    """The words of a text without stopwords, each once; all of them where nothing else is left."""
    words = list(dict.fromkeys(match[0].lower() for match in WORD.finditer(query)))
    return [word for word in words if word not in STOPWORDS] or words


def other_spellings(word: str) -> list[str]:
    """A compound as others write it: `over-smoothing` in one word, `oversmoothing` with a hyphen at each place."""
    if "-" in word:
        return [word.replace("-", "")]
    places = range(MIN_PART, len(word) - MIN_PART + 1) if word.isalpha() else ()
    return [f"{word[:place]}-{word[place:]}" for place in places]


def match_expression(words: Iterable[str]) -> str:
    """An FTS5 expression for any of the words; each is quoted, so that no punctuation is syntax."""
    return " OR ".join(f"{_quoted(word.removesuffix('*'))}{'*' if word.endswith('*') else ''}" for word in words)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


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
