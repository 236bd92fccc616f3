"""The archive of a backup: one compressed file with a manifest of digests."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from kb.errors import BackupError, reason
from kb.index import PRIVATE_FILE
from kb.notes.files import replacing

FORMAT = "kb.backup/1"
MANIFEST = "manifest.json"


def pack(target: Path, members: Mapping[str, Path], overwrite: bool) -> None:
    """Atomically write files, under the names given, and a manifest of their digests into one compressed file.

    Raises `BackupError` where the file exists, unless `overwrite`; and `OSError`.
    """
    if target.exists() and not overwrite:
        raise BackupError(f"{target} exists; choose another name, or use --force to replace it")
    manifest = {"schema": FORMAT, "files": {name: _digest(path) for name, path in members.items()}}
    with replacing(target, PRIVATE_FILE) as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        _add_text(archive, MANIFEST, json.dumps(manifest, indent=1))
        for name, path in members.items():
            archive.add(path, name)


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def unpacked(source: Path, folder: Path) -> dict[str, Path]:
    """Unpack a backup into an empty folder: its files by name, each verified by its digest. Raises `BackupError`."""
    try:
        return _extract(source, folder)
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        raise BackupError(f"{source} cannot be restored: {reason(error)}; nothing was changed") from error


def _extract(source: Path, folder: Path) -> dict[str, Path]:
    with tarfile.open(source, "r:gz") as archive:
        for member in archive.getmembers():
            if not member.isfile() or "/" in member.name:
                raise BackupError(f"{source} is not a backup made by kb: it holds {member.name!r}; nothing was changed")
        archive.extractall(folder, filter="data")
    try:
        manifest = cast(dict[str, Any], json.loads((folder / MANIFEST).read_bytes()))
        digests = dict(manifest["files"])
        known = manifest["schema"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{source} is not a backup made by kb: it has no manifest; nothing was changed") from error
    if not known:
        raise BackupError(
            f"{source} was made by another version of kb ({manifest['schema']}); upgrade kb; nothing was changed"
        )
    for name, digest in digests.items():
        if not (folder / name).exists() or _digest(folder / name) != digest:
            raise BackupError(f"{source} is damaged: {name} is not what was saved; nothing was changed")
    return {name: folder / name for name in digests}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
