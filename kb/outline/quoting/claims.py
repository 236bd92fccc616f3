"""Whether two sentences that are about the same thing can also claim the same of it. Pure."""

from __future__ import annotations

import re

from kb.outline.quoting.comparisons import are_opposite

_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w]*\])")
_NEGATED = re.compile(
    r"\b(?:not?|never|neither|nor|without|cannot|none|nothing|hardly|barely)\b|n[’']t\b", re.IGNORECASE
)


def can_agree(one: str, other: str) -> bool:
    """Whether two sentences do not contradict each other on their face: both or none of them deny something, if both
    have numbers they share one, and they make no opposite comparisons.
    """
    numbers, others = ({number.replace(",", "") for number in _NUMBER.findall(text)} for text in (one, other))
    if numbers and others and not numbers & others:
        return False
    return bool(_NEGATED.search(one)) == bool(_NEGATED.search(other)) and not are_opposite(one, other)
