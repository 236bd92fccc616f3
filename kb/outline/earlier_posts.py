"""The writer's own posts near a topic: what they covered before, and the one whose order a new post follows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kb.cutoffs import POINT_MADE, POINT_MADE_IN_WORDS, POST_NEAR, WORDS_SHARED
from kb.index.reader import IndexReader
from kb.models import ChunkRecord, Filter
from kb.notes.statements import statements
from kb.outline.order import NO_EXAMPLE
from kb.outline.questions import is_question
from kb.reports import Address, CoveredBefore, Repeated, Section
from kb.search.dense import nearest
from kb.search.query import query_words

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

POOL = 50  # passages of posts
MAX_COMPARED = 3  # posts whose statements are compared with the points of an outline
MIN_WORDS = 4  # besides stopwords, of a statement that makes a point

_ACRONYM = re.compile(r"\b[A-Z]{2,}s?\b")


def posts_near(reader: IndexReader, topic: str, topic_vector: FloatArray) -> tuple[CoveredBefore, ...]:
    """The posts near a topic or with a title that names it, the nearest first; their similarity is the cosine of their
    best passage.
    """
    cosines = nearest(reader, topic_vector, Filter(kinds=("post",)), limit=POOL)
    chunks = reader.catalog.chunks(cosines)
    best: dict[str, float] = {}
    for id, cosine in cosines.items():
        note_id = chunks[id].note_id
        best[note_id] = max(best.get(note_id, 0.0), cosine)
    posts = reader.catalog.notes_by_id(best)
    scale = reader.encoder.scale
    near = sorted(
        (
            (best[id], post)
            for id, post in posts.items()
            if scale.relatedness(best[id]) >= POST_NEAR or _names(reader, post.title, topic)
        ),
        key=lambda pair: -pair[0],
    )
    return tuple(
        CoveredBefore(path=post.path, title=post.title, date=post.date, similarity=round(similarity, 4))
        for similarity, post in near
    )


def _names(reader: IndexReader, title: str, topic: str) -> bool:
    """Whether a title has all the words of a topic; an acronym has those of which it has the initials."""
    words = query_words(topic)
    said = {*_content(reader, title)}
    for acronym in _ACRONYM.findall(title):
        letters = acronym.removesuffix("s").lower()
        for start in range(len(words) - len(letters) + 1):
            named = words[start : start + len(letters)]
            if [word[0] for word in named] == [*letters]:
                said |= _content(reader, " ".join(named))
    return _content(reader, topic) <= said


def _content(reader: IndexReader, text: str) -> set[str]:
    """The stems of a text without stopwords."""
    return {*reader.catalog.full_text.stems(" ".join(query_words(text)))}


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
    points = [point.text for section in sections for point in section.points if point.kind == "quotation"]
    if not points:
        return tuple(posts)
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
    said = [
        statement
        for chunk in chunks
        for statement in statements(chunk.text, chunk.kinds, chunk.start_line)
        if len(_content(reader, statement.text)) >= MIN_WORDS and not is_question(statement.text)
    ]
    if not said:
        return ()
    said_vectors = reader.encoder.encode([statement.text for statement in said])
    repeated = []
    for text, vector in point_vectors.items():
        cosines = said_vectors @ vector
        nearest_statement = said[int(cosines.argmax())]
        related = reader.encoder.scale.relatedness(float(cosines.max()))
        if related >= POINT_MADE or (
            related >= POINT_MADE_IN_WORDS and _shared(reader, text, nearest_statement.text) >= WORDS_SHARED
        ):
            repeated.append(Repeated(text=text, said=Address(path=path, **nearest_statement.model_dump())))
    return tuple(repeated)


def _shared(reader: IndexReader, one: str, other: str) -> float:
    """The words that two texts share, as a part of those of the shorter one (overlap coefficient)."""
    first, second = _content(reader, one), _content(reader, other)
    return len(first & second) / max(min(len(first), len(second)), 1)


def _ids(reader: IndexReader) -> dict[str, str]:
    """The id of each note by its path."""
    return {note.path: note.id for note in reader.cached("notes", reader.catalog.notes)}
