"""The working title of an idea: its subject with a question or claim of the notes."""

from __future__ import annotations

import pytest
from test_sections import excerpts_of

from kb.ideas.headline import headlines
from kb.index.arrays import unit_rows
from kb.models import Encoder

pytestmark = pytest.mark.model

CLAIM = "Speculative decoding is faster than plain decoding because a small model drafts the tokens."


def title(encoder: Encoder, *texts: str, names: tuple[str, ...] = ("speculative decoding",)) -> str | None:
    notes = {f"notes/{number}.md": f"# Notes\n\n{text}\n" for number, text in enumerate(texts)}
    chunks = [entry.chunk for entry in excerpts_of(notes)]
    centre = unit_rows(encoder.encode([f"Speculative decoding. {chunk.text}" for chunk in chunks]).mean(axis=0)[None])[
        0
    ]
    (found,) = headlines([(names, " and ".join(names))], chunks, centre, encoder)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Q: does speculative decoding pay for batches of sixty?",
            "Does speculative decoding pay for batches of sixty?",
        ),
        (
            "How do I choose a draft model for my own tokens?",
            "Speculative decoding: how do I choose a draft model for my own tokens?",
        ),
        (CLAIM, CLAIM.removesuffix(".")),
        (
            "Draft models cost memory that a decoding batch cannot spare.",
            "Speculative decoding: Draft models cost memory that a decoding batch cannot spare",
        ),
    ],
    ids=["a question", "a question without its subject", "a claim", "a claim without its subject"],
)
def test_a_title_is_what_the_notes_ask_or_claim(real_encoder: Encoder, text: str, expected: str) -> None:
    """In the notes' own words, after the subject where they do not name it."""
    assert title(real_encoder, text) == expected


def test_the_writers_question_comes_before_a_claim(real_encoder: Encoder) -> None:
    """What the writer wants to know is a better title than what they know."""
    found = title(real_encoder, CLAIM, "TODO: which draft model speeds decoding up most?")
    assert found == "Speculative decoding: which draft model speeds decoding up most?"


@pytest.mark.parametrize(
    "text",
    [
        "Speculative decoding is a method of decoding with a draft model.",
        "Speculative decoding means that a draft is not trusted but verified.",
        "It is faster than plain decoding because a small model drafts the tokens.",
        "I think that speculative decoding is better than batching.",
        "Slower than speculative decoding, since every token waits for the last one.",
        "Sourdough rises better in a warm kitchen than in a cold one, but it tastes of less.",
        "TODO: read the paper on speculative decoding.",
    ],
    ids=["a description", "a definition", "leaning", "the writer", "half a sentence", "something else", "a task"],
)
def test_what_is_no_title(real_encoder: Encoder, text: str) -> None:
    """What describes, what leans on its surroundings, what is said of the writer, and what is about another subject."""
    assert title(real_encoder, text) is None
