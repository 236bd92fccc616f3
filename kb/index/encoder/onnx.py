"""Embedding with an exported graph, or with sentence-transformers where there is none."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import EncoderError
from kb.models import Frozen

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers
    from sentence_transformers import SentenceTransformer

BATCH = 32


class Export(Frozen):
    """What is kept beside an exported graph: all that embedding needs to know of the model."""

    fingerprint: str
    dimensions: int
    max_tokens: int
    inputs: tuple[str, ...]
    query_prompt: str
    passage_prompt: str
    files: dict[str, int]


class OnnxEncoder:
    """An `Encoder` over an exported graph; nothing is loaded before the first text."""

    def __init__(self, folder: Path, export: Export) -> None:
        self.fingerprint = export.fingerprint
        self.dimensions = export.dimensions
        self.max_tokens = export.max_tokens
        self._folder = folder
        self._export = export

    def count_tokens(self, text: str) -> int:
        return len(self._counter.encode(text, add_special_tokens=False).ids)

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        return self.embed([self._export.passage_prompt + text.strip() for text in texts])

    def encode_query(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.embed([self._export.query_prompt + text.strip()])[0]
        return vector

    @cached_property
    def _counter(self) -> tokenizers.Tokenizer:
        return _load_tokenizer(self._folder)

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        tokenizer = _load_tokenizer(self._folder)
        tokenizer.enable_truncation(self.max_tokens + tokenizer.num_special_tokens_to_add(False))
        return tokenizer

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        path = self._folder / "model.onnx"
        try:
            return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        except Exception as error:  # its core raises classes of its own
            raise EncoderError(f"{path} is damaged; delete that folder, and it is made again") from error

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Embed without a prompt, in batches of similar length: padding is computed for nothing."""
        encodings = self._tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda index: len(encodings[index].ids))
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors[batch] = self._run([encodings[index] for index in batch])
        return unit_rows(vectors)

    def _run(self, encodings: list[tokenizers.Encoding]) -> NDArray[np.float32]:
        longest = max(len(encoding.ids) for encoding in encodings)
        feed = {name: np.zeros((len(encodings), longest), dtype=np.int64) for name in self._export.inputs}
        columns = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
        for row, encoding in enumerate(encodings):
            for name, values in feed.items():
                values[row, : len(encoding.ids)] = getattr(encoding, columns[name])
        (vectors,) = self._session.run(None, feed)
        return np.asarray(vectors, dtype=np.float32)


class TorchEncoder:
    """An `Encoder` over sentence-transformers itself, for models whose graph cannot be exported."""

    def __init__(self, model: SentenceTransformer, export: Export) -> None:
        self.fingerprint = export.fingerprint
        self.dimensions = export.dimensions
        self.max_tokens = export.max_tokens
        self._model = model
        self._export = export

    def count_tokens(self, text: str) -> int:
        return len(self._model.tokenizer.encode(text, add_special_tokens=False))

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        return unit_rows(
            self._model.encode([self._export.passage_prompt + text for text in texts], batch_size=BATCH, prompt="")
        )

    def encode_query(self, text: str) -> NDArray[np.float32]:
        return unit_rows(self._model.encode([self._export.query_prompt + text], prompt=""))[0]  # type: ignore[no-any-return]


def _load_tokenizer(folder: Path) -> tokenizers.Tokenizer:
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def unit_rows(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Rows scaled to length 1; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
