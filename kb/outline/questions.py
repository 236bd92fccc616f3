"""The questions that notes leave open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from kb.cutoffs import ANSWERED, SAME_POINT
from kb.index.reader import IndexReader
from kb.models import Chunk, ChunkRecord, LineKind, NoteRecord, Statement, note_of
from kb.notes.prose import clean
from kb.notes.statements import paragraphs
from kb.outline.quoting.leaning import leans_back
from kb.outline.quoting.unspaced import word_count
from kb.reports import OpenQuestion

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MAX_QUESTIONS = 7
MIN_WORDS = 3  # of a question that says what it is about
FAR_SHARE = 0.5  # of what the note nearest to a topic has, below which a note's questions are about something else
MAX_LENGTH = 320  # characters of a question with the sentences that belong to it

_TASK = re.compile(r"(?:TODO|FIXME|Q|Question|Open question)\b\s*:", re.IGNORECASE)
_QUESTION = re.compile(rf"[?？][\"”’')\]]*$|^{_TASK.pattern}", re.IGNORECASE)
# A cheap test on the raw text, to parse few passages; the marks of emphasis may follow the word.
_MAY_ASK = re.compile(r"\?(?![^\W_])|？|\b(?:TODO|FIXME|Q|Question)\b[\s*_`~]*:", re.IGNORECASE)
_QUESTION_HEADING = re.compile(
    r"\b(?:open )?questions?\b|\bto ?do\b|\bunknowns?\b|^open(?: (?:problems?|issues?|ends?|points?))?\W*$"
    r"|\bunsolved\b|(?:开放|未解决|待解决)的?问题|疑问|待办|未解決|疑問点?|질문|의문",
    re.IGNORECASE,
)
# What notes, and parts of them, are called that answer the questions of somebody else.
_ANSWERED = r"interview|quiz|faqs?|frequently|q ?& ?a"
_ANSWERED_TITLE = re.compile(rf"\b(?:{_ANSWERED})\b", re.IGNORECASE)
_ANSWERED_HEADING = re.compile(
    rf"\b(?:{_ANSWERED}|exam|answers?|answered|practice|review|research questions?)\b", re.IGNORECASE
)
_FIRST_PERSON = re.compile(r"\b(?:I|I'm|I’m|I'd|I’d|me|my)\b|我(?!们)|私[はがの]|나[는의]|내가")
_QUOTED = re.compile(
    r"^(?:[A-Z][\w -]{1,30}:\s+)?[\"“'‘«「].*[\"”'’»」]?[?？][\"”'’»」]?$"
    r"|.*:\s+[\"“«「][^\"“”«»「」]*[?？][\"”»」]$"
)
# Who speaks in a dialogue or an example: "Candidate: ...".
_SPEAKER = re.compile(
    r"(?:candidate|interviewer|user|human|assistant|customer|student|teacher|input|prompt|query)\s*\d*\s*:",
    re.IGNORECASE,
)
_OF_IT = re.compile(
    r"(?:(?:what|how|why|when|where|and|but|so|much|many|often|if) )*"
    r"(?:do|does|did|is|are|was|were|can|could|will|would|should|has|have)(?:n[’']t)? "
    r"(?:it|its|they|this|these|that|those)\b",
    re.IGNORECASE,
)
# A pronoun before which nothing is named, or at the end of a question that names too little.
_UNRESOLVED = re.compile(
    r"(?:(?:can|could|do|does|did|would|should|will|might|how|why|what|when|where|we|i|you|one|really|actually|even|still"
    r"|just|expect|make|get|use|know|train|apply|run|test|try|improve|to|not|much|well|is|are|was|there|any|some|about|if"
    r"|and|but|so|maybe|perhaps)(?:n[’']t)?\s+)+(?:it|them|they|these|those)\b"
    r"|(?:\S+ ){1,6}(?:behind|of|for|by|with|about|to|in|on|at|than|like) (?:this|that|it|them|these|those)\?$",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"(?:A|Answer|Answered|Resolved)\b\s*:", re.IGNORECASE)
_DONE = re.compile(r"^[ \t]*(?:>[ \t]?)*(?:[-*+]|\d{1,9}[.)])[ \t]+\[[xX]\]|^[ \t]*(?:[-*+][ \t]+)?~~")


def is_question(text: str) -> bool:
    """Whether a statement is a question or a TODO."""
    return bool(_QUESTION.search(text))


def asks(heading: str) -> bool:
    """Whether a heading announces questions or plans instead of findings."""
    return bool(_QUESTION_HEADING.search(heading))


def heading_above(chunk: Chunk | ChunkRecord) -> str:
    """The last heading above a passage or, where that is the note's title, the one that it begins with."""
    if chunk.heading_path:
        return chunk.heading_path[-1]
    return clean(chunk.text.split("\n", 1)[0]) if chunk.kinds[:1] == LineKind.HEADING else ""


def open_questions(chunk: ChunkRecord) -> list[Statement]:
    """The questions and TODOs that the writer of a passage leaves open: marked as such, under a heading that announces
    them, or asked in the first person. A question that the next sentence answers, or that is quoted, is not open.
    """
    if not _MAY_ASK.search(chunk.text):
        return []
    heading = heading_above(chunk)
    if _ANSWERED_HEADING.search(heading) or any(map(_ANSWERED_TITLE.search, chunk.heading_path)):
        return []
    lines = chunk.text.split("\n")
    found = paragraphs(chunk.text, chunk.kinds, chunk.start_line)
    answered = {number for number, paragraph in enumerate(found[1:]) if _ANSWER.match(paragraph[0].text)}
    return [
        question
        for number, paragraph in enumerate(found)
        if number not in answered and not _is_quoted_or_done(chunk, lines, paragraph[0])
        for question in _asked(paragraph, announced=asks(heading))
    ]


def _is_quoted_or_done(chunk: ChunkRecord, lines: Sequence[str], first: Statement) -> bool:
    number = first.start_line - chunk.start_line
    return chunk.kinds[number : number + 1] == LineKind.QUOTATION or bool(_DONE.match(lines[number]))


def _asked(paragraph: Sequence[Statement], announced: bool) -> Iterator[Statement]:
    """The open questions of a paragraph. A task has all its sentences, as far as there is room for them."""
    if paragraph[0].text.startswith("Q") and any(_ANSWER.match(statement.text) for statement in paragraph):
        return
    if _TASK.match(paragraph[0].text):
        if not _QUOTED.match(_TASK.sub("", paragraph[0].text).strip()):
            yield _joined(paragraph)
        return
    for number, statement in enumerate(paragraph):
        answered = number + 1 < len(paragraph) and not is_question(paragraph[number + 1].text)
        own = announced or (bool(_FIRST_PERSON.search(statement.text)) and not answered)
        if own and is_question(statement.text) and not _leans(statement.text):
            yield statement


def _leans(question: str) -> bool:
    """Whether somebody else asks a question, or only what stands before it says what it is about."""
    if word_count(question) < MIN_WORDS:
        return True
    found = (pattern.match(question) for pattern in (_QUOTED, _SPEAKER, _OF_IT, _UNRESOLVED))
    return any(found) or leans_back(question[:1].upper() + question[1:])


def _joined(sentences: Sequence[Statement]) -> Statement:
    """The first of some consecutive sentences with as many of the others as there is room for."""
    text, end = sentences[0].text, sentences[0].end_line
    for sentence in sentences[1:]:
        if len(text) + len(sentence.text) >= MAX_LENGTH:
            break
        text, end = f"{text} {sentence.text}", sentence.end_line
    return Statement(text=text, start_line=sentences[0].start_line, end_line=end)


def nearest_questions(
    reader: IndexReader, notes: Sequence[NoteRecord], topic_vector: FloatArray
) -> tuple[OpenQuestion, ...]:
    """The open questions of some notes that no later note answers, the nearest to a topic first, none twice, at most
    `MAX_QUESTIONS`: as near as they are and as their notes are. A note far from the topic asks about something else.
    """
    chunks = reader.catalog.chunks_of(note.id for note in notes)
    nearness = _nearness(reader, notes, topic_vector)
    least = FAR_SHARE * max(nearness.values(), default=0.0)
    found = [
        (note, OpenQuestion(text=question.text, path=note.path, line=question.start_line))
        for note in notes
        if nearness[note.id] >= least and not _ANSWERED_TITLE.search(note.title)
        for chunk in chunks.get(note.id, [])
        for question in open_questions(chunk)
    ]
    if not found:
        return ()
    vectors = reader.encoder.encode([question.text for _, question in found])
    scale = reader.encoder.scale
    chosen: list[int] = []
    related = scale.relatedness(vectors @ topic_vector) + [nearness[note.id] for note, _ in found]
    for index in np.argsort(-related, kind="stable"):
        repeated = any(scale.sameness(float(vectors[index] @ vectors[other])) >= SAME_POINT for other in chosen)
        if len(chosen) < MAX_QUESTIONS and not repeated and not _is_answered(reader, found[index][0], vectors[index]):
            chosen.append(int(index))
    return tuple(found[index][1] for index in chosen)


def _nearness(reader: IndexReader, notes: Sequence[NoteRecord], topic_vector: FloatArray) -> dict[str, float]:
    """The relatedness of each note's best passage with a topic, by the note's id."""
    passages = reader.passages()
    related = reader.encoder.scale.relatedness(passages.cosines(topic_vector))
    return {note.id: float(related[passages.rows[note.id]].max()) for note in notes}


def _is_answered(reader: IndexReader, note: NoteRecord, vector: FloatArray) -> bool:
    """Whether a passage of a later note is so near to a question of a note that it answers the question."""
    if note.date is None:
        return False
    passages = reader.passages()
    notes = {other.id: other for other in reader.cached("notes", reader.catalog.notes)}
    near = np.flatnonzero(reader.encoder.scale.relatedness(passages.matrix @ vector) >= ANSWERED)
    later = {id for id, other in notes.items() if other.date and other.date > note.date}
    ids = [passages.ids[row] for row in near if note_of(passages.ids[row]) in later]
    return any(not open_questions(chunk) for chunk in reader.catalog.chunks(ids).values())
