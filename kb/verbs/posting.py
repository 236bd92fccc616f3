"""The verbs about a written outline: save it, find it again, check it against the notes, and publish it."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from kb import rooms
from kb.decisions import Flags
from kb.notes.files import write_file
from kb.opening import today
from kb.verbs.measuring import MeasuringVerbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.index.writer import IndexWriter
    from kb.models import StoredArea
    from kb.outline.post.citations import Citations
    from kb.reports import (
        ArrangedSection,
        Check,
        DraftDetail,
        DraftList,
        DraftSections,
        NoteVersion,
        Outline,
        Published,
        Rearranged,
        SavedDraft,
    )


class PostVerbs(MeasuringVerbs):
    """The verbs about a written outline, on an open notebook."""

    def write(self, path: str | Path, text: str, overwrite: bool = False) -> None:
        """Write a rendered outline; an existing file only with `overwrite`."""
        write_file(Path(path), text, overwrite)

    def save_draft(
        self,
        outline: Outline,
        template: str = "jekyll",
        citations: Citations = "comment",
        saved: NoteVersion | None = None,
    ) -> SavedDraft:
        """Write an outline as a new file under `drafts/`, named after its title; or in the place of what was `saved`
        before, unless that has changed since.
        """
        text = rooms.write.rendered(outline, template, citations, today(), self._folder)
        return rooms.drafts.write_draft(self.root, outline.title, text, saved)

    def filled(self, path: str | Path, outline: Outline, citations: Citations = "comment") -> str:
        """The text of a draft with the points of an outline that `fill` made of it."""
        return rooms.write.filled_text(Path(path), outline, citations, self._folder)

    def drafts(self) -> DraftList:
        """The drafts with citations: the files under `drafts/`, and the outlines among the notes."""
        return self._index.read(rooms.drafts.list_drafts)

    def show_draft(self, path: str) -> DraftDetail:
        """The draft with exactly this path, with its text as the file says now."""
        return self._index.read(lambda reader: rooms.drafts.show_draft(reader, path))

    def cut_draft(self, path: str) -> DraftSections:
        """The draft with exactly this path as what can be put in another order."""
        return self._index.read(lambda reader: rooms.drafts.cut_draft(reader, path))

    def rearrange_draft(
        self,
        path: str,
        sha256: str,
        sections: Sequence[ArrangedSection],
        save: bool = False,
        saved: NoteVersion | None = None,
    ) -> Rearranged:
        """The draft with this path and hash with other sections; with `save`, as a new file, or in the place of what
        was `saved` of it before, unless that has changed since. What it cites stays so.
        """
        return self._index.read(lambda reader: rooms.drafts.rearrange(reader, path, sha256, sections, save, saved))

    def locate_draft(self, path: str) -> Path:
        """The file of the draft with exactly this path. Raises `NotFoundError`."""
        return self._index.read(lambda reader: rooms.drafts.find_draft(reader, path))

    def check_outline(self, path: str | Path) -> Check:
        """Verify every citation of a written outline against the notes as they are now."""
        return self._index.read(lambda reader: rooms.write.check_post(reader, Path(path), self._folder))

    def publish(
        self,
        path: str | Path,
        output: str | Path | None = None,
        date: datetime.date | None = None,
        force: bool = False,
    ) -> Published:
        """Write the clean copy of a written outline as a new file, and add that as a post.

        By default it goes to the folder of the newest post, under the outline's name, and has the date of today. With
        citations that no longer hold nothing is written, and an existing file is not replaced, unless `force`.
        """
        with self._index.write() as writer:
            target = Path(output) if output is not None else None
            published = rooms.publishing.publish(writer, Path(path), target, date, today(), force)
            if published.refused:
                return published
            writer.decide(lambda decisions: decisions.with_added((published.output,), Flags()))
            writer.add_sources([published.output])
            self._run(writer, [published.output])
            return published.model_copy(update={"area": self._filed(writer, published)})

    def _filed(self, writer: IndexWriter, published: Published) -> StoredArea | None:
        """The area of a post: if it would be held back, it is filed under that of most of the notes that it cites."""
        areas = {note.path: note.area for note in writer.catalog.notes()}
        area = areas.get(published.output)
        cited = Counter(areas[path] for path in published.cited_notes if areas.get(path, "outside") != "outside")
        if area != "outside" or not cited:
            return area
        usual = cited.most_common(1)[0][0]
        writer.decide(lambda decisions: decisions.with_filed(published.output, usual))
        self._run(writer, [published.output])
        return usual
