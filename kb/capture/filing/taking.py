"""From arguments to captures: what is known already is said before anything is fetched."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from kb.capture.captured import Capture
from kb.capture.filing.known import KnownCaptures
from kb.capture.identifiers import Named, identify
from kb.capture.intake import ZOTERO, capture_of, captures_of, captures_of_file, captures_of_zotero, is_captured
from kb.capture.web.fetch import Fetcher
from kb.errors import CaptureError, InputError
from kb.models import Notify
from kb.notes.files import notebook_path
from kb.reports import Captured, Skipped

STANDARD_INPUT = "standard input"


@dataclass(frozen=True)
class Given:
    """Content that is no file here, from standard input or a browser; `ending` says what it is, such as `.html`.
    `title` replaces the one it has, and `name` is what the writer calls it.
    """

    content: bytes
    ending: str
    title: str | None = None
    name: str = STANDARD_INPUT

    def captured(self, full: bool) -> list[Capture]:
        """The captures of it. What names no source of its own is told apart by its bytes."""
        key = f"sha256:{hashlib.sha256(self.content).hexdigest()}"
        path = Path(PurePath(self.name).stem + self.ending)
        found = captures_of(self.content, path, full)
        return [
            self._as_own(capture, key) if capture.key == path.as_posix() else self._titled(capture) for capture in found
        ]

    def _as_own(self, capture: Capture, key: str) -> Capture:
        return self._titled(dataclasses.replace(capture, key=key, source=self.name))

    def _titled(self, capture: Capture) -> Capture:
        return dataclasses.replace(capture, title=self.title or capture.title)


Argument = str | Given | Named


@dataclass
class Taken:
    """The captures of some arguments, each with its argument; what is known or had to be skipped; and the arguments
    that are files or folders of notes.
    """

    captures: list[tuple[str, Capture]] = field(default_factory=list)
    known: list[Captured] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def named_by(text: str) -> Named:
    """What an address or an identifier names; never a file. Raises `InputError` for anything else."""
    named = identify(text)
    if named is None:
        raise InputError(f"{text} is no address, arXiv id or DOI; give https://…, arXiv:2405.04434 or 10.1000/182")
    return named


def is_capture(argument: str, folder: Path) -> bool:
    """Whether an argument is captured: an address, an identifier, or a file of another format than Markdown."""
    path = folder / argument
    if argument == ZOTERO and not os.path.lexists(path):
        return True
    return (is_captured(path) and os.path.isfile(path)) or _named(argument, folder) is not None


class Taking:
    """Makes captures of arguments, of which paths may be relative to `folder`."""

    def __init__(
        self, root: Path, folder: Path, known: KnownCaptures, fetcher: Fetcher, full: bool, collection: str | None
    ) -> None:
        self._root = root
        self._folder = folder
        self._known = known
        self._fetcher = fetcher
        self._full = full
        self._collection = collection

    def take(self, arguments: Iterable[Argument], notify: Notify, should_stop: Callable[[], bool]) -> Taken:
        """The captures of some arguments, one after the other until `should_stop`; one that fails is skipped."""
        taken = Taken()
        for argument in arguments:
            if should_stop():
                break
            name = _name(argument)
            try:
                self._take(argument, taken, notify)
            except (CaptureError, InputError) as error:
                taken.skipped.append(Skipped(path=name, reason=_reason(name, error)))
        return taken

    def _take(self, argument: Argument, taken: Taken, notify: Notify) -> None:
        if isinstance(argument, Given):
            taken.captures += [(argument.name, capture) for capture in argument.captured(self._full)]
        elif isinstance(argument, Named):
            self._fetch(argument.address, argument, taken, notify)
        elif named := _named(argument, self._folder):
            self._fetch(argument, named, taken, notify)
        elif is_captured(path := self._folder / argument) and os.path.isfile(path):
            name = notebook_path(self._root, path)
            taken.captures += [(argument, capture) for capture in captures_of_file(path, name, self._full)]
        elif argument == ZOTERO and not os.path.lexists(path):
            taken.captures += [(argument, capture) for capture in captures_of_zotero(self._collection)]
        else:
            taken.notes.append(argument)

    def _fetch(self, argument: str, named: Named, taken: Taken, notify: Notify) -> None:
        captured, about = self._known.captured(named.key), self._known.about([named.key])
        if captured is None and about is not None:
            taken.known.append(Captured(input=argument, key=named.key, state="known", path=about))
            return
        if captured is not None:
            notify(f"{argument} is in {captured} already; it is captured again")
        taken.captures.append((argument, capture_of(named, self._fetcher, self._full)))


def _named(argument: str, folder: Path) -> Named | None:
    """What an argument identifies, unless it is the path of a file or folder that exists."""
    named = identify(argument)
    return named if named and not os.path.lexists(folder / argument) else None


def _name(argument: Argument) -> str:
    """What an argument is called in a report."""
    if isinstance(argument, Given):
        return argument.name
    return argument.address if isinstance(argument, Named) else argument


def _reason(name: str, error: Exception) -> str:
    """A reason to show behind the name of an argument, which need not be repeated."""
    said = " ".join(str(error).split())
    return said[len(name) :].strip() if said.casefold().startswith(f"{name.casefold()} ") else said
