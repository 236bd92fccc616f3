"""Which concepts kb reads in a query, and what they do to its ranking."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY, Run, indexed
from doubles import HashingEncoder

from kb.areas.concepts import Concepts
from kb.areas.reading import (
    RELATIVE_WEIGHT,
    ReadConcept,
    best_of_concepts,
    leaning,
    likeness_of_concepts,
    read,
)
from kb.concept import Concept
from kb.cutoffs import AREA_LEAN, DESCRIBED, READ_CLEARLY, WORDS_LIKENESS
from kb.evaluation.queries import load_golden
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.search import find as finding
from kb.search.concepts import treatments
from kb.search.concepts.wording import wording_of

HOSTING, BATCHING, CACHING, KITCHEN = range(4)
CONCEPTS = Concepts(
    [
        Concept(name="Hosting", area="llm"),
        Concept(name="Batching", area="llm", part_of=("Hosting",)),
        Concept(name="Caching", area="llm", alternative_to=("Batching",)),
        Concept(name="Kitchen", area="outside"),
    ]
)
FAR = (0.0, 0.0, 0.0, 0.0)
COOKING = {
    "bread": "Knead the dough, let it rest over night, and bake it in a hot oven until the crust is brown.",
    "soup": "Chop the carrots and the onions, and let them simmer in the broth for half an hour.",
    "salad": "Wash the lettuce, slice the tomatoes, and pour oil and vinegar over them.",
    "cake": "Beat the eggs with the sugar, fold in the flour, and bake the cake in a tin.",
    "jam": "Boil the strawberries with as much sugar until a drop of it sets on a cold plate.",
}


def read_by(
    relatedness: Sequence[float], text: str = "", treated: Sequence[int] = (0, 1, 2, 3)
) -> dict[int, tuple[float, str]]:
    """What is read: weight and how, by concept."""
    entries: list[ReadConcept] = read(CONCEPTS, text, relatedness, relatedness, lambda number: number in treated)
    assert [entry.weight for entry in entries] == sorted((entry.weight for entry in entries), reverse=True)
    return {entry.number: (round(entry.weight, 4), entry.how) for entry in entries}


def test_a_named_concept_counts_fully_and_its_parts_a_little() -> None:
    """A concept that is named has weight 1, however far the text is from it, and its parts have less."""
    assert read_by(FAR, "hosting") == {HOSTING: (1.0, "named"), BATCHING: (RELATIVE_WEIGHT, "part")}


def test_a_described_concept_counts_by_how_clearly_and_how_near() -> None:
    """The nearest concept counts by its relatedness, others by their distance from it."""
    half = (DESCRIBED + READ_CLEARLY) / 2
    assert read_by((0.0, half, 0.0, 0.0)) == {BATCHING: (0.5, "described")}
    both = read_by((0.0, READ_CLEARLY, READ_CLEARLY - 0.2, 0.0))
    assert both[BATCHING] == (1.0, "described")
    assert 0.2 < both[CACHING][0] < 0.8


def test_far_from_every_concept_nothing_is_read() -> None:
    """A text that is near no concept asks for none."""
    assert read_by((DESCRIBED - 0.01,) * 4) == {}
    assert read(Concepts([]), "hosting", [], [], lambda number: True) == []


def test_relatives_stand_in_for_what_no_note_treats() -> None:
    """A concept that no note treats is replaced by the related ones that notes treat."""
    assert read_by(FAR, "hosting", treated=[BATCHING]) == {BATCHING: (RELATIVE_WEIGHT, "related")}
    assert read_by((0.0, READ_CLEARLY, 0.0, 0.0), treated=[CACHING]) == {CACHING: (RELATIVE_WEIGHT, "related")}
    assert read_by(FAR, "hosting", treated=[]) == {}


def test_a_concept_is_as_near_as_what_it_is_known_by() -> None:
    """A concept is as near as the nearest of its sentences, however many it has."""
    known = Concepts([Concept(name="Asked", askings=("who draws the number", "what is drawn")), Concept(name="Bare")])
    assert best_of_concepts(known, np.array([0.1, 1.0, 0.25, 0.75])) == [1.0, 0.75]


def test_the_likeliest_concept_is_read_if_it_is_clearly_asked_for() -> None:
    """Likeness decides between the concepts, relatedness whether a concept is asked for at all."""

    def both(relatedness: Sequence[float], likeness: Sequence[float]) -> dict[int, float]:
        return {entry.number: entry.weight for entry in read(CONCEPTS, "", relatedness, likeness, lambda _: True)}

    near = both((0.0, READ_CLEARLY, READ_CLEARLY, 0.0), (0.0, 1.0, 1.2, 0.0))
    assert near[CACHING] == 1.0 > near[BATCHING] > 0.3
    assert both((0.0, READ_CLEARLY, DESCRIBED, 0.0), (0.0, 1.0, 1.2, 0.0)).keys() == {BATCHING}


def test_a_concept_is_likely_by_all_its_sentences_and_by_their_words() -> None:
    """Of two concepts with equally near best sentences, the one with nearer other ones is likelier; so is one that is
    known by the words of the text.
    """
    known = Concepts([Concept(name="First", askings=("one", "two")), Concept(name="Second", askings=("three", "four"))])
    values = np.array([0.1, 1.0, 0.2, 0.9, 1.0, 0.8])
    first, second = likeness_of_concepts(known, values, {})
    assert 0.2 < first < second < 1.0
    assert likeness_of_concepts(known, values, {0: 0.5}) == pytest.approx([first + WORDS_LIKENESS / 2, second])


def test_the_words_of_concepts() -> None:
    """A concept has a share of the words of a text, in any form; rare words count more, and unknown ones are missed."""
    wording = wording_of(
        Concepts(
            [
                Concept(name="Hosting", definition="Running models."),
                Concept(name="Batching", askings=("grouping the requests of models",)),
                Concept(name="Caching"),
            ]
        )
    )
    shares = wording.shares("grouped models")
    assert shares.keys() == {0, 1}
    assert 0 < shares[0] < 0.5 < shares[1] == pytest.approx(1.0)
    assert wording.shares("grouped models zzz")[1] < 0.6
    assert wording.shares("the of") == wording.shares("zzz\n1 2") == {}


def test_areas_of_a_query_lean() -> None:
    """Concepts of an area that a query is about are somewhat nearer than others; without an area, none is."""
    near = (0.5, 0.5, 0.5, 0.5)
    assert list(leaning(CONCEPTS, near, ())) == list(near)
    assert leaning(CONCEPTS, near, {"llm"}) == [0.5 + AREA_LEAN] * 3 + [0.5]


def test_a_subject_outside_the_areas_only_keeps_others_from_being_read() -> None:
    """A subject outside is never read, named or described, and neither is a concept that is much further off."""
    assert read_by(FAR, "kitchen") == {}
    assert read_by((0.0, 0.0, READ_CLEARLY - 0.9, READ_CLEARLY)) == {}
    near = read_by((0.0, 0.0, READ_CLEARLY - 0.2, READ_CLEARLY))
    assert list(near) == [CACHING]
    assert near[CACHING][0] < 1.0


def test_words_do_not_make_up_for_another_meaning() -> None:
    """A concept that is likelier by its words than a subject outside, whose meaning is nearer, is not read."""
    likelier, nearer = (0.0, 0.0, 2.0, 1.9), (0.0, 0.0, READ_CLEARLY, READ_CLEARLY + 1.0)

    def found(relatedness: Sequence[float]) -> list[ReadConcept]:
        return read(CONCEPTS, "", relatedness, likelier, lambda number: True)

    assert found(nearer) == []
    assert [entry.number for entry in found(likelier)] == [CACHING]


def test_what_a_passage_says_need_not_be_put_in_other_words() -> None:
    """A concept that a text describes counts less, and at last not at all, the nearer a passage is than the concept;
    one that the text names counts as before.
    """

    def weight(answered: float, text: str = "") -> float:
        found = read(
            CONCEPTS, text, (0.0, 0.0, READ_CLEARLY, 0.0), (0.0, 0.0, 1.0, 0.0), lambda _: True, answered=answered
        )
        return sum(entry.weight for entry in found if entry.number == CACHING)

    assert weight(READ_CLEARLY) == weight(0.0) == 1.0
    assert 1.0 > weight(READ_CLEARLY + 0.2) > weight(READ_CLEARLY + 0.4) > weight(READ_CLEARLY + 3.0) == 0.0
    assert weight(READ_CLEARLY + 3.0, "caching") == 1.0


def paths_of(knowledge: KnowledgeBase, query: str) -> list[str]:
    return [hit.path for hit in knowledge.search(query).hits]


@pytest.mark.model
@pytest.mark.parametrize(("tag", "reached"), [("development", 0.73), ("held out", 0.87)])
def test_queries_in_other_words(indexed_notes: Path, real_encoder: Encoder, tag: str, reached: float) -> None:
    """Half of these queries are in other words than the notes; hybrid search keeps its nDCG@10 on them."""
    golden = load_golden(REPOSITORY / "tests/asked.toml")
    some = golden.model_copy(update={"query": tuple(query for query in golden.query if query.tag == tag)})
    assert len(some.query) == 20
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        table = knowledge.evaluate(some)
    assert next(row.ndcg_10 for row in table.systems if row.mode == "hybrid") >= reached


@pytest.mark.model
def test_area_names_only_say_where_to_look(indexed_notes: Path, real_encoder: Encoder) -> None:
    """A query about serving large language models finds notes on serving before one on language models' tokens."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        found = paths_of(knowledge, "serving large language models")
    assert found[0] == "notes/continuous-batching.md"
    assert found.index("notes/dynamic-batching.md") < found.index("notes/byte-pair-encoding.md")


@pytest.mark.parametrize("field", ["machine learning", "ML"])
def test_the_field_of_all_areas_is_what_a_query_looks_for(
    write: Callable[[str, str], Path], notebook: Path, knowledge: KnowledgeBase, field: str
) -> None:
    """All areas belong to machine learning: its name counts as words of a query, and leans towards no area."""
    text = "---\narea: detour\n---\n# Note {}\n\nValidation in {} is tedious, but it is done.\n"
    write("notes/a.md", text.format("a", "glassblowing"))
    write("notes/b.md", text.format("b", field))
    knowledge.add([notebook / "notes"])
    first, _ = knowledge.search(f"validation in {field}", explain=True).hits
    assert first.path == "notes/b.md"
    assert first.explain
    assert field.split()[0].lower() in {term.term for term in first.explain.terms}


@pytest.mark.model
def test_an_area_leans_towards_its_concepts(indexed_notes: Path, real_encoder: Encoder) -> None:
    """Without its area, "why do language models make things up" is about nothing in particular; its area says more."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        found = knowledge.search("why do language models make things up").read_as
    assert {"Retrieval-augmented generation", "TruthfulQA"} <= {entry.concept for entry in found[:3]}


@pytest.mark.model
@pytest.mark.parametrize(
    "query", ["cheap flights to Lisbon", "back pain after gardening", "teaching a dog to fetch", "history of Rome"]
)
def test_everyday_matters_ask_for_nothing(indexed_notes: Path, real_encoder: Encoder, query: str) -> None:
    """In a notebook on the areas, nothing is read in queries on everyday matters."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        assert knowledge.search(query).read_as == ()


@pytest.fixture(scope="module")
def cookbook(tmp_path_factory: pytest.TempPathFactory, real_encoder: Encoder) -> Path:
    """A notebook that has nothing to do with the areas."""
    root = tmp_path_factory.mktemp("cookbook")
    (root / "notes").mkdir()
    for name, text in COOKING.items():
        (root / "notes" / f"{name}.md").write_text(f"---\narea: detour\n---\n# {name}\n\n{text}\n", encoding="utf-8")
    indexed(root, real_encoder)
    return root


@pytest.mark.model
@pytest.mark.parametrize(
    "query", ["what to do with old vegetables", "something sweet", "how long does it stay in the oven"]
)
def test_in_a_notebook_that_treats_no_concept_queries_rank_as_without_them(
    cookbook: Path, real_encoder: Encoder, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no note treats a concept, nothing is read in a query, so that its scores stay as they are."""
    with KnowledgeBase(cookbook, encoder=real_encoder) as knowledge:
        result = knowledge.search(query)
        monkeypatch.setattr(finding, "read_concepts", lambda *arguments: [])
        without = knowledge.search(query)
    assert result.read_as == ()
    assert result.model_copy(update={"seconds": 0}) == without.model_copy(update={"seconds": 0})


@pytest.mark.model
def test_a_query_in_which_nothing_is_read(
    cookbook: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]
) -> None:
    """`kb concepts` says that it reads nothing in a query, and exits with 0."""
    monkeypatch.chdir(cookbook)
    ended = kb("concepts", "something sweet")
    assert (ended.code, ended.out) == (0, "")
    assert "no concept" in ended.err


@pytest.mark.parametrize("query", ["reduce hallucinations", "grounding against hallucination", "hallucinations"])
def test_a_concept_that_no_note_names(
    write: Callable[[str, str], Path], notebook: Path, encoder: HashingEncoder, query: str
) -> None:
    """A query for a concept that no note names finds the notes on what is related to it, and says so; a note that has
    some other word of the concept's name is not on it.
    """
    text = "---\narea: llm\n---\n# {}\n\n{}\n"
    write("notes/a.md", text.format("Map and reduce", "To reduce is to add up what was mapped. Reduce early."))
    write("notes/b.md", text.format("TruthfulQA", "Questions that tempt a model. TruthfulQA has 817 of them."))
    said: list[str] = []
    with KnowledgeBase(notebook, encoder=encoder, notify=said.append) as knowledge:
        knowledge.add([notebook / "notes"])
        first = knowledge.search(query).hits[0]
    assert first.path == "notes/b.md"
    assert any("no note names 'Hallucination'" in line and "TruthfulQA" in line for line in said)


def test_words_of_a_name_count_where_notes_have_them_all(
    write: Callable[[str, str], Path], notebook: Path, knowledge: KnowledgeBase
) -> None:
    """The words of a concept's name are looked for where each of them is in some note, though not as the name."""
    text = "---\narea: llm\n---\n# {}\n\n{}\n"
    write("notes/a.md", text.format("Lies", "Hallucinations are many. What we do reduces them."))
    write("notes/b.md", text.format("TruthfulQA", "Questions that tempt a model. TruthfulQA has 817 of them."))
    knowledge.add([notebook / "notes"])
    first = knowledge.search("reduce hallucinations", explain=True).hits[0]
    assert first.path == "notes/a.md"
    assert first.explain
    assert {"reduce", "hallucinations"} <= {term.term for term in first.explain.terms}


def test_a_note_named_after_a_concept_is_on_it(
    write: Callable[[str, str], Path], notebook: Path, knowledge: KnowledgeBase
) -> None:
    """Of two notes with the same words, the one that is named after the concept of a query comes first, and says so."""
    text = "---\narea: llm\n---\n# {}\n\nBeam search keeps several candidates. Beam search is old.\n"
    write("notes/a.md", text.format("Remarks"))
    write("notes/b.md", text.format("Beam search"))
    knowledge.add([notebook / "notes"])
    first, second = knowledge.search("beam search candidates", explain=True).hits
    assert (first.path, second.path) == ("notes/b.md", "notes/a.md")
    assert first.explain
    assert second.explain
    assert first.explain.titled > second.explain.titled == 0


@pytest.fixture
def cached(write: Callable[[str, str], Path], notebook: Path, knowledge: KnowledgeBase) -> KnowledgeBase:
    """A notebook of which every note but one names the same concept."""
    for number in range(4):
        write(f"notes/{number}.md", f"---\narea: llm\n---\n# Note {number}\n\nThe KV cache of layer {number} grows.\n")
    write("notes/other.md", "---\narea: llm\n---\n# Other\n\nBeam search keeps several candidates.\n")
    knowledge.add([notebook / "notes"])
    return knowledge


def test_a_concept_of_every_passage(cached: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A concept that too many passages have is still read, but neither looked up in them nor replaced by others."""
    looked_up = cached.search("KV cache", explain=True)
    assert looked_up.read_as[0].concept == "KV cache"
    assert any(term.term == "KV cache" for hit in looked_up.hits for term in (hit.explain.terms if hit.explain else ()))
    monkeypatch.setattr(treatments, "MOST_CHUNKS", 3)
    cached.close()
    result = cached.search("KV cache", explain=True)
    assert result.read_as[0].concept == "KV cache"
    assert not any(
        term.term == "KV cache" for hit in result.hits for term in (hit.explain.terms if hit.explain else ())
    )
    (listed,) = [entry for entry in cached.concepts("KV cache").concepts if entry.how == "named"]
    assert (listed.everywhere, listed.notes) == (True, ())


def test_a_concept_is_not_every_word_of_its_stem(
    write: Callable[[str, str], Path], notebook: Path, knowledge: KnowledgeBase
) -> None:
    """Notes treat a concept of one word by that word, in any case and number, not by others of the same stem."""
    write("notes/said.md", "---\narea: llm\n---\n# Said\n\nEvery adapter is merged before release.\n")
    write("notes/other.md", "---\narea: llm\n---\n# Other\n\nWe adapted the recipe, and explain each adaptation.\n")
    write("notes/title.md", "---\narea: llm\n---\n# EXPLAINABILITY\n\nWhich input mattered most.\n")
    knowledge.add([notebook / "notes"])
    notes = {entry.concept: entry.notes for entry in knowledge.concepts().concepts}
    assert notes["Adapter layers"] == ("notes/said.md",)
    assert notes["Explainability"] == ("notes/title.md",)


@pytest.mark.model
def test_the_explanation_says_what_was_read(
    indexed_notes: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]
) -> None:
    """With `--explain`, what was read in the query is said once, before the hits; the JSON says it in any case."""
    monkeypatch.chdir(indexed_notes)
    lines = kb("search", "KV cache", "--explain").out.splitlines()
    assert lines[0].startswith("read as: KV cache 1.00, ")
    assert sum(line.startswith("read as") for line in lines) == 1
    assert "read as" not in kb("search", "KV cache").out
    (first, *_) = json.loads(kb("search", "KV cache", "--json").out)["read_as"]
    assert first == {"concept": "KV cache", "weight": 1.0}
    assert json.loads(kb("search", "KV cache", "--mode", "lexical", "--json").out)["read_as"] == []
