"""Whether a text has a verb, by the common ones and the endings of the others. Pure."""

from __future__ import annotations

import re

_COMMON_VERBS = """
is are was were be been being am has have had does do did can could may might must shall should will would isn't aren't
doesn't don't won't can't cannot gets get got gives give gave goes go went makes make made takes take took keeps keep
kept needs need lets let puts put runs run ran says say said shows show shown sees see seen sets sits tends means mean
meant leads lead led holds hold held brings bring wins win won loses lose lost finds find found grows grow grew falls
fall fell rises rise costs cost cuts cut reads read writes write beats beat learns learn becomes become builds build
built sends send breaks break broke chooses choose chose leaves leave left begins begin comes come came knows know
thinks think hides spends pays pay helps help hurts hurt works work matters matter fits fit fails fail drops drop saves
save scales scale trains train uses use
"""
_COMMON = _COMMON_VERBS.split()
_VERB = re.compile(
    rf"\b(?:{'|'.join(map(re.escape, _COMMON))})\b|\w(?:'s|'re|’s|’re)\b (?!\w+s\b)"
    r"|\b[a-z]{2,}(?:ates?|ises?|izes?|ifies|ify|ered|ated|ised|ized|ified|ained|ires?|uces?|ends?|ects?|ieves?|ides?|"
    r"orms?|aches?|ows?|ains?|ures?|ears?|arns?|icts?|utes?|udes?|olves?|udes?|ances?|ares?)\b"
    r"|^[A-Z][a-z]+ (?:the|a|an|all|each|every|both|only|up|it)\b",
)


def has_a_verb(text: str) -> bool:
    """Whether a text seems to be a sentence, not a noun phrase such as a title."""
    return bool(_VERB.search(text))


def is_a_title(text: str) -> bool:
    """Whether a text seems to be the name of a work: no verb, no full stop, and most long words capitalised."""
    long_words = re.findall(r"[^\W\d_]{4,}", text)
    capitalised = sum(word[0].isupper() for word in long_words)
    return not text.endswith(".") and capitalised * 2 > len(long_words) and not has_a_verb(text)
