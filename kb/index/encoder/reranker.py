"""Scoring how well passages answer a query, by a sentence-transformers cross-encoder."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import EncoderError, one_line
from kb.index.encoder.export import quiet
from kb.index.encoder.hub import download
from kb.index.encoder.loading import require_libraries
from kb.models import Reranker

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

HEAD = "ForSequenceClassification"


class CrossEncoderReranker:
    """A `Reranker` that reads query and passage together (Nogueira and Cho 2019). Threads take turns."""

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model
        self._lock = threading.Lock()

    def score(self, query: str, passages: list[str]) -> list[float]:
        import torch

        if not passages:
            return []
        pairs = [(query, passage) for passage in passages]
        with self._lock:
            scores = self._model.predict(pairs, activation_fn=torch.nn.Sigmoid(), show_progress_bar=False)
        return [float(score) for score in scores]


def load_reranker(model: str, root: Path) -> Reranker:
    """Load a cross-encoder of one output from a folder (relative to `root`) or, by its hub name, from the hub.

    Its weights are read as safetensors only, and no code of its own is run. Raises `EncoderError`.
    """
    folder = root / Path(model).expanduser()
    if model.startswith((".", "/", "~")) and not folder.is_dir():
        raise EncoderError(f"there is no model folder {folder}; check `rerank` in kb.toml")
    require_libraries()
    files = folder if folder.is_dir() else download(model)
    try:
        with quiet():
            return CrossEncoderReranker(_load(files))
    except Exception as error:  # each of the model libraries raises exceptions of its own
        raise EncoderError(
            f"{model!r} cannot be loaded as a cross-encoder: {one_line(error)}; `kb model list` names some"
        ) from error


def _load(folder: Path) -> CrossEncoder:
    from sentence_transformers import CrossEncoder
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    kinds = config.architectures or ["a model of an unknown kind"]
    if config.num_labels != 1 or not kinds[0].endswith(HEAD):  # a model without a head would get a random one
        raise ValueError(f"it is {kinds[0]} with {config.num_labels} outputs, and should be …{HEAD} with one")
    model: CrossEncoder = CrossEncoder(
        str(folder), trust_remote_code=False, local_files_only=True, model_kwargs={"use_safetensors": True}
    )
    return model
