"""Outlines of real notes with the real model: what they quote, and what they never do."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder, Run

from kb.areas.concepts import load_concepts
from kb.console.outline import print_notices, print_tree
from kb.errors import EvidenceError, InputError
from kb.index.reader import IndexReader
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.notes.prose import clean
from kb.outline.post.render import TEMPLATES
from kb.outline.topics.topic import read_topic
from kb.reports import Outline

pytestmark = pytest.mark.model

TOPIC = "why deep graph networks forget"
POST = "notes/posts/2024-09-22-why-deep-gnns-forget.md"


@pytest.fixture(scope="module")
def outline(library: KnowledgeBase) -> Outline:
    return library.outline(TOPIC)


@pytest.fixture
def own_copy(indexed_notes: Path, tmp_path: Path) -> Path:
    """A copy of the notebook, to be changed."""
    root = tmp_path / "copy"
    shutil.copytree(indexed_notes, root)
    return root


def said(outline: Outline) -> list[str]:
    return [point.text for section in outline.sections for point in section.points]


def everything_named(outline: Outline) -> set[str]:
    """Every note that an outline names anywhere."""
    sections = outline.sections
    return {
        *(point.path for section in sections for point in section.points),
        *(path for section in sections for path in section.notes),
        *(path for reference in outline.references for path in reference.cited_by),
        *(question.path for question in outline.open_questions),
        *(place.path for place in outline.leftovers),
    }


def test_points_hold(outline: Outline, library: KnowledgeBase) -> None:
    """Every point is found verbatim at its address, and its hash is that of its text."""
    points = [point for section in outline.sections for point in section.points]
    assert len(points) >= 6
    for point in points:
        lines = (library.root / point.path).read_text().split("\n")
        assert 1 <= point.start_line <= point.end_line <= len(lines)
        assert point.text in clean("\n".join(lines[point.start_line - 1 : point.end_line]))
        assert point.sha256 == hashlib.sha256(" ".join(point.text.split()).encode()).hexdigest()


def test_leftovers_and_questions_hold(outline: Outline, library: KnowledgeBase) -> None:
    """Leftovers and open questions are found at their addresses as well."""
    for place in outline.leftovers:
        lines = (library.root / place.path).read_text().split("\n")
        assert place.text in clean("\n".join(lines[place.start_line - 1 : place.end_line]))
    assert outline.open_questions
    for question in outline.open_questions:
        rest = (library.root / question.path).read_text().split("\n")[question.line - 1 :]
        assert question.text in clean("\n".join(rest[:6]))


def test_no_point_twice(outline: Outline) -> None:
    """No two points are equal, no section repeats a heading, and nothing that is quoted is left over."""
    headings = [section.heading for section in outline.sections]
    assert len(set(said(outline))) == len(said(outline))
    assert len(set(headings)) == len(headings) >= 2
    assert not {place.text for place in outline.leftovers} & set(said(outline))


def test_references(outline: Outline) -> None:
    """References are listed once, by notes that the outline quotes and in sections that it has."""
    headings = {section.heading for section in outline.sections}
    notes = {path for section in outline.sections for path in section.notes}
    assert outline.references
    assert len({reference.url for reference in outline.references}) == len(outline.references)
    for reference in outline.references:
        assert set(reference.cited_by) <= notes
        assert set(reference.sections) <= headings
        assert reference.url.startswith("http")


def test_right_notes(outline: Outline) -> None:
    """The outline is about its topic: its area is that of the topic, and a note that treats it is quoted."""
    assert outline.area == "gnn"
    assert {"notes/over-smoothing.md", "notes/over-squashing.md"} & everything_named(outline)


@pytest.mark.parametrize(
    ("topic", "treating"),
    [
        ("serving large language models", {"paged-attention", "kv-cache", "speculative-decoding"}),
        ("oversmoothing and oversquashing", {"over-smoothing", "over-squashing"}),
        ("parameter-efficient fine-tuning", {"lora", "qlora"}),
        ("A/B testing", {"online-ab-testing"}),
    ],
)
def test_short_topics_reach_their_notes(library: KnowledgeBase, topic: str, treating: set[str]) -> None:
    """A short topic is drafted from the notes about it, even if they use other words."""
    assert {f"notes/{name}.md" for name in treating} <= everything_named(library.outline(topic))


def test_posts_are_named_not_quoted(outline: Outline) -> None:
    """A published post is never evidence; one on the same subject is named as written before."""
    assert not [path for path in everything_named(outline) if path.startswith("notes/posts/")]
    assert outline.covered_before[0].path == POST
    assert 0 < outline.covered_before[0].similarity <= 1


@pytest.mark.parametrize("wanted", [2, 4])
def test_wanted_sections(library: KnowledgeBase, wanted: int) -> None:
    """An outline of a rich subject has as many sections as the writer wants."""
    assert len(library.outline("serving large language models", sections=wanted).sections) == wanted


def test_areas_are_kept(library: KnowledgeBase) -> None:
    """An outline limited to an area rests on notes of that area only."""
    outline = library.outline("training on many machines", areas=("ml-systems",))
    areas = {note.path: note.area for note in library.list().notes}
    assert {areas[path] for path in everything_named(outline)} == {"ml-systems"}


@pytest.mark.parametrize(
    "topic",
    [
        "how to bake focaccia",
        "promotion at work",
        "quantum chromodynamics",
        "object detection with yolo",
        "asdf qwer",
        "!?",
    ],
)
def test_too_little_evidence(library: KnowledgeBase, topic: str) -> None:
    """A topic that the notes say too little about, or that lies outside, is refused in one line that names it."""
    with pytest.raises(EvidenceError) as refused:
        library.outline(topic)
    assert topic in str(refused.value)
    assert "\n" not in str(refused.value)


def test_empty_topic(library: KnowledgeBase) -> None:
    """An empty topic is wrong usage."""
    with pytest.raises(InputError, match="topic is empty"):
        library.outline(" \n")


def test_outlines_are_no_evidence(own_copy: Path, outline: Outline, real_encoder: Encoder) -> None:
    """A skeleton written among the notes is of kind outline, and the next outline rests on nearly the same notes."""
    with KnowledgeBase(own_copy, encoder=real_encoder) as knowledge:
        drafts = {f"notes/draft-{template}.md" for template in TEMPLATES}
        for template in TEMPLATES:
            knowledge.write(own_copy / f"notes/draft-{template}.md", knowledge.render(outline, template))
        knowledge.sync()
        listed = knowledge.list(areas=("ml-systems", "gnn", "llm", "detour", "outside"), kinds=("outline",))
        assert {note.path for note in listed.notes} == drafts
        again = knowledge.outline(TOPIC)
    assert not drafts & everything_named(again)
    assert not drafts & {post.path for post in again.covered_before}
    before, after = ({note for section in made.sections for note in section.notes} for made in (outline, again))
    assert len(before & after) >= 0.75 * len(before | after)  # words that the outlines repeat are less rare


def test_changed_notes_are_left_out(own_copy: Path, outline: Outline, real_encoder: Encoder) -> None:
    """A note that changed or was deleted since the last sync is not quoted, and a notice says so."""
    changed, gone, *_ = outline.sections[0].notes + outline.sections[1].notes
    (own_copy / changed).write_text("Something else.\n\n" + (own_copy / changed).read_text())
    (own_copy / gone).unlink(missing_ok=True)
    told: list[str] = []
    with KnowledgeBase(own_copy, encoder=real_encoder, notify=told.append) as knowledge:
        after = knowledge.outline(TOPIC)
    assert not {changed, gone} & everything_named(after)
    assert any("kb sync" in line for line in told)


def test_few_notes(tmp_path: Path) -> None:
    """One note is too little for an outline, however well it fits."""
    (tmp_path / "a.md").write_text("---\narea: gnn\n---\nGraph networks forget what was said.\n")
    with KnowledgeBase(tmp_path, create=True, encoder=HashingEncoder()) as knowledge:
        knowledge.add([tmp_path])
        with pytest.raises(EvidenceError, match="on it"):
            knowledge.outline("graph networks forget")


def editor(folder: Path, *steps: str) -> str:
    """An editor that runs a line of shell script at each start, the last one from then on; `$plan` is the file."""
    script = folder / "the editor"
    cases = "".join(f"{number}) {step} ;;\n" for number, step in enumerate(steps[:-1], 1))
    script.write_text(
        f'#!/bin/sh\nfor plan; do :; done\nprintf x >> "{folder}/starts"\n'
        f'case $(wc -c < "{folder}/starts" | tr -d " ") in\n{cases}*) {steps[-1]} ;;\nesac\n'
    )
    script.chmod(0o755)
    return f"'{script}'"


@pytest.fixture
def planned(
    indexed_notes: Path, tmp_path: Path, kb: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Run]:
    """Run `kb outline` with an editor that takes some steps, at a terminal on which `answers` are typed or at none."""
    monkeypatch.chdir(indexed_notes)

    def run(*arguments: str, steps: tuple[str, ...], answers: str | None = None) -> Run:
        monkeypatch.setenv("EDITOR", editor(tmp_path, *steps))
        if answers is None:
            return kb("outline", *arguments)
        keyboard, terminal = os.openpty()
        os.write(keyboard, answers.encode())
        with open(terminal, encoding="utf-8") as typed, monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", typed)
            ended = kb("outline", *arguments)
        os.close(keyboard)
        return ended

    return run


def headings_of(run: Run) -> list[str]:
    assert run.code == 0, run.err
    return [section["heading"] for section in json.loads(run.out)["sections"]]


def test_a_plan_in_the_editor(outline: Outline, planned: Callable[..., Run]) -> None:
    """The lines that the editor leaves are the sections, in their order, under their headings; what the editor prints
    does not mix with the result.
    """
    headings = [section.heading for section in outline.sections]
    plan = f'echo noise; printf "3 %s\\n1 My own words\\n" "{headings[2]}" > "$plan"'
    run = planned(TOPIC, "--pick", "--json", steps=(plan,))
    assert headings_of(run) == [headings[2], "My own words"]
    assert "noise" in run.err
    assert headings_of(planned(TOPIC, "--pick", "--json", steps=("true",))) == headings


def test_a_hyphen_is_standard_output(
    library: KnowledgeBase, kb: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-o -` prints the text and writes no file of that name."""
    monkeypatch.chdir(library.root)
    run = kb("outline", TOPIC, "-o", "-")
    assert run.code == 0, run.err
    assert run.out == kb("outline", TOPIC).out
    assert not Path("-").exists()


def test_a_plan_for_named_sections_and_a_file(planned: Callable[..., Run], tmp_path: Path) -> None:
    """--pick works with --section and -o; a file that exists is refused before the editor starts."""
    post = tmp_path / "post.md"
    arguments = (TOPIC, "--section", "Over-smoothing", "--section", "Over-squashing", "--pick", "-o", str(post))
    assert planned(*arguments, steps=('sed -i.old 1d "$plan"',)).code == 0
    assert re.findall(r"^#+ .*(Over-\w+)", post.read_text(), re.MULTILINE) == ["Over-squashing"]
    (tmp_path / "starts").unlink()
    refused = planned(*arguments, steps=("true",))
    assert (refused.code, (tmp_path / "starts").exists()) == (2, False)
    assert "exists" in refused.err


def test_a_plan_of_a_draft(planned: Callable[..., Run], tmp_path: Path) -> None:
    """With --fill, a heading whose line is deleted stays, without points."""
    draft = tmp_path / "draft.md"
    draft.write_text("# Why deep GNNs forget\n\n## Over-smoothing\n\n## Over-squashing\n")
    run = planned("--fill", str(draft), "--pick", steps=('sed -i.old 1d "$plan"',))
    assert run.code == 0, run.err
    first, second = run.out.split("## Over-squashing")
    assert "## Over-smoothing" in first
    assert "notes/" not in first
    assert "notes/over-squashing.md" in second


@pytest.mark.parametrize(
    ("steps", "answers", "code", "said"),
    [
        ((': > "$plan"',), None, 1, "the plan is empty"),
        (('rm "$plan"',), None, 1, "the plan is empty"),
        (("exit 3",), None, 1, "exit code 3"),
        (('echo first > "$plan"',), None, 2, "line 1 of the plan: 'first'"),
        (('echo first > "$plan"',), "n\n", 1, "nothing was written"),
    ],
)
def test_a_plan_that_gives_up(
    planned: Callable[..., Run],
    tmp_path: Path,
    steps: tuple[str, ...],
    answers: str | None,
    code: int,
    said: str,
) -> None:
    """An empty plan, an editor that fails, and a plan that cannot be read and is not edited again write nothing."""
    run = planned(TOPIC, "--pick", "-o", str(tmp_path / "post.md"), steps=steps, answers=answers)
    assert (run.code, run.out) == (code, "")
    assert said in run.err
    assert not (tmp_path / "post.md").exists()


def test_a_plan_edited_again(planned: Callable[..., Run]) -> None:
    """A plan that cannot be read is opened again as the user left it."""
    steps = ('echo first > "$plan"', 'grep -q first "$plan" && echo "2 Second" > "$plan"')
    run = planned(TOPIC, "--pick", "--json", steps=steps, answers="y\n")
    assert headings_of(run) == ["Second"]
    assert "line 1 of the plan" in run.err


def test_points_made_before(library: KnowledgeBase, capfd: pytest.CaptureFixture[str]) -> None:
    """A post on the subject names the points of the outline that it made, with the lines where it did; the writer is
    told in the file and at the terminal.
    """
    outline = library.outline("over-smoothing")
    made = [point for post in outline.covered_before for point in post.points]
    assert made
    print_tree(outline, "post.md")
    told, written = capfd.readouterr().err, library.render(outline)
    for point in made:
        lines = (library.root / point.said.path).read_text().split("\n")
        assert point.text in said(outline)
        assert point.said.text in clean("\n".join(lines[point.said.start_line - 1 : point.said.end_line]))
        assert f"kb: this point is already made at {point.said.path}:{point.said.start_line}" in told
        assert f"{point.text}\n" in told
        assert f"Already made there: {point.text} ({point.said.path}:{point.said.start_line}" in written


@pytest.mark.parametrize(
    "topic",
    [
        "graph unlearning",
        "a deep dive into federated graph learning",
        "GNNs and dolomites",
        "LLM agents: tools and memory",
        "harbour cranes with graphs",
    ],
)
def test_a_topic_that_no_note_mentions_is_refused(library: KnowledgeBase, topic: str) -> None:
    """That many notes are on the area of a topic is not enough: one that is cited must know what the topic is about."""
    with pytest.raises(EvidenceError, match=r"none of the notes nearest to .* mentions"):
        library.outline(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "What matters about over-smoothing?",
        "oversmoothing in GNNs",
        "graph neural networks",
        "graph neural networks from first principles: GCN and GAT",
        "LLMs",
        "DPO",
    ],
)
def test_a_topic_is_known_by_any_name(library: KnowledgeBase, topic: str) -> None:
    """The notes may spell it otherwise, and an area is about itself."""
    assert library.outline(topic).sections


def test_a_concept_of_the_topic_that_no_note_mentions_is_named(
    library: KnowledgeBase, capsys: pytest.CaptureFixture[str]
) -> None:
    """An outline on what the notes do know says what they do not, on standard error too."""
    outline = library.outline("graph unlearning with graph attention")
    lacking = [gap.text for gap in outline.gaps if gap.kind == "no evidence"]
    assert lacking == ["no cited note mentions 'Graph unlearning'"]
    print_notices(outline)
    assert f"kb: {lacking[0]}\n" in capsys.readouterr().err


def test_a_concept_of_the_topic_that_is_mentioned_once_is_named(
    default_model: None, notebook: Path, write: Callable[[str, str], Path]
) -> None:
    """Notes on the area of a topic, of which one mentions it in passing, are not passed off as notes on it. One that is
    on it is no such case, however short.
    """
    start = "---\narea: gnn\n---\n# "
    write("notes/one.md", f"{start}Message passing\n\nA graph neural network sums messages over the edges of a node.\n")
    write("notes/two.md", f"{start}Graph pooling\n\nPooling makes a small graph of a large one, layer by layer.\n")
    write("notes/aside.md", f"{start}Graph kernels\n\nKernels compare graphs. We skip graph attention networks here.\n")
    said = "only one passage mentions 'Graph attention network'"
    with KnowledgeBase(notebook) as knowledge:
        knowledge.add(["notes"])
        assert said in [gap.text for gap in knowledge.outline("graph attention networks").gaps]
        write(
            "notes/gat.md",
            f"{start}GAT\n\nA graph attention network weighs each neighbour of a node by a learned attention score, "
            "which a softmax over the neighbours normalises.\n",
        )
        knowledge.add(["notes"])
        assert said not in [gap.text for gap in knowledge.outline("graph attention networks").gaps]


@pytest.mark.parametrize(
    ("topic", "needed", "unfit"),
    [
        ("serving LLMs cheaply", {"continuous-batching", "paged-attention", "kv-cache"}, {"graph-rag", "dlrm"}),
        ("GNNs at scale", {"cluster-gcn", "graphsaint", "distributed-gnn-training"}, {"in-context-learning", "qlora"}),
        ("monitoring ML models", {"concept-drift-monitoring", "training-serving-skew"}, {"graph-rag", "qlora"}),
    ],
)
def test_a_topic_of_an_area_and_a_word(library: KnowledgeBase, topic: str, needed: set[str], unfit: set[str]) -> None:
    """What is asked of an area is read as the concept that it is, not as the word alone."""
    cited = {Path(path).stem for section in library.outline(topic).sections for path in section.notes}
    assert needed <= cited
    assert not unfit & cited


@pytest.mark.parametrize(
    ("topic", "needed", "unfit"),
    [
        ("How to train GNNs on huge graphs", {"cluster-gcn", "graphsaint"}, {"gin", "gcn", "gnn-eta-prediction"}),
        ("How to roll out a new model safely", {"shadow-and-canary-releases"}, {"feature-stores", "dynamic-batching"}),
        ("Predicting when a courier arrives", {"gnn-eta-prediction"}, {"ring-allreduce", "ad-click-prediction"}),
        ("Graphs in recommender systems", {"pinsage", "lightgcn"}, {"dlrm", "wide-and-deep"}),
        ("RAG: retrievers, indexes and graphs", {"graph-rag"}, {"heterogeneous-graph-transformer", "rgcn"}),
        ("Scaling laws and mixture of experts", {"switch-transformer"}, {"in-context-learning"}),
        ("From BPE to attention: what happens inside a transformer", {"byte-pair-encoding"}, {"graph-rag"}),
    ],
)
def test_notes_that_only_lie_near_a_topic_are_no_evidence(
    library: KnowledgeBase, topic: str, needed: set[str], unfit: set[str]
) -> None:
    """A topic that names no concept is read as those that it describes; a note must name what a topic is about, not
    only lie in its area, be found by one word of it, or link to what is about it.
    """
    cited = {Path(path).stem for section in library.outline(topic).sections for path in section.notes}
    assert needed <= cited
    assert not unfit & cited


def test_what_is_asked_of_an_area_is_what_points_are_near_to(library: KnowledgeBase) -> None:
    """A topic that names an area and a concept of it aims at the concept, not at the area as a whole."""

    def nearness(reader: IndexReader) -> tuple[float, float]:
        topic = read_topic(reader, "evaluating language models")
        judge, area = reader.encoder.encode(["benchmarks and judges of model quality", "large language models"])
        return float((topic.aim - topic.vector) @ judge), float((topic.aim - topic.vector) @ area)

    to_evaluation, to_area = library._index.read(nearness)
    assert to_evaluation > to_area


@pytest.mark.parametrize(
    ("text", "facets"),
    [
        ("graph attention: scale and challenges", ("scale", "graph attention challenges")),
        ("attention and recommendation", ()),
        ("GCN and GAT", ("GCN", "GAT")),
        ("from LoRA to quality: when QLoRA pays", ("LoRA", "when QLoRA pays")),
        ("the memory of LLM agents", ()),
    ],
)
def test_the_parts_of_a_topic(library: KnowledgeBase, text: str, facets: tuple[str, ...]) -> None:
    """What stands after a colon are parts, and those of any subject are looked for together with theirs; what `and`
    joins are parts where all of them name concepts.
    """
    assert library._index.read(lambda reader: read_topic(reader, text).facets) == facets


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("how recommender systems find candidates at scale", {"Candidate generation"}),
        ("Training GNNs when the graph does not fit in memory", {"Scalable GNN training"}),
        ("adapting language models to a task", {"Fine-tuning", "In-context learning"}),
        ("recommender systems", set()),
        ("how feature stores prevent skew", set()),
    ],
)
def test_what_a_topic_describes(library: KnowledgeBase, text: str, described: set[str]) -> None:
    """What a topic describes is searched for as well: any concept where it names none, and parts of those that it
    names where it says more than their names.
    """

    def views(reader: IndexReader) -> set[str]:
        return {*read_topic(reader, text).views} & {concept.name for concept in load_concepts(()).all}

    assert library._index.read(views) == described


@pytest.mark.parametrize("topic", ["What to watch after launch", "who to show next", "too many layers"])
def test_a_topic_in_no_words_of_the_areas(library: KnowledgeBase, topic: str) -> None:
    """A topic that clearly describes a concept which notes treat is not refused, whatever its words; one that is only
    a little like a concept is.
    """
    assert library.outline(topic).sections
    with pytest.raises(EvidenceError):
        library.outline("undo the last commit but keep the changes")


@pytest.mark.parametrize(
    ("topic", "area"),
    [("RAG and GraphRAG", None), ("graphs in recommender systems", "gnn"), ("recommender systems", None)],
)
def test_a_topic_within_another_area(library: KnowledgeBase, topic: str, area: str | None) -> None:
    """A topic asks for what it names of an area by words beside that name, not by a name that sounds like the area."""
    assert library._index.read(lambda reader: read_topic(reader, topic).within) == area
