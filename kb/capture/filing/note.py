"""The note that is made of a capture: front matter, the writer's part, and the captured part between two marks. Pure.

Only what is between the marks, and `retrieved` and `sha256` in the front matter, is ever replaced.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kb.capture.captured import Capture
from kb.capture.filing.merge import difference, merge
from kb.errors import CaptureError, NoteError
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.markup.settings import as_yaml, with_values

FRAME = ("Summary", "Claims", "Numbers", "Open questions")
END = "<!-- kb captured end -->"
_BEGIN = re.compile(r"^<!-- kb captured (?P<key>\S+) -->[ \t]*\r?\n", re.MULTILINE)
_END = re.compile(r"^<!-- kb captured end -->[ \t]*\r?$", re.MULTILINE)
_YEAR = re.compile(r"\d{4}")
_NO_KEY = re.compile(r"[\s<>]")


class Parts(NamedTuple):
    """A captured note: the text before, between and after the marks, and the hash of what was captured."""

    before: str
    captured: str
    after: str
    sha256: str


@dataclass(frozen=True)
class Recaptured:
    """A note after it was captured again. `text` is None where it stays as it is; `conflict` is what was not merged."""

    text: str | None
    changes: str
    merged: bool = False
    conflict: str = ""


def new_note(capture: Capture, day: datetime.date, framed: bool) -> str:
    """The text of a new note; `framed` gives it headings for the writer's own part."""
    captured = captured_part(capture)
    frame = [f"## {heading}\n" for heading in FRAME] if framed else []
    blocks = [f"# {capture.title}\n", *frame, _between_marks(capture.key, captured)]
    return _front_matter(capture, day, digest(captured)) + "\n" + "\n".join(blocks)


def captured_part(capture: Capture) -> str:
    """The captured part of a note: its body, in which nothing reads as a mark."""
    return capture.body.strip("\n").replace("<!-- kb captured", "<\\!-- kb captured") + "\n"


def digest(captured: str) -> str:
    """The hash of a captured part."""
    return hashlib.sha256(captured.encode()).hexdigest()


def name_of(capture: Capture) -> str:
    """What the file of a note is named after: its title, shortened to leave room, and the year."""
    year = _YEAR.match(capture.date)
    title = capture.title
    return title if not year or title.rstrip().endswith(year[0]) else f"{title[:75].strip()} {year[0]}"


def marked_keys(text: str) -> list[str]:
    """The keys of the captured parts of a note, as its marks have them."""
    return [match["key"] for match in _BEGIN.finditer(text)] if "<!-- kb captured " in text else []


def marked(key: str) -> str:
    """A key as a mark has it."""
    return _NO_KEY.sub(lambda match: f"%{ord(match[0]):02X}", key)


def parts_of(text: str, key: str) -> Parts:
    """Take a captured note apart. Raises `CaptureError` where a mark is gone."""
    begin = next((match for match in _BEGIN.finditer(text) if match["key"] == marked(key)), None)
    end = _END.search(text, begin.end()) if begin else None
    if begin is None or end is None:
        raise CaptureError(f"has lost the line `{END}` below what was captured; put it back")
    captured = text[begin.end() : end.start()].replace("\r\n", "\n").strip("\n") + "\n"
    stated = read_front_matter(text.replace("\r\n", "\n").removeprefix("\ufeff")).values.get("sha256")
    return Parts(text[: begin.end()], captured, text[end.start() :], str(stated or ""))


def recapture(text: str, capture: Capture, before: str | None, day: datetime.date) -> Recaptured:
    """Replace the captured part of a note. What the writer changed in it is merged, by `before`, which is what was
    captured the last time, if that is known. Where both changed the same lines, the writer's stay.

    Raises `CaptureError` for a note whose marks or front matter are broken.
    """
    parts = parts_of(text, capture.key)
    new = captured_part(capture)
    sha256 = digest(new)
    edited = digest(parts.captured) != parts.sha256
    if sha256 == parts.sha256:
        return Recaptured(None, "")
    if not edited or parts.captured == new:
        return Recaptured(_with(text, parts, new, sha256, day), difference(parts.captured, new))
    if before is None:
        return Recaptured(_with(text, parts, parts.captured, sha256, day), "", True, _conflict(capture, [("", new)]))
    merged = merge(before, parts.captured, new)
    conflict = _conflict(capture, merged.conflicts) if merged.conflicts else ""
    return Recaptured(_with(text, parts, merged.text, sha256, day), difference(before, new), True, conflict)


def _with(text: str, parts: Parts, captured: str, sha256: str, day: datetime.date) -> str:
    newline = "\r\n" if "\r\n" in parts.before else "\n"
    inner = f"\n{captured}\n".replace("\n", newline)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    whole = f"{parts.before}{inner}{parts.after}".removeprefix("\ufeff")
    try:
        stated = with_values(whole, {"retrieved": day, "sha256": sha256})
    except NoteError as error:
        raise CaptureError(str(error)) from error
    if stated is None:
        raise CaptureError("has lost its front matter, which says what was captured; put `sha256:` back")
    return mark + stated


def _conflict(capture: Capture, conflicts: Sequence[tuple[str, str]]) -> str:
    """What the source changed and the writer did too, for the writer to compare."""
    parts = [f"{capture.title}\nThe source changed where you did; your note keeps your text.\n"]
    for mine, theirs in conflicts:
        mine_shown = mine.strip("\n") or "(see the note)"
        parts.append(f"<<<<<<< your note\n{mine_shown}\n=======\n{theirs.strip(chr(10))}\n>>>>>>> {capture.source}\n")
    return "\n".join(parts)


def _between_marks(key: str, captured: str) -> str:
    return f"<!-- kb captured {marked(key)} -->\n\n{captured}\n{END}\n"


def _front_matter(capture: Capture, day: datetime.date, sha256: str) -> str:
    """The front matter of a new note. The hash is that of the captured part, and so tells whether it was edited."""
    authors = f"[{', '.join(map(as_yaml, capture.authors))}]" if capture.authors else ""
    lines = [f"title: {as_yaml(capture.title)}"]
    lines += [f"authors: {authors}"] if authors else []
    lines += [f"date: {capture.date}"] if capture.date else []
    lines += [f"source: {as_yaml(capture.source)}"]
    lines += [f"{name}: {as_yaml(value)}" for name, value in capture.fields.items()]
    lines += [f"retrieved: {day}", f"sha256: {sha256}", "kind: note"]
    return "\n".join(["---", *lines, "---", ""])
