"""Exporting a sentence-transformers pipeline as one ONNX graph and its int8 quantisation, both checked against the
model.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.cutoffs import MIN_INT8_PARITY
from kb.errors import EncoderError, one_line
from kb.index.encoder.onnx import (
    TOKENIZER,
    Export,
    OnnxEncoder,
    TorchEncoder,
    file_sha256,
    graph_name,
    unit_rows,
)
from kb.notes.files import flush

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

MIN_PARITY = 0.9999  # of vectors that should be equal, whatever cosines mean
MAX_TOKENS = (
    512  # of a passage; some models take much more, but one vector for a longer text tells its parts less apart
)
COPIES, OTHER_BYTES = 2.5, 1_000_000  # of the weights that are on disk at one time, and what else is written
PROBES = [
    "graph neural networks",
    "How do I cut the latency of serving a large model without losing quality?",
    "Überraschend gute Ergebnisse; des résultats étonnamment bons.",
    "图神经网络在推荐系统中的应用",
    "x = bottom_mlp(dense)  # [B, d]",
    "",
    "attention " * 400,
]


class ExportError(Exception):
    """A graph could not be exported, or does not embed as its model does."""


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
        raise EncoderError(
            f"{folder} is not a sentence-transformers encoder: it has no modules.json; `kb model list` names encoders"
        )
    if not any(next(folder.glob(place), None) for place in ("*.safetensors", "0_*/*.safetensors")):
        raise EncoderError(
            f"{folder} has no weights as safetensors; kb reads no others, as pickled ones can run code; convert them"
        )


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


def write_export(model: SentenceTransformer, fingerprint: str, target: Path) -> None:
    """Write graphs, tokenizer, scale and description; the folder gets its name, atomically, once it is checked.

    A model that loses too much by quantisation gets no int8 graph. Raises `ExportError` and `OSError`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _require_space(target.parent, model)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="export-") as temporary:
        folder = Path(temporary) / "encoder"
        folder.mkdir()
        with suppress(FileNotFoundError):
            target.rename(Path(temporary) / "damaged")  # an intact one would have been used
        inputs = _write_graph(model, folder / graph_name("fp32"))
        quantised = _quantise(folder)
        _write_tokenizer(model, folder / TOKENIZER)
        export = _describe(model, fingerprint, inputs, _hashes(folder))
        expected = unit_rows(model.encode(PROBES, prompt=""))
        exact = OnnxEncoder(folder, export, "fp32")
        worst = _parity(expected, exact)
        if not worst >= MIN_PARITY:
            raise ExportError(f"the exported graph differs from its model (cosine {worst:.5f}, {MIN_PARITY} needed)")
        if not (quantised and _is_close(exact, expected, OnnxEncoder(folder, export, "int8"))):
            (folder / graph_name("int8")).unlink(missing_ok=True)
            files = {name: digest for name, digest in export.files.items() if name != graph_name("int8")}
            export = export.model_copy(update={"files": files})
        (folder / "encoder.json").write_text(export.model_dump_json(indent=1), encoding="utf-8")
        for path in (*folder.iterdir(), folder):
            flush(path)
        try:
            folder.rename(target)
        except OSError:
            if not target.exists():  # or else another process was faster
                raise
        flush(target.parent)


def _require_space(folder: Path, model: SentenceTransformer) -> None:
    """Raise `OSError` where a disk lacks space for an export: the libraries that write graphs do not report this."""
    weights = 4 * sum(parameter.numel() for parameter in model.parameters())
    if shutil.disk_usage(folder).free < COPIES * weights + OTHER_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _quantise(folder: Path) -> bool:
    """Quantise weights to integers with a scale per output channel; activations are scaled at run time. Returns whether
    the graph can be quantised.

    Only 7 of the 8 bits are used: sums of full 8-bit products saturate on processors without VNNI.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    source, target = (folder / graph_name(precision) for precision in ("fp32", "int8"))
    try:
        quantize_dynamic(str(source), str(target), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
    except OSError:
        raise
    except Exception:  # onnx and ONNX Runtime raise exceptions of their own
        return False
    return True


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


def _write_tokenizer(model: SentenceTransformer, path: Path) -> None:
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise ExportError(f"{type(model.tokenizer).__name__} is not a tokenizer of the `tokenizers` library")
    tokenizer.save(str(path))


def _parity(expected: NDArray[np.float32], encoder: OnnxEncoder) -> float:
    """The lowest cosine between the probes' vectors and those of their model."""
    return float((expected * encoder.embed(PROBES)).sum(axis=1).min())


def _is_close(exact: OnnxEncoder, expected: NDArray[np.float32], rounded: OnnxEncoder) -> bool:
    return exact.scale.sameness(_parity(expected, rounded)) >= MIN_INT8_PARITY


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: file_sha256(path) for path in folder.iterdir()}


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the progress bars and warnings of the model libraries."""
    before = {name: os.environ.get(name) for name in ("HF_HUB_DISABLE_PROGRESS_BARS", "TQDM_DISABLE")}
    os.environ.update(dict.fromkeys(before, "1"))
    try:
        logging.disable(logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
