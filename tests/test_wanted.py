"""What a query does not want is not read as wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.areas.concepts import Concepts, load_concepts
from kb.concept import Concept
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.search.concepts.wanted import Wanted, wanted_of

SERVER, RING, JUDGE, TUNING, PAIRS, FOG, KITCHEN = range(7)
CONCEPTS = Concepts(
    [
        Concept(name="Weight server", area="ml-systems", alternative_to=("Ring exchange",)),
        Concept(name="Ring exchange", area="ml-systems", aliases=("ring",)),
        Concept(name="Judge model", area="llm"),
        Concept(name="Judged tuning", area="llm", builds_on=("Judge model",)),
        Concept(name="Pair tuning", area="llm", alternative_to=("Judged tuning",)),
        Concept(name="Fog", area="gnn"),
        Concept(name="Kitchen", area="outside", alternative_to=("Ring exchange",)),
    ]
)


@pytest.mark.parametrize(
    ("query", "rest"),
    [
        ("averaging without a weight server", "averaging"),
        ("averaging without weight servers, and fast", "averaging , and fast"),
        ("averaging instead of the Weight-Server for big models", "averaging for big models"),
        ("Averaging RATHER  THAN any weight server", "Averaging"),
        ("averaging other than a weight server but safe", "averaging but safe"),
    ],
)
def test_an_unwanted_concept(query: str, rest: str) -> None:
    """A concept that a query says it does not want is left out of its text; those that serve its purpose are asked for,
    unless they lie outside the areas.
    """
    assert wanted_of(CONCEPTS, query) == Wanted(rest, frozenset({SERVER}), (RING,))


def test_what_needs_an_unwanted_concept() -> None:
    """What builds on an unwanted concept is not wanted either, but what serves its purpose is."""
    found = wanted_of(CONCEPTS, "judged tuning without a judge model")
    assert found == Wanted("judged tuning", frozenset({JUDGE, TUNING}), (PAIRS,))


@pytest.mark.parametrize(
    "query",
    [
        "a weight server",
        "deep stacks without fog",  # a problem: notes on it tell how to go without
        "averaging without a huge weight server",
        "averaging without waiting for the slowest",
        "without a weight server",
        "a judge model without rings of smoke",
        "withouta weight server",
    ],
)
def test_all_of_a_query_is_wanted(query: str) -> None:
    """A query is read as it is where it avoids nothing, a problem, more than a name says, or all that it names."""
    assert wanted_of(CONCEPTS, query) == Wanted(query)


def test_alternatives_of_the_built_in_concepts() -> None:
    """Of each pair of alternatives, the other one is asked for where one is not wanted."""
    concepts = load_concepts()
    pairs = [
        (number, other)
        for number, concept in enumerate(concepts.all)
        if concepts.is_inside(number) and concept.name not in concepts.words
        for other in concepts.alternatives(number)
        if concepts.is_inside(other)
    ]
    assert len(pairs) > 100
    for number, other in pairs:
        wanted = wanted_of(concepts, f"something without {concepts.all[number].name}")
        if number in wanted.avoided:  # not where a longer name contains this one
            assert other in wanted.instead or other in wanted.avoided


@pytest.mark.model
@pytest.mark.parametrize(
    ("query", "best", "avoided"),
    [
        ("RLHF without a reward model", "dpo", "instructgpt-rlhf"),
        ("alignment of LLMs without RLHF", "dpo", "instructgpt-rlhf"),
        ("gradient exchange rather than a parameter server", "ring-allreduce", "parameter-server"),
        ("asynchronous updates rather than all-reduce", "parameter-server", "ring-allreduce"),
        ("checking a new model other than A/B testing", "shadow-and-canary-releases", "online-ab-testing"),
        ("deep graph networks without over-smoothing", "over-smoothing", None),
    ],
)
def test_alternatives_come_first(
    indexed_notes: Path, real_encoder: Encoder, query: str, best: str, avoided: str | None
) -> None:
    """The note on an alternative comes first, and is likelier than the one that is named after what is not wanted."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        hits = knowledge.search(query, limit=30).hits
    scores = {hit.path: hit.score for hit in hits}
    assert hits[0].path == f"notes/{best}.md"
    assert avoided is None or scores[hits[0].path] > scores.get(f"notes/{avoided}.md", 0.0)
