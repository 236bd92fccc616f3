"""What the title of a note is about, in as few words as a heading has. Pure."""

from __future__ import annotations

import re

from kb.outline.naming.forms import tidy

MAX_HEADING_WORDS = 9
MIN_WORDS_CUT = 3  # of a heading that was cut before a phrase

_TRAILING = re.compile(
    r"(?:\s+(?:a|an|the|of|in|on|to|for|and|or|with|by|from|at|as|that|which|is|are|vs\.?|versus))+$", re.IGNORECASE
)
_KIND_OF_TEXT = re.compile(
    r"(?<=\w)\s++(?:guide|tutorial|overview|primer|cheat ?sheet|explained|summary)$", re.IGNORECASE
)
_BETWEEN_PHRASES = re.compile(r"of|in|on|to|for|with|by|from|at|as|that|which|via|using|and|or", re.IGNORECASE)


def subject(title: str) -> str:
    """The subject of a title: what comes before a colon, a dash, or a comma after which it is explained, and before the
    kind of text that it is: "Reasoning models guide".
    """
    whole = shortened(re.split(r":\s|\s(?:[—–]|-{1,3})\s|,\s(?=(?:an?|the|or|and)\s)", tidy(title))[0])
    return _KIND_OF_TEXT.sub("", whole)


def shortened(name: str) -> str:
    """A name of at most `MAX_HEADING_WORDS` words: cut at a colon, or else before the last phrase that is too long, or
    if it is all one phrase after so many words. An empty string for a long question, of which no part asks the same.
    """
    words = tidy(name).split()
    if len(words) <= MAX_HEADING_WORDS:
        return " ".join(words)
    if words[-1].endswith("?"):
        return ""
    head = tidy(name).split(":")[0].split()
    if len(head) <= MAX_HEADING_WORDS:
        return _TRAILING.sub("", " ".join(head))
    whole = [
        number for number in range(MIN_WORDS_CUT, MAX_HEADING_WORDS + 1) if _BETWEEN_PHRASES.fullmatch(words[number])
    ]
    return _TRAILING.sub("", " ".join(words[: whole[-1] if whole else MAX_HEADING_WORDS])).rstrip(",;:–—- ")
