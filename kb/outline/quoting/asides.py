"""What notes say beside their subject: housekeeping, invitations, announcements, bibliography, praise. Pure."""

from __future__ import annotations

import re

from kb.outline.quoting.instructions import instructs
from kb.outline.quoting.predicates import is_in_title_case

MAX_WORDS_OF_PRAISE = 14  # a longer sentence that calls something important also says why

# What a course, a site or its author asks of the reader, promises, or thanks for.
_HOUSEKEEPING = re.compile(
    r"\bplease\b|\b(?:check(?:ing)? out|take a look at|have a look at|feel free to|don[’']t forget|stay tuned|"
    r"sign(?:ing)? up (?:for|here|at)|subscribe to (?:my|our|the)|drop (?:us|me)|reach out to|contact (?:us|me)|"
    r"e-?mail (?:us|me)|congratulations|good luck|happy (?:coding|learning|reading)|try it (?:out|yourself)|"
    r"give it a try|play(?:ing)? around|(?:update|maintain)s? (?:the|this|our) (?:list|repo\w*|page|site|collection)|"
    r"coming soon|under construction|work[- ]in[- ]progress|command palette|early[- ]access|last updated|"
    r"any questions|thank you|promo(?:tional)? code|at a discount|"
    r"discount code|coupon|enrol+(?:ment)?|quizzes|"
    r"(?:prs?|pull requests?|contributions?) (?:are |is )?welcome|midterm|final exam|syllabus|"
    r"(?:programming|homework|this week's) assignments?|my (?:github|youtube|channel)|"
    r"appreciate (?:an?|any|your) (?:\w+ )?(?:reviews?|feedback|support)|(?:my|our) (?:[\w-]+ ){0,3}book|"
    r"the book (?:is|will)|our (?:students|academy|community|discord|slack|courses?)|"
    r"join (?:us|our|the (?:course|community|discord|slack))|(?:star|fork|clone) (?:this|the|my|our) repo\w*|"
    r"as an exercise|exercise for the reader)\b"
    r"|^(?:(?:special |many |big |huge )?thanks? (?:to|for|you)|kudos to|credits? to|shout-?out|welcome (?:to|back)|"
    r"i hope|we hope|hope (?:you|this)|enjoy (?:the|this|reading)|happy to|"
    r"(?:paper|authors?|title|venue|year|published(?: in)?|(?:primary |original )?links?|url)(?=: )|"
    r"use (?:the |my |our )?code (?-i:[A-Z]{3,}\d*)|(?:get|save) (?:an? )?(?:extra |additional )?\d+ ?% off (?:the "
    r"(?:[\w-]+ )?(?:edition|book|course|ticket)|all|your))\b",
    re.IGNORECASE,
)
# What only tells what another text or a collection has, or where it is.
_POINTING = re.compile(
    r"\b(?:curated|awesome|reading) (?:list|collection|note|notebook)s?\b"
    r"|^(?:an? |my |the )?(?:\w+ )?(?:collection|repository|repo|set) of (?:[\w/-]+ ){0,2}"
    r"(?:notes|notebooks|resources|links|papers|scripts)\b"
    r"|^(?:created|generated|updated|added|ingested|removed|renamed|moved|uploaded) (?:(?:an?|the|new) )?"
    r"(?:[\w-]+ ){0,2}(?:pages?|notes?|catalog|entr(?:y|ies)|files?|folders?|sections?|links?|index)\b"
    r"|^to (?:read|learn|know|find out|see) more\b"
    r"|\b(?:you|one) can (?:read|learn|find)(?: out)? more\b"
    r"|\bread more (?:about|on|here)\b"
    r"|\bavailable in (?:both )?(?:English|Chinese|Korean|Japanese|Spanish|French|German)\b"
    r"|(?:^|, )(?:refer to|consult) |\bwe saw\b"
    r"|\bin the (?:[\w-]+ ){1,4}(?:section|chapter|lecture)\b"
    r"|\bin (?:an?|the|our|my) (?:upcoming|next|following|later|previous|earlier|separate) "
    r"(?:sections?|chapters?|posts?|parts?|articles?|lectures?|notebooks?|guides?|tutorials?|notes?|videos?|lessons?)\b"
    r"|\b(?:first|second|last|later) (?:part|half) of (?:the|this) \w+"
    r"|\b(?:i|we|would) (?:highly |strongly )?(?:recommend|suggest|encourage) (?:(?:that )?(?:you|users?|readers?) )?"
    r"(?:to )?(?:read|watch|check|keep|look|go|try|visit|having)\w*"
    r"|^(?:the|an?) (?:paper|article|post|talk) (?:to hand|to recommend|i (?:recommend|hand|send|give))\b"
    r"|\bmost interesting (?:sections?|parts?|chapters?) (?:is|are)\b"
    r"|\b(?:great|good|nice|excellent|useful|helpful|wonderful|amazing|must)[ -](?:\w+ )?(?:articles?|posts?|blogs?|"
    r"talks?|videos?|papers?|books?|read|tutorials?|resources?|explanations?|introductions?|overviews?|watch)\b"
    r"|\b(?:is|are|be|were|was) (?:also |now |publicly |freely |all )*(?:available|found|downloaded|accessed)"
    r"(?: (?:at|on|from|here|via) |[.!]?$)"
    r"|\b(?:tutorials?|workshop|course|lectures?|colab|webinar|bootcamp|guide|chapter|section|"
    r"(?:the|this|each) (?:talk|blog|post|article|video)) (?:will|is going to|covers?|aims? to|introduces?|walks?|"
    r"focuses|assumes?|teach(?:es)?|explores?|discusses|describes?|explains?|dives?|concludes?)\b"
    r"|^the (?:paper|survey|study|authors?) (?:(?:also|first|then|further) )?(?:provides? an? (?:\w+ )?(?:overview|"
    r"survey|review)|(?:discuss(?:es|ed)?|cover(?:s|ed)?|review(?:s|ed)?|explore[sd]?) (?:also )?(?:other|important|"
    r"several|various|many|different|recent|some|the (?:current|recent|latest|state|field|landscape|literature|topic)|"
    r"an? (?:range|variety|number|lot)))\b"
    r"|^the authors? (?:is|are|was|were) (?:motivated|interested|inspired) (?:to|in|by)\b"
    r"|\bdeep[- ]diving into\b|\b(?:deep[- ]dive|walk-?through|hands-on) (?:on|into|of|through|tutorial|example|"
    r"session|guide|experience)\b|\b(?:walk|guide|take)s? (?:you|the (?:reader|audience)) through\b"
    r"|^(?:covers|topics? (?:covered|include)|contents? (?:include|of)|table of|list of|links? to|pointers? to|"
    r"slides?|learn (?:how|to|about|more)|find out|discover (?:how|why)|understand how|get(?:ting)? started)\b"
    r"|^(?:[\w-]+ ){0,3}(?:summaries|notes|write-?ups|reviews|highlights) (?:of|on|from) "
    r"|^based on [^,.;]*['’]s? (?:\w+ )?(?:articles?|papers?|posts?|books?|talks?|lectures?|videos?)\b"
    r"|\bsource: ?arxiv|, see (?:the|our|my) (?:[\w-]+ ){0,3}(?:page|note|post|article|section|chapter|guide)s?\b"
    r"|^(?:an? |the )?(?:(?:brief|short|quick|gentle|comprehensive|visual|complete|practical|detailed) )*"
    r"(?:introduction|intro|guide|tutorial|walkthrough|primer|notes) (?:of|to|on|for)\b"
    r"|^(?:tools?: )?[\w./-]+\.(?:py|sh|ipynb|md|ya?ml|json|cu|cpp)\b"
    r"|\b(?:we|you|one) can (?:see|observe|notice)\b|\bhere (?:are|is) (?:some|a few|the|an?)\b"
    r"|\b(?:you|we)(?:'ll| will| may| might)? (?:notice|see|observe) (?:that|how)\b"
    r"|\b(?:paper|article|post|book|blog|docs?|documentation|github|repo(?:sitory)?|website) for "
    r"(?:more|further|the|all) (?:details?|information|full)\b",
    re.IGNORECASE,
)
# What announces statements and makes none.
_ANNOUNCING = re.compile(
    r"\bbelow (?:are|is)\b|^any ?ways?\b|^(?:the )?following (?:are|is)\b"
    r"|^there (?:are|exist|have been) (?:(?:[\w-]+ )?(?:two|three|four|five|six|seven|eight|nine|ten|\d+|several|many|"
    r"various|multiple|different|numerous|a (?:few|number|lot|variety) of)) (?:[\w-]+ ){0,3}?"
    r"(?:types?|kinds|ways|components|steps|categories|approaches|methods|techniques|reasons|parts|challenges|stages|"
    r"phases|families|options|variants|factors|aspects|strategies|things|tasks|problems|models|tools|frameworks)\b"
    r"[^,;:—]{0,60}\.?$"
    r"|\b(?:until now|so far|up to now),? (?:we|i)\b"
    r"|\bwe(?:[’']ve| have) (?:\w+ )?(?:discussed|covered|looked at|talked about)\b"
    r"|\bi (?:just |only )?wrote (?:down|up)\b|\b(?:you|one) can refer to\b"
    r"|^the (?:aim|goal|purpose|point) is (?:\w+ )?to (?:give|provide|present|summari[sz]e|collect|outline) "
    r"(?:an?|the) (?:\w+ )?(?:summary|overview|introduction|list|collection|survey|idea|intuition|feel)\b"
    r"|\bif you(?:[’']re| are) (?:interested|curious|looking)\b"
    r"|\byou (?:might|may|could|will) (?:also )?(?:like|enjoy) ",
    re.IGNORECASE,
)
# "Popular models include A, B and C."
_LISTING = re.compile(r"(?:\S+ ){1,9}?(?:includes?|are|were):? (?P<names>[^.;:]*,[^.;:]*(?:\.\d[^.;:]*)*)\.?")
_BETWEEN_NAMES = re.compile(r",? (?:and|or|&) |, ")
MIN_NAMES, MAX_WORDS_OF_A_NAME = 3, 5
# An entry of a bibliography.
_WORK = re.compile(
    r"\bpp?\. ?\d+ ?[-–—] ?\d+|(?i:\barxiv (?:preprint|e-prints)\b|\bproceedings of\b|\bdoi:|^in proc\.|"
    r"^in advances in|^advances in neural\b|\bpages \d+ ?[-–—] ?\d+)|"
    r"\b\d+(?:\(\d+\))?: ?\d+ ?[-–] ?\d+, (?:19|20)\d\d\b|"
    r"^(?:[A-Z][^\s,]*(?: [A-Z][^\s,]*){1,3}, ){4}"
    r"|^(?:[A-Z][\w.’'-]+,? (?:(?:and|&) )?){1,6}(?:et al\.?)?,? ?(?:\((?:19|20)\d\d\w?\)[.:,]|:) .*"
    r"\b(?:19|20)\d\d\b\W*$"
    r"|^[A-Z][\w.’'-]+(?:,| et al\.,) [“\"]|^(?!.*\b(?:is|are|was|has|can|in) )[A-Z].*, (?:19|20)\d\d\w?\.?$"
    r"|^(?:(?:[A-Z]\. ?)+ ?[A-Z][\w’'-]+,? (?:(?:and|&) )?){2,}"
    r"|^(?:[A-Z][\w’'-]+, (?:[A-Z]\.[ -]?)+,? ?(?:(?:and|&) )?){2,}",
)
# "Doe et al. (2023), A Study of Samplers"
_AUTHORS_AND_TITLE = re.compile(
    r"(?:[A-Z][\w.’'-]+,? (?:(?:and|&) )?){1,6}(?:et al\.?,? )?\((?:19|20)\d\d\w?\)[.,:] (?P<title>.{10,200})"
)
# Who wrote the work that a note is about, when and where.
_APPEARED = re.compile(
    r"(?:[A-Z][\w’'-]*,? (?:(?:and|&) )?){1,6}(?:et al\.?,? )?\(?(?:[A-Z]\w+ )?(?:19|20)\d\d\)?"
    r"(?:, (?:from|at|by) [^.:;]{1,60})?\."
)
# A bibliography's entry with its title in quotation marks, after the names of its authors; a verb makes it a claim.
_CITED = re.compile(
    r"^(?:(?:[^\W\d_a-z][\w.’'-]*|et al\.?|and|&|van|von|de|der),?\s+){2,40}[\"“][^\"”]{10,250}[\"”]"
    r"(?!.*\b(?:is|are|was|were|shows?|showed|finds?|found|reports?|reported|argues?|that|we|uses?)\b)"
    r".*\b(?:19|20)\d\d\b"
    r"|^(?=.{0,60}\b[A-Z]\.,)(?:(?:[^\W\d_a-z][\w.’'-]*|et al\.?|and|&|van|von|de|der),?\s+){2,40}"
    r"\((?:19|20)\d\d[^()]{0,20}\)\.\s"
    r"|^(?P<appeared>(?:(?:[^\W\d_a-z][\w.’'-]*|et al\.?|and|&|van|von|de|der),?\s+){3,40}(?:19|20)\d\d\.)\s",
    re.DOTALL,
)
_AT_A_VENUE = re.compile(r"\b[A-Z]\w*[A-Z]\w* \d{4}\.$")  # "Li et al., OSDI 2014.", which claims follow
# Fame and growth instead of a claim.
_FAME = re.compile(
    r"\b(?:explod(?:ed|ing) in popularity|tak(?:en|ing) the world by storm|all the rage|hot topic|"
    r"gain(?:ed|ing|s) (?:in )?(?:traction|popularity|momentum)|"
    r"(?:gain|attract|garner|draw|enjoy|receiv)\w* (?:\w+ ){0,2}(?:a lot of|much|significant|considerable|growing|"
    r"increasing|great|widespread|substantial|tremendous|unprecedented)(?: \w+){0,3} (?:attention|popularity|traction|"
    r"interest)|huge (?:focus|interest|hype)|area of (?:\w+ ){0,3}(?:research|focus|investment)|"
    r"revolutioni[sz](?:ed|ing|es?)|game[- ]chang(?:er|ing)|paradigm shift|exciting (?:way|field|time|area|topic)|"
    r"one of the most exciting|perhaps one of|"
    r"huge demand for|(?:currently|widely) explored (?:\w+ ){0,2}(?:areas?|topics?|directions?)|"
    r"(?:rapidly|fast|quickly|ever)[- ](?:growing|evolving|changing|moving) (?:field|area|space|landscape))\b",
    re.IGNORECASE,
)
_PRAISE = re.compile(
    r"[^:;,]*\b(?:is|are|was|plays?|becomes?|became|remains?|(?:has|have) (?:been|become))"
    r"(?: (?:also|always|very|really|extremely|quite|so|such|one|of|a|an|the|most|more|particularly|increasingly|"
    r"still))* (?:important|crucial|essential|vital|critical|key|exciting|interesting|popular|useful|powerful|great|"
    r"amazing|promising|remarkable|central)"
    r"(?: (?:part|topic|area|problem|aspect|step|tool|technique|component|concept|field|task|question|factor|role|"
    r"thing|idea|challenge|consideration|metric|practice|ingredient|skill|feature)s?)?"
    r"(?: (?:of|in|for)(?: [\w-]+){1,8})?[.!]?",
    re.IGNORECASE,
)


def only_lists_names(text: str) -> bool:
    """Whether a statement lists the names of things and says nothing of them."""
    match = _LISTING.fullmatch(text)
    names = _BETWEEN_NAMES.split(match["names"]) if match else []
    return len(names) >= MIN_NAMES and all(
        len(name.split()) <= MAX_WORDS_OF_A_NAME and (name[:1].isupper() or name[1:2].isdigit()) for name in names
    )


def is_a_work(text: str) -> bool:
    """Whether a statement is an entry of a bibliography."""
    entry = _AUTHORS_AND_TITLE.fullmatch(text)
    return bool(_WORK.search(text)) or (entry is not None and is_in_title_case(entry["title"].rstrip(".")))


def is_a_citation(paragraph: str) -> bool:
    """Whether a paragraph is one entry of a bibliography, of which each sentence alone may look like a claim."""
    cited = _CITED.match(paragraph)
    return cited is not None and not _AT_A_VENUE.search(cited["appeared"] or "")


def is_aside(text: str) -> bool:
    """Whether a statement says nothing about its subject: it invites, announces, points elsewhere, names works or
    things, or calls the subject important and no more.
    """
    found = (pattern.search(text) for pattern in (_HOUSEKEEPING, _POINTING, _ANNOUNCING, _FAME))
    return (
        any(found)
        or instructs(text)
        or is_a_work(text)
        or bool(_APPEARED.fullmatch(text))
        or only_lists_names(text)
        or (len(text.split()) <= MAX_WORDS_OF_PRAISE and bool(_PRAISE.fullmatch(text)))
    )
