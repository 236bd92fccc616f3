"""The writer's own posts near a topic: what they covered before, and the one whose order a new post follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kb.cutoffs import POINT_MADE, POST_NEAR
from kb.index.reader import IndexReader
from kb.models import ChunkRecord, Filter
from kb.outline.order import NO_EXAMPLE
from kb.notes.statements import statements
from kb.reports import Address, CoveredBefore, Repeated, Section
from kb.search.dense import nearest

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

POOL = 50  # passages of posts
MAX_COMPARED = 3  # posts whose statements are compared with the points of an outline


def posts_near(reader: IndexReader, topic_vector: FloatArray) -> tuple[CoveredBefore, ...]:
    """The posts near a topic, the nearest first; their similarity is the cosine of their best passage."""
    cosines = nearest(reader, topic_vector, Filter(kinds=("post",)), limit=POOL)
    chunks = reader.catalog.chunks(cosines)
    best: dict[str, float] = {}
    for id, cosine in cosines.items():
        note_id = chunks[id].note_id
        best[note_id] = max(best.get(note_id, 0.0), cosine)
    posts = reader.catalog.notes_by_id(best)
    scale = reader.encoder.scale
    near = sorted(
        ((best[id], post) for id, post in posts.items() if scale.relatedness(best[id]) >= POST_NEAR),
        key=lambda pair: -pair[0],
    )
    return tuple(
        CoveredBefore(path=post.path, title=post.title, date=post.date, similarity=round(similarity, 4))
        for similarity, post in near
    )


def example_post(reader: IndexReader, posts: Sequence[CoveredBefore]) -> FloatArray:
    """The vectors `(m, dim)` of the first post's passages, in the order of its text; `NO_EXAMPLE` without posts."""
    if not posts:
        return NO_EXAMPLE
    passages = reader.passages()
    rows = passages.rows.get(_ids(reader)[posts[0].path], [])
    chunks = reader.catalog.chunks(passages.ids[row] for row in rows)
    return passages.matrix[sorted(rows, key=lambda row: chunks[passages.ids[row]].position)] if rows else NO_EXAMPLE


def with_repeated_points(
    reader: IndexReader, posts: Sequence[CoveredBefore], sections: Sequence[Section]
) -> tuple[CoveredBefore, ...]:
    """Posts with the points of some sections that they made already; the first `MAX_COMPARED` posts are compared."""
    ids = _ids(reader)
    compared = posts[:MAX_COMPARED]
    chunks = reader.catalog.chunks_of(ids[post.path] for post in compared)
    if not chunks:
        return tuple(posts)
    points = [point.text for section in sections for point in section.points]
    point_vectors = dict(zip(points, reader.encoder.encode(points), strict=True))
    repeated = [
        post.model_copy(update={"points": _repeated(reader, post.path, chunks.get(ids[post.path], []), point_vectors)})
        for post in compared
    ]
    return (*repeated, *posts[MAX_COMPARED:])


def _repeated(
    reader: IndexReader, path: str, chunks: Sequence[ChunkRecord], point_vectors: Mapping[str, FloatArray]
) -> tuple[Repeated, ...]:
    """The points that a post made already, each with the nearest statement of the post."""
    said = [statement for chunk in chunks for statement in statements(chunk.text, chunk.kinds, chunk.start_line)]
    if not said:
        return ()
    said_vectors = reader.encoder.encode([statement.text for statement in said])
    repeated = []
    for text, vector in point_vectors.items():
        cosines = said_vectors @ vector
        if reader.encoder.scale.relatedness(float(cosines.max())) >= POINT_MADE:
            nearest_statement = said[int(cosines.argmax())]
            repeated.append(Repeated(text=text, said=Address(path=path, **nearest_statement.model_dump())))
    return tuple(repeated)


def _ids(reader: IndexReader) -> dict[str, str]:
    """The id of each note by its path."""
    return {note.path: note.id for note in reader.cached("notes", reader.catalog.notes)}
