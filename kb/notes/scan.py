"""Which notes a source holds: its Markdown files, except those that ignore files exclude."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import NoteError
from kb.models import FileState
from kb.notes.files import MAX_BYTES, SUFFIXES, look, notebook_path
from kb.reports import Skipped

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

IGNORE_NAMES = (".gitignore", ".kbignore")
MAX_DEPTH = 100  # nested folders

IgnoreRules = list[tuple[Path, "GitIgnoreSpec"]]


def scan(root: Path, source: str) -> Iterator[FileState | Skipped]:
    """Every Markdown file of a source in order of names, and what had to be skipped.

    Ignore rules do not apply to a source that is itself a file. A source that does not exist yields nothing.
    """
    top = root / source
    if top.is_dir():
        yield from _walk(root, top, _rules_above(root, top))
    elif top.exists() or top.is_symlink():
        yield _looked_at(root, top, notebook_path(root, top))


def is_reachable(root: Path, source: str) -> bool:
    """Whether a source, or the folder of a file that is one, can be seen; a drive that is not mounted cannot: outside
    the notebook an empty folder may be its mount point.
    """
    place = root / source
    folder = place.parent if source.lower().endswith(SUFFIXES) else place
    try:
        return folder.is_dir() and (folder.is_relative_to(root) or any(folder.iterdir()))
    except OSError:
        return False


def _walk(root: Path, folder: Path, rules: IgnoreRules) -> Iterator[FileState | Skipped]:
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
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name.startswith(".") or (rules and _ignored(Path(entry.path), is_folder, rules)):
            continue
        if is_folder:
            yield from _walk(root, Path(entry.path), rules)
        elif entry.name.lower().endswith(SUFFIXES):
            yield _looked_at(root, entry, prefix + entry.name)


def _looked_at(root: Path, file: Path | os.DirEntry[str], path: str) -> FileState | Skipped:
    try:
        return look(root, file, path)
    except NoteError as error:
        return Skipped(path=os.fsencode(path).decode(errors="replace"), reason=str(error))


def _rules_above(root: Path, folder: Path) -> IgnoreRules:
    """The ignore files between a source and the root of its notebook or repository, outermost first."""
    tops = [parent for parent in folder.parents if parent == root or (parent / ".git").exists()]
    if not tops:
        return []
    between = [parent for parent in folder.parents if parent.is_relative_to(tops[0])]
    return [rule for parent in reversed(between) for rule in _rules_in(parent)]


def _rules_in(folder: Path) -> IgnoreRules:
    rules: IgnoreRules = []
    for name in IGNORE_NAMES:
        try:
            if not (folder / name).is_file():
                continue
            with (folder / name).open("rb") as file:
                lines = file.read(MAX_BYTES).decode("utf-8-sig", errors="replace").splitlines()
        except OSError:
            continue
        from pathspec import GitIgnoreSpec

        rules.append((folder, GitIgnoreSpec([pattern for line in lines for pattern in _patterns(line)])))
    return rules


def _patterns(line: str) -> list[GitIgnoreSpecPattern]:
    """The pattern of a line; like git, this skips an invalid one."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        return [GitIgnoreSpecPattern(line)]
    except ValueError:
        return []


def _ignored(path: Path, is_folder: bool, rules: IgnoreRules) -> bool:
    """The innermost ignore file with a matching pattern decides, as in git."""
    for base, spec in reversed(rules):
        relative = path.relative_to(base).as_posix()
        verdict = _folder_verdict(relative + "/", spec) if is_folder else spec.check_file(relative).include
        if verdict is not None:
            return verdict
    return False


def _folder_verdict(relative: str, spec: GitIgnoreSpec) -> bool | None:
    """The last pattern that matches the folder itself decides; `check_file` would match the files in it."""
    matching = [pattern.include for pattern in spec.patterns if pattern.match_file(relative)]
    return next((bool(include) for include in reversed(matching) if include is not None), None)
