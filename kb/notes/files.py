"""The files of a notebook: which there are, what they say, and whether they changed."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import InputError, NoteError
from kb.models import FileState, NoteFile
from kb.reports import Skipped

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

SUFFIXES = (".md", ".markdown")
IGNORE_NAMES = (".gitignore", ".kbignore")
MAX_BYTES = 1_000_000
MAX_LINES = 20_000
MAX_DEPTH = 100  # folders in one another
TOO_LARGE = f"is larger than {MAX_BYTES // 1_000_000} MB; split it"

IgnoreRules = list[tuple[Path, "GitIgnoreSpec"]]


def notebook_path(root: Path, path: Path) -> str:
    """How a file is named everywhere: relative to the notebook with `/`, absolute when outside it."""
    absolute = Path(os.path.abspath(path))
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else absolute.as_posix()


def scan(root: Path, source: str) -> Iterator[FileState | Skipped]:
    """Every Markdown file of a source, in the order of their names, and what had to be skipped.

    A source that is a file is taken whatever the ignore rules say; one that does not exist yields nothing.
    """
    top = root / source
    if top.is_dir():
        yield from _walk(root, top, _rules_above(root, top))
    elif top.exists() or top.is_symlink():
        yield _look(root, top, notebook_path(root, top))


def state_of(root: Path, path: str) -> FileState | None:
    """What the directory entry of a note says now, or None when the file is gone."""
    try:
        status = (root / path).stat()
    except OSError:
        return None
    return FileState(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns)


def read(root: Path, path: str) -> NoteFile:
    """Read one note. Raises `NoteError` saying why a file is not a note that can be taken."""
    found = _look(root, root / path, path)  # since the scan a pipe or a link may have taken its place
    if isinstance(found, Skipped):
        raise NoteError(found.reason)
    try:
        with (root / path).open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NoteError(f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise NoteError(TOO_LARGE)
    return NoteFile(
        path=path,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        text=decode(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def decode(content: bytes) -> str:
    r"""UTF-8 to text with `\\n` newlines. Raises `NoteError` for other bytes, for none, and for too many lines."""
    if b"\0" in content:
        raise NoteError("is binary (it has NUL bytes)")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoteError(f"is not UTF-8 (byte 0x{content[error.start]:02x} at {error.start}); convert it") from error
    if not text.strip():
        raise NoteError("is empty")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > MAX_LINES:
        raise NoteError(f"has more than {MAX_LINES:,} lines; split it")
    return text


def write_note(root: Path, title: str, text: str) -> Path:
    """Write a new note under `notes/`, named after its title; an existing file is never touched."""
    folder = root / "notes"
    stem = _slug(title)
    content = text if text.lstrip().startswith("---") else f"# {title}\n\n{text}"
    try:
        folder.mkdir(exist_ok=True)
        for name in _candidate_names(stem):
            if not (folder / name).exists():
                break
        path = folder / name
        write_file(path, content if content.endswith("\n") else content + "\n", overwrite=False)
    except OSError as error:
        raise InputError(f"{folder / stem}.md cannot be written: {error.strerror}") from error
    return path


def write_file(path: Path, text: str, overwrite: bool) -> None:
    """Write a new file; one that exists is replaced only when asked to. Raises `InputError`."""
    fresh = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise InputError(f"{path} exists; choose another name, or --force to replace it") from error
    except OSError as error:
        if fresh:
            path.unlink(missing_ok=True)  # half a file would look like a note
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def read_post(path: Path) -> str:
    """The text of a post, its newlines as they are. Raises `InputError`."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputError(f"{path} {TOO_LARGE}")
        return content.decode("utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte 0x{error.object[error.start]:02x} at {error.start})") from error


def replace_post(path: Path, before: str, after: str) -> None:
    """Replace a post in one step, unless it no longer says what it said before. Raises `InputError`."""
    target = path.resolve()  # a link stays one
    try:
        with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=".kb-", delete=False) as file:
            try:
                file.write(after.encode())
                file.flush()
                os.fsync(file.fileno())
                os.chmod(file.name, stat.S_IMODE(target.stat().st_mode))
                if target.read_bytes() != before.encode():
                    raise InputError(f"{path} was changed meanwhile and is left as it is; run it again")
                os.replace(file.name, target)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def today() -> datetime.date:
    """The date on which a skeleton is written."""
    return datetime.date.today()


def _candidate_names(stem: str) -> Iterator[str]:
    yield f"{stem}.md"
    number = 2
    while True:
        yield f"{stem}-{number}.md"
        number += 1


def _slug(title: str) -> str:
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_title.lower()).strip("-")[:80].rstrip("-")
    return slug or "note"


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
            yield _look(root, entry, prefix + entry.name)


def _look(root: Path, file: Path | os.DirEntry[str], name: str) -> FileState | Skipped:
    """The state of one file; a link may point to another place in the notebook or beside it, not further."""
    if not _is_utf8(name):
        return Skipped(
            path=os.fsencode(name).decode(errors="replace"), reason="has a name that is not UTF-8; rename it"
        )
    if not name.lower().endswith(SUFFIXES):
        return Skipped(path=name, reason=f"is not Markdown ({', '.join(SUFFIXES)})")
    try:
        if file.is_symlink() and not _stays_inside(Path(file), root):
            return Skipped(path=name, reason="is a symbolic link out of the notebook")
        status = file.stat()
    except (OSError, RuntimeError) as error:
        return Skipped(path=name, reason=f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path=name, reason="is not a regular file")
    return FileState(path=name, size=status.st_size, mtime_ns=status.st_mtime_ns)


def _is_utf8(name: str) -> bool:
    """Whether a file name is text; bytes that are not come from the system as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _stays_inside(link: Path, root: Path) -> bool:
    target = link.resolve(strict=True)
    return target.is_relative_to(root) or target.is_relative_to(link.parent.resolve())


def _rules_above(root: Path, folder: Path) -> IgnoreRules:
    """Ignore files between a source and the top of its notebook or repository, outermost first."""
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
    """The pattern of a line; git passes over one that it cannot read."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        return [GitIgnoreSpecPattern(line)]
    except ValueError:
        return []


def _ignored(path: Path, is_folder: bool, rules: IgnoreRules) -> bool:
    """The innermost ignore file that speaks of a path decides, as in git."""
    for base, spec in reversed(rules):
        relative = path.relative_to(base).as_posix()
        verdict = _folder_verdict(relative + "/", spec) if is_folder else spec.check_file(relative).include
        if verdict is not None:
            return verdict
    return False


def _folder_verdict(relative: str, spec: GitIgnoreSpec) -> bool | None:
    """The last pattern that names a folder decides; `check_file` would ask for files in it."""
    matching = [pattern.include for pattern in spec.patterns if pattern.match_file(relative)]
    return next((bool(include) for include in reversed(matching) if include is not None), None)
