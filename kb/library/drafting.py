"""From a topic to an outline, over search and the notes' files as they are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.errors import EvidenceError, InputError
from kb.ingest import notebook
from kb.ingest.areas import nearest_area
from kb.ingest.markdown import reference_url
from kb.ingest.prose import clean
from kb.library.finding import find, nearest
from kb.library.judging import judge
from kb.library.looking import is_changed
from kb.library.workspace import Workspace
from kb.models import AREAS, AreaVerdict, Chunk, FiledArea, Filter, Note, NoteRecord, VerdictArea
from kb.outline.sections import Evidence, Skeleton, Vectors, build_sections, open_questions
from kb.reports import CoveredBefore, Gap, OpenQuestion, Outline, Point, Reference, Section

MAX_PASSAGES = 60
MIN_COSINE = 0.3
MIN_SHARE = 0.45  # of the best passage's score
MIN_NOTES, MIN_PASSAGES = 3, 5
MIN_POST_COSINE = 0.4


def draft(workspace: Workspace, topic: str, areas: tuple[FiledArea, ...], wanted: int | None) -> Outline:
    """The outline of a post about a topic. Raises `EvidenceError` where the notes say too little about it."""
    if not topic.strip():
        raise InputError("the topic is empty; say what the post is about")
    evidence, vectors = _gather(workspace, topic, areas)
    topic_vector = workspace.encoder.encode_query(topic)
    skeleton = build_sections(evidence, vectors, topic_vector, workspace.encoder.encode, wanted)
    skeleton = _holding(workspace, skeleton)
    cited = {path for section in skeleton.sections for path in section.notes}
    notes = list({entry.note.path: entry.note for entry in evidence if entry.note.path in cited}.values())
    return Outline(
        topic=topic,
        title=topic[:1].upper() + topic[1:],
        area=_area(notes),
        sections=skeleton.sections,
        references=_references(notes, skeleton.sections),
        open_questions=_questions(workspace, notes),
        gaps=_gaps(skeleton.sections),
        leftovers=skeleton.leftovers,
        covered_before=_covered_before(workspace, topic_vector),
    )


def _gather(workspace: Workspace, topic: str, areas: tuple[FiledArea, ...]) -> tuple[list[Evidence], Vectors]:
    """The passages that bear on a topic, best first, with their vectors; only of notes as they are now."""
    found = find(workspace, topic, Filter(areas=areas), "hybrid")
    strong = [
        entry
        for entry in found.ranked
        if (entry.dense or 0.0) >= MIN_COSINE and entry.score >= MIN_SHARE * found.ranked[0].score
    ][:MAX_PASSAGES]
    chunks = workspace.catalog.chunks(entry.id for entry in strong)
    notes = _current_notes(workspace, {row.note_id for row in chunks.values()})
    rows = [chunks[entry.id] for entry in strong if entry.id in chunks and chunks[entry.id].note_id in notes]
    if len({row.note_id for row in rows}) < MIN_NOTES or len(rows) < MIN_PASSAGES:
        raise EvidenceError(_too_little(workspace, topic, len({row.note_id for row in rows})))
    ids, matrix = workspace.catalog.chunk_vectors(ids=[row.id for row in rows])
    position = {id: index for index, id in enumerate(ids)}
    return [Evidence(notes[row.note_id], row) for row in rows], matrix[[position[row.id] for row in rows]]


def _current_notes(workspace: Workspace, ids: Iterable[str]) -> dict[str, NoteRecord]:
    """Those of the notes whose files still say what was indexed."""
    notes = workspace.catalog.notes_by_id(ids)
    current = {}
    for id, note in notes.items():
        state = notebook.state_of(workspace.root, note.path)
        if state and not is_changed(workspace, note, state):
            current[id] = note
    if len(current) < len(notes):
        workspace.notify(
            f"{len(notes) - len(current)} notes changed since the last sync and were left out; run `kb sync`"
        )
    return current


def _too_little(workspace: Workspace, topic: str, notes: int) -> str:
    verdict = _judge_topic(workspace, topic)
    if verdict.area == "outside":
        return f"{topic!r} lies outside the three areas (nearest: {nearest_area(verdict)}) and {_notes(notes)} on it"
    return f"too little evidence for {topic!r}: {_notes(notes)} on it; add notes, or name the topic more widely"


def _notes(count: int) -> str:
    return {0: "no note bears", 1: "only one note bears"}.get(count, f"only {count} notes bear")


def _judge_topic(workspace: Workspace, topic: str) -> AreaVerdict:
    note = Note(path="", sha256="", text=topic, title=topic)
    chunk = Chunk(heading_path=(), text=topic, start_line=1, end_line=1, embedded=topic, digest="")
    return judge(workspace, note, [chunk], workspace.encoder.encode_query(topic)[np.newaxis, :])


def _holding(workspace: Workspace, skeleton: Skeleton) -> Skeleton:
    """The skeleton without points that the lines at their address do not contain as they stand now."""
    paths = {point.path for section in skeleton.sections for point in section.points}
    lines = {path: notebook.read(workspace.root, path).text.split("\n") for path in paths}

    def holds(point: Point) -> bool:
        return point.text in clean("\n".join(lines[point.path][point.start_line - 1 : point.end_line]))

    sections = []
    for section in skeleton.sections:
        points = tuple(point for point in section.points if holds(point))
        notes = tuple(dict.fromkeys(point.path for point in points))
        if points:
            sections.append(section.model_copy(update={"points": points, "notes": notes}))
    return Skeleton(tuple(sections), skeleton.leftovers)


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


def _questions(workspace: Workspace, notes: Sequence[NoteRecord]) -> tuple[OpenQuestion, ...]:
    chunks = workspace.catalog.chunks_of(note.id for note in notes)
    return tuple(
        OpenQuestion(text=question.text, path=note.path, line=question.start_line)
        for note in notes
        for chunk in chunks.get(note.id, [])
        for question in open_questions(chunk)
    )


def _gaps(sections: Sequence[Section]) -> tuple[Gap, ...]:
    return tuple(
        Gap(kind="one note", text=f"rests on one note only, {section.notes[0]}", section=section.heading)
        for section in sections
        if len(section.notes) == 1
    )


def _covered_before(workspace: Workspace, topic_vector: NDArray[np.float32]) -> tuple[CoveredBefore, ...]:
    """The writer's own posts near the topic, by their nearest passage."""
    cosines = nearest(workspace, topic_vector, Filter(kinds=("post",)), limit=50)
    chunks = workspace.catalog.chunks(cosines)
    best: dict[str, float] = {}
    for id, cosine in cosines.items():
        note_id = chunks[id].note_id
        best[note_id] = max(best.get(note_id, 0.0), cosine)
    posts = workspace.catalog.notes_by_id(best)
    near = [(best[id], post) for id, post in posts.items() if best[id] >= MIN_POST_COSINE]
    return tuple(
        CoveredBefore(path=post.path, title=post.title, date=post.date, similarity=round(similarity, 4))
        for similarity, post in sorted(near, key=lambda pair: -pair[0])
    )
