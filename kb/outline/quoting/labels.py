"""What a point is about where its own words do not say it: the note's subject and the heading above. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.outline.naming.forms import says_nothing, tidy
from kb.outline.quoting.unspaced import word_count

MAX_HEADING_WORDS = 6

# Headings that say what kind of remark follows, not what it is about.
_KIND_OF_REMARK = re.compile(
    r"(?:(?:the |my |some |main |key |open |further |quick |more )*"
    r"(?:introduction|intro|overview|(?:one[- ](?:line|sentence) )?summary|abstract|"
    r"notes?|tl;?dr|references?|links?|contents?|table of contents|"
    r"see also|conclusions?|closing thoughts|background|further reading|reading|misc|ideas?|setup|questions?|todo|main|"
    r"in short|problems?|solutions?|diagram|pros?|cons?|use ?cases?|details?|examples?|sample|take|takeaways?"
    r"|insights?|"
    r"contributions?|models?|methods?|results?|numbers?|experiments?|evaluation|limits?|limitations?|discussion|why"
    r"|how|"
    r"what|caveats?|critique|thoughts|content|body|implementation|architecture|motivation|sections?|parts?"
    r"|chapters?|pieces|总结|小结|结论|引言|前言|导言|背景|动机|简介|概述|介绍|方法|方案|模型|实验|结果|分析|讨论|摘要|附录|"
    r"问题|局限性?|优点|缺点|优缺点|笔记|相关工作|未来工作|まとめ|概要|はじめに|おわりに|手法|実験|結果|結論|考察|課題|요약|결론|개요|배경|방법|"
    r"실험|결과|정리|"
    r"costs?|mechanics|objections?|doubts?|evidence|claims?|cautions?|diagnosis|practical|general|setting|analysis)"
    r"(?: (?:and|&|in|of|for|at|on) [\w ]+| notes)?)\W*|.*\b(?:i|my|we|our|me|it|its|they|this|that|here|you|your|now|"
    r"everyone|paper|note)\b.*|[\W\d]*|\w",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:\w+ )?\d{1,4}[-/_. ]\d{1,2}(?:[-/_. ]\d{1,4})?\b.*")
_NUMBERED_PART = re.compile(  # "Course 2 Week 1", "Section 5"
    r"(?:\W*(?:course|week|lecture|lesson|module|chapter|part|unit|day|session|class|section|book|volume|vol)\W{0,2}\d+\b)+\W*",
    re.IGNORECASE,
)
_APPOSITION = re.compile(r",\s+(?:an?|the|or)\s", re.IGNORECASE)
_MARKS = re.compile(r"^\[[^\]]*\]|^\W*\d+(?:\.\d+)*[.)]?\s+|[*`_#]+|^\W+")
_WORD = re.compile(r"[^\W\d_][\w+]*")
_SMALL_WORDS = """
a an the of in on to for and or with by from at as that which is are how what why when where into over under about
between using its their your
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_UNNAMED = re.compile(
    r"(?:the|our|their|this) (?:(?:key|main|core|proposed|resulting|final|full|overall|new|original) )?"
    r"(?:papers?|models?|methods?|approach|architecture|algorithm|ideas?|trick|contributions?|experiments?|results?|"
    r"problem|"
    r"loss|objective|layer|network|system|framework|technique|procedure|tool|library|dataset|benchmark|task|goal|aim|"
    r"focus|"
    r"claim|thesis|answer|reason|point|solution|takeaway|findings?|study|work|survey|tokenizer|encoder|decoder|agent)"
    r"(?:[’']s)?\b(?! (?:of|for|that|which|behind|in|with|to|from|by)\b)",
    re.IGNORECASE,
)
_VERB_FIRST = re.compile(
    r"(?:uses|takes|builds|measures|computes|distributes|adds|requires|reduces|allows|enables|provides|supports|"
    r"combines|"
    r"keeps|gives|makes|extends|replaces|introduces|proposes|presents|generates|assesses|evaluates|detects|checks|"
    r"predicts|"
    r"learns|works|stores|finds|needs|costs|achieves|improves|outperforms|handles|applies|treats|encodes|selects|helps|"
    r"creates|removes|relies|focuses|performs|runs|splits|merges) (?!and\b|or\b|(?:are|is|were|was)\b)",
    re.IGNORECASE,
)
# What is said of the thing that a heading or the item above names: "Use case: ...".
_FIELD = re.compile(
    r"(?:(?:key|main|typical|common) )?(?:use cases?|benefits?|overview|results?|pros?|cons?|advantages?|drawbacks?|"
    r"limitations?|best for|when to use|why it (?:matters|works)|purpose|goals?|mechanism|intuition|idea|approach|"
    r"challenges?|problem|solution|fix|cost|trade-?offs?|strengths?|weakness(?:es)?|impact|effect|definition):",
    re.IGNORECASE,
)
_AUTHORS = re.compile(r"\bthe authors?\b", re.IGNORECASE)


def label(title: str, heading_path: Sequence[str], text: str) -> str:
    """The subject of a note and the last heading above a text; nothing if the text itself names the subject, and
    without the heading if the text names that.
    """
    subject = _subject(title)
    heading = _heading(heading_path[-1]).removeprefix(f"{subject}: ") if heading_path else ""
    said = _stems(text)
    if subject and _is_named(subject, said):
        return ""
    parts = [subject] if subject else []
    if heading and not _is_named(heading, said | _stems(subject)):
        parts.append(heading)
    return ": ".join(parts)


def label_under(heading: str, label: str) -> str:
    """What a label says that the heading above it does not; under one that names two subjects, which is meant."""
    subject, _, rest = label.partition(": ")
    said = subject and _is_named(subject, _stems(heading)) and not _names_another(heading, subject)
    return rest if said else label


def _names_another(heading: str, subject: str) -> bool:
    """Whether a heading "A and B" names something else beside a subject that is one of the two."""
    one, _, other = heading.partition(": ")[0].partition(" and ")
    halves = [_stems(one), _stems(other)]
    own = _stems(subject)
    return any(
        half and rest and _is_named(subject, half) and rest.isdisjoint(own) for half, rest in (halves, reversed(halves))
    )


def names(heading: str, title: str) -> bool:
    """Whether a heading names the subject of a title."""
    subject = _subject(title)
    return bool(subject) and _is_named(subject, _stems(heading))


def is_part_of(name: str, title: str) -> bool:
    """Whether a title names all that a name does, in whatever order."""
    own = _stems(name)
    return bool(own) and own <= _stems(title)


def _subject(title: str) -> str:
    """What a title is about: what comes before a colon, a dash or an apposition; nothing for a date."""
    head = _tidy(re.split(r":\s|\s(?:[—–]|-{1,3})\s", _tidy(title))[0])
    if _DATE.fullmatch(head) or _NUMBERED_PART.fullmatch(head) or _KIND_OF_REMARK.fullmatch(head) or says_nothing(head):
        return ""
    return _APPOSITION.split(head)[0]


def _heading(name: str) -> str:
    bare = _tidy(name)
    fits = word_count(bare) <= MAX_HEADING_WORDS and not bare.endswith(("?", "？")) and not says_nothing(bare)
    return bare if fits and not _KIND_OF_REMARK.fullmatch(bare) and not _DATE.fullmatch(bare) else ""


def _tidy(name: str) -> str:
    return tidy(" ".join(_MARKS.sub("", tidy(name)).split())).strip(" :.,;")


def _is_named(name: str, said: set[str]) -> bool:
    """Whether most of a name's words are among some stems."""
    own = _stems(name)
    return len(own & said) * 2 > len(own) or not own


def _stems(text: str) -> set[str]:
    words = (word.casefold() for word in _WORD.findall(text))
    return {word.removesuffix("s").removesuffix("e") for word in words if word not in _SMALL}


def names_authors(text: str) -> bool:
    """Whether a text speaks of the authors of something, whom only its label can tell."""
    return bool(_AUTHORS.search(text))


def needs_a_label(text: str) -> bool:
    """Whether a text continues a heading, or begins with something that it does not name: "The model reaches …"."""
    unnamed = (pattern.match(text) for pattern in (_UNNAMED, _VERB_FIRST, _FIELD))
    return text[:1].islower() or names_authors(text) or any(unnamed)
