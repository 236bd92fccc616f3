"""The rules by which a point of an outline can be read without its note. Pure.

They are stricter than those by which points are chosen, and share no pattern with them, so that they can measure the
choice. A point breaks a rule where a reader who sees only its label and its text would have to look something up.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MIN_WORDS = 5
MIN_BEFORE_PRONOUN = 2  # words with a meaning of their own that come before a pronoun in the middle of a text
LETTERS_OF_A_WORD = 2  # of Chinese, Japanese and Korean, on average
MAX_SYMBOLS = 0.25  # the share of characters that are neither letters, digits nor spaces, outside formulas

_SMALL_WORDS = """
a an the of in on to for and or but with by from at as that which is are was were be been do does did how what why when
where who not no into over under than then if while once since because so very more most less only just also can could
may might must should will would has have had getting making doing using before after without despite given versus vs
per about roughly up full practice theory general principle fact short every each all some any
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_FORMULA = re.compile(r"\$[^$]*\$|`[^`]*`")
_CLAUSE = re.compile(r"[,;:.()—–?!]\s|[,;:.()—–?!]$")
_SENTENCE = re.compile(r"(?<=[\w)\]\"'”])[.!?]+[\"'”)]*\s+(?=[\"'“(\[$*`]*[A-Z\d])")

_CONNECTIVE = re.compile(
    r"(?:and|or|nor|but|yet|so|then|thus|hence|therefore|however|also|moreover|furthermore|additionally|besides|"
    r"nevertheless|nonetheless|otherwise|similarly|likewise|conversely|meanwhile|still|again|finally|lastly|next|"
    r"indeed|accordingly|consequently|afterwards?|instead(?! of)|rather(?! than)|"
    r"in (?:addition|particular|short|summary|conclusion|other words|turn)|in contrast(?! to)"
    r"|by contrast|"
    r"for (?:example|instance)|as (?:such|a result|a consequence|before|above)|on the (?:other hand|contrary)|"
    r"of course|even (?:so|then|worse|better)|overall|to (?:this|that) end)\b"
    r"|(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|that is|worse|better|good|well|now|yes|no|right|sure),",
    re.IGNORECASE,
)
_POINTING_START = re.compile(
    r"(?:it|its|itself|they|them|their|theirs|he|she|his|her|this|that|these|those(?! (?:who|that|of|with)\b)|such"
    r"|here|"
    r"there(?!(?: is| are| was| were| has| have| exists?| can| may| must| will| seems?|'s|’s)\b)|both(?! [\w-]+ and\b)|"
    r"either(?![^.;]* or\b)|neither(?! [\w-]+ nor\b)|another|others?|same|the (?:same|others?|second|third|former"
    r"|latter|"
    r"above|following|next|previous|preceding|remaining|rest|last|reverse|opposite|resulting|difference|alternative"
    r"|newer|"
    r"older|variant)|an? (?:second|third|further|similar|related|simpler|better|newer)|(?:one|two|three|some|most|many|"
    r"all|none|any|each|few|several) of (?:it|them|these|those|this|which|their|its))\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|they|them|their|its|he|she)\b", re.IGNORECASE)
_DEMONSTRATIVE = re.compile(
    r"(?<!-)\b(?:this|these|those(?! (?:that|who|whose|of|which|with|in|from|for|where|without|on)\b)|"
    r"such(?! as\b| that\b)|(?:of|by|for|with|at|on|from|to|like|than) that\b(?= \w+ (?:is|are|has|can)\b|[,;:.]))\b",
    re.IGNORECASE,
)
_THAT_IS = re.compile(
    r"(?:at|with|for|in|on|from|by|after|without)\b(?:[^,;:]|,(?=\d))*\bthat (?:is|was|gives|means|makes|costs"
    r"|takes|leaves)"
    r"\b|\w+ing that (?:wrong|right|well|badly)\b",
    re.IGNORECASE,
)
_ADVERB_OF_PLACE = re.compile(
    r"\bhere\b(?! and there)|\bthere(?=[,;:.)]|$)|\bthe (?:former|latter|above)\b", re.IGNORECASE
)
_ORDINAL = re.compile(
    r"\bthe (?:first|second|third|other)(?: (?:one|two|three|is|are|was|makes?|has|does))?\s*(?:[,;.]|\b"
    r"(?:and|but|is|are|makes?|has)\b)",
    re.IGNORECASE,
)
_OF_THE_TEXT = re.compile(
    r"\b(?:this|these|my|the (?:present|current|previous|next|last|following)|earlier|previous) (?:notes?|posts?|"
    r"sections?|chapters?|articles?|papers?|tutorials?|lectures?|pages?|videos?|notebooks?|guides?|courses?|surveys?|"
    r"summary|lists?|examples?|works?|series|books?)\b|\b(?:one|two|three|several) (?:notes?|papers?)(?:,| filed)|"
    r"\bfiled (?:as|under|together|here)\b|\bre-?read(?:ing)?\b|\blet(?:'s|’s| us| me)\b|\bwe(?:'ll|’ll| will"
    r"| have seen|"
    r" saw)\b|\b(?:as|what) (?:we|i|you) (?:saw|discussed|mentioned|said|can see)\b|^(?:see|cf|via|compare|related|"
    r"reading|source|credit|link|note|todo|answer|question)\b\s*[:. ]|^[aq]\s*:|\bthe (?:article|video)s?\b"
    r"|^summary of\b|^below we\b|^recall (?:that|from)\b|^for (?:more|further) (?:\w+ )*(?:information|details?)\b"
    r"|^as \w+ (?:in|by) (?:the|our|an?) (?:introduction|beginning|previous|last|first|earlier|intro)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\b(?:fig(?:ure)?s?|tables?|eqs?|equations?|algorithms?|listings?|sections?|chapters?|appendix)\.?\s*\(?(?:\d"
    r"|(?<=[ (])(?-i:[A-Z])\b)"
    r"|\b(?:this|see) (?:figure|plot|diagram|chart|screenshot|image|picture|table|snippet|code)\b|\bthe (?:figure|plot|"
    r"diagram|screenshot|snippet)\b|"
    r"\b(?:below|above)(?=[.,;:)]|$)|\b(?:shown|listed|see|described|mentioned|discussed) (?:below|above|here)\b|"
    r"\bcode snippet\b|\((?:left|right|top|bottom)\)",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"\bas follows\b|\b(?:the|these|this|is|are) following\b|^following\b|\bsuch as:?$", re.IGNORECASE
)
_LAST_WORD = re.compile(
    r"\b(?:a|an|the|of|in|on|to|for|and|or|but|with|by|from|as|that|which|than|using|via|see|between|into|such|its|their|our|is"
    r"|are)$",
    re.IGNORECASE,
)
_NUMBER_ALONE = re.compile(r"[:;] +\(?\d{1,2}[.)]?$")  # of an item that follows
_MARKUP = re.compile(
    r"\]\(|\[\^|\[\[|[{}]{2}|</?[a-z][^<>]*>|\|.*\||\\(?:begin|end|tag|label)\b|:::|https?://|^#|\*\*", re.I
)
_SUBORDINATE = re.compile(
    r"(?:if|when|whenever|since|because|although|whereas|while|whether)\b[^,;:—–]*$", re.IGNORECASE
)
_UNNAMED = re.compile(
    r"(?:the|our|their) (?:papers?|authors?|models?|method|approach|architecture|algorithm|idea|trick|contribution|"
    r"experiments?|results?|problem|loss|objective|layer|network|system|framework|technique|procedure|tool|library"
    r"|dataset|"
    r"benchmark|task|goal|claim|thesis|answer|reason|point|solution)\b(?! (?:of|for|that|which|behind|in|with|to"
    r"|from|by)\b)"
    r"|we\b|(?:costs|needs|uses|replaces|combines|requires|gives|takes|makes|adds|splits|improves|reduces|keeps|"
    r"allows|provides|supports|outperforms|achieves|introduces|proposes|presents|shows|generates) (?!and\b)",
    re.IGNORECASE,
)


_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_WIDE_CONNECTIVE = re.compile(
    r"(?:但是|但|然而|不过|因此|所以|因而|此外|另外|同时|同样|其次|最后|首先|然后|接着|例如|比如|总之|换句话说|也就是说|相反|"
    r"しかし|また(?!は)|そのため|したがって|さらに|一方|例えば|つまり|なお|그러나|하지만|따라서|그리고|또한|예를 들어)"
)
_WIDE_POINTING = re.compile(
    r"(?:这|该|此|它|其(?![他余])|前者|后者|上述|以上|以下|上图|下图|"
    r"これ|それ|この|その|ここ|そこ|上記|以下|이는|이것|이러한|이 |그것|그 |위의)"
)
_WIDE_END = re.compile(r"[：；，、]$")
_AUTHORS = re.compile(r"\b(?:the|its|their) authors?\b", re.IGNORECASE)


def faults(text: str, label: str = "") -> list[str]:
    """The names of the rules that a point breaks; none if it can be read on its own under its label."""
    plain = " ".join(_FORMULA.sub("X", text).split())
    return [name for name, broken in _RULES.items() if broken(plain, label)]


def _starts_in_lower_case(text: str, label: str) -> bool:
    first = text.lstrip("\"'“‘*_([").split(" ")[0]
    return first[:1].islower() and not re.search(r"[A-Z\d]|^[a-z]-", first)


def _is_short(text: str, label: str) -> bool:
    return len(text.split()) + len(_WIDE.findall(text)) // LETTERS_OF_A_WORD < MIN_WORDS


def _points_back(text: str, label: str) -> bool:
    """A pronoun or demonstrative without something before it that it can mean."""
    start = text.lstrip("\"'“‘*_([「『（")
    first = _SENTENCE.split(start)[0]
    if (
        _POINTING_START.match(start)
        or _WIDE_POINTING.match(start)
        or _THAT_IS.match(first)
        or _ADVERB_OF_PLACE.search(first)
        or _ORDINAL.search(first)
    ):
        return True
    clause = _CLAUSE.split(first)[0]
    if _DEMONSTRATIVE.search(clause):
        return True
    pronoun = _PRONOUN.search(first)
    return pronoun is not None and _meaningful(first[: pronoun.start()]) < MIN_BEFORE_PRONOUN - bool(label)


def _meaningful(text: str) -> int:
    return sum(word.casefold() not in _SMALL for word in _WORD.findall(text))


def _is_cut(text: str, label: str) -> bool:
    ends = text.rstrip("\"'”’)*_` ")
    unpaired = (
        any(text.count(one) != text.count(other) for one, other in ("()", "[]", "“”", "（）", "「」"))
        or text.count('"') % 2 == 1
    )
    return bool(
        _WIDE_END.search(ends)
        or ends.endswith((":", ";", ",", "—", "–", "…", "..."))
        or _NUMBER_ALONE.search(ends)
        or _LAST_WORD.search(ends.rstrip("."))
        or unpaired
    )


def _lacks_its_subject(text: str, label: str) -> bool:
    """A model, paper or method that only the note's title names."""
    return not label and bool(_UNNAMED.match(text) or _AUTHORS.search(text))


def _is_no_prose(text: str, label: str) -> bool:
    symbols = sum(not (character.isalnum() or character.isspace()) for character in text)
    return bool(_MARKUP.search(text)) or symbols > MAX_SYMBOLS * max(len(text), 1)


_RULES: dict[str, Callable[[str, str], bool]] = {
    "lower-case start": _starts_in_lower_case,
    "too short": _is_short,
    "connective": lambda text, label: any(
        pattern.match(text.lstrip("\"'“‘*_([「『（")) for pattern in (_CONNECTIVE, _WIDE_CONNECTIVE)
    ),
    "reference back": _points_back,
    "cut off": _is_cut,
    "lead-in": lambda text, label: bool(_LEAD_IN.search(text)),
    "subordinate clause": lambda text, label: bool(_SUBORDINATE.match(text)),
    "about the text": lambda text, label: bool(_OF_THE_TEXT.search(text)),
    "figure": lambda text, label: bool(_FIGURE.search(text)),
    "question": lambda text, label: text.rstrip("\"'”’)」 ").endswith(("?", "？")),
    "subject unnamed": _lacks_its_subject,
    "no prose": _is_no_prose,
}
