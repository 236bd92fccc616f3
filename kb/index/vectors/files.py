"""The files of a generation, and the manifest that records their sizes and digests as published."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import struct
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from kb.errors import VectorError, reason
from kb.index import PRIVATE_FILE, PRIVATE_FOLDER
from kb.models import FiledArea
from kb.notes.files import flush

MANIFEST = "manifest.json"
HEADER = struct.Struct("<i4Q")  # version, offset of the links, room for elements, number of elements, size of one
HEADER_VERSION = 1
DATABASE = "chroma.sqlite3"  # not in the manifest: Chroma writes to it at each opening


def clear_unused(folder: Path) -> None:
    """Overwrite the room for further vectors in the files of HNSW with zeros. Chroma writes it as it finds it in the
    process's memory, where text of notes has been.
    """
    for header in folder.glob("*/header.bin"):
        version, _, _, count, size = HEADER.unpack_from(header.read_bytes())
        if version != HEADER_VERSION:
            raise VectorError(
                f"{header} is of format {version}, which this kb does not know; install an older chromadb"
            )
        with header.with_name("data_level0.bin").open("r+b") as file:
            unused = file.seek(0, os.SEEK_END) - count * size
            file.seek(count * size)
            file.write(bytes(max(unused, 0)))


def write_manifest(folder: Path, live: Mapping[FiledArea, int], dead: int) -> None:
    """Record the files of a generation with their sizes and digests, and how many vectors are live and dead."""
    held = {
        path.relative_to(folder).as_posix(): (path.stat().st_size, _digest(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent != folder
    }
    manifest = {"live": live, "dead": dead, "files": held}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a generation whose files exist with the right sizes. Raises `VectorError`.

    Chroma would create an empty database in place of a missing one, and return partial results from a truncated one.
    """
    try:
        manifest = cast(dict[str, Any], json.loads((folder / MANIFEST).read_bytes()))
        for name, (size, _) in manifest["files"].items():
            if (folder / name).stat().st_size != size:
                raise VectorError(f"{folder / name} is damaged: it should have {size} bytes")
    except FileNotFoundError as error:
        raise VectorError(f"{error.filename} is missing") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise VectorError(f"{folder} cannot be read: {error}") from error
    if not (folder / DATABASE).exists():
        raise VectorError(f"{folder / DATABASE} is missing")
    return manifest


def verified(folder: Path) -> dict[str, Any]:
    """The manifest of a generation whose files hold the bytes they were published with. Raises `VectorError`.

    Damaged files can crash Chroma's core, and the process with it.
    """
    manifest = manifest_of(folder)
    for name, (_, digest) in manifest["files"].items():
        try:
            found = _digest(folder / name)
        except OSError as error:
            raise VectorError(f"{folder / name} cannot be read: {reason(error)}") from error
        if found != digest:
            raise VectorError(f"{folder / name} is damaged: its bytes are not those that were written")
    _require_collections(folder / DATABASE, manifest["live"])
    return manifest


def _require_collections(path: Path, names: Iterable[str]) -> None:
    """Raise `VectorError` where Chroma's database lacks a collection; Chroma would silently create an empty one."""
    try:
        with closing(_connect(path)) as connection:
            known = {name for (name,) in connection.execute("SELECT name FROM collections")}
    except sqlite3.Error as error:
        raise VectorError(f"{path} is damaged: {error}") from error
    if missing := set(names) - known:
        raise VectorError(f"{path} is damaged: it lacks the collections {', '.join(sorted(missing))}")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def database_problem(folder: Path) -> str | None:
    """What SQLite says is wrong with Chroma's database, in one line."""
    path = folder / DATABASE
    try:
        with closing(_connect(path)) as connection:
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        found = str(error)
    return None if found == "ok" else f"{path} is damaged: {' '.join(found.split())}"


def unnamed(folder: Path) -> list[Path]:
    """The files of vectors in a generation that its manifest does not name."""
    known = {folder / name for name in manifest_of(folder)["files"]}
    return sorted(path for path in folder.glob("*/*") if path not in known)


def is_kept(path: Path, current: int, kept: int) -> bool:
    """Whether a folder is one of the last `kept` generations."""
    return path.name.isdigit() and current - kept < int(path.name) <= current


def sync(folder: Path) -> None:
    """Flush a folder and everything below it to disk, accessible to its owner alone."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
        flush(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
