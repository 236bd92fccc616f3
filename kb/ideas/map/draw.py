"""From the notes of an index to the map of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kb.areas.concepts import load_concepts
from kb.areas.judge import vectors_of_held_back
from kb.areas.texts import area_texts
from kb.ideas.map.kept import KeptMap, Spot, read_map, write_map
from kb.ideas.map.labels import labels, named_concepts
from kb.ideas.map.layout import centres, laid_out, nearest_centres, placed
from kb.index.arrays import unit_rows
from kb.index.reader import IndexReader
from kb.models import NoteRecord, Progress
from kb.reports import MapCluster, MappedNote, NoteMap

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MOST_NEW = 1 / 3  # of the notes that may be placed among the others, before all are laid out again
DIGITS = 4
OPENING = 1  # passages

Vectors = Mapping[str, "FloatArray"]  # unit vectors `(dim,)`, by note id


def note_map(reader: IndexReader, progress: Progress) -> NoteMap:
    """The map of all notes, held back ones included. `progress` is told in steps of the computation, if one is needed.

    Raises `EncoderError` where the index holds another encoder's vectors.
    """
    return reader.cached("map", lambda: _map(reader, progress))


def _map(reader: IndexReader, progress: Progress) -> NoteMap:
    notes = reader.catalog.notes()
    if not notes:
        return NoteMap()
    reader.require_current_encoder()
    kept = _Places(reader, notes).kept(progress)
    return _report(reader, notes, kept)


@dataclass(frozen=True)
class _Places:
    """The places of the notes of one state of the index."""

    reader: IndexReader
    notes: Sequence[NoteRecord]

    def kept(self, progress: Progress) -> KeptMap:
        """The places that were kept, with those of the notes that are new or have changed."""
        before = read_map(self.reader.folder)
        if before is None or before.encoder != self.reader.encoder.fingerprint:
            return self._from_scratch(self._vectors(self.notes), progress)
        known = {
            note.id: spot for note in self.notes if (spot := before.spots.get(note.id)) and spot.sha256 == note.sha256
        }
        fresh = self._vectors(note for note in self.notes if note.id not in known)
        new = len(fresh) + sum(spot.placed for spot in known.values())
        if new > MOST_NEW * (len(known) + len(fresh)):
            rest = self._vectors(note for note in self.notes if note.id in known)
            return self._from_scratch({**rest, **fresh}, progress)
        if fresh:
            known |= self._among(fresh, known)
        if known == before.spots:
            return before
        return self._keep(known, before.centres)

    def _from_scratch(self, vectors: Vectors, progress: Progress) -> KeptMap:
        if not vectors:
            return self._keep({}, ())
        positions = laid_out(np.stack([*vectors.values()]), progress)
        return self._keep(self._spots(vectors, positions, placed=False), _points(centres(positions)))

    def _among(self, fresh: Vectors, known: Mapping[str, Spot]) -> dict[str, Spot]:
        """The places of new notes among those that are known and filed."""
        anchors = self._vectors(note for note in self.notes if note.id in known and note.area != "outside")
        positions = np.array([(known[id].x, known[id].y) for id in anchors], dtype=np.float32)
        found = placed(np.stack([*fresh.values()]), np.stack([*anchors.values()]), positions)
        return self._spots(fresh, found, placed=True)

    def _spots(self, vectors: Vectors, positions: FloatArray, placed: bool) -> dict[str, Spot]:
        hashes = {note.id: note.sha256 for note in self.notes}
        return {
            id: Spot(sha256=hashes[id], x=x, y=y, placed=placed)
            for id, (x, y) in zip(vectors, _points(positions), strict=True)
        }

    def _keep(self, spots: dict[str, Spot], centres: tuple[tuple[float, float], ...]) -> KeptMap:
        kept = KeptMap(encoder=self.reader.encoder.fingerprint, centres=centres, spots=spots)
        write_map(self.reader.folder, kept)
        return kept

    def _vectors(self, notes: Iterable[NoteRecord]) -> dict[str, FloatArray]:
        """The mean vector of each note's passages, scaled to length 1; a note whose text cannot be read is left out."""
        found = {}
        wanted = list(notes)
        rows = self.reader.passages().rows if wanted else {}
        for note in wanted:
            if note.id in rows:
                vectors: FloatArray | None = self.reader.passages().matrix[rows[note.id]]
            else:
                vectors = vectors_of_held_back(self.reader, note)
            if vectors is not None:
                found[note.id] = unit_rows(vectors.mean(axis=0))
        return found


def _points(positions: FloatArray) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), DIGITS), round(float(y), DIGITS)) for x, y in positions)


def _report(reader: IndexReader, notes: Sequence[NoteRecord], kept: KeptMap) -> NoteMap:
    shown = [note for note in notes if note.id in kept.spots]
    missing = tuple(note.path for note in notes if note.id not in kept.spots)
    if not shown:
        return NoteMap(missing=missing)
    positions = np.array([(kept.spots[note.id].x, kept.spots[note.id].y) for note in shown], dtype=np.float32)
    middles = np.array(kept.centres, dtype=np.float32)
    numbers = nearest_centres(positions, middles)
    named = _named(reader, shown)
    passages = reader.catalog.chunk_counts()
    mapped = (
        MappedNote(
            path=note.path,
            title=note.title,
            area=note.area,
            kind=note.kind,
            passages=passages.get(note.id, 0),
            x=kept.spots[note.id].x,
            y=kept.spots[note.id].y,
            cluster=cluster,
            concepts=names,
        )
        for note, cluster, names in zip(shown, numbers.tolist(), named, strict=True)
    )
    return NoteMap(notes=tuple(mapped), clusters=_clusters(shown, positions, middles, named), missing=missing)


def _clusters(
    notes: Sequence[NoteRecord], positions: FloatArray, middles: FloatArray, named: Sequence[tuple[str, ...]]
) -> tuple[MapCluster, ...]:
    """The clusters with their names. Notes may have left the index since: one can be empty."""
    numbers = nearest_centres(positions, middles)
    distances = ((positions - middles[numbers]) ** 2).sum(axis=1)
    central = np.argsort(distances, kind="stable")
    members = [[int(note) for note in central if numbers[note] == number] for number in range(len(middles))]
    names = labels(members, named, [note.title for note in notes])
    places = (
        positions[cluster].mean(axis=0) if cluster else middle for cluster, middle in zip(members, middles, strict=True)
    )
    return tuple(
        MapCluster(label=label, x=x, y=y, notes=len(cluster))
        for label, (x, y), cluster in zip(names, _points(np.stack([*places])), members, strict=True)
    )


def _named(reader: IndexReader, notes: Sequence[NoteRecord]) -> list[tuple[str, ...]]:
    """The concepts that each note names at its beginning: reading all passages would take seconds."""
    concepts, areas = load_concepts(reader.settings.own_concepts), area_texts(reader)
    chunks = reader.catalog.chunks(reader.catalog.opening_chunks(OPENING))
    openings = {chunk.note_id: ". ".join((*chunk.heading_path, chunk.text)) for chunk in chunks.values()}
    return [
        named_concepts(
            note, openings.get(note.id, ""), concepts, lambda name: not areas.without_names(name).strip("s ")
        )
        for note in notes
    ]
