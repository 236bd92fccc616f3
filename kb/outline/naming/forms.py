"""Headings as the parts of a document, and what they say apart from that. Pure."""

from __future__ import annotations

import re

from kb.outline.questions import asks

# Headings that any text could have: its parts, what comes with it, and what it asks of its reader.
_GENERIC = re.compile(
    r"(?:introduction|intro|overview|summary|abstract|(?:(?:practical|lecture|reading|rough|other) )?notes?|"
    r"tl;?dr|references?|links?|(?:table of )?contents?|"
    r"see also|conclusions?|closing thoughts|background|(?:more|additional|further) .*|misc(?:ellaneous)?|the idea|"
    r"setup|questions?|todo|main|in short|problem|solution|diagram|pros?|cons?|use ?cases?|details?|examples?|sample|"
    r"my take|takeaways?|contributions?|relation to .*|related .*|against .*|compared .*|models?|methods?|results?|"
    r"discussion|experiments?|motivation|goals?|news|updates?|announcements?|resources|general|others?|various|tips|"
    r"readme|index|home|getting started|quick ?start|install(?:ation|ing)?|usage|requirements|prerequisites|"
    r"(?:user )?documentation|docs|"
    r"(?:an? |some )?(?:faqs?|(?:interview )?q ?& ?a|(?:frequently asked|interview) questions)\b.*|glossary|appendix|"
    r"change ?log|release notes|licen[sc]e|contact(?: us)?|acknowledge?ments|credits|tutorials?|gist|home ?works?|"
    r"quiz(?:zes)?|self[- ]check|exercises?|(?:homework )?assignments?|follow[- ]ups?|next steps?|submi(?:t|ssion).*|"
    r"explore|text elements?|untitled|draft|wip|recap|wrap[- ]?up|(?:key )?(?:sources|terms|references)|"
    r"(?:key|main|core|strong|weak) (?:points?|ideas?|contributions?|takeaways?|findings?|results?|insights?)|"
    r"(?:(?:possible|potential|future) )?(?:drawbacks?|improvements?|extensions?|directions?|work)|strengths?|"
    r"weaknesses|(?:dis)?advantages?|limitations?|critique|"
    r"(?:(?:deep|detailed|in-depth|comprehensive|full|comparative|final|quick|short) )*"
    r"(?:analys[ei]s|reviews?|surveys?|comparisons?|stud(?:y|ies)|walk-?throughs?|deep dives?|guides?|reports?|"
    r"explained)|"
    r"(?:심층 )?분석|(?:深度)?(?:分析|解析)|详解|"
    r"(?:part|chapter|section|lecture|lesson|module|week|day|step|session|unit)s?|"
    r"about (?:this|the|our) (?:book|course|class|series|site|blog|page|project|repo(?:sitory)?|notes?|authors?|guide)|"
    r"about(?: (?:me|us))?|pre(?:face|amble)|foreword|dedication|colophon|errata|extra credit\b.*|"
    r"the (?:whole|entire|full|big) (?:system|process|picture|story|pipeline)(?: (?:on|in) (?:one|a) page)?|"
    r"how to (?:use|read) (?:this|the|these) .*|who (?:this|the) \w+ is for|"
    r"内容|摘要|总结|小结|结论|引言|前言|背景|动机|简介|概述|介绍|讨论|附录|目录|笔记|其他|まとめ|概要|はじめに|おわりに|結論|背景|その他|"
    r"요약|결론|개요|배경|서론|기타|"
    r"(?:[\w-]+ ){0,3}\S+\.(?:py|ipynb|md|qmd|rst|txt|sh|ya?ml|json|toml|html?|pdf|tex))",
    re.IGNORECASE,
)
# Each run of blanks or marks is tried once, from its start, and is not given back: headings may have thousands of them.
_AND = re.compile(r"(?<!\s)\s*+(?:\band\b|[,&/])\s*", re.IGNORECASE)
_COMPARING = re.compile(r"(?:relation to|related to|against|compared (?:to|with)) .+", re.IGNORECASE)
_DATE_OR_TIME = re.compile(r"[\W\d]*+(?:[ap]m)?\W*", re.IGNORECASE)
_TRAILING_NUMBER = re.compile(r"(?<![\W\d])\W*+\d*+[\s:.]*+$")
_MARKS = re.compile(r"\\(?=\W)|[*`_#]+")
# Emoji, also by name (":rocket:"), stars and ticks.
MIN_JOINED = 5  # words joined by hyphens; "state-of-the-art" has four
_PICTURES = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d]+|(?<!\\w):[a-z][a-z0-9_+-]+:(?!\\w)"
)
# What numbers a part, says in what state it is or who wrote of it: "2.1", "Q3:", "Part 4:", "[WIP]", "Doe et al.:".
_NUMBERED = re.compile(
    r"(?:\W*(?:\d+(?:\.\d+)*[.)]|\d+(?:\.\d+)+|0\d+:?)\s+(?:[-–—]\s+)?|\d{1,3}(?:[_.]\d+)*\s*[-–—]\s+|"
    r"\d+\s+(?-i:(?=[A-Z]))|[QP]\d{0,2}[:.)]\s+|[A-Z][\w'’-]+ et al\.?(?: \(?\d{4}\)?)?:\s+|"
    r"(?:part|chapter|section|lecture|lesson|module|week|day|step|session|unit|question|exercise) \d+\w?\s*[:.)–—-]\s+|"
    r"\[(?:wip|draft|todo|new|archived?)\]\s*)+",
    re.IGNORECASE,
)
# What a title ends with that is not its own: "(30 points)", "[arXiv]", "(source)", "(2020-01-22, v2.0)".
_DATE = r"(?:\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{4})"
_MARKED_WORK = re.compile(
    rf"\s*(?:\({_DATE}(?:, v?\d[\d.]*)?\)|[(\[]\d+(?:\.\d+)? (?:points?|pts|marks|min(?:ute)?s?)[)\]]|"
    r"\(sources?\)|\[(?:arxiv|papers?|pdf|code|blog|links?|sources?|video|slides|github|website|wip)\])$",
    re.IGNORECASE,
)

# Between the folders of a path; "A/B" is none.
_FOLDERS = re.compile(r"(?<=\S)(?<!\b\w)/(?=\S)|(?<=\S)/(?=\S)(?!\w\b)")


def is_generic(heading: str) -> bool:
    """Whether a heading could occur in any note, or announces questions."""
    bare = _TRAILING_NUMBER.sub("", heading)
    if _GENERIC.fullmatch(bare):
        return True
    all_parts = all(map(_GENERIC.fullmatch, _AND.split(bare)))
    return all_parts or bool(_DATE_OR_TIME.fullmatch(heading)) or asks(heading)


def says_nothing(label: str) -> bool:
    """Whether a heading is none that could stand before a point. "Against PPO" could, which names what is compared."""
    return is_generic(label) and not _COMPARING.fullmatch(label)


def tidy(name: str) -> str:
    """A heading without its number, Markdown marks and emoji; of a path, such as `Tools/Editors/Vim`, the last part."""
    plain = " ".join(_PICTURES.sub(" ", _MARKS.sub("", name)).split())
    numbered = _NUMBERED.match(plain)
    return _in_words(_last_part(_MARKED_WORK.sub("", plain[numbered.end() :] if numbered else plain)).strip(" :."))


def _in_words(name: str) -> str:
    """A name that is written as files are, `Attention-Is-All-You-Need`, with blanks."""
    is_file_name = " " not in name and len(name.split("-")) >= MIN_JOINED
    return " ".join(name.replace("-", " ").split()) if is_file_name else name


def _last_part(name: str) -> str:
    """The end of a path of at least three parts, from its last part that is more than a number."""
    parts = _FOLDERS.split(name)
    if len(parts) < 3 or "://" in name:
        return name
    start = max((number for number, part in enumerate(parts) if re.search(r"[^\W\d]{2}", part)), default=0)
    return " ".join(parts[start:])
