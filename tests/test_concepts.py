"""What kb knows of its subjects: the file of concepts, their relations, the user's own, and their vectors."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import HashingEncoder, Run, at_home

from kb.areas.concept_vectors import concept_vectors, unknown_texts
from kb.areas.concepts import Concepts, load_concepts
from kb.concept import Concept
from kb.index.encoder import load_encoder
from kb.index.kept import cache_folder, kept
from kb.index.reader import IndexReader
from kb.knowledge import KnowledgeBase
from kb.models import AREAS, Encoder
from kb.notes.files import replacing
from kb.search.concepts.names import named_otherwise

KNOWN = load_concepts()
RELATIONS = ("part_of", "builds_on", "alternative_to")
AMERICAN = re.compile(
    r"\b\w*(iz(e|ed|es|er|ing|ation)s?|yz(e|ed|es|ing)|(?<!\b)(behav|col|neighb|fav|lab)or(s|ed|ing|hoods?)?"
    r"|(mod|lab|canc)el(ed|ing))\b",
    re.IGNORECASE,
)
NOT_AMERICAN = {"size", "sizes", "sized", "resize", "prize", "prizes", "seize", "capsize"}


def words(text: str) -> str:
    """A text in lower case, with one space between its words."""
    return " ".join(re.findall(r"\w+", text.lower()))


def names(concept: Concept) -> tuple[str, ...]:
    return (concept.name, *concept.aliases)


def texts(concept: Concept) -> tuple[str, ...]:
    return (concept.definition, *concept.askings)


def above(concept: Concept, relation: str) -> Iterator[Concept]:
    by_name = {other.name: other for other in KNOWN.all}
    return (by_name[name] for name in getattr(concept, relation))


def test_every_area_has_concepts() -> None:
    """There are concepts for the three areas and for what borders on them."""
    counts = Counter(concept.area for concept in KNOWN.all)
    assert set(counts) == {"ml-systems", "gnn", "llm", "outside"}
    assert min(counts[area] for area in ("ml-systems", "gnn", "llm")) > 200


def test_no_name_is_given_twice() -> None:
    """Names differ by more than case, hyphens and the plural, within a concept and between concepts."""
    counts = Counter(words(name).removesuffix("s") for concept in KNOWN.all for name in names(concept))
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("relation", RELATIONS)
def test_relations_name_other_concepts(relation: str) -> None:
    """Every relation leads to another concept, written as that concept writes itself."""
    known = {concept.name for concept in KNOWN.all}
    wrong = [
        (concept.name, other)
        for concept in KNOWN.all
        for other in getattr(concept, relation)
        if other not in known or other == concept.name
    ]
    assert wrong == []


@pytest.mark.parametrize("relation", ["part_of", "builds_on"])
def test_relations_have_no_cycles(relation: str) -> None:
    """No concept is a part of itself or builds on itself, however long the way round."""
    done: set[str] = set()

    def cycles(concept: Concept, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if concept.name in path:
            yield (*path, concept.name)
        elif concept.name not in done:
            for other in above(concept, relation):
                yield from cycles(other, (*path, concept.name))
            done.add(concept.name)

    assert [cycle for concept in KNOWN.all for cycle in cycles(concept, ())] == []


def test_definitions_are_one_sentence() -> None:
    """A definition has 12 to 30 words."""
    lengths = {concept.name: len(concept.definition.split()) for concept in KNOWN.all}
    assert {name: length for name, length in lengths.items() if not 12 <= length <= 30} == {}


def test_askings_are_short_and_in_other_words() -> None:
    """A concept has three to twelve askings of 4 to 12 words, none of which contains one of its names."""
    assert {concept.name for concept in KNOWN.all if not 3 <= len(concept.askings) <= 12} == set()
    asked = [(concept, asking) for concept in KNOWN.all for asking in concept.askings]
    assert [asking for _, asking in asked if not 4 <= len(asking.split()) <= 12] == []
    naming = [
        (name, asking)
        for concept, asking in asked
        for name in names(concept)
        if re.search(rf"\b{re.escape(words(name))}s?\b", words(asking))
    ]
    assert naming == []


def test_the_spelling_is_british() -> None:
    """Definitions and askings are in British spelling; names may be what the field writes."""
    found = [match[0] for concept in KNOWN.all for text in texts(concept) for match in AMERICAN.finditer(text)]
    assert [word for word in found if word.lower() not in NOT_AMERICAN] == []


def test_names_that_are_words_belong_to_concepts() -> None:
    """What is recognised only as written is a name of a concept."""
    assert KNOWN.words - {name for concept in KNOWN.all for name in names(concept)} == set()


def concept(name: str, **said: object) -> Concept:
    return Concept.model_validate({"name": name, "area": "llm", **said})


SERVING = concept("Serving", aliases=["ZeRO", "model hosting"])
BATCHING = concept("Batching", part_of=["Serving"], alternative_to=["Caching"])
CACHING = concept("Caching", part_of=["serving"], builds_on=["Batching", "Nothing known"])
SMALL = Concepts([SERVING, BATCHING, CACHING], ["ZeRO"])


def test_relations_hold_both_ways() -> None:
    """A relation that one concept states is known of the other; names without a concept are ignored."""
    assert (SMALL.parts(0), SMALL.wholes(1), SMALL.wholes(2)) == ([1, 2], [0], [0])
    assert (SMALL.prerequisites(2), SMALL.dependents(1)) == ([1], [2])
    assert (SMALL.alternatives(1), SMALL.alternatives(2)) == ([2], [1])
    assert set(SMALL.relatives(1)) == {0, 2}


def test_names_are_recognised_in_any_case_but_words() -> None:
    """A name is found in any case and in the plural, one that is a common word only as written."""
    assert SMALL.named("caching and Model Hosting, then CACHING") == [2, 0]
    assert SMALL.named("zero of them") == []
    assert SMALL.named("ZeRO shards it") == [0]
    assert SMALL.names(0) == ["Serving", "model hosting"]


def test_own_concepts_come_first() -> None:
    """The user's own concepts join those of kb; one of the same name replaces the built-in one."""
    own = concept("kv CACHE", definition="Our drawer.", part_of=["vLLM"], askings=[])
    joined = load_concepts((own, concept("Our router", aliases=["beam search"])))
    assert len(joined.all) == len(KNOWN.all) + 1
    assert [entry.name for entry in joined.all if entry.name.lower() == "kv cache"] == ["kv CACHE"]
    assert joined.named("beam search") == [1]
    assert [joined.all[number].name for number in joined.wholes(0)] == ["vLLM"]


def test_vectors_of_own_concepts(encoder: HashingEncoder) -> None:
    """Every text of every concept has its own vector, and only those of the user's own are computed again."""
    joined = load_concepts((concept("Our router", definition="Chooses a model.", askings=["who answers?"]),))
    vectors = concept_vectors(encoder, joined, print)
    assert encoder.embedded == ["Our router: Chooses a model.", "who answers?"]
    expected = np.stack([encoder.encode_query(text) for text, _ in joined.texts])
    assert np.allclose(vectors, expected, atol=1e-3)
    assert vectors.dtype == np.float32


@pytest.mark.model
def test_the_default_model_has_vectors_of_its_concepts(real_encoder: Encoder, model_home: Path, tmp_path: Path) -> None:
    """Nobody waits for them: they come with kb, for this file of concepts and this model, and are those that the model
    gives. If this fails after a change of `concepts.toml`, run `scripts/embed_concepts`.
    """
    told: list[str] = []
    with at_home(tmp_path):
        assert unknown_texts(real_encoder) == []
        vectors = concept_vectors(real_encoder, KNOWN, told.append)
    assert told == []
    some = [text for text, _ in KNOWN.texts][::400]
    with at_home(model_home):
        computed = load_encoder(None, "int8", Path(), print).encode(some)
    assert (computed * vectors[::400]).sum(axis=1).min() > 0.99


def test_another_model_is_told_how_long_its_concepts_take(tmp_path: Path) -> None:
    """Vectors of one model are none of another's: those are computed, once, and the user is told how long it takes."""
    told: list[str] = []
    encoder = HashingEncoder()
    with at_home(tmp_path):
        assert len(unknown_texts(encoder)) == len(KNOWN.texts)
        concept_vectors(encoder, KNOWN, told.append)
        concept_vectors(encoder, KNOWN, told.append)
        assert unknown_texts(encoder) == []
    (line,) = told
    assert line.startswith("embedding what kb knows of its subjects, once for this model (about ")


def test_what_is_kept_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is not computed again, unless its file is damaged or cut short."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"content"

    assert [kept("a/b", make), kept("a/b", make)] == [b"content", b"content"]
    assert len(made) == 1
    path = cache_folder() / "a" / "b"
    for damaged in (b"", path.read_bytes()[:-1], path.read_bytes().replace(b"t", b"T", 1)):
        with replacing(path) as file:
            file.write(damaged)
        assert kept("a/b", make) == b"content"
    assert len(made) == 4
    assert kept("a/b", make) == b"content"
    assert len(made) == 4


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder to keep it in, it is computed each time."""
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert [kept("x", lambda: b"1"), kept("x", lambda: b"2")] == [b"1", b"2"]


@pytest.mark.model
def test_concepts_of_a_query(indexed_notes: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]) -> None:
    """`kb concepts QUERY` shows how each concept was read, what it is, and the notes on it, best first."""
    monkeypatch.chdir(indexed_notes)
    found = {entry["concept"]: entry for entry in json.loads(kb("concepts", "KV cache", "--json").out)["concepts"]}
    assert found["KV cache"]["how"] == "named"
    assert found["KV cache"]["weight"] == 1.0
    assert "notes/kv-cache.md" in found["KV cache"]["notes"][:2]
    shown = kb("concepts", "KV cache").out
    assert "1.00  KV cache  llm  named" in shown
    assert "notes/kv-cache.md" in shown
    assert kb("concepts", "--area", "gnn", "attention").code == 2


@pytest.mark.model
def test_a_concept_without_notes_is_shown(
    indexed_notes: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]
) -> None:
    """A concept that the query names but no note treats is shown with weight 0."""
    monkeypatch.chdir(indexed_notes)
    found = {entry["concept"]: entry for entry in json.loads(kb("concepts", "HyDE", "--json").out)["concepts"]}
    (untreated,) = [entry for entry in found.values() if entry["how"] == "named" and entry["weight"] == 0]
    assert untreated["notes"] == []


@pytest.mark.model
def test_all_concepts_by_area(indexed_notes: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]) -> None:
    """Without a query, the concepts of some areas are listed with the number of notes on each."""
    monkeypatch.chdir(indexed_notes)
    listed = kb("concepts", "--area", "gnn").out.splitlines()
    assert listed[0] == f"gnn  {sum(entry.area == 'gnn' for entry in KNOWN.all)} concepts"
    assert re.search(r"^ +\d+ notes?  Graph neural network$", "\n".join(listed), re.MULTILINE)
    listed_json = json.loads(kb("concepts", "--area", "gnn", "--json").out)
    assert listed_json["query"] is None
    assert {entry["area"] for entry in listed_json["concepts"]} == {"gnn"}


@pytest.mark.model
def test_concepts_at_a_glance(indexed_notes: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]) -> None:
    """Alone, the command counts the concepts of each area and those that notes treat; `--all` lists what JSON has."""
    monkeypatch.chdir(indexed_notes)
    every = json.loads(kb("concepts", "--json").out)["concepts"]
    assert len(every) == len(KNOWN.all)
    seen = kb("concepts")
    heads = [line for line in seen.out.splitlines() if not line.startswith(" ")]
    for area, head in zip((*AREAS, "outside"), heads, strict=True):
        own = [entry for entry in every if entry["area"] == area]
        treated = [entry for entry in own if entry["notes"] or entry["everywhere"]]
        assert head == f"{area}  {len(own)} concepts, {len(treated)} with notes"
    assert len(seen.out.splitlines()) <= 16
    assert "kb concepts --area gnn" in seen.err
    assert len(kb("concepts", "--all").out.splitlines()) == len(every) + len(heads)
    assert kb("concepts", "--all", "attention").code == 2


def test_own_concepts_are_read(notebook: Path, write: Callable[[str, str], Path], encoder: HashingEncoder) -> None:
    """A concept of `kb.toml` counts for a query that names it, in notes that use another of its names."""
    (notebook / "kb.toml").write_text('[concepts."Tollgate"]\naliases = ["front door"]\n', encoding="utf-8")
    write("notes/a.md", "---\narea: llm\n---\n# Rules\n\nEvery request passes the front door.\n")
    write("notes/b.md", "---\narea: llm\n---\n# Rests\n\nEvery request waits in a queue.\n")
    with KnowledgeBase(notebook, encoder=encoder) as opened:
        opened.add([notebook / "notes"])
        result = opened.search("tollgate", explain=True)
        (listed,) = [entry for entry in opened.concepts().concepts if entry.area is None]
    assert result.hits[0].path == "notes/a.md"
    assert (result.read_as[0].concept, result.read_as[0].weight) == ("Tollgate", 1.0)
    assert (listed.concept, listed.notes) == ("Tollgate", ("notes/a.md",))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("serving LLMs cheaply", ["LLM serving"]),
        ("Reasoning in large language models", ["LLM reasoning"]),
        ("evaluating language models", ["LLM evaluation"]),
        ("LLM deployment", ["LLM serving"]),
        ("GNNs at scale", ["Scalable GNN training"]),
        ("serving graph neural networks", ["GNN serving"]),
        ("serving models", ["Model serving", "Inference server"]),
        ("predicting the links of a graph", ["Link prediction"]),
        ("teaching models to use tools", ["Tool use"]),
        ("drift of concepts", ["Concept drift"]),
        ("how functions are called", []),
        ("serving: memory of LLMs", ["Agent memory"]),
        ("serving LLMs: memory", ["LLM serving"]),
        ("a test with data", []),
        ("an id for an LLM", []),
        ("which language model", []),
    ],
)
def test_a_concept_is_named_in_other_words_than_its_name(knowledge: KnowledgeBase, text: str, names: list[str]) -> None:
    """A name counts with other endings, with what it is of or does behind it, or in any order with a name of the area
    in the same clause; one word alone, or the area alone, names none.
    """

    def named(reader: IndexReader) -> list[str]:
        concepts = load_concepts()
        return [concepts.all[number].name for number in named_otherwise(reader, text)]

    assert knowledge._index.read(named) == names
