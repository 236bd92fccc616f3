"""Embedding with an exported graph, or with sentence-transformers if no graph was exported."""

from __future__ import annotations

import hashlib
import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.errors import EncoderError
from kb.index.encoder.recent import RecentVectors
from kb.index.encoder.scale import Scales, kept_scales, measure
from kb.index.encoder.script import is_read
from kb.models import Frozen, Precision
from kb.scale import Scale

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    import tokenizers
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

TOKENIZER = "tokenizer.json"
SCALES = "scale.json"
CHECKSUM_BLOCK = 2**18  # bytes of a file that are read at a time, which a processor's cache holds
UNKNOWN = ("[UNK]", "<unk>")  # the tokens that stand for what a tokenizer does not know

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # or onnxruntime, once imported, makes an id of this machine and reports home


class Export(Frozen):
    """The description next to the exported graphs: all that embedding needs to know of the model.

    `files` holds the checksum of each file; a graph is named after its precision.
    """

    fingerprint: str
    dimensions: int
    max_tokens: int
    inputs: tuple[str, ...]
    query_prompt: str
    passage_prompt: str
    files: dict[str, str]

    def available(self, precision: Precision) -> Precision:
        """The precision asked for, or fp32 for a model that could not be quantised."""
        return precision if graph_name(precision) in self.files else "fp32"

    def needed(self, precision: Precision) -> tuple[str, str]:
        """The files that embedding reads."""
        return TOKENIZER, graph_name(self.available(precision))


class OnnxEncoder:
    """An `Encoder` over an exported graph, loaded with the first text. Threads may share it."""

    def __init__(self, folder: Path, export: Export, precision: Precision) -> None:
        self.precision = export.available(precision)
        self.fingerprint = f"{export.fingerprint}-{self.precision}"
        self.dimensions = export.dimensions
        self.max_tokens = export.max_tokens
        self._folder = folder
        self._export = export
        self._pool = ThreadPoolExecutor(usable_cores())
        self._recent = RecentVectors(self.embed)

    def on_device(self, model: SentenceTransformer) -> TorchEncoder:
        """The same encoder over its model, loaded on a device."""
        return TorchEncoder(model, self._export, self.fingerprint)

    @property
    def scale(self) -> Scale:
        return self._scales.plain

    @property
    def centred_scale(self) -> Scale:
        return self._scales.centred

    @cached_property
    def _scales(self) -> Scales:
        """The scales of the model, which its int8 graph approximates; measured once, and kept next to the graphs."""
        return kept_scales(self._folder / SCALES, self._measured)

    def _measured(self) -> Scales:
        path = self._folder / graph_name("fp32")
        if not path.exists() or checksum(path) != self._export.files[path.name]:
            raise EncoderError(f"{path} is damaged; delete that folder, and kb exports the model again")
        return measure(OnnxEncoder(self._folder, self._export, "fp32"))

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def reads(self, text: str) -> bool:
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return is_read(text, _known_spans(found.tokens, found.offsets))

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        return self._recent.encode([self._export.passage_prompt + text.strip() for text in texts])

    def encode_query(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._recent.encode([self._export.query_prompt + text.strip()])[0]
        return vector

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        import tokenizers

        tokenizer = tokenizers.Tokenizer.from_file(str(self._folder / TOKENIZER))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        path = self._folder / graph_name(self.precision)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the cores share the texts, not one text
        try:
            return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime raises classes of its own
            raise EncoderError(f"{path} is damaged; delete that folder, and kb exports the model again") from error

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Embed without a prompt, one text at a time on each core.

        Without padding this is faster than batches; and as int8 scales activations by the largest in a batch, the
        vector of a text would depend on the rest of its batch.
        """
        import numpy as np

        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        run = partial(_run, self._session, self._export.inputs)
        spread = self._pool.map if len(texts) > 1 else map
        for row, vector in enumerate(spread(run, self._encodings(texts))):
            vectors[row] = vector
        return unit_rows(vectors)

    def _encodings(self, texts: list[str]) -> Iterator[tokenizers.Encoding]:
        """The tokens of texts, cut to what the model reads, with its special ones. The tokenizer, which also counts, is
        loaded once: it cuts nothing itself.
        """
        for encoding in self._tokenizer.encode_batch(texts, add_special_tokens=False):
            encoding.truncate(self.max_tokens)
            yield self._tokenizer.post_process(encoding)


class TorchEncoder:
    """An `Encoder` over sentence-transformers itself, for models that cannot be exported, and for GPUs.

    Threads take turns: its tokenizer changes its own settings with each call.
    """

    def __init__(self, model: SentenceTransformer, export: Export, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.dimensions = export.dimensions
        self.max_tokens = export.max_tokens
        self._model = model
        self._export = export
        self._lock = threading.Lock()

    @property
    def scale(self) -> Scale:
        return self._scales.plain

    @property
    def centred_scale(self) -> Scale:
        return self._scales.centred

    @cached_property
    def _scales(self) -> Scales:
        return measure(self)

    def count_tokens(self, text: str) -> int:
        with self._lock:
            return len(self._model.tokenizer.encode(text, add_special_tokens=False))

    def reads(self, text: str) -> bool:
        tokenizer = self._model.tokenizer
        if not tokenizer.is_fast:  # and does not say which letters a token stands for
            return True
        with self._lock:
            found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return is_read(text, _known_spans(tokenizer.convert_ids_to_tokens(found["input_ids"]), found["offset_mapping"]))

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        return self._embed([self._export.passage_prompt + text for text in texts])

    def encode_query(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._embed([self._export.query_prompt + text])[0]
        return vector

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        with self._lock:
            return unit_rows(self._model.encode(texts, prompt=""))


def _known_spans(tokens: Sequence[str], spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [span for token, span in zip(tokens, spans, strict=True) if token not in UNKNOWN]


def _run(
    session: onnxruntime.InferenceSession, inputs: tuple[str, ...], encoding: tokenizers.Encoding
) -> NDArray[np.float32]:
    import numpy as np

    columns = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
    feed = {name: np.array([getattr(encoding, columns[name])], dtype=np.int64) for name in inputs}
    (vectors,) = session.run(None, feed)
    return vectors[0]  # type: ignore[no-any-return]


def unit_rows(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Rows scaled to length 1; a zero row stays zero."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def graph_name(precision: Precision) -> str:
    """The file of a graph."""
    return f"{precision}.onnx"


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksum(path: Path) -> str:
    """The CRC-32 of a file's bytes, in hexadecimal: it tells damage, in half of the time of a SHA-256."""
    found = 0
    with path.open("rb") as file:
        while block := file.read(CHECKSUM_BLOCK):
            found = zlib.crc32(block, found)
    return f"{found:08x}"


def usable_cores() -> int:
    """The number of cores that this process may use; the machine may have more."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
