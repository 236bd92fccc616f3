"""The shortest runs of a passage's sentences that can be read on their own. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.models import Chunk, ChunkRecord, LineKind, Statement
from kb.notes.prose import clean
from kb.notes.statements import paragraphs
from kb.outline.questions import asks, heading_above, is_question
from kb.outline.quoting.leaning import is_cut, leans_back, talks_of_the_text
from kb.outline.quoting.predicates import is_a_title

MIN_LENGTH, MAX_LENGTH = 40, 320  # characters
MIN_WORDS = 5
MAX_BACK = 2  # sentences that a run adds before the one that it is about
MAX_RUN_LENGTH = 480  # characters of a run of several sentences

_SENTENCE_END = re.compile(r"[.!?…。！？][\"')\]”’]*$")
# Headings of parts that list, thank or license, and state nothing about the subject.
_APPARATUS = re.compile(
    r"(?:\d+[.)]?\s+)?(?:references?|bibliography|works cited|citations?|cite this\b.*|how to cite\b.*|reading list|"
    r"further reading|see also|related (?:notes|links|posts)|links|sources|table of contents|contents|toc|changelog|"
    r"acknowledge?ments?|licen[cs]e|preface|foreword|dedication|"
    r"about (?:this|the|our) (?:book|course|class|series|site|blog|authors?)|"
    r"参考文献|参考资料|参考|延伸阅读|致谢|目录)\W*",
    re.IGNORECASE,
)


def runs(chunk: Chunk | ChunkRecord) -> list[Statement]:
    """What can be quoted of a passage: each sentence that can be read on its own, or with the fewest sentences before
    it that it needs; a list's item with the sentence that introduces the list. Questions are left out.
    """
    heading = heading_above(chunk)
    if asks(heading) or _APPARATUS.fullmatch(heading):
        return []
    lines = chunk.text.split("\n")
    found: list[Statement] = []
    opens = True  # the passage, directly below its heading
    before: list[Statement] = []  # the sentence that introduces a list, and the items so far
    for paragraph in paragraphs(chunk.text, chunk.kinds, chunk.start_line):
        is_item = chunk.kinds[paragraph[0].start_line - chunk.start_line] == LineKind.LIST
        introduced = is_item and bool(before) and _follows(lines, chunk.start_line, before, paragraph)
        context = [*before, *paragraph] if introduced else paragraph
        places = range(len(context) - len(paragraph), len(context))
        runs_here = [_run(context, place, lines, chunk.start_line, opens and place == 0) for place in places]
        found += [run for run in runs_here if run is not None and not _is_part(run, chunk)]
        introduces = not is_item and paragraph[-1].text.endswith(":")
        before = context if introduced else paragraph[-1:] if introduces else []
        opens = False
    return found


def _follows(
    lines: Sequence[str], first_line: int, before: Sequence[Statement], paragraph: Sequence[Statement]
) -> bool:
    """Whether nothing but blank lines separates two paragraphs."""
    between = lines[before[-1].end_line - first_line + 1 : paragraph[0].start_line - first_line]
    return not any(line.strip() for line in between)


def _run(
    context: Sequence[Statement], place: int, lines: Sequence[str], first_line: int, opens: bool
) -> Statement | None:
    """The shortest run that ends with a sentence and can be read on its own. What `opens` a passage may begin in lower
    case: it continues its heading, which becomes its label.
    """
    for first in range(place, max(place - MAX_BACK, 0) - 1, -1):
        run = _joined(context[first : place + 1], lines, first_line)
        if run is None or is_question(context[place].text):
            return None
        if not leans_back(run.text[:1].upper() + run.text[1:] if opens else run.text):
            return run if _is_whole(context[first : place + 1], run) else None
    return None


def _joined(sentences: Sequence[Statement], lines: Sequence[str], first_line: int) -> Statement | None:
    """Consecutive sentences as one statement; None if the lines at its address do not contain it."""
    start, end = sentences[0].start_line, sentences[-1].end_line
    if len(sentences) == 1:
        return _shortened(sentences[0])
    text = " ".join(sentence.text for sentence in sentences)
    cited = clean("\n".join(lines[start - first_line : end - first_line + 1]))
    return Statement(text=text, start_line=start, end_line=end) if text in cited else None


def _shortened(sentence: Statement) -> Statement:
    """A sentence, or of a long one as many of the clauses between its semicolons as fit."""
    text = sentence.text
    end = text.rfind("; ", 0, MAX_LENGTH) if len(text) > MAX_LENGTH else -1
    return sentence if end < 0 else sentence.model_copy(update={"text": text[:end]})


def _is_part(run: Statement, chunk: Chunk | ChunkRecord) -> bool:
    """Whether a displayed formula begins or ends the sentence of a run."""
    above = chunk.kinds[: run.start_line - chunk.start_line].rstrip(LineKind.BLANK)
    below = chunk.kinds[run.end_line - chunk.start_line + 1 :].lstrip(LineKind.BLANK)
    leads_in = below.startswith(LineKind.MATH) and not _SENTENCE_END.search(run.text)
    return leads_in or (above.endswith(LineKind.MATH) and run.text[0].islower())


def _is_whole(sentences: Sequence[Statement], run: Statement) -> bool:
    most = MAX_LENGTH if len(sentences) == 1 else MAX_RUN_LENGTH
    return (
        MIN_LENGTH <= len(run.text) <= most
        and len(run.text.split()) >= MIN_WORDS
        and not is_cut(run.text)
        and not is_a_title(run.text)
        and not any(talks_of_the_text(sentence.text) or is_question(sentence.text) for sentence in sentences)
    )
