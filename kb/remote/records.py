"""The memory of a note: what a server holds of it besides its passages, so that another catalog can be filled. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from kb.models import ChunkRecord, NoteRecord, digest_of

# Limits of Chroma Cloud: the bytes of one document, and the records of one request.
DOCUMENT_BYTES, BATCH = 16_384, 300
NOTES = "notes"  # the part of a notebook on a server that holds no area's passages

Value = TypeVar("Value")


class Memory(NamedTuple):
    """A note as a server holds it: pieces of at most 16 KB, and a digest of the whole."""

    digest: str
    pieces: tuple[str, ...]


def memory(note: NoteRecord, chunks: Sequence[ChunkRecord]) -> Memory:
    """All that a catalog knows of a note, except the texts of its passages that fit into one document each. Equal notes
    have equal memories on every machine.
    """
    passages = [
        row.model_dump(exclude={"note_id", "position"}, mode="json") | ({} if is_long(row.text) else {"text": None})
        for row in sorted(chunks, key=lambda row: row.position)
    ]
    whole = json.dumps({"note": note.model_dump(mode="json", exclude={"remote"}), "passages": passages})
    pieces = tuple(whole[start : start + DOCUMENT_BYTES] for start in range(0, len(whole), DOCUMENT_BYTES))
    return Memory(hashlib.sha256(whole.encode()).hexdigest()[:32], pieces)


def recalled(digest: str, pieces: Sequence[str]) -> tuple[NoteRecord, list[ChunkRecord]] | None:
    """A note of another machine, from its memory; chunks whose text is stored with their vectors have an empty one.
    None where the pieces do not match the digest: the note is being written.
    """
    whole = "".join(pieces)
    if hashlib.sha256(whole.encode()).hexdigest()[:32] != digest:
        return None
    try:
        content = json.loads(whole)
        known = {name: value for name, value in content["note"].items() if name in NoteRecord.model_fields}
        note = NoteRecord.model_validate(known | {"remote": True})
        chunks = [
            ChunkRecord.model_validate(
                {**passage, "note_id": note.id, "position": position, "text": passage["text"] or ""}
            )
            for position, passage in enumerate(content["passages"])
        ]
    except (ValueError, KeyError, TypeError):
        return None
    return note, chunks


def piece_ids(note: NoteRecord, chunks: Sequence[ChunkRecord]) -> list[str]:
    """The ids of the pieces of a note's memory; none for a note that is held back."""
    pieces = memory(note, chunks).pieces if note.area != "outside" else ()
    return [f"{note.id}:{number}" for number in range(len(pieces))]


def is_long(text: str) -> bool:
    """Whether a text is longer than a document may be."""
    return len(text.encode()) > DOCUMENT_BYTES


def shortened(text: str) -> str:
    """As much of a text as fits into one document."""
    return text.encode()[:DOCUMENT_BYTES].decode(errors="ignore")


def is_whole(chunk: ChunkRecord) -> bool:
    """Whether a chunk has the text that its id was made from."""
    said = "\0".join([*chunk.heading_path, chunk.text])
    return hashlib.sha256(said.encode()).hexdigest()[:16] == digest_of(chunk.id)


def batches(values: Sequence[Value]) -> Iterator[list[Value]]:
    """Values in batches of the size of one request."""
    for start in range(0, len(values), BATCH):
        yield list(values[start : start + BATCH])
