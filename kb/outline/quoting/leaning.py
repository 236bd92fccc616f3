"""Whether a text leans on what stands around it in its note. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.outline.quoting import unspaced
from kb.outline.quoting.predicates import has_a_verb

_DEMONSTRATIVE = (
    r"(?:this|these|those(?! (?:that|who|whose|of|which|with|in|from|for|where|without|on)\b)|such(?! as\b| that\b))"
)
_INTRODUCING = (
    r"(?:after|although|as|at|because|before|beyond|by|despite|during|for|from|given|if|in|like|of|on|once|since|though|to|"
    r"under|unlike|until|when|where|while|with|without)"
)
_EXISTING = r"(?:is|are|was|were|has|have|had|exists?|can|may|must|might|will|would|should|seems?|remains?)"

# What begins in the middle of an argument: connectives, pronouns, and the next of several.
_BEGINS = re.compile(
    r"(?:and|or|nor|but|yet|so|then|thus|hence|therefore|however|also|too|moreover|furthermore|additionally|besides|"
    r"nevertheless|nonetheless|otherwise|similarly|likewise|conversely|meanwhile|still|again|finally|lastly|next|"
    r"secondly|thirdly|firstly|indeed|accordingly|consequently|afterwards?|later|worse|another|others?|same|instead(?! "
    r"of)|rather(?! than)|in addition|as an aside|in fact|recall (?:that|from|how|what)|in particular"
    r"|in contrast(?! to)|by contrast|for example|for instance|"
    r"as a result|as (?:such|before|above)|in (?:short|other words|summary|conclusion)|of course|that is|"
    r"on the (?:other hand|contrary)|even (?:so|then|worse|better)|more (?:importantly|generally)|to summari[sz]e|"
    r"now(?= (?:while|if|when|that|the|suppose|consider|we|you|let)\b)|usually then|back to|"
    r"to do (?:so|this|that|it)|one (?:is|was) (?:to|for|that|the|an?)|"
    r"(?:one|two|three|four|several|some|the|my) (?:\w+ )?(?:catch(?:es)?|caveats?|drawbacks?|downsides?|exceptions?|"
    r"advantages?|benefits?|consequences?|remarks?)(?=:)|"
    r"say,? (?:for (?:instance|example)|we|you|that)|(?:some|other|typical|common) examples?|suppose(?= )|"
    r"imagine(?= )|"
    r"assume (?:we|you|that)|now say|"
    r"where(?= (?:\$|[\w\\{}^_]{1,12} (?:is|are|denotes)\b))|"
    r"it|its|itself|they|them|their|he|she|his|her|here|(?:this"
    r"|these|those|that|such)|"
    r"both(?! [\w-]+ and\b)|either(?![^.;]* or\b)|neither(?! [\w-]+ nor\b)|"
    rf"there(?! {_EXISTING}\b|'s\b)|{_INTRODUCING} (?:this|that|these|those|it|its|they|their|them|such|all of)|"
    r"(?:one|some|most|many|all|none|each|any|few|several|two|three) of (?:it|its|them|their|these|those|this|which))\b"
    r"|the (?:\d+(?:st|nd|rd|th)|same|others?|second|third|fourth|fifth|latter|former|above|"
    r"following|next|previous|preceding|remaining|rest|last|"
    r"first|reverse|opposite|resulting|difference|variant|reason|catch|upshot|exception|newer|older|alternative)\b"
    r"|a (?:second|third|further|similar|related|final|better|simpler|newer)\b"
    r"|(?:e\.g|i\.e)\."
    r"|(?:overall|first|second|third|now|further|practically|together|good|nice|true|sure|okay|yes|no|right|well)[,:]",
    re.IGNORECASE,
)
_NOT_JOINED = r"(?:(?!\band\b)[^,;:.()—–])*"  # a clause so far, without a second one
# References to something that the same clause has not named yet.
_IN_FIRST_CLAUSE = re.compile(
    rf"[^,;:.()—–]*(?<!-)\b{_DEMONSTRATIVE}\b|[^,;:.()—–]{{1,40}}, {_DEMONSTRATIVE}\b"
    r"|[^,;:.()—–]*\b(?:of|by|for|with|at|on|from|to|into) that \w+\b|[^,;:.()—–]*\bin that \w+[,;:.]"
    rf"|{_INTRODUCING}\b[^,;:]*\bthat (?:is|was|gives|means|makes|leaves|takes|costs|comes|works)\b"
    r"|(?:on|in|with|at|for|by)\b[^,;:]*\b\w+s that \w+(?<![su])s\b"
    r"|(?:(?:i|we|you|people|they) )?(?:(?:can|could) )?"
    r"(?!how\b)[\w'’]+ it\b(?! as\b|['’]s\b| (?:is|was|has|would|may|might)\b| \w+ to\b)"
    r"|think of (?:it|them) as\b|\w+ing (?:it\b|them\b|that (?:wrong|right|well|badly)\b)"
    r"|(?:i|we) (?:\w+ )?(?:read|take|took|see|saw|understand|interpret|regard|treat|count) (?:that|them|it) as\b"
    rf"|{_NOT_JOINED}\b(?:is|are|was|were|can|must|should|will|may|might|we|you|i|one) (?:therefore|thus|hence)\b"
    r"|(?:we|you|i|one) (?:may |can |could |might |will )?(?:also|then|now)\b"
    rf"|{_NOT_JOINED}\b(?:trains?|uses?|runs?|updates?|replaces?|removes?|solves?|reduces?|increases?|computes?|"
    r"applies|apply|builds?|fills?|trained|used) that \w+(?=$|[,;:.]| (?:on|to|with|for|in|by|from|into|as|and)\b)"
    r"|the originals? (?:is|are|was|were|has|had|uses?|used|needs?|needed|only)\b"
    r"|[^,;:.()—–]*\b(?:of|for|to|in|with|by|at|on|from|than|like|does|do|did) that[,;:.]"
    r"|[^,;:.()—–]*\b(?:all|both|each|any|none|most|some) of them\b"
    rf"|{_NOT_JOINED}\b(?:combines?|uses?|needs?|gives?|has|have|offers?|merges?|supports?|does|do) both"
    r"(?=$|[,;:.]| (?:for|in|into|to|at|by)\b)"
    r"|(?:trained|built|based|deployed|designed|tested|launched|used|run) [^,;:.]{3,90}, (?:it|they|he|she)\b"
    rf"|{_NOT_JOINED}\b(?:avoid|solve|fixe?|settle|address|addresse|remove|sidestep|ease|handle|escape|face|resolve|hide)"
    r"(?:s|d|ed)? the (?:matter|issue|problem|question|difficulty|trouble|danger|cost)s?(?:[.,;:]|$)"
    r"|[^,;:.()—–]*\bthe (?:first|second|third|other|last) (?:term|case|option|one|approach|method|step|component)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2}")
_ASIDE = re.compile(r" \([^()]*\)")
_SPOKEN = re.compile(r"[\"“][^\"“”]*[\"”]")  # of which what it refers to is not in the note
# What a symbol of a formula stands for.
_SYMBOL = re.compile(
    r"(?!\${1,2}[^$]*(?:[=<>≈≥≤]|\\(?:approx|geq?|leq?)\b))\${1,2}[^$]+\${1,2}"
    r"(?: (?:is|are|denotes?|represents?|stands? for) (?:the|an?)\b|(?:\s*[:=→]|\s(?:[-—–]|->)\s)\s*[^\W\d])"
)
_PLACE = re.compile(
    r"\bhere\b|\bthis one\b|\bthere(?=[,;:.)]|$)|\bthe (?:former|latter|above)\b|\bthe (?:first|second) two\b", re.I
)
_BARE_PRONOUN = re.compile(rf"(?P<introduction>{_INTRODUCING}\b[^,;:]*), (?P<pronoun>it|they|he|she)\b", re.IGNORECASE)
_PLURAL = re.compile(r"\b(?!as\b|is\b|was\b|has\b|this\b|versus\b|vs\b)[^\W\d]+(?<![sui])s\b")
_SEVERAL = re.compile(
    r"\b(?:and|two|three|several|many|both|people|data|criteria|media|phenomena|children|vertices|indices)\b",
    re.IGNORECASE,
)
_THEM = re.compile(r" them\b")
_PREPOSED = re.compile(r"(?:in (?:practice|theory|general|short|fact|principle|effect|total)|to \w+)\b", re.IGNORECASE)

_OPEN_END = re.compile(
    r"(?:[:;,—–-]|\.\.\.|…)$"
    r"|\b(?:a|an|the|of|in|on|to|for|and|or|but|with|by|from|at|as|that|which|than|using|via|see|between|into|such|"
    r"its|their|our|"
    r"e\.g|i\.e|is|are|was|were|pp|vol|eds?)\W*$"
    r"|\b(?:as follows|(?:the|these) following|following (?:is|are|code|table|figure|example|snippet))\b|^following\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(?:if|when|whenever|since|because|although|whereas|while|whether)\b", re.IGNORECASE)
# How a part of a sentence goes on with the clause before it, and is no clause of its own: ", which is", ", and can".
_GOES_ON = re.compile(r"(?:and|or|nor|which|who|whose|such as|e\.g|i\.e|etc)\b", re.IGNORECASE)
# A verb of showing without what is shown, but for "as the tables show".
_SHOWING = re.compile(
    r"^(?!.*\bas\b[^,;:]*$).*\b(?:shows?|showed|suggests?|indicates?|demonstrates?|reveals?|claims?|argues?|states?)$",
    re.IGNORECASE | re.DOTALL,
)
_PURPOSE = re.compile(r"(?:(?:in order )?to [a-z]+|for [a-z]+ing) (?P<rest>[^,;:—–]*)$", re.IGNORECASE)

# What a purpose says somebody or something will be able to do, or is: "to find a server which is idle".
_ABLE = re.compile(r"\b(?:can|could|will|may|might)(?: be)? \w+|\b(?:which|who|where) \w+ \w+", re.I)
# What is said of something that only the line above or the heading names: "Better than BLEU for short answers".
_PREDICATE = re.compile(
    r"(?:(?:more|less|most|very|quite|also|only|not|often) )?(?:useful|better|worse|faster|slower|cheaper|critical|"
    r"crucial|good|great|bad|easy|easier|hard|harder|difficult|ideal|best|similar|suitable|helpful|important|necessary|"
    r"required|prone|able|unable|likely|applicable|available|robust|sensitive|limited|capable|responsible|used|"
    r"designed|"
    r"intended|meant|recommended|suggested|preferred|known|possible|impossible|expensive|simple|simpler) "
    r"(?:when|than|for|to|in|as|at|on|with|by|of|from|if|because|since)\b"
    r"(?:[^,:—–]*|[^,;:—–]*, (?:but|and|or|so|which|as|since|because|e\.g)\b.*)$",
    re.IGNORECASE,
)

# The end of a clause that says nothing without the formula after it.
_ANNOUNCES_FORMULA = re.compile(
    r"\b(?:be|becomes?|became|gives?|reads?|equals?|have|has|get|obtain|write|written|computed?|calculated?|defined?|"
    r"given|"
    r"expressed?|formulated|minimi[sz]es?|maximi[sz]es?|optimi[sz]es?|then|follows|formula|equation|expression|form|"
    r"objective|function|loss|definition|rule|if|where|when|thus|so|this|that|these|it|them)$",
    re.IGNORECASE,
)

_ABOUT_THE_TEXT = re.compile(
    r"\b(?:this|these|my|our|the (?:present|current)|earlier|previous|next|last|following) "
    r"(?:notes?|posts?|sections?|chapters?|articles?|papers?|tutorials?|lectures?|pages?|videos?|notebooks?|blogs?|"
    r"guides?|courses?|class|units?|modules?|lessons?|books?|surveys?|series|summary|lists?|parts?|works?|examples?"
    r"|figures?|tables?|snippets?|code)\b"
    r"|\bthis [\w-]+ examples?\b|\bthe (?:[\w-]+ ){1,3}example (?:demonstrates|shows|illustrates|highlights)\b"
    r"|\byou(?:'ll|’ll| will) (?:learn|implement|explore|complete|experiment)\b"
    r"|\bthe (?:goal|aim|purpose|objective|point) of (?:the|this|our) (?:review|exercise|paper|study|talk|session|"
    r"post|assignment|homework|lab|tutorial|course|demo|workshop)\b"
    r"|\b(?:my|our) (?:[\w-]+ ){1,3}(?:course|class|workshop|newsletter|podcast|webinar|tutorial|bootcamp)\b"
    r"|\b(?:great|good|perfect|ideal|best|easiest|nice) (?:(?:place|way|point) )?(?:to|for) "
    r"(?:get(?:ting)? started|start|begin)\b"
    r"|\bthe (?:visuals?|images?|pictures?|diagrams?|screenshots?|plots?|charts?|slides?|illustrations?|animations?) "
    r"(?:shows?|suggests?|illustrates?|depicts?|indicates?|demonstrates?|makes?)\b"
    r"|\bthe tables? (?:shows?|separates|lists|summari[sz]es) (?:what|how|which|the|all|each|where)\b"
    r"|\.ipynb\b|\bin notebook\b"
    r"|\bin (?:his|her|their|my|our) (?:talk|presentation|keynote|lecture|session|interview|slides?)\b"
    r"|\b(?:we|i) (?:hosted|interviewed|introduced|motivated|reviewed|covered)\b|\bforeshadowing\b"
    r"|\b(?:his|her|their) (?:talk|presentation) (?:\w+ )?(?:explains|covers|shows|introduces|argues)\b"
    r"|\b(?:is due|due date|extra credit|office hours)\b|^(?:update|edit|note to self) \("
    r"|\b(?:items?|points?|steps?|numbers?|types?|cases?) \d\b(?!\s*[:.])|\bsteps \d\.? (?:to|and|or|-|–) \d"
    r"|\b(?:in|on|of|after|before) (?:the )?steps? [1-9]\b(?!,?\d)"
    r"|\b(?:one|two|three) (?:notes?|papers?)(?:,|\s+filed)"
    r"|\bfiled (?:as|under|together|here)\b|\bre-?read(?:ing)?\b"
    r"|\b(?:fig(?:ure)?s?|tables?|eqs?|equations?|algorithms?|listings?|appendix|sections?|sec|chapters?)\b\.?\s*"
    r"\(?(?:\d|(?<=[ (])(?-i:[A-Z])\b)"
    r"|\b(?:see|shown?|listed|described|discussed|mentioned|given|depicted|illustrated|defined|seen|figure|table|code|"
    r"diagram|image|plot|example|snippet)s? (?:above|below|here)\b|\b(?:above|below)(?:[.,;:]|$)|\babove-mentioned\b"
    r"|\bthe above\b|^below\b|\bthe figure\b"
    r"|^as (?:described|discussed|explained|mentioned|noted|shown|seen|introduced|defined|stated|outlined|said)\b"
    r"|^for (?:more|further|additional|detailed)\b[^.]*\b(?:see|check|refer|read|visit|consult|look)\b"
    r"|^for [^,.]{3,60}(?<!\bto) (?:see|refer to|consult)\b"
    r"|\b(?:as|what) (?:we|i|you) (?:saw|have seen|'ve seen|already|discussed|mentioned|said|can see)\b|\bwe(?:'ll"
    r"| will) (?:see|"
    r"look|cover|discuss|learn|explore|use|go|start|now|also)\b|\blet(?:'s|’s| us| me)\b|^(?:reading|see|cf|via"
    r"|compare|"
    r"related|source|credit|link|note)s?\b[:. ]|\bcode (?:snippet|below|above)\b|https?://"
    r"|\b(?:click|scroll)(?:ing)? (?:on|here|the|to|down|up|your)\b|\b(?:of|in) what follows\b"
    r"|^(?:a|q|answer|question|todo|edit|update|summary of)\b\s*[:\d]|^summary of\b|\bthe (?:article|video)s?\b"
    r"|[\"”],? (?:\(?\w+ )?\(?(?:19|20)\d\d\)?\.?$|\[(?:arxiv|pdf|code|paper|link|video|blog|slides|website|project|"
    r"demo|\.\.\.|…)\]",
    re.IGNORECASE,
)
_RESIDUE = re.compile(
    r"(?-i:\b[a-z]{2,}- (?!and\b|or\b|to\b)[a-z]{2,}|^\d{1,2} [A-Z-]{5,}\b|^\d{1,2}[A-Z][a-z]|"
    r"^\d+\.\d+ [A-Z][a-z]+ [A-Z])|"
    r"(?<![\w:]):[a-z][a-z0-9_+-]+:(?!\w)|"
    r"[\u2500-\u257f\u2705\u274c\u2714\u2716\u2610-\u2612]|"
    r"[{}]{2}|\]\(|\[\^|<[a-z/!]|^[\W\d]*$|\|.*\||\\(?:begin|end|tag|label)\b|:::|^(?:!!!|\?\?\?) ?\w|^\W*\[wip\]",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"\${1,2}[^$]*\${1,2}|\\\(.*?\\\)")
_RAW_LATEX = re.compile(r"\\[A-Za-z]+\{")
_NAME_IN_LOWER_CASE = re.compile(r"[a-z]+[A-Z\d]|[a-z]-[A-Z]?[a-z]")
_DIGIT_COMMA = re.compile(r"(?<=\d),(?=\d)")
_MEANS = re.compile(r"(?:by|without|through|via|instead of|after|before|while) \w+ing\b(?P<rest>.*)", re.IGNORECASE)
_ITEM_NUMBER = re.compile(r"\s\(?(\d{1,2})[.)]$")
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"))


def leans_back(text: str) -> bool:
    """Whether a text begins with a reference to what precedes it, or in the middle of a sentence."""
    start = text.lstrip("\"'“‘*_(")
    if unspaced.leans(text):
        return True
    if not start or (start[0].islower() and not _NAME_IN_LOWER_CASE.match(start)):
        return True
    clause = _first_clause(text)
    if (
        _BEGINS.match(start)
        or _IN_FIRST_CLAUSE.match(clause)
        or _PLACE.search(clause)
        or _SYMBOL.match(text)
        or text[0] in "(—–,;"
    ):
        return True
    # "With the 2016 index, they ask": nothing in the introduction can be meant
    opening = _BARE_PRONOUN.match(start)
    if opening is None:
        return False
    introduced = opening["introduction"]
    plural = opening["pronoun"].lower() == "they"
    return bool(_PREPOSED.match(introduced)) or (plural and not _PLURAL.search(introduced))


def _first_clause(text: str) -> str:
    """The first sentence of a text, without what stands in brackets or quotation marks."""
    own = _SPOKEN.sub("“”", text).lstrip("\"'“‘*_(")
    return _ASIDE.sub("", _DIGIT_COMMA.sub("", re.split(r"(?<=[\w)])[.!?]\s", own, maxsplit=1)[0]))


def lacks_subject(text: str) -> bool:
    """Whether a text is what is said of something that stands before it, or speaks of "them" before it has a word in
    the plural.
    """
    before, *after = _THEM.split(_first_clause(text), maxsplit=1)
    named = before.rpartition(" ")[0]  # without the verb: "combines them"
    return bool(_PREDICATE.match(text)) or (bool(after) and not (_PLURAL.search(named) or _SEVERAL.search(named)))


def is_before_an_item(text: str, others: Sequence[str]) -> bool:
    """Whether a text ends with the number of a list's item that follows it in its line: "There are two kinds: 1.", or
    "The gate 2.", where another text of the same paragraph ends with the number before or after.
    """
    number = _ITEM_NUMBER.search(text)
    if number is None:
        return False
    found = {int(match[1]) for match in map(_ITEM_NUMBER.search, others) if match}
    own = int(number[1])
    return text[: number.start()].endswith(":") or bool({own - 1, own + 1} & found)


def is_cut(text: str) -> bool:
    """Whether a text ends before what it announces, or lacks its main clause or half of a pair of brackets."""
    unpaired = any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS) or text.count('"') % 2
    purpose = _PURPOSE.match(text)
    means = _MEANS.match(text)
    is_alone = (
        (_CLAUSE.match(text) and not _has_a_main_clause(text))
        or (purpose and not has_a_verb(_ABLE.sub("", purpose["rest"])))
        or (means and not has_a_verb(means["rest"]))
    )
    return bool(_OPEN_END.search(text) or _SHOWING.match(text) or is_alone or unpaired or unspaced.is_open(text))


def _has_a_main_clause(text: str) -> bool:
    """Whether a sentence that begins with a subordinate clause has more than what goes on with that."""
    parts = [part.strip() for part in re.split(r"[,;:—–]", _ASIDE.sub("", text))[1:]]
    return any((_WORD.search(part) or "$" in part) and not _GOES_ON.match(part) for part in parts)


def says_it_before_its_formula(text: str) -> bool:
    """Whether a clause that a displayed formula follows is a claim also without it."""
    return has_a_verb(text) and not _ANNOUNCES_FORMULA.search(text)


def talks_of_the_text(text: str) -> bool:
    """Whether a text is about the note, paper or page that it stands in, points at a figure, or is left-over markup."""
    said = _FORMULA.sub("x", text)
    is_left_over = _RESIDUE.search(said) or _RAW_LATEX.search(said)
    return bool(_ABOUT_THE_TEXT.search(text) or is_left_over or unspaced.is_of_the_text(text))
