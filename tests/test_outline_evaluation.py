"""Outlines compared with those of writers and with three baselines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder, Run
from test_sections import NOTES, excerpts_of

from kb.errors import InputError
from kb.evaluation.baselines import flat, k_means, own_headings
from kb.evaluation.guided import filled_headings, guided_measures
from kb.evaluation.outlines import (
    OUTLINE_SYSTEMS,
    Attempt,
    OutlineEvaluation,
    OutlineMeasures,
    compare_outlines,
)
from kb.evaluation.written import GoldOutline, GoldSection, load_outlines
from kb.reports import Point, Section

REPOSITORY = Path(__file__).parent.parent
GOLD = GoldOutline(
    topic="letters",
    sections=(GoldSection(heading="first letters", notes=("a", "b")), GoldSection(heading="the end", notes=("z",))),
)


def section(heading: str, *paths: str) -> Section:
    points = tuple(Point(text=f"{path} {heading}", path=path, start_line=1, end_line=1, sha256="") for path in paths)
    return Section(heading=heading, points=points, notes=paths)


def measured(*sections: Section) -> OutlineMeasures:
    """What an outline reaches against the gold one, its first point of each section not standing where it says."""
    made = dict.fromkeys(OUTLINE_SYSTEMS, Attempt(sections, 3))
    table = compare_outlines(
        [GOLD], [made], HashingEncoder(), lambda entry: [False, *(True for _ in entry.points[1:])], 0.1
    )
    return table.systems[-1]


def test_perfect_outline() -> None:
    """The gold outline itself reaches everything but citations that do not hold."""
    best = measured(section("first letters", "a", "b"), section("the end", "z"))
    reached = (best.heading_f1, best.nmi, best.purity, best.tau, best.notes_cited)
    assert reached == pytest.approx((1, 1, 1, 1, 1))
    assert best.citations_valid == pytest.approx(1 / 3)
    assert (best.longest_heading, best.leftovers) == (2, 3)


def test_poor_outline() -> None:
    """One section for all tells nothing apart, a note left out is a group of its own, strangers do not count."""
    assert measured(section("the end", "a", "b", "z")).nmi == 0
    assert 0 < measured(section("the end", "a", "x")).nmi < 1
    assert measured(section("the end", "z"), section("first letters", "a")).tau == -1


def test_nothing_found_counts() -> None:
    """A topic with too little evidence counts as nothing found, and is counted."""
    made = dict.fromkeys(OUTLINE_SYSTEMS, Attempt((section("first letters", "a", "b"),)))
    table = compare_outlines(
        [GOLD, GOLD], [made, made | {"kb": Attempt(())}], HashingEncoder(), lambda entry: [True, True], 0.1
    )
    *baselines, ours = table.systems
    assert table.refused == 1
    assert [other.heading_f1 / 2 for other in baselines] == pytest.approx([ours.heading_f1] * 3)
    assert ours.citations_valid == 1


def test_support_and_repetition() -> None:
    """A point supports a heading that is nearest to it of all, with its label; what is said again counts once."""
    one = section("first letters", "a", "b")
    strange = Point(text="nothing here", label="the end", path="z", start_line=1, end_line=1, sha256="")
    other = section("the end", "z").model_copy(update={"points": (strange, strange)})
    assert measured(one, other).heading_support == 1
    assert measured(one, other).repeated_points == 1
    swapped = one.model_copy(update={"heading": "the end"}), other.model_copy(update={"heading": "first letters"})
    assert measured(*swapped).heading_support == 0


def test_search_of_equal_length() -> None:
    """A search is counted as far as it shows as many notes as the outline cites."""
    made = dict.fromkeys(OUTLINE_SYSTEMS, Attempt((section("first letters", "a", "x"),), found=("b", "y", "z")))
    table = compare_outlines([GOLD], [made], HashingEncoder(), lambda entry: [True, True], 0.1)
    assert table.systems[-1].notes_cited == table.systems[-1].notes_searched == pytest.approx(1 / 3)


def test_given_headings() -> None:
    """A given heading is compared with a search that shows no fewer notes than belong to it, nor than it cites."""
    filled = filled_headings(
        "letters", GOLD.sections, [("a", "x", "y"), ()], {"first letters": ["q", "r", "b", "a"], "the end": ["z", "a"]}
    )
    assert [(entry.cited, entry.searched) for entry in filled] == [(0.5, 0.5), (0.0, 1.0)]
    whole = guided_measures(filled)
    assert whole is not None
    assert (whole.headings, whole.cited, whole.searched) == (2, 0.25, 0.75)
    assert guided_measures([]) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "has no outline"),
        ("{}\n", ":1: topic"),
        ('\n{"topic": "x", "sections": []}\n', ":2: sections"),
        ('{"topic": "x", "sections": [{"heading": "h", "notes": []}]}\n', "notes"),
        ('{"topic": "x", "guided": true, "sections": [{"heading": "h", "notes": ["n"]}]}\n', "guided outlines alone"),
    ],
)
def test_broken_file(tmp_path: Path, text: str, complaint: str) -> None:
    """A file of another form is refused by its name and line."""
    path = tmp_path / "outlines.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint):
        load_outlines(path)


def test_baselines() -> None:
    """Passages go under titles, under the headings over them, or under words of their cluster, quoted once each."""
    evidence = excerpts_of(NOTES)
    vectors = HashingEncoder().encode([entry.chunk.text for entry in evidence])
    titles = {entry.note.title for entry in evidence}
    over = {heading for entry in evidence for heading in entry.chunk.heading_path}
    assert {made.heading for made in flat(evidence)} <= titles
    assert {made.heading for made in own_headings(evidence)} <= over | titles
    for made in (flat(evidence), own_headings(evidence), k_means(evidence, vectors)):
        addresses = [(point.path, point.start_line) for entry in made for point in entry.points]
        assert 2 <= len(made) <= 8
        assert len(set(addresses)) == len(addresses)
    assert k_means(evidence, vectors) == k_means(evidence, vectors)
    assert k_means([], vectors[:0]) == flat([]) == []


@pytest.mark.slow
@pytest.mark.model
def test_outlines_of_a_notebook(
    indexed_notes: Path, tmp_path: Path, kb: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every citation holds, no heading is long or said twice, a topic without evidence counts, a floor can be set."""
    lines = (REPOSITORY / "tests" / "outlines.jsonl").read_text().splitlines()
    nonsense = {"topic": "asdf qwer", "sections": [{"heading": "x", "notes": ["notes/gat.md"]}]}
    path = tmp_path / "outlines.jsonl"
    path.write_text("\n".join([*lines[:2], json.dumps(nonsense), *(line for line in lines if '"guided"' in line)]))
    monkeypatch.chdir(indexed_notes)
    run = kb("eval", "--outline", str(path), "--json")
    read = json.loads(run.out)
    assert read.pop("schema") == "kb.eval-outline/1"
    table = OutlineEvaluation.model_validate(read)
    ours = table.systems[-1]
    assert (table.topics, table.refused, run.code) == (3, 1, 0)
    assert ours.citations_valid == 1
    assert min(topic.heading_f1 for topic in table.by_topic[:2]) > 0.55
    assert table.by_topic[2].headings == ()
    assert max(ours.nearest_points, ours.nearest_headings + 0.1) < 0.9
    assert (ours.longest_heading <= 9, ours.leftovers <= 15) == (True, True)
    assert table.guided is not None
    assert table.guided.headings > 12
    assert table.guided.cited >= 0.8 * table.guided.searched
    path.write_text(lines[0])
    failed = kb("eval", "--outline", str(path), "--fail-under", "1")
    assert failed.code == 1
    assert failed.err.startswith("kb: the outlines' soft F1 is 0.")
    assert failed.out.splitlines()[4].startswith("kb ")
