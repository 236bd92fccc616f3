"""The record of the server of a notebook, by which `kb serve --status` and `--stop` find it.

The record lies in a folder of the user alone. Whether a server runs is known by its lock and its answer, never by the
id of a process, which may have been given to another one.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from kb.errors import KbError, NotebookError
from kb.models import Frozen
from kb.notes.files import replacing
from kb.reports import Server
from kb.serve import address
from kb.serve.http.access import Access

PRIVATE_FILE = 0o600
ANSWER_SECONDS = 5
LOCK_SECONDS = 0.5  # more than one who looks whether a server runs holds the lock
STOP_SECONDS = 60  # a sync ends after its current batch
Report = TypeVar("Report", bound=Frozen)


class Record(Frozen):
    """Where a server listens, and its token."""

    address: str
    token: str


@contextmanager
def recorded(root: Path, access: Access) -> Iterator[None]:
    """Leave a record for as long as a server runs. Raises `NotebookError` where the notebook is served already."""
    path, lock = _path(root), _lock(root)
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout as error:
        raise NotebookError(f"{root} is being served; `kb serve --status` says where, `--stop` ends it") from error
    try:
        with replacing(path, PRIVATE_FILE) as file:
            file.write(Record(address=access.address, token=access.token).model_dump_json().encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def ask(root: Path, method: str, path: str, report: type[Report]) -> Report:
    """What the server of a notebook answers. Raises `KbError` where none runs."""
    record = _record(root)
    place = urlsplit(record.address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=ANSWER_SECONDS)
    headers = {"Authorization": f"Bearer {record.token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, body="{}" if method == "POST" else None, headers=headers)
        response = connection.getresponse()
        body = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise KbError(
            f"the server of {root} at {record.address} does not answer: {error}; end it, and start it again"
        ) from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise KbError(f"the server of {root} refused: {body.get('message')}")
    return report.model_validate({name: value for name, value in body.items() if name != "schema"})


def stop(root: Path) -> Server:
    """End the server of a notebook, and wait until it has. Raises `KbError` where none runs, or it does not end."""
    server = ask(root, "POST", "/api/stop", Server)
    try:
        with _lock(root).acquire(timeout=STOP_SECONDS):
            return server
    except Timeout as error:
        raise KbError(f"process {server.process} still answers requests; wait, or end it yourself") from error


def _lock(root: Path) -> FileLock:
    return FileLock(_path(root).with_suffix(".lock"), mode=PRIVATE_FILE)


def _record(root: Path) -> Record:
    """The record of a server that runs. One that was killed left its record, but no lock: what listens at its port now
    may be anything.
    """
    none = KbError(f"no server runs for {root}; start one with `kb serve`")
    try:
        with _lock(root).acquire(timeout=0):
            raise none
    except Timeout:
        pass
    try:
        return Record.model_validate_json(_path(root).read_bytes())
    except (OSError, ValueError) as error:
        raise none from error


def _path(root: Path) -> Path:
    folder = address.private_folder()
    name = f"http-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}.json"
    if folder is None or not address.make_folder(os.path.join(folder, name)):
        raise KbError("there is no folder for sockets that only you can use; set XDG_RUNTIME_DIR")
    return Path(folder, name)
