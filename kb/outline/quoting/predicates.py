"""The verbs of a text, by the common ones and the endings of the others. Pure."""

from __future__ import annotations

import re

from kb.outline.quoting.unspaced import is_unspaced

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

# Common nouns with the endings of verbs.
_NOUN = re.compile(
    r"\b(?:architectures?|structures?|features?|mixtures?|literature|procedures?|temperatures?|pictures?|lectures?|"
    r"futures?|"
    r"performances?|instances?|distances?|balance|importance|variances?|relevance|guidance|platforms?|approaches|"
    r"objects?|"
    r"projects?|effects?|aspects?|subjects?|windows?|flows?|workflows?|software|hardware|sides?|guides?|attributes?|"
    r"minutes?|routes?|trends?|backends?|frontends?|domains?|chains?|years?|areas?|gains?|rates?|states?|candidates?|"
    r"templates?|gates?|dates?|templates?|premises?|exercises?|noises?|phrases?|databases?|phases?|cases?)\b"
)
# What is no name of a subject: verbs, known by their subject or their form, and adverbs.
_NO_SUBJECT = re.compile(
    r"\b(?:who|we|i|you|they|he|she|it|everyone|nobody|nothing) (?:\w+ly )?\w+|\b(?:what|which|that) \w+(?:s|ed)\b"
    r"|\bto \w+(?= (?:the|an?|my|your|our|their)\b)|\b\w{2,}ly\b|\b(?:got|gets?|gone|goes|went|made|makes|took|takes|"
    r"kept|keeps|became|becomes?|began|begins?|came|comes|knew|knows|thought|thinks|said|says|talks?|talked|tells?|"
    r"told|"
    r"saw|seen|sees|shown|shows|gave|gives|given|brought|brings|chose|chosen|chooses|won|wins|lost|loses|found|grew|"
    r"grows|grown|fell|falls|wrote|written|beats|breaks|broke|broken|happens?|happened|seems?|seemed|belongs?|"
    r"matters|deserves?|depends|works|worked|helps|helped|hurts|stays?|stayed|turns|turned|tries|tried|getting|"
    r"going|making|taking|doing|being|having|things?|pays?|paid|stuff|something|everything|really|actually|just|"
    r"enough|together)\b",
    re.IGNORECASE,
)


def has_a_verb(text: str) -> bool:
    """Whether a text seems to be a sentence, not a noun phrase such as a title. A script without blanks hides which."""
    return is_unspaced(text) or bool(_VERB.search(_NOUN.sub(" ", text)))


def is_a_title(text: str) -> bool:
    """Whether a text seems to be the name of a work: no verb, no full stop, and most long words capitalised."""
    long_words = re.findall(r"[^\W\d_]{4,}", text)
    capitalised = sum(word[0].isupper() for word in long_words)
    return not text.endswith(".") and capitalised * 2 > len(long_words) and not has_a_verb(text)


def is_in_title_case(text: str) -> bool:
    """Whether a text may be the name of a work: without a full stop, and most long words capitalised, be it a sentence
    or not.
    """
    long_words = re.findall(r"[^\W\d_]{4,}", text)
    capitalised = sum(word[0].isupper() for word in long_words)
    return not text.endswith(".") and len(long_words) > 2 and 4 * capitalised >= 3 * len(long_words)


def without_verbs(text: str) -> str:
    """A text without what cannot name a subject: verbs and adverbs, as far as they are known without a parser."""
    return _NO_SUBJECT.sub(" ", text)
