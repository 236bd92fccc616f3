"""Working titles for groups of notes, made of the notes' own words. Pure."""

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

from kb.outline.headings import is_generic
from kb.search.query import STOPWORDS

Title = tuple[str, ...]  # the words of its phrases, in lower case

MAX_TITLE_WORDS = 9
MAX_PHRASES, MAX_PHRASE_WORDS = 3, 4
TITLES = 8
MENTIONS = 4  # how often a note must name what is in none of its headings to be about it
MIN_GAIN = 0.2  # what a phrase must add for each note of a group
FORM = 3  # a heading that so many other notes have is part of a form that they fill in, and no subject
COMMON = 6  # a word that more other notes are about is no title by itself

_WORD = re.compile(r"[^\W_]+(?:['’.+/-][^\W_]+)*")
_PAUSE = re.compile(r"[^\w\s'’.+/&-]|[.](?=\s|$)|\s(?:[-–—]+|/)\s")
_PATH = re.compile(r".*/.*[\d./-]|.*[\d.-].*/|.*\.(?:md|py|js|json|ya?ml|toml|txt|sh|html?)$")
_PARTICIPLE = re.compile(r".{3,}[^\We]ed", re.IGNORECASE)
# Beside the stopwords, what neither begins nor ends the name of a subject.
_LOOSE_WORDS = """
above across after again against all along also among another any around because before below best better between
big both different during each eight either else enough even every few first five four getting good great he her
here him his however key last least less main many may might more most much must near never new next nine none now
off often old once one only other others out own part per quick really same second see seven several she since six
some still such ten third three through together too towards two under until up upon us use used useful uses using
various very via vs want well within without yet
"""
_LOOSE = STOPWORDS | frozenset(_LOOSE_WORDS.split())
_FORMAL = re.compile(
    r"(?:readme|index|getting started|quick ?start|install(?:ation|ing)?|usage|requirements|prerequisites|"
    r"(?:table of )?contents|(?:user )?documentation|docs|faq|glossary|appendix|change ?log|release notes|licen[sc]e|"
    r"contact(?: us)?|acknowledge?ments|(?:more|additional|further) .*|resources|credits|tutorials?|gist|motivation|"
    r"goals|(?:key|main) (?:points?|ideas?|contributions?|takeaways?|findings?|results?)|untitled|draft|wip)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Wording:
    """The words of a note: its title, headings and tags, and its text with them."""

    title: str
    headings: tuple[str, ...]
    tags: tuple[str, ...]
    text: str

    @cached_property
    def words(self) -> str:
        """The words of its text."""
        return words_of(self.text)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Each of the words of its text."""
        return frozenset(self.words.split())

    @cached_property
    def names(self) -> str:
        """The words of its title, headings and tags."""
        return words_of("; ".join((self.title, *self.headings, *self.tags)))

    @cached_property
    def heading_words(self) -> frozenset[str]:
        """The words of each heading."""
        return frozenset(words_of(heading).strip() for heading in self.headings)

    def about(self, words: str) -> float:
        """How much words, one after the other, are a subject of it, 0..1."""
        phrase = f" {words} "
        if phrase in self.names:
            return 1.0
        if not self.vocabulary.issuperset(words.split()):
            return 0.0
        return min(self.words.count(phrase), MENTIONS) / (MENTIONS + 1)


def words_of(text: str) -> str:
    """The words of a text in lower case, one blank between them and around."""
    return f" {' '.join(_WORD.findall(text.lower().replace('-', ' ')))} "


def working_titles(group: Sequence[Wording], others: Sequence[Wording]) -> list[Title]:
    """Titles of phrases that stand in titles, headings and tags of a group, and are subjects of its notes but of few
    others; the most telling first, at most `TITLES`, each beginning with another phrase.

    One phrase after the other is taken by how much it adds to what the title says of each note, times the logarithm
    of how rare it is elsewhere.
    """
    candidates = _candidates(group, others)
    about = {words: np.array([entry.about(words) for entry in group]) for words in candidates}
    elsewhere = {words: sum(entry.about(words) for entry in others) for words in candidates}
    rarity = {
        words: math.log((len(others) + 1) / (count + 1)) * math.sqrt(len(words.split()))
        for words, count in elsewhere.items()
    }

    def gain(words: str, said: NDArray[np.float64]) -> float:
        return rarity[words] * float(np.maximum(about[words] - said, 0).sum())

    def continued(first: str) -> Title:
        chosen, said = [first], about[first]
        while len(chosen) < MAX_PHRASES:
            room = MAX_TITLE_WORDS - 1 - sum(len(words.split()) for words in chosen)
            free = [words for words in candidates if len(words.split()) <= room and _is_new(words, chosen)]
            best = max(free, key=lambda words: gain(words, said), default=None)
            if best is None or gain(best, said) <= MIN_GAIN * len(group):
                break
            chosen.append(best)
            said = np.maximum(said, about[best])
        return tuple(chosen)

    firsts = sorted(candidates, key=lambda words: -gain(words, np.zeros(len(group))))[:TITLES]
    titles = dict.fromkeys(map(continued, firsts))
    return [title for title in titles if " " in " ".join(title) or elsewhere[title[0]] <= COMMON]


def as_written(title: Title, group: Sequence[Wording]) -> str | None:
    """A title in the spelling of a group's notes, beginning with a capital; None where they never wrote it so."""
    phrases = [_as_written(words, group) for words in title]
    return listed(phrases) if all(phrases) else None


def listed(phrases: Sequence[str]) -> str:
    """Phrases as an enumeration, beginning with a capital."""
    title = ", ".join(phrases[:-1]) + " and " + phrases[-1] if len(phrases) > 1 else phrases[0]
    return title[:1].upper() + title[1:]


def _candidates(group: Sequence[Wording], others: Sequence[Wording]) -> list[str]:
    """The words of phrases: what titles begin with, and terms that several notes of the group have."""
    titles = [_beginning(entry.title) for entry in group if not _recurs(entry.title, others)]
    terms = dict.fromkeys(words_of(term).strip() for entry in group for term in _terms(entry, others))
    shared = [words for words in terms if sum(entry.about(words) > 0 for entry in group) > 1]
    return [
        words
        for words in dict.fromkeys([*titles, *shared])
        if 0 < len(words.split()) <= MAX_PHRASE_WORDS
        and not _is_form(words)
        and any(f" {words} " in entry.words for entry in group)
    ]


def _beginning(title: str) -> str:
    """The words of what a title names before its first pause; empty where it names nothing."""
    part = _PAUSE.split(title)[0].strip()
    words = _WORD.findall(part)
    telling = [index for index, word in enumerate(words) if _tells(word)]
    if not telling or _is_form(part):
        return ""
    return words_of(" ".join(_closed(words[telling[0] : telling[-1] + 1]))).strip()


def _terms(entry: Wording, others: Sequence[Wording]) -> Iterator[str]:
    """What runs of telling words in a note's title, headings and tags end with, a name's last word being what it is a
    name of; one word alone where it looks like a term.
    """
    names = (entry.title, *entry.headings, *entry.tags)
    parts = (part.strip() for name in names if not _recurs(name, others) for part in _PAUSE.split(name))
    runs = (_closed(run) for part in parts if not _is_form(part) for run in _runs(_WORD.findall(part)))
    for run in runs:
        for start in range(max(len(run) - MAX_PHRASE_WORDS, 0), len(run)):
            if len(run) - start > 1 or _looks_like_a_term(run[start]):
                yield " ".join(run[start:])


def _recurs(heading: str, others: Sequence[Wording]) -> bool:
    words = words_of(heading).strip()
    return sum(words in entry.heading_words for entry in others) >= FORM


def _is_form(part: str) -> bool:
    """Whether a piece of a heading names a part that any text may have."""
    return is_generic(part) or bool(_FORMAL.fullmatch(part))


def _runs(words: Sequence[str]) -> list[list[str]]:
    """The longest runs of telling words."""
    return [list(run) for tells, run in groupby(words, _tells) if tells]


def _closed(run: list[str]) -> list[str]:
    """A run without what was done to its subject: "model" of "model trained"."""
    return run[:-1] if _PARTICIPLE.fullmatch(run[-1]) else run


def _tells(word: str) -> bool:
    return word.lower() not in _LOOSE and len(word) > 1 and not word[0].isdigit() and not _PATH.match(word)


def _looks_like_a_term(word: str) -> bool:
    return "-" in word or not word[1:].islower()


def _is_new(words: str, chosen: Sequence[str]) -> bool:
    """Whether a phrase has no word that the title has already."""
    return not set(words.split()) & {word for phrase in chosen for word in phrase.split()}


def _as_written(words: str, group: Sequence[Wording]) -> str:
    """A phrase as the notes mostly write it in prose, inside a sentence where they do; empty where nowhere."""
    # What stands beside these marks is an address, a file's name, code or a longer word.
    spelt = re.compile(
        rf"(?<![\w\[`#/.@-]){'(?: & |[ -])'.join(map(re.escape, words.split()))}(?![\w\]`/(=-])(?!\.\w)", re.IGNORECASE
    )
    forms = Counter(match[0] for entry in group if entry.about(words) for match in spelt.finditer(entry.text))
    inside = Counter[str]()
    for form, count in forms.items():
        inside[form[0].lower() + form[1:]] += count
    usual = max(inside, key=inside.__getitem__, default="")
    return usual if usual in forms else usual[:1].upper() + usual[1:]
