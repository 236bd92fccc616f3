"""How areas and concepts are described, in the data that comes with kb and in `kb.toml`."""

from __future__ import annotations

from pydantic import Field

from kb.models import Frozen, VerdictArea


class AreaText(Frozen):
    """Defines an area, or one kind of subject outside the areas.

    `phrases` are compared by meaning. `terms` are unambiguous words, `hints` merely suggestive ones. `names` are what
    the area itself is called.
    """

    description: str = ""
    names: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


class Concept(Frozen):
    """A concept of an area, or of a subject outside them.

    `aliases` are its other names, `definition` one sentence, `askings` ways to ask for it without naming it. The
    relations name other concepts: what it is `part_of`, what it `builds_on`, and what it is an `alternative_to`.
    """

    name: str = Field(min_length=1)
    area: VerdictArea
    aliases: tuple[str, ...] = ()
    definition: str
    askings: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    alternative_to: tuple[str, ...] = ()
