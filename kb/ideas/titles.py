"""Working titles for groups of notes, in the notes' own words. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from kb.outline.naming.forms import is_generic
from kb.search.query import STOPWORDS

Title = tuple[str, ...]  # phrases: words in lower case with spaces between them

MAX_TITLE_WORDS = 9
MAX_PHRASES, MAX_PHRASE_WORDS = 3, 4
TITLES = 8
MENTIONS = 4  # of a phrase in the text of a note that are counted
MIN_GAIN = 0.2  # what a phrase must add for each note of a group
FORM = 3  # other notes with the same heading, from which it belongs to a template and names no subject
COMMON = 6  # other notes about a single word, up to which it can be a title

_WORD = re.compile(r"[^\W_]+(?:['’.+/-][^\W_]+)*")
_PAUSE = re.compile(r"[^\w\s'’.+/&-]|[.](?=\s|$)|\s(?:[-–—]+|/)\s")
_PATH = re.compile(r".*/.*[\d./-]|.*[\d.-].*/|.*\.(?:md|py|js|json|ya?ml|toml|txt|sh|html?)$")
_PARTICIPLE = re.compile(r".{3,}[^\We]ed", re.IGNORECASE)
# Like stopwords, these neither begin nor end the name of a subject.
_WEAK_WORDS = """
above across after again against all along also among another any around because before below best better between
big both different during each eight either else enough even every few first five four getting good great he her
here him his however key last least less main many may might more most much must near never new next nine none now
off often old once one only other others out own part per quick really same second see seven several she since six
some still such ten third three through together too towards two under until up upon us use used useful uses using
various very via vs want well within without yet
"""
_WEAK = STOPWORDS | frozenset(_WEAK_WORDS.split())


@dataclass(frozen=True)
class Wording:
    """The words of a note: its title, headings and tags, and its text, which includes them."""

    title: str
    headings: tuple[str, ...]
    tags: tuple[str, ...]
    text: str

    @cached_property
    def words(self) -> str:
        """The words of the text, as `words_of` gives them."""
        return words_of(self.text)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The distinct words of the text."""
        return frozenset(self.words.split())

    @cached_property
    def names(self) -> str:
        """The words of the title, headings and tags, as `words_of` gives them."""
        return words_of("; ".join((self.title, *self.headings, *self.tags)))

    @cached_property
    def heading_words(self) -> frozenset[str]:
        """The words of each heading."""
        return frozenset(words_of(heading).strip() for heading in self.headings)

    def about(self, words: str) -> float:
        """How much a phrase is a subject of the note, 0..1: 1 in a heading, less by the mentions in the text."""
        phrase = f" {words} "
        if phrase in self.names:
            return 1.0
        if not self.vocabulary.issuperset(words.split()):
            return 0.0
        return min(self.words.count(phrase), MENTIONS) / (MENTIONS + 1)


def words_of(text: str) -> str:
    """The words of a text in lower case, with single spaces between and around them."""
    return f" {' '.join(_WORD.findall(text.lower().replace('-', ' ')))} "


def working_titles(group: Sequence[Wording], others: Sequence[Wording]) -> list[Title]:
    """At most `TITLES` titles for a group of notes, the most specific first, each beginning with another phrase.

    Phrases come from titles, headings and tags of the group; they are subjects of its notes but of few others. A title
    is built greedily: the next phrase is the one that adds most to what the title says of each note, times the
    logarithm of its rarity in the other notes.
    """
    phrases = _Phrases(group, others)
    nothing = np.zeros(len(group))
    firsts = sorted(phrases.candidates, key=lambda words: -phrases.gain(words, nothing))[:TITLES]
    titles = dict.fromkeys(map(phrases.title_from, firsts))
    return [title for title in titles if " " in " ".join(title) or phrases.elsewhere[title[0]] <= COMMON]


class _Phrases:
    """The phrases that titles of a group are built from: how much they say of each note, and how rare they are."""

    def __init__(self, group: Sequence[Wording], others: Sequence[Wording]) -> None:
        self.candidates = _candidates(group, others)
        self.elsewhere = {words: sum(entry.about(words) for entry in others) for words in self.candidates}
        self._about = {words: np.array([entry.about(words) for entry in group]) for words in self.candidates}
        self._weights = {
            words: math.log((len(others) + 1) / (count + 1)) * math.sqrt(len(words.split()))
            for words, count in self.elsewhere.items()
        }
        self._min_gain = MIN_GAIN * len(group)

    def gain(self, words: str, said: NDArray[np.float64]) -> float:
        """What a phrase adds to a title that says `said`, 0..1, of each note."""
        return self._weights[words] * float(np.maximum(self._about[words] - said, 0).sum())

    def title_from(self, first: str) -> Title:
        """The title that begins with a phrase."""
        chosen, said = [first], self._about[first]
        while len(chosen) < MAX_PHRASES:
            room = MAX_TITLE_WORDS - 1 - sum(len(words.split()) for words in chosen)
            free = [words for words in self.candidates if len(words.split()) <= room and _is_new(words, chosen)]
            best = max(free, key=lambda words: self.gain(words, said), default=None)
            if best is None or self.gain(best, said) <= self._min_gain:
                break
            chosen.append(best)
            said = np.maximum(said, self._about[best])
        return tuple(chosen)


def spelling(words: str, group: Sequence[Wording]) -> str:
    """The commonest spelling of a phrase in prose, preferably inside a sentence; an empty string without one."""
    # Next to one of these characters a match is part of an address, a file name, code or a longer word.
    spelt = re.compile(
        rf"(?<![\w\[`#/.@-]){'(?: & |[ -])'.join(map(re.escape, words.split()))}(?![\w\]`/(=-])(?!\.\w)", re.IGNORECASE
    )
    forms = Counter(match[0] for entry in group if entry.about(words) for match in spelt.finditer(entry.text))
    inside = Counter[str]()
    for form, count in forms.items():
        inside[form[0].lower() + form[1:]] += count
    usual = max(inside, key=inside.__getitem__, default="")
    return usual if usual in forms else usual[:1].upper() + usual[1:]


def _candidates(group: Sequence[Wording], others: Sequence[Wording]) -> list[str]:
    """The phrases that can be in a title: beginnings of notes' titles, and terms that several notes are about."""
    titles = [_beginning(entry.title) for entry in group if not _recurs(entry.title, others)]
    terms = dict.fromkeys(words_of(term).strip() for entry in group for term in _terms(entry, others))
    shared = [words for words in terms if sum(entry.about(words) > 0 for entry in group) > 1]
    return [
        words
        for words in dict.fromkeys([*titles, *shared])
        if 0 < len(words.split()) <= MAX_PHRASE_WORDS
        and not is_generic(words)
        and any(f" {words} " in entry.words for entry in group)
    ]


def _beginning(title: str) -> str:
    """The phrase that a title names before its first pause; an empty string if it names none."""
    part = _PAUSE.split(title)[0].strip()
    words = _WORD.findall(part)
    strong = [index for index, word in enumerate(words) if _is_strong(word)]
    if not strong or is_generic(part):
        return ""
    return words_of(" ".join(_closed(words[strong[0] : strong[-1] + 1]))).strip()


def whole_name(title: str) -> str:
    """The phrase that a title names before its first pause if that is all there but for an article; else an empty
    string.
    """
    name = _beginning(title)
    said = words_of(_PAUSE.split(title)[0]).strip()
    return name if said in (name, f"the {name}", f"a {name}", f"an {name}") else ""


def _terms(entry: Wording, others: Sequence[Wording]) -> Iterator[str]:
    """The ends of runs of strong words in a note's title, headings and tags: in English the head noun comes last.
    Single words only if they look like a term.
    """
    names = (entry.title, *entry.headings, *entry.tags)
    parts = (part.strip() for name in names if not _recurs(name, others) for part in _PAUSE.split(name))
    runs = (_closed(run) for part in parts if not is_generic(part) for run in _runs(_WORD.findall(part)))
    for run in runs:
        for start in range(max(len(run) - MAX_PHRASE_WORDS, 0), len(run)):
            if len(run) - start > 1 or looks_like_a_term(run[start]):
                yield " ".join(run[start:])


def _recurs(heading: str, others: Sequence[Wording]) -> bool:
    words = words_of(heading).strip()
    return sum(words in entry.heading_words for entry in others) >= FORM


def _runs(words: Sequence[str]) -> list[list[str]]:
    """The longest runs of strong words."""
    return [list(run) for strong, run in groupby(words, _is_strong) if strong]


def _closed(run: list[str]) -> list[str]:
    """A run without a participle at its end: "model" for "model trained"."""
    return run[:-1] if _PARTICIPLE.fullmatch(run[-1]) else run


def _is_strong(word: str) -> bool:
    return word.lower() not in _WEAK and len(word) > 1 and not word[0].isdigit() and not _PATH.match(word)


def looks_like_a_term(word: str) -> bool:
    """Whether a word is a compound, or has capitals inside."""
    return "-" in word or not word[1:].islower()


def _is_new(words: str, chosen: Sequence[str]) -> bool:
    """Whether a phrase shares no word with those chosen."""
    return not set(words.split()) & {word for phrase in chosen for word in phrase.split()}
