"""What notes say beside their subject: housekeeping, invitations, announcements, bibliography, praise. Pure."""

from __future__ import annotations

import re

MAX_WORDS_OF_PRAISE = 14  # a longer sentence that calls something important also says why

# What a course, a site or its author asks of the reader, promises, or thanks for.
_HOUSEKEEPING = re.compile(
    r"\bplease\b|\b(?:check(?:ing)? out|take a look at|have a look at|feel free to|don[’']t forget|stay tuned|"
    r"sign(?:ing)? up|subscribe|drop (?:us|me)|reach out to|contact (?:us|me)|e-?mail (?:us|me)|congratulations|"
    r"good luck|happy (?:coding|learning|reading)|try it (?:out|yourself)|give it a try|play(?:ing)? around|"
    r"(?:update|maintain)s? (?:the|this|our|a) (?:list|repo\w*|page|site|collection|table)|"
    r"coming soon|under construction|work in progress|last updated|any questions|promo(?:tional)? code|discount|coupon|"
    r"early bird|enrol+(?:ment)?|(?:prs?|pull requests?|contributions?) (?:are |is )?welcome|quizzes|midterm|"
    r"final exam|syllabus|(?:programming|homework|this week's) assignments?|my (?:github|youtube|channel)|"
    r"our (?:students|academy|community|discord|slack|courses?)|join (?:us|our|the (?:course|community|discord|slack))|"
    r"(?:star|fork|clone) (?:this|the|my|our) repo\w*|as an exercise|exercise for the reader)\b"
    r"|^(?:(?:special |many |big |huge )?thanks? (?:to|for|you)|kudos to|credits? to|shout-?out|welcome (?:to|back)|"
    r"i hope|we hope|hope (?:you|this)|enjoy (?:the|this|reading)|happy to)\b",
    re.IGNORECASE,
)
# What only tells what another text has, or where it is.
_POINTING = re.compile(
    r"\b(?:curated|awesome|reading) (?:list|collection)s?\b"
    r"|\b(?:i|we|would) (?:highly |strongly )?(?:recommend|suggest|encourage) (?:(?:you|users?|readers?) )?(?:to )?"
    r"(?:read|watch|check|keep|look|go|try|visit|having)\w*"
    r"|\b(?:great|good|nice|excellent|useful|helpful|wonderful|amazing|must)[ -](?:\w+ )?(?:articles?|posts?|blogs?|"
    r"talks?|videos?|papers?|books?|read|tutorials?|resources?|explanations?|introductions?|overviews?|watch)\b"
    r"|\b(?:is|are|be|were|was) (?:also |now |publicly |freely |all )*(?:available|found|downloaded|accessed)"
    r"(?: (?:at|on|in|from|under|here|via|through) |[.!]?$)"
    r"|\b(?:tutorial|workshop|course|lecture|colab|webinar|session|bootcamp|class|module|guide|chapter|section|talk|"
    r"blog|post|article|demo|exercise|video)s? (?:will|is going to|covers?|aims? to|introduces?|walks?|focuses|"
    r"assumes?|teach(?:es)?|explores?|discusses|describes?|explains?|dives?|concludes?)\b"
    r"|\b(?:deep[- ]dive|walk-?through|hands-on) (?:on|into|of|through|tutorial|example|session|guide|experience)\b"
    r"|\b(?:walk|guide|take)s? (?:you|the (?:reader|audience)) through\b"
    r"|\bin (?:an?|the|our|my) (?:upcoming|next|following|later|previous|earlier|separate) \w+"
    r"|\b(?:first|second|last|later) (?:part|half) of (?:the|this) \w+"
    r"|^(?:covers|topics? (?:covered|include)|contents? (?:include|of)|table of|list of|links? to|pointers? to|"
    r"slides?|learn (?:how|to|about|more)|find out|discover (?:how|why)|understand how|get(?:ting)? started)\b"
    r"|^(?:an? |the )?(?:(?:brief|short|quick|gentle|comprehensive|visual|complete|practical|detailed) )*"
    r"(?:introduction|intro|guide|tutorial|walkthrough|primer|notes) (?:of|to|on|for)\b"
    r"|^(?:tools?: )?[\w./-]+\.(?:py|sh|ipynb|md|ya?ml|json|cu|cpp|js|ts)\b"
    r"|\b(?:we|you|one) can (?:see|observe|notice)\b|\b(?:you|we)(?:'ll| will| may| might)? (?:notice|see|observe) "
    r"(?:that|how)\b"
    r"|\b(?:paper|article|post|book|blog|docs?|documentation|github|repo(?:sitory)?|website) for (?:more|further|the|"
    r"all) (?:details?|information|full)\b",
    re.IGNORECASE,
)
# An entry of a bibliography.
_WORK = re.compile(
    r"\bpp?\. ?\d+ ?[-–—] ?\d+|\barxiv (?:preprint|e-prints)\b|\bproceedings of\b|\bdoi:"
    r"|^(?:[A-Z][\w.’'-]+,? (?:(?:and|&) )?){1,6}(?:et al\.?)?,? ?(?:\((?:19|20)\d\d\w?\)[.:,]|:) .*"
    r"\b(?:19|20)\d\d\b\W*$"
    r"|^(?:(?:[A-Z]\. ?)+ ?[A-Z][\w’'-]+,? (?:(?:and|&) )?){2,}",
)
# Fame and growth instead of a claim.
_FAME = re.compile(
    r"\b(?:explod(?:ed|ing) in popularity|tak(?:en|ing) the world by storm|all the rage|hot topic|"
    r"(?:gain|attract|draw|enjoy|receiv)(?:ed|ing|s)? (?:\w+ ){0,5}(?:attention|popularity|traction|interest|momentum)|"
    r"huge (?:focus|interest|hype)|area of (?:\w+ ){0,3}(?:research|interest|focus|investment)|"
    r"revolutioni[sz](?:ed|ing|es?)|game[- ]chang(?:er|ing)|exciting (?:way|field|time|area|topic)|perhaps one of|"
    r"(?:rapidly|fast|quickly|ever)[- ](?:growing|evolving|changing|moving) (?:field|area|space|landscape))\b",
    re.IGNORECASE,
)
_PRAISE = re.compile(
    r"[^:;,]*\b(?:is|are|was|plays?|becomes?|became|remains?|(?:has|have) (?:been|become))"
    r"(?: (?:also|always|very|really|extremely|quite|so|such|one|of|a|an|the|most|more|particularly|increasingly|"
    r"still))* (?:important|crucial|essential|vital|critical|key|exciting|interesting|popular|useful|powerful|great|"
    r"amazing|promising|remarkable|central)"
    r"(?: (?:part|topic|area|problem|aspect|step|tool|technique|component|concept|field|task|question|factor|role|"
    r"thing|idea|challenge|consideration|metric)s?)?(?: (?:of|in|for)(?: [\w-]+){1,4})?[.!]?",
    re.IGNORECASE,
)


def is_aside(text: str) -> bool:
    """Whether a statement says nothing about its subject: it invites, announces, points elsewhere, names a work, or
    calls the subject important and no more.
    """
    found = (pattern.search(text) for pattern in (_HOUSEKEEPING, _POINTING, _WORK, _FAME))
    return any(found) or (len(text.split()) <= MAX_WORDS_OF_PRAISE and bool(_PRAISE.fullmatch(text)))
