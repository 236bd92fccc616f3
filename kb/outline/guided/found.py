"""What the notes have for some headings of the writer's: passages that a search for each within the topic finds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from kb.areas.concepts import Concepts
from kb.cutoffs import BEARING, CLOSE
from kb.index.freshness import current_notes
from kb.index.reader import IndexReader
from kb.models import ChunkRecord, FiledArea, Filter, NoteRecord, Statement, note_of
from kb.outline.evidence import MAX_NOTES, shares_of
from kb.outline.guided.asked import Asked, read_heading
from kb.outline.naming.own_titles import with_own_titles
from kb.outline.parts import Part
from kb.outline.points import Excerpt
from kb.outline.quoting.translations import in_one_language
from kb.outline.relevance import SURE_SHARE
from kb.outline.topics.coverage import notes_naming, require_evidence
from kb.outline.topics.naming import naming_of
from kb.outline.topics.subjects import subjects_of, unknown_subjects
from kb.outline.topics.topic import Topic
from kb.search.answer import JUDGED
from kb.search.calibration import GOOD
from kb.search.find import find, spelled
from kb.search.fuse import evidence
from kb.search.ranking import Ranking, group_by_note
from kb.search.snippets import marks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

MAX_PASSAGES, MAX_TELLING = 3, 6  # of a note, for a heading; for one that asks for a side of the topic
LIKELIER_THAN_NOT = 0.5
MIN_SHARE = 0.5  # of the best note's score, for a note to be evidence for a heading

_QUERY_MARKS = re.compile(r'["“”„«»]|(?<!\w)-')  # which a query reads as exact words and exclusions


@dataclass(frozen=True)
class Evidence:
    """Passages for some headings, best first.

    `vectors` is `(n, dim)`. `fits` `(n, headings)` is the score of each passage in the search for each heading, 0
    where it is no evidence for it. `aims` `(headings + 1, dim)` are the vectors of the headings and of the topic, and
    `asked` what the headings ask for.
    """

    excerpts: Sequence[Excerpt]
    vectors: FloatArray
    fits: NDArray[np.float64]
    aims: FloatArray
    asked: Sequence[Asked]

    def share(self, heading: int, index: int, statement: Statement) -> float:
        """How much a statement of an excerpt says of what a heading asks for, 0..1; both are given by number."""
        own = self.excerpts[index]
        opens = own.chunk.position == 0
        return self.asked[heading].share(statement.text, _named(own.note), own.chunk.heading_path, opens)


def _named(note: NoteRecord) -> str:
    """How a note is named: its title, and the folders that it lies in."""
    return " | ".join([note.title, *PurePosixPath(note.path).parts[:-1]])


def gather_for(
    reader: IndexReader, topic: Topic, headings: Sequence[str], areas: tuple[FiledArea, ...], without: str | None
) -> Evidence:
    """The passages that bear on some headings of a topic's outline, or on the topic.

    The note at the path `without` is left out. Raises `EvidenceError` where the notes of the areas say too little.
    """
    filter = Filter(areas=areas)
    known = reader.catalog.notes_by_id(reader.passing(filter).notes)
    notes = [id for id in reader.passages().rows if id in known and known[id].path != without]
    whole = [Part(known[id], reader.passages().rows[id]) for id in notes]
    on_topic = shares_of(reader, topic, filter, whole, naming_of(reader, topic.subjects, notes)) if notes else {}
    texts = [_put(topic, heading) for heading in headings]
    asked = [read_heading(reader, topic, heading, *text) for heading, text in zip(headings, texts, strict=True)]
    searches = [_search(reader, topic, *pair, filter, on_topic) for pair in zip(asked, texts, strict=True)]
    searches.append(_searched(reader, topic.views, filter).among(on_topic, reader.passages().rows))
    best = np.max([found.relatedness for found in searches], axis=0)
    rows = reader.passages().rows
    require_evidence(topic, [float(best[rows[id]].max()) for id in notes], notes_naming(reader, topic, notes))
    fits = np.zeros((len(best), len(searches)))
    for number, (found, entry) in enumerate(zip(searches, (*asked, None), strict=True)):
        for row, fit in found.best(notes, rows, MAX_TELLING if entry and entry.facets else MAX_PASSAGES):
            fits[row, number] = fit
    return _evidence(reader, topic.text, fits, np.stack([found.aim for found in searches]), asked)


def _put(topic: Topic, heading: str) -> tuple[str, str]:
    """A heading as a query, alone and within its topic."""
    plain, within = (_QUERY_MARKS.sub(" ", text) for text in (heading, f"{topic.text}: {heading}"))
    return plain, within


def _evidence(
    reader: IndexReader, topic: str, fits: NDArray[np.float64], aims: FloatArray, asked: Sequence[Asked]
) -> Evidence:
    """The passages of current notes that fit a heading or the topic, given the fits of all passages."""
    passages = reader.passages()
    best = fits.max(axis=1)
    ranked = [int(row) for row in np.argsort(-best, kind="stable") if best[row] > 0]
    chunks = reader.catalog.chunks(passages.ids[row] for row in ranked)
    known = with_own_titles(reader, reader.catalog.notes_by_id({chunk.note_id for chunk in chunks.values()}))
    current = {note.id for note in current_notes(reader, list(known.values()))}
    rows = [row for row in ranked if note_of(passages.ids[row]) in current]
    taken = [chunks[passages.ids[row]] for row in rows]
    excerpts = [Excerpt(known[chunk.note_id], chunk) for chunk in taken]
    excerpts, kept = in_one_language(excerpts, np.array(rows, dtype=np.intp), topic)
    return Evidence(excerpts, passages.matrix[kept], fits[kept, :-1], aims, asked)


def _search(
    reader: IndexReader, topic: Topic, asked: Asked, put: tuple[str, str], filter: Filter, on_topic: Mapping[str, float]
) -> _Found:
    """What is found for a heading: alone, and within its topic; nothing where a search for it alone has no good match.
    One that asks for a side of the topic is searched for in the passages that tell of it, of notes on the topic.
    """
    plain, within = put
    if not asked.facets:
        return _searched(reader, [plain, within], filter, must_match=not asked.is_described)
    queries = [within, *(f"{topic.text}: {facet.query}" for facet in asked.facets)]
    return _searched(reader, queries, filter).among(on_topic, _telling(reader, topic, asked, on_topic))


def _telling(reader: IndexReader, topic: Topic, asked: Asked, shares: Mapping[str, float]) -> dict[str, list[int]]:
    """The rows of those passages of notes on a topic, by note, that speak of it, and of the side of it asked for. A
    note that surely bears on the topic speaks of it throughout.
    """
    row_of = reader.passages().row_of
    related = reader.encoder.scale.relatedness(reader.passages().cosines(topic.aim))
    known = reader.catalog.notes_by_id(shares)
    return {
        id: [
            row_of[chunk.id]
            for chunk in chunks
            if chunk.id in row_of
            and asked.share(chunk.text, _named(known[id]), chunk.heading_path, chunk.position == 0)
            and (
                shares[id] > SURE_SHARE
                or _speaks_of(topic, asked.known, known[id], chunk, float(related[row_of[chunk.id]]))
            )
        ]
        for id, chunks in reader.catalog.chunks_of(list(shares)).items()
    }


def _speaks_of(topic: Topic, known: Concepts, note: NoteRecord, chunk: ChunkRecord, related: float) -> bool:
    """Whether a passage names what a topic is about, or is as near to the topic as related ones are."""
    if not topic.subjects or related >= CLOSE:
        return True
    text = " | ".join([note.title, *chunk.heading_path, chunk.text])
    concepts = {subject.concept for subject in topic.subjects}
    words = [subject.name for subject in topic.subjects if subject.concept is None]
    return not concepts.isdisjoint(known.named(text)) or bool(marks(text, words))


def _searched(reader: IndexReader, views: Sequence[str], filter: Filter, must_match: bool = False) -> _Found:
    """What is found for a text that can be put in several ways: the means of the scores. With `must_match`, nothing
    where a search for the first has no good match.
    """
    encoder, passages = reader.encoder, reader.passages()
    aim = encoder.encode_query(spelled(reader, views[-1]))
    relatedness = encoder.scale.relatedness(passages.cosines(aim))
    scores = np.zeros((len(views), len(passages.ids)))
    rankings = [find(reader, view, filter, "hybrid") for view in views]
    if not must_match or _has_good_match(reader, rankings[0], views[0]):
        for own, ranking in zip(scores, rankings, strict=True):
            for entry in ranking.ranked:
                own[passages.row_of[entry.id]] = entry.score
    return _Found(np.where(relatedness >= BEARING, scores.mean(axis=0), 0.0), relatedness, aim)


def _has_good_match(reader: IndexReader, ranking: Ranking, text: str) -> bool:
    """Whether a note is likely to be relevant to a text, likelier than not if no passage bears on it but by its words;
    or a passage is as near to it as related ones are. Never where no note that is found knows what the text is about.
    """
    subjects = subjects_of(reader, text)
    if subjects and subjects == unknown_subjects(reader, subjects, {note_of(entry.id) for entry in ranking.ranked}):
        return False
    cosines = reader.passages().cosines(reader.encoder.encode_query(spelled(reader, text)))
    nearest = float(reader.encoder.scale.relatedness(cosines).max())
    if nearest >= CLOSE:
        return True
    notes = {note_of(group[0].id) for group in group_by_note(ranking.ranked, 1)[:JUDGED]}
    found = evidence(reader, ranking, notes).values()
    likeliest = max((p for entry in found for p in entry.probabilities().values()), default=0.0)
    return likeliest >= (GOOD if nearest >= BEARING else LIKELIER_THAN_NOT)


@dataclass(frozen=True)
class _Found:
    """The score `(n,)` of each passage, 0 where it was not found, its relatedness `(n,)` with what was searched for,
    and the vector `(dim,)` of that.
    """

    scores: NDArray[np.float64]
    relatedness: FloatArray
    aim: FloatArray

    def among(self, notes: Collection[str], rows: Mapping[str, Sequence[int]]) -> _Found:
        """What is found in some notes."""
        kept = [row for note in notes for row in rows[note]]
        scores = np.zeros_like(self.scores)
        scores[kept] = self.scores[kept]
        return replace(self, scores=scores)

    def best(
        self, notes: Sequence[str], rows: Mapping[str, Sequence[int]], most_passages: int
    ) -> Iterator[tuple[int, float]]:
        """The best passages of the best notes, by row, each with its score; at most so many of a note."""
        most = max((float(self.scores[rows[id]].max()) for id in notes), default=0.0)
        if most > 0:
            for note in sorted(notes, key=lambda note: -self.scores[rows[note]].max())[:MAX_NOTES]:
                for row in sorted(rows[note], key=lambda row: -self.scores[row])[:most_passages]:
                    if self.scores[row] >= MIN_SHARE * most:
                        yield row, float(self.scores[row])
