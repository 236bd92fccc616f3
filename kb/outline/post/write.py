"""Outlines as posts: rendered through a template, checked against the notes, and updated in place."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from pathlib import Path

from kb.errors import InputError, NoteError
from kb.index.freshness import text_of
from kb.index.reader import IndexReader
from kb.models import FiledArea
from kb.notes import files
from kb.notes.markup.comments import without_comments
from kb.notes.parse import OUTLINE_MARK
from kb.outline.draft import draft
from kb.outline.post.check import check
from kb.outline.post.citations import Citations, find_cited, read_memory
from kb.outline.post.fill import Draft, filled, read_draft
from kb.outline.post.render import TEMPLATES, render, template_text
from kb.outline.post.update import update
from kb.reports import Check, Outline, Update
from kb.sync.changes import look

UNCITED = "{path} has no citations; `kb outline` writes them, except with --citations none"


def rendered(outline: Outline, template: str, citations: Citations, today: datetime.date, folder: Path = Path()) -> str:
    """An outline as Markdown. `template` is the name of one of `TEMPLATES`, or the path of a Jinja file, which may be
    relative to `folder`.

    Raises `InputError` if there is no such template, or if it cannot be used.
    """
    if template in TEMPLATES:
        text = template_text(template)
    else:
        try:
            text = (folder / template).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            names = ", ".join(TEMPLATES)
            raise InputError(f"there is no template {template!r}; use {names}, or the path of a Jinja file") from error
    return render(outline, text, today, citations)


def check_post(reader: IndexReader, path: Path, folder: Path = Path()) -> Check:
    """Check every citation of a post against the notes' files as they are now; `path` may be relative to `folder`.
    Raises `InputError` if it has none.
    """
    text = files.read_post(path, folder)
    cited = {entry.citation.path for entry in find_cited(text)}
    if not cited:
        raise InputError(UNCITED.format(path=path))
    own = files.notebook_path(reader.root, folder / path)
    checked = check(text, texts_of(reader, cited), _other_notes(reader, own))
    return Check(path=_shown(path), ok=all(entry.state == "holds" for entry in checked), citations=checked)


def texts_of(reader: IndexReader, cited: Collection[str]) -> dict[str, str]:
    """The texts of the cited notes that exist, without comments, by path."""
    notes = {name: without_comments(_text(reader, name) or "") for name in cited if files.state_of(reader.root, name)}
    return notes | _pulled(reader, {*cited} - {*notes})


def _pulled(reader: IndexReader, paths: Collection[str]) -> dict[str, str]:
    """The texts of those notes that are on another machine, as they were pulled; with a notice."""
    notes = [note for note in reader.catalog.notes() if note.remote and note.path in paths]
    if notes:
        reader.notify(f"{len(notes)} cited notes are not on this machine; compared with the text from `kb pull`")
    return {note.path: without_comments(text_of(reader, note)) for note in notes}


def update_post(reader: IndexReader, path: Path, today: datetime.date, dry_run: bool = False) -> Update:
    """Draft a post's topic again and insert the points that are new; nothing else in the file changes, and nothing at
    all with `dry_run`.

    Raises `InputError` for a post without a memory or with broken front matter.
    """
    before = files.read_post(path)
    memory = read_memory(before)
    if memory is None:
        raise InputError(UNCITED.format(path=path))
    brief = memory.brief
    outline = draft(reader, brief.topic, brief.areas, brief.sections, today, headings=brief.headings, words=brief.words)
    try:
        revision = update(before, outline)
    except NoteError as error:
        raise InputError(f"{path} {error}; repair it first") from error
    if revision.text != before and not dry_run:
        files.replace_post(path, before, revision.text)
    return Update(path=_shown(path), dry_run=dry_run, added=revision.added)


def fill_post(
    reader: IndexReader,
    path: Path,
    topic: str | None,
    areas: tuple[FiledArea, ...],
    words: int | None,
    citations: Citations,
    today: datetime.date,
    folder: Path = Path(),
) -> tuple[Outline, str]:
    """An outline with the headings of a draft, and the draft with its points; the file stays as it is.

    The topic is by default the draft's title; `path` may be relative to `folder`. Raises `InputError` for a draft that
    cannot be filled, and `EvidenceError` where the notes say too little.
    """
    written = _draft_at(path, folder)
    if not (topic or written.title):
        raise InputError(f"{path} has no title; give it one, or name the TOPIC before --fill")
    own = files.notebook_path(reader.root, folder / path)
    outline = draft(
        reader,
        topic or written.title,
        areas,
        None,
        today,
        headings=written.headings,
        words=words,
        without=own,
    )
    return outline, filled(written, outline, citations)


def filled_text(path: Path, outline: Outline, citations: Citations, folder: Path = Path()) -> str:
    """The text of a draft with the points of an outline that has its headings. Raises `InputError` if it has others."""
    written = _draft_at(path, folder)
    if written.headings != tuple(section.heading for section in outline.sections):
        raise InputError(f"the headings of {path} have changed; run the command again")
    return filled(written, outline, citations)


def _draft_at(path: Path, folder: Path) -> Draft:
    text = files.read_post(path, folder)
    try:
        return read_draft(text)
    except InputError as error:
        raise InputError(f"{path} {error}") from error


def _shown(path: Path) -> str:
    """A path as text, with question marks for bytes that are not UTF-8."""
    return str(path).encode(errors="replace").decode()


def _other_notes(reader: IndexReader, own: str) -> Iterator[tuple[str, str]]:
    """The paths and texts of the notes in the sources, without posts and outlines: those quote notes."""
    kinds = {note.path: note.kind for note in reader.catalog.notes()}
    for path in look(reader, reader.catalog.sources(), reader.decisions).files:
        if path != own and kinds.get(path, "note") == "note":
            text = _text(reader, path)
            if text and OUTLINE_MARK not in text:
                yield path, without_comments(text)


def _text(reader: IndexReader, path: str) -> str | None:
    """The text of a note's file; None if it cannot be read as a note."""
    try:
        return files.read(reader.root, path).text
    except NoteError:
        return None
