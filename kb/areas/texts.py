"""What the three areas mean and what lies outside them, as phrases and terms: `areas.toml`, and what a writer adds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from kb.models import AREAS, Area, AreaText, Frozen, VerdictArea

SIDES: tuple[VerdictArea, ...] = (*AREAS, "outside")
OWN_OUTSIDE = "what you named as outside"


class Term(NamedTuple):
    """A term, the number of the group it speaks for, and whether it is plain or only a hint."""

    text: str
    group: int
    plain: bool


class AreaTexts(Frozen):
    """The texts of the three areas, and of each kind of what lies outside.

    The groups are numbered: first the areas, in the order of `AREAS`, then the kinds. `own` names the areas whose
    meaning the writer replaced.
    """

    areas: dict[Area, AreaText]
    outside: dict[str, AreaText]
    own: tuple[Area, ...] = ()

    @property
    def groups(self) -> list[AreaText]:
        """The texts by the number of their group."""
        return [*(self.areas[area] for area in AREAS), *self.outside.values()]

    @property
    def phrases(self) -> list[tuple[str, int]]:
        """Every description and phrase with the number of its group."""
        return [(phrase, group) for group, text in enumerate(self.groups) for phrase in _phrases(text)]

    @property
    def terms(self) -> list[Term]:
        """Every term and hint."""
        return list(self._terms())

    def without_names(self, text: str) -> str:
        """A text less the names of areas: inside the area that they name, the rest is what it is about."""
        names = sorted((name for group in self.groups for name in group.names), key=len, reverse=True)
        return " ".join(re.sub(rf"\b(?:{'|'.join(map(re.escape, names))})s?\b", " ", text, flags=re.I).split())

    def with_own(self, own: Mapping[VerdictArea, AreaText]) -> AreaTexts:
        """A copy in which the writer's texts count. One with a description is an area of their own: it takes the place
        of the built-in one, whose meaning then lies outside. One without adds to it.
        """
        words = {name: {term.lower() for term in (*text.terms, *text.hints)} for name, text in own.items()}
        every = set().union(*words.values())
        areas = {area: _without(text, every - words.get(area, set())) for area, text in self.areas.items()}
        outside = {kind: _without(text, every) for kind, text in self.outside.items()}
        replaced = tuple(area for area in AREAS if area in own and own[area].description)
        for area in replaced:
            outside[f"{area} as it was"] = _without(areas[area], every)
            areas[area] = own[area]
        areas |= {area: _joined(areas[area], own[area]) for area in AREAS if area in own and area not in replaced}
        if "outside" in own:
            outside[OWN_OUTSIDE] = own["outside"]
        return AreaTexts(areas=areas, outside=outside, own=replaced)

    def _terms(self) -> Iterator[Term]:
        for group, text in enumerate(self.groups):
            yield from (Term(term, group, True) for term in text.terms)
            yield from (Term(term, group, False) for term in text.hints)


@cache
def load_areas() -> AreaTexts:
    """The areas that come with kb."""
    text = resources.files("kb.areas").joinpath("areas.toml").read_text(encoding="utf-8")
    return AreaTexts.model_validate(tomllib.loads(text))


def side_of(group: int) -> VerdictArea:
    """The side that a group speaks for."""
    return SIDES[min(group, len(AREAS))]


def _phrases(text: AreaText) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrase for phrase in (text.description, *text.phrases) if phrase))


def _joined(text: AreaText, more: AreaText) -> AreaText:
    return AreaText(
        description=text.description,
        names=tuple(dict.fromkeys(text.names + more.names)),
        phrases=tuple(dict.fromkeys(text.phrases + more.phrases)),
        terms=tuple(dict.fromkeys(text.terms + more.terms)),
        hints=tuple(dict.fromkeys(text.hints + more.hints)),
    )


def _without(text: AreaText, words: set[str]) -> AreaText:
    """A text without words that the writer gave to another."""
    return text.model_copy(
        update={
            "terms": tuple(term for term in text.terms if term.lower() not in words),
            "hints": tuple(term for term in text.hints if term.lower() not in words),
        }
    )
