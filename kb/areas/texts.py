"""The phrases and terms that define the areas and what lies outside them: `areas.toml`, and the user's `kb.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from kb.models import AREAS, Area, AreaText, Frozen, VerdictArea

if TYPE_CHECKING:
    from kb.index.reader import IndexReader

SIDES: tuple[VerdictArea, ...] = (*AREAS, "outside")
CUSTOM_OUTSIDE = "what you named as outside"


class Term(NamedTuple):
    """A term, the group that it indicates, and whether it is merely a hint."""

    text: str
    group: int
    is_hint: bool


class AreaTexts(Frozen):
    """The texts of the three areas and of every kind of subject outside them.

    Together these are the groups, numbered from 0: the areas in the order of `AREAS`, then the kinds of outside.
    `replaced` names the areas that the user redefined. `field` are the names of the field to which all areas belong.
    """

    areas: dict[Area, AreaText]
    outside: dict[str, AreaText]
    replaced: tuple[Area, ...] = ()
    field: tuple[str, ...] = ()

    @property
    def groups(self) -> list[AreaText]:
        """The texts of all groups, in order."""
        return [*(self.areas[area] for area in AREAS), *self.outside.values()]

    @cached_property
    def phrases(self) -> list[tuple[str, int]]:
        """Every description and phrase, with its group."""
        return [(phrase, group) for group, text in enumerate(self.groups) for phrase in _phrases(text)]

    @cached_property
    def terms(self) -> list[Term]:
        """Every term and hint."""
        return [
            Term(term, group, is_hint)
            for group, text in enumerate(self.groups)
            for is_hint, terms in ((False, text.terms), (True, text.hints))
            for term in terms
        ]

    def without_names(self, text: str) -> str:
        """A text without the names of areas: they say where to look, the rest says what for."""
        return " ".join(self._any_name.sub(" ", text).split())

    def named(self, text: str) -> tuple[Area, ...]:
        """The areas that a text names."""
        return tuple(area for area, names in self._names.items() if names.search(text))

    def singled_out(self, text: str) -> tuple[Area, ...]:
        """The areas that a text names otherwise than by the name of their whole field."""
        return tuple(area for area in self.named(text) if self._own_names[area].search(text))

    @cached_property
    def _any_name(self) -> re.Pattern[str]:
        return _any_of([name for group in self.groups for name in group.names])

    @cached_property
    def _names(self) -> dict[Area, re.Pattern[str]]:
        return {area: _any_of(self.areas[area].names) for area in AREAS if self.areas[area].names}

    @cached_property
    def _own_names(self) -> dict[Area, re.Pattern[str]]:
        return {
            area: _any_of([name for name in self.areas[area].names if name not in self.field]) for area in self._names
        }

    def customised(self, custom: Mapping[VerdictArea, AreaText]) -> AreaTexts:
        """A copy with the user's texts. One with a description replaces the built-in area, whose own texts become a
        kind of outside; one without extends it. A term that the user assigns is removed from every other group, and
        a name from every other area and the names of the whole field.
        """
        terms = {name: {term.lower() for term in (*text.terms, *text.hints)} for name, text in custom.items()}
        names = {area: {name.lower() for name in text.names} for area, text in custom.items()}
        assigned = set().union(*terms.values())
        named = set().union(*names.values())
        areas = {
            area: _without(text, assigned - terms.get(area, set()), named - names.get(area, set()))
            for area, text in self.areas.items()
        }
        outside = {kind: _without(text, assigned) for kind, text in self.outside.items()}
        replaced = tuple(area for area in AREAS if area in custom and custom[area].description)
        for area in replaced:
            outside[f"{area} as it was"] = _without(areas[area], assigned)
            areas[area] = custom[area]
        areas |= {area: _merged(areas[area], custom[area]) for area in AREAS if area in custom and area not in replaced}
        if "outside" in custom:
            outside[CUSTOM_OUTSIDE] = custom["outside"]
        field = _other_than(named, self.field)
        return AreaTexts(areas=areas, outside=outside, replaced=replaced, field=field)


@cache
def load_areas() -> AreaTexts:
    """The built-in areas."""
    text = resources.files("kb.areas").joinpath("areas.toml").read_text(encoding="utf-8")
    return AreaTexts.model_validate(tomllib.loads(text))


def area_texts(reader: IndexReader) -> AreaTexts:
    """The texts of the areas of a notebook: the built-in ones, customised by `kb.toml`."""
    custom = reader.settings.areas
    return load_areas().customised(custom) if custom else load_areas()


def side_of(group: int) -> VerdictArea:
    """The verdict that a group speaks for: its area, or `outside`."""
    return SIDES[min(group, len(AREAS))]


def _any_of(names: Sequence[str]) -> re.Pattern[str]:
    """A pattern for some names, the longest first, in any case, with a hyphen for a space, or in the plural. That for
    none matches nothing.
    """
    longest_first = sorted(names, key=len, reverse=True)
    spelled = (re.escape(name).replace(r"\ ", r"[\s-]") for name in longest_first)
    return re.compile(rf"\b(?:{'|'.join(spelled)})s?\b" if names else r"(?!)", re.IGNORECASE)


def _phrases(text: AreaText) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrase for phrase in (text.description, *text.phrases) if phrase))


def _merged(text: AreaText, more: AreaText) -> AreaText:
    return AreaText(
        description=text.description,
        names=tuple(dict.fromkeys(text.names + more.names)),
        phrases=tuple(dict.fromkeys(text.phrases + more.phrases)),
        terms=tuple(dict.fromkeys(text.terms + more.terms)),
        hints=tuple(dict.fromkeys(text.hints + more.hints)),
    )


def _without(text: AreaText, words: set[str], names: Set[str] = frozenset()) -> AreaText:
    """A text without some terms and hints, and without some names, all given in lower case."""
    terms, hints = (_other_than(words, given) for given in (text.terms, text.hints))
    return text.model_copy(update={"names": _other_than(names, text.names), "terms": terms, "hints": hints})


def _other_than(words: Set[str], texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if text.lower() not in words)
