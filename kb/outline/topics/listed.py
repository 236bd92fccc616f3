"""The parts that a topic lists, and which of them no section of an outline is about. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.outline.guided.facets import LIGHT
from kb.outline.quoting.predicates import without_verbs
from kb.reports import Section
from kb.search.query import STOPWORDS
from kb.search.snippets import marks

_SEPARATOR = re.compile(r"[:;?!()]|,(?!\d)|\s(?:and|or|from|versus|vs\.?)\s|(?<=\w),?\sto\s", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\s", re.IGNORECASE)
_WORD = re.compile(r"\w[\w+#]*(?:[-'’./&]\w[\w+#]*)*")  # "A/B", "C++", "GPT-4.5", "don't"
_NAME = re.compile(r"[^\W\d_]{2}|[^\W\d_]/|[\u3040-\u9fff\uac00-\ud7af]|\w[+#]")  # of no part is a number or a letter
_SAYS_NOTHING = re.compile(r"e\.g|i\.e|etc|\w+n['’]ts?|\w+['’]s", re.IGNORECASE)
_CONJUNCTION = re.compile(r"\s(?:and|or)\s", re.IGNORECASE)
_DOING, _DOING_SOMETHING = (
    re.compile(r"\s*\w{2,}ing\s*", re.IGNORECASE),
    re.compile(r"\s*\w{2,}ing\s+\w", re.IGNORECASE),
)


@dataclass(frozen=True)
class TopicPart:
    """A part of a topic in its writer's words, and those of them that say what it is. `is_name` says that it has no
    verb, and may be a heading.
    """

    text: str
    words: tuple[str, ...]
    is_name: bool

    def is_said(self, text: str) -> bool:
        """Whether a text has one of the words, whatever their hyphens, or their initials as an acronym."""
        spellings = [spelling for word in self.words for spelling in (word, word.replace("-", ""))]
        initials = "".join(word[0] for word in self.words).upper()
        acronym = len(initials) > 1 and re.search(rf"\b{re.escape(initials)}s?\b", text)
        return bool(acronym or marks(text, spellings) or marks(text.replace("-", ""), spellings))


def unsaid_parts(topic: str, sections: Sequence[Section]) -> list[TopicPart]:
    """The parts of a topic of which no point or heading contains a single word that says what they are; none of a topic
    that has no parts.
    """
    points = [f"{point.label} {point.text}" for section in sections for point in section.points]
    said = " ".join([*points, *(section.heading for section in sections)])
    return [part for part in parts_of(topic) if not part.is_said(said)]


def parts_of(topic: str) -> list[TopicPart]:
    """The parts of a topic in their order, each once; none of a topic that has only one."""
    return list({part.text.casefold(): part for part in _parts(topic)}.values())


def _parts(topic: str) -> Iterator[TopicPart]:
    divided = _divided(topic)
    for number, (text, separator) in enumerate(divided if len(divided) > 1 else ()):
        following = divided[number + 1][0] if separator else ""
        shares_its_object = _DOING.fullmatch(text) and _DOING_SOMETHING.match(following)
        if _CONJUNCTION.fullmatch(separator) and shares_its_object:
            continue  # "training and serving models"
        words = tuple(filter(_says_something, _WORD.findall(without_verbs(text))))
        if words:
            yield TopicPart(_trimmed(text), words, without_verbs(text) == text)


def _divided(topic: str) -> list[tuple[str, str]]:
    """The texts between the separators of a topic, each with the one after it. "To" is one only after "from"."""
    divided, start = [], 0
    for match in _SEPARATOR.finditer(topic):
        if match[0].strip(" ,").lower() != "to" or _FROM.search(topic, 0, match.start()):
            divided.append((topic[start : match.start()], match[0]))
            start = match.end()
    return [*divided, (topic[start:], "")]


def _says_something(word: str) -> bool:
    base = re.split("['’]", word)[0].lower()
    return bool(_NAME.search(word)) and not {word.lower(), base} & LIGHT and not _SAYS_NOTHING.fullmatch(word)


def _trimmed(text: str) -> str:
    """A text without the small words that it begins and ends with."""
    found = (match for match in _WORD.finditer(text) if not _SAYS_NOTHING.fullmatch(match[0]))
    spans = [match.span() for match in found if match[0].lower() not in STOPWORDS]
    return text[spans[0][0] : spans[-1][1]] if spans else text.strip()
