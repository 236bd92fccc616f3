"""Which notes a source holds: its Markdown files, except those that ignore files exclude; and what it holds besides."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kb.errors import NoteError, reason
from kb.models import FileState
from kb.notes.files import DRAWING, MAX_BYTES, is_note, linked_note, look, notebook_path
from kb.reports import Skipped

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

IGNORE_NAMES = (".gitignore", ".kbignore")
MAX_DEPTH = 100  # nested folders
# Endings of files that may be somebody's notes. Images, PDFs, data and code are no news to whoever put them there.
_DOCUMENTS = """
.adoc .asciidoc .canvas .creole .dj .doc .docx .epub .htm .html .ipynb .mdown .mdtext .mdtxt .mdwn .mediawiki .mkd .mkdn
.mkdown .norg .odt .opml .org .pages .rest .rst .rtf .tex .text .textile .tid .txt .typ .wiki
"""
DOCUMENTS = frozenset(_DOCUMENTS.split())
PACKAGES = ("node_modules", "site-packages", "vendor")  # ignored folders of other people's files
LOGSEQ_COPIES = ("bak", "version-files")  # in the folder `logseq`: earlier states of pages
MOST_IGNORED = 20_000  # entries of an ignored folder that are looked at


class PassedOver(NamedTuple):
    """A file that is no note, with its ending in lower case as the reason; or a note or folder that is ignored, with
    the name of the ignore file as the reason.
    """

    path: str
    reason: str


class Linked(NamedTuple):
    """A folder or note that a symbolic link led to, by its real path."""

    path: str


class Entered(NamedTuple):
    """A folder in which notes were looked for."""

    path: str


class _Rules(NamedTuple):
    """The patterns of an ignore file in a folder."""

    folder: Path
    name: str
    spec: GitIgnoreSpec


Found = FileState | Skipped | PassedOver | Linked | Entered


def scan(root: Path, source: str) -> Iterator[Found]:
    """Every Markdown file of a source, in order of names and under its real path; what had to be skipped, what was
    passed over, where links led, and the folders that were looked at.

    What the user names is taken: ignore rules do not apply to a source that is itself a file, nor do those that
    exclude the whole of a source that is a folder. Links are followed to places in the notebook or in the source. A
    source that does not exist yields nothing.
    """
    top = root / source
    if os.path.isdir(top):
        real = Path(os.path.realpath(top))
        yield from _Walk(root, real).folder(real, [_without_whole(real, rules) for rules in _rules_above(root, real)])
    elif os.path.lexists(top):
        yield _looked_at(root, top, notebook_path(root, top))


def ignored_notes(root: Path, path: str) -> Iterator[str]:
    """The notes at or below an ignored path that are worth counting: none of a package, and of a very large folder
    only the first.
    """
    if not os.path.isdir(root / path):
        yield path
    elif Path(path).name not in PACKAGES:
        yield from (name for name in islice(_visible(root / path, path), MOST_IGNORED) if is_note(name))


def is_reachable(root: Path, source: str) -> bool:
    """Whether a source, or the folder of a file that is one, can be seen; a drive that is not mounted cannot: outside
    the notebook an empty folder may be its mount point.
    """
    place = root / source
    folder = place.parent if is_note(source) else place
    try:
        return folder.is_dir() and (folder.is_relative_to(root) or any(folder.iterdir()))
    except OSError:
        return False


def _visible(folder: Path, name: str) -> Iterator[str]:
    """The paths of all files below a folder that are neither hidden nor in a package."""
    for place, folders, files in os.walk(folder):
        folders[:] = [inner for inner in folders if not inner.startswith(".") and inner not in PACKAGES]
        below = Path(name, Path(place).relative_to(folder))
        yield from ((below / file).as_posix() for file in files if not file.startswith("."))


class _Walk:
    """One walk through a source. `root` and `top` are resolved, and so are the paths of all folders in it."""

    def __init__(self, root: Path, top: Path) -> None:
        self._root = root
        self._top = top
        self._entered: set[Path] = set()
        self._notes: set[str] = set()

    def folder(self, folder: Path, rules: list[_Rules]) -> Iterator[Found]:
        """What a folder holds, unless the walk was there before; `rules` are those of the folders above it."""
        if folder in self._entered:
            return
        self._entered.add(folder)
        name = notebook_path(self._root, folder)
        if name.count("/") > MAX_DEPTH:
            yield _skipped(name, f"lies more than {MAX_DEPTH} folders deep")
            return
        rules = rules + _rules_in(folder)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield _skipped(name, f"folder cannot be read: {reason(error)}")
            return
        yield Entered(name)
        prefix = "" if name == "." else name.rstrip("/") + "/"
        for entry in entries:
            is_copy = folder.name == "logseq" and entry.name in LOGSEQ_COPIES
            if not (entry.name.startswith(".") or is_copy):
                yield from self._entry(entry, prefix + entry.name, rules)

    def _entry(self, entry: os.DirEntry[str], path: str, rules: list[_Rules]) -> Iterator[Found]:
        is_folder = entry.is_dir(follow_symlinks=False)
        ignoring = _ignoring(Path(entry.path), is_folder, rules) if rules else None
        if ignoring:
            if is_folder or is_note(path):
                yield PassedOver(path, ignoring)
        elif is_folder:
            yield from self.folder(Path(entry.path), rules)
        elif entry.is_symlink():
            yield from self._link(entry, path)
        elif is_note(path):
            yield from self._note(entry, path)
        elif path.lower().endswith(DRAWING):
            yield PassedOver(path, DRAWING)
        elif (ending := os.path.splitext(path)[1].lower()) in DOCUMENTS:
            yield PassedOver(path, ending)

    def _link(self, entry: os.DirEntry[str], path: str) -> Iterator[Found]:
        target = Path(os.path.realpath(entry.path))
        if os.path.isdir(target):
            yield from self._linked_folder(target, Path(entry.path), path)
        elif is_note(path) and (note := linked_note(Path(entry.path), self._root, self._top)):
            name = notebook_path(self._root, note)
            yield Linked(name)
            yield from self._note(note, name)
        elif is_note(path):
            yield from self._note(entry, path)

    def _linked_folder(self, target: Path, link: Path, path: str) -> Iterator[Found]:
        if not (target.is_relative_to(self._root) or target.is_relative_to(self._top)):
            yield _skipped(path, "links to a folder outside the notebook; add it by its own path")
        elif not link.is_relative_to(target):  # else it leads back to where it lies
            yield Linked(notebook_path(self._root, target))
            yield from self.folder(target, _rules_above(self._root, target))

    def _note(self, file: Path | os.DirEntry[str], path: str) -> Iterator[Found]:
        if path not in self._notes:
            self._notes.add(path)
            yield _looked_at(self._root, file, path)


def _looked_at(root: Path, file: Path | os.DirEntry[str], path: str) -> FileState | Skipped:
    try:
        return look(root, file, path)
    except NoteError as error:
        return _skipped(path, str(error))


def _skipped(path: str, reason: str) -> Skipped:
    return Skipped(path=os.fsencode(path).decode(errors="replace"), reason=reason)


def _rules_above(root: Path, folder: Path) -> list[_Rules]:
    """The ignore files between a source and the root of its notebook or repository, outermost first."""
    tops = [parent for parent in folder.parents if parent == root or (parent / ".git").exists()]
    if not tops:
        return []
    between = [parent for parent in folder.parents if parent.is_relative_to(tops[0])]
    return [rules for parent in reversed(between) for rules in _rules_in(parent)]


def _without_whole(folder: Path, rules: _Rules) -> _Rules:
    """The rules without the patterns that exclude all of a folder."""
    from pathspec import GitIgnoreSpec

    any_file = (folder.relative_to(rules.folder) / "any file").as_posix()
    kept = [pattern for pattern in rules.spec.patterns if not (pattern.include and pattern.match_file(any_file))]
    return rules._replace(spec=GitIgnoreSpec(kept))


def _rules_in(folder: Path) -> list[_Rules]:
    rules: list[_Rules] = []
    for name in IGNORE_NAMES:
        try:
            if not (folder / name).is_file():
                continue
            with (folder / name).open("rb") as file:
                lines = file.read(MAX_BYTES).decode("utf-8-sig", errors="replace").splitlines()
        except OSError:
            continue
        from pathspec import GitIgnoreSpec

        spec = GitIgnoreSpec([pattern for line in lines for pattern in _patterns(line)])
        rules.append(_Rules(folder, name, spec))
    return rules


def _patterns(line: str) -> list[GitIgnoreSpecPattern]:
    """The pattern of a line; like git, this skips an invalid one."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        return [GitIgnoreSpecPattern(line)]
    except ValueError:
        return []


def _ignoring(path: Path, is_folder: bool, rules: list[_Rules]) -> str | None:
    """The ignore file that excludes a path, by name: the innermost one with a matching pattern decides, as in git."""
    for base, name, spec in reversed(rules):
        relative = path.relative_to(base).as_posix()
        verdict = _folder_verdict(relative + "/", spec) if is_folder else spec.check_file(relative).include
        if verdict is not None:
            return name if verdict else None
    return None


def _folder_verdict(relative: str, spec: GitIgnoreSpec) -> bool | None:
    """The last pattern that matches the folder itself decides; `check_file` would match the files in it."""
    matching = [pattern.include for pattern in spec.patterns if pattern.match_file(relative)]
    return next((bool(include) for include in reversed(matching) if include is not None), None)
