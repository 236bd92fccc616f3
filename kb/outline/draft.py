"""From a topic to an outline, over search and the notes' files as they are now."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kb.areas.judge import area_texts, classifier
from kb.errors import EvidenceError, InputError
from kb.index.arrays import centroids
from kb.index.freshness import current_notes, text_of
from kb.index.reader import IndexReader
from kb.models import AREAS, AreaVerdict, Chunk, FiledArea, Filter, Note, NoteRecord, VerdictArea, note_of
from kb.notes.parse import reference_url
from kb.notes.prose import clean
from kb.outline.gaps import gaps
from kb.outline.points import Evidence, Vectors, open_questions, quotable
from kb.outline.relevance import relevant_notes, tag_scores
from kb.outline.sections import CORE_SHARE, NO_MODEL, Skeleton, build_sections
from kb.reports import Address, CoveredBefore, NoteVersion, OpenQuestion, Outline, Point, Reference, Repeated, Section
from kb.search.dense import nearest
from kb.search.find import find, spelled
from kb.search.query import STOPWORDS, query_words

MAX_NOTES = 24
MAX_PASSAGES_A_NOTE = 6
MAX_PASSAGES_OF_OTHERS = 2  # of notes that are not quite to the point
MIN_COSINE = 0.26  # of a note's best passage, for the note to bear on a topic
OFF_AREA = 0.7  # what a passage keeps of its score when its area is not the topic's
MAX_QUESTIONS = 12
MIN_NOTES = 3
CLEARLY_OUTSIDE = 0.6  # the topic's probability of lying outside the areas, above which
CLOSE_COSINE = 0.4  # the third best note must be this close
MIN_POST_COSINE = 0.4
MAX_POSTS_READ = 3  # the nearest, read for the points that they made already
SAID_COSINE = 0.6


def draft(
    reader: IndexReader, topic: str, areas: tuple[FiledArea, ...], wanted: int | None, today: datetime.date
) -> Outline:
    """The outline of a post about a topic. Raises `EvidenceError` where the notes say too little about it."""
    if not topic.strip():
        raise InputError("the topic is empty; say what the post is about")
    reader.require_current_encoder()
    topic_vector = reader.encoder.encode_query(spelled(reader, topic))
    evidence, vectors = _gather(reader, topic, topic_vector, areas)
    covered = _covered_before(reader, topic_vector)
    model = _model(reader, covered)
    skeleton = build_sections(evidence, vectors, topic_vector, reader.encoder.encode, wanted, model)
    skeleton = _holding(reader, skeleton)
    cited = {path for section in skeleton.sections for path in section.notes}
    notes = list({entry.note.path: entry.note for entry in evidence if entry.note.path in cited}.values())
    known = _known(reader)

    def is_near(term: str) -> bool:
        return float(reader.encoder.encode_query(term) @ topic_vector) >= MIN_COSINE

    return Outline(
        topic=topic,
        areas=areas,
        wanted_sections=wanted,
        title=topic[:1].upper() + topic[1:],
        area=_area(notes),
        sections=skeleton.sections,
        considered=tuple({entry.note.id: _version(entry.note) for entry in evidence}.values()),
        references=_references(notes, skeleton.sections),
        open_questions=_questions(reader, notes, topic_vector),
        gaps=gaps(topic, skeleton.sections, evidence, known, today, is_near),
        leftovers=skeleton.leftovers,
        covered_before=_repeated(reader, covered, skeleton.sections),
    )


def _gather(
    reader: IndexReader, topic: str, topic_vector: NDArray[np.float32], areas: tuple[FiledArea, ...]
) -> tuple[list[Evidence], Vectors]:
    """The passages that bear on a topic, those of the best note first, with their vectors."""
    filter = Filter(areas=areas)
    passages, passing = reader.passages(), reader.passing(filter).notes
    cosines = passages.cosines(topic_vector)
    of_note = {id: rows for id, rows in passages.rows.items() if id in passing}
    best_cosines = [float(cosines[rows].max()) for rows in of_note.values()]
    bearing = sum(cosine >= MIN_COSINE for cosine in best_cosines)
    verdict = _judge_topic(reader, topic)
    far = verdict.scores["outside"] >= CLEARLY_OUTSIDE and _third_best(best_cosines) < CLOSE_COSINE
    if far or bearing < MIN_NOTES:
        raise EvidenceError(_too_little(verdict, topic, bearing))
    known = reader.catalog.notes_by_id(of_note)
    notes = [known[id] for id in of_note]
    views = _views(reader, topic)
    chosen = relevant_notes(
        notes,
        np.array([_passage_scores(reader, view, filter, notes) for view in views]),
        reader.encoder.encode(views) @ centroids(passages.matrix, of_note.values()).T,
        tag_scores(notes, topic, reader.catalog.full_text.stems),
        _leaning(verdict),
        MAX_NOTES,
    )
    shares = {notes[index].id: share for index, share in chosen}
    rows = [
        row
        for note in current_notes(reader, [notes[index] for index, _ in chosen])
        for row in sorted(of_note[note.id], key=lambda row: -cosines[row])[: _passages_read(shares[note.id])]
    ]
    chunks = reader.catalog.chunks(passages.ids[row] for row in rows)
    cited = [chunks[passages.ids[row]] for row in rows]
    return [Evidence(known[chunk.note_id], chunk, shares[chunk.note_id]) for chunk in cited], passages.matrix[rows]


def _passages_read(share: float) -> int:
    """How many passages of a note are looked at: all that may be of one to the point, few of the others."""
    return MAX_PASSAGES_A_NOTE if share >= CORE_SHARE else MAX_PASSAGES_OF_OTHERS


def _views(reader: IndexReader, topic: str) -> list[str]:
    """A topic as it is, and where it names an area also what else it says."""
    rest = area_texts(reader).without_names(topic)
    views = [topic, rest] if rest != topic and set(query_words(rest)) - STOPWORDS else [topic]
    return [spelled(reader, view) for view in views]


def _passage_scores(reader: IndexReader, topic: str, filter: Filter, notes: Sequence[NoteRecord]) -> list[float]:
    """The score of the best passage of each note."""
    ranked = find(reader, topic, filter, "hybrid").ranked
    best = {note_of(entry.id): entry.score for entry in reversed(ranked)}
    return [best.get(note.id, 0.0) for note in notes]


def _third_best(cosines: Sequence[float]) -> float:
    """The cosine that the third best note still has."""
    ordered = sorted(cosines, reverse=True)
    return ordered[MIN_NOTES - 1] if len(ordered) >= MIN_NOTES else 0.0


def _leaning(verdict: AreaVerdict) -> dict[str, float]:
    """How much a passage counts by its note's area: in full where the topic lies, less the further away."""
    scores = verdict.scores
    best = max(scores.values())
    share: dict[str, float] = {area: OFF_AREA + (1 - OFF_AREA) * score / best for area, score in scores.items()}
    return share | {"detour": share["outside"]}


def _too_little(verdict: AreaVerdict, topic: str, notes: int) -> str:
    if verdict.area == "outside":
        area = verdict.nearest_area
        return f"{topic!r} lies outside the three areas (nearest: {area}), and the notes say too little about it"
    return f"too little evidence for {topic!r}: {_notes(notes)} on it; add notes, or name the topic more widely"


def _notes(count: int) -> str:
    return {0: "no note bears", 1: "only one note bears"}.get(count, f"only {count} notes bear")


def _judge_topic(reader: IndexReader, topic: str) -> AreaVerdict:
    note = Note(path="", sha256="", text=topic, title=topic)
    chunk = Chunk(heading_path=(), text=topic, start_line=1, end_line=1, embedded=topic, digest="")
    return classifier(reader).classify(note, [chunk], reader.encoder.encode_query(topic)[np.newaxis, :])


def _holding(reader: IndexReader, skeleton: Skeleton) -> Skeleton:
    """The skeleton without points that the lines at their address do not contain as they stand now."""
    standing = iter(holds(reader, [point for section in skeleton.sections for point in section.points]))
    sections = []
    for section in skeleton.sections:
        points = tuple(point for point in section.points if next(standing))
        notes = tuple(dict.fromkeys(point.path for point in points))
        if points:
            sections.append(section.model_copy(update={"points": points, "notes": notes}))
    return Skeleton(tuple(sections), skeleton.leftovers)


def _known(reader: IndexReader) -> list[NoteRecord]:
    """All notes, read once."""
    return reader.cached("notes", reader.catalog.notes)


def _version(note: NoteRecord) -> NoteVersion:
    return NoteVersion(path=note.path, sha256=note.sha256)


def holds(reader: IndexReader, points: Sequence[Point]) -> list[bool]:
    """For each point whether the lines at its address, cleaned, contain it as the notes are now."""
    cited = {point.path for point in points}
    notes = {note.path: note for note in _known(reader) if note.path in cited}
    lines = {path: text_of(reader, note).split("\n") for path, note in notes.items()}
    return [
        point.text in clean("\n".join(lines[point.path][point.start_line - 1 : point.end_line])) for point in points
    ]


def _area(notes: Sequence[NoteRecord]) -> VerdictArea:
    """The area of most of the notes."""
    counts = Counter(note.area for note in notes)
    return max((*AREAS, "outside"), key=lambda area: counts["detour" if area == "outside" else area])


def _references(notes: Sequence[NoteRecord], sections: Sequence[Section]) -> tuple[Reference, ...]:
    """What the cited notes are about (under the note's title) and what else they cite, each once."""
    citing: dict[str, list[NoteRecord]] = {}
    for note in notes:
        for reference in note.references:
            citing.setdefault(reference, []).append(note)
    references = []
    for name, by in citing.items():
        about = next((note for note in by if name in note.sources), None)
        paths = tuple(note.path for note in by)
        references.append(
            Reference(
                title=about.title if about else name,
                authors=about.authors if about else (),
                url=reference_url(name),
                cited_by=paths,
                sections=tuple(section.heading for section in sections if set(section.notes) & set(paths)),
            )
        )
    return tuple(references)


def _questions(
    reader: IndexReader, notes: Sequence[NoteRecord], topic_vector: NDArray[np.float32]
) -> tuple[OpenQuestion, ...]:
    """The questions that the notes leave open, those nearest to the topic first."""
    chunks = reader.catalog.chunks_of(note.id for note in notes)
    found = [
        OpenQuestion(text=question.text, path=note.path, line=question.start_line)
        for note in notes
        for chunk in chunks.get(note.id, [])
        for question in open_questions(chunk)
    ]
    if not found:
        return ()
    cosines = reader.encoder.encode([question.text for question in found]) @ topic_vector
    return tuple(found[index] for index in np.argsort(-cosines, kind="stable")[:MAX_QUESTIONS])


def _model(reader: IndexReader, covered: Sequence[CoveredBefore]) -> Vectors:
    """The passages of the nearest own post as vectors `(m, dim)`, in their order; none where there is no post."""
    passages = reader.passages()
    ids = {note.path: note.id for note in _known(reader)}
    rows = passages.rows.get(ids[covered[0].path], []) if covered else []
    order = {chunk.id: chunk.position for chunk in reader.catalog.chunks(passages.ids[row] for row in rows).values()}
    return passages.matrix[sorted(rows, key=lambda row: order[passages.ids[row]])] if rows else NO_MODEL


def _covered_before(reader: IndexReader, topic_vector: NDArray[np.float32]) -> tuple[CoveredBefore, ...]:
    """The writer's own posts near the topic, by their nearest passage."""
    cosines = nearest(reader, topic_vector, Filter(kinds=("post",)), limit=50)
    chunks = reader.catalog.chunks(cosines)
    best: dict[str, float] = {}
    for id, cosine in cosines.items():
        note_id = chunks[id].note_id
        best[note_id] = max(best.get(note_id, 0.0), cosine)
    posts = reader.catalog.notes_by_id(best)
    near = [(best[id], post) for id, post in posts.items() if best[id] >= MIN_POST_COSINE]
    return tuple(
        CoveredBefore(path=post.path, title=post.title, date=post.date, similarity=round(similarity, 4))
        for similarity, post in sorted(near, key=lambda pair: -pair[0])
    )


def _repeated(
    reader: IndexReader, covered: Sequence[CoveredBefore], sections: Sequence[Section]
) -> tuple[CoveredBefore, ...]:
    """The posts on the subject, the nearest of them with the points of an outline that they made already."""
    ids = {note.path: note.id for note in _known(reader)}
    chunks = reader.catalog.chunks_of(ids[post.path] for post in covered[:MAX_POSTS_READ])
    points = [point.text for section in sections for point in section.points]
    vectors = reader.encoder.encode(points) if chunks else NO_MODEL
    posts = []
    for post in covered:
        said = [statement for chunk in chunks.get(ids[post.path], []) for statement in quotable(chunk)]
        made: list[Repeated] = []
        if said:
            cosines = vectors @ reader.encoder.encode([statement.text for statement in said]).T
            for text, row in zip(points, cosines, strict=True):
                nearest = said[int(row.argmax())]
                if row.max() >= SAID_COSINE:
                    made.append(Repeated(text=text, said=Address(path=post.path, **nearest.model_dump())))
        posts.append(post.model_copy(update={"points": tuple(made)}))
    return tuple(posts)
