"""The ONNX graph of a BERT encoder with mean pooling, built from its weights, so that the model that comes with kb
needs neither torch nor sentence-transformers.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.index.encoder.onnx import TOKENIZER, Export

if TYPE_CHECKING:
    import onnx
    from numpy.typing import ArrayLike

OPSET, IR_VERSION = 17, 8  # what ONNX Runtime has read since 1.14
INPUTS = ("input_ids", "token_type_ids")  # each text is embedded alone: there is no padding to mask
SPECIAL_TOKENS = 2  # around a text
WEIGHTS = "model.safetensors"


class BertPipeline:
    """What an export takes of a model: a BERT encoder whose vectors are the normalised means over all tokens (Devlin
    et al. 2018, Reimers and Gurevych 2019), in the files of its folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._config = _json(folder / "config.json")

    @property
    def weight_bytes(self) -> int:
        return (self._folder / WEIGHTS).stat().st_size

    def write_graph(self, path: Path) -> tuple[str, ...]:
        import onnx

        onnx.save(_Graph(self._folder / WEIGHTS, self._config).model(), path)
        return INPUTS

    def write_tokenizer(self, path: Path) -> None:
        shutil.copyfile(self._folder / TOKENIZER, path)

    def describe(self, fingerprint: str, inputs: tuple[str, ...], files: dict[str, str]) -> Export:
        return Export(
            fingerprint=fingerprint,
            dimensions=self._config["hidden_size"],
            max_tokens=_json(self._folder / "sentence_bert_config.json")["max_seq_length"] - SPECIAL_TOKENS,
            inputs=inputs,
            query_prompt="",
            passage_prompt="",
            files=files,
        )

    def vectors(self, texts: list[str]) -> None:
        """Nothing else computes the vectors of these weights."""


class _Graph:
    """A graph under construction; its methods add nodes and return the names of their results."""

    def __init__(self, weights: Path, config: dict[str, Any]) -> None:
        from safetensors.numpy import load_file

        self._weights = load_file(weights)
        self._config = config
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        """The whole graph: token ids `(texts, tokens)` to vectors `(texts, dim)` of length 1."""
        from onnx import TensorProto, helper

        states = self._embedded()
        for layer in range(self._config["num_hidden_layers"]):
            states = self._layer(states, f"encoder.layer.{layer}")
        mean = self._add("ReduceMean", states, axes=[1], keepdims=0)
        vectors = self._add("LpNormalization", mean, axis=-1, p=2)
        given = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]) for name in INPUTS]
        made = helper.make_tensor_value_info(vectors, TensorProto.FLOAT, ["texts", self._config["hidden_size"]])
        graph = helper.make_graph(self._nodes, "bert", given, [made], [*self._constants.values()])
        model: onnx.ModelProto = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        return model

    def _embedded(self) -> str:
        """Words, positions and kinds of the tokens `(texts, tokens, dim)`."""
        ids, kinds = INPUTS
        shape = self._add("Shape", ids)
        length = self._add("Gather", shape, self._constant("second", 1))
        positions = self._add("Range", self._constant("zero", 0), length, self._constant("one", 1))
        words = self._add("Gather", self._weight("embeddings.word_embeddings.weight"), ids)
        of_kind = self._add("Gather", self._weight("embeddings.token_type_embeddings.weight"), kinds)
        at = self._add("Gather", self._weight("embeddings.position_embeddings.weight"), positions)
        return self._normal(self._add("Add", self._add("Add", words, of_kind), at), "embeddings")

    def _layer(self, states: str, name: str) -> str:
        attended = self._dense(self._attention(states, f"{name}.attention.self"), f"{name}.attention.output.dense")
        attended = self._normal(self._add("Add", attended, states), f"{name}.attention.output")
        inner = self._gelu(self._dense(attended, f"{name}.intermediate.dense"))
        return self._normal(self._add("Add", self._dense(inner, f"{name}.output.dense"), attended), f"{name}.output")

    def _attention(self, states: str, name: str) -> str:
        heads = self._config["num_attention_heads"]
        size = self._config["hidden_size"] // heads
        apart = self._constant("apart", [0, 0, heads, size])
        queries, keys, values = (
            self._add("Transpose", self._add("Reshape", self._dense(states, f"{name}.{part}"), apart), perm=order)
            for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3]))
        )
        scale = self._constant("scale", size**-0.5)
        scores = self._add("Mul", self._add("MatMul", queries, keys), scale)
        mixed = self._add("MatMul", self._add("Softmax", scores, axis=-1), values)
        mixed = self._add("Transpose", mixed, perm=[0, 2, 1, 3])
        texts_and_tokens = self._add("Shape", mixed, start=0, end=2)
        together = self._add("Concat", texts_and_tokens, self._constant("rest", [-1]), axis=0)
        return self._add("Reshape", mixed, together)

    def _dense(self, states: str, name: str) -> str:
        product = self._add("MatMul", states, self._weight(f"{name}.weight", transposed=True))
        return self._add("Add", self._weight(f"{name}.bias"), product)

    def _normal(self, states: str, name: str) -> str:
        weights = (self._weight(f"{name}.LayerNorm.{part}") for part in ("weight", "bias"))
        return self._add("LayerNormalization", states, *weights, axis=-1, epsilon=self._config["layer_norm_eps"])

    def _gelu(self, states: str) -> str:
        """x/2 · (1 + erf(x/√2))."""
        root, one, half = (
            self._constant(name, value) for name, value in (("root", 2**0.5), ("one.0", 1.0), ("half", 0.5))
        )
        share = self._add("Add", self._add("Erf", self._add("Div", states, root)), one)
        return self._add("Mul", self._add("Mul", states, share), half)

    def _weight(self, name: str, transposed: bool = False) -> str:
        values = self._weights[name]
        return self._constant(name, values.T if transposed else values)

    def _constant(self, name: str, values: ArrayLike) -> str:
        import numpy as np
        from onnx import numpy_helper

        if name not in self._constants:
            array = np.ascontiguousarray(values) if np.ndim(values) else np.asarray(values)
            tensor = array.astype(np.float32) if array.dtype.kind == "f" else array
            self._constants[name] = numpy_helper.from_array(tensor, name)
        return name

    def _add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        name = f"{kind}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content
