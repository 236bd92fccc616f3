"""A search says which notes that are held back may answer better than what it found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import HashingEncoder, Run, at_home

from kb.knowledge import KnowledgeBase
from kb.models import Filter, Kind, Mode

Write = Callable[[str, str], Path]

RECIPE = "A recipe with flour, salt, yeast and olive oil, baked in a hot oven.\n"


def filed(title: str, body: str) -> str:
    return f"---\narea: gnn\n---\n# {title}\n\n{body}\n"


def outside(title: str, front_matter: str = "") -> str:
    head = f"---\n{front_matter}---\n" if front_matter else ""
    return f"{head}# {title}\n\n{RECIPE}"


NOTES = {
    "gcn": filed("Graph convolution", "Layers average neighbours. They rise like a sourdough starter."),
    "gat": filed("Graph attention", "Attention weighs neighbours, and layers of it weigh more."),
    "ovens": filed("Layers", "Bread ovens. " * 3),
    "sourdough-starter": outside("Sourdough starter"),
    "x": outside("Flat breads", "aliases: [Focaccia]\n"),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, model_home: Path) -> Iterator[KnowledgeBase]:
    """Notes on graphs, one of which mentions sourdough, and two notes on baking that are held back. Not to be changed
    by a test.
    """
    root = tmp_path_factory.mktemp("library")
    (root / "notes").mkdir()
    for name, text in NOTES.items():
        (root / f"notes/{name}.md").write_text(text)
    with at_home(model_home), KnowledgeBase(root, create=True, encoder=HashingEncoder()) as knowledge:
        report = knowledge.add([root / "notes"])
        assert [note.path for note in report.outside] == ["notes/sourdough-starter.md", "notes/x.md"]
    with KnowledgeBase(root, encoder=HashingEncoder()) as knowledge:
        yield knowledge


def told(knowledge: KnowledgeBase, query: str, mode: Mode = "hybrid", filter: Filter | None = None) -> list[str]:
    return [note.path for note in knowledge.search(query, mode=mode, filter=filter).held_back]


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("sourdough starter", ["notes/sourdough-starter.md"]),
        ("what do I know about sourdough starters?", ["notes/sourdough-starter.md"]),
        ('"Sourdough Starter"', ["notes/sourdough-starter.md"]),
        ("sourd*", ["notes/sourdough-starter.md"]),
        ("focaccia", ["notes/x.md"]),
        ("flat breads", ["notes/x.md"]),
        ("sourdough starter or focaccia", ["notes/x.md", "notes/sourdough-starter.md"]),
        ("graph convolution", []),
        ("attention", []),
        ("bread", []),
        ("how do graph layers differ from sourdough layers in graph attention networks", []),
        ("sourdough -starter", []),
        ("yeast", []),
        ("quantum computing", []),
    ],
)
def test_a_title_that_matches_better_is_told(library: KnowledgeBase, query: str, paths: list[str], mode: Mode) -> None:
    """A note that is held back is told where its title, alias or file name has most of the query, and no hit has as
    much of it in its title and headings or is about it; not otherwise.
    """
    assert told(library, query, mode) == paths


@pytest.mark.parametrize(
    "filter",
    [Filter(areas=("gnn",)), Filter(tags=("bread",)), Filter(since="2024-01-01"), Filter(kinds=("post",))],  # type: ignore[arg-type]
    ids=["area", "tag", "date", "kind"],
)
def test_a_search_for_something_else_tells_nothing(library: KnowledgeBase, filter: Filter) -> None:
    """A search within an area, by tag or date, or for posts is none for a note that is held back."""
    assert told(library, "sourdough starter", filter=filter) == []


def test_what_is_told_follows_the_notes(library: KnowledgeBase, knowledge: KnowledgeBase, notebook: Path) -> None:
    """A note that was deleted, taken in as a detour, or placed outside by the user is not told."""
    shutil.copytree(library.root / "notes", notebook / "notes", dirs_exist_ok=True)
    knowledge.add(["notes"])
    (notebook / "notes/sourdough-starter.md").rename(notebook / "notes/old.txt")
    assert told(knowledge, "sourdough starter") == []
    assert told(knowledge, "flat breads") == ["notes/x.md"]
    knowledge.file("notes/x.md", "outside")
    assert told(knowledge, "flat breads") == []
    knowledge.file("notes/x.md", None)
    assert told(knowledge, "flat breads") == ["notes/x.md"]
    knowledge.file("notes/x.md", "detour")
    result = knowledge.search("flat breads")
    assert (result.held_back, result.hits[0].path) == ((), "notes/x.md")


def test_at_most_three_are_told(knowledge: KnowledgeBase, write: Write) -> None:
    """Of many the best are told, also where nothing is indexed."""
    for number in range(5):
        write(f"notes/{number}.md", outside(f"Rye bread {number}"))
    write("notes/y.md", outside("Dark rye-bread and butter"))
    write("notes/z.md", outside("Dark rye bread"))
    knowledge.add(["notes"])
    assert told(knowledge, "dark rye bread") == ["notes/z.md", "notes/y.md", "notes/0.md"]
    assert told(knowledge, "dark-rye") == ["notes/z.md", "notes/y.md", "notes/0.md"]


@pytest.mark.parametrize(
    ("title", "query"), [("点云处理", "点云"), ("Over-proofing", "over-proofing"), ("Pâte fermentée", "PÂTE")]
)
def test_names_are_compared_as_texts_are(knowledge: KnowledgeBase, write: Write, title: str, query: str) -> None:
    """Words of scripts without blanks, compounds and other cases are found in a title."""
    write("notes/a.md", outside(title))
    knowledge.add(["notes"])
    assert told(knowledge, query) == ["notes/a.md"]


@pytest.mark.parametrize("kinds", [("note",), ("note", "post")])
def test_kinds_of_notes(knowledge: KnowledgeBase, write: Write, kinds: tuple[Kind, ...]) -> None:
    """A post that is held back is told where posts are searched."""
    write("notes/a.md", outside("Rye bread", "kind: post\n"))
    knowledge.add(["notes"])
    assert told(knowledge, "rye bread", filter=Filter(kinds=kinds)) == (["notes/a.md"] if "post" in kinds else [])


@pytest.mark.model
def test_the_line_has_a_command_that_works(notebook: Path, kb: Callable[..., Run], write: Write) -> None:
    """One line on standard error names the note and the command that takes it in; JSON has path and title."""
    write("notes/a.md", filed("Graph convolution", "Layers average neighbours."))
    write("notes/my bread.md", outside("Rye bread"))
    kb("add", "notes")
    run = kb("search", "rye bread")
    named = 'notes/my bread.md "Rye bread"'
    command = "`kb file 'notes/my bread.md' detour`"
    assert run.code == 0
    assert run.err.endswith(f"kb: held back as outside: {named} may answer this; {command} takes it in\n")
    assert json.loads(kb("search", "rye bread", "--json").out)["held_back"] == [
        {"path": "notes/my bread.md", "title": "Rye bread"}
    ]
    write("notes/white.md", outside("White bread"))
    kb("sync")
    named += ', notes/white.md "White bread"'
    assert f"{named} may answer this; `kb file NOTE detour` takes one in\n" in kb("search", "bread").err
    assert kb("file", "notes/my bread.md", "detour").code == 0
    run = kb("search", "rye bread")
    assert "held back" not in run.err
    assert "my bread.md" in run.out


@pytest.mark.model
@pytest.mark.parametrize("options", [[], ["-l"], ["--json"]])
def test_inside_a_note_that_is_held_back(
    notebook: Path, kb: Callable[..., Run], write: Write, options: list[str]
) -> None:
    """A search inside a note that is held back says so, with the command that takes it in, which works; one that finds
    nothing inside another note says where it looked.
    """
    write("notes/a.md", filed("Graph convolution", "Layers average neighbours."))
    write("notes/my bread.md", outside("Rye bread"))
    kb("add", "notes")
    ended = kb("search", "oven", "--in", "my bread", *options)
    command = "kb file 'notes/my bread.md' detour"
    line = f"kb: notes/my bread.md is held back as outside and not searched; `{command}` takes it in\n"
    assert (ended.code, ended.out, ended.err) == (2, "", line)
    assert kb("file", "notes/my bread.md", "detour").code == 0
    assert "oven" in kb("search", "oven", "--in", "my bread", *options).out
    if options != ["--json"]:
        assert "nothing found in a\n" in kb("search", "oven", "--in", "a", "--mode", "lexical", *options).err
