"""Which files captures become, and the writing of those files."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kb.capture.captured import Capture
from kb.capture.filing.known import KnownCaptures, keys_of
from kb.capture.filing.note import captured_part, name_of, new_note, parts_of, recapture
from kb.errors import CaptureError, InputError
from kb.index.bases import load_base
from kb.notes.files import MAX_BYTES, MAX_LINES, notebook_path, read_post, replace_post, write_file
from kb.reports import Captured, Skipped


@dataclass(frozen=True)
class Planned:
    """A capture and what is to become of its note. `before` is the text of its file so far, None for a new one; `after`
    is None where it stays. `base` is what a later merge compares with.
    """

    report: Captured
    file: Path
    before: str | None
    after: str | None
    base: str
    conflict: str = ""

    @property
    def is_new(self) -> bool:
        """Whether there is no such note yet."""
        return self.before is None


class Planning:
    """Decides for captures, one after the other, which files they become. Writes nothing."""

    def __init__(self, root: Path, index_folder: Path, known: KnownCaptures, day: datetime.date, framed: bool) -> None:
        self._root = root
        self._index_folder = index_folder
        self._known = known
        self._day = day
        self._framed = framed
        self._taken: set[Path] = set()
        self._keys: set[str] = set()
        self.known: list[Captured] = []
        self.skipped: list[Skipped] = []

    def plan(self, captures: Iterable[tuple[str, Capture]]) -> list[Planned]:
        """What becomes of some captures, given with the arguments that they are of; each key counts once."""
        planned: list[Planned] = []
        for argument, capture in captures:
            if capture.key in self._keys:
                continue
            self._keys.add(capture.key)
            try:
                if plan := self._planned(argument, capture):
                    planned.append(plan)
            except (CaptureError, InputError) as error:
                self.skipped.append(Skipped(path=argument, reason=str(error)))
        return planned

    def _planned(self, argument: str, capture: Capture) -> Planned | None:
        path = self._known.captured(capture.key)
        file = self._root / path if path else self._known.found_again(name_of(capture), capture.key)
        if file is not None:
            return self._again(argument, capture, file)
        if path := self._known.about(keys_of(capture)):
            self.known.append(_report(argument, capture, "known", path))
            return None
        text = new_note(capture, self._day, self._framed)
        _require_fitting(text)
        file = self._known.free(name_of(capture), self._taken)
        self._taken.add(file)
        return Planned(
            _report(argument, capture, "new", notebook_path(self._root, file)), file, None, text, captured_part(capture)
        )

    def _again(self, argument: str, capture: Capture, file: Path) -> Planned:
        path = notebook_path(self._root, file)
        text = read_post(file)
        note = self._known.record(path)
        try:
            sha256 = parts_of(text, capture.key).sha256
            before = load_base(self._index_folder, note.id, sha256) if note else None
            again = recapture(text, capture, before, self._day)
        except CaptureError as error:
            raise CaptureError(f"{path} {error}") from error
        if again.text is not None:
            _require_fitting(again.text)
        state = "conflict" if again.conflict else "merged" if again.merged else "updated" if again.text else "unchanged"
        report = _report(argument, capture, state, path).model_copy(update={"changes": again.changes})
        return Planned(report, file, text, again.text, captured_part(capture), again.conflict)


def write(planned: Planned) -> Captured:
    """Write a new note, or replace the captured part of one, and what could not be merged next to it. Raises
    `InputError` where a file was changed meanwhile or cannot be written.
    """
    report = planned.report
    if planned.conflict:
        beside = _free_beside(planned.file)
        write_file(beside, planned.conflict, overwrite=False)
        report = report.model_copy(update={"conflict": f"{report.path}{beside.name.removeprefix(planned.file.name)}"})
    if planned.after is not None and planned.before is None:
        write_file(planned.file, planned.after, overwrite=False)
    elif planned.after is not None and planned.before is not None:
        replace_post(planned.file, planned.before, planned.after)
    return report


def _free_beside(file: Path) -> Path:
    """A name next to a note that no file has, and that is none of a note."""
    names = (f"{file.name}.conflict", *(f"{file.name}.conflict-{number}" for number in range(2, 1000)))
    return next(path for name in names if not (path := file.with_name(name)).exists())


def _report(argument: str, capture: Capture, state: str, path: str) -> Captured:
    return Captured.model_validate(
        {
            "input": argument,
            "key": capture.key,
            "title": capture.title,
            "state": state,
            "path": path,
            "remarks": capture.remarks,
        }
    )


def _require_fitting(text: str) -> None:
    if len(text.encode()) > MAX_BYTES or text.count("\n") > MAX_LINES:
        raise CaptureError(f"gives more than a note can hold ({MAX_BYTES // 1_000_000} MB, {MAX_LINES:,} lines)")
