"""Publishing a draft: its clean copy as a new file, dated and marked as a post."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from kb.errors import InputError, NoteError
from kb.index.reader import IndexReader
from kb.models import NoteRecord
from kb.notes import files
from kb.notes.markup.dates import date_of
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.markup.references import citations_in, without_tracking
from kb.notes.markup.settings import Value, with_values
from kb.notes.naming import DATE_PREFIX
from kb.outline.post.citations import Citation, find_cited
from kb.outline.post.clean_copy import clean_copy
from kb.outline.post.write import check_post
from kb.reports import CheckedCitation, Published

POSTS = "posts"  # the folder for posts in a notebook without any


def publish(
    reader: IndexReader, path: Path, output: Path | None, date: datetime.date | None, today: datetime.date, force: bool
) -> Published:
    """Write the clean copy of a draft to `output`, by default to the folder of the newest post.

    It is dated `date`, or as the post that it replaces, or `today`. Unless `force`, nothing is written if citations no
    longer hold. Raises `InputError` where a file would be replaced or the draft is one of the notes without `force`,
    and where the file is the draft itself.
    """
    draft = files.read_post(path)
    checked = check_post(reader, path).citations if find_cited(draft) else ()
    failing = tuple(entry for entry in checked if entry.state != "holds")
    target = output or _usual_place(reader, path, date or today)
    if target.resolve() == path.resolve():
        raise InputError(f"{path} is the draft itself; name another file with --output")
    if not force and _is_note(reader, path):
        raise InputError(f"{path} is a note, not a draft; to publish it all the same, use --force")
    before = files.read_post(target) if target.exists() else None
    day = date or _date(before, target) or today
    copy = clean_copy(draft, works_of(reader, checked))
    text = _as_post(copy.text, day, path)
    refused = bool(failing) and not force
    written = text != before and not refused
    if written:
        files.write_file(target, text, overwrite=force)
    return Published(
        path=str(path),
        output=files.notebook_path(reader.root, target),
        date=day,
        written=written,
        refused=refused,
        citations=len(checked),
        failing=failing,
        unfinished=copy.unfinished,
        references=copy.references,
        cited=copy.cited,
        cited_notes=tuple(entry.path for entry in checked if entry.state == "holds"),
    )


def _is_note(reader: IndexReader, path: Path) -> bool:
    """Whether a file is indexed as a note, neither an outline nor a post."""
    name = files.notebook_path(reader.root, path)
    return any(note.path == name and note.kind == "note" for note in reader.catalog.notes())


def _usual_place(reader: IndexReader, path: Path, day: datetime.date) -> Path:
    """The draft's name in the folder of the notebook's newest post, with a date in front if that post's has one."""
    posts = [note for note in reader.catalog.notes() if note.kind == "post" and not note.remote]
    newest = max(posts, key=lambda post: (post.date or datetime.date.min, post.path), default=None)
    folder = reader.root / (_folder(newest) if newest else POSTS)
    name = path.name if files.is_note(path.name) else f"{path.name}.md"
    if newest is None or not DATE_PREFIX.match(PurePosixPath(newest.path).name) or DATE_PREFIX.match(name):
        return folder / name
    earlier = (entry for entry in sorted(folder.glob("*")) if DATE_PREFIX.sub("", entry.name) == name != entry.name)
    return next(earlier, folder / f"{day}-{name}")


def _folder(post: NoteRecord) -> PurePosixPath:
    """The folder that holds a post; of Hugo's `a-post/index.md`, the one that holds `a-post`."""
    path = PurePosixPath(post.path)
    return path.parent.parent if path.stem in ("index", "_index") else path.parent


def _date(text: str | None, path: Path) -> datetime.date | None:
    return date_of(read_front_matter(text).values, path.name).date if text else None


def works_of(reader: IndexReader, cited: Sequence[CheckedCitation | Citation]) -> dict[str, list[str]]:
    """The works that each cited note is about, then those that its cited passages cite, by path."""
    notes = {note.path: note for note in reader.catalog.notes()}
    chunks = reader.catalog.chunks_of(notes[entry.path].id for entry in cited if entry.path in notes)
    works: dict[str, list[str]] = {}
    for entry in cited:
        if entry.path in notes:
            note = notes[entry.path]
            named = works.setdefault(entry.path, [*map(without_tracking, note.sources)])
            for chunk in chunks.get(note.id, []):
                if chunk.start_line <= entry.start_line <= chunk.end_line:
                    named += [work.reference for work in citations_in(chunk.text)]
    return works


def _as_post(text: str, day: datetime.date, path: Path) -> str:
    """A text with a date and `kind: post` in its front matter, and there no longer a draft."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    stated = read_front_matter(text.replace("\r\n", "\n")).values
    values: dict[str, Value] = {"date": day, "kind": "post"}
    values |= {"draft": False} if stated.get("draft") is True else {}
    values |= {"published": True} if stated.get("published") is False else {}
    try:
        written = with_values(text, values)
    except NoteError as error:
        raise InputError(f"{path} {error}; repair it first") from error
    return mark + (written if written is not None else _headed(text, day))


def _headed(text: str, day: datetime.date) -> str:
    """A text below front matter that says that it is a post."""
    newline = "\r\n" if re.match(r"[^\r\n]*\r\n", text) else "\n"
    return newline.join(("---", f"date: {day}", "kind: post", "---", "", text))
