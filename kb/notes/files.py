"""The files of a notebook: how they are named, read, written and atomically replaced."""

from __future__ import annotations

import hashlib
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kb.errors import InputError, NoteError, reason
from kb.models import FileState, NoteFile

SUFFIXES = (".md", ".markdown", ".qmd", ".mdx", ".rmd")  # Quarto, MDX and R Markdown are read as Markdown
DRAWING = ".excalidraw.md"  # what Obsidian's Excalidraw plugin keeps of a drawing: labels and coordinates
MAX_BYTES = 1_000_000
MAX_LINES = 20_000
TOO_LARGE = f"is larger than {MAX_BYTES // 1_000_000} MB; split it"
PARTIAL = ".part"  # the ending of a file that is still being written


def notebook_path(root: Path, path: Path) -> str:
    """The name of a file or folder throughout kb: relative to the notebook with `/`, or absolute when outside it.

    Symbolic links are resolved, so that each note has one name; but a link that leads to no note, or to one out of
    reach, keeps its own. `root` must be resolved.
    """
    folder = Path(os.path.realpath(path.parent))
    if os.path.isdir(path):
        real = Path(os.path.realpath(path))
    else:
        real = (path.is_symlink() and linked_note(path, root, folder)) or folder / path.name
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else real.as_posix()


def linked_note(link: Path, *places: Path) -> Path | None:
    """The note below one of some folders that a symbolic link leads to; None where it leads elsewhere."""
    target = Path(os.path.realpath(link))
    inside = any(target.is_relative_to(place) for place in places)
    return target if inside and is_note(target.name) and os.path.exists(target) else None


def is_utf8(name: str) -> bool:
    """Whether a file name is valid UTF-8; Python represents other bytes as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_note(path: str) -> bool:
    """Whether a file is Markdown by its ending, and no drawing."""
    return path.lower().endswith(SUFFIXES) and not path.lower().endswith(DRAWING)


def state_of(root: Path, path: str) -> FileState | None:
    """The size and modification time of a note's file; None when it is gone."""
    try:
        status = (root / path).stat()
    except (OSError, ValueError):  # a path that the server of another machine sent may hold a NUL
        return None
    return FileState(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns)


def look(root: Path, file: Path | os.DirEntry[str], path: str) -> FileState:
    """The state of one file. Raises `NoteError` with the reason where it cannot be a note. A symbolic link may lead to
    another place in the notebook, or below the folder it lies in, and no further.
    """
    if not is_utf8(path):
        raise NoteError("has a name that is not UTF-8; rename it")
    if path.lower().endswith(DRAWING):
        raise NoteError("is a drawing of Excalidraw, not a note")
    if not is_note(path):
        raise NoteError(f"is not Markdown ({', '.join(SUFFIXES)}); `kb help capture` lists what else can be added")
    try:
        if file.is_symlink() and not _stays_inside(Path(file), root):
            raise NoteError("is a symbolic link out of the notebook; add its target by its own path")
        status = file.stat()
    except (OSError, RuntimeError, ValueError) as error:
        raise NoteError(f"cannot be read: {reason(error)}") from error
    if not stat.S_ISREG(status.st_mode):
        raise NoteError("is not a regular file")
    return FileState(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns)


def read(root: Path, path: str) -> NoteFile:
    """Read one note. Raises `NoteError` with the reason where the file cannot be a note."""
    look(root, root / path, path)  # since the scan, a pipe or a link may have replaced it
    try:
        with (root / path).open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NoteError(f"cannot be read: {reason(error)}") from error
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
        raise NoteError("is binary (it has NUL bytes); save it as text")
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


@contextmanager
def replacing(path: Path, mode: int | None = None) -> Iterator[BinaryIO]:
    """A file to write that atomically replaces `path` once it is complete and on disk.

    Until then, and after any error, `path` is as it was. A symbolic link stays one: its target is replaced. The file
    gets `mode`; without one it keeps the mode it had, and a new file gets the default of the process.
    """
    target = path.resolve()
    if mode is None and target.exists():
        mode = stat.S_IMODE(target.stat().st_mode)
    temporary = target.with_name(f".kb-{uuid.uuid4().hex}{PARTIAL}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)  # whatever the umask took away
        os.replace(temporary, target)
        flush(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def flush(path: Path) -> None:
    """Have a file, or the entries of a folder, on disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: Path, text: str, overwrite: bool) -> None:
    """Write a new file; an existing one is replaced, atomically, only with `overwrite`. Raises `InputError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if overwrite:
            with replacing(path) as file:
                file.write(text.encode())
        else:
            _create(path, text)
    except FileExistsError as error:
        raise InputError(f"{path} exists; choose another name, or --force to replace it") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {reason(error)}") from error


def read_post(path: Path, folder: Path = Path()) -> str:
    """The text of a post, newlines untouched; `path` may be relative to `folder`. Raises `InputError`."""
    try:
        with (folder / path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputError(f"{path} {TOO_LARGE}")
        return content.decode("utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte 0x{error.object[error.start]:02x} at {error.start})") from error


def replace_post(path: Path, before: str, after: str) -> None:
    """Atomically replace a post, unless it has changed since it was read. Raises `InputError`."""
    try:
        with replacing(path) as file:
            file.write(after.encode())
            if path.read_bytes() != before.encode():
                raise InputError(f"{path} was edited in the meantime and is left unchanged; run the command again")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {reason(error)}") from error


def below(folder: Path) -> Iterator[Path]:
    """All files and folders below a folder, each folder before what it holds. Other than with `Path.rglob`, a folder
    may be deleted meanwhile.
    """
    for place, folders, names in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *names))


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder; a file that is deleted meanwhile does not count."""
    total = 0
    for path in below(folder):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def _create(path: Path, text: str) -> None:
    """Write a file that must not exist yet; a partial one, which would look like a note, is not left behind."""
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _stays_inside(link: Path, root: Path) -> bool:
    target = link.resolve(strict=True)
    return target.is_relative_to(root) or target.is_relative_to(link.parent.resolve())
