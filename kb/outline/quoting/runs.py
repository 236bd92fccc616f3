"""The shortest runs of a passage's sentences that can be read on their own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kb.models import Chunk, ChunkRecord, LineKind, Statement
from kb.notes.prose import clean
from kb.notes.statements import paragraphs
from kb.outline.questions import asks, heading_above, is_question
from kb.outline.quoting.asides import is_a_citation, is_a_work, is_aside
from kb.outline.quoting.labels import names_authors
from kb.outline.quoting.leaning import (
    is_before_an_item,
    is_cut,
    lacks_subject,
    leans_back,
    says_it_before_its_formula,
    talks_of_the_text,
)
from kb.outline.quoting.predicates import is_a_title, is_in_title_case
from kb.outline.quoting.unspaced import width, word_count

MIN_LENGTH, MAX_LENGTH = 40, 320  # Latin letters
MIN_WORDS = 5
MANY_WORKS, SENTENCES_OF_A_WORK = 3, 3  # in a passage that is a bibliography
MAX_BACK = 2  # sentences that a run adds before the one that it is about
MAX_RUN_LENGTH = 480  # Latin letters of a run of several sentences

_MARK = re.compile(r"^(?:\(?\d{1,2}[.)]|tl;?dr\W)\s+(?=[^\W\d])", re.IGNORECASE)  # of an item, of a summary
_ORDERED = re.compile(r"\s*(?P<number>\d{1,2})[.)]\s")  # a line with an item of an ordered list
# "Optimise the objective", but not "Across the nodes" or "Sampling the nodes".
_DOES = re.compile(
    r"(?!(?:about|across|after|all|along|among|as|at|because|before|between|both|by|during|each|every|for|from|given|if|in|"
    r"inside|into|like|not|of|on|once|only|over|per|since|so|than|that|through|to|under|until|unlike|when|where|while|"
    r"with|within|without)\b)(?!\w+(?:ing|ion|ity|ness)\b)[a-z]+ (?:(?:the|an?|all|each|every|it|its)(?!\w)|\$)",
    re.IGNORECASE,
)
# What introduces all of a list: "It has two parts:", but not "Sampling helps when:".
_COUNTING = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|several|many|various|multiple|both|includ(?:es?|ing)|following|"
    r"consists? of|as follows|steps|stages|flow|workflow|pipeline|procedure)\b|\b\d+ [^\W\d]+s\b",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+\**\[[^\]]+\]\([^)]+\)\**\s*[:–—-]")  # of a list of links
_NOTE_ENTRY = re.compile(r"\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)?\**\[\[[^\]]+\]\]\**\s*[:–—-]")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"')\]”’]*$")
_PART_END = re.compile(r"[.!?…。！？:;,：；，、][\"')\]”’]*$|[,;] (?:and|or)$")  # of an item
# Headings of parts that list, thank, license or guide through a text, and state nothing about the subject.
_APPARATUS = re.compile(
    r"(?:\d+[.)]?\s+)?(?:references?|bibliography|works cited|citations?|cite this\b.*|how to cite\b.*|reading list|"
    r"further reading|see also|related (?:notes|links|posts)|(?:external )?links|sources|(?:table of )?contents|toc|"
    r"(?:other |more |useful |additional |external |learning )?resources|changelog|announcements|news|updates|"
    r"acknowledge?ments?|licen[cs]e|preface|foreword|dedication|contribut(?:ing|ors)|contact(?: us)?|sponsors|"
    r"logistics|schedule|syllabus|agenda|prerequisites|course (?:outline|schedule|information|overview|logistics)|"
    r"who is this for\b.*|what you(?:'ll| will) learn|book navigation|navigating (?:this|the) .*|"
    r"how to (?:use|read|navigate) (?:this|the) .*|"
    r"about (?:this|the|our) (?:book|course|class|series|site|blog|authors?)|"
    r"(?:相关)?参考(?:文献|资料|链接|论文|サイト|リンク)?|相关(?:资料|链接)|延伸阅读|致谢|目录|目次|謝辞|"
    r"참고(?: ?(?:문헌|자료|링크))?|목차)\W*",
    re.IGNORECASE,
)


def runs(chunk: Chunk | ChunkRecord) -> list[Statement]:
    """What can be quoted of a passage: each sentence that can be read on its own, or with the fewest sentences before
    it that it needs; a list's item with the sentence that introduces the list. Questions are left out.
    """
    heading = heading_above(chunk)
    if asks(heading) or any(map(_APPARATUS.fullmatch, (heading, *chunk.heading_path))):
        return []
    lines = chunk.text.split("\n")
    said = paragraphs(chunk.text, chunk.kinds, chunk.start_line)
    if _is_a_list_of_works(said, lines, chunk.start_line):
        return []
    found: list[Statement] = []
    opens = True  # the passage, directly below its heading
    before: list[Statement] = []  # what introduces a list and the items so far, or the item before
    is_introduced = False
    for paragraph in said:
        line = lines[paragraph[0].start_line - chunk.start_line]
        if _ENTRY.match(line) or is_a_citation(" ".join(statement.text for statement in paragraph)):
            continue
        paragraph, is_complete = _before_formula(paragraph, chunk)
        is_item = chunk.kinds[paragraph[0].start_line - chunk.start_line] == LineKind.LIST
        follows = is_item and bool(before) and _follows(lines, chunk.start_line, before, paragraph)
        goes_on = follows and (is_introduced or _is_step(paragraph[0], line))
        context = [*before, *paragraph] if goes_on else paragraph
        found += _runs_of(context, len(context) - len(paragraph), lines, chunk, opens, is_complete)
        introduces = not is_item and paragraph[-1].text.endswith((":", "："))
        is_introduced = introduces or (is_introduced and goes_on)
        before = paragraph[-1:] if introduces else context if is_item and (goes_on or _ORDERED.match(line)) else []
        opens = False
    return found


def _runs_of(
    context: Sequence[Statement],
    start: int,
    lines: Sequence[str],
    chunk: Chunk | ChunkRecord,
    opens: bool,
    is_complete: bool,
) -> Iterator[Statement]:
    """The runs that end with a sentence from `start` on."""
    texts = [sentence.text for sentence in context]
    for place in range(start, len(context)):
        if is_before_an_item(texts[place], texts):
            continue
        run = _run(context, place, lines, chunk.start_line, opens and place == 0)
        if run is not None and (is_complete or not _is_part(run, chunk)) and not _breaks_off(run, lines, chunk):
            yield run


def _is_a_list_of_works(said: Sequence[Sequence[Statement]], lines: Sequence[str], first_line: int) -> bool:
    """Whether most of a passage are entries of a bibliography, or of an index of notes: its other lines are too. An
    entry may be several sentences: names, title, and where it appeared.
    """
    parts = [is_a_work(statement.text) for paragraph in said for statement in paragraph]
    if sum(parts) >= MANY_WORKS and SENTENCES_OF_A_WORK * sum(parts) >= len(parts):
        return True
    works = sum(
        all(is_a_work(part.text) for part in paragraph) or is_in_title_case(" ".join(part.text for part in paragraph))
        for paragraph in said
    )
    entries = sum(bool(_NOTE_ENTRY.match(lines[paragraph[0].start_line - first_line])) for paragraph in said)
    return max(works, entries) >= MANY_WORKS and 2 * max(works, entries) > len(said)


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
    case, as it continues its heading, which becomes its label, or speak of the authors, whose work the label names.
    """
    for first in range(place, max(place - MAX_BACK, 0) - 1, -1):
        run = _joined(context[first : place + 1], lines, first_line)
        if run is None or is_question(context[place].text):
            return None
        if _is_step(run, lines[context[first].start_line - first_line]):
            continue
        if not (leans_back(run.text[:1].upper() + run.text[1:]) if opens else _leans(run.text)):
            readable = _is_whole(context[first : place + 1], run) and (opens or not names_authors(run.text))
            return run if readable else None
    return None


def _is_step(run: Statement, line: str) -> bool:
    """Whether a run begins with one of several steps that is not the first."""
    item = _ORDERED.match(line)
    return item is not None and int(item["number"]) > 1 and bool(_DOES.match(run.text))


def _leans(text: str) -> bool:
    return leans_back(text) or lacks_subject(text)


def _joined(sentences: Sequence[Statement], lines: Sequence[str], first_line: int) -> Statement | None:
    """Consecutive sentences as one statement; None if the lines at its address do not contain it, or if it would run
    items of a list together that no mark divides.
    """
    start, end = sentences[0].start_line, sentences[-1].end_line
    if len(sentences) == 1:
        return _shortened(sentences[0])
    if not all(_PART_END.search(sentence.text) for sentence in sentences[:-1]):
        return None
    text = _MARK.sub("", " ".join(sentence.text for sentence in sentences))
    cited = clean("\n".join(lines[start - first_line : end - first_line + 1]))
    return Statement(text=text, start_line=start, end_line=end) if text in cited else None


def _shortened(sentence: Statement) -> Statement:
    """A sentence without its mark; of a long one as many of the clauses between its semicolons as fit."""
    text = _MARK.sub("", sentence.text)
    end = text.rfind("; ", 0, MAX_LENGTH) if len(text) > MAX_LENGTH else -1
    return sentence.model_copy(update={"text": text if end < 0 else text[:end]})


def _before_formula(paragraph: list[Statement], chunk: Chunk | ChunkRecord) -> tuple[list[Statement], bool]:
    """A paragraph without its colon before a displayed formula, if what it says there is a claim by itself; and whether
    it is.
    """
    last = paragraph[-1]
    said = last.text.removesuffix(":")
    if said == last.text or not _below(last, chunk).startswith(LineKind.MATH) or not says_it_before_its_formula(said):
        return paragraph, False
    return [*paragraph[:-1], last.model_copy(update={"text": said})], True


def _below(statement: Statement, chunk: Chunk | ChunkRecord) -> str:
    """The kinds of the lines after a statement, from the first that is not blank."""
    return chunk.kinds[statement.end_line - chunk.start_line + 1 :].lstrip(LineKind.BLANK)


def _has_a_list(run: Statement, chunk: Chunk | ChunkRecord) -> bool:
    """Whether a list follows a paragraph, or an item has items of its own."""
    last = run.end_line - chunk.start_line
    lines = chunk.text.split("\n")
    below = next((number for number in range(last + 1, len(lines)) if lines[number].strip()), last)
    if chunk.kinds[below : below + 1] != LineKind.LIST:
        return False
    return chunk.kinds[last] != LineKind.LIST or _indent(lines[below]) > _indent(lines[last])


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _is_part(run: Statement, chunk: Chunk | ChunkRecord) -> bool:
    """Whether a displayed formula begins or ends the sentence of a run, or code or a list of its own ends it."""
    above = chunk.kinds[: run.start_line - chunk.start_line].rstrip(LineKind.BLANK)
    is_open = _below(run, chunk).startswith((LineKind.MATH, LineKind.CODE)) or _has_a_list(run, chunk)
    leads_in = is_open and not _SENTENCE_END.search(run.text)
    return leads_in or (above.endswith(LineKind.MATH) and run.text[0].islower())


def _breaks_off(run: Statement, lines: Sequence[str], chunk: Chunk | ChunkRecord) -> bool:
    """Whether a run counts what a list has, and has not all of it."""
    kinds = chunk.kinds[run.start_line - chunk.start_line : run.end_line - chunk.start_line + 1]
    if kinds[0] == LineKind.LIST or kinds[-1] != LineKind.LIST or not _below(run, chunk).startswith(LineKind.LIST):
        return False
    first = run.start_line - chunk.start_line
    lead_in = " ".join(lines[first : first + kinds.index(LineKind.LIST)]).rstrip(" *_")
    return lead_in.endswith((":", "：")) and bool(_COUNTING.search(lead_in))


def _is_whole(sentences: Sequence[Statement], run: Statement) -> bool:
    most = MAX_LENGTH if len(sentences) == 1 else MAX_RUN_LENGTH
    return (
        MIN_LENGTH <= width(run.text) <= most
        and word_count(run.text) >= MIN_WORDS
        and not is_cut(run.text)
        and not is_a_title(run.text)
        and not any(_is_beside(sentence.text) for sentence in sentences)
    )


def _is_beside(text: str) -> bool:
    """Whether a sentence says nothing about the subject of its note."""
    return talks_of_the_text(text) or is_aside(text) or is_question(text)
