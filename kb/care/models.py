"""The encoder and the reranker of a notebook: which there are, choosing one, and changing to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from kb.areas.concept_vectors import unknown_texts
from kb.errors import InputError
from kb.index.catalog import Switch
from kb.index.duration import SAMPLE, embedding_time, spoken
from kb.index.encoder import DEFAULT_MODEL, is_exported
from kb.index.encoder.hub import is_downloaded
from kb.index.encoder.known import KnownModel, known_models
from kb.index.writer import IndexWriter
from kb.models import Progress
from kb.notebook import Notebook
from kb.reports import ListedModel, ModelList, SyncReport
from kb.settings import write_setting
from kb.sync.run import ShouldStop, run

DEFAULT = "default"
IsHere = Callable[[str | None], bool]


def list_models(notebook: Notebook) -> ModelList:
    """The models that kb knows by name, and those that the settings name."""
    known, settings = known_models(), notebook.settings

    def encoder_is_here(hub: str | None) -> bool:
        return hub is None or is_exported(hub, notebook.root) or is_downloaded(hub)

    def reranker_is_here(hub: str | None) -> bool:
        return hub is not None and is_downloaded(hub)

    return ModelList(
        encoders=_listed(known.encoder, settings.model or DEFAULT_MODEL, notebook.root, encoder_is_here),
        encoder_source=known.encoder_source,
        rerankers=_listed(known.reranker, settings.rerank, notebook.root, reranker_is_here),
        reranker_source=known.reranker_source,
    )


def _listed(known: Mapping[str, KnownModel], used: str | None, root: Path, is_here: IsHere) -> tuple[ListedModel, ...]:
    """The known models, after the one in use where that is another."""
    listed = [
        ListedModel(
            name=name,
            in_use=used == (model.hub or name),
            on_this_machine=is_here(model.hub),
            **model.model_dump(exclude={"query", "passage"}),
        )
        for name, model in known.items()
    ]
    if used is not None and not any(model.in_use for model in listed):
        is_folder = (root / Path(used).expanduser()).is_dir()
        other = ListedModel(name=used, hub=None, in_use=True, on_this_machine=is_folder or is_here(used))
        listed.insert(0, other)
    return tuple(listed)


def chosen_encoder(name: str, root: Path) -> str | None:
    """The setting `model` for an encoder's name, hub name or folder; None is the model that comes with kb."""
    return _chosen(name, known_models().encoder, root)


def chosen_reranker(name: str, root: Path) -> str | None:
    """The setting `rerank` for a reranker's name, hub name or folder; None is no reranker."""
    return _chosen(name, known_models().reranker, root)


def _chosen(name: str, known: Mapping[str, KnownModel], root: Path) -> str | None:
    """Raises `InputError` for a path that is no folder."""
    if name == DEFAULT:
        return None
    if name in known:
        return known[name].hub
    path = Path(name).expanduser()
    if not name.strip() or path.is_file() or (name.startswith((".", "/", "~")) and not path.is_dir()):
        raise InputError(f"there is no model folder {name!r}; `kb model list` names models")
    if not path.is_dir():
        return name
    folder = path.resolve()
    return f"./{folder.relative_to(root).as_posix()}" if folder.is_relative_to(root) else str(folder)


def change_encoder(
    writer: IndexWriter, before: str | None, progress: Progress, should_stop: ShouldStop, allow_removal: bool
) -> SyncReport | None:
    """Embed all notes with the model of the writer's settings, and write that into `kb.toml` in place of `before`.

    The catalog knows of it until both are done, so that a notebook works wherever this is interrupted. Returns None
    where the index has the vectors of this model already. When asked to stop, changes nothing. Raises `RemovalError`
    where most notes would leave the index, unless `allow_removal`.
    """
    catalog, encoder, report = writer.catalog, writer.encoder, None
    catalog.set_switch(Switch(before=before, after=writer.settings.model, fingerprint=encoder.fingerprint))
    if catalog.fingerprint() not in (None, encoder.fingerprint):
        _announce_duration(writer)
        report = run(writer, catalog.sources(), progress, should_stop, allow_removal)
    if catalog.fingerprint() in (None, encoder.fingerprint):
        write_setting(writer.root, "model", writer.settings.model)
    catalog.set_switch(None)
    return report


def _announce_duration(writer: IndexWriter) -> None:
    """Say how long embedding will take: the notes, and what kb knows of its subjects."""
    opening = writer.catalog.chunks(writer.catalog.opening_chunks(1)[:SAMPLE])
    if not opening:
        return
    sentences = unknown_texts(writer.encoder)
    seconds = embedding_time(writer.encoder, [chunk.text for chunk in opening.values()], writer.chunk_count)
    seconds += embedding_time(writer.encoder, sentences, len(sentences))
    writer.notify(f"embedding takes about {spoken(seconds)}; until it is done, the notebook is as it was")
