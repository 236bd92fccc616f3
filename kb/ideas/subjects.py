"""What a group of notes is about, in one or two names that a reader knows, and the question that a post asks of it.
Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from kb.areas.concepts import Concepts
from kb.ideas.titles import Title, Wording, spelling, words_of, working_titles
from kb.outline.naming.casing import Spellings, sentence_case, usual_spellings

SUBJECTS = 8  # that are offered for a group
SHORT = 4  # letters, below which a phrase that names no concept is the number of a part, or says nothing
_PLURAL = re.compile(r"(?:\w[a-z](?<![suia])s|[A-Z]{2}s|ies|(?:[cs]h|x)es)$")  # "models", "LLMs", not "bias"
_OF = re.compile(r"[ -]of[ -]")  # after which a name does not say whether it is a plural
BROAD = 0.2  # of the area's other notes, from which a name that they treat is no subject of a group
TREATED = 0.4  # of a note's words about a subject, from which the note treats it
# Of a group's notes: for its subject; for the names that it connects; for a pair of subjects, and for each of the pair.
MOST, HALF, ALL, SEVERAL = 0.75, 0.5, 0.8, 2


@dataclass(frozen=True)
class _Name:
    """A name of a subject, as words, with other names of the same; `number` is that of a concept, and `parts` are the
    names of what is part of that.
    """

    words: tuple[str, ...]
    number: int | None = None
    parts: tuple[str, ...] = ()

    def about(self, note: Wording) -> float:
        """How much a note is about the subject under any of its names, 0..1; fully if its title, headings or tags name
        a part of it.
        """
        if any(f" {part} " in note.names for part in self.parts):
            return 1.0
        return max(note.about(words) for words in self.words)


@dataclass(frozen=True)
class Subject:
    """Names as the notes spell them, and the numbers of the concepts that they name. They are one or two that most of
    the notes treat, or where there are none (not `is_common`), two or three of which half of the notes treat one.
    """

    names: tuple[str, ...]
    concepts: tuple[int | None, ...]
    is_common: bool = True

    def question(self, concepts: Concepts) -> str:
        """A working title that asks what a post on the subject answers."""
        if len(self.names) == 1:
            return f"What matters about {self.names[0]}?"
        if not self.is_common:
            return f"What connects {', '.join(self.names[:-1])} and {self.names[-1]}?"
        first, second = self.names
        one, other = self.concepts
        if one is not None and other is not None:
            if other in concepts.alternatives(one):
                return f"When {'are' if _is_plural(first) else 'is'} {first} better than {second}?"
            if one in (*concepts.wholes(other), *concepts.prerequisites(other)):
                return f"What {_does(second)} {second} add to {first}?"
            if other in (*concepts.wholes(one), *concepts.prerequisites(one)):
                return f"What {_does(first)} {first} add to {second}?"
        return f"How do {first} and {second} work together?"


def _is_plural(name: str) -> bool:
    return bool(_PLURAL.search(_OF.split(name)[0]))


def _does(name: str) -> str:
    return "do" if _is_plural(name) else "does"


def subjects(
    group: Sequence[Wording], others: Sequence[Wording], concepts: Concepts, vague: Callable[[str], bool]
) -> list[Subject]:
    """At most `SUBJECTS` subjects of a group of notes, the most specific first: a concept, or a phrase of their titles
    and headings, that most of the notes treat, or a pair of concepts that are treated together and by nearly all. Then
    as many sets of concepts that the notes are named after.

    `vague` says of which names too little follows, such as those of whole areas.
    """
    return _Choosing(group, others, concepts, vague).subjects()


class _Choosing:
    """The names that can be subjects of a group: which of its notes treat each, and how rare they are elsewhere."""

    def __init__(
        self, group: Sequence[Wording], others: Sequence[Wording], concepts: Concepts, vague: Callable[[str], bool]
    ) -> None:
        self._group, self._others, self._concepts, self._vague = group, others, concepts, vague

    def subjects(self) -> list[Subject]:
        """The subjects, the best first."""
        single = ((name,) for name in self._names if self._share([name]) >= MOST)
        ordered = sorted([*single, *self._pairs()], key=self._score, reverse=True)
        common = [subject for names in ordered if (subject := self._written(names, is_common=True))]
        sets = [subject for names in self._sets() if (subject := self._written(names, is_common=False))]
        return [*common[:SUBJECTS], *sets[:SUBJECTS]]

    @cached_property
    def _names(self) -> list[_Name]:
        """The concepts that titles, headings and tags name, what these are part of, and the phrases that titles of the
        group begin with.
        """
        named = dict.fromkeys(
            number
            for note in self._group
            for number in self._concepts.named(". ".join((note.title, *note.headings, *note.tags)))
        )
        numbers = dict.fromkeys([*named, *(whole for number in named for whole in self._concepts.wholes(number))])
        known = [
            _Name(
                self._words(number),
                number,
                tuple(w for part in self._concepts.parts(number) for w in self._words(part)),
            )
            for number in numbers
            if self._concepts.is_inside(number) and not self._vague(self._concepts.all[number].name)
        ]
        taken = {words for name in known for words in name.words}
        phrases = dict.fromkeys(title[0] for title in self._titles)
        free = [words for words in phrases if words not in taken and len(words) >= SHORT and not self._vague(words)]
        names = [*(name for name in known if name.words), *(_Name((words,)) for words in free)]
        return [name for name in names if self._elsewhere(name) <= BROAD * len(self._others)]

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(note.text for note in self._group)

    @cached_property
    def _titles(self) -> list[Title]:
        return working_titles(self._group, self._others)

    def _words(self, number: int) -> tuple[str, ...]:
        return tuple(words_of(name).strip() for name in self._concepts.names(number))

    def _pairs(self) -> Iterator[tuple[_Name, ...]]:
        known = [name for name in self._names if name.number is not None and len(self._treating(name)) >= SEVERAL]
        for first, second in combinations(known, 2):
            one, other = self._treating(first), self._treating(second)
            apart = not {*first.words[0].split()} & {*second.words[0].split()}
            if apart and one & other and one != other and len(one | other) >= ALL * len(self._group):
                yield first, second

    def _sets(self) -> Iterator[tuple[_Name, ...]]:
        """The concepts that each working title names, where they are several and half of the notes treat one."""
        known = {words: name for name in self._names if name.number is not None for words in name.words}
        for title in self._titles:
            names = tuple(dict.fromkeys(known[words] for words in title if words in known))
            if len(names) > 1 and self._share(names) >= HALF:
                yield names

    def _treating(self, name: _Name) -> frozenset[int]:
        return frozenset(number for number, note in enumerate(self._group) if name.about(note) >= TREATED)

    def _share(self, names: Sequence[_Name]) -> float:
        """The share of the group's notes that treat any of some names."""
        return len(frozenset[int]().union(*map(self._treating, names))) / len(self._group)

    def _score(self, names: Sequence[_Name]) -> float:
        """How much the names say of the group's notes, times the logarithm of their rarity in the other notes."""
        said = sum(max(name.about(note) for name in names) for note in self._group)
        return said * min(self._rarity(name) for name in names)

    def _rarity(self, name: _Name) -> float:
        return math.log((len(self._others) + 1) / (self._elsewhere(name) + 1))

    def _elsewhere(self, name: _Name) -> int:
        return sum(name.about(note) >= TREATED for note in self._others)

    def _written(self, names: Sequence[_Name], is_common: bool) -> Subject | None:
        """The subject as it is written inside a sentence; None if no note spells out one of its names, and that is none
        of a concept.
        """
        written = [self._spelling(name) for name in names]
        return Subject(tuple(written), tuple(name.number for name in names), is_common) if all(written) else None

    def _spelling(self, name: _Name) -> str:
        """A name as the notes spell it, or else that of its concept. Its capitals go where they only begin a
        sentence or a title's words, as far as the spelling of its words in the notes and the concepts tells.
        """
        spelled = next(filter(None, (spelling(words, self._group) for words in name.words)), "")
        if not spelled and name.number is not None:
            spelled = self._concepts.all[name.number].name
        usual = usual_spellings(self._concepts)
        known = self._concepts.names(name.number) if name.number is not None else ()
        own = (form for form in known if words_of(form) == words_of(spelled))
        spelled = next(own, "") or sentence_case(spelled, self._spellings, usual)
        small, first = spelled.lower(), spelled.split(" ")[0]
        in_sentence = re.compile(rf"\b{re.escape(first.lower())}\b")
        is_common = any(in_sentence.search(note.text) for note in self._group) or (
            " " in spelled and usual.usual(first).islower()
        )
        return small if is_common and spelled[1:] == small[1:] else spelled
