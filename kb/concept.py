"""What kb and the user say about a concept."""

from __future__ import annotations

from pydantic import Field

from kb.models import Frozen, VerdictArea


class ConceptText(Frozen):
    """What is said about a concept of an area, or of a subject outside them; the user's own may belong to none.

    `aliases` are its other names, `definition` one sentence, `askings` ways to ask for it without naming it. The
    relations name other concepts: what it is `part_of`, what it `builds_on`, and what it is an `alternative_to`.
    """

    area: VerdictArea | None = None
    aliases: tuple[str, ...] = ()
    definition: str = ""
    askings: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    alternative_to: tuple[str, ...] = ()


class Concept(ConceptText):
    """A concept, by its name."""

    name: str = Field(min_length=1)
