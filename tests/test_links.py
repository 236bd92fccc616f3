"""Links between notes are resolved by path, file name or title."""

from __future__ import annotations

import pytest

from kb.models import AreaVerdict, NoteRecord
from kb.notes.links import link_targets, links_in, missing_targets, targets_of

VERDICT = AreaVerdict(
    area="gnn",
    confidence=1,
    unsure=False,
    decided_by="flag",
    also=None,
    runner_up="llm",
    margin=1,
    scores={"gnn": 1, "llm": 0, "ml-systems": 0, "outside": 0},
)


def record(path: str, *links: str, title: str = "", aliases: tuple[str, ...] = ()) -> NoteRecord:
    return NoteRecord(
        path=path,
        size=1,
        mtime_ns=1,
        id=path,
        sha256="0",
        title=title or path,
        area="gnn",
        kind="note",
        date=None,
        tags=(),
        authors=(),
        aliases=aliases,
        sources=(),
        links=links,
        verdict=VERDICT,
    )


@pytest.mark.parametrize(
    "link",
    ["gcn.md", "./gcn.md", "notes/gcn.md", "../notes/gcn.md", "gcn", "GCN", "Graph convolution", "graph convolution"],
)
def test_a_link_names_a_path_a_file_or_a_title(link: str) -> None:
    """A path is relative to the folder of the note or to the notebook; case does not matter."""
    notes = [record("notes/gat.md", link), record("notes/gcn.md", title="Graph convolution")]
    assert link_targets(notes) == [{1}, set()]
    assert missing_targets(notes) == [[], []]


def test_a_path_takes_precedence_over_a_title() -> None:
    """If a link is the file name of one note and the title of another, it refers to the file."""
    notes = [record("a.md", title="gcn"), record("gcn.md"), record("b.md", "gcn")]
    assert link_targets(notes)[2] == {1}


def test_links_to_itself_and_to_nothing() -> None:
    """A link of a note to itself is not a target, and one that matches no note is missing."""
    notes = [record("a.md", "a", "nowhere", "../a.md")]
    assert link_targets(notes) == [set()]
    assert missing_targets(notes) == [["nowhere", "../a.md"]]


@pytest.mark.parametrize(
    ("written", "missing"),
    [
        ("[[../nowhere/gcn]]", ["../nowhere/gcn.md"]),
        ("[[./gcn|convolutions]] and [[../nowhere/v1.2#Depth]]", ["../nowhere/v1.2.md", "./gcn.md"]),
        ("[[/archive/gcn]], [[/notes/gat]]", ["/archive/gcn.md"]),
        ("[[../notes/gat]], [[../notes/gat.md]], ![[../notes/plot.png]]", []),
        ("[a file](../nowhere/gcn), [its folder](../nowhere/)", []),
    ],
)
def test_a_wikilink_by_path_that_leads_nowhere_is_missing(written: str, missing: list[str]) -> None:
    """A wikilink leads to a note, also one by path; a Markdown link without an ending may lead to any file."""
    notes = [record("notes/one.md", *links_in(written, {})), record("notes/gat.md")]
    assert sorted(missing_targets(notes)[0]) == missing


@pytest.mark.parametrize(
    ("written", "links"),
    [
        ('See <a class="x" href="../papers/gcn.md">it</a>.', ("../papers/gcn.md",)),
        ("<a href='gcn'>it</a> <a href=gat.md#top>that</a> <a name='x'></a>", ("./gcn", "./gat.md")),
        ('<a href="https://a.org/x.md">x</a> <a href="#top">y</a> <a href="plot.png">z</a>', ()),
    ],
)
def test_links_of_html_are_links(written: str, links: tuple[str, ...]) -> None:
    """An anchor leads to a note as a Markdown link does."""
    assert links_in(written, {}) == links


def test_a_path_to_a_folder_means_the_note_that_stands_for_it() -> None:
    """A Markdown link to a folder leads to its index or README; a wikilink is a name, not a folder."""
    notes = [
        record("a/one.md", "./", "../b", "../b/", "b"),
        record("a/README.md"),
        record("b/index.md", title="Elsewhere"),
    ]
    assert link_targets(notes)[0] == {1, 2}
    assert missing_targets(notes)[0] == ["b"]


def test_a_page_in_a_namespace_is_found_by_its_file() -> None:
    """Logseq writes `a/b` for the file `a___b`, whatever the page's title is."""
    notes = [record("journals/one.md", "Graphs/Pooling?"), record("pages/Graphs___Pooling%3F.md", title="On pooling")]
    assert link_targets(notes)[0] == {1}


def test_names_meet_composed_or_not() -> None:
    """A link finds a note by path, title or alias, whichever of the two code points for an accented letter it has."""
    composed, apart = "\u00fcber", "u\u0308ber"
    named = record("notes/a.md", title=apart.title()).model_copy(update={"aliases": (f"{apart} b",)})
    notes = [record(f"notes/{apart}.md"), named, record("c.md", composed), record("d.md", f"{composed} b")]
    assert link_targets(notes)[2:] == [{0}, {1}]


def test_the_target_of_each_link() -> None:
    """Each link of a note has the path of the note that it leads to; one that leads nowhere is left out."""
    notes = [record("a/one.md", "two", "./three", "none"), record("a/two.md"), record("a/three.md"), record("three.md")]
    assert targets_of(notes, notes[0]) == {"two": "a/two.md", "./three": "a/three.md"}
