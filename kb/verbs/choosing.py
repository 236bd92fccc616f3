"""The verbs about models: list them, use another encoder, use another reranker."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from kb import rooms
from kb.errors import CatalogError, EncoderError, VectorError
from kb.index.opened import Index
from kb.notebook import open_notebook
from kb.opening import OpenNotebook, open_index

if TYPE_CHECKING:
    from kb.reports import ModelChange, ModelList, Quality

GOLDEN_NAME = "golden.toml"


class ModelVerbs(OpenNotebook):
    """The verbs about models, on an open notebook."""

    def models(self) -> ModelList:
        """The models that kb knows by name, those in use, and those that are on this machine."""
        return rooms.models_in_use.list_models(self._index.notebook)

    def use_encoder(self, name: str, allow_removal: bool = False) -> ModelChange:
        """Embed all notes with another model, by its name, hub name or folder; `default` is the one that comes with kb.

        Until all are embedded and published, the index and `kb.toml` stay as they are. Raises `EncoderError` for what
        is not a usable encoder, and `RemovalError` where most notes would leave the index, unless `allow_removal`.
        """
        started = time.monotonic()
        before = self._index.notebook.settings.model
        after = rooms.models_in_use.chosen_encoder(name, self.root)
        with closing(self._with_settings(model=after)) as index:
            encoder = index.encoder
            quality = self._quality(self._index)
            with index.write() as writer:
                report = rooms.models_in_use.change_encoder(
                    writer, before, self._progress, self._should_stop, allow_removal
                )
                used, notes = writer.catalog.fingerprint() in (None, encoder.fingerprint), len(writer.catalog.notes())
            changed = used and report is not None
            self._reopen()
            return rooms.reports.ModelChange(
                role="encoder",
                before=before,
                after=after,
                used=used,
                dimensions=encoder.dimensions,
                window=encoder.max_tokens,
                notes=notes,
                embedded_chunks=report.embedded_chunks if report else 0,
                skipped=report.skipped if report else (),
                seconds=round(time.monotonic() - started, 3),
                quality_before=quality if changed else None,
                quality_after=self._quality(index) if quality and changed else None,
            )

    def use_reranker(self, name: str) -> ModelChange:
        """Let another cross-encoder rerank the best notes, by its name, hub name or folder; `default` uses none."""
        started = time.monotonic()
        before = self._index.notebook.settings.rerank
        after = rooms.models_in_use.chosen_reranker(name, self.root)
        with closing(self._with_settings(rerank=after)) as index:
            index.reranker  # noqa: B018  # raises an error for what cannot be used
            quality, changed = (self._quality(one) if before != after else None for one in (self._index, index))
            rooms.settings.write_setting(self.root, "rerank", after)
            self._reopen()
            return rooms.reports.ModelChange(
                role="reranker",
                before=before,
                after=after,
                used=True,
                notes=index.read(lambda reader: len(reader.catalog.notes())),
                seconds=round(time.monotonic() - started, 3),
                quality_before=quality,
                quality_after=changed,
            )

    def _with_settings(self, **changes: str | None) -> Index:
        """The same index as it would be with other settings."""
        notebook = self._index.notebook
        changed = replace(notebook, settings=notebook.settings.model_copy(update=changes))
        return open_index(changed, self._encoder if "rerank" in changes else None, self._notify)

    def _reopen(self) -> None:
        """Open the notebook with the settings as they are now."""
        notebook = self._index.notebook
        self._index.close()
        settings = open_notebook(notebook.root)
        if settings.settings.model != notebook.settings.model:
            self._encoder = None
        self._open(settings)

    def _quality(self, index: Index) -> Quality | None:
        """What `golden.toml` says of an index; None without that file, and where the index cannot be searched."""
        path = self.root / GOLDEN_NAME
        if not path.is_file():
            return None
        golden = rooms.queries.load_golden(path)
        try:
            return index.read(lambda reader: rooms.measure.evaluate_search(reader, golden))
        except (CatalogError, EncoderError, VectorError) as error:
            self._notify(f"{GOLDEN_NAME} was not measured: {error}")
            return None
