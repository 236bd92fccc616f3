"""The parts of a topic that no section of an outline is about. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kb.outline.guided.facets import LIGHT
from kb.outline.quoting.predicates import without_verbs
from kb.reports import Section
from kb.search.snippets import marks

_BETWEEN_PARTS = re.compile(
    r"[:,;?!()]|\s(?:and|or|from|versus|vs)\s|(?<!\bhow)(?<!\bwhen)(?<!\bwhat)(?<!\bways)(?<!\bneed)\sto\s",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w-]+")
# "Training" in "training and serving models", which has its object in common with what follows.
_DOING, _DOING_SOMETHING = re.compile(r"\s*\w+ing\s*", re.IGNORECASE), re.compile(r"\s*\w+ing\s+\w", re.IGNORECASE)


@dataclass(frozen=True)
class TopicPart:
    """A part of a topic in its writer's words, from the first to the last of those `words` that say what it is."""

    text: str
    words: tuple[str, ...]


def unsaid_parts(topic: str, sections: Sequence[Section]) -> list[TopicPart]:
    """The parts of a topic of which no point or heading contains a single word; none of a topic that has no parts."""
    points = [f"{point.label} {point.text}" for section in sections for point in section.points]
    said = " ".join([*points, *(section.heading for section in sections)])
    return [part for part in _parts(topic) if not _is_said(part.words, said)]


def _parts(topic: str) -> Iterator[TopicPart]:
    texts = _BETWEEN_PARTS.split(topic)
    for text, following in pairwise([*texts, ""]) if len(texts) > 1 else ():
        if _DOING.fullmatch(text) and _DOING_SOMETHING.match(following):
            continue
        words = tuple(word for word in _WORD.findall(without_verbs(text)) if word.lower() not in LIGHT)
        spans = [match.span() for match in _WORD.finditer(text) if match[0] in words]
        if spans:
            yield TopicPart(text[spans[0][0] : spans[-1][1]], words)


def _is_said(words: Sequence[str], said: str) -> bool:
    """Whether a text has one of some words, whatever their hyphens, or their initials as an acronym."""
    spellings = [spelling for word in words for spelling in (word, word.replace("-", ""))]
    initials = "".join(word[0] for word in words).upper()
    acronym = len(initials) > 1 and re.search(rf"\b{re.escape(initials)}s?\b", said)
    return bool(acronym or marks(said, spellings) or marks(said.replace("-", ""), spellings))
