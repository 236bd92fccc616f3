"""What kb knows of its subjects: their concepts, with names, definitions, ways to ask for them, and relations."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from importlib import resources
from itertools import accumulate

from pydantic import TypeAdapter

from kb.areas.terms import Lexicon
from kb.areas.texts import AreaTexts
from kb.concept import Concept
from kb.index.kept import kept
from kb.models import Frozen, VerdictArea

_NAME_BYTES = 16  # of a digest in a file name, in hexadecimal


class Knowledge(Frozen):
    """The content of `concepts.toml`. `words` are names that are common words when written in lower case."""

    words: tuple[str, ...] = ()
    concept: tuple[Concept, ...] = ()


class Concepts:
    """Concepts, numbered in the order in which they are given. Relations to a name that is not among them are ignored.

    Names are recognised in any case, but for those in `words`, which must be written as they are given. `digest` is
    that of the file that they come from, if they come from one alone: what is computed of them is kept under it.
    """

    def __init__(self, concepts: Sequence[Concept], words: Iterable[str] = (), digest: str = "") -> None:
        self.all = tuple(concepts)
        self.words = frozenset(words)
        self._of_file = digest

    @cached_property
    def digest(self) -> str:
        """A digest of all that they are known by, or of the file that they come from."""
        return self._of_file or self.digest_of_texts

    @cached_property
    def digest_of_texts(self) -> str:
        """A digest of all that they are known by."""
        return digest("\n".join([*map(str, self.sizes), *(text for text, _ in self.texts)]).encode())

    @cached_property
    def texts(self) -> list[tuple[str, int]]:
        """What each concept is known by, with its number: its name and definition, then the ways to ask for it."""
        return [
            (text, number)
            for number, concept in enumerate(self.all)
            for text in (
                f"{concept.name}: {concept.definition}" if concept.definition else concept.name,
                *concept.askings,
            )
        ]

    @cached_property
    def starts(self) -> list[int]:
        """The index in `texts` of the first of each concept."""
        return list(accumulate(self.sizes[:-1], initial=0))

    @cached_property
    def sizes(self) -> list[int]:
        """How many of `texts` are those of each concept."""
        return [1 + len(concept.askings) for concept in self.all]

    @cached_property
    def by_area(self) -> dict[VerdictArea | None, list[int]]:
        """The concepts of each area."""
        numbers: dict[VerdictArea | None, list[int]] = {}
        for number, concept in enumerate(self.all):
            numbers.setdefault(concept.area, []).append(number)
        return numbers

    def named(self, text: str) -> list[int]:
        """The concepts that a text names, in the order of the names."""
        found = self._lexicon.find(text)
        in_order = sorted(found, key=lambda name: found[name].first_token)
        return list(dict.fromkeys(self._owners[name] for name in in_order))

    def is_inside(self, number: int) -> bool:
        """Whether a concept is not one of the subjects outside the areas."""
        return self.all[number].area != "outside"

    def names(self, number: int) -> list[str]:
        """The names by which a concept can be found in any case."""
        concept = self.all[number]
        return [name for name in (concept.name, *concept.aliases) if name not in self.words]

    def parts(self, number: int) -> list[int]:
        """The concepts that are part of one."""
        return self._parts.get(number, [])

    def within(self, wholes: Iterable[int]) -> set[int]:
        """The concepts that are part of some, and the parts of these."""
        parts = {part for whole in wholes for part in self.parts(whole)}
        return parts | {deeper for part in parts for deeper in self.parts(part)}

    def wholes(self, number: int) -> list[int]:
        """The concepts that one is part of."""
        return self._known(self.all[number].part_of)

    def prerequisites(self, number: int) -> list[int]:
        """The concepts that one builds on."""
        return self._known(self.all[number].builds_on)

    def bases(self, number: int) -> list[int]:
        """The concepts of its own area that one builds on."""
        return [base for base in self.prerequisites(number) if self.all[base].area == self.all[number].area]

    def dependents(self, number: int) -> list[int]:
        """The concepts that build on one."""
        return self._dependents.get(number, [])

    def relatives(self, number: int) -> list[int]:
        """All the concepts that one is related to."""
        near = (*self.parts(number), *self.wholes(number), *self.alternatives(number), *self.dependents(number))
        return list(dict.fromkeys(near))

    def alternatives(self, number: int) -> list[int]:
        """The concepts that serve the same purpose in another way."""
        stated = self._known(self.all[number].alternative_to)
        return list(dict.fromkeys([*stated, *self._stating.get(number, [])]))

    @cached_property
    def _parts(self) -> dict[int, list[int]]:
        return self._inverse(concept.part_of for concept in self.all)

    @cached_property
    def _dependents(self) -> dict[int, list[int]]:
        return self._inverse(concept.builds_on for concept in self.all)

    @cached_property
    def _stating(self) -> dict[int, list[int]]:
        """The concepts that name a concept as their alternative."""
        return self._inverse(concept.alternative_to for concept in self.all)

    def _inverse(self, relations: Iterable[Sequence[str]]) -> dict[int, list[int]]:
        inverse: dict[int, list[int]] = {}
        for number, names in enumerate(relations):
            for other in self._known(names):
                inverse.setdefault(other, []).append(number)
        return inverse

    def _known(self, names: Sequence[str]) -> list[int]:
        return [self._numbers[name.lower()] for name in names if name.lower() in self._numbers]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """The concepts by their names in lower case; names that they are best known by come before other ones."""
        aliases = {alias.lower(): number for number, concept in enumerate(self.all) for alias in concept.aliases}
        return aliases | {concept.name.lower(): number for number, concept in enumerate(self.all)}

    @cached_property
    def _all_names(self) -> list[tuple[str, int]]:
        return [
            (name if name in self.words else name.lower(), number)
            for number, concept in enumerate(self.all)
            for name in (concept.name, *concept.aliases)
        ]

    @cached_property
    def _owners(self) -> list[int]:
        return [number for _, number in self._all_names]

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon([name for name, _ in self._all_names])


def of_areas(concepts: Concepts, texts: AreaTexts) -> frozenset[int]:
    """The concepts that are areas themselves, or kinds of what lies outside them."""
    return frozenset(number for group in texts.groups for name in group.names for number in concepts.named(name))


@cache
def load_concepts(own: tuple[Concept, ...] = ()) -> Concepts:
    """The concepts that come with kb, and before them the user's own; one of these replaces a concept of the same name.

    Parsing the file takes a fifth of a second, so its content is kept as JSON.
    """
    if own:
        built_in = load_concepts()
        replaced = {concept.name.lower() for concept in own}
        others = (concept for concept in built_in.all if concept.name.lower() not in replaced)
        return Concepts([*own, *others], built_in.words)
    source = resources.files("kb.areas").joinpath("concepts.toml").read_bytes()
    name = digest(source)
    content = kept(
        f"concepts/{name}.json", lambda: json.dumps(tomllib.loads(source.decode()), ensure_ascii=False).encode()
    )
    knowledge = TypeAdapter(Knowledge).validate_json(bytes(content))
    return Concepts(knowledge.concept, knowledge.words, name)


def digest(content: bytes) -> str:
    """A short name for some content."""
    return hashlib.sha256(content).hexdigest()[:_NAME_BYTES]
