"""Drafting: from a topic to an outline of the notes as they are now."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from functools import partial

from kb.areas.concepts import load_concepts, of_areas
from kb.areas.texts import area_texts
from kb.cutoffs import BEARING
from kb.errors import EvidenceError
from kb.index.freshness import text_of
from kb.index.reader import IndexReader
from kb.models import AREAS, FiledArea, NoteRecord, VerdictArea
from kb.notes.markup.comments import without_comments
from kb.notes.prose import clean
from kb.outline.earlier_posts import example_post, posts_near, with_repeated_points
from kb.outline.evidence import gather
from kb.outline.gaps import gaps, untreated_parts
from kb.outline.guided.found import gather_for
from kb.outline.guided.listed import with_listed_parts
from kb.outline.guided.sections import guided_sections
from kb.outline.points import Excerpt
from kb.outline.post.length import points_for, sections_for
from kb.outline.questions import nearest_questions
from kb.outline.quoting.translations import in_one_language
from kb.outline.quoting.worth import sums_up
from kb.outline.references import references
from kb.outline.sections import Skeleton, build_sections
from kb.outline.topics.coverage import require_subjects
from kb.outline.topics.subjects import Subject, mentioned_once, unknown_subjects
from kb.outline.topics.topic import Topic, read_topic
from kb.reports import CoveredBefore, Gap, NoteVersion, Outline, Point, Section
from kb.search.concepts.treatments import treatments


def draft(
    reader: IndexReader,
    text: str,
    areas: tuple[FiledArea, ...],
    wanted: int | None,
    today: datetime.date,
    headings: tuple[str, ...] = (),
    words: int | None = None,
    without: str | None = None,
) -> Outline:
    """The outline of a post about a topic, from the notes of some areas (all by default), in `wanted` sections.

    With `headings`, those are its sections, and the ones that the notes say nothing on have no points. `words` is the
    length of the post, which decides how many sections and points there are. The note at the path `without`, such as
    the post itself, is no evidence.

    Raises `InputError` for an empty topic, `EvidenceError` where the notes say too little about it, and `EncoderError`
    where the index holds another encoder's vectors.
    """
    reader = reader.scanning()
    topic = read_topic(reader, text)
    posts = tuple(post for post in posts_near(reader, text, topic.vector) if post.path != without)
    count = len(headings) or wanted or (sections_for(words) if words else None)
    points = points_for(words, count) if words and count else None
    if headings:
        evidence = gather_for(reader, topic, headings, areas, without)
        excerpts, skeleton = evidence.excerpts, guided_sections(evidence, headings, reader.encoder, points)
    else:
        excerpts, skeleton = _proposed(reader, topic, areas, count, points, posts)
    sections = _with_current_points(reader, skeleton.sections, keep_empty=bool(headings))
    if not any(section.points for section in sections):
        raise EvidenceError(f"nothing that the notes say on {text!r} can be quoted on its own; add notes in sentences")
    unknown = _unknown_to_cited(reader, topic, sections, excerpts)
    if not headings:
        require_subjects(topic, unknown)
    asked = {"areas": areas, "wanted_sections": wanted, "words": words, "headings": headings}
    others = {"leftovers": skeleton.leftovers, "covered_before": with_repeated_points(reader, posts, sections)}
    return _report(reader, topic, sections, excerpts, unknown, today).model_copy(update={**asked, **others})


def _proposed(
    reader: IndexReader,
    topic: Topic,
    areas: tuple[FiledArea, ...],
    count: int | None,
    points: int | None,
    posts: Sequence[CoveredBefore],
) -> tuple[Sequence[Excerpt], Skeleton]:
    """The sections that kb proposes, `count` of them with so many points each, or else as many as suit the notes and
    the parts of the topic; and the excerpts that they were chosen from.
    """
    excerpts, vectors = in_one_language(*gather(reader, topic, areas), topic.text)
    excerpts = _with_openings(reader, excerpts)
    example, known = example_post(reader, posts), load_concepts(reader.settings.own_concepts)
    skeleton = build_sections(excerpts, vectors, topic.aim, reader.encoder, count, example, known, points, topic.text)
    if count is not None:
        return excerpts, skeleton
    sections, found = with_listed_parts(reader, topic, skeleton.sections, areas)
    said = {point.text for section in sections for point in section.points}
    left = tuple(entry for entry in skeleton.leftovers if entry.text not in said)
    return [*excerpts, *found], Skeleton(tuple(sections), left)


def _with_openings(reader: IndexReader, excerpts: Sequence[Excerpt]) -> list[Excerpt]:
    """Excerpts, of which the best of each note knows the passage that sums the note up, or else opens it, if that is
    not among them: what a note is about may be in other words than the topic is asked in.
    """
    whole = {entry.note.id for entry in excerpts if not entry.part}
    opening = {id: next(filter(sums_up, chunks), chunks[0]) for id, chunks in reader.catalog.chunks_of(whole).items()}
    for entry in excerpts:
        if opening.get(entry.note.id) == entry.chunk:
            del opening[entry.note.id]
    return [replace(entry, opening=opening.pop(entry.note.id, None)) for entry in excerpts]


def _unknown_to_cited(
    reader: IndexReader, topic: Topic, sections: Sequence[Section], excerpts: Sequence[Excerpt]
) -> tuple[Subject, ...]:
    """The subjects of a topic that the notes which its sections cite do not know."""
    cited = {path for section in sections for path in section.notes}
    return unknown_subjects(reader, topic.subjects, {entry.note.id for entry in excerpts if entry.note.path in cited})


def _report(
    reader: IndexReader,
    topic: Topic,
    sections: tuple[Section, ...],
    excerpts: Sequence[Excerpt],
    unknown: Sequence[Subject],
    today: datetime.date,
) -> Outline:
    """The outline that some sections make, given the excerpts that their points were chosen from, and the subjects of
    the topic that the cited notes do not know.
    """
    considered = {entry.note.path: entry.note for entry in excerpts}
    cited = {path for section in sections for path in section.notes}
    notes = [note for path, note in considered.items() if path in cited]
    chunks = reader.catalog.chunks_of(entry.id for entry in considered.values())
    texts = {id: "\n".join(chunk.text for chunk in parts) for id, parts in chunks.items()}
    cited_works, left_out = references(notes, excerpts, sections, texts)

    concepts = [subject.name for subject in unknown if subject.concept is not None]
    passages = [(entry.path, chunk) for entry in considered.values() for chunk in chunks.get(entry.id, ())]
    near = partial(_is_near, reader, topic)
    return Outline(
        topic=topic.text,
        title=topic.text[:1].upper() + topic.text[1:],
        area=_area(notes),
        sections=sections,
        empty=tuple(section.heading for section in sections if not section.points),
        considered=tuple(NoteVersion(path=note.path, sha256=note.sha256) for note in considered.values()),
        references=cited_works,
        open_questions=nearest_questions(reader, notes, topic.aim),
        gaps=gaps(topic.text, sections, excerpts, _all_notes(reader), today, near, concepts, passages)
        + _barely_mentioned(reader, topic, notes)
        + _untreated_parts(reader, topic.text, notes)
        + left_out,
    )


def _is_near(reader: IndexReader, topic: Topic, term: str) -> bool:
    cosine = float(reader.encoder.encode_query(term) @ topic.vector)
    return reader.encoder.scale.relatedness(cosine) >= BEARING


def _barely_mentioned(reader: IndexReader, topic: Topic, notes: Sequence[NoteRecord]) -> tuple[Gap, ...]:
    """The concepts of a topic that the cited notes mention once and say nothing on."""
    return tuple(
        Gap(kind="no evidence", text=f"only one passage mentions {subject.name!r}")
        for subject in mentioned_once(reader, topic.subjects, {note.id for note in notes})
    )


def _untreated_parts(reader: IndexReader, topic: str, notes: Sequence[NoteRecord]) -> tuple[Gap, ...]:
    """The gaps that the concepts of a topic show, other than the areas themselves."""
    known = treatments(reader)
    concepts = known.concepts
    areas = of_areas(concepts, area_texts(reader))
    asked = [number for number in concepts.named(topic) if concepts.is_inside(number) and number not in areas]
    cited = {note.id for note in notes}

    def notes_of(number: int) -> Set[str]:
        treatment = known.of(reader, number)
        return cited if treatment.everywhere else treatment.notes.keys()

    return untreated_parts(concepts, asked, cited, notes_of)


def _area(notes: Sequence[NoteRecord]) -> VerdictArea:
    """The area of most of the notes; detours count as outside."""
    counts = Counter(note.area for note in notes)
    return max((*AREAS, "outside"), key=lambda area: counts["detour" if area == "outside" else area])


def _with_current_points(reader: IndexReader, sections: Sequence[Section], keep_empty: bool) -> tuple[Section, ...]:
    """The sections without points that the notes no longer contain and, unless `keep_empty`, without those that have
    no points.
    """
    valid = iter(holds(reader, [point for section in sections for point in section.points]))
    kept = []
    for section in sections:
        points = tuple(point for point in section.points if next(valid))
        notes = tuple(dict.fromkeys(point.path for point in points))
        if points or keep_empty:
            kept.append(section.model_copy(update={"points": points, "notes": notes}))
    return tuple(kept)


def holds(reader: IndexReader, points: Sequence[Point]) -> list[bool]:
    """For each point, whether the lines at its address, cleaned, contain it in the note as it is now."""
    cited = {point.path for point in points}
    notes = {note.path: note for note in _all_notes(reader) if note.path in cited}
    lines = {path: without_comments(text_of(reader, note)).split("\n") for path, note in notes.items()}
    return [
        point.text in clean("\n".join(lines[point.path][point.start_line - 1 : point.end_line])) for point in points
    ]


def _all_notes(reader: IndexReader) -> list[NoteRecord]:
    return reader.cached("notes", reader.catalog.notes)
