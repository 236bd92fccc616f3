"""Related notes: by what they say, and by links."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import HashingEncoder

from kb.cutoffs import LINKED, RELATED
from kb.errors import InputError
from kb.knowledge import KnowledgeBase
from kb.search.similar.likeness import likeness, most_related

Write = Callable[[str, str], Path]

WHALES = "whales sing long songs in the cold deep sea"
OTTERS = "otters crack shells with stones while floating"


def text(title: str, body: str, area: str = "gnn", kind: str = "note") -> str:
    return f"---\narea: {area}\nkind: {kind}\n---\n# {title}\n\n{body}\n"


# --- the measure and the choice ---


def test_likeness_is_the_mean_of_best_matches_both_ways() -> None:
    """Each passage counts with its nearest in the other note, each note as much as the other, whichever is asked."""
    ours = np.array([[1, 0]], dtype=np.float32)
    theirs = np.array([[0, 1], [0.6, 0.8], [0, -1]], dtype=np.float32)
    found = likeness(ours, theirs)
    assert found.score == pytest.approx((0.6 + (0 + 0.6 + 0) / 3) / 2)
    assert (found.ours, found.theirs) == (0, 1)
    assert found.nearest == pytest.approx(0.6)
    assert likeness(theirs, ours).score == pytest.approx(found.score)


@pytest.mark.parametrize(
    ("relatedness", "linked", "limit", "chosen"),
    [
        ([1.0, 3.0, 2.0], [False] * 3, 10, [1, 2, 0]),
        ([1.0, 3.0, 2.0], [False] * 3, 2, [1, 2]),
        ([RELATED - 0.01, RELATED], [False] * 2, 10, [1]),
        ([2.0, 2.0 - LINKED / 2], [False, True], 10, [1, 0]),
        ([2.0, 2.0 - LINKED * 2], [False, True], 10, [0, 1]),
        ([3.0, 2.0, -0.1], [False, False, True], 2, [0, 2]),
        ([], [], 10, []),
    ],
)
def test_a_link_lifts_a_note_and_keeps_its_place(
    relatedness: list[float], linked: list[bool], limit: int, chosen: list[int]
) -> None:
    """The nearest come first, a link lifts, and a linked note is listed even where it is like nothing else."""
    assert most_related(relatedness, linked, limit) == chosen


# --- over a notebook ---


def test_related_notes_with_the_passages_that_are_nearest(knowledge: KnowledgeBase, write: Write) -> None:
    """Notes and posts that say the like come with the addresses of the nearest passages; others do not come."""
    write("notes/a.md", text("Sea", f"## Shore\n\n{OTTERS}\n\n## Deep\n\n{WHALES}"))
    write("notes/b.md", text("Sea", f"{OTTERS} and fish\n\n## Deep\n\n{WHALES}", area="llm", kind="post"))
    write("notes/c.md", text("Paper", "gradient descent converges slowly here"))
    knowledge.add(["notes"])
    found = knowledge.related("a")
    assert [(note.path, note.area, note.kind, note.link) for note in found.notes] == [
        ("notes/b.md", "llm", "post", None)
    ]
    nearest = found.notes[0]
    assert (nearest.ours.path, nearest.ours.start_line, nearest.ours.end_line) == ("notes/a.md", 11, 13)
    assert (nearest.theirs.path, nearest.theirs.start_line, nearest.theirs.end_line) == ("notes/b.md", 9, 11)
    assert nearest.passage_score > nearest.score
    assert [note.path for note in knowledge.related("b").notes] == ["notes/a.md"]


@pytest.mark.parametrize(
    ("link", "back", "seen"),
    [
        ("[[b]]", "", "to"),
        ("[[The Other Note]]", "", "to"),
        ("[it](../papers/b.md)", "", "to"),
        ("[it](papers/b.md#part)", "", "to"),
        ("", "[[A]]", "from"),
        ("[[b]]", "[it](../notes/a.md)", "both"),
        ("[[nowhere]]", "", None),
    ],
)
def test_links_either_way(knowledge: KnowledgeBase, write: Write, link: str, back: str, seen: str | None) -> None:
    """A linked note is listed however little it is like ours, and the link says which way it leads."""
    write("notes/a.md", text("One", f"{WHALES} {link}"))
    write("papers/b.md", text("The other note", f"{OTTERS} {back}"))
    knowledge.add(["notes", "papers"])
    assert [note.link for note in knowledge.related("a").notes] == ([seen] if seen else [])
    assert knowledge.show("b").linked_from == (("notes/a.md",) if seen in ("to", "both") else ())


def test_nothing_is_embedded_and_nothing_stale_is_shown(
    knowledge: KnowledgeBase, encoder: HashingEncoder, write: Write
) -> None:
    """The vectors that are there suffice; a note whose file is gone is dropped, one that changed says so."""
    for name in ("a", "b", "c"):
        write(f"notes/{name}.md", text(name, WHALES))
    knowledge.add(["notes"])
    embedded = len(encoder.embedded)
    write("notes/b.md", text("b", OTTERS))
    Path("notes/c.md").unlink()
    found = knowledge.related("a")
    assert [(note.path, note.state) for note in found.notes] == [("notes/b.md", "changed")]
    assert (found.missing, found.changed_notes) == (("notes/c.md",), 2)
    assert len(encoder.embedded) == embedded


def test_a_note_that_is_held_back(knowledge: KnowledgeBase, write: Write) -> None:
    """A note outside the areas has no passages to compare, and the error names the way in."""
    write("notes/a.md", text("One", WHALES))
    knowledge.add(["notes"])
    knowledge.file("a", "outside")
    with pytest.raises(InputError, match=r"notes/a\.md is held back.*kb file"):
        knowledge.related("a")
