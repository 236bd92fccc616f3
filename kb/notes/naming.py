"""The name of a note's file, and the note that a user names. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath
from urllib.parse import unquote

from kb.errors import InputError, NotFoundError
from kb.models import NoteRecord
from kb.notes.words import name_of

ELLIPSIS = "…"  # stands for a part of a path that a terminal had no room for
MOST_NAMED = 5  # notes in an error message
_ADDRESS = re.compile(r"(.+):([1-9][0-9]*)(?:-([1-9][0-9]*))?")
# At the start of a file's name: 2024-03-08-x, 2024_03_08, 2024-03-08T1230 x, 20240308 x, 202403081230 x.
DATE_PREFIX = re.compile(
    r"^(?:\d{4}([-_.])\d{2}\1\d{2}|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?)(?!\d)"
    r"(?:T\d{2}[-_.:]?\d{2}(?:[-_.:]?\d{2})?Z?(?!\d))?[-_ ]*"
)
FOLDER_NAMES = ("readme", "index", "_index")  # files that stand for their folder
_LANGUAGE = re.compile(r"\.[a-z]{2}(?:[-_][A-Za-z]{2,4})?$")  # in the name of such a file: README.zh-CN
# "Re-ranking" is one word; "kv-cache" and "Link-prediction" are two.
_ONE_WORD = re.compile(r"(?:Re|Pre|Post|Self|Co|Multi|Non|Cross|Fine|Over|Under|Semi|Anti|Meta)-[a-z]+")
LOGSEQ_PAGES = "pages"  # the folder of Logseq's pages, whose name says nothing


def find_note(notes: Sequence[NoteRecord], name: str, path: str, by_part: bool = True) -> NoteRecord:
    """The note whose id is `name`, or else whose path, with or without its ending, is `path` or `name`, in which an
    ellipsis may stand for a part; or else whose file name without extension, title or alias is `name`; or else,
    `by_part`, the only one that has it in its file name or title.

    Raises `InputError`, with suggestions, if no note or more than one matches.
    """
    wanted = name_of(name).casefold()
    for matches in (
        [note for note in notes if note.id == name],
        [note for note in notes if note.path in (path, name)],
        [note for note in notes if str(PurePosixPath(note.path).with_suffix("")) in (path, name)],
        [note for note in notes if ELLIPSIS in name and _is_short_for(name, note.path)],
        [note for note in notes if _stem(note) == wanted],
        [note for note in notes if name_of(note.title).casefold() == wanted],
        [note for note in notes if wanted in map(str.casefold, note.aliases)],
        [note for note in notes if by_part and wanted and wanted in f"{_stem(note)}\n{note.title.casefold()}"],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InputError(f"{name!r} matches several notes: {_paths(matches)}; give the path of one")
    if not notes:
        raise InputError("the notebook has no notes yet; run `kb add`")
    names = [PurePath(note.path).stem for note in notes] + [note.path for note in notes]
    near = difflib.get_close_matches(name, names, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else "`kb list` shows all notes"
    raise InputError(f"there is no note {name!r}; {hint}")


def _is_short_for(name: str, path: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, name.split(ELLIPSIS))), path) is not None


def is_named(notes: Sequence[NoteRecord], name: str) -> bool:
    """Whether a note has `name` as its file name without extension, its title or an alias."""
    wanted = name_of(name).casefold()
    return any(
        wanted in (_stem(note), name_of(note.title).casefold(), *map(str.casefold, note.aliases)) for note in notes
    )


def _stem(note: NoteRecord) -> str:
    """The file name of a note without extension, for comparisons."""
    return name_of(PurePath(note.path).stem).casefold()


def _paths(notes: Sequence[NoteRecord]) -> str:
    """The paths of some notes, of many only the first."""
    paths = ", ".join(note.path for note in notes[:MOST_NAMED])
    return f"{paths} and {len(notes) - MOST_NAMED} more" if len(notes) > MOST_NAMED else paths


def identified(notes: Sequence[NoteRecord], identifier: str) -> NoteRecord:
    """The note with exactly this id or path. Raises `NotFoundError`."""
    for note in notes:
        if identifier in (note.id, note.path):
            return note
    raise NotFoundError(f"no note has the id or path {identifier!r}; a list of the notes shows both")


def parts_of_address(text: str) -> tuple[str, int, int] | None:
    """The name, the first and the last line of an address such as `notes/gcn.md:12-14`; None for any other text."""
    if not (match := _ADDRESS.fullmatch(text)):
        return None
    start, end = int(match[2]), int(match[3] or match[2])
    return (match[1], start, end) if start <= end else None


def address_of(path: str, start: int, end: int) -> str:
    """The address of some lines of a note: `notes/gcn.md:12-14`, or `notes/gcn.md:12` for one line."""
    return f"{path}:{start}" + (f"-{end}" if end != start else "")


def name_of_file(path: str) -> str:
    """The name of a note's file as words; of a README that of its folder. `___` is Logseq's `/`."""
    place = PurePosixPath(path)
    stem = place.stem
    if _LANGUAGE.sub("", stem).lower() in FOLDER_NAMES and place.parent.name not in ("", LOGSEQ_PAGES):
        stem = place.parent.name
    named = re.sub(r"(?<=\w)___(?=\w)", "/", unquote(stem))
    without_date = DATE_PREFIX.sub("", named).strip(" -_")
    if not without_date:
        return named
    if " " in without_date or "/" in without_date or _ONE_WORD.fullmatch(without_date):
        return without_date
    words = re.sub(r"[-_]+", " ", without_date).strip()
    return words[:1].upper() + words[1:] if " " in words else words or named
