from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import HashingEncoder
from numpy.typing import NDArray

from kb.decisions import DECISIONS_NAME, load_decisions
from kb.errors import EncoderError, InputError
from kb.knowledge import KnowledgeBase
from kb.models import Mode, StoredArea
from kb.reports import SyncReport

Write = Callable[[str, str], Path]

RECIPE = "# Focaccia\n\nA recipe with flour, salt, yeast and olive oil, baked in a hot oven.\n"
SECTIONS = {
    name: f"## {name}\n\n{name.lower()} is told about in this passage.\n" for name in ("Whales", "Otters", "Seals")
}


def text(body: str, title: str = "A note", area: str = "gnn") -> str:
    """A note that the deterministic encoder can file: by its front matter."""
    return f"---\narea: {area}\n---\n# {title}\n\n{body}\n"


def sections(*names: str) -> str:
    return text("\n".join(["How it begins.\n", *(SECTIONS[name] for name in names)]))


def paths(knowledge: KnowledgeBase) -> list[str]:
    return [note.path for note in knowledge.list().notes]


def areas(knowledge: KnowledgeBase) -> dict[str, StoredArea]:
    everything: tuple[StoredArea, ...] = ("ml-systems", "gnn", "llm", "detour", "outside")
    return {note.path: note.area for note in knowledge.list(areas=everything).notes}


def found(knowledge: KnowledgeBase, word: str) -> set[str]:
    """The notes with a passage that says a word."""
    return {hit.path for hit in knowledge.search(word, mode="lexical").hits}


def nearest(knowledge: KnowledgeBase, embedded: str) -> tuple[str, float | None]:
    """The note whose passage's vector is nearest to a text's, and their cosine."""
    best = knowledge.search(embedded, mode="dense").hits[0]
    return best.path, best.scores.dense and round(best.scores.dense, 4)


def changes(report: SyncReport) -> dict[str, list[str]]:
    """What a report says happened, by kind."""
    listed = {
        "added": [entry.path for entry in report.added],
        "updated": [entry.path for entry in report.updated],
        "renamed": [f"{entry.origin} > {entry.to}" for entry in report.renamed],
        "removed": list(report.removed),
        "outside": [entry.path for entry in report.outside],
        "skipped": [entry.path for entry in report.skipped],
    }
    return {kind: names for kind, names in listed.items() if names}


def test_a_note_is_found_when_add_returns(knowledge: KnowledgeBase, write: Write) -> None:
    """After `add` a note is listed, found by its words and by its own vector, and the doctor is content."""
    report = knowledge.add([write("notes/a.md", text("whales sing"))])
    assert changes(report) == {"added": ["notes/a.md"]}
    assert report.embedded_chunks == report.added[0].chunks == 1
    assert paths(knowledge) == ["notes/a.md"]
    assert found(knowledge, "whales") == {"notes/a.md"}
    assert nearest(knowledge, "A note\nwhales sing") == ("notes/a.md", 1.0)
    assert knowledge.diagnose().ok


# --- embedding no more than is new ---


def as_it_is(note: Path) -> None:
    """Change nothing."""


def touch(note: Path) -> None:
    os.utime(note, (1, 1))


def move_a_section(note: Path) -> None:
    note.write_text(sections("Seals", "Whales", "Otters"))


def drop_a_section(note: Path) -> None:
    note.write_text(sections("Whales", "Seals"))


def edit_a_section(note: Path) -> None:
    note.write_text(note.read_text().replace("otters is told", "OTTERS are told"))


def add_a_section(note: Path) -> None:
    note.write_text(note.read_text() + "\n## Walruses\n\ntusks\n")


def change_the_title(note: Path) -> None:
    note.write_text(note.read_text().replace("# A note", "# Another title"))


def change_the_tags(note: Path) -> None:
    note.write_text(note.read_text().replace("area: gnn", "area: gnn\ntags: [sea]"))


def change_the_area(note: Path) -> None:
    note.write_text(note.read_text().replace("area: gnn", "area: llm"))


@pytest.mark.parametrize(
    ("change", "embedded"),
    [
        (as_it_is, 0),
        (touch, 0),
        (move_a_section, 0),
        (drop_a_section, 0),
        (change_the_tags, 0),
        (change_the_area, 0),
        (edit_a_section, 1),
        (add_a_section, 1),
        (change_the_title, 4),
    ],
)
def test_only_what_changed_is_embedded(
    knowledge: KnowledgeBase, encoder: HashingEncoder, write: Write, change: Callable[[Path], None], embedded: int
) -> None:
    """A sync embeds a passage only when what the encoder sees of it is new; the index is right afterwards."""
    note = write("notes/a.md", sections("Whales", "Otters", "Seals"))
    assert knowledge.add([note.parent]).embedded_chunks == 4
    encoder.embedded.clear()
    change(note)
    report = knowledge.sync()
    assert report.embedded_chunks == len(encoder.embedded) == embedded
    assert report.unchanged + len(report.updated) == 1
    detail = knowledge.show("notes/a.md")
    assert (detail.state, detail.chunks) == ("current", 1 + detail.text.count("##"))
    hit = knowledge.search("seals", mode="lexical").hits[0]
    assert "seals" in "\n".join(detail.text.splitlines()[hit.start_line - 1 : hit.end_line])
    assert knowledge.diagnose().ok
    assert knowledge.sync().unchanged == 1


def test_a_changed_title_is_found_and_the_old_one_is_not(knowledge: KnowledgeBase, write: Write) -> None:
    """Words and vectors of every passage follow the title."""
    note = write("notes/a.md", "---\narea: gnn\ntitle: Leviathan\n---\nwhales sing\n")
    knowledge.add([note])
    note.write_text("---\narea: gnn\ntitle: Behemoth\n---\nwhales sing\n")
    knowledge.sync()
    assert (found(knowledge, "behemoth"), found(knowledge, "leviathan")) == ({"notes/a.md"}, set())
    assert nearest(knowledge, "Behemoth\nwhales sing") == ("notes/a.md", 1.0)


def test_identical_passages_each_have_their_place(knowledge: KnowledgeBase, write: Write) -> None:
    """A passage that stands twice in a note and once in another is embedded once and kept three times."""
    twice = write("notes/a.md", sections("Whales", "Otters", "Whales"))
    write("notes/b.md", sections("Whales"))
    report = knowledge.add([twice.parent])
    assert report.embedded_chunks == 3
    assert knowledge.status().chunks == 6
    assert found(knowledge, "whales") == {"notes/a.md", "notes/b.md"}
    twice.write_text(sections("Otters", "Whales"))
    knowledge.sync()
    assert knowledge.status().chunks == 5
    assert found(knowledge, "whales") == {"notes/a.md", "notes/b.md"}
    twice.unlink()
    knowledge.sync()
    assert found(knowledge, "whales") == {"notes/b.md"}
    assert knowledge.diagnose().ok


def test_an_interrupted_add_goes_on_where_it_stopped(notebook: Path, encoder: HashingEncoder, write: Write) -> None:
    """What a stopped run reports as added is in, and the next run embeds only the rest."""
    for number in range(200):
        write(f"notes/{number:03}.md", text(f"word{number}"))
    asked = iter([False] * 100 + [True] * 1000)
    with KnowledgeBase(notebook, encoder=encoder, should_stop=lambda: next(asked)) as stopped:
        first = stopped.add([notebook / "notes"])
        assert paths(stopped) == [entry.path for entry in first.added]
        assert 0 < len(first.added) < 200
    with KnowledgeBase(notebook, encoder=encoder) as resumed:
        second = resumed.add([notebook / "notes"])
        assert len(first.added) + len(second.added) == len(paths(resumed)) == 200
        assert first.embedded_chunks + second.embedded_chunks == 200


# --- names and files that come and go ---


def test_a_renamed_note_keeps_its_vectors_and_its_decision(
    knowledge: KnowledgeBase, encoder: HashingEncoder, write: Write
) -> None:
    """A file found under another name is the same note: nothing is embedded, and what was decided holds."""
    note = write("notes/a.md", text("whales sing"))
    knowledge.add([note.parent])
    knowledge.file("notes/a.md", "llm")
    id = knowledge.find_note("notes/a.md").id
    encoder.embedded.clear()
    (note.parent / "deep").mkdir()
    note.rename(note.parent / "deep" / "b.md")
    report = knowledge.sync()
    assert changes(report) == {"renamed": ["notes/a.md > notes/deep/b.md"]}
    assert encoder.embedded == []
    assert knowledge.find_note("b").id == id
    assert areas(knowledge) == {"notes/deep/b.md": "llm"}
    assert load_decisions(knowledge.root).filed == {"notes/deep/b.md": "llm"}
    assert found(knowledge, "whales") == {"notes/deep/b.md"}


def test_an_untitled_note_is_renamed_without_embedding(
    knowledge: KnowledgeBase, write: Write, encoder: HashingEncoder
) -> None:
    """A note whose title is its file's name keeps its vectors under another name, and shows the new title."""
    note = write("notes/whales.md", "---\narea: gnn\n---\nThey sing.\n\nIn the sea.\n")
    knowledge.add([note.parent])
    encoder.embedded.clear()
    note.rename(note.parent / "otters.md")
    report = knowledge.sync()
    assert changes(report) == {"renamed": ["notes/whales.md > notes/otters.md"]}
    assert encoder.embedded == []
    assert [entry.title for entry in knowledge.list().notes] == ["otters"]
    assert found(knowledge, "otters") == {"notes/otters.md"}
    assert knowledge.diagnose().ok


def test_one_edit_of_a_long_note_embeds_what_is_around_it(knowledge: KnowledgeBase, write: Write) -> None:
    """In a note of some fifty passages, an edited paragraph costs at most three embeddings, wherever it is."""
    paragraphs = [" ".join(f"w{number * place % 997}" for number in range(1, 31)) for place in range(1, 76)]
    note = write("notes/long.md", text("\n\n".join(paragraphs)))
    assert knowledge.add([note]).embedded_chunks >= 45
    for place in range(0, 75, 6):
        paragraphs[place] = f"Edited. {paragraphs[place]}"
        note.write_text(text("\n\n".join(paragraphs)))
        assert 1 <= knowledge.sync().embedded_chunks <= 3


def test_a_renamed_detour_stays_one(knowledge: KnowledgeBase, write: Write) -> None:
    """The flag given to a single note follows it to another name."""
    note = write("notes/bread.md", RECIPE)
    knowledge.add([note.parent])
    knowledge.add([note], detour=True)
    note.rename(note.parent / "focaccia.md")
    knowledge.sync()
    assert areas(knowledge) == {"notes/focaccia.md": "detour"}


def test_two_notes_swap_their_names(knowledge: KnowledgeBase, encoder: HashingEncoder, write: Write) -> None:
    """After a swap each name answers for the text that it has now, and nothing was embedded."""
    a, b = write("notes/a.md", text("whales sing", "Sea")), write("notes/b.md", text("sparrows chirp", "Air"))
    knowledge.add([a.parent])
    encoder.embedded.clear()
    a.rename(a.parent / "c")
    b.rename(a)
    (a.parent / "c").rename(b)
    knowledge.sync()
    assert encoder.embedded == []
    assert (found(knowledge, "whales"), found(knowledge, "sparrows")) == ({"notes/b.md"}, {"notes/a.md"})
    assert nearest(knowledge, "Sea\nwhales sing") == ("notes/b.md", 1.0)
    assert knowledge.diagnose().ok


def test_a_copy_is_a_note_of_its_own(knowledge: KnowledgeBase, encoder: HashingEncoder, write: Write) -> None:
    """A copy beside its original is added without embedding, and outlives it."""
    note = write("notes/a.md", text("whales sing"))
    knowledge.add([note.parent])
    encoder.embedded.clear()
    shutil.copy(note, note.parent / "b.md")
    assert changes(knowledge.sync()) == {"added": ["notes/b.md"]}
    note.unlink()
    assert changes(knowledge.sync()) == {"removed": ["notes/a.md"]}
    assert encoder.embedded == []
    assert found(knowledge, "whales") == {"notes/b.md"}


def test_a_deleted_note_is_gone(knowledge: KnowledgeBase, write: Write) -> None:
    """A hit whose file is gone is dropped at once; the next sync takes the note out of the index."""
    note = write("notes/a.md", text("whales sing"))
    write("notes/b.md", text("whales dive"))
    knowledge.add([note.parent])
    note.unlink()
    result = knowledge.search("whales", mode="lexical")
    assert ([hit.path for hit in result.hits], result.missing) == (["notes/b.md"], ("notes/a.md",))
    assert changes(knowledge.sync()) == {"removed": ["notes/a.md"]}
    assert knowledge.search("whales sing").missing == ()
    assert knowledge.diagnose().ok


def test_the_last_note_goes(knowledge: KnowledgeBase, write: Write) -> None:
    """An index from which everything was deleted is empty and in order, and takes notes again."""
    note = write("notes/a.md", text("whales sing"))
    knowledge.add([note.parent])
    note.unlink()
    knowledge.sync()
    assert knowledge.search("whales").hits == ()
    assert knowledge.diagnose().ok
    write("notes/a.md", text("whales sing"))
    knowledge.sync()
    assert nearest(knowledge, "A note\nwhales sing") == ("notes/a.md", 1.0)


@pytest.mark.parametrize("content", [b"", b"---\narea: gnn\n---\n", b"\xff\xfe", b"a\0b", b"<!-- nothing -->"])
def test_a_broken_note_keeps_its_old_version(knowledge: KnowledgeBase, write: Write, content: bytes) -> None:
    """A note that cannot be read any more is reported as skipped, by every sync, and its last version stays."""
    note = write("notes/a.md", text("whales sing"))
    write("notes/b.md", text("sparrows"))
    knowledge.add([note.parent])
    note.write_bytes(content)
    for _ in range(2):
        assert changes(knowledge.sync()) == {"skipped": ["notes/a.md"]}
    assert [(hit.path, hit.state) for hit in knowledge.search("whales").hits[:1]] == [("notes/a.md", "changed")]
    note.write_text(text("whales dive"))
    assert changes(knowledge.sync()) == {"updated": ["notes/a.md"]}


@pytest.mark.parametrize("name", [b"bad\xff.md", "größe 図 #1.md".encode(), b"two\nlines.md", b"-n.md", b"%s'\".md"])
def test_no_file_name_stops_an_add(knowledge: KnowledgeBase, write: Write, name: bytes) -> None:
    """Whatever a file is called, it is added or skipped, and the notes beside it are added."""
    folder = write("notes/z.md", text("whales")).parent
    with open(os.path.join(os.fsencode(folder), name), "wb") as file:
        file.write(text("sparrows").encode())
    report = knowledge.add([folder])
    assert "notes/z.md" in paths(knowledge)
    assert len(report.added) + len(report.skipped) == 2


@pytest.mark.parametrize(
    "body", ["[a]: https://example.org", "<!-- nothing -->", "***", "#", "\u200b", "```", "| |\n|-|"]
)
def test_no_text_stops_an_add(knowledge: KnowledgeBase, write: Write, body: str) -> None:
    """A note that hardly says anything is added or skipped, and the notes beside it are added."""
    write("notes/a.md", f"---\narea: gnn\n---\n{body}\n")
    report = knowledge.add([write("notes/z.md", text("whales")).parent])
    assert "notes/z.md" in paths(knowledge)
    assert len(report.added) + len(report.skipped) == 2


@pytest.mark.usefixtures("mere_user")
def test_a_folder_that_cannot_be_read_loses_no_notes(knowledge: KnowledgeBase, write: Write) -> None:
    """The notes of a folder that is locked for a while stay in the index; the folder is reported."""
    folder = write("notes/locked/a.md", text("whales sing")).parent
    knowledge.add([folder.parent])
    folder.chmod(0)
    try:
        assert changes(knowledge.sync()) == {"skipped": ["notes/locked"]}
    finally:
        folder.chmod(0o755)
    assert changes(knowledge.sync()) == {}


# --- areas: who decides ---


def test_what_lies_outside_is_held_back_and_taken_in_as_a_detour(knowledge: KnowledgeBase, write: Write) -> None:
    """A note outside the areas is reported and not found; `detour` takes it in, and later syncs keep it."""
    note = write("notes/bread.md", RECIPE)
    report = knowledge.add([note.parent])
    assert changes(report) == {"outside": ["notes/bread.md"]}
    assert report.outside[0].evidence
    assert found(knowledge, "yeast") == set()
    assert changes(knowledge.add([note], detour=True)) == {"added": ["notes/bread.md"]}
    assert found(knowledge, "yeast") == {"notes/bread.md"}
    note.write_text(RECIPE + "\nWith rosemary.\n")
    assert changes(knowledge.sync()) == {"updated": ["notes/bread.md"]}
    assert areas(knowledge) == {"notes/bread.md": "detour"}


def test_flags_hold_for_what_comes_later(knowledge: KnowledgeBase, write: Write) -> None:
    """Notes that appear below a flagged source are filed as the source was; the nearest flagged source counts."""
    folder = write("notes/a.md", RECIPE).parent
    knowledge.add([folder], area="llm", posts=True)
    write("notes/b.md", RECIPE + "b")
    write("notes/deep/c.md", RECIPE + "c")
    knowledge.add([folder / "deep"], area="gnn")
    knowledge.sync()
    assert areas(knowledge) == {"notes/a.md": "llm", "notes/b.md": "llm", "notes/deep/c.md": "gnn"}
    assert {note.path for note in knowledge.list(kinds=("post",)).notes} == {"notes/a.md", "notes/b.md"}


@pytest.mark.parametrize(
    ("front_matter", "flag", "decision", "expected", "decided_by"),
    [
        (None, None, None, "outside", "classifier"),
        (None, "llm", None, "llm", "flag"),
        ("gnn", "llm", None, "gnn", "front matter"),
        ("gnn", "llm", "ml-systems", "ml-systems", "decision"),
        (None, "llm", "outside", "outside", "decision"),
        ("gnn", None, "detour", "detour", "decision"),
    ],
)
def test_who_decides(
    knowledge: KnowledgeBase,
    write: Write,
    front_matter: str | None,
    flag: str | None,
    decision: StoredArea | None,
    expected: StoredArea,
    decided_by: str,
) -> None:
    """A decision wins over front matter, that over a flag, that over the classifier; also after an edit."""
    head = f"---\narea: {front_matter}\n---\n" if front_matter else ""
    note = write("notes/a.md", head + RECIPE)
    knowledge.add([note], area=flag)  # type: ignore[arg-type]  # one of the areas
    if decision:
        assert knowledge.file("notes/a.md", decision).area == expected
    for _ in range(2):
        assert areas(knowledge) == {"notes/a.md": expected}
        assert knowledge.show("notes/a.md").verdict.decided_by == decided_by
        note.write_text(note.read_text() + "\nSome more.\n")
        knowledge.sync()
    assert knowledge.diagnose().ok


def test_a_decision_is_taken_back(knowledge: KnowledgeBase, write: Write) -> None:
    """Undoing a decision files the note as if it had never been made, and leaves nothing in the decisions."""
    knowledge.add([write("notes/bread.md", RECIPE)])
    knowledge.file("bread", "detour")
    assert found(knowledge, "yeast") == {"notes/bread.md"}
    undone = knowledge.file("bread", None)
    assert (undone.before, undone.area) == ("detour", "outside")
    assert found(knowledge, "yeast") == set()
    assert load_decisions(knowledge.root).filed == {}


def test_an_edited_decision_holds_from_the_next_sync(
    knowledge: KnowledgeBase, encoder: HashingEncoder, write: Write
) -> None:
    """A decision that arrived in the file itself, by an editor or by git, is followed without embedding anything."""
    knowledge.add([write("notes/a.md", text("whales sing"))])
    encoder.embedded.clear()
    write(DECISIONS_NAME, '[filed]\n"notes/a.md" = "llm"\n')
    knowledge.sync()
    assert areas(knowledge) == {"notes/a.md": "llm"}
    assert encoder.embedded == []


def test_flags_reach_every_note_after_an_interruption(notebook: Path, encoder: HashingEncoder, write: Write) -> None:
    """When filing a known folder under an area is stopped, the same command finishes it."""
    for number in range(200):
        write(f"notes/{number:03}.md", f"word{number}\n")
    asked = iter([False] * 100 + [True] * 1000)
    with KnowledgeBase(notebook, encoder=encoder) as first:
        first.add([notebook / "notes"], area="gnn")
    with KnowledgeBase(notebook, encoder=encoder, should_stop=lambda: next(asked)) as stopped:
        stopped.add([notebook / "notes"], area="llm")
    with KnowledgeBase(notebook, encoder=encoder) as resumed:
        resumed.add([notebook / "notes"], area="llm")
        assert set(areas(resumed).values()) == {"llm"}


def test_forget_then_sync_then_add_again(knowledge: KnowledgeBase, write: Write) -> None:
    """A forgotten note stays out, its file untouched, until it is added by name."""
    note = write("notes/a.md", text("whales sing"))
    write("notes/b.md", text("sparrows"))
    knowledge.add([note.parent])
    assert knowledge.forget("notes/a.md").paths == ("notes/a.md",)
    note.write_text(text("whales dive"))
    assert changes(knowledge.sync()) == {}
    assert found(knowledge, "whales") == set()
    assert changes(knowledge.add([note])) == {"added": ["notes/a.md"]}
    assert found(knowledge, "whales") == {"notes/a.md"}
    assert changes(knowledge.sync()) == {}


def test_a_forgotten_folder_stays_forgotten(knowledge: KnowledgeBase, notebook: Path, write: Write) -> None:
    """Adding one note of a forgotten folder again brings back that note alone."""
    note = write("drafts/a.md", text("whales sing"))
    write("drafts/b.md", text("sparrows"))
    knowledge.add([notebook])
    assert len(knowledge.forget("drafts").paths) == 2
    knowledge.add([note])
    knowledge.sync()
    assert paths(knowledge) == ["drafts/a.md"]


def test_a_path_that_does_not_exist_changes_nothing(knowledge: KnowledgeBase, write: Write) -> None:
    """When one of several paths is wrong, none is added and nothing is remembered."""
    with pytest.raises(InputError, match=r"gone\.md does not exist"):
        knowledge.add([write("notes/a.md", text("whales")), "gone.md"], area="llm")
    assert knowledge.status().sources == ()
    assert not (knowledge.root / DECISIONS_NAME).exists()


def test_notes_are_never_changed(knowledge: KnowledgeBase, notebook: Path, write: Write) -> None:
    """Adding, filing, syncing and forgetting leave every note as it was, to the byte and the second."""
    folder = write("notes/a.md", text("whales\r\n")).parent
    write("notes/bread.md", RECIPE)
    before = [(path, path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.iterdir())]
    knowledge.add([folder])
    knowledge.file("bread", "detour")
    knowledge.sync()
    knowledge.forget("a")
    assert [(path, path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.iterdir())] == before


# --- generations, readers, models ---


def lose_generation(folder: Path) -> None:
    shutil.rmtree(folder)


def cut_index(folder: Path) -> None:
    for path in folder.glob("*/data_level0.bin"):
        path.write_bytes(b"")


def cut_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"")


@pytest.mark.parametrize("damage", [lose_generation, cut_index, cut_database])
def test_damaged_vectors_are_rebuilt_from_the_catalog(
    notebook: Path, encoder: HashingEncoder, write: Write, damage: Callable[[Path], None]
) -> None:
    """A search over a damaged generation says so and finds everything; a sync then rebuilds it without embedding."""
    said: list[str] = []
    with KnowledgeBase(notebook, encoder=encoder) as first:
        first.add([write("notes/a.md", text("whales sing")), write("notes/b.md", text("sparrows", area="llm"))])
        generation = first.status().generation
    encoder.embedded.clear()
    damage(notebook / ".kb" / "vectors" / str(generation))
    with KnowledgeBase(notebook, encoder=encoder, notify=said.append) as knowledge:
        assert nearest(knowledge, "A note\nwhales sing") == ("notes/a.md", 1.0)
        assert nearest(knowledge, "A note\nsparrows") == ("notes/b.md", 1.0)
        assert all("kb sync" in line for line in said)
        assert len(said) == 2
        knowledge.sync()
        assert knowledge.diagnose().ok
        assert nearest(knowledge, "A note\nsparrows") == ("notes/b.md", 1.0)
    assert len(said) == 3
    assert encoder.embedded == []


def test_an_add_mends_damaged_vectors_too(knowledge: KnowledgeBase, write: Write) -> None:
    """A write over a damaged generation builds a whole one with old and new notes."""
    knowledge.add([write("notes/a.md", text("whales sing"))])
    lose_generation(knowledge.root / ".kb" / "vectors" / str(knowledge.status().generation))
    assert knowledge.add([write("notes/b.md", text("sparrows"))]).embedded_chunks == 1
    assert nearest(knowledge, "A note\nwhales sing") == ("notes/a.md", 1.0)
    assert knowledge.diagnose().ok


def test_a_lost_index_is_rebuilt_from_the_notes(notebook: Path, encoder: HashingEncoder, write: Write) -> None:
    """Without `.kb/` nothing is lost: adding the sources again restores notes, decisions and forgotten paths."""
    folder = write("notes/a.md", text("whales sing")).parent
    write("notes/b.md", text("sparrows"))
    write("notes/c.md", RECIPE)
    with KnowledgeBase(notebook, encoder=encoder) as first:
        first.add([folder])
        first.file("notes/a.md", "llm")
        first.forget("notes/b.md")
        before = areas(first)
    shutil.rmtree(notebook / ".kb")
    with KnowledgeBase(notebook, encoder=encoder) as second:
        second.add([folder])
        assert areas(second) == before == {"notes/a.md": "llm", "notes/c.md": "outside"}


def test_an_open_reader_sees_what_another_writer_does(knowledge: KnowledgeBase, notebook: Path, write: Write) -> None:
    """A knowledge base that stays open finds what others added, and not what they removed, however often."""
    a = write("notes/a.md", text("whales sing"))
    knowledge.add([a.parent])
    assert nearest(knowledge, "whales") == ("notes/a.md", nearest(knowledge, "whales")[1])
    for number in range(3):
        with KnowledgeBase(notebook, encoder=HashingEncoder()) as writer:
            writer.add([write(f"notes/b{number}.md", text(f"sparrows{number}"))])
            nearest(writer, "whales")
    assert nearest(knowledge, "A note\nsparrows2") == ("notes/b2.md", 1.0)
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as writer:
        writer.forget("notes/b2.md")
    assert nearest(knowledge, "A note\nsparrows2")[0] != "notes/b2.md"


class InterruptedEncoder(HashingEncoder):
    """While it chooses the sentences of the first hit, something else happens."""

    interruption: Callable[[], None] | None = None

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        interruption, self.interruption = self.interruption, None
        if interruption:
            interruption()
        return super().encode(texts)


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_a_search_is_of_one_state(notebook: Path, write: Write, mode: Mode) -> None:
    """What another process publishes in the middle of a search shows in none of its hits, and in all of the next."""
    encoder = InterruptedEncoder()

    def write_all(state: str) -> None:
        with KnowledgeBase(notebook, encoder=HashingEncoder()) as writer:
            writer.add([write(f"notes/{number}.md", text(f"Whales sing. They {state}.")) for number in range(14)])

    def states(knowledge: KnowledgeBase) -> list[str]:
        return [hit.text.split()[-1] for hit in knowledge.search("otters", limit=100, mode=mode).hits]

    write_all("dive")
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        encoder.interruption = lambda: write_all("rest")
        assert states(knowledge) == ["dive."] * 14
        assert states(knowledge) == ["rest."] * 14


class AnotherEncoder(HashingEncoder):
    """The same words, turned into shorter vectors."""

    fingerprint = "another"
    dimensions = 32


def test_another_model_embeds_everything_in_one_swap(notebook: Path, encoder: HashingEncoder, write: Write) -> None:
    """With another model search asks for a sync; that embeds all notes again and publishes them as one generation."""
    folder = write("notes/a.md", text("whales sing")).parent
    write("notes/b.md", text("sparrows chirp", area="llm"))
    with KnowledgeBase(notebook, encoder=encoder) as first:
        first.add([folder])
        generation = first.status().generation
    with KnowledgeBase(notebook, encoder=AnotherEncoder()) as knowledge:
        with pytest.raises(EncoderError, match="kb sync"):
            knowledge.search("whales")
        assert not knowledge.diagnose().ok
        assert knowledge.sync().embedded_chunks == 2
        assert (knowledge.status().generation, knowledge.status().encoder) == (generation + 1, "another")
        assert nearest(knowledge, "A note\nwhales sing") == ("notes/a.md", 1.0)
        assert knowledge.diagnose().ok
        assert knowledge.sync().unchanged == 2


def test_a_stopped_change_of_model_leaves_the_old_index(notebook: Path, encoder: HashingEncoder, write: Write) -> None:
    """Until every note is embedded by the new model the old index stays, and nothing is reported as added."""
    for number in range(100):
        write(f"notes/{number:03}.md", text(f"word{number}"))
    with KnowledgeBase(notebook, encoder=encoder) as first:
        first.add([notebook / "notes"])
    write("notes/000a.md", text("a new note"))
    asked = iter([False] * 90 + [True] * 1000)
    with KnowledgeBase(notebook, encoder=AnotherEncoder(), should_stop=lambda: next(asked)) as stopped:
        report = stopped.sync()
        assert changes(report) == {}
        assert stopped.status().encoder == "hashing"
    with KnowledgeBase(notebook, encoder=encoder) as old:
        assert nearest(old, "A note\nword7")[1] == 1.0
        assert len(paths(old)) == 100


def test_a_broken_note_survives_a_change_of_model(notebook: Path, encoder: HashingEncoder, write: Write) -> None:
    """A note that cannot be read when the model changes is reported, and the others are embedded and found."""
    broken = write("notes/a.md", text("whales sing"))
    write("notes/b.md", text("sparrows chirp"))
    with KnowledgeBase(notebook, encoder=encoder) as first:
        first.add([broken.parent])
    broken.write_bytes(b"\xff")
    with KnowledgeBase(notebook, encoder=AnotherEncoder()) as knowledge:
        assert changes(knowledge.sync()) == {"skipped": ["notes/a.md"]}
        assert nearest(knowledge, "A note\nsparrows chirp") == ("notes/b.md", 1.0)
        broken.write_text(text("whales dive"))
        knowledge.sync()
        assert nearest(knowledge, "A note\nwhales dive") == ("notes/a.md", 1.0)
        assert knowledge.diagnose().ok


def test_forgetting_does_not_hide_a_change_of_model(notebook: Path, encoder: HashingEncoder, write: Write) -> None:
    """After a note was forgotten with another model configured, a sync still embeds the others again."""
    folder = write("notes/a.md", text("whales sing")).parent
    write("notes/b.md", text("sparrows chirp"))
    with KnowledgeBase(notebook, encoder=encoder) as first:
        first.add([folder])
    with KnowledgeBase(notebook, encoder=AnotherEncoder()) as knowledge:
        knowledge.forget("notes/a.md")
        assert knowledge.sync().embedded_chunks == 1
        assert nearest(knowledge, "A note\nsparrows chirp") == ("notes/b.md", 1.0)
