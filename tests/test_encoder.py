from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
from conftest import made_once

from kb.errors import EncoderError
from kb.index.encoder import DEFAULT_PACKAGE, bulk_encoder, export, load_encoder, loading
from kb.index.encoder.onnx import OnnxEncoder, TorchEncoder
from kb.models import Encoder, Precision
from kb.notes import files as notebook
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

NOTES = Path(__file__).parent.parent / "notes"
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
PROMPTS = {"query": "find ", "document": "keep "}


def load_model(folder: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def write_tiny_model(
    folder: Path,
    pooling: str = "mean",
    projected: bool = False,
    prompts: dict[str, str] | None = PROMPTS,
    truncate_dim: int | None = None,
) -> None:
    """A sentence-transformers model of one small random layer, which may project what it pooled."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    base = folder.parent / "base"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    BertTokenizer(vocab={word: number for number, word in enumerate(words)}).save_pretrained(base)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    BertModel(config).save_pretrained(base)
    head = [Dense(16, 8)] if projected else []
    modules = [Transformer(str(base), max_seq_length=32), Pooling(16, pooling_mode=pooling), *head]
    SentenceTransformer(modules=modules, device="cpu", prompts=prompts, truncate_dim=truncate_dim).save(str(folder))


@pytest.fixture(scope="session")
def tiny_model(shared: Path) -> Path:
    return made_once(shared / "encoder", lambda folder: write_tiny_model(folder / "tiny")) / "tiny"


@pytest.fixture(scope="session")
def tiny_cache(shared: Path, tiny_model: Path) -> Path:
    """A cache that holds the export of the tiny model. Not to be changed by a test."""

    def make(cache: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(cache))
            load_encoder(str(tiny_model), "fp32", Path(), lambda line: None)

    return made_once(shared / "encoder-cache", make)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_cache: Path) -> Path:
    cache = tmp_path / "cache"
    shutil.copytree(tiny_cache, cache)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return cache


def default_encoder(precision: Precision, model_home: Path) -> Encoder:
    """The model that comes with kb, which is exported already."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(model_home / "cache"))
        encoder = load_encoder(None, precision, Path(), said.append)
    assert said == []
    return encoder


@pytest.fixture(scope="module")
def int8_encoder(real_encoder: Encoder, model_home: Path) -> Encoder:
    return default_encoder("int8", model_home)


@pytest.fixture(scope="module")
def fp32_encoder(real_encoder: Encoder, model_home: Path) -> Encoder:
    return default_encoder("fp32", model_home)


@pytest.fixture(scope="module")
def real_model() -> SentenceTransformer:
    package = importlib.util.find_spec(DEFAULT_PACKAGE)
    assert package
    assert package.origin
    return load_model(Path(package.origin).parent / "model")


@pytest.fixture(scope="module")
def real_passages(int8_encoder: Encoder) -> list[str]:
    """200 passages: the odd ones above, and what the notes of this repository are cut into, small."""
    passages = []
    for path in sorted(NOTES.glob("*.md"))[::2]:
        note = parse_note(notebook.read(NOTES, path.name))
        passages += [chunk.embedded for chunk in chunk_note(note, int8_encoder.count_tokens, 64)]
    return (TEXTS + passages)[:200]


def test_the_default_model_is_exported_and_quantised(int8_encoder: Encoder, fp32_encoder: Encoder) -> None:
    """The export does not quietly fall back to sentence-transformers, nor int8 to fp32."""
    assert isinstance(int8_encoder, OnnxEncoder)
    assert isinstance(fp32_encoder, OnnxEncoder)
    assert (int8_encoder.precision, fp32_encoder.precision) == ("int8", "fp32")
    assert int8_encoder.fingerprint != fp32_encoder.fingerprint


@pytest.mark.slow
@pytest.mark.parametrize("number", [60, pytest.param(200, marks=pytest.mark.torture)])
def test_vectors_equal_those_of_sentence_transformers(
    real_model: SentenceTransformer,
    real_passages: list[str],
    int8_encoder: Encoder,
    fp32_encoder: Encoder,
    number: int,
) -> None:
    """On many passages, fp32 embeds as the model does, cosine at least 0.9999 each, and finds the same ten; int8 comes
    close, cosine at least 0.95.
    """
    passages = real_passages[:number]
    assert len(passages) == number
    expected = np.asarray(real_model.encode(passages, normalize_embeddings=True))
    exact, rounded = fp32_encoder.encode(passages), int8_encoder.encode(passages)
    assert exact.dtype == rounded.dtype == np.float32
    assert (exact * expected).sum(axis=1).min() >= 0.9999
    assert (rounded * expected).sum(axis=1).min() >= 0.95
    for query in ("how do I cut serving latency", "over-smoothing in deep graph networks", "low-rank adapters"):
        theirs = expected @ real_model.encode(query, normalize_embeddings=True)
        ours = exact @ fp32_encoder.encode_query(query)
        assert np.argsort(-ours)[:10].tolist() == np.argsort(-theirs)[:10].tolist()


@pytest.mark.slow
def test_the_default_model_is_exported_without_torch(tmp_path: Path) -> None:
    """Where torch and the libraries above it are not installed, the default model is exported and embeds."""
    program = (
        "import sys; from pathlib import Path\n"
        "sys.modules.update(dict.fromkeys(('torch', 'transformers', 'sentence_transformers')))\n"
        "from kb.index.encoder import load_encoder\n"
        "encoder = load_encoder(None, 'int8', Path(), lambda line: None)\n"
        "print(encoder.fingerprint, encoder.encode(['a few words']).shape)"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120
    )
    assert ended.stdout.endswith("-int8 (1, 384)\n"), ended.stderr


def test_other_models_need_the_libraries(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without sentence-transformers, another model says how to install it, before anything is downloaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(loading, "LIBRARIES", "no_such_library")
    for model in (str(tiny_model), "owner/name"):
        with pytest.raises(EncoderError, match=r"need sentence-transformers.*`kb help models`"):
            load_encoder(model, "int8", tmp_path, lambda line: None)


def test_vectors_have_length_one_and_do_not_depend_on_their_company(int8_encoder: Encoder) -> None:
    """Every row is a finite unit vector, to the last bit the same alone as among others, also in int8."""
    together = int8_encoder.encode(TEXTS)
    alone = np.concatenate([int8_encoder.encode([text]) for text in TEXTS])
    assert together.shape == (len(TEXTS), int8_encoder.dimensions)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(together, alone)
    assert int8_encoder.encode([]).shape == (0, int8_encoder.dimensions)


def test_the_quantised_graph_needs_no_fusing(int8_encoder: Encoder, model_home: Path, tmp_path: Path) -> None:
    """The int8 graph holds the nodes that ONNX Runtime would fuse whenever it loads it."""
    import onnx
    import onnxruntime

    (graph,) = model_home.glob(f"cache/kb/encoders/{int8_encoder.fingerprint.removesuffix('-int8')}/int8.onnx")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    stored, loaded = ({n.op_type for n in onnx.load(path).graph.node} for path in (graph, tmp_path / "loaded.onnx"))
    assert loaded <= stored


@pytest.mark.parametrize("pooling", ["cls", "max", "mean_sqrt_len_tokens"])
def test_other_poolings_carry_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pooling: str) -> None:
    """A model that pools in another way, and projects what it pooled, is exported with both."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_tiny_model(tmp_path / "tiny", pooling, projected=True)
    encoder = load_encoder("tiny", "fp32", tmp_path, lambda line: None)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.dimensions == 8
    model = load_model(tmp_path / "tiny")
    texts = ["words", "a few more words", "", "graph " * 40]
    expected = model.encode(texts, prompt_name="document", normalize_embeddings=True)
    assert (encoder.encode(texts) * expected).sum(axis=1).min() >= 0.9999


def test_what_fits_is_what_is_embedded(int8_encoder: Encoder) -> None:
    """A text of `max_tokens` word pieces is embedded to its last word; what follows that changes nothing."""
    words = ["graph"] * int8_encoder.max_tokens
    full, shorter, longer = " ".join(words), " ".join([*words[:-1], "whale"]), " ".join([*words, "whale"])
    assert int8_encoder.count_tokens(full) == int8_encoder.max_tokens
    first, changed, cut = int8_encoder.encode([full, shorter, longer])
    assert float(first @ changed) < 0.9999
    assert float(first @ cut) > 0.99999


def test_prompts_of_a_model_are_used(tiny_model: Path, own_cache: Path) -> None:
    """A model's prompts go before queries and passages as sentence-transformers puts them."""
    encoder = load_encoder(str(tiny_model), "fp32", Path(), lambda line: None)
    model = load_model(tiny_model)
    expected = model.encode(["words"], prompt_name="query", normalize_embeddings=True)[0]
    assert float(encoder.encode_query("words") @ expected) >= 0.9999
    expected = model.encode(["words"], prompt_name="document", normalize_embeddings=True)[0]
    assert float(encoder.encode(["words"])[0] @ expected) >= 0.9999


def test_a_truncated_model_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a model's settings cut its vectors, those of the graph are cut alike."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_tiny_model(tmp_path / "tiny", truncate_dim=6)
    encoder = load_encoder("tiny", "fp32", tmp_path, lambda line: None)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.dimensions == 6
    expected = load_model(tmp_path / "tiny").encode(["words"], prompt_name="document", normalize_embeddings=True)
    assert float((encoder.encode(["words"]) @ expected.T).item()) >= 0.9999


@pytest.mark.parametrize(("own", "used"), [(None, "query: "), (PROMPTS, "find ")])
def test_prompts_that_only_a_card_names_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: dict[str, str] | None, used: str
) -> None:
    """A known model whose settings name no prompts gets those of its card; others keep their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_tiny_model(tmp_path / "tiny", prompts=own)
    monkeypatch.setattr("kb.index.encoder.download", lambda name: tmp_path / "tiny")
    known = load_encoder("intfloat/multilingual-e5-small", "fp32", Path(), lambda line: None)
    expected = load_model(tmp_path / "tiny").encode([f"{used}words"], prompt="", normalize_embeddings=True)[0]
    assert float(known.encode_query("words") @ expected) >= 0.9999
    folder = load_encoder("tiny", "fp32", tmp_path, lambda line: None)
    assert folder.fingerprint != known.fingerprint


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


def flip(path: Path) -> None:
    """Change one byte in the middle; size and times stay."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
@pytest.mark.parametrize("name", ["fp32.onnx", "tokenizer.json"])
def test_a_damaged_export_is_made_again(
    tiny_model: Path, own_cache: Path, name: str, damage: Callable[[Path], None]
) -> None:
    """When a file of an export is not what was written, the model is exported again and embeds as before."""
    expected = load_encoder(str(tiny_model), "fp32", Path(), lambda line: None).encode_query("words")
    (path,) = own_cache.rglob(name)
    damage(path)
    said: list[str] = []
    encoder = load_encoder(str(tiny_model), "fp32", Path(), said.append)
    assert float(encoder.encode_query("words") @ expected) > 0.9999
    assert encoder.count_tokens("abc") == 3
    assert [line.split(",")[0] for line in said] == [f"preparing the model {tiny_model}"]


def drop_hash(path: Path) -> None:
    """Make it look measured by other texts."""
    path.write_text(json.dumps(json.loads(path.read_text()) | {"probe": "other", "plain": [0.5, 0.6]}))


@pytest.mark.parametrize("damage", [cut, drop_hash, Path.unlink])
def test_a_scale_that_is_missing_is_measured(tiny_model: Path, own_cache: Path, damage: Callable[[Path], None]) -> None:
    """An export without its scale, or with one of other texts or no scale at all, is measured, not made again; and the
    scale is kept.
    """
    (path,) = own_cache.rglob("scale.json")
    kept = path.read_bytes()
    damage(path)
    said: list[str] = []
    encoder = load_encoder(str(tiny_model), "fp32", Path(), said.append)
    assert encoder.scale.width > 0
    assert said == []
    assert path.read_bytes() == kept


def test_precisions_have_one_scale(tiny_model: Path, own_cache: Path) -> None:
    """The scale is that of the model, whichever graph embeds."""
    first, second = (load_encoder(str(tiny_model), name, Path(), lambda line: None) for name in get_args(Precision))
    assert (first.scale, first.centred_scale) == (second.scale, second.centred_scale)


def test_another_process_may_export_faster(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An export that is finished while another of the same model is under way is the one that both use."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    describe, finished = loading._describe, list[Encoder]()

    def overtaken(*arguments: Any) -> Any:
        if not finished:
            monkeypatch.setattr(loading, "_describe", describe)
            finished.append(load_encoder(str(tiny_model), "int8", Path(), lambda line: None))
        return describe(*arguments)

    monkeypatch.setattr(loading, "_describe", overtaken)
    encoder = load_encoder(str(tiny_model), "int8", Path(), lambda line: None)
    assert np.array_equal(encoder.encode(["a few words"]), finished[0].encode(["a few words"]))
    assert_one_whole_export(tmp_path / "cache")


def assert_one_whole_export(cache: Path) -> None:
    (folder,) = (path for path in (cache / "kb" / "encoders").iterdir() if path.name != "stamps")
    assert {path.name for path in folder.iterdir()} == {
        "encoder.json",
        "fp32.onnx",
        "int8.onnx",
        "scale.json",
        "tokenizer.json",
    }


@pytest.mark.torture
def test_two_processes_may_export_at_once(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of two processes that find no export make one, and embed the same; what is left behind is whole."""
    program = (
        "import sys, sentence_transformers; from pathlib import Path; from kb.index.encoder import load_encoder\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "encoder = load_encoder(sys.argv[1], 'int8', Path(), lambda line: None)\n"
        "print(encoder.encode(['a few words']).tobytes().hex())"
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = [sys.executable, "-c", program, str(tiny_model)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == "ready\n"
        other.stdin.write("go\n")
        other.stdin.flush()
        encoder = load_encoder(str(tiny_model), "int8", Path(), lambda line: None)
        output, _ = other.communicate(timeout=120)
    assert other.returncode == 0
    assert output.strip() == encoder.encode(["a few words"]).tobytes().hex()
    assert_one_whole_export(tmp_path / "cache")


def test_a_model_that_cannot_be_quantised_stays_in_fp32(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where int8 strays too far from the model there is no such graph, and fp32 is used."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(export, "MIN_INT8_PARITY", 1.1)
    encoder = load_encoder(str(tiny_model), "int8", Path(), lambda line: None)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.precision == "fp32"
    assert encoder.fingerprint == load_encoder(str(tiny_model), "fp32", Path(), lambda line: None).fingerprint


def test_an_export_that_differs_is_refused(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that does not embed as its model does is not used; sentence-transformers is, with a warning."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(export, "MIN_PARITY", 1.1)
    said: list[str] = []
    encoder = load_encoder(str(tiny_model), "fp32", Path(), said.append)
    assert isinstance(encoder, TorchEncoder)
    assert said[-1].startswith("warning: the exported graph differs from its model")
    assert encoder.encode(["words"]).shape == (1, 16)


def test_a_model_of_another_kind_embeds_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model without a transformer, which has no limit of tokens either, is used with a warning, and has a scale."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pieces = ["[UNK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    tokenizer = Tokenizer(WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]"))
    vectors = np.random.default_rng(0).standard_normal((len(pieces), 8)).astype(np.float32)
    static = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=vectors)], device="cpu")
    static.save(str(tmp_path / "static"))
    said: list[str] = []
    encoder = load_encoder("static", "int8", tmp_path, said.append)
    assert isinstance(encoder, TorchEncoder)
    assert said[-1].startswith("warning: the model cannot be exported")
    assert encoder.count_tokens("words") == 5
    assert 0 < encoder.max_tokens <= loading.MAX_TOKENS
    assert encoder.scale.width > 0
    assert (encoder.encode(["words"]) @ encoder.encode_query("words")).item() == pytest.approx(1)


def test_without_a_gpu_the_graph_embeds_in_bulk(tiny_model: Path, own_cache: Path) -> None:
    """Where there is no GPU, many passages are embedded by the same encoder as few."""
    encoder = load_encoder(str(tiny_model), "fp32", Path(), lambda line: None)
    assert bulk_encoder(encoder, str(tiny_model), Path(), lambda line: None) is encoder


def test_a_gpu_embeds_in_bulk(tiny_model: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is a GPU, sentence-transformers embeds on it, under the same fingerprint and with the same prompts.

    The device of this test is a processor that calls itself a GPU.
    """
    monkeypatch.setattr("kb.index.encoder.NVIDIA_DRIVER", tiny_model)
    monkeypatch.setattr(loading, "gpu", lambda: "cpu")
    said: list[str] = []
    encoder = load_encoder(str(tiny_model), "fp32", Path(), lambda line: None)
    bulk = bulk_encoder(encoder, str(tiny_model), Path(), said.append)
    assert isinstance(bulk, TorchEncoder)
    assert said == ["embedding on cpu"]
    assert (bulk.fingerprint, bulk.dimensions, bulk.max_tokens) == (encoder.fingerprint, 16, encoder.max_tokens)
    texts = ["words", " a few more words\n", ""]
    assert (bulk.encode(texts) * encoder.encode(texts)).sum(axis=1).min() >= 0.9999


def spoil(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return damage


def cut_weights(folder: Path) -> None:
    cut(folder / "model.safetensors")


def remove_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def pickle_weights(folder: Path) -> None:
    """Keep the weights in the older format, which can run code when it is read."""
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    remove_weights(folder)


def add_own_code(folder: Path) -> None:
    """Let the model ask for code of its own, which would leave a trace."""
    settings = json.loads((folder / "config.json").read_text())
    own = {"AutoConfig": "own.Config", "AutoModel": "own.Model"}
    (folder / "config.json").write_text(json.dumps(settings | {"model_type": "own", "auto_map": own}))
    (folder / "own.py").write_text(f"open({str(folder / 'trace')!r}, 'w')\n")


def remove_everything(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        remove_everything,
        remove_weights,
        pickle_weights,
        add_own_code,
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
    """A model folder that cannot be loaded, or not safely, gives an `EncoderError` of one line that names it."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    damage(folder)
    with pytest.raises(EncoderError, match=str(folder)) as refused:
        load_encoder("model", "fp32", tmp_path, lambda line: None)
    assert "\n" not in str(refused.value)
    assert not (folder / "trace").exists()


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "~/nowhere", "nobody/no-such-model", "kb.toml"])
def test_a_model_that_is_not_there_is_refused(tmp_path: Path, model: str) -> None:
    """A missing folder, or a hub name without a network, gives an `EncoderError` that says what was looked for."""
    (tmp_path / "kb.toml").write_text("")
    with pytest.raises(EncoderError, match=model.lstrip("./~")):
        load_encoder(model, "fp32", tmp_path, lambda line: None)
