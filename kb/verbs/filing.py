"""The verbs by which a writer decides: start a note, go through the inbox, list decisions, take one back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kb import rooms
from kb.opening import today
from kb.verbs.posting import PostVerbs

if TYPE_CHECKING:
    from kb.models import FiledArea
    from kb.reports import DecisionLog, Inbox, NoteLinks, TagList, Undone


class FilingVerbs(PostVerbs):
    """The verbs about decisions, tags and links, on an open notebook."""

    def new(self, title: str, area: FiledArea | None = None, template: str = "note") -> Path:
        """Write a new note under `notes/` with the frame of a template: its name, or the path of a Markdown file.
        Raises `InputError`.
        """
        return rooms.new.write_frame(self.root, title, area, self._template(template), today())

    def inbox(self) -> Inbox:
        """The notes that the classifier is not sure of, and those that it holds back."""
        return self._index.read(rooms.deciding.inbox)

    def log(self) -> DecisionLog:
        """The decisions in `kb.decisions.toml`, newest first."""
        return self._index.read(lambda reader: rooms.deciding.log(reader.decisions))

    def undo(self) -> Undone:
        """Take the last decision back. Raises `InputError` where there is none."""
        with self._index.write() as writer:
            return rooms.deciding.undo(writer, lambda paths: self._run(writer, paths))

    def tags(self) -> TagList:
        """The tags of all notes and posts that are not held back."""
        return self._index.read(rooms.tags.tags)

    def check_tags(self, asked: Sequence[str]) -> None:
        """Tell which of some tags no note has, with the nearest that one has."""
        self._index.read(lambda reader: rooms.tags.notice_unknown_tags(reader, asked))

    def links(self, name: str) -> NoteLinks:
        """What a note links to, what links to it, and its links that lead to no note."""
        return self._index.read(lambda reader: rooms.linked.links(reader, self._find(reader, name)))

    def _template(self, name: str) -> str:
        return name if name in rooms.new.TEMPLATES else str(self._folder / name)
