"""What a course or a manual tells of its way, and has its readers do. Pure."""

from __future__ import annotations

import re

_OF_ITS_WAY = re.compile(
    r"(?:for|in|during) (?:this|these|today's) (?:[\w-]+ ){0,2}(?:exercises?|modules?|sessions?)\b"
    r"|for the (?:[\w-]+ ){0,2}set of exercises\b|(?:today|this week|next week),? (?:we|you|i)\b"
    r"|(?:we|you) (?:should )?have (?:now|just|successfully|already|finally)\b"
    r"|we (?:have )?(?:talked|reached)\b|we now (?:need|want|have|turn|move|are ready)\b"
    r"|as you (?:have|may|might|can|probably)\b|hopefully\b"
    r"|(?:be able to|know how to|get (?:an understanding|familiar|acquainted)|understand (?:how|what|why|different|"
    r"the (?:concepts?|basics|importance|difference|role)))\b"
    r"|(?:the )?learning objectives (?:of|for|are|in)\b"
    r"|we (?:begin|start|open|conclude|close) (?:by (?:motivat|introduc|discuss|review|look|describ|explain)ing)\b"
    r"|footnote:"
    r"|earlier,? (?:we|you|i) (?:have |had )?(?:seen|saw|discussed|looked|learned|talked|covered|mentioned)\b"
    r"|here,? we (?:will |shall )?(?:introduce|present|discuss|describe|look|cover|explain)\b"
    r"|.*\b(?:we|i) (?:will|shall|(?:are|am) (?:[\w-]+ )?going to) (?:[\w-]+ ){0,2}(?:discuss|focus on|explore|"
    r"look at|introduce|approach the)\b"
    r"|for an? (?:[\w-]+ )?(?:broader|deeper|practical|detailed|gentle|quick|short|thorough) (?:look|overview|"
    r"introduction|treatment|discussion|explanation)\b.*\b(?:see|recommend|read|refer|check)\b"
    r"|(?:(?:basic|good|working) )?knowledge (?:about|of how)\b(?!.*\b(?:is|are|was|were|has|have|helps|lies)\b)"
    r"|learn (?:the|how|about|what|why)\b|write and run\b"
    r"|can (?:create|write|build|set up|implement|deploy|explain|understand|configure)\b"
    r"|.*\b(?:in the (?:(?:first|second|third|next|last|previous|following|final) )?(?:set of )?exercises?|"
    r"exercises? (?:below|above|today|that follow)|final topic)\b"
    r"|.*\bend of (?:the|our|this) (?:course|module|journey|session)\b",
    re.IGNORECASE | re.DOTALL,
)
_THINGS = r"(?:data|datasets?|files?|folders?|code|repo(?:sitory)?|scripts?)"
_MADE = (
    r"(?:script|file|folder|dockerfile|function|experiment|branch|account|project|repo(?:sitory)?|notebook|workflow|"
    r"environment|class|app(?:lication)?)"
)
_TO_BE_DONE = re.compile(
    r"(?:now|next),? (?:serve|run|open|create|add|start|deploy|build|install|load|define|write|call|check) "
    r"(?:the|a|an|your|this|it|all|some)\b"
    r"|try (?:to|out|running|changing|and|it)\b|figure out (?:how|what|why|which|where)\b"
    r"|(?:start|begin) by (?:filling|creating|opening|installing|cloning|copying|downloading|making|adding)\b"
    r"|(?:go|head|navigate|switch)(?: over)? to (?:the|your|this|https?)\b"
    rf"|(?:copy|download|unzip|upload) (?:the|your|this|all)(?: [\w/.-]+){{0,2}} {_THINGS}\b"
    r"|(?:explain|describe|discuss|sketch|derive) (?:why|how|what|two|three|your)\b"
    r"|read the (?:sections?|chapters?|files?|notes?|pages?) (?:below|in order)\b|split into one file\b"
    r"|.*\ban interviewer (?:\w+ )?(?:says?|asks?|wants?|rewards?|expects?|would|will|might|may)\b"
    r"|(?:fill (?:in|out)|complete|answer) the (?:\w+ )?(?:exercises?|tasks?|functions?|code|questions?|blanks?)\b"
    rf"|(?:make|create|write|implement|construct) (?:a|an|your)(?: new| own| small| simple)* {_MADE}\b",
    re.IGNORECASE,
)


def instructs(text: str) -> bool:
    """Whether a statement tells of the way of a course, or has its readers do something, and claims nothing."""
    return bool(_OF_ITS_WAY.match(text) or _TO_BE_DONE.match(text))
