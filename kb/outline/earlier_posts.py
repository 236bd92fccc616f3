"""The writer's own posts near a topic: what they covered before, and the one whose order a new post follows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from kb.areas.concepts import load_concepts
from kb.cutoffs import POINT_MADE, POINT_MADE_IN_WORDS, POST_NEAR, WORDS_SHARED
from kb.index.reader import IndexReader
from kb.models import ChunkRecord, Filter
from kb.notes.statements import statements
from kb.outline.order import NO_EXAMPLE
from kb.outline.questions import is_question
from kb.outline.quoting.claims import can_agree
from kb.outline.topics.subjects import without_filler
from kb.reports import Address, CoveredBefore, Repeated, Section
from kb.search.dense import nearest
from kb.search.query import query_words

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

POOL = 50  # passages of posts
MAX_COMPARED = 3  # posts whose statements are compared with the points of an outline
MIN_WORDS = 4  # besides stopwords, of a statement that makes a point
MIN_SHARED = 3  # words besides stopwords, for wording to count

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
    """Whether a title has all the words of a topic, filler apart. A concept, by whichever of its names, has the words
    of all of them, and another acronym those of which it has the initials.
    """
    concepts = load_concepts(reader.settings.own_concepts)
    synonyms = (concepts.names(number) for number in concepts.named(title))
    said = {word for text in (title, *chain.from_iterable(synonyms)) for word in _content(reader, text)}
    words = query_words(topic)
    for acronym in _ACRONYM.findall(title):
        letters = acronym.removesuffix("s").lower()
        for start in range(len(words) - len(letters) + 1):
            named = words[start : start + len(letters)]
            if [word[0] for word in named] == [*letters]:
                said |= _content(reader, " ".join(named))
    asked = _content(reader, without_filler(topic))
    return bool(asked) and asked <= said


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
        related = reader.encoder.scale.relatedness(said_vectors @ vector)
        near = (int(index) for index in np.argsort(-related) if related[index] >= POINT_MADE_IN_WORDS)
        same = (index for index in near if _makes(reader, text, said[index].text, float(related[index])))
        if (index := next(same, None)) is not None:
            repeated.append(Repeated(text=text, said=Address(path=path, **said[index].model_dump())))
    return tuple(repeated)


def _makes(reader: IndexReader, point: str, statement: str, related: float) -> bool:
    """Whether a statement makes the claim of a point, given their relatedness: they are close in meaning, or less close
    and share words, and neither contradicts the other.
    """
    shared = _content(reader, point) & _content(reader, statement)
    in_words = len(shared) >= MIN_SHARED and _overlap(reader, point, statement) >= WORDS_SHARED
    return (related >= POINT_MADE or in_words) and can_agree(point, statement)


def _overlap(reader: IndexReader, one: str, other: str) -> float:
    """The words that two texts share, as a part of those of the shorter one (overlap coefficient)."""
    first, second = _content(reader, one), _content(reader, other)
    return len(first & second) / max(min(len(first), len(second)), 1)


def _ids(reader: IndexReader) -> dict[str, str]:
    """The id of each note by its path."""
    return {note.path: note.id for note in reader.cached("notes", reader.catalog.notes)}
