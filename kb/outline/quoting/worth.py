"""How much the words of a statement are worth in an outline, and what part a statement plays in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log

from kb.cutoffs import (
    COMPARISON,
    DEFINITION,
    NUMBER,
    REFERS_BACK,
    SETTINGS,
    SHORT,
    TALKS_OF_THE_NOTE,
    TRADE_OFF,
    WITHOUT_VERB,
)
from kb.models import ChunkRecord, LineKind
from kb.notes.prose import clean
from kb.notes.statements import SAYING
from kb.outline.naming.forms import tidy
from kb.outline.quoting.labels import is_part_of, label
from kb.outline.quoting.predicates import has_a_verb
from kb.outline.quoting.unspaced import word_count

# What makes a statement more or less worth quoting: numbers, definitions, trade-offs and comparisons count for it;
# references to a sentence before it, and talk of the note or paper instead of the subject, count against it.
_WORTH = tuple(
    (re.compile(pattern, re.IGNORECASE), worth)
    for pattern, worth in (
        (r"\d", NUMBER),
        (r"^[\w\s-]{2,40}\b(?:is|are|means?) (?:a|an|the|any|how|when|what)\b", DEFINITION),
        (
            r"\b(?:but|while|whereas|instead|rather than|at the (?:price|cost) of|trade-?offs?|because|unless)\b",
            TRADE_OFF,
        ),
        (
            r"\b(?:faster|slower|better|worse|fewer|less|more|higher|lower|improves?|reduces?|beats?|outperforms?)\b",
            COMPARISON,
        ),
        (
            r"^(?:it|its|they|their|these|those|this|that|he|she|here|there|so|then|both|such|also|and|but|or)\b",
            REFERS_BACK,
        ),
        (r"^(?:see|cf|compare|related|via|my|i|we)\b|\b(?:this|one) note\b|https?://", TALKS_OF_THE_NOTE),
        (r"\b(?:the|our) (?:paper|authors?|document|study|research)\b", TALKS_OF_THE_NOTE),
        (r"^[^,;:.]{0,60}\b(?:it|they|them|their|its)\b", TALKS_OF_THE_NOTE),
    )
)

# What an experiment was run with; a statement that has several of these tells of the run and not of its result.
_SETTING = re.compile(
    r"\b(?:adam\w*|sgd|rmsprop|dropout|learning rates?|batch(?:es| sizes?)|epochs?|gradient clipping|weight decay|"
    r"hidden (?:units?|states?|sizes?|layers?)|units|dimensional|embeddings?(?= (?:of|all) )|titan|[vpahk]\d{2,3}s?|"
    r"beam size|vocab(?:ulary)?|training time|layers|cells)\b",
    re.IGNORECASE,
)
MANY_SETTINGS = 2
# Words from which on a statement says enough. Of 655 statements that were judged, a writer would keep one in eight of
# fewer than 12 words, one in four of 12 to 20, and two in five of more than 20, however many.
ENOUGH = 25
WORDS_OF_A_CLAIM = 8  # of a text without a known verb, for it to be more than a motto
MAX_MARK = 8  # characters before the first sentence of a note, such as "TL;DR: "
# The parts of what says what the subject of a note is, and of what opens it, which come before all roles.
SUBJECT, LEAD = -2, -1
_RESULT = re.compile(
    r"\b(?:than|outperforms?|reach(?:es)?|achieves?|improves?|state[- ]of[- ]the[- ]art|speed-?up|because|enough"
    r"|cannot|should|needs?|costs?|makes?|falls?|rises?|grows?|saves?)\b",
    re.IGNORECASE,
)

# "X (its long form), … is …": what stands before the verb is what the sentence defines.
_DEFINING = re.compile(
    r"(?:an? |the )?(?P<defined>[^,;:.()]{2,60}?)(?: \([^()]{1,60}\))?(?:,[^,]{1,60},)?"
    r" (?:is|are|means?|refers? to|denotes?|stands? for|consists? of|works? by|lets?|allows?|turns?|replaces?)\b"
    r"(?! (?:not|also|then|still|often|only|more|less|very|usually|now|based|used|trained|shown)\b)",
    re.IGNORECASE,
)

# "The paper proposes …": what a note on a work begins with; "X et al. introduce …" may be said of many works in one.
_PROPOSES = r"(?: (?:\w+ly|also|recently))? (?:propos|introduc|present|describ|develop|design)\w*\b"
_PROPOSING = re.compile(
    rf"(?:(?:the|this|that) (?:paper|authors?|works?|articles?|post|chapter|survey)s?|we){_PROPOSES}", re.IGNORECASE
)
_PROPOSED_BY = re.compile(rf"[A-Z][\w-]+ (?:et al\.?|and [A-Z]\w+),?(?: \(?\d{{4}}\)?,?)?{_PROPOSES}", re.IGNORECASE)
_SUMMARY = re.compile(
    r"(?:(?:the|a|one|my|in) )?(?:(?:one|single|two)[- ](?:line|sentence)s?|brief|short|quick|executive|paper)?\s*"
    r"(?:summary|tl;?\s?dr|abstract|gist|short|a nutshell|overview|"
    r"(?:main|key|core|big|central) (?:idea|message|"
    r"claim|contribution)s?|what (?:is )?(?:it|this)(?: is)?|at a glance)|(?:一句话)?(?:总结|概括|摘要|概述|简介)|"
    r"核心(?:思想|观点|贡献)|"
    r"要約|概要|まとめ|요약|개요|초록",
    re.IGNORECASE,
)

_THESIS = re.compile(
    r"(?:thesis|in a nutshell|bottom line|(?:the )?(?:main|key|core|central|big) (?:idea|insight|claim|message|"
    r"result|finding|takeaway|contribution))\b\W*(?:is\b|:|;|-|–|—)",
    re.IGNORECASE,
)

_NUMBERS = re.compile(r"\d[\d.,]*\s*(?:%|×|x\b|[kKMGTB]i?B?\b|ms\b|s\b|times|points|percent|million|billion|thousand)")
_ROLES = (
    (
        2,
        re.compile(
            r"\b(?:limit(?:s|ed|ation)?|caveats?|fails?|cannot|can't|does(?:n't| not) (?:help|work|scale)|breaks?"
            r"|hurts?|"
            r"drawbacks?|downsides?|at the (?:price|cost)|unless|weak spots?|trade-?offs?|struggles?|suffers?|biased|"
            r"risks?|dangers?|pitfalls?)\b",
            re.IGNORECASE,
        ),
    ),
    (1, _NUMBERS),
)


def worth(text: str) -> float:
    """What the words of a statement add to its relatedness when points are chosen."""
    found = sum(value for pattern, value in _WORTH if pattern.search(text))
    found += 0.0 if has_a_verb(text) else WITHOUT_VERB
    found += SHORT * max(log(ENOUGH / max(word_count(text), 1)), 0.0)
    return found + SETTINGS if _tells_settings(text) else found


def _tells_settings(text: str) -> bool:
    return len({name.casefold() for name in _SETTING.findall(text)}) >= MANY_SETTINGS and not _RESULT.search(text)


def sums_up(chunk: ChunkRecord) -> bool:
    """Whether a passage stands under a heading that announces what its note comes to, such as "In short"."""
    return bool(chunk.heading_path) and bool(_SUMMARY.fullmatch(tidy(chunk.heading_path[-1])))


def opens(chunk: ChunkRecord, title: str, text: str) -> bool:
    """Whether a statement of a passage is how its note begins or sums itself up, or is marked as what the note has to
    say: the first sentence, or one of the first paragraph that names what the title does.
    """
    if _THESIS.match(text):
        return True
    if not is_in_opening(chunk, text):
        return False
    names_it = chunk.position == 0 and not label(title, (), text)
    return _first_paragraph(chunk).find(text) <= MAX_MARK or names_it


def is_in_opening(chunk: ChunkRecord, text: str) -> bool:
    """Whether a statement is a claim of the paragraph that its note begins or sums itself up with."""
    return (chunk.position == 0 or sums_up(chunk)) and _is_a_claim(text) and text in _first_paragraph(chunk)


def begins_with_prose(chunk: ChunkRecord) -> bool:
    """Whether the first thing below a passage's headings is a paragraph, no list, formula or code."""
    return chunk.kinds.lstrip(LineKind.BLANK + LineKind.HEADING + LineKind.METADATA).startswith(LineKind.PROSE)


def _is_a_claim(text: str) -> bool:
    return has_a_verb(text) or len(text.split()) >= WORDS_OF_A_CLAIM


def _first_paragraph(chunk: ChunkRecord) -> str:
    first = next((number for number, kind in enumerate(chunk.kinds) if kind in SAYING), 0)
    rest = chunk.kinds[first:]
    lines = chunk.text.split("\n")[first:]
    return clean("\n".join(lines[: len(rest) - len(rest.lstrip(rest[:1]))]))


def says_what_it_is(names: Sequence[str], text: str, opens: bool) -> bool:
    """Whether a statement says what something is that one of some titles and headings names, or what a work does;
    `opens` says that it is of the passage that opens its note, which names the authors of a work that the note is on.
    """
    match = _DEFINING.match(text)
    defining = match is not None and any(is_part_of(match["defined"], name) for name in names)
    return defining or bool(_PROPOSING.match(text) or (opens and _PROPOSED_BY.match(text)))


def gives_a_result(text: str) -> bool:
    """Whether a statement gives numbers, other than the settings of an experiment."""
    return bool(_NUMBERS.search(text)) and not _tells_settings(text)


def role(text: str) -> int:
    """Whether a statement is a claim (0), gives numbers (1), or names limits (2)."""
    return next((number for number, pattern in _ROLES if pattern.search(text)), 0)
