"""What a query wants, and what it does not: "adapting a model without fine-tuning", "all-reduce instead of a server".
Pure.

Only a way of doing something can be unwanted: a concept to which there are alternatives. Whoever asks for answers
without hallucinations looks for the notes on these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from kb.areas.concepts import Concepts
from kb.search.query import name_key

_UNWANTED = re.compile(
    r"\b(?:without|instead\s+of|rather\s+than|other\s+than)\s+(?:(?:an?|any|the)\s+)?([^.,:;!?()]+?)"
    r"(?=\s+(?:but|for|if|in|on|when|while)\s|\s*(?:[.,:;!?()]|$))",
    re.IGNORECASE,
)


class Wanted(NamedTuple):
    """The text of a query without what it does not want; the concepts that it does not want, by number, and those that
    serve the same purpose.
    """

    text: str
    avoided: frozenset[int] = frozenset()
    instead: tuple[int, ...] = ()


def wanted_of(concepts: Concepts, text: str) -> Wanted:
    """What a query wants: all of it, unless it says that it does not want something, and wants something else.

    A concept that needs an unwanted one is not wanted either: RLHF without a reward model is none.
    """
    rest = " ".join(_UNWANTED.sub(" ", text).split())
    if rest == text or not name_key(rest):
        return Wanted(text)
    named = frozenset(chain.from_iterable(_called(concepts, match[1]) for match in _UNWANTED.finditer(text)))
    needing = {
        number
        for number in concepts.named(rest)
        if not named.isdisjoint((*concepts.prerequisites(number), *concepts.parts(number)))
    }
    avoided = named | needing
    others = dict.fromkeys(chain.from_iterable(map(concepts.alternatives, sorted(avoided))))
    instead = tuple(number for number in others if number not in avoided and concepts.is_inside(number))
    return Wanted(rest, avoided, instead) if instead else Wanted(text)


def _called(concepts: Concepts, name: str) -> Iterator[int]:
    """The concepts of which some words are a name, and nothing more."""
    key = name_key(name).removesuffix("s")
    for number in concepts.named(name):
        if key in {name_key(own).removesuffix("s") for own in concepts.names(number)}:
            yield number
