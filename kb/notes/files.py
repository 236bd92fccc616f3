"""The files of a notebook: their names, what they say, and how one is written or replaced whole."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kb.errors import InputError, NoteError
from kb.models import FileState, NoteFile

SUFFIXES = (".md", ".markdown")
MAX_BYTES = 1_000_000
MAX_LINES = 20_000
TOO_LARGE = f"is larger than {MAX_BYTES // 1_000_000} MB; split it"
PARTIAL = ".part"  # the ending of a file that is still being written


def notebook_path(root: Path, path: Path) -> str:
    """How a file is named everywhere: relative to the notebook with `/`, absolute when outside it.

    Symbolic links to folders are followed, so that a notebook reached by two names holds each note once; a note that
    is itself a link keeps the name of the link. `root` has no links in it.
    """
    absolute = Path(os.path.abspath(path))
    folder = Path(os.path.realpath(absolute if absolute.is_dir() else absolute.parent))
    real = folder if absolute.is_dir() else folder / absolute.name
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else real.as_posix()


def is_utf8(name: str) -> bool:
    """Whether a file name is text; Python hands over bytes that are not as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def state_of(root: Path, path: str) -> FileState | None:
    """What the directory entry of a note says now, or None when the file is gone."""
    try:
        status = (root / path).stat()
    except OSError:
        return None
    return FileState(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns)


def look(root: Path, file: Path | os.DirEntry[str], path: str) -> FileState:
    """The state of one file. Raises `NoteError` saying why it is not a note that can be taken: a link may point to
    another place in the notebook or beside it, not further.
    """
    if not is_utf8(path):
        raise NoteError("has a name that is not UTF-8; rename it")
    if not path.lower().endswith(SUFFIXES):
        raise NoteError(f"is not Markdown ({', '.join(SUFFIXES)})")
    try:
        if file.is_symlink() and not _stays_inside(Path(file), root):
            raise NoteError("is a symbolic link out of the notebook")
        status = file.stat()
    except (OSError, RuntimeError) as error:
        raise NoteError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise NoteError("is not a regular file")
    return FileState(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns)


def read(root: Path, path: str) -> NoteFile:
    """Read one note. Raises `NoteError` saying why a file is not a note that can be taken."""
    look(root, root / path, path)  # since the scan a pipe or a link may have taken its place
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


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` in one step once it is complete and on disk.

    Until then, and after any error, `path` is as it was. A symbolic link stays one, an existing file keeps its mode,
    and a new one gets `mode`.
    """
    target = path.resolve()
    descriptor, temporary = tempfile.mkstemp(PARTIAL, f".{target.name}-", target.parent)
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, stat.S_IMODE(target.stat().st_mode) if target.exists() else mode)
        os.replace(temporary, target)
        sync_folder(target.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Have the entries of a folder on disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: Path, text: str, overwrite: bool) -> None:
    """Write a new file; one that exists is replaced, whole, only when asked to. Raises `InputError`."""
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
    try:
        with replacing(path) as file:
            file.write(after.encode())
            if path.read_bytes() != before.encode():
                raise InputError(f"{path} was changed meanwhile and is left as it is; run it again")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder; what another process deletes meanwhile does not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def _create(path: Path, text: str) -> None:
    """Write a file that must not exist yet; half of one, which would look like a note, is not left behind."""
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
