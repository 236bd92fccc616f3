"""What the writer files teaches; what lies outside goes by the notebook's policy; and the balance of the areas."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run
from test_classifier import VISION

from kb.errors import OutsideError
from kb.knowledge import KnowledgeBase
from kb.models import Encoder

RECIPE = "# Loaf\n\nKnead the dough, flour and butter, let it rise overnight, and bake it in the oven.\n"
GRAPHS = "# GCN\n\nA graph convolutional network averages the features of neighbouring nodes.\n"
Write = Callable[[str, str], Path]
Command = Callable[..., Run]

pytestmark = pytest.mark.model


@pytest.fixture
def vision(notebook: Path, write: Write, real_encoder: Encoder) -> Path:
    """A notebook with four notes on detection and a recipe, all of them held back, and one on graphs."""
    for number, text in enumerate(VISION):
        write(f"notes/{number}.md", text)
    write("notes/loaf.md", RECIPE)
    write("notes/gcn.md", GRAPHS)
    with KnowledgeBase(notebook, encoder=real_encoder) as knowledge:
        assert len(knowledge.add([notebook / "notes"]).outside) == 5
    return notebook


def test_filed_notes_teach(vision: Path, real_encoder: Encoder) -> None:
    """What is like the filed notes would move, nothing else; it does so with `apply` and not before, and says why."""
    with KnowledgeBase(vision, encoder=real_encoder) as knowledge:
        assert knowledge.reclassify().moved == ()
        for number in (1, 2, 3):
            knowledge.file(f"notes/{number}.md", "ml-systems")
        planned = knowledge.reclassify()
        assert [(move.path, move.before, move.after) for move in planned.moved] == [
            ("notes/0.md", "outside", "ml-systems")
        ]
        assert "which you filed under ml-systems" in {e.text.split(", ")[-1] for e in planned.moved[0].verdict.evidence}
        assert knowledge.show("notes/0.md").area == "outside"
        assert knowledge.reclassify(apply=True).moved == planned.moved
        assert knowledge.show("notes/0.md").area == "ml-systems"
        assert "notes/0.md" in {hit.path for hit in knowledge.search("bounding boxes of a grid").hits}
        assert knowledge.reclassify().moved == ()
        assert {note.path for note in knowledge.list(areas=["outside"]).notes} == {"notes/loaf.md"}
        assert knowledge.diagnose().ok


def test_a_new_note_follows_at_once(vision: Path, write: Write, real_encoder: Encoder) -> None:
    """A note added after the lesson is filed by it, and one whose front matter states its area is a lesson too."""
    for number in (1, 2, 3):
        write(f"notes/{number}.md", f"---\narea: llm\n---\n{VISION[number]}")
    with KnowledgeBase(vision, encoder=real_encoder) as knowledge:
        knowledge.sync()
        added = knowledge.add([write("notes/new.md", VISION[0].replace("grid", "raster"))]).added
    assert [note.area for note in added] == ["llm"]


def test_notes_that_the_writer_filed_stay(vision: Path, real_encoder: Encoder) -> None:
    """Judging again undoes no decision, and leaves held back notes that changed to the next sync."""
    with KnowledgeBase(vision, encoder=real_encoder) as knowledge:
        knowledge.file("notes/gcn.md", "outside")
        (vision / "notes/loaf.md").write_text(RECIPE + "\nMore flour.\n")
        report = knowledge.reclassify(apply=True)
        assert report.moved == ()
        assert [entry.path for entry in report.skipped] == ["notes/loaf.md"]
        assert knowledge.show("notes/gcn.md").verdict.decided_by == "decision"


def test_areas_of_ones_own_move_notes(vision: Path, real_encoder: Encoder) -> None:
    """After an area is redefined in kb.toml, judging again files notes by what it means now."""
    (vision / "kb.toml").write_text(
        '[areas.gnn]\ndescription = "Object detection in images"\nphrases = ["a detector predicts bounding boxes"]\n'
    )
    with KnowledgeBase(vision, encoder=real_encoder) as knowledge:
        knowledge.reclassify(apply=True)
        moved = {note.path: note.area for note in knowledge.list(areas=["gnn", "outside"]).notes}
    assert moved == {f"notes/{n}.md": "gnn" for n in range(4)} | {"notes/loaf.md": "outside", "notes/gcn.md": "outside"}


def test_policy_detour(notebook: Path, write: Write, real_encoder: Encoder) -> None:
    """With `outside = "detour"` what lies outside is taken in as a detour, by the classifier's verdict."""
    (notebook / "kb.toml").write_text('outside = "detour"\n')
    with KnowledgeBase(notebook, encoder=real_encoder) as knowledge:
        report = knowledge.add([write("notes/loaf.md", RECIPE)])
        assert [(note.area, note.decided_by) for note in report.added] == [("detour", "classifier")]
        assert knowledge.show("loaf").verdict.area == "outside"


def test_policy_refuse(notebook: Path, write: Write, real_encoder: Encoder) -> None:
    """With `outside = "refuse"` adding fails each time, the others are in, and the writer's own word still holds."""
    (notebook / "kb.toml").write_text('outside = "refuse"\n')
    write("notes/loaf.md", RECIPE)
    write("notes/gcn.md", GRAPHS)
    with KnowledgeBase(notebook, encoder=real_encoder) as knowledge:
        for _ in range(2):
            with pytest.raises(OutsideError, match=r"notes/loaf\.md \(nearest .*kb file"):
                knowledge.add([notebook / "notes"])
        assert [note.path for note in knowledge.list().notes] == ["notes/gcn.md"]
        knowledge.file("notes/loaf.md", "outside")
        knowledge.add([notebook / "notes"])


def test_commands(vision: Path, kb: Command) -> None:
    """What would move is shown with its reason, then moved; the list of what is held back says the way in."""
    assert kb("reclassify") == Run(0, "0 notes would move, 6 unchanged\n", "")
    for number in (1, 2, 3):
        assert kb("file", f"notes/{number}.md", "ml-systems").code == 0
    shown = kb("reclassify")
    assert "outside → ml-systems" in shown.out
    assert "which you filed under ml-systems" in shown.out
    assert "1 note would move, 5 unchanged" in shown.out
    assert "--apply" in shown.err
    applied = json.loads(kb("reclassify", "--apply", "--json").out)
    assert (applied["schema"], applied["applied"], len(applied["moved"])) == ("kb.reclassify/1", True, 1)
    listed = kb("list", "--outside")
    assert "nearest" in listed.out
    assert "--detour" in listed.err


def test_balance_over_time(notebook: Path, write: Write, knowledge: KnowledgeBase) -> None:
    """Status counts the notes of each area in the twelve months up to the newest note."""
    for path, area, date in (("a", "gnn", "2024-03-01"), ("b", "gnn", "2024-03-20"), ("c", "llm", "2023-11-02")):
        write(f"notes/{path}.md", f"---\narea: {area}\ndate: {date}\n---\n# {path}\n\nText of it.\n")
    assert knowledge.status().months == {}
    knowledge.add([notebook / "notes"])
    months = knowledge.status().months
    assert list(months) == [f"2023-{n:02d}" for n in range(4, 13)] + ["2024-01", "2024-02", "2024-03"]
    assert (months["2024-03"]["gnn"], months["2023-11"]["llm"], months["2023-11"]["gnn"]) == (2, 1, 0)
    assert sum(count for areas in months.values() for count in areas.values()) == 3
