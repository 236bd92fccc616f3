"""What a group of notes is about, in one or two names that a reader knows, and the question that a post asks of it.
Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice

from kb.areas.concepts import Concepts
from kb.ideas.titles import Title, Wording, looks_like_a_term, spelling, whole_name, words_of, working_titles
from kb.outline.naming.casing import Spellings, sentence_case, usual_spellings

SUBJECTS = 6  # of a kind, that are considered for a group
SHORT = 4  # letters, below which a phrase that names no concept is the number of a part, or says nothing
_PLURAL = re.compile(r"(?:\w[a-z](?<![suia])s|[A-Z]{2}s|ies|(?:[cs]h|x)es)$")  # "models", "LLMs", not "bias"
_OF = re.compile(r"[ -]of[ -]")  # after which a name does not say whether it is a plural
BROAD = 0.2  # of the area's other notes, from which a name that they treat is no subject of a group
TREATED = 0.4  # of a note's words about a subject, from which the note treats it
# Of a group's notes: for its subject; for a theme, for each of a pair and for a set of names; for both of a pair.
MOST, HALF, ALL = 0.75, 0.5, 0.8
MAX_DETAILS, MAX_DETAIL_WORDS = 3, 4  # that are named after a subject, and words of a title that is one


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
    the notes treat, or where there are none (not `is_common`), one that half of them treat, or two or three of which
    half of them treat one. `details` are what they treat besides a single one.
    """

    names: tuple[str, ...]
    concepts: tuple[int | None, ...]
    is_common: bool = True
    details: tuple[str, ...] = ()

    def phrase(self, concepts: Concepts) -> str:
        """The names in one phrase: "A", "A or B" of alternatives, "A and B", "A, B and C"."""
        *others, last = self.names
        one, other = self.concepts if len(self.concepts) == 2 else (None, None)
        is_choice = one is not None and other is not None and other in concepts.alternatives(one)
        return f"{', '.join(others)} or {last}" if is_choice else _listed(self.names)

    def title(self, concepts: Concepts) -> str | None:
        """A working title without a question or claim: "A: b, c and d" of a single subject. None for a word of no
        concept without details, which says too little.
        """
        phrase = self.phrase(concepts)
        if self.details:
            phrase += f": {_listed(self.details)}"
        elif self.concepts == (None,) and " " not in phrase:
            return None
        return phrase[:1].upper() + phrase[1:]


def _listed(names: Sequence[str]) -> str:
    """Names as they are listed in a sentence: "a, b and c"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def subjects(
    group: Sequence[Wording], others: Sequence[Wording], concepts: Concepts, vague: Callable[[str], bool]
) -> list[Subject]:
    """Subjects of a group of notes, at most `SUBJECTS` of a kind, the most specific first.

    First a concept, or a phrase of their titles and headings, that most of the notes treat, or a pair of concepts that
    are treated together and by nearly all. Then themes, concepts with parts that half of the notes treat, and sets of
    concepts that they are named after.

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
        single = self._best((name,) for name in self._names if self._share([name]) >= MOST)
        common = sorted([*single, *self._best(self._pairs())], key=self._score, reverse=True)
        rest = [*self._best(self._themes()), *islice(self._sets(), SUBJECTS)]
        found = [
            self._written(names, is_common) for tier, is_common in ((common, True), (rest, False)) for names in tier
        ]
        return [subject for subject in found if subject]

    def _best(self, subjects: Iterable[tuple[_Name, ...]]) -> list[tuple[_Name, ...]]:
        """The subjects that say most of the notes, at most `SUBJECTS`."""
        return sorted(subjects, key=self._score, reverse=True)[:SUBJECTS]

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
        """Two concepts that are treated together and by nearly all, neither of which is a part of the other."""
        known = [name for name in self._names if name.number is not None and self._share([name]) >= HALF]
        for first, second in combinations(known, 2):
            one, other = self._treating(first), self._treating(second)
            apart = not {*first.words[0].split()} & {*second.words[0].split()} and not self._are_related(first, second)
            if apart and one & other and one != other and len(one | other) >= ALL * len(self._group):
                yield first, second

    def _are_related(self, first: _Name, second: _Name) -> bool:
        """Whether one of two names is of a part of the other."""
        return not {*first.words}.isdisjoint(second.parts) or not {*second.words}.isdisjoint(first.parts)

    def _themes(self) -> Iterator[tuple[_Name, ...]]:
        """The concepts with parts that half of the notes treat, and more than one."""
        for name in self._names:
            if name.parts and HALF <= self._share([name]) < MOST and len(self._treating(name)) > 1:
                yield (name,)

    def _sets(self) -> Iterator[tuple[_Name, ...]]:
        """The concepts that each working title names, where they are several and half of the notes treat one."""
        known = {words: name for name in self._names if name.number is not None for words in name.words}
        for title in self._titles:
            names = tuple(dict.fromkeys(known[words] for words in title if words in known))
            apart = not any(self._are_related(*pair) for pair in combinations(names, 2))
            if len(names) > 1 and apart and self._share(names) >= HALF:
                yield names

    def _details(self, subject: _Name) -> list[str]:
        """What else the notes treat, in other words: what titles name comes first, then what most of the notes treat;
        where there is only one, the titles that are short.
        """
        titles = [words_of(note.title) for note in self._group]

        def place(name: _Name) -> tuple[bool, int, float]:
            is_titled = any(f" {words} " in title for words in name.words for title in titles)
            return is_titled, len(self._treating(name)), self._score([name])

        said = {part for words in subject.words for part in words.split()}
        best: list[str] = []
        for name in sorted(self._names, key=place, reverse=True):
            spelled = self._spelling(name)
            own = {part for words in name.words for part in words.split()}
            is_a_name = name.number is not None or (" " not in spelled and looks_like_a_term(spelled))
            is_whole = not {*subject.words}.isdisjoint(name.parts)
            if len(best) < MAX_DETAILS and is_a_name and not is_whole and own.isdisjoint(said) and self._spelled(name):
                best.append(spelled)
                said |= own
        return best if len(best) > 1 else self._short_titles(said)

    def _short_titles(self, said: set[str]) -> list[str]:
        """What the notes' titles name before their first pause, where that is short and in other words than those
        `said`; none where there is only one.
        """
        heads = dict.fromkeys(whole_name(note.title) for note in self._group)
        short = [head for head in heads if 0 < len(head.split()) <= MAX_DETAIL_WORDS and not {*head.split()} <= said]
        found = [spelled for head in short if (spelled := self._spelling(_Name((head,))))][:MAX_DETAILS]
        return found if len(found) > 1 else []

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
        if not all(written):
            return None
        details = tuple(self._details(names[0])) if len(names) == 1 else ()
        return Subject(tuple(written), tuple(name.number for name in names), is_common, details)

    def _spelled(self, name: _Name) -> str:
        """The commonest spelling of a name in the notes; an empty string without one."""
        return next(filter(None, (spelling(words, self._group) for words in name.words)), "")

    def _spelling(self, name: _Name) -> str:
        """A name as the notes spell it, or else that of its concept. Its capitals go where they only begin a
        sentence or a title's words, as far as the spelling of its words in the notes and the concepts tells.
        """
        spelled = self._spelled(name)
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
