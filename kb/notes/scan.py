"""Which notes a source holds: its Markdown files, except those that ignore files exclude; and what it holds besides."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kb.errors import NoteError
from kb.models import FileState
from kb.notes.files import MAX_BYTES, is_note, look, notebook_path
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
MOST_IGNORED = 20_000  # entries of an ignored folder that are looked at


class PassedOver(NamedTuple):
    """A file that is no note, with its ending in lower case as the reason; or a note or folder that is ignored, with
    the name of the ignore file as the reason.
    """

    path: str
    reason: str


class _Rules(NamedTuple):
    """The patterns of an ignore file in a folder."""

    folder: Path
    name: str
    spec: GitIgnoreSpec


def scan(root: Path, source: str) -> Iterator[FileState | Skipped | PassedOver]:
    """Every Markdown file of a source in order of names, what had to be skipped, and what was passed over.

    What the user names is taken: ignore rules do not apply to a source that is itself a file, nor do those that
    exclude the whole of a source that is a folder. A source that does not exist yields nothing.
    """
    top = root / source
    if top.is_dir():
        yield from _walk(root, top, _rules_above(root, top))
    elif top.exists() or top.is_symlink():
        yield _looked_at(root, top, notebook_path(root, top))


def ignored_notes(root: Path, path: str) -> Iterator[str]:
    """The notes at or below an ignored path that are worth counting: none of a package, and of a very large folder
    only the first.
    """
    if not (root / path).is_dir():
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


def _walk(root: Path, folder: Path, rules: list[_Rules]) -> Iterator[FileState | Skipped | PassedOver]:
    name = notebook_path(root, folder)
    if name.count("/") > MAX_DEPTH:
        yield Skipped(path=name, reason=f"lies more than {MAX_DEPTH} folders deep")
        return
    rules = rules + _rules_in(folder)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(path=name, reason=f"folder cannot be read: {error.strerror}")
        return
    prefix = "" if name == "." else name.rstrip("/") + "/"
    for entry in entries:
        if entry.name.startswith("."):
            continue
        is_folder, path = entry.is_dir(follow_symlinks=False), prefix + entry.name
        ignoring = _ignoring(Path(entry.path), is_folder, rules) if rules else None
        if ignoring:
            if is_folder or is_note(entry.name):
                yield PassedOver(path, ignoring)
        elif is_folder:
            yield from _walk(root, Path(entry.path), rules)
        elif is_note(entry.name):
            yield _looked_at(root, entry, path)
        elif (ending := os.path.splitext(entry.name)[1].lower()) in DOCUMENTS:
            yield PassedOver(path, ending)


def _looked_at(root: Path, file: Path | os.DirEntry[str], path: str) -> FileState | Skipped:
    try:
        return look(root, file, path)
    except NoteError as error:
        return Skipped(path=os.fsencode(path).decode(errors="replace"), reason=str(error))


def _rules_above(root: Path, folder: Path) -> list[_Rules]:
    """The ignore files between a source and the root of its notebook or repository, outermost first, without the
    patterns that exclude the whole source.
    """
    tops = [parent for parent in folder.parents if parent == root or (parent / ".git").exists()]
    if not tops:
        return []
    between = [parent for parent in folder.parents if parent.is_relative_to(tops[0])]
    return [_without_whole(folder, rules) for parent in reversed(between) for rules in _rules_in(parent)]


def _without_whole(folder: Path, rules: _Rules) -> _Rules:
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
