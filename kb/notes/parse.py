"""Text -> `Note`: front matter, title, date, the kind of every line, blocks, links, tags. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Generic, NamedTuple, TypeVar, get_args

from pydantic import JsonValue

from kb.errors import NoteError
from kb.models import Block, FiledArea, Kind, LineKind, Note, NoteFile
from kb.notes.links import links_in
from kb.notes.markup.blocks import structure_of
from kb.notes.markup.comments import without_comments
from kb.notes.markup.dates import date_of
from kb.notes.markup.front_matter import as_texts, read_front_matter
from kb.notes.markup.references import sources_of
from kb.notes.markup.titles import aliases_of, title_of
from kb.notes.prose import CODE_SPAN

OUTLINE_MARK = "<!-- kb outline"
TAG_KEYS = ("tags", "tag", "categories", "category", "keywords")
_COMMAS = "[,，、;；]"

_CODE = re.compile(CODE_SPAN, re.DOTALL)
_PARTS = re.compile(r"\n(?=[ \t]*(?:\n|[-*+][ \t]|\d{1,9}[.)][ \t]|#|>))")  # before what no code span crosses
_TAG = re.compile(r"(?<![^\s*_~>,;，；。、：])#(?:([^\W_][\w/-]*)|\[\[([^\[\]\n]+)\]\])")
_NO_TEXT = re.compile(r"\{[:.#][^{}\n]*\}|(?<!#)\[\[[^\[\]\n]*\]\]")  # ids of headings, and the parts of notes in links
_NO_TAG = re.compile(r"(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})|[\d/-]+", re.IGNORECASE)  # a colour, or a number
_PROPERTY = re.compile(r"^[ \t]*(?:[-*][ \t]+)?([\w-]+)::[ \t]*(.*)$", re.MULTILINE)  # Logseq's
_SHOWN = (LineKind.PROSE, LineKind.LIST, LineKind.QUOTATION, LineKind.HEADING, LineKind.TABLE, LineKind.DEFINITION)
_LINKING = (*_SHOWN, LineKind.HTML)

Value = TypeVar("Value", bound=str)


def parse_note(file: NoteFile) -> Note:
    """Parse one note. Its `text` has blanks for comments, which are private. What its front matter says wrongly is a
    fault, and the rest of it holds. Raises `NoteError` where there is nothing to read.
    """
    front_matter, body_start, fault = read_front_matter(file.text)
    if "excalidraw-plugin" in front_matter:
        raise NoteError("is a drawing of Excalidraw, not a note")
    text = file.text[:body_start] + without_comments(file.text[body_start:])
    if not text[body_start:].strip():
        raise NoteError("has no text below its front matter")
    structure = structure_of(text, body_start, file.text)
    lines = text.split("\n")
    values = _properties(lines, structure.kinds, body_start) | front_matter
    title = title_of(values, lines, structure.kinds, file.path)
    dated = date_of(values, file.path)
    area: _Stated[FiledArea] = _one_of(values, "area", get_args(FiledArea))
    kind: _Stated[Kind] = _one_of(values, "kind", get_args(Kind))
    return Note(
        path=file.path,
        sha256=file.sha256,
        text=text,
        title=title,
        date=dated.date,
        tags=_tags(values, _lines_of(_SHOWN, lines, structure.kinds)),
        kind=kind.value or _kind_of(values, file, body_start),
        area=area.value,
        authors=as_texts(values.get("authors") or values.get("author")),
        aliases=aliases_of(values),
        sources=sources_of(values),
        links=links_in(_lines_of(_LINKING, lines, structure.kinds), values),
        front_matter=values,
        blocks=_without_title(structure.blocks, title),
        kinds=structure.kinds,
        faults=tuple(entry for entry in (fault, *dated.faults, area.fault, kind.fault) if entry),
    )


def post_by_convention(note: Note) -> str | None:
    """The folder that makes a note a post; None for what is no post, or says itself that it is one."""
    stated = note.front_matter.get("kind") == "post"
    return _blog_folder(note.path) if note.kind == "post" and not stated else None


def _lines_of(wanted: Sequence[str], lines: list[str], kinds: str) -> str:
    """The lines of some kinds, without code spans, and blanks for the others."""
    shown = "\n".join(line if kind in wanted else "" for line, kind in zip(lines, kinds, strict=True))
    return "\n".join(_CODE.sub(" ", part) for part in _PARTS.split(shown)) if "`" in shown else shown


def _properties(lines: list[str], kinds: str, body_start: int) -> dict[str, JsonValue]:
    """Logseq's properties of a page: those of its first block."""
    found: dict[str, JsonValue] = {}
    for line, kind in zip(lines, kinds, strict=True):
        match = _PROPERTY.match(line)
        if kind == LineKind.METADATA and match:
            found[match[1].lower()] = match[2].strip()
        elif (kind != LineKind.METADATA and found) or kind not in (LineKind.METADATA, LineKind.BLANK):
            break
    return found


def _without_title(blocks: tuple[Block, ...], title: str) -> tuple[Block, ...]:
    """Heading paths without a first heading that only repeats the title."""
    return tuple(
        block.model_copy(update={"heading_path": block.heading_path[1:]})
        if block.heading_path and block.heading_path[0].casefold() == title.casefold()
        else block
        for block in blocks
    )


def _tags(front_matter: dict[str, JsonValue], prose: str) -> tuple[str, ...]:
    """Tags in lower case, without `#`: a list, phrases with commas between them, or else single words."""
    named = [tag for key in TAG_KEYS for tag in _listed(front_matter.get(key))]
    written = [(match[1] or match[2]).rstrip("/-") for match in _TAG.finditer(_NO_TEXT.sub("", prose))]
    tags = [tag for tag in (*named, *written) if tag and not _NO_TAG.fullmatch(tag)]
    return tuple(dict.fromkeys(" ".join(tag.lower().split()) for tag in tags))


def _listed(value: JsonValue) -> list[str]:
    separators = _COMMAS if isinstance(value, str) and re.search(_COMMAS, value) else r"\s+(?![^\[\]]*\]\])"
    return [tag.strip().strip("#[]").strip() for tag in as_texts(value, separators)]


class _Stated(NamedTuple, Generic[Value]):
    """A value of front matter that is one of a few words, or what is wrong with it."""

    value: Value | None
    fault: str | None = None


def _one_of(front_matter: dict[str, JsonValue], key: str, known: tuple[Value, ...]) -> _Stated[Value]:
    named = front_matter.get(key)
    if named is None:
        return _Stated(None)
    value = next((word for word in known if word == named), None)
    fault = f"{key}: {named!r} is not known and does not count; kb knows {', '.join(known)}"
    return _Stated(value, None if value else fault)


def _kind_of(front_matter: dict[str, JsonValue], file: NoteFile, body_start: int) -> Kind | None:
    """What a note is by its place or by how it begins: a skeleton that `kb outline` wrote is one until its writer says
    otherwise, and a page of a blog is a post unless it is a draft.
    """
    if file.text[body_start:].lstrip().startswith(OUTLINE_MARK):
        return "outline"
    is_page = "layout" in front_matter or "date" in front_matter or "_posts" in PurePosixPath(file.path).parts[:-1]
    hidden = front_matter.get("draft") is True or front_matter.get("published") is False
    return "post" if _blog_folder(file.path) and is_page and not hidden else None


def _blog_folder(path: str) -> str | None:
    """Where Jekyll or Hugo would look for the post at a path."""
    folders = PurePosixPath(path).parts[:-1]
    if "_posts" in folders:
        return "_posts"
    inner = next((name for name in ("posts", "post") if name in folders), None)
    return f"content/{inner}" if inner and "content" in folders else None
