"""Written outlines as files of the notebook: saved under `drafts/`, listed and found again."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath

from kb.errors import InputError, NoteError, NotFoundError
from kb.index.reader import IndexReader
from kb.models import FileState
from kb.notes import files
from kb.notes.new import free_path
from kb.notes.parse import parse_note
from kb.notes.scan import scan
from kb.outline.post.arranging.rearranged import rearranged, sections_of
from kb.outline.post.arranging.references import without_works
from kb.outline.post.check import check
from kb.outline.post.citations import find_cited, read_memory
from kb.outline.post.publishing import works_of
from kb.outline.post.write import texts_of
from kb.reports import (
    ArrangedSection,
    Draft,
    DraftDetail,
    DraftList,
    DraftSections,
    NoteVersion,
    Rearranged,
    SavedDraft,
)

DRAFTS = "drafts"


def write_draft(root: Path, title: str, text: str, saved: NoteVersion | None = None) -> SavedDraft:
    """Write a new file under `drafts/`, named after a title; or replace what was `saved` before, if that is as it was
    then. No other file is ever touched. Raises `InputError` where `drafts` is a link out of the notebook.
    """
    folder = root / DRAFTS
    if not folder.resolve().is_relative_to(root):
        raise InputError(f"{DRAFTS} is a link out of the notebook; make it a folder")
    before = _text_as_saved(root, saved) if saved else None
    if saved and before is not None:
        files.replace_post(root / saved.path, before, text)
        return SavedDraft(path=saved.path, sha256=_hash(text))
    path = free_path(folder, title)
    files.write_file(path, text, overwrite=False)
    return SavedDraft(path=files.notebook_path(root, path), sha256=_hash(text))


def _text_as_saved(root: Path, saved: NoteVersion) -> str | None:
    """The text of a file under `drafts/` that is as it was saved; None for any other."""
    if saved.path not in (entry.path for entry in scan(root, DRAFTS) if isinstance(entry, FileState)):
        return None
    text = files.read_post(root / saved.path)
    return text if _hash(text) == saved.sha256 else None


def list_drafts(reader: IndexReader) -> DraftList:
    """The drafts with citations, the last changed first, and how many of these hold."""
    drafts = [draft for path in _paths(reader) if (draft := _draft(reader, path))]
    return DraftList(drafts=tuple(sorted(drafts, key=lambda draft: draft.modified, reverse=True)))


def find_draft(reader: IndexReader, path: str) -> Path:
    """The file of the draft with exactly this path in the notebook. Raises `NotFoundError`."""
    if path not in _paths(reader):
        raise NotFoundError(f"there is no draft {path!r}; GET /api/drafts lists them")
    return reader.root / path


def show_draft(reader: IndexReader, path: str) -> DraftDetail:
    """The draft with exactly this path. Raises `NotFoundError`, and `NoteError` where its file cannot be read."""
    find_draft(reader, path)
    file = files.read(reader.root, path)
    return DraftDetail(path=path, title=parse_note(file).title, text=file.text)


def cut_draft(reader: IndexReader, path: str) -> DraftSections:
    """The draft with exactly this path as what can be put in another order. Raises as `show_draft` does."""
    draft = show_draft(reader, path)
    memory = read_memory(draft.text)
    return DraftSections(
        path=path,
        title=draft.title,
        sha256=_hash(draft.text),
        topic=memory.brief.topic if memory else draft.title,
        areas=memory.brief.areas if memory else (),
        sections=sections_of(draft.text),
    )


def rearrange(
    reader: IndexReader,
    path: str,
    sha256: str,
    sections: Sequence[ArrangedSection],
    save: bool,
    saved: NoteVersion | None = None,
) -> Rearranged:
    """The draft with other sections, with `save` as a new file or in the place of what was `saved` of it before. Raises
    `InputError` where the file is no longer the one with this hash.
    """
    draft = show_draft(reader, path)
    if _hash(draft.text) != sha256:
        raise InputError(f"{path} has changed since it was opened; open it again")
    text = rearranged(draft.text, sections)
    text = without_works(text, _works(reader, draft.text) - _works(reader, text))
    if not save:
        return Rearranged(markdown=text)
    made = write_draft(reader.root, draft.title, text, saved if saved and saved.path != path else None)
    return Rearranged(markdown=text, path=made.path, sha256=made.sha256)


def _works(reader: IndexReader, text: str) -> set[str]:
    """The works of the notes that a draft cites."""
    return set(chain(*works_of(reader, [entry.citation for entry in find_cited(text)]).values()))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _paths(reader: IndexReader) -> Iterator[str]:
    """The Markdown files under `drafts/`, and the outlines among the notes; none that lies outside the notebook."""
    found = [entry.path for entry in scan(reader.root, DRAFTS) if isinstance(entry, FileState)]
    found += [note.path for note in reader.catalog.notes() if note.kind == "outline" and not note.remote]
    return (path for path in dict.fromkeys(found) if not PurePosixPath(path).is_absolute())


def _draft(reader: IndexReader, path: str) -> Draft | None:
    """A draft, compared with the notes that it cites; None for a file that cites none."""
    try:
        file = files.read(reader.root, path)
        title = parse_note(file).title
    except NoteError:
        return None
    cited = {entry.citation.path for entry in find_cited(file.text)}
    if not cited:
        return None
    checked = check(file.text, texts_of(reader, cited))
    return Draft(
        path=path,
        title=title,
        modified=datetime.datetime.fromtimestamp(file.mtime_ns / 1e9, datetime.UTC),
        citations=len(checked),
        holding=sum(entry.state == "holds" for entry in checked),
    )
