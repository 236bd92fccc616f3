"""Models other than the default, as sentence-transformers loads them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.errors import EncoderError, one_line
from kb.index.encoder.export import ExportError
from kb.index.encoder.onnx import Export, TorchEncoder, unit_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

LIBRARIES = "sentence_transformers"
MAX_TOKENS = (
    512  # of a passage; some models take much more, but one vector for a longer text tells its parts less apart
)


def has_libraries() -> bool:
    """Whether sentence-transformers is installed, which models other than the default need, and GPUs."""
    return importlib.util.find_spec(LIBRARIES) is not None


def require_libraries() -> None:
    """Raise `EncoderError` where sentence-transformers is not installed."""
    if not has_libraries():
        raise EncoderError("other models need sentence-transformers; `kb help models` says how to install it")


def gpu() -> str | None:
    """The GPU that sentence-transformers would use."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else None


def load_model(folder: Path, device: str = "cpu") -> SentenceTransformer:
    """Load a model from its folder, weights as safetensors only; raises `EncoderError`."""
    from sentence_transformers import SentenceTransformer

    _require_encoder(folder)
    try:
        model = SentenceTransformer(
            str(folder),
            device=device,
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"attn_implementation": "eager", "use_safetensors": True},
        )
    except Exception as error:  # each of the model libraries raises exceptions of its own
        raise EncoderError(f"{folder} cannot be loaded as a sentence-transformers model: {one_line(error)}") from error
    _require_cosine(folder, model)
    return model


def _require_encoder(folder: Path) -> None:
    """Raise `EncoderError` for a folder that is of another kind: sentence-transformers would add what it lacks, such as
    a pooling that it was not trained with.
    """
    if not (folder / "modules.json").is_file():
        raise EncoderError(f"{folder} is no sentence-transformers model (no modules.json); `kb model list` names some")
    if not any(next(folder.glob(place), None) for place in ("*.safetensors", "0_*/*.safetensors")):
        raise EncoderError(f"{folder} has no weights as safetensors; convert them, since pickled ones can run code")


def _require_cosine(folder: Path, model: SentenceTransformer) -> None:
    """Raise `EncoderError` for a model whose vectors are not meant to be compared by their cosine."""
    wanted, last = str(model.similarity_fn_name), type(model[-1]).__name__
    if wanted != "cosine" and last != "Normalize":  # all measures order vectors of length 1 alike
        raise EncoderError(f"{folder} compares vectors by {wanted}, kb by cosine; use a model made for that")


def add_prompts(model: SentenceTransformer, prompts: tuple[str, str]) -> None:
    """Give a model the prompts before queries and passages, unless its own settings name one."""
    if not any(model.prompts.values()):
        model.prompts = dict(zip(("query", "document"), prompts, strict=True))


def torch_encoder(model: SentenceTransformer, fingerprint: str) -> TorchEncoder:
    """An encoder over the model itself."""
    return TorchEncoder(model, _describe(model, fingerprint, (), {}), f"{fingerprint}-fp32")


def _describe(model: SentenceTransformer, fingerprint: str, inputs: tuple[str, ...], files: dict[str, str]) -> Export:
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", model.tokenizer)
    special = tokenizer.num_special_tokens_to_add(False)
    prompts = model.prompts or {}
    return Export(
        fingerprint=fingerprint,
        dimensions=int(model.get_sentence_embedding_dimension() or 0),
        max_tokens=int(min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)) - special,
        inputs=inputs,
        query_prompt=prompts.get("query") or "",
        passage_prompt=prompts.get("passage") or prompts.get("document") or "",
        files=files,
    )


class TorchPipeline:
    """The pipeline of a model that sentence-transformers has loaded."""

    def __init__(self, model: SentenceTransformer) -> None:
        self._model = model

    @property
    def weight_bytes(self) -> int:
        return 4 * sum(parameter.numel() for parameter in self._model.parameters())

    def write_graph(self, path: Path) -> tuple[str, ...]:
        return _write_graph(self._model, path)

    def write_tokenizer(self, path: Path) -> None:
        tokenizer = getattr(self._model.tokenizer, "backend_tokenizer", None)
        if tokenizer is None:
            raise ExportError(f"{type(self._model.tokenizer).__name__} is not a tokenizer of the `tokenizers` library")
        tokenizer.save(str(path))

    def describe(self, fingerprint: str, inputs: tuple[str, ...], files: dict[str, str]) -> Export:
        return _describe(self._model, fingerprint, inputs, files)

    def vectors(self, texts: list[str]) -> NDArray[np.float32]:
        return unit_rows(self._model.encode(texts, prompt=""))


def _write_graph(model: SentenceTransformer, path: Path) -> tuple[str, ...]:
    import onnx
    import torch

    class Pipeline(torch.nn.Module):
        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            if token_type_ids is not None:
                features["token_type_ids"] = token_type_ids
            return model(features)["sentence_embedding"][:, : model.truncate_dim]

    features = model.preprocess(["a probe", "and a somewhat longer probe"])
    inputs = tuple(name for name in ("input_ids", "attention_mask", "token_type_ids") if name in features)
    axes = {name: {0: "texts", 1: "tokens"} for name in inputs} | {"vectors": {0: "texts"}}
    pipeline = Pipeline()
    pipeline.add_module("model", model)
    try:
        torch.onnx.export(
            pipeline.eval(),
            tuple(features[name] for name in inputs),
            str(path),
            input_names=list(inputs),
            output_names=["vectors"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,  # the newer exporter gives the same graph in four times the time
        )
        onnx.checker.check_model(str(path))
    except OSError:
        raise
    except Exception as error:  # torch, onnx and the parts of a model raise exceptions of their own
        raise ExportError(f"the model cannot be exported ({one_line(error)[:200]})") from error
    return inputs
