"""Cross-encoders: which are taken, and what they say of a query and passages."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder, made_once

from kb.errors import EncoderError
from kb.index.encoder.reranker import load_reranker
from kb.knowledge import KnowledgeBase
from kb.notebook import open_notebook
from kb.opening import open_index
from kb.search.answer import RERANKED

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
PASSAGES = ["a node averages its neighbours", "bread", "", "graph " * 100, "Überraschend 图 🚀", "bread"]


def write_model(folder: Path, outputs: int = 1, scores: bool = True) -> None:
    """A BERT of one small random layer, its weights large enough that texts differ, with a head that scores or none."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizer

    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        initializer_range=1.0,
    )
    config.num_labels = outputs
    torch.manual_seed(7)
    (BertForSequenceClassification if scores else BertModel)(config).save_pretrained(folder)
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    BertTokenizer(vocab=vocabulary, model_max_length=64).save_pretrained(folder)


@pytest.fixture(scope="session")
def cross_encoder(shared: Path) -> Path:
    """The folder of a tiny cross-encoder. Not to be changed by a test."""
    return made_once(shared / "cross-encoder", write_model)


def test_scores_are_the_probabilities_of_the_model(cross_encoder: Path) -> None:
    """Each passage, in its place, gets the sigmoid of the logit that the model gives query and passage as a pair."""
    import torch
    from transformers import BertForSequenceClassification, BertTokenizer

    scores = load_reranker(str(cross_encoder), Path()).score("graphs", PASSAGES)
    tokenizer = BertTokenizer.from_pretrained(cross_encoder)
    model = BertForSequenceClassification.from_pretrained(cross_encoder)
    for passage, score in zip(PASSAGES, scores, strict=True):
        with torch.no_grad():
            logit = model(**tokenizer(["graphs"], [passage], truncation=True, return_tensors="pt")).logits.item()
        assert score == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-5)
    assert all(0 < score < 1 for score in scores)
    assert len({round(score, 3) for score in scores}) == len(PASSAGES) - 1


def test_another_activation_in_the_model_changes_nothing(cross_encoder: Path, tmp_path: Path) -> None:
    """A model that would give its logits as they are, as many do, gives probabilities all the same."""
    shutil.copytree(cross_encoder, tmp_path / "model")
    settings = tmp_path / "model" / "config.json"
    activation = {"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}
    settings.write_text(json.dumps(json.loads(settings.read_text()) | activation))
    expected = load_reranker(str(cross_encoder), Path()).score("graphs", PASSAGES)
    assert load_reranker("model", tmp_path).score("graphs", PASSAGES) == expected


def test_no_passages_have_no_scores(cross_encoder: Path) -> None:
    """An empty list of passages gives an empty list of scores."""
    assert load_reranker(str(cross_encoder), Path()).score("graphs", []) == []


def test_the_setting_is_relative_to_the_notebook(
    cross_encoder: Path, notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`rerank` names a folder as seen from `kb.toml`, and is loaded once; without the setting there is no reranker."""
    assert open_index(open_notebook(notebook), None, print).reranker is None
    shutil.copytree(cross_encoder, notebook / "models" / "tiny")
    (notebook / "kb.toml").write_text('rerank = "models/tiny"\n')
    monkeypatch.chdir(tmp_path)
    index = open_index(open_notebook(notebook), None, print)
    reranker = index.reranker
    assert reranker
    assert reranker is index.reranker
    assert reranker.score("graphs", PASSAGES) == load_reranker(str(cross_encoder), Path()).score("graphs", PASSAGES)


def pickle_weights(folder: Path) -> None:
    """Keep the weights in the older format, which can run code when it is read."""
    import torch
    from transformers import BertForSequenceClassification

    torch.save(BertForSequenceClassification.from_pretrained(folder).state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def add_own_code(folder: Path) -> None:
    """Let the model ask for code of its own, which would leave a trace."""
    settings = json.loads((folder / "config.json").read_text())
    own = {"AutoConfig": "own.Config", "AutoModelForSequenceClassification": "own.Model"}
    (folder / "config.json").write_text(json.dumps(settings | {"model_type": "own", "auto_map": own}))
    (folder / "own.py").write_text(f"open({str(folder / 'trace')!r}, 'w')\n")


def without_head(folder: Path) -> None:
    write_model(folder, scores=False)


def with_three_outputs(folder: Path) -> None:
    write_model(folder, outputs=3)


def cut_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (pickle_weights, "model.safetensors"),
        (add_own_code, "custom code"),
        (without_head, "it is BertModel with 1 outputs"),
        (with_three_outputs, "BertForSequenceClassification with 3 outputs"),
        (cut_weights, "header"),
    ],
)
def test_a_model_that_will_not_do_is_refused(
    cross_encoder: Path, tmp_path: Path, change: Callable[[Path], None], reason: str
) -> None:
    """What is no cross-encoder of one output, or not safe to load, is refused in one line with the next step."""
    shutil.copytree(cross_encoder, tmp_path / "model")
    change(tmp_path / "model")
    with pytest.raises(EncoderError, match=reason) as refused:
        load_reranker("model", tmp_path)
    assert str(refused.value).startswith("'model' cannot be loaded as a cross-encoder: ")
    assert str(refused.value).endswith("; `kb model list` names some")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "model" / "trace").exists()


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "~/nowhere", "nobody/no-such-model"])
def test_a_model_that_is_not_there_is_refused(tmp_path: Path, model: str) -> None:
    """A missing folder, or a hub name without a network, is refused by its name."""
    with pytest.raises(EncoderError, match=model.lstrip("./~")):
        load_reranker(model, tmp_path)


def test_search_follows_the_cross_encoder(
    notebook: Path, write: Callable[[str, str], Path], encoder: HashingEncoder, cross_encoder: Path
) -> None:
    """With `rerank` in kb.toml hits come in the order of the model, with its probabilities as their scores."""
    for word in ("gnn", "bread", "graphs", "nodes", "edges"):
        write(f"notes/{word}.md", f"---\narea: gnn\n---\n# About {word}\n\nSomething about {word} and hops.\n")
    write("kb.toml", f'rerank = "{cross_encoder}"\n')
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
        hits = knowledge.search("hops", explain=True).hits
    expected = load_reranker(str(cross_encoder), Path()).score("hops", [hit.text for hit in hits])
    assert [hit.score for hit in hits] == pytest.approx(sorted(expected, reverse=True), abs=1e-3)
    assert len(hits) == 5
    assert all(hit.explain and hit.explain.reranked for hit in hits)


def test_what_the_cross_encoder_did_not_read_follows(
    notebook: Path, write: Callable[[str, str], Path], encoder: HashingEncoder, cross_encoder: Path
) -> None:
    """More notes than are reranked are shown all the same: the others follow in the order, and with the scores, that
    they have without a cross-encoder.
    """
    for number in range(RERANKED + 12):
        body = f"Something about hops{' and hops' * (number % 7)}, the {number}th time."
        write(f"notes/{number}.md", f"---\narea: gnn\n---\n# Number {number}\n\n{body}\n")
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
        before = knowledge.search("hops", limit=100, explain=True).hits
    write("kb.toml", f'rerank = "{cross_encoder}"\n')
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        hits = knowledge.search("hops", limit=100, explain=True).hits
    reranked = [bool(hit.explain and hit.explain.reranked) for hit in hits]
    assert reranked == [True] * RERANKED + [False] * 12
    assert {hit.path for hit in hits[:RERANKED]} == {hit.path for hit in before[:RERANKED]}
    assert [(hit.path, hit.score) for hit in hits[RERANKED:]] == [(hit.path, hit.score) for hit in before[RERANKED:]]
    scores = [hit.score for hit in hits[:RERANKED]]
    assert scores == sorted(scores, reverse=True)


def test_the_cross_encoder_reads_one_passage_of_a_note(
    notebook: Path, write: Callable[[str, str], Path], encoder: HashingEncoder, cross_encoder: Path
) -> None:
    """A note of many passages takes one of the places, so that as many notes are reranked as there are places."""
    passages = "\n\n".join(f"## Part {number}\n\nHops and hops, {number} of them." for number in range(RERANKED))
    write("notes/long.md", f"---\narea: gnn\n---\n# Hops\n\n{passages}\n")
    for number in range(RERANKED - 1):
        write(f"notes/{number}.md", f"---\narea: gnn\n---\n# Number {number}\n\nSomething about hops, {number}.\n")
    write("kb.toml", f'rerank = "{cross_encoder}"\n')
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
        hits = knowledge.search("hops", limit=100, explain=True).hits
    assert len(hits) == RERANKED
    assert all(hit.explain and hit.explain.reranked for hit in hits)
