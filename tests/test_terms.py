"""Terms are found in texts as whole words."""

from __future__ import annotations

import pytest

from kb.areas.terms import Lexicon

TERMS = ["graph", "graph neural", "graph neural network", "GIN", "*gcn", "llama*", "two-tower", "feature store", "T5"]
LEXICON = Lexicon(TERMS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Graph neural networks on a graph", {"graph neural network": 1, "graph": 1}),
        ("graph neural\nnets", {"graph neural": 1}),
        ("A graph. Neural nets.", {"graph": 1}),
        ("(graph) neural", {"graph": 1}),
        ("GIN and gin and engine", {"GIN": 1}),
        ("GraphQL fragments, paragraphs", {}),
        ("EvolveGCN, GCNs and gcn-based", {"*gcn": 3}),
        ("Llama-3.1, llama2, LlamaIndex", {"llama*": 3}),
        ("a two-tower model, two towers, Two_Tower", {"two-tower": 3}),
        ("feature stores; a feature; store", {"feature store": 1}),
        ("T5 and T50", {"T5": 1}),
        ("İİİ graph", {"graph": 1}),
        ("", {}),
    ],
)
def test_find(text: str, expected: dict[str, int]) -> None:
    """A term matches whole words in the right case, with plurals, versions and compounds; the longest term wins."""
    assert {TERMS[index]: found.times for index, found in LEXICON.find(text).items()} == expected


def test_offset() -> None:
    """The offset of the first occurrence is right even after letters that become longer in lower case."""
    text = "İİİİ engine\nthen a\nGIN and a GIN"
    found = LEXICON.find(text)[TERMS.index("GIN")]
    assert text[LEXICON.offset(text, found.first_token) :].startswith("GIN and")
