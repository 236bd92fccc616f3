"""Which posts cover a topic already, and which of their statements make a point of the outline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.outline.quoting.claims import can_agree
from kb.reports import CoveredBefore

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("Caching halves the latency.", "With a cache the latency is half as long.", True),
        ("It saves 40% of memory.", "Memory falls by 40 percent, in 3 runs.", True),
        ("It saves 40% of memory.", "It saves 15% of memory.", False),
        ("It costs 1,000 tokens.", "It costs 1000 tokens.", True),
        ("Depth helps.", "Depth does not help.", False),
        ("Depth doesn't help.", "There is no help in depth.", True),
        ("GAT is faster than GCN.", "GAT is slower than GCN.", False),
        ("GAT is faster than GCN.", "GCN is slower than GAT.", True),
    ],
)
def test_sentences_that_contradict_each_other_make_no_common_claim(one: str, other: str, agree: bool) -> None:
    """A denial, another number and an opposite comparison are another claim."""
    assert can_agree(one, other) is agree
    assert can_agree(other, one) is agree


def covered(
    root: Path, encoder: Encoder, title: str, topic: str, post: str = "Words about a harbour."
) -> list[CoveredBefore]:
    """What was written before on a topic, in a notebook with notes on it and one post under a title."""
    subjects = ("throughput of a server grows with its batches", "latency of a request grows with its prompt")
    (root / "notes").mkdir()
    for number, subject in enumerate(subjects * 2):
        said = f"# Serving language models, {number}\n\nWhen LLMs are served, the {subject}, by {number}.\n"
        text = f"---\narea: llm\n---\n{said}"
        (root / "notes" / f"{number}.md").write_text(text)
    (root / "post.md").write_text(f"---\narea: llm\nkind: post\n---\n# {title}\n\n{post}\n")
    with KnowledgeBase(root, create=True, encoder=encoder) as knowledge:
        knowledge.add([root / "notes", root / "post.md"])
        return list(knowledge.outline(topic, llm=False).covered_before)


@pytest.mark.model
@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Serving LLMs", "serving large language models"),
        ("Serving large language models", "a guide to serving LLMs"),
        ("Serving LLMs without tears", "how to serve large language models"),
    ],
)
def test_a_post_is_known_by_any_name_of_its_subject(
    tmp_path: Path, real_encoder: Encoder, title: str, topic: str
) -> None:
    """An abbreviation in the title or in the topic hides no post, whatever its text is about."""
    assert [post.title for post in covered(tmp_path, real_encoder, title, topic)] == [title]


@pytest.mark.model
@pytest.mark.parametrize(
    ("said", "made"),
    [
        ("When serving LLMs, the throughput of the servers grows with their batches.", True),
        ("The throughput of a server does not grow with its batches.", False),
        ("A batch is what the server takes from its queue.", False),
    ],
)
def test_only_the_same_claim_is_a_point_made_before(
    tmp_path: Path, real_encoder: Encoder, said: str, made: bool
) -> None:
    """A statement that denies the point, or is merely about the same things, did not make it."""
    (post,) = covered(tmp_path, real_encoder, "Serving LLMs", "serving large language models", said)
    assert bool(post.points) is made
