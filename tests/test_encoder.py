from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizer

from kb.errors import EncoderError
from kb.index.encoder import DEFAULT_PACKAGE, load_encoder
from kb.models import Encoder

pytestmark = pytest.mark.model

TEXTS = [
    "",
    " ",
    "a",
    "graph neural networks",
    "Over-smoothing: why deep graph networks forget",
    "How do I cut the latency of serving a large model without losing quality?",
    "## A heading\n\nand a paragraph\twith **marks** and `code`",
    "def forward(self, x: Tensor) -> Tensor:\n    return self.mlp(x)  # [B, d]",
    r"$\mathrm{softmax}(QK^\top / \sqrt{d_k})V$",
    "https://arxiv.org/abs/1609.02907",
    "Überraschend gute Ergebnisse für große Graphen",
    "Des résultats étonnamment bons, à vérifier",
    "Графовые нейронные сети и внимание",
    "图神经网络在推荐系统中的应用",
    "グラフニューラルネットワーク",
    "الشبكات العصبية البيانية",
    "🚀🔥 ship it 🤷🏽‍♀️",
    "\u200b\u0301 zero width and combining",
    "antidisestablishmentarianism" * 30,
    "attention " * 400,
]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write_tiny_model(folder: Path) -> None:
    """A sentence-transformers model of one small random layer, which knows prompts."""
    base = folder.parent / "base"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    BertTokenizer(vocab={word: number for number, word in enumerate(words)}).save_pretrained(base)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    BertModel(config).save_pretrained(base)
    modules = [Transformer(str(base), max_seq_length=32), Pooling(16)]
    prompts = {"query": "find ", "document": "keep "}
    SentenceTransformer(modules=modules, device="cpu", prompts=prompts).save(str(folder))


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_tiny_model(folder)
    return folder


@pytest.fixture(scope="module")
def tiny_cache(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A cache that holds the export of the tiny model. Not to be changed by a test."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        load_encoder(str(tiny_model), "fp32", Path(), lambda line: None)
    return cache


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_cache: Path) -> Path:
    cache = tmp_path / "cache"
    shutil.copytree(tiny_cache, cache)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return cache


def test_vectors_equal_those_of_sentence_transformers(real_encoder: Encoder) -> None:
    """Whatever the text, the exported graph embeds it as the model does: cosine at least 0.9999."""
    package = importlib.util.find_spec(DEFAULT_PACKAGE)
    assert package
    assert package.origin
    model = SentenceTransformer(str(Path(package.origin).parent / "model"), device="cpu", local_files_only=True)
    expected = np.asarray(model.encode(TEXTS, normalize_embeddings=True))
    passages = real_encoder.encode(TEXTS)
    queries = np.stack([real_encoder.encode_query(text) for text in TEXTS])
    assert passages.dtype == queries.dtype == np.float32
    assert (passages * expected).sum(axis=1).min() >= 0.9999
    assert (queries * expected).sum(axis=1).min() >= 0.9999


def test_vectors_have_length_one_and_do_not_depend_on_their_batch(real_encoder: Encoder) -> None:
    """Every row is a finite unit vector, the same alone as among others."""
    short = [text for text in TEXTS if len(text) < 500]
    together = real_encoder.encode(TEXTS)[[len(text) < 500 for text in TEXTS]]
    alone = np.concatenate([real_encoder.encode([text]) for text in short])
    assert together.shape == (len(short), real_encoder.dimensions)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.abs(together - alone).max() < 1e-4


def test_what_fits_is_what_is_embedded(real_encoder: Encoder) -> None:
    """A text of `max_tokens` word pieces is embedded to its last word; what follows that changes nothing."""
    words = ["graph"] * real_encoder.max_tokens
    full, shorter, longer = " ".join(words), " ".join([*words[:-1], "whale"]), " ".join([*words, "whale"])
    assert real_encoder.count_tokens(full) == real_encoder.max_tokens
    first, changed, cut = real_encoder.encode([full, shorter, longer])
    assert float(first @ changed) < 0.9999
    assert float(first @ cut) > 0.99999


def test_prompts_of_a_model_are_used(tiny_model: Path, own_cache: Path) -> None:
    """A model's prompts go before queries and passages as sentence-transformers puts them."""
    encoder = load_encoder(str(tiny_model), "fp32", Path(), lambda line: None)
    model = SentenceTransformer(str(tiny_model), device="cpu", local_files_only=True)
    expected = model.encode(["words"], prompt_name="query", normalize_embeddings=True)[0]
    assert float(encoder.encode_query("words") @ expected) >= 0.9999
    expected = model.encode(["words"], prompt_name="document", normalize_embeddings=True)[0]
    assert float(encoder.encode(["words"])[0] @ expected) >= 0.9999


def test_a_model_is_exported_once(tiny_model: Path, own_cache: Path, tmp_path: Path) -> None:
    """An exported model is loaded without a word, also from a copy elsewhere and by a relative path."""
    said: list[str] = []
    shutil.copytree(tiny_model, tmp_path / "copy")
    first = load_encoder(str(tiny_model), "fp32", Path(), said.append)
    second = load_encoder("copy", "fp32", tmp_path, said.append)
    assert said == []
    assert first.fingerprint == second.fingerprint


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_damaged_export_is_made_again(tiny_model: Path, own_cache: Path, name: str) -> None:
    """When a file of an export is cut short, the model is exported anew and embeds as before."""
    expected = load_encoder(str(tiny_model), "fp32", Path(), lambda line: None).encode_query("words")
    (path,) = own_cache.rglob(name)
    cut(path)
    encoder = load_encoder(str(tiny_model), "fp32", Path(), lambda line: None)
    assert float(encoder.encode_query("words") @ expected) > 0.9999
    assert encoder.count_tokens("abc") == 3


def spoil(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return damage


def cut_weights(folder: Path) -> None:
    cut(folder / "model.safetensors")


def remove_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def remove_everything(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        remove_everything,
        remove_weights,
        cut_weights,
        spoil("model.safetensors", b"\xff" * 100),
        spoil("config.json", b"{"),
        spoil("config.json", b"[]"),
        spoil("modules.json", b"{"),
        spoil("modules.json", b'[{"idx": 0, "name": "0", "path": "", "type": "builtins.print"}]'),
        spoil("modules.json", b'[{"idx": 0, "name": "0", "path": "gone"}]'),
        spoil("tokenizer.json", b'{"a'),
    ],
)
def test_a_folder_that_is_no_model_is_refused(
    tiny_model: Path, own_cache: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """A model folder that cannot be loaded gives an `EncoderError` that names it."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    damage(folder)
    with pytest.raises(EncoderError, match=str(folder)):
        load_encoder("model", "fp32", tmp_path, lambda line: None)


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "~/nowhere", "nobody/no-such-model", "kb.toml"])
def test_a_model_that_is_not_there_is_refused(tmp_path: Path, model: str) -> None:
    """A missing folder, or a hub name without a network, gives an `EncoderError` that says what was looked for."""
    (tmp_path / "kb.toml").write_text("")
    with pytest.raises(EncoderError, match=model.lstrip("./~")):
        load_encoder(model, "fp32", tmp_path, lambda line: None)
