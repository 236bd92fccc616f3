"""Links between notes: what a note's text links to, and which notes that is. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import unquote

from pydantic import JsonValue

from kb.models import NoteRecord
from kb.notes.files import SUFFIXES
from kb.notes.naming import FOLDER_NAMES
from kb.notes.words import name_of

# What an outliner or a vault shows next to its notes: pictures, sound, films, documents, and its own drawings.
ATTACHMENTS = (
    *(".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".bmp", ".heic", ".tif", ".tiff"),
    *(".mp3", ".wav", ".m4a", ".flac", ".ogg", ".opus", ".3gp"),
    *(".mp4", ".mov", ".webm", ".mkv", ".ogv", ".avi"),
    *(".pdf", ".epub", ".csv", ".xlsx", ".pptx", ".docx", ".zip"),
    *(".canvas", ".excalidraw", ".base"),
)
RELATIVE = "./"  # how a link by path begins, which Markdown also has for files that are no notes

_WIKILINK = re.compile(r"(?P<embed>!?)\[\[(?P<target>[^\[\]|#^\n\\]+)(?:[#^][^\[\]|\n\\]*)?(?:\\?\|[^\[\]\n]*)?\]\]")
_INLINE = re.compile(
    r"(?<!!)\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]\(\s*(?:<([^<>\n]+)>|((?:[^()\s<>]|\([^()\s]*\))+))(?=\s*\)|\s+[\"'(])"
)
_HTML = re.compile(r"<a\s[^<>]*?\bhref=[\"']?([^\s\"'<>]+)", re.IGNORECASE)
# Targets that Jekyll ({% post_url x %}, {% link x.md %}) or Hugo ({{< ref "x.md" >}}) looks up.
_LOOKED_UP = re.compile(
    r"\{%-?\s*(?:post_url|link)\s+([^\s{}%]+)\s*-?%\}|\{\{[<%]\s*(?:rel)?ref\s+\"?([^\s\"{}]+)\"?\s*[>%]\}\}"
)
_FILLED_IN = re.compile(r"\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}")
_REFERENCE = re.compile(r"(?<!!)\[([^\[\]\n]+)\](?:\[([^\[\]\n]*)\])?(?![(:\[])")
_DEFINITION = re.compile(r"^ {0,3}\[(?!\^)([^\[\]\n]+)\]:[ \t]*(?:<([^<>\n]+)>|(\S+)).*$", re.MULTILINE)
_FOOTNOTE = re.compile(r"^ {0,3}\[(\^[^\[\]\n]+)\]:[ \t]*(\S.*)$", re.MULTILINE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def links_in(prose: str, front_matter: dict[str, JsonValue]) -> tuple[str, ...]:
    """What a note links to, each target once: names as wikilinks write them, and paths of Markdown links, which begin
    with `./` or `../`. Images, pages of the web and parts of the note itself are left out.
    """
    named = [*_wikilinks(prose), *(link for value in _values(front_matter) for link in _wikilinks(value))]
    paths = (_path(target) for target in _markdown_targets(prose))
    sources = (_path(source) for source in _values(front_matter, ("source", "sources", "related", "up", "parent")))
    files = (path for path in sources if path and path.lower().endswith(SUFFIXES))
    return tuple(dict.fromkeys(name_of(link) for link in (*named, *filter(None, paths), *files)))


def name_of_path(target: str) -> str:
    """The name that the target of a Markdown link has among the links of a note; empty if it is not a path."""
    return name_of(_path(target) or "")


def with_inline_links(passage: str, note: str) -> str:
    """A passage whose reference links are inline ones, and with its footnotes where it refers to them, as its note
    defines both, each once; without the definitions of links in it.
    """
    if "]:" not in note:
        return passage
    targets = {match[1].casefold(): match[2] or match[3] for match in _DEFINITION.finditer(note)}
    footnotes = {match[1].casefold(): match[2] for match in _FOOTNOTE.finditer(note)}

    def inline(match: re.Match[str]) -> str:
        label = (match[2] or match[1]).casefold()
        return f"[{match[1]}](<{targets.pop(label)}>)" if label in targets else footnotes.pop(label, match[0])

    return _REFERENCE.sub(inline, _DEFINITION.sub("", passage))


def _wikilinks(text: str) -> Iterator[str]:
    for match in _WIKILINK.finditer(text):
        target = match["target"].strip()
        suffix = PurePosixPath(target).suffix.lower()
        if target and suffix not in ATTACHMENTS and not _SCHEME.match(target):
            yield of_note(target)


def of_note(wikilink: str) -> str:
    """The target of a wikilink among the links of a note. What it leads to is a note, and so one by path has an ending,
    which tells it from a Markdown link, which may lead to any file.
    """
    is_path = wikilink.startswith(("./", "../", "/")) and not wikilink.lower().endswith((*SUFFIXES, "/", ".."))
    return f"{wikilink}{SUFFIXES[0]}" if is_path else wikilink


def _markdown_targets(prose: str) -> Iterator[str]:
    written = with_inline_links(prose, prose)
    if "{" in written:
        written = _FILLED_IN.sub("", _LOOKED_UP.sub(lambda match: match[1] or match[2], written))
    for match in _INLINE.finditer(written):
        yield match[1] or match[2]
    if "<" in written:
        yield from _HTML.findall(written)


def _path(target: str) -> str | None:
    """A target as a path relative to the note's folder or, with a `/` in front, to a root; None if it is not a path."""
    path = unquote(target.split("#")[0].split("?")[0]).strip()
    suffix = PurePosixPath(path).suffix.lower()
    if (
        not path
        or path.startswith("[")
        or _SCHEME.match(path)
        or (suffix and suffix not in SUFFIXES and suffix[1:].isalpha())
    ):
        return None
    return path if path.startswith((".", "/")) else RELATIVE + path


def _values(front_matter: dict[str, JsonValue], keys: Sequence[str] = ()) -> Iterator[str]:
    """The texts of some or all keys of front matter, those in lists and tables too."""
    waiting: list[JsonValue] = [value for key, value in front_matter.items() if not keys or key in keys]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()


def link_targets(notes: Sequence[NoteRecord]) -> list[set[int]]:
    """For each note the positions of those it links to; its links to itself are left out."""
    return [set(found.values()) - {index} for index, found in enumerate(targets_by_link(notes))]


def targets_by_link(notes: Sequence[NoteRecord]) -> list[dict[str, int]]:
    """For each note the positions of the notes that its links lead to, by link."""
    names = _Names(notes)
    return [
        {link: target for link in note.links if (target := names.target(note.path, link)) is not None} for note in notes
    ]


def targets_of(notes: Sequence[NoteRecord], note: NoteRecord) -> dict[str, str]:
    """The paths of the notes that the links of one note lead to, by link."""
    names = _Names(notes)
    found = {link: names.target(note.path, link) for link in note.links}
    return {link: notes[index].path for link, index in found.items() if index is not None}


def missing_targets(notes: Sequence[NoteRecord]) -> list[list[str]]:
    """For each note the links that lead to none of the notes. A path without a note's ending may lead to any file, and
    is not missed.
    """
    names = _Names(notes)
    return [
        [link for link in note.links if _names_a_note(link) and names.target(note.path, link) is None] for note in notes
    ]


def _names_a_note(link: str) -> bool:
    return not link.startswith((".", "/")) or link.lower().endswith(SUFFIXES)


class _Names:
    """What notes may be called: by path, file name, title or alias; of several notes the nearest is meant."""

    def __init__(self, notes: Sequence[NoteRecord]) -> None:
        self._notes = notes
        self._paths = {_without_suffix(note.path): index for index, note in enumerate(notes)}

    @cached_property
    def _by_file(self) -> dict[str, list[int]]:
        return self._grouped((PurePosixPath(path).name, index) for path, index in self._paths.items())

    @cached_property
    def _by_page(self) -> dict[str, list[int]]:
        return self._grouped((_page_name(path), index) for path, index in self._paths.items() if "___" in path)

    @cached_property
    def _by_title(self) -> dict[str, list[int]]:
        return self._grouped((name_of(note.title).casefold(), index) for index, note in enumerate(self._notes))

    @cached_property
    def _by_alias(self) -> dict[str, list[int]]:
        names = ((name_of(alias).casefold(), index) for index, note in enumerate(self._notes) for alias in note.aliases)
        return self._grouped(names)

    def _grouped(self, names: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
        groups: dict[str, list[int]] = {}
        for name, index in names:
            groups.setdefault(name, []).append(index)
        return groups

    def target(self, origin: str, link: str) -> int | None:
        """The position of the note that a link in the note at `origin` means."""
        folder = posixpath.dirname(origin)
        wanted = _without_suffix(posixpath.normpath(link.lstrip("/") if link.startswith("/") else link))
        for path in (posixpath.join(folder.casefold(), wanted), wanted):
            exact = self._at(posixpath.normpath(path), is_path=link.startswith((".", "/")))
            if exact is not None:
                return exact
        if link.startswith("../"):
            return None
        for found in (
            self._ending_with(wanted),
            self._by_page.get(link.casefold()),
            self._by_title.get(link.casefold()),
            self._by_alias.get(link.casefold()),
        ):
            if found:
                return min(found, key=lambda index: _distance(folder, self._notes[index].path))
        return None

    def _at(self, path: str, is_path: bool) -> int | None:
        """The note at a path or, for a link by path, the one that stands for the folder there."""
        if path in self._paths or not is_path:
            return self._paths.get(path)
        folder = "" if path == "." else f"{path}/"
        return next((self._paths[folder + name] for name in FOLDER_NAMES if folder + name in self._paths), None)

    def _ending_with(self, wanted: str) -> list[int]:
        """The notes whose path ends with a path, as seen from a vault's root that is not the notebook's."""
        named = self._by_file.get(PurePosixPath(wanted).name, [])
        if "/" not in wanted:
            return named
        ending = "/" + wanted.lstrip("./")
        return [index for index in named if ("/" + _without_suffix(self._notes[index].path)).endswith(ending)]


def _without_suffix(path: str) -> str:
    lower = name_of(path).casefold()
    return next((lower.removesuffix(suffix) for suffix in SUFFIXES if lower.endswith(suffix)), lower)


def _page_name(path: str) -> str:
    """The name of a page of Logseq in a namespace, as links write it: `a/b` for the file `a___b`."""
    return re.sub(r"(?<=\w)___(?=[\w.])", "/", unquote(PurePosixPath(path).name))


def _distance(folder: str, path: str) -> tuple[int, int, str]:
    """How far a note is from a folder: steps up and down between them, then its depth, then its name."""
    here, there = (PurePosixPath(place).parts for place in (folder, posixpath.dirname(path)))
    common = 0
    for mine, theirs in zip(here, there, strict=False):
        if mine != theirs:
            break
        common += 1
    return len(here) + len(there) - 2 * common, len(there), path
