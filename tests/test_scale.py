"""Any encoder: what kb decides by cosines does not depend on where these lie, nor on the number of dimensions."""

from __future__ import annotations

import importlib.util
import json
import shutil
import tomllib
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY
from numpy.typing import NDArray
from test_encoder import load_model

from kb import cutoffs
from kb.errors import EvidenceError
from kb.evaluation.queries import load_golden
from kb.index.arrays import cosines, unit_rows
from kb.index.encoder import DEFAULT_PACKAGE, load_encoder
from kb.index.encoder.onnx import OnnxEncoder
from kb.index.encoder.scale import measure
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.reports import Classification
from kb.scale import Scale

Vectors = NDArray[np.float32]
Move = Callable[[Vectors], Vectors]

DIMENSIONS = 384
GOLDEN = REPOSITORY / "tests/golden.toml"
QUERIES = [query["text"] for query in tomllib.loads(GOLDEN.read_text())["query"]]
NONSENSE = [line for line in (REPOSITORY / "tests/nonsense.txt").read_text().splitlines() if line.strip("# ")]
_WRITTEN = map(json.loads, (REPOSITORY / "tests/outlines.jsonl").read_text().splitlines())
TOPICS = [line["topic"] for line in _WRITTEN if not line.get("guided")]
FAR_TOPICS = ["css grid tricks", "sourdough bread baking", "history of rome", "tax return", "hiking in the alps"]


def raised(share: float) -> Move:
    """Cosines raised to `share` + (1 - `share`) times what they were, by a dimension that is the same for all texts."""

    def move(vectors: Vectors) -> Vectors:
        same = np.full((len(vectors), 1), share**0.5, dtype=np.float32)
        return np.concatenate([vectors * np.float32((1 - share) ** 0.5), same], axis=1)

    return move


def turned(vectors: Vectors) -> Vectors:
    """The same cosines in 512 dimensions."""
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((512, DIMENSIONS)))
    return np.asarray(vectors @ turn.T, dtype=np.float32)


def biased(length: float) -> Move:
    """Vectors moved in some direction, the same for all, before they are scaled to length 1."""
    bias = length * unit_rows(np.random.default_rng(2).standard_normal(DIMENSIONS))
    return lambda vectors: unit_rows(vectors + bias)


MOVES: dict[str, Move] = {
    "raised by 0.3": raised(0.3),
    "raised by 0.7": raised(0.7),
    "raised by 0.85": raised(0.85),
    "turned": turned,
    "biased by 0.5": biased(0.5),
    "biased by 1": biased(1.0),
}
QUICK = "raised by 0.7"


class MovedEncoder:
    """An encoder whose vectors are moved after it."""

    def __init__(self, encoder: Encoder, name: str) -> None:
        self._encoder = encoder
        self._move = MOVES[name]
        self.fingerprint = f"{encoder.fingerprint}, {name}"
        self.max_tokens = encoder.max_tokens
        self.count_tokens = encoder.count_tokens
        self.reads = encoder.reads
        self.dimensions = self.encode_query("").shape[0]
        scales = measure(self)
        self.scale, self.centred_scale = scales.plain, scales.centred

    def encode(self, texts: list[str]) -> Vectors:
        return self._move(self._encoder.encode(texts))

    def encode_query(self, text: str) -> Vectors:
        vector: Vectors = self._move(self._encoder.encode_query(text)[np.newaxis])[0]
        return vector


def test_raised_cosines_have_the_same_units(real_encoder: Encoder) -> None:
    """Whatever raises all cosines alike changes no relatedness, no sameness, and no cosine between means."""
    plain = np.linspace(-0.2, 1, 13, dtype=np.float32)
    expected, groups = real_encoder.scale, np.array_split(np.arange(30), 6)
    vectors = real_encoder.encode(QUERIES[:30])
    means = np.stack([vectors[rows].mean(axis=0) for rows in groups])
    for share in (0.3, 0.7, 0.85):
        unrelated, related = (share + (1 - share) * cosine for cosine in (expected.unrelated, expected.related))
        scale = Scale(unrelated, (1 - share) * expected.deviation, related)
        measured = share + (1 - share) * plain
        assert scale.relatedness(measured) == pytest.approx(expected.relatedness(plain), abs=1e-4)
        assert scale.sameness(measured) == pytest.approx(expected.sameness(plain), abs=1e-4)
        moved = raised(share)(vectors)
        moved_means = np.stack([moved[rows].mean(axis=0) for rows in groups])
        assert scale.relatedness(cosines(moved_means, moved, scale)) == pytest.approx(
            expected.relatedness(cosines(means, vectors, expected)), abs=1e-3
        )


def test_an_encoder_that_tells_little_apart_finds_little_related() -> None:
    """Where the cosines of unrelated texts spread as far as those of related ones lie above them, being related takes
    more than the mean of related texts.
    """
    sharp, blunt = (Scale(unrelated=0.6, deviation=deviation, related=0.7) for deviation in (0.03, 0.1))
    assert sharp.relatedness(0.7) == pytest.approx(1)
    assert blunt.relatedness(0.7) < 0.5
    assert blunt.sameness(1.0) == sharp.sameness(1.0) == 1


def test_the_default_model_is_the_reference(real_encoder: Encoder) -> None:
    """Of the default model no part of a cosine is common to all texts, and its units are those of the cutoffs."""
    assert real_encoder.scale.common == pytest.approx(0, abs=1e-4)
    assert real_encoder.scale.relatedness(real_encoder.scale.related) == 1
    assert real_encoder.scale.relatedness(0.26) == pytest.approx(cutoffs.BEARING, abs=1e-3)
    assert real_encoder.scale.sameness(0.88) == pytest.approx(cutoffs.SAME_POINT, abs=1e-3)


# --- what is decided over the project's own notes ---


@dataclass(frozen=True)
class Decisions:
    """What kb decides about the project's own notes and by them."""

    ndcg: float
    good: float  # the share of judged queries that have a good match
    nonsense: float  # the share of nonsense queries that have none
    refused: list[str]
    verdicts: list[str]
    related: dict[str, set[str]]
    duplicates: list[set[str]]
    ideas: set[frozenset[str]]


def decisions(knowledge: KnowledgeBase, step: int) -> Decisions:
    """With a step, of every so many queries and notes only; a mean over the judged queries needs all of them."""

    def matched(queries: Sequence[str]) -> float:
        return float(np.mean([knowledge.search(query, limit=1).good_match for query in queries[::step]]))

    table = knowledge.evaluate(load_golden(GOLDEN))
    notes = [note.path for note in knowledge.list().notes]
    judged = knowledge.classify([knowledge.root / "notes"])
    return Decisions(
        ndcg=next(row.ndcg_10 for row in table.systems if row.mode == "hybrid"),
        good=matched(QUERIES),
        nonsense=1 - matched(NONSENSE),
        refused=[topic for topic in (*TOPICS[::step], *FAR_TOPICS) if is_refused(knowledge, topic)],
        verdicts=[note.area for note in judged if isinstance(note, Classification)],
        related={path: {note.path for note in knowledge.related(path).notes} for path in notes[::step]},
        duplicates=[{note.path for note in group.notes} for group in knowledge.duplicates().notes],
        ideas={frozenset(idea.notes) for idea in knowledge.ideas(limit=20).ideas},
    )


def is_refused(knowledge: KnowledgeBase, topic: str) -> bool:
    try:
        knowledge.outline(topic)
    except EvidenceError:
        return True
    return False


def decided_with(root: Path, encoder: Encoder, step: int) -> Decisions:
    shutil.copytree(REPOSITORY / "notes", root / "notes")
    with KnowledgeBase(root, create=True, encoder=encoder) as knowledge:
        knowledge.add([root / "notes"])
        return decisions(knowledge, step)


def overlap(first: Set[str], second: Set[str]) -> float:
    return len(first & second) / max(len(first | second), 1)


def require_alike(found: Decisions, expected: Decisions) -> None:
    """Nothing but where cosines lie differs between two encoders, and so little may between what they decide."""
    assert found.ndcg == pytest.approx(expected.ndcg, abs=0.01)
    assert found.good >= 0.95
    assert found.nonsense >= min(0.93, expected.nonsense)
    assert found.refused == expected.refused
    assert np.mean([one == other for one, other in zip(found.verdicts, expected.verdicts, strict=True)]) >= 0.98
    assert np.mean([overlap(found.related[path], notes) for path, notes in expected.related.items()]) >= 0.75
    assert found.duplicates == expected.duplicates
    assert np.mean([max(overlap(notes, other) for other in found.ideas) for notes in expected.ideas]) >= 0.75
    assert abs(len(found.ideas) - len(expected.ideas)) <= 0.2 * len(expected.ideas)


STEPS = [pytest.param(name, 16, id=f"{name}, in part") for name in MOVES if name == QUICK]
STEPS += [pytest.param(name, 1, id=name, marks=pytest.mark.torture) for name in MOVES]


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.parametrize(("name", "step"), STEPS)
def test_decisions_do_not_depend_on_the_scale(
    tmp_path: Path, indexed_notes: Path, real_encoder: Encoder, name: str, step: int
) -> None:
    """Where all cosines lie higher, or come from other dimensions, kb finds, files, refuses and groups as before."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        expected = decisions(knowledge, step)
    require_alike(decided_with(tmp_path / "moved", MovedEncoder(real_encoder, name), step), expected)


# --- folders of models ---


@dataclass(frozen=True)
class Variant:
    """A sentence-transformers model made of the weights of the default one: how it pools, what it projects to and
    adds, and its prompts.
    """

    pooling: str = "mean"
    weight: Vectors | None = None
    bias: Vectors | None = None
    prompts: dict[str, str] | None = None

    def write(self, folder: Path) -> None:
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer

        package = importlib.util.find_spec(DEFAULT_PACKAGE)
        assert package
        assert package.origin
        transformer = Transformer(str(Path(package.origin).parent / "model"), max_seq_length=256)
        modules = [transformer, Pooling(DIMENSIONS, pooling_mode=self.pooling), Normalize()]
        if self.weight is not None:
            dense = Dense(
                DIMENSIONS,
                len(self.weight),
                bias=self.bias is not None,
                activation_function=torch.nn.Identity(),
                init_weight=torch.from_numpy(self.weight),
                init_bias=None if self.bias is None else torch.from_numpy(self.bias),
            )
            modules += [dense, Normalize()]
        SentenceTransformer(modules=modules, device="cpu", prompts=self.prompts).save(str(folder))


def projection(move: Move) -> tuple[Vectors, Vectors]:
    """The weight `(n, dim)` and bias `(n,)` of a linear map."""
    bias = move(np.zeros((1, DIMENSIONS), dtype=np.float32))[0]
    return (move(np.eye(DIMENSIONS, dtype=np.float32)) - bias).T.copy(), bias


BIAS = np.full(DIMENSIONS, 0.5 / DIMENSIONS**0.5, dtype=np.float32)
VARIANTS = {
    "raised": (Variant(weight=projection(raised(0.7))[0], bias=projection(raised(0.7))[1]), True),
    "turned": (Variant(weight=projection(turned)[0]), True),
    "biased": (Variant(weight=np.eye(DIMENSIONS, dtype=np.float32), bias=BIAS), True),
    "prompts": (Variant(prompts={"query": "query: ", "document": "passage: "}), False),
    "first token": (Variant(pooling="cls"), False),
    "first dimensions": (Variant(weight=np.eye(256, DIMENSIONS, dtype=np.float32)), False),
}


@pytest.mark.model
@pytest.mark.torture
@pytest.mark.parametrize("name", VARIANTS)
def test_any_model_is_exported_with_its_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indexed_notes: Path, real_encoder: Encoder, name: str
) -> None:
    """Models of other scales, dimensions, prompts and poolings are exported and equal their originals; with those that
    differ from the default model in nothing but where cosines lie, kb decides as before.
    """
    variant, alike = VARIANTS[name]
    variant.write(tmp_path / "model")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said: list[str] = []
    encoder = load_encoder("model", "fp32", tmp_path, said.append)
    assert [line for line in said if "warning" in line] == []
    assert isinstance(encoder, OnnxEncoder)
    expected = load_model(tmp_path / "model").encode(QUERIES, prompt_name="query", normalize_embeddings=True)
    found = np.stack([encoder.encode_query(query) for query in QUERIES])
    assert (found * expected).sum(axis=1).min() >= 0.9999
    if alike:
        with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
            decided = decisions(knowledge, step=1)
        moved = decided_with(tmp_path / "notebook", load_encoder("model", "int8", tmp_path, said.append), 1)
        require_alike(moved, decided)
