"""Headings of the writer's that ask for one side of the topic."""

from __future__ import annotations

import pytest

from kb.outline.guided.facets import facets_of, telling_words

TOPIC = "Caching in web browsers"


@pytest.mark.parametrize(
    ("heading", "told", "else_told"),
    [
        ("Where it goes wrong", "A stale entry breaks the page.", "Entries are kept by address."),
        ("Drawbacks", "Private windows suffer from cold starts.", "Entries are kept by address."),
        ("What it costs", "Each tab needs 40 MB of memory.", "Entries have a validator."),
        ("How fast is it?", "A hit has a latency of 3 ms.", "Entries have a validator."),
        ("Measuring it", "The hit rate is the metric that counts.", "Entries have a validator."),
        ("Keeping it fresh", "Pages are rebuilt nightly.", "Entries have a validator."),
        ("When to use it", "It helps most on slow lines.", "Entries have a validator."),
        ("In practice", "It is used in all mobile browsers.", "Entries have a validator."),
        ("Alternatives", "A proxy is simpler than a local store.", "Entries have a validator."),
        ("Open problems", "How long entries should live remains unclear.", "Entries have a validator."),
        ("Tooling", "The library ships with a dashboard.", "Entries have a validator."),
        ("Limits of caching", "It fails when addresses change.", "Entries are kept by address."),
    ],
)
def test_sides_of_a_topic(heading: str, told: str, else_told: str) -> None:
    """A heading that any topic could have asks for a side of it, which some sentences tell of and others do not."""
    facets = facets_of(heading, TOPIC)
    assert any(facet.is_told(told, (), opens=False) for facet in facets)
    assert not any(facet.is_told(else_told, (), opens=False) for facet in facets)


@pytest.mark.parametrize("heading", ["Validators", "The cost of private windows", "Eviction policies", "Memory"])
def test_headings_with_a_subject_of_their_own(heading: str) -> None:
    """A heading that names more than a side of its topic is about what it names."""
    assert not facets_of(heading, TOPIC)
    assert telling_words(heading, TOPIC)


def test_a_heading_above_tells_too() -> None:
    """What stands under a heading for the same side is on it in any words; notes open with what it is about."""
    (limits,) = facets_of("Limits", TOPIC)
    assert limits.is_told("Entries are kept by address.", ("Known issues",), opens=False)
    assert not limits.is_told("Entries are kept by address.", ("Eviction",), opens=True)
    assert not limits.is_told("Entries are kept by address.", ("Problem setting",), opens=False)
    (how,) = facets_of("How it works", TOPIC)
    assert how.is_told("Entries live for a day.", (), opens=True)
