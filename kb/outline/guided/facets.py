"""Headings that ask for one side of the topic, such as "When it fails" or "Costs". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.outline.guided.languages import (
    ASKED_SPACED,
    ASKED_UNSPACED,
    LIGHT_SPACED,
    LIGHT_UNSPACED,
    TOLD_SPACED,
    TOLD_UNSPACED,
)
from kb.search.query import STOPWORDS, WORD
from kb.search.snippets import stem

# Words of a heading that say nothing about its subject.
_LIGHT_WORDS = """
actually all also always another any are aren't best better big biggest choose choosing come comes common current
doing done else even every few first get gets getting give gives go goes going good great happen happens important
keep keeping keeps key known last let lets like little long look made main major make makes making many matter matters
more most much need needs never new now off old one other out over own part parts put really right run running second
see seen should show some something still stuff take takes taking thing things through together two under up use used
uses using very want way ways well work working works
"""
LIGHT = frozenset(_LIGHT_WORDS.split()) | STOPWORDS | LIGHT_SPACED
_LIGHT_UNSPACED = re.compile(rf"(?:{LIGHT_UNSPACED})+")


@dataclass(frozen=True)
class Facet:
    """A side of a topic: how headings ask for it, words to search for, and by what a statement shows that it is on it.
    `opens` says that notes begin with it.
    """

    name: str
    asked: re.Pattern[str]
    query: str
    told: re.Pattern[str]
    opens: bool = False

    def is_told(self, text: str, headings: Sequence[str], opens: bool) -> bool:
        """Whether a text is on this side of the topic, or stands under a heading that is; `opens` says that it is of
        the passage that opens a note.
        """
        if any(map(self._is_asked_by, headings)):
            return True
        elsewhere = self.name in _APART and bool(headings) and LIMITS._is_asked_by(headings[-1])
        elsewhere |= self.name == LIMITS.name and bool(_SOLVED.search(text))
        return not elsewhere and ((self.opens and opens) or bool(self.told.search(text)))

    def _is_asked_by(self, heading: str) -> bool:
        """Whether a heading asks for this and nothing else: "Problem setting" is about no problem."""
        return bool(self.asked.search(heading)) and not telling_words(self.asked.sub(" ", heading), "")


def _facet(name: str, asked: str, query: str, told: str, opens: bool = False) -> Facet:
    """A side in all languages that are known, given its words in English."""
    asking = rf"\b(?:{asked}|{ASKED_SPACED[name]})\b|{ASKED_UNSPACED[name]}"
    telling = rf"\b(?:{told}|{TOLD_SPACED[name]})|{TOLD_UNSPACED[name]}"
    return Facet(name, re.compile(asking, re.IGNORECASE), query, re.compile(telling, re.IGNORECASE), opens)


FACETS = (
    _facet(
        "future",
        r"open (?:problems?|questions?|issues?|ends?)|future(?: work| directions?)?|outlook|next(?: steps?)?|"
        r"what next|where (?:it|this) is going",
        "open problems, future work",
        r"future|open (?:problem|question)|not yet|unsolved|unclear|unknown|remain|still\b|next\b|promising|"
        r"research",
    ),
    _facet(
        "limits",
        r"limit(?:s|ations?)?|fail(?:s|ed|ing|ures?)?(?: modes?)?|caveats?|pitfalls?|drawbacks?|downsides?|"
        r"shortcomings?|weak(?:ness(?:es)?| spots?)|disadvantages?|cons|(?:go(?:es|ne)?|went) wrong|"
        r"what(?: can)? breaks?|traps?|risks?|dangers?|problems?|issues?|challenges?|criticisms?|mistakes?|trouble|"
        r"when not to(?: use)?|where it (?:hurts|bites)|backfires?",
        "limitations, failures, problems",
        r"limit|fail|caveat|pitfall|drawback|downside|shortcoming|weak|disadvantage|wrong|break|risk|danger|"
        r"(?<!tion )(?<!ing )problem(?! (?:setting|statement|formulation|definition|domain|of|as|is to)\b)|issues?\b|"
        r"mistake|error|cannot|can't|(?:does|do|did|is|are|was)(?:n't| not) (?:\w+ly |"
        r"yet )?(?:help|work|scale|enough|able|suit|guarantee|always|robust|hold|capture|handle|generali[sz]e)|"
        r"suffer|"
        r"struggl|degrad|collaps|worse|bottleneck|sensitive|unstable|instab|overfit|"
        r"(?:hard(?:er)?|difficult|challeng\w+)\b[^.]*\b(?:because|since|due to|when|without|if|as)\b|"
        r"los(?:es?|t|ing)\b|unless|bias|hallucinat|fatal|hurts?\b|too (?:few|many|much|long|large|big|small|slow)|"
        r"nothing\b|never\b",
    ),
    _facet(
        "cost",
        r"costs?|costing|pric(?:e|es|ing)|expens(?:e|es|ive)|cheap(?:er|ly)?|budgets?|money|bills?|overheads?",
        "cost, memory, compute, latency",
        r"cost|pric|expens|cheap|budget|overhead|bill\b|pay|memory|compute\b|bandwidth|latenc|FLOPs?\b|GPUs?\b|"
        r"quadratic|linear(?:ly)? in|slow|fast|sav(?:e|es|ed|ing)\b|"
        r"\d+(?:\.\d+)? ?(?:[KMGT]i?B|hours?|days?|seconds?|ms)\b|[$€£] ?\d",
    ),
    _facet(
        "speed",
        r"speed|latency|throughput|performance|how fast",
        "speed, latency, throughput",
        r"speed|latenc|throughput|fast|slow|quick|accelerat|real[- ]time|"
        r"\d+(?:\.\d+)? ?(?:hours?|minutes?|seconds?|ms|fps)\b|per second",
    ),
    _facet(
        "results",
        r"evaluat(?:e|ing|ions?)|benchmark(?:s|ing)?|metrics?|measur(?:e|es|ing|ements?)|results?|numbers?|scores?|"
        r"how (?:well|good)",
        "evaluation, metrics, benchmark results",
        r"evaluat|benchmark|metric|measur|accura|precision|recall|F1\b|AUC|BLEU|ROUGE|perplexit|scor|outperform|"
        r"win rate|judg|test set|leaderboard|state[- ]of[- ]the[- ]art|A/B|correlat|baseline|"
        r"\d+(?:\.\d+)? ?(?:%|points)",
    ),
    _facet(
        "updates",
        r"fresh(?:ness)?|updat(?:e|es|ing)|up[- ]to[- ]date|stale(?:ness)?|retrain(?:ing)?|refresh(?:ing)?|"
        r"maint(?:ain(?:ing)?|enance)|current",
        "updates, freshness, retraining, new data",
        r"fresh|updat|up[- ]to[- ]date|stale|retrain|refresh|incremental|re-?(?:index|embed|comput|build)|nightly|"
        r"daily|hourly|weekly|warm[- ]start|continual|new (?:items?|data|documents?|users?|nodes?|examples?)|"
        r"over time|drift|churn|outdated|expir",
    ),
    _facet(
        "benefits",
        r"help(?:s|ed|ful)?|benefits?|advantages?|pros|gains?|worth(?: it)?|pays?(?: off)?|when to(?: use)?|"
        r"why use|strengths?",
        "benefits, when it is useful",
        r"help|benefit|advantag|gain|worth|pays?\b|improv|better|faster|useful|best\b|suit|prefer|win|reduc|enabl|"
        r"allow|when(?:ever)?\b|good (?:for|at)",
    ),
    _facet(
        "uses",
        r"applications?|use[- ]cases?|(?:where|what) (?:it|they) (?:is|are) used(?: for)?|in practice|practice|"
        r"examples?|in the wild|case stud(?:y|ies)",
        "applications, use cases, in practice",
        r"appl(?:y|ie[sd]|ications?)\b|use[- ]cases?|used? (?:for|in|to|by|as|at)\b|useful|"
        r"in (?:production|practice|industry)|deploy|real[- ]world|such as\b|for (?:example|instance)|example|"
        r"powers?\b",
    ),
    _facet(
        "how",
        r"how (?:it|they|this|that)|how does|mechanisms?|mechanics|(?:the )?ideas?|intuition|methods?|algorithms?|"
        r"approach(?:es)?|internals|inside|under the hood",
        "how it works, method, algorithm",
        r"works? by|us(?:e|es|ing)\b|tak(?:e|es|ing)\b|given\b|then\b|each\b|first\b|steps?\b|comput|replac|"
        r"predict|sampl|maps?\b|learns?\b|is (?:an?|the)\b|consists?\b|combin|generat|by \w+ing\b|trains?\b|"
        r"trained\b|applies|produces?",
        opens=True,
    ),
    _facet(
        "what",
        r"(?:what|who) (?:it|they|this|that|these) (?:is|are|means?)|definitions?|basics|fundamentals|background|"
        r"what (?:is|are)",
        "what it is, definition",
        r"(?:is|are) (?:an?|the|when|how|what|any)\b|means?\b|refers? to|denotes?|consists? of|defin|called|"
        r"known as|stands? for",
        opens=True,
    ),
    _facet(
        "why",
        r"why(?: (?:it|they|this|that|bother|now))?|motivation|reasons?",
        "why, motivation, the problem it solves",
        r"because|so that|need|problem|bottleneck|without\b|otherwise|matter|reason|motivat|too \w+|expensive|"
        r"cannot|lack|enabl|important",
    ),
    _facet(
        "compared",
        r"alternatives?|compar(?:ed|ing|isons?)(?: (?:to|with))?|versus|vs|trade-?offs?|differences?|competitors?|"
        r"rivals?",
        "alternatives, comparison, trade-off",
        r"than\b|compar|alternativ|unlike|instead|versus|vs\b|whereas|while\b|trade-?off|differ|rather|both\b|"
        r"either\b",
    ),
    _facet(
        "tools",
        r"tool(?:s|ing)|librar(?:y|ies)|software|frameworks?|platforms?|implementations?",
        "tools, libraries, platforms",
        r"tool|librar|framework|platform|open[- ]source|software|SDK|API|dashboard|package|implement|"
        r"\w+\.(?:py|io|ai)\b",
    ),
)


# What says of a problem that the topic is there to solve it, or that a work is about it.
_SOLVED = re.compile(
    r"^(?:problem|challenge|motivation|goal|task)s?\s*[:：]|"
    r"^(?:the|this) (?:paper|study|article|survey|post|work)\b.{0,120}\b(?:discuss|introduc|present|propos|review)\w*|"
    r"\b(?:solv|address|overcom|mitigat|alleviat|resolv|tackl|"
    r"avoid|eliminat|remed)\w*\b.{0,80}(?:problem|issue|limit|challeng|bottleneck|drawback|case|weak)|"
    r"\b(?:problem|issue|limitation|challenge)s?\b.{0,40}\b(?:is|are|was|were|been|be) (?:\w+ly )?"
    r"(?:solved|addressed|overcome|mitigated|avoided|resolved)|"
    r"(?:解决|避免|缓解|克服|针对).{0,60}(?:问题|瓶颈|不足|局限|缺点|困难|噪声)|过滤了",
    re.IGNORECASE,
)
LIMITS = next(facet for facet in FACETS if facet.name == "limits")
_APART = ("how", "what", "why", "benefits")  # of which nothing is told under a heading that asks for the limits


def facets_of(heading: str, topic: str) -> Sequence[Facet]:
    """The sides of a topic that a heading asks for; none where it asks for more."""
    rest = heading
    found = []
    for facet in FACETS:
        if facet.asked.search(rest):
            found.append(facet)
            rest = facet.asked.sub(" ", rest)
    return found if not telling_words(rest, topic) else ()


def telling_words(heading: str, topic: str) -> list[str]:
    """The words of a heading that say something about its subject other than its topic, in lower case, each once."""
    known = {stem(match[0]) for match in WORD.finditer(topic)}
    words = dict.fromkeys(match[0].lower() for match in WORD.finditer(heading))
    return [
        word
        for word in words
        if word not in LIGHT
        and not word.isdigit()
        and not _LIGHT_UNSPACED.fullmatch(word)
        and stem(_LIGHT_UNSPACED.sub("", word)) not in known
    ]
