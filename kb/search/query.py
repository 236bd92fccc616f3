"""Parse queries, and write FTS5 expressions for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kb.notes.words import name_of, plain, searchable

WORD = re.compile(r"\w+(?:[.\-/+#]\w+)*[+#]*")
# Words of nearly every passage: the most expensive to look up, and the least informative.
_STOPWORDS = """
a about an and are as at be been but by can could did do does for from had has have how i if in into is it its just like
me my no not of on or our should so than that the their them then there these they this those to too was we were what
when where which while who whom whose why will with would you your
"""
STOPWORDS = frozenset(_STOPWORDS.split())

MAX_LENGTH = 20_000  # characters of a query: ten pages, of which the model reads less than one
MIN_PART = 3  # letters of each part of a compound
MAX_COMPOUND = 40  # letters; longer words are not split
SHORT_QUERY = 10  # words; a longer query is prose, in which quotes are emphasis

NAME, MAX_NAMED = 3, 20  # words of a name that a longer query contains, and of such a query

_PART = re.compile(r"[^\W_]+")
_EXCLUDED = re.compile(r"(?<!\S)-(?:\"([^\"\w]*\w[^\"]*)\"|([^\W\d][^\s\"]*))")
_QUOTED = re.compile(r"(?<!\w)\"([^\"\w]*\w[^\"]*)\"(?!\w)")
_PREFIX = re.compile(r"(?<![\w*])(\w{2,})\*(?![\w*])")


class Query(NamedTuple):
    """A parsed query: the text to embed, the words to look up (one that ends in `*` is a prefix), the phrases that a
    note must contain, and the words and phrases that it must not.
    """

    text: str
    words: tuple[str, ...]
    phrases: tuple[str, ...]
    without: tuple[str, ...]


def parse_query(query: str) -> Query:
    """Parse `"exact words"`, `infer*` and `-not`; other punctuation is text, and so are the quotes of a long query."""
    query = plain(query)
    without = tuple(_one_run(match[1] or match[2]) for match in _EXCLUDED.finditer(query))
    wanted = _EXCLUDED.sub(" ", query)
    short = len(WORD.findall(wanted)) <= SHORT_QUERY
    phrases = tuple(_one_run(match[1]) for match in _QUOTED.finditer(wanted)) if short else ()
    text = " ".join(_PREFIX.sub(r"\1", _QUOTED.sub(r"\1", wanted)).split())
    prefixes = {match[1].lower() for match in _PREFIX.finditer(wanted)}
    words = (f"{word}*" if word in prefixes else word for word in query_words(text))
    return Query(text, tuple(words), phrases, without)


def _one_run(phrase: str) -> str:
    """A phrase with single spaces; FTS5 would end it at a NUL."""
    return " ".join(phrase.replace("\0", " ").split())


def query_words(query: str) -> list[str]:
    """The distinct words of a text without stopwords; with them where there are no others."""
    words = list(dict.fromkeys(match[0].lower() for match in WORD.finditer(query)))
    return [word for word in words if word not in STOPWORDS] or words


def other_spellings(word: str) -> list[str]:
    """The other spellings of a compound: `over-smoothing` as one word, `oversmoothing` with a hyphen in every place."""
    if "-" in word:
        return [word.replace("-", "")]
    if not word.isalpha() or len(word) > MAX_COMPOUND:
        return []
    return [f"{word[:place]}-{word[place:]}" for place in range(MIN_PART, len(word) - MIN_PART + 1)]


def name_key(text: str) -> str:
    """The words of a name, without case and punctuation: `paged-attention` is `Paged Attention`."""
    return " ".join(_PART.findall(name_of(text).casefold()))


def possible_names(text: str) -> list[str]:
    """The keys of the names that a query may be, or contain: all of its words, and runs of at least `NAME` of them."""
    words = name_key(text).split()
    starts = range(len(words)) if len(words) <= MAX_NAMED else ()
    runs = [" ".join(words[start:end]) for start in starts for end in range(start + NAME, len(words) + 1)]
    return [" ".join(words), *runs]


def match_expression(words: Iterable[str]) -> str:
    """An FTS5 expression for any of some words, in the form in which texts are indexed; each is quoted, so that its
    punctuation is not syntax.
    """
    return " OR ".join(f"{_quoted(word.removesuffix('*'))}{'*' if word.endswith('*') else ''}" for word in words)


def _quoted(word: str) -> str:
    return '"' + searchable(word).replace('"', '""') + '"'


def telling_words(frequencies: Mapping[str, int], budget: int) -> list[str]:
    """The rarest words of a query, at least one, that together match at most `budget` passages.

    Common words add little to bm25, as their idf is small, and cost the most: FTS5 scores every match.
    """
    kept: list[str] = []
    for word in sorted(frequencies, key=lambda word: frequencies[word]):
        budget -= frequencies[word]
        if kept and budget < 0:
            break
        kept.append(word)
    return kept
