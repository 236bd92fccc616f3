"""Exporting a model's whole pipeline as one ONNX graph and its int8 quantisation, both checked against the model."""

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
from typing import TYPE_CHECKING, Protocol

from kb.cutoffs import MIN_INT8_PARITY
from kb.index.encoder.onnx import (
    TOKENIZER,
    Export,
    OnnxEncoder,
    checksum,
    graph_name,
)
from kb.notes.files import flush

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_PARITY = 0.9999  # of vectors that should be equal, whatever cosines mean
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


class Pipeline(Protocol):
    """What an export takes of a model."""

    @property
    def weight_bytes(self) -> int:
        """The size of its weights in fp32."""

    def write_graph(self, path: Path) -> tuple[str, ...]:
        """Write its graph and return the names of the inputs, which are made of token ids. Raises `ExportError`."""

    def write_tokenizer(self, path: Path) -> None:
        """Write its tokenizer for the library `tokenizers`. Raises `ExportError`."""

    def describe(self, fingerprint: str, inputs: tuple[str, ...], files: dict[str, str]) -> Export:
        """What embedding needs to know of it."""

    def vectors(self, texts: list[str]) -> NDArray[np.float32] | None:
        """The vectors `(n, dim)` that the model itself computes; None if only the graph can."""


def write_export(pipeline: Pipeline, fingerprint: str, target: Path) -> None:
    """Write graphs, tokenizer, scale and description; the folder gets its name, atomically, once it is checked.

    A model that loses too much by quantisation gets no int8 graph. Raises `ExportError` and `OSError`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _require_space(target.parent, pipeline.weight_bytes)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="export-") as temporary:
        folder = Path(temporary) / "encoder"
        folder.mkdir()
        with suppress(FileNotFoundError):
            target.rename(Path(temporary) / "damaged")  # an intact one would have been used
        inputs = pipeline.write_graph(folder / graph_name("fp32"))
        quantised = _quantise(folder)
        pipeline.write_tokenizer(folder / TOKENIZER)
        export = pipeline.describe(fingerprint, inputs, _checksums(folder))
        exact = OnnxEncoder(folder, export, "fp32")
        expected = pipeline.vectors(PROBES)
        expected = exact.embed(PROBES) if expected is None else expected
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


def _require_space(folder: Path, weight_bytes: int) -> None:
    """Raise `OSError` where a disk lacks space for an export: the libraries that write graphs do not report this."""
    if shutil.disk_usage(folder).free < COPIES * weight_bytes + OTHER_BYTES:
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
        _fuse(target)
    except OSError:
        raise
    except Exception:  # onnx and ONNX Runtime raise exceptions of their own
        return False
    return True


def _fuse(path: Path) -> None:
    """Fuse the nodes of a graph as ONNX Runtime would whenever it loads it, which takes half of the loading time."""
    import onnxruntime

    fused = path.with_suffix(".fused")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED  # on any processor
    options.optimized_model_filepath = str(fused)
    try:
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        fused.replace(path)
    finally:
        fused.unlink(missing_ok=True)


def _parity(expected: NDArray[np.float32], encoder: OnnxEncoder) -> float:
    """The lowest cosine between the probes' vectors and those of their model."""
    return float((expected * encoder.embed(PROBES)).sum(axis=1).min())


def _is_close(exact: OnnxEncoder, expected: NDArray[np.float32], rounded: OnnxEncoder) -> bool:
    return exact.scale.sameness(_parity(expected, rounded)) >= MIN_INT8_PARITY


def _checksums(folder: Path) -> dict[str, str]:
    return {path.name: checksum(path) for path in folder.iterdir()}


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
