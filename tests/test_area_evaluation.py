"""Labelled notes, from the file to the measures of the classifier."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder, Run

from kb.areas.texts import SIDES
from kb.errors import InputError
from kb.evaluation.areas import AreaLabel, GroupAccuracy, WrongVerdict, compare_verdicts, load_labels
from kb.knowledge import KnowledgeBase
from kb.models import AreaVerdict, VerdictArea
from kb.reports import Skipped

GCN = "# GCN\n\nGraph convolution: a node averages its neighbours; GAT weighs them by attention.\n"
LOAF = "# Sunday loaf\n\nKnead the dough, let it rise overnight, and bake it until the crust is brown.\n"
LORA = "# LoRA\n\nLow-rank adapters fine-tune a large language model.\n"


def verdict(**scores: float) -> AreaVerdict:
    """The verdict of these scores, `ml_systems` for short; what is left lies with the others in equal parts."""
    given = {name.replace("_", "-"): score for name, score in scores.items()}
    rest = (1 - sum(given.values())) / (len(SIDES) - len(given))
    full = {area: given.get(area, rest) for area in SIDES}
    first, second = sorted(SIDES, key=lambda area: -full[area])[:2]
    return AreaVerdict(
        area=first,
        confidence=full[first],
        unsure=False,
        decided_by="classifier",
        also=None,
        runner_up=second,
        margin=full[first] - full[second],
        scores=full,
    )


def test_measures_by_hand() -> None:
    """Each measure of six notes is what one computes by hand; mixed notes and notes without a verdict do not count."""
    judged: dict[str, tuple[VerdictArea, AreaVerdict]] = {
        "a/1.md": ("gnn", verdict(gnn=0.7)),
        "a/2.md": ("gnn", verdict(gnn=0.25, outside=0.65)),
        "a/3.md": ("llm", verdict(gnn=0.85)),
        "b/4.md": ("llm", verdict(llm=0.94)),
        "b/5.md": ("outside", verdict(outside=0.8)),
        "6.md": ("outside", verdict(llm=0.6, outside=0.3)),
    }
    labels = [AreaLabel(path=path, area=area) for path, (area, _) in judged.items()]
    labels += [AreaLabel(path="a/7.md", area="mixed"), AreaLabel(path="a/8.md", area="llm")]
    gone = Skipped(path="a/8.md", reason="cannot be read")
    verdicts = {path: said for path, (_, said) in judged.items()}
    table = compare_verdicts(labels, verdicts, [gone], seconds=2.0)
    assert (table.notes, table.mixed, table.skipped, table.verdicts_per_second) == (6, 1, (gone,), 3.0)
    assert table.macro_f1_areas == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert table.macro_f1 == pytest.approx((1 / 2 + 1 / 2 + 1 / 2) / 3)
    assert table.auroc == pytest.approx(7 / 8)
    assert table.calibration_error == pytest.approx((abs(0.7 + 0.65 - 1) + 0.6 + 0.85 + 0.06 + 0.2) / 6)
    assert (table.held_back, table.let_in) == (1 / 4, 1 / 2)
    assert table.confusion == {
        "ml-systems": {"ml-systems": 0, "gnn": 0, "llm": 0, "outside": 0},
        "gnn": {"ml-systems": 0, "gnn": 1, "llm": 0, "outside": 1},
        "llm": {"ml-systems": 0, "gnn": 1, "llm": 1, "outside": 0},
        "outside": {"ml-systems": 0, "gnn": 0, "llm": 1, "outside": 1},
    }
    assert table.groups == (
        GroupAccuracy(group=".", notes=1, accuracy=0.0),
        GroupAccuracy(group="a", notes=3, accuracy=1 / 3),
        GroupAccuracy(group="b", notes=2, accuracy=1.0),
    )
    assert table.errors == (
        WrongVerdict(path="a/3.md", gold="llm", verdict="gnn", confidence=0.85),
        WrongVerdict(path="a/2.md", gold="gnn", verdict="outside", confidence=0.65),
        WrongVerdict(path="6.md", gold="outside", verdict="llm", confidence=0.6),
    )


def test_what_one_side_leaves_undefined() -> None:
    """Without notes inside, or without notes outside, there is no AUROC, and nothing is made up for it."""
    loaf, lora = AreaLabel(path="loaf.md", area="outside"), AreaLabel(path="lora.md", area="llm")
    alone = compare_verdicts([loaf], {"loaf.md": verdict(outside=0.9)}, [], 1.0)
    assert (alone.macro_f1, alone.macro_f1_areas, alone.auroc) == (1.0, None, None)
    assert (alone.held_back, alone.let_in) == (None, 0.0)
    inside = compare_verdicts([lora], {"lora.md": verdict(llm=0.9)}, [], 1.0)
    assert (inside.macro_f1, inside.macro_f1_areas, inside.auroc) == (1.0, 1.0, None)
    assert (inside.held_back, inside.let_in) == (0.0, None)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"path": "a.md"', "JSON"),
        ('["a.md", "gnn"]', "an object"),
        ('{"path": "a.md"}', "area is missing"),
        ('{"path": "a.md", "area": "detour"}', "area"),
        ('{"path": "", "area": "gnn"}', "path is empty"),
        ('{"path": "b.md", "area": "gnn"}', "b.md is labelled twice"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    """A file that holds something else is refused in one line with the number of its line; other keys are allowed."""
    path = tmp_path / "labels.jsonl"
    path.write_text('{"path": "b.md", "area": "mixed", "tier": "A"}\n\n' + line + "\n")
    with pytest.raises(InputError, match=complaint) as refused:
        load_labels(path)
    assert f"{path}:3: " in str(refused.value)
    assert "\n" not in str(refused.value)


def write_labels(folder: Path, **areas: str) -> Path:
    """Labels for the notes of a folder, by their stems."""
    path = folder / "labels.jsonl"
    rows = [{"path": f"notes/{stem}.md", "area": area, "group": f"{stem[0]}…"} for stem, area in areas.items()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_second_run_embeds_nothing(notebook: Path, write: Callable[[str, str], Path], tmp_path: Path) -> None:
    """The cache keeps vectors but indexes no note; nothing is written to the notes' folder; progress is reported."""
    write("notes/gcn.md", GCN)
    write("notes/loaf.md", LOAF)
    labels = write_labels(notebook, gcn="gnn", loaf="outside", gone="mixed")
    before = sorted(notebook.rglob("*"))
    first, second = HashingEncoder(), HashingEncoder()
    told: list[tuple[int, int]] = []
    cache = tmp_path / "cache" / "areas"
    with KnowledgeBase(cache, create=True, encoder=first, progress=lambda *done: told.append(done)) as knowledge:
        table = knowledge.evaluate_areas(labels, notebook)
        assert knowledge.list().notes == ()
    with KnowledgeBase(cache, create=True, encoder=second) as knowledge:
        again = knowledge.evaluate_areas(labels, notebook)
    assert any("Knead the dough" in text for text in first.embedded)
    assert second.embedded == []
    assert again.model_copy(update={"verdicts_per_second": table.verdicts_per_second}) == table
    assert [(group.group, group.notes) for group in table.groups] == [("g…", 1), ("l…", 1)]
    assert told == [(1, 2), (2, 2)]
    assert sorted(notebook.rglob("*")) == before


def test_no_note_at_all_is_refused(notebook: Path, knowledge: KnowledgeBase) -> None:
    """Labels whose notes are elsewhere measure nothing and are refused."""
    with pytest.raises(InputError, match="names no note that can be read below"):
        knowledge.evaluate_areas(write_labels(notebook, gcn="gnn"), notebook)


@pytest.mark.model
def test_the_classifier_alone_is_measured(
    notebook: Path, write: Callable[[str, str], Path], kb: Callable[..., Run]
) -> None:
    """Front matter and decisions change nothing; wrong verdicts and skipped notes are shown, in 80 columns."""
    write("notes/gcn.md", f"---\narea: llm\n---\n{GCN}")
    write("notes/lora.md", LORA)
    write("notes/loaf.md", LOAF)
    write("notes/empty.md", "")
    write("kb.decisions.toml", '[filed]\n"notes/gcn.md" = "ml-systems"\n')
    labels = str(write_labels(notebook, gcn="gnn", lora="llm", loaf="gnn", empty="llm", two="mixed"))
    command = ["eval", "--areas", labels, "--root", str(notebook)]
    run = kb(*command)
    assert (run.code, run.err) == (3, "skipped  notes/empty.md is empty\n")
    lines = run.out.splitlines()
    assert [" ".join(line.split()) for line in lines[:3]] == [
        f"macro-F1, three areas {lines[0][-5:]}",
        "macro-F1, with outside 0.556",
        "AUROC, inside against outside –",
    ]
    assert lines[6].startswith("3 notes (1 mixed, not scored); ")
    assert lines[-1].split()[:3] == ["notes/loaf.md", "gnn", "outside"]
    assert max(map(len, lines)) <= 80
    failed = kb(*command, "--fail-under", "0.6", "--json")
    assert failed.code == 1
    assert failed.err.endswith("kb: the classifier's macro-F1 is 0.5556, below 0.6\n")
    assert json.loads(failed.out)["errors"][0]["path"] == "notes/loaf.md"
