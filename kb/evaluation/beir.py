"""Reads a folder in BEIR format (Thakur et al. 2021) as Markdown notes and judged queries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from kb.errors import InputError, reason
from kb.evaluation.queries import Golden, GoldenQuery

FILES = "corpus.jsonl, queries.jsonl, qrels/test.tsv"
FOLDER = "notes"


class Beir:
    """The documents of a folder as texts of notes by path, below `notes/`, and its judged queries with those paths.

    Reads `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`; a score above 0 means relevant. Raises `InputError` for
    a folder that is not in that format or has no usable judgement.
    """

    def __init__(self, folder: Path) -> None:
        try:
            documents = list(_rows(folder / "corpus.jsonl"))
            queries = {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl")}
            judgements = list(_judgements(folder / "qrels" / "test.tsv"))
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{folder} is not in BEIR format ({FILES}): {reason(error)}") from error
        self.notes = {f"{FOLDER}/{number:06}.md": _note(row) for number, row in enumerate(documents)}
        paths = dict(zip((row["_id"] for row in documents), self.notes, strict=True))
        relevant: dict[str, list[str]] = {}
        for query, document in judgements:
            if document in paths and query in queries:
                relevant.setdefault(query, []).append(paths[document])
        if not relevant:
            raise InputError(f"{folder} has no judgement of a query and a document that it contains")
        self.golden = Golden(
            query=tuple(GoldenQuery(text=queries[query], relevant=tuple(found)) for query, found in relevant.items())
        )

    @property
    def digest(self) -> str:
        """A hash of the texts of the documents."""
        return hashlib.sha256("\0".join(self.notes.values()).encode()).hexdigest()[:16]

    def write(self, root: Path) -> None:
        """Write the documents as notes, except those that exist with the same size."""
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
        for path, text in self.notes.items():
            target, content = root / path, text.encode()
            if not target.exists() or target.stat().st_size != len(content):
                target.write_bytes(content)


def _note(row: dict[str, str]) -> str:
    title = " ".join(row.get("title", "").split())
    return f"# {title}\n\n{row['text']}\n" if title else f"{row['text']}\n"


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _judgements(path: Path) -> Iterator[tuple[str, str]]:
    """The ids of query and document of each line with a score above 0; the first line is a header."""
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        if int(score) > 0:
            yield query, document
