"""What an outline quotes of a note: runs of sentences, labels, pointers, claims of several notes, contradictions."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace

import numpy as np
import pytest
from conftest import HashingEncoder
from test_sections import excerpts_of

from kb.notes.prose import clean
from kb.outline.points import Candidate, Excerpt, rank_statements, section_points
from kb.outline.post.check import check
from kb.outline.post.quotation import quotation
from kb.outline.post.render import render, template_text
from kb.outline.quoting.choosing import choose, with_opposites
from kb.outline.quoting.comparisons import are_opposite
from kb.outline.quoting.labels import label, label_under
from kb.outline.quoting.pointers import pointer
from kb.outline.quoting.runs import runs
from kb.outline.quoting.worth import worth
from kb.reports import Outline, Point, Section

ENCODER = HashingEncoder()
TODAY = datetime.date(2026, 1, 1)


def quoted(text: str) -> list[str]:
    return [run.text for entry in excerpts_of({"notes/a.md": text}) for run in runs(entry.chunk)]


def points_of(notes: dict[str, str], heading: str = "") -> tuple[Point, ...]:
    """All that can be quoted of some notes, as the points of one section under a heading."""
    excerpts = excerpts_of(notes)
    found = [(index, run) for index, entry in enumerate(excerpts) for run in runs(entry.chunk)]
    vectors = ENCODER.encode([run.text for _, run in found])
    ranked = [Candidate(index, run, 1.0, vector) for (index, run), vector in zip(found, vectors, strict=True)]
    chosen = with_opposites(choose(ranked, excerpts, [], ENCODER.scale), ranked)
    return section_points(chosen, ranked, excerpts, ENCODER.scale, heading)


def holds(point: Point, notes: dict[str, str]) -> bool:
    lines = notes[point.path].split("\n")[point.start_line - 1 : point.end_line]
    return point.text in clean("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The cache of a 13B model takes 800 KB per token. At 2,048 tokens that is 1.6 GB for one request.",
            [
                "The cache of a 13B model takes 800 KB per token.",
                "The cache of a 13B model takes 800 KB per token. At 2,048 tokens that is 1.6 GB for one request.",
            ],
        ),
        (
            "Sampling bounds the cost of a batch. However, it adds variance to every estimate.",
            [
                "Sampling bounds the cost of a batch. However, it adds variance to every estimate.",
            ],
        ),
        ("This halves the memory that the optimiser needs for its state.", []),
        ("Three baselines are trained in the same way as the model:", []),
        ("In this section the sampler is compared with two baselines.", []),
        ("Figure 4 shows the perplexity of the two models over time.", []),
        ("Two papers, one note, because the second explains the first.", []),
        ("If you have to roll a model back in the middle of the night.", []),
        (
            "A request leaves the batch when:\n\n- its last token ends the text, or\n- its budget is used up.\n",
            [
                "A request leaves the batch when: its last token ends the text, or its budget is used up.",
            ],
        ),
    ],
)
def test_the_shortest_run_that_can_be_read(text: str, expected: list[str]) -> None:
    """A sentence that leans on the one before it is quoted with it, a list's item with its lead-in, or not at all."""
    wanted = [entry for entry in expected if len(entry) >= 40]
    assert [entry for entry in quoted(text) if entry in wanted or not wanted] == wanted


def test_a_sentence_whose_last_line_is_a_link() -> None:
    """A line that holds only a link is the end of the sentence before it."""
    text = "- Index: 21 million chunks of 100 words each, searched by\n  [[hnsw]].\n- Reader: a model of 4 GB.\n"
    assert quoted(text)[0] == "Index: 21 million chunks of 100 words each, searched by hnsw."


@pytest.mark.parametrize(
    ("title", "heading", "text", "expected"),
    [
        ("PagedAttention: memory in pages", "Numbers", "Waste falls from 60% to 4% of the cache.", "PagedAttention"),
        ("PagedAttention", "Waste", "PagedAttention keeps the cache in pages.", ""),
        ("GraphSAGE", "Inductive inference", "New nodes get a vector in one pass.", "GraphSAGE: Inductive inference"),
        ("2025-01-31", "Speculative decoding", "The draft has 1% of the weights.", "Speculative decoding"),
        ("2025-01-31", "总结", "草稿模型只有百分之一的权重。", ""),
        ("草稿解码", "接受规则", "每一步至少接受一个词。", "草稿解码: 接受规则"),
        ("Course 2 Week 1", "Drift and skew", "The mean of a feature moves.", "Drift and skew"),
        ("Course 2 Week 1", "Summary", "The mean of a feature moves.", ""),
        ("PagedAttention -- a note", "Numbers", "Waste falls from 60% to 4% of the cache.", "PagedAttention"),
        ("PagedAttention", "One-Line Summary", "Waste falls from 60% to 4%.", "PagedAttention"),
        ("2025-01-31", "Notes", "The draft has 1% of the weights.", ""),
        ("DLRM, a reference model", "Where it hurts", "Tables take 99% of the memory.", "DLRM"),
        ("PagedAttention", "PagedAttention: Waste of memory", "It falls to 4%.", "PagedAttention: Waste of memory"),
        (":brain: PagedAttention", ":rocket: Waste of memory", "It falls to 4%.", "PagedAttention: Waste of memory"),
    ],
)
def test_labels(title: str, heading: str, text: str, expected: str) -> None:
    """A label names the subject that only the title or the heading gives, and only then."""
    assert label(title, [title, heading], text) == expected


@pytest.mark.parametrize(
    ("block", "kind", "text"),
    [
        ("| Method | Memory |\n| --- | --- |\n| paged | 4% |\n", "table", "Method Memory"),
        ("$$\nm = 2 \\times l \\times h\n$$\n", "formula", "$$ m = 2 \\times l \\times h $$"),
        ("```python\nimport torch\ncache = empty(blocks, 16)\n```\n", "code", "cache = empty(blocks, 16)"),
    ],
)
def test_pointers(block: str, kind: str, text: str) -> None:
    """A table, a formula and code are pointed at by their lines, which contain the text that stands for them."""
    note = f"# Pages\n\nThe cache of a request is kept in pages of 16 tokens.\n\n{block}"
    notes = {"notes/a.md": note}
    found = pointer(excerpts_of(notes)[0].chunk)
    assert found is not None
    assert (found[0], found[1].text) == (kind, text)
    quotation, pointing = points_of(notes)
    assert (quotation.kind, pointing.kind) == ("quotation", kind)
    assert holds(pointing, notes)


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("```text\nQ: who reads it\n\nA: everybody\n```\n", (3, 7)),
        ("```text\nfirst block\n```\n\n```text\nsecond block\n```\n", (3, 5)),
    ],
)
def test_a_blank_line_does_not_end_code(code: str, lines: tuple[int, int]) -> None:
    """Code is pointed at from its first line to its last, also if some between are blank; of two blocks, the first."""
    (entry,) = excerpts_of({"notes/a.md": f"# Pages\n\n{code}"})
    found = pointer(entry.chunk)
    assert found is not None
    assert (found[1].start_line, found[1].end_line) == lines


def test_a_claim_of_two_notes_is_one_point() -> None:
    """What two notes say in the same words is quoted once and has both addresses."""
    said = "Averaging neighbours is a low-pass filter on the graph's signal."
    notes = {"notes/a.md": f"# Filters\n\n{said}\n", "notes/b.md": f"# Smoothing\n\nA remark.\n\n{said}\n"}
    (point,) = points_of(notes)
    assert [other.path for other in point.also] == ["notes/b.md"]
    assert all(holds(Point.model_validate(other.model_dump()), notes) for other in point.also)


@pytest.mark.parametrize(
    ("first", "second", "opposite"),
    [
        ("GraphSAGE is faster than GCN on Reddit.", "GCN is faster than GraphSAGE with full batches.", True),
        ("GraphSAGE is faster than GCN on Reddit.", "GraphSAGE is slower than GCN on Cora.", True),
        ("DPO beats PPO on dialogue.", "With enough data PPO outperforms DPO.", True),
        ("DPO is not better than PPO.", "DPO is better than PPO on summaries.", True),
        ("DPO beats PPO on dialogue.", "DPO outperforms PPO on summaries.", False),
        ("DPO beats PPO on dialogue.", "DPO is faster than PPO.", False),
        ("LoRA is cheaper than QLoRA.", "LoRA is cheaper than full tuning of BERT.", False),
    ],
)
def test_opposite_comparisons(first: str, second: str, opposite: bool) -> None:
    """Two comparisons contradict each other if the same two things come out the other way round."""
    assert are_opposite(first, second) == are_opposite(second, first) == opposite


def test_contradictions_stand_side_by_side() -> None:
    """Points that contradict each other follow one another and are marked with each other's address."""
    notes = {
        "notes/a.md": "# Tuning\n\nDPO beats PPO on dialogue with 60% of wins.\n\nLabels are noisy in 20% of pairs.\n",
        "notes/b.md": "# Rewards\n\nWith enough data PPO outperforms DPO on every task.\n",
    }
    points = points_of(notes)
    marked = [number for number, point in enumerate(points) if point.contradicts]
    assert len(marked) == 2
    assert marked[1] == marked[0] + 1
    assert {place.path for number in marked for place in points[number].contradicts} == {"notes/a.md", "notes/b.md"}


@pytest.mark.parametrize(
    ("heading", "first"),
    [("Locks and their gates", "notes/b.md"), ("Weirs", "notes/a.md"), ("Harbours", "notes/a.md")],
)
def test_a_section_opens_with_the_note_that_it_is_named_after(heading: str, first: str) -> None:
    """Whichever of its notes is most to the point; where the heading names none, that one comes first."""
    notes = {
        "notes/a.md": "# Weirs: an overview\n\nA weir holds the water of a river back at a given level.\n",
        "notes/b.md": "# Locks\n\nA lock lifts boats from one level of a canal to another one.\n",
    }
    assert points_of(notes, heading)[0].path == first


def test_a_note_in_its_order() -> None:
    """Points of one note stand together: the claim, then the numbers, then the limits."""
    note = (
        "# Paging\n\nWaste falls to 4% of the cache with blocks of sixteen.\n\n"
        "Blocks fail to help a server that has one user.\n\nVirtual memory is the model for the allocator of blocks.\n"
    )
    texts = [point.text for point in points_of({"notes/a.md": note})]
    assert [text.split()[0] for text in texts] == ["Virtual", "Waste", "Blocks"]


def test_a_post_with_labels_and_pointers_is_checked() -> None:
    """The label is no part of the quotation, a pointer says what and where, and every citation holds."""
    notes = {
        "notes/a.md": "# PagedAttention\n\n## Waste\n\nFour percent of the memory is lost to half-empty blocks.\n\n"
        "| Method | Waste |\n| --- | --- |\n| paged | 4% |\n"
    }
    points = points_of(notes)
    section = Section(heading="Memory", points=points, notes=("notes/a.md",))
    outline = Outline(topic="memory", title="Memory", area="llm", sections=(section,))
    for form in ("comment", "footnote"):
        post = render(outline, template_text("plain"), TODAY, form)
        assert re.search(
            r'^- \*\*PagedAttention.*\*\* · "Four percent of the memory is lost to half-empty blocks\."', post, re.M
        )
        assert re.search(r"^- \*\*PagedAttention.*\*\* · \[table\] `notes/a\.md:7-9`", post, re.M)
        assert [entry.state for entry in check(post, notes)] == ["holds", "holds"]


@pytest.mark.parametrize(
    ("heading", "label", "shown"),
    [
        ("Memory", "PagedAttention: Waste", "**PagedAttention: Waste** · "),
        ("PagedAttention: memory in pages", "PagedAttention: Waste", "**Waste** · "),
        ("PagedAttention", "PagedAttention", ""),
        ("Sorting with many small", "Sorting with many small hands", ""),
    ],
)
def test_a_label_does_not_repeat_the_heading_above(heading: str, label: str, shown: str) -> None:
    """Below a heading that names the subject, a point is labelled with the rest of its label only."""
    point = Point(text="Four percent is lost.", path="a.md", start_line=1, end_line=1, sha256="0", label=label)
    text = point.text if not shown else f'"{point.text}"'
    assert quotation(point, heading) == f"{shown}{text}"


def test_no_sentence_is_quoted_twice() -> None:
    """Of a sentence and a run that contains it, one is chosen."""
    text = "The cache of a 13B model takes 800 KB per token. At 2,048 tokens that is 1.6 GB for one request.\n"
    excerpts: list[Excerpt] = excerpts_of({"notes/a.md": text})
    found = runs(excerpts[0].chunk)
    ranked = [
        Candidate(0, run, 1.0, vector)
        for run, vector in zip(found, np.eye(len(found), 9, dtype=np.float32), strict=True)
    ]
    assert len(found) == 2
    assert len(choose(ranked, excerpts, [], ENCODER.scale)) == 1


def ranked_of(notes: dict[str, str]) -> tuple[list[Excerpt], list[Candidate]]:
    """What can be quoted of some notes, best first, for a topic that none of them is near to."""
    excerpts = excerpts_of(notes)
    vectors = ENCODER.encode([entry.chunk.text for entry in excerpts])
    return excerpts, rank_statements(excerpts, vectors, ENCODER.encode(["zebra"])[0], ENCODER)


@pytest.mark.parametrize(
    "opening",
    [
        "A lock is a chamber that lifts boats from one level to another.",
        "TL;DR: chambers with two gates can lift boats from one level to another.",
        "Boats change their level in a chamber with a gate at either end.",
    ],
)
def test_a_section_opens_with_what_its_note_opens_with(opening: str) -> None:
    """What a note is about comes first, also before numbers, limits and comparisons that are nearer to the topic."""
    note = (
        f"# Locks\n\n{opening} Most of them are old.\n\n## Numbers\n\n"
        "Draining a chamber takes 12 minutes with pumps, and 30 minutes without.\n\n## Harbour\n\n"
        "Harbour pumps are faster than the gates of a harbour, but cost more.\n\n"
        "Harbour gates fail in a flood because the harbour is too shallow.\n"
    )
    excerpts, ranked = ranked_of({"notes/locks.md": note})
    points = section_points(choose(ranked, excerpts, [], ENCODER.scale, 2), ranked, excerpts, ENCODER.scale, "")
    assert points[0].text.startswith(opening.removeprefix("TL;DR: "))


@pytest.mark.parametrize(
    ("start", "leads"),
    [
        ("Rules, 1998.", True),
        ("My rewrite of a talk.", True),
        ("This was new to me.", True),
        ("$$h = 2$$\n\nRules, 1998.", False),
        ("- A list.\n\n", False),
    ],
)
def test_where_the_first_sentence_cannot_be_quoted_the_next_one_leads(start: str, leads: bool) -> None:
    """The paragraph that a note begins with says what the note is about, also where it begins with a remark; what
    follows a formula or a list does not.
    """
    note = f"# Locks\n\n{start} Boats change their level in a chamber with a gate at either end. Most are old by now.\n"
    _, ranked = ranked_of({"notes/locks.md": note})
    assert [entry.statement.text.split()[0] for entry in ranked if entry.leads] == ["Boats"] * leads


def test_a_section_of_one_note_has_what_that_opens_with() -> None:
    """Also where other statements of the note are nearer to the topic; of two notes, each has its best statement."""
    note = (
        "# Locks\n\nA lock is a chamber for boats of any kind and of all sizes.\n\n## Zebra\n\n"
        "Stripes keep most of the flies away from a zebra.\n\n## Sleep\n\nA horse sleeps on its feet beside others.\n\n"
        "## Lions\n\nLions hunt in the cool hours before the sun rises.\n"
    )
    excerpts, ranked = ranked_of({"notes/locks.md": note})
    late = sorted(ranked, key=lambda entry: entry.leads)  # the opening is the worst of all
    assert [entry.leads for entry in choose(late, excerpts, [], ENCODER.scale, 2)] == [False, True]
    assert not any(entry.leads for entry in choose(late, excerpts, [], ENCODER.scale, 1))


@pytest.mark.parametrize(
    "first",
    [
        "A lock is a chamber that lifts boats from one level to another.",
        "The paper proposes a chamber that lifts boats from one level to another.",
    ],
)
def test_what_a_subject_is_comes_before_a_motto(first: str) -> None:
    """A note that opens with a motto or with what others do is quoted first where it says what its subject is."""
    note = f"# Locks\n\nWater never climbs a hill of its own will.\n\n## Chambers\n\n{first}\n"
    excerpts, ranked = ranked_of({"notes/locks.md": note})
    points = section_points(ranked, ranked, excerpts, ENCODER.scale, "Locks")
    assert points[0].text == first


def test_works_named_far_below_do_not_lead_a_survey() -> None:
    """What some authors propose is what a note is about where the note begins with it, and one work of many below."""
    said = "Person et al. (2023) propose a lock that lifts boats by the weight of rain."
    survey = f"# Locks\n\nBoats are lifted by water.\n\n## Works\n\n{said}\n"
    excerpts = excerpts_of({"survey.md": survey, "work.md": f"# A rain lock\n\n{said}\n"})
    vectors = ENCODER.encode([entry.chunk.text for entry in excerpts])
    ranked = rank_statements(excerpts, vectors, vectors[0], ENCODER)
    leading = {excerpts[entry.excerpt].note.path: entry.leads for entry in ranked if entry.statement.text == said}
    assert leading == {"survey.md": False, "work.md": True}


@pytest.mark.parametrize("heading", ["TL;DR", "One-line summary", "In short", "The key idea", "摘要"])
def test_a_note_leads_with_its_summary(heading: str) -> None:
    """What stands under a heading that announces a summary is what the note has to say, wherever that heading is."""
    note = (
        "# Locks\n\nSee the map of the harbour.\n\n## Harbour\n\nHarbour pumps are faster than its gates.\n\n"
        f"## {heading}\n\nBoats change their level in a chamber with a gate at either end. Most are old by now.\n"
    )
    _, ranked = ranked_of({"notes/locks.md": note})
    assert [entry.statement.text.split()[0] for entry in ranked if entry.leads] == ["Boats"]


def test_a_section_of_several_notes_has_the_lead_of_the_first() -> None:
    """The note that a section begins with says what it is about, also where each note has room for one statement."""
    locks = (
        "# Locks\n\nA lock is a chamber for boats.\n\n## Zebra\n\nStripes keep most of the flies away from a zebra.\n"
    )
    tows = "# Tow paths\n\n## Care\n\nTow paths flood in spring near the mill.\n"
    excerpts, ranked = ranked_of({"notes/locks.md": locks, "notes/tows.md": tows})
    late = sorted(ranked, key=lambda entry: (entry.leads, excerpts[entry.excerpt].note.path))
    assert any(entry.leads for entry in choose(late, excerpts, [], ENCODER.scale, 2))


def test_a_section_has_a_result_if_its_notes_have_one() -> None:
    """Where none of the best points gives numbers, a point that does takes the place of the last one; it is no point of
    another note, and no setting of an experiment.
    """
    note = (
        "# Locks\n\nA lock is a chamber for boats.\n\n## Zebra\n\nStripes keep most of the flies away from a zebra.\n\n"
        "## Lions\n\nLions hunt in the cool hours before the sun rises.\n\n"
        "## Water\n\nThe new gates lose 30% less water than the old ones.\n\n"
        "## Settings\n\nThe pumps were trained with Adam, a learning rate of 3 points and a dropout of 10%.\n"
    )
    excerpts, ranked = ranked_of(
        {"notes/locks.md": note, "notes/tows.md": "# Tows\n\nTow paths are 40% of all paths.\n"}
    )
    own = [entry for entry in ranked if excerpts[entry.excerpt].note.path == "notes/locks.md"]
    late = sorted(own, key=lambda entry: any(map(str.isdigit, entry.statement.text)))
    chosen = choose(late, excerpts, [], ENCODER.scale, 3)
    assert len(chosen) == 3
    assert [entry.statement.text for entry in chosen if "%" in entry.statement.text] == [
        "The new gates lose 30% less water than the old ones."
    ]
    without = [entry for entry in late if "30%" not in entry.statement.text]
    assert not any("%" in entry.statement.text for entry in choose(without, excerpts, [], ENCODER.scale, 2))


def test_the_definition_of_a_heading_is_worth_more_than_a_remark() -> None:
    """Of two statements as near to the topic, the one that says what the heading names is chosen."""
    note = (
        "# Waterways\n\nCanals carry sand and stone.\n\n## Tow paths\n\nTow paths flood in spring near the mill.\n\n"
        "A tow path is the strip along a canal on which horses pull the boats.\n"
    )
    _, ranked = ranked_of({"notes/a.md": note})
    texts = [entry.statement.text.split()[0] for entry in ranked]
    assert texts.index("A") < texts.index("Tow")


def test_the_opening_of_a_note_counts_as_far_as_the_note_does() -> None:
    """What opens a note that bears little on the topic is chosen for what it says, not because it opens the note."""
    text = "# Locks\n\nBoats change their level in a chamber with a gate at either end.\n"
    (excerpt,) = excerpts_of({"notes/a.md": text})
    vectors = ENCODER.encode([text])
    best, far = (
        rank_statements([replace(excerpt, share=share)], vectors, vectors[0], ENCODER)[0].score for share in (1.0, 0.25)
    )
    assert best > far


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("The gates close in time after a week of training.", "Gates: Adam, dropout of 0.2 and 512 hidden units."),
        ("With a dropout of 0.2 and Adam the gates reach 96%.", "The gates use a dropout of 0.2 and Adam."),
        ("Gates need oil in winter.", "Rusty gates of an old harbour in winter."),
    ],
)
def test_a_claim_is_worth_more_than_settings_and_titles(better: str, worse: str) -> None:
    """What a run was trained with, and a phrase without a verb, are chosen after a sentence that claims something."""
    assert worth(better) > worth(worse)


def test_a_longer_statement_is_worth_more_up_to_a_length() -> None:
    """A remark of a few words says less than a sentence; of two that say enough, the longer one is worth no more."""
    said = [" ".join(["Gates need oil", *["in", "winter"] * count]) for count in (1, 6, 12, 40)]
    assert worth(said[0]) < worth(said[1]) < worth(said[2]) == worth(said[3])


@pytest.mark.parametrize(("likely", "count"), [(1.0, 7), (0.99, 6), (0.6, 4), (0.1, 3)])
def test_a_note_has_points_as_surely_as_it_is_on_the_topic(likely: float, count: int) -> None:
    """In a section of its own, a note that only touches the topic has three points, and one that is on it six."""
    said = (
        "Harbour pumps cost more than the gates of a canal.",
        "Lions hunt in the cool hours before the sun rises.",
        "A horse sleeps on its feet beside all others.",
        "Stripes keep most of the flies away from zebras.",
        "Old mills grind wheat into flour with heavy stones.",
        "Snow melts late on northern slopes of high mountains.",
        "Bakers knead dough until no lumps remain inside.",
        "Copper wires carry current better than iron ones do.",
        "Ships from Genoa brought silk across wide seas.",
    )
    claims = "\n\n".join(f"## Part {number}\n\n{claim}" for number, claim in enumerate(said))
    excerpts, ranked = ranked_of({"notes/locks.md": f"# Locks\n\n{claims}\n"})
    judged = [replace(excerpt, likely=likely) for excerpt in excerpts]
    assert len(choose(ranked, judged, [], ENCODER.scale)) == count


def test_an_outline_quotes_the_opening_of_a_note_that_only_other_passages_are_found_of() -> None:
    """The passage that opens a note gives its first sentence, under the note's subject, though it is no evidence."""
    note = (
        "# Locks\n\nBoats change their level in a chamber with a gate at either end.\n\n## Harbour\n\n"
        "Harbour pumps are faster than the gates of a harbour, but cost more.\n"
    )
    opening, found = excerpts_of({"notes/locks.md": note})
    excerpts = [replace(found, opening=opening.chunk)]
    vectors = ENCODER.encode([found.chunk.text])
    ranked = rank_statements(excerpts, vectors, vectors[0], ENCODER)
    points = section_points(choose(ranked, excerpts, [], ENCODER.scale), ranked, excerpts, ENCODER.scale, "")
    assert [(point.label, point.start_line) for point in points] == [("Locks", 3), ("Locks", 7)]
    assert all(holds(point, {"notes/locks.md": note}) for point in points)


@pytest.mark.parametrize(
    ("text", "labelled"),
    [
        ("The results of a lock show that pumps pay for themselves.", ""),
        ("The model of a lock by Doe drains by pumps in 12 minutes.", ""),
        ("The framework drains a lock in 12 minutes.", "Lock pumps"),
        ("The key idea is to drain a lock with pumps.", "Lock pumps"),
        ("The authors drain a lock with pumps in 12 minutes.", "Lock pumps"),
    ],
)
def test_a_subject_that_its_sentence_does_not_name_has_a_label(text: str, labelled: str) -> None:
    """A generic subject is labelled with what it is, also where the sentence has the words of the title."""
    (point,) = points_of({"notes/a.md": f"# Lock pumps\n\n{text}\n"})
    assert (point.text, point.label) == (text, labelled)


def test_a_subject_that_nothing_names_is_not_quoted() -> None:
    """Where neither sentence, heading nor title says what a generic subject is, the sentence is no candidate."""
    text = "The framework drains a large chamber in 12 minutes.\n\nPumps drain a chamber of 300 cubic metres.\n"
    for title, begins in (("2025-01-31", ["Pumps"]), ("Lock pumps", ["Pumps", "The"])):
        _, ranked = ranked_of({"notes/a.md": f"# {title}\n\n{text}"})
        assert sorted(entry.statement.text.split()[0] for entry in ranked) == begins


@pytest.mark.parametrize(
    ("heading", "own", "shown"),
    [
        ("GAIA", "GAIA", ""),
        ("GPQA and GAIA", "GAIA", "GAIA"),
        ("Cluster-GCN and GraphSAINT", "GraphSAINT: Samplers", "GraphSAINT: Samplers"),
        ("Ring all-reduce and Horovod", "Ring all-reduce and Horovod: Cost", "Cost"),
        ("GAIA: a benchmark of assistants and agents", "GAIA: Levels", "Levels"),
    ],
)
def test_a_heading_of_two_subjects_does_not_say_which_is_meant(heading: str, own: str, shown: str) -> None:
    """A label repeats no subject of its heading, but where that names another one besides."""
    assert label_under(heading, own) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("allocates memory in pages.", '**PagedAttention** · "allocates memory in pages."'),
        ("élargit la mémoire en pages.", '**PagedAttention** · "élargit la mémoire en pages."'),
        ("vllm-bench measures the waste.", "vllm-bench measures the waste."),
        ("The waste is four percent.", "The waste is four percent."),
    ],
)
def test_what_goes_on_from_its_label_keeps_it(text: str, shown: str) -> None:
    """A point that begins in mid-sentence has its label below any heading, one that begins with a name need not."""
    point = Point(text=text, path="a.md", start_line=1, end_line=1, sha256="0", label="PagedAttention")
    assert quotation(point, "PagedAttention: memory in pages") == shown
