"""`KnowledgeBase.search`: what is found, how it is shown, and in what state its file is."""

from __future__ import annotations

import datetime
import gc
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import HashingEncoder, Run

from kb.errors import EncoderError, InputError
from kb.index.cache import KEPT_ANSWERS
from kb.index.reader import IndexReader, Passing
from kb.knowledge import KnowledgeBase
from kb.models import Filter, Mode
from kb.reports import SearchResult
from kb.search import answer as answering
from kb.search.find import MAX_CONDITIONS, find, spelled
from kb.search.query import MAX_COMPOUND, MAX_LENGTH
from kb.search.ranking import Ranking
from kb.sync.tags import notice_unknown_tags

Write = Callable[[str, str], Path]
MODES: tuple[Mode, ...] = ("hybrid", "dense", "lexical")
DAY = datetime.date


def note(body: str, area: str = "gnn", **keys: str) -> str:
    lines = [f"{key}: {value}" for key, value in {"area": area, **keys}.items()]
    return "\n".join(["---", *lines, "---", body, ""])


def paths(result: SearchResult) -> list[str]:
    return [Path(hit.path).stem for hit in result.hits]


ZEBRAS = {
    "notes/one.md": note("zebra", title="One", date="2024-01-31", tags="[Herd, big]"),
    "notes/two.md": note("zebra stripes", area="llm", date="2024-02-01", tags="[herd]"),
    "notes/three.md": note("zebra stripes again", area="ml-systems", tags="[big]"),
    "notes/four.md": note("zebra stripes again and again", area="detour", date="2025-06-01"),
    "notes/five.md": note("# Far\n\nlion tiger bear wolf\n\n# Near\n\nthe last zebra of all\n"),
    "notes/post.md": note("zebra", kind="post", date="2024-03-01"),
    "notes/skeleton.md": note("zebra", kind="outline"),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """Five notes, a post and a skeleton that all speak of zebras. Not to be changed by a test."""
    root = tmp_path_factory.mktemp("zebras")
    (root / "notes").mkdir()
    for path, text in ZEBRAS.items():
        (root / path).write_text(text)
    with KnowledgeBase(root, create=True, encoder=HashingEncoder()) as opened:
        opened.add([root / "notes"])
        yield opened


@pytest.fixture
def living(library: KnowledgeBase, notebook: Path) -> Iterator[KnowledgeBase]:
    """A copy of that notebook, to be changed."""
    shutil.copytree(library.root, notebook, dirs_exist_ok=True)
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (Filter(), {"one", "two", "three", "four", "five"}),
        (Filter(areas=("gnn",)), {"one", "five"}),
        (Filter(areas=("llm", "detour")), {"two", "four"}),
        (Filter(tags=("herd",)), {"one", "two"}),
        (Filter(tags=("HERD", "big")), {"one"}),
        (Filter(tags=("nothing",)), set()),
        (Filter(since=DAY(2024, 2, 1)), {"two", "four"}),
        (Filter(until=DAY(2024, 1, 31)), {"one"}),
        (Filter(since=DAY(2024, 1, 31), until=DAY(2024, 2, 1)), {"one", "two"}),
        (Filter(kinds=("post",)), {"post"}),
        (Filter(kinds=("note", "post", "outline"), areas=("gnn",)), {"one", "five", "post", "skeleton"}),
    ],
    ids=lambda value: value.model_dump_json(exclude_defaults=True) if isinstance(value, Filter) else "",
)
def test_filters(library: KnowledgeBase, filter: Filter, found: set[str]) -> None:
    """In each mode a filter takes any of its areas, all of its tags, inclusive dates, and posts on request."""
    for mode in MODES:
        assert set(paths(library.search("zebra", filter=filter, mode=mode))) == found


@pytest.mark.parametrize("mode", MODES)
def test_hits_are_ranked(library: KnowledgeBase, mode: Mode) -> None:
    """Hits are numbered from 1, best first, and only the sides that were asked give scores."""
    result = library.search("zebra stripes", mode=mode)
    assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    for hit in result.hits:
        assert (hit.scores.dense is None) == (mode == "lexical")
        assert mode != "dense" or hit.scores.lexical is None
    assert (result.mode, result.query, result.good_match) == (mode, "zebra stripes", True)


def test_hit_has_its_address(library: KnowledgeBase) -> None:
    """A hit shows the best passage of its note with heading, lines and text as they are in the file."""
    hit = next(hit for hit in library.search("last zebra").hits if hit.path == "notes/five.md")
    assert hit.heading_path[-1] == "Near"
    assert "the last zebra" in hit.snippet
    lines = (library.root / hit.path).read_text().split("\n")
    assert hit.text == "\n".join(lines[hit.start_line - 1 : hit.end_line])


@pytest.mark.parametrize("mode", MODES)
def test_limit_counts_notes(knowledge: KnowledgeBase, write: Write, mode: Mode) -> None:
    """A note with many matching passages is one hit, its further passages are listed, and others have room."""
    write("notes/many.md", note("\n\n".join(f"# Part {n}\n\nzebra number {n} after {n * 7}" for n in range(300))))
    for name in ("b", "c"):
        write(f"notes/{name}.md", note(f"zebra and {name}"))
    knowledge.add(["notes"])
    result = knowledge.search("zebra", limit=2, mode=mode)
    assert len(result.hits) == len(set(paths(result))) == 2
    everything = knowledge.search("zebra", limit=10, mode=mode)
    assert set(paths(everything)) == {"many", "b", "c"}
    many = next(hit for hit in everything.hits if hit.path == "notes/many.md")
    places = [many.start_line, *(passage.start_line for passage in many.passages)]
    assert len(places) == len(set(places)) > 1
    assert all(passage.score <= many.score for passage in many.passages)


def test_explanation_adds_up(library: KnowledgeBase) -> None:
    """What an explanation says makes up the raw score, and the order of scores is that of raw scores."""
    hits = library.search("zebra stripes", explain=True, filter=Filter(tags=("herd",))).hits
    raw = [hit.explain.raw for hit in hits if hit.explain]
    assert raw == sorted(raw, reverse=True)
    for hit in hits:
        how = hit.explain
        assert how
        parts = how.standing + how.words + how.near + how.passage + how.titled + how.boilerplate
        assert how.raw == pytest.approx(parts, abs=3e-4)
        assert "zebra" in {term.term for term in how.terms}
        assert all(term.weight > 0 for term in how.terms)
        assert how.filters == ("tags: herd",)
        assert 0 <= hit.score <= how.answered <= 1
    assert all(hit.explain is None for hit in library.search("zebra").hits)


@pytest.mark.parametrize("mode", ["dense", "lexical"])
def test_one_side_is_shown_as_it_is(library: KnowledgeBase, mode: Mode) -> None:
    """With one side alone the score is the cosine or the bm25 itself."""
    for hit in library.search("zebra stripes", mode=mode).hits:
        assert hit.score == pytest.approx(getattr(hit.scores, mode), abs=1e-4)


def test_changed_files_are_said(living: KnowledgeBase, write: Write, notebook: Path) -> None:
    """A hit whose file says something else is `changed`; one that was only touched is `current`."""
    write("notes/one.md", note("a zebra no more", title="One"))
    os.utime(notebook / "notes/two.md", (1, 1))
    write("notes/new.md", note("zebra"))
    result = living.search("zebra")
    assert {Path(hit.path).stem for hit in result.hits if hit.state == "changed"} == {"one"}
    assert result.changed_notes == 2
    living.sync()
    after = living.search("zebra")
    assert ({hit.state for hit in after.hits}, after.changed_notes) == ({"current"}, 0)
    assert "new" in paths(after)


def test_gone_files_are_dropped(living: KnowledgeBase, notebook: Path) -> None:
    """A note whose file is gone is no hit; it is named, and counted as a change."""
    (notebook / "notes/one.md").unlink()
    result = living.search("zebra")
    assert "one" not in paths(result)
    assert [hit.rank for hit in result.hits] == [1, 2, 3, 4]
    assert (result.missing, result.changed_notes) == (("notes/one.md",), 1)


def test_gone_files_leave_room(knowledge: KnowledgeBase, write: Write, notebook: Path) -> None:
    """However many of the best notes are gone, the best that remains is still found."""
    for number in range(8):
        write(f"notes/gone-{number}.md", note("zebra"))
    write("notes/left.md", note("zebra and quite a few other words beside it"))
    knowledge.add(["notes"])
    for file in (notebook / "notes").glob("gone-*.md"):
        file.unlink()
    assert paths(knowledge.search("zebra", limit=1)) == ["left"]


def test_autosync(write: Write, notebook: Path) -> None:
    """With `autosync = true` a search sees what was written just before."""
    write("kb.toml", "autosync = true\n")
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        write("notes/one.md", note("zebra"))
        knowledge.add(["notes"])
        write("notes/two.md", note("zebra stripes"))
        (notebook / "notes/one.md").unlink()
        result = knowledge.search("zebra")
    assert (paths(result), result.changed_notes, result.missing) == (["two"], 0, ())


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "'; DROP TABLE notes; --",
        "zebra NEAR stripes",
        "NEAR(zebra stripes, 2)",
        "zebra* AND (stripes OR",
        "-zebra +stripes ^again",
        "text:zebra {title text}:stripes",
        "title: [x](y) `code` $x_i$",
        "!?*()[]{}\\/",
        "斑馬 ζέβρα зебра 🦓 zébra",
        "\u202ezebra\u0000\u200b",
        "\ud83d zebra",
        "NOT",
        "%_%",
        "zebra " * 1_666,
        " ".join(f"w{n}" for n in range(1_800)),
        "z" * 10_000,
    ],
    ids=range(17),
)
def test_any_query_is_safe(library: KnowledgeBase, query: str) -> None:
    """No punctuation, script or length of a query is an error, in any mode."""
    for mode in MODES:
        result = library.search(query, mode=mode)
        assert result.query == query
        assert "zebra" not in query.lower().split() or "one" in paths(result)


@pytest.mark.parametrize("query", ["", "  \n\t "])
def test_empty_query(library: KnowledgeBase, query: str) -> None:
    """An empty query is wrong usage."""
    with pytest.raises(InputError, match="query is empty"):
        library.search(query)


@pytest.mark.parametrize("limit", [0, -1])
def test_wrong_limit(library: KnowledgeBase, limit: int) -> None:
    """A limit below one is wrong usage, and the message says the value."""
    with pytest.raises(InputError, match=str(limit)):
        library.search("zebra", limit=limit)


def test_nothing_indexed(knowledge: KnowledgeBase) -> None:
    """A search in an empty notebook finds nothing, which is no error."""
    for mode in MODES:
        result = knowledge.search("zebra", mode=mode)
        assert (result.hits, result.good_match) == ((), False)


def test_another_encoder_is_refused(living: KnowledgeBase, notebook: Path) -> None:
    """Vectors of another encoder are not compared; words still are, and a sync repairs it."""
    other = HashingEncoder()
    other.fingerprint = "other"
    with KnowledgeBase(notebook, encoder=other) as knowledge:
        with pytest.raises(EncoderError, match="kb sync"):
            knowledge.search("zebra")
        assert "one" in paths(knowledge.search("zebra", mode="lexical"))
        knowledge.sync()
        assert "one" in paths(knowledge.search("zebra"))


def test_second_reader_sees_what_was_added(living: KnowledgeBase, write: Write, notebook: Path) -> None:
    """A reader that stays open finds what another process of the notebook published meanwhile."""
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as reader:
        assert "late" not in paths(reader.search("zebra"))
        for name in ("late", "later", "latest"):
            write(f"notes/{name}.md", note(f"zebra {name}"))
            living.sync()
        assert {"late", "later", "latest"} <= set(paths(reader.search("zebra")))


@pytest.mark.model
@pytest.mark.parametrize("query", ["caf\udce9 zebra", "🦓" * 3_000, '"NEAR" * \u0000'])
def test_command_line_takes_any_query(kb: Callable[..., Run], indexed_notes: Path, query: str) -> None:
    """The command line with the real model answers any query in JSON, also one that is not valid Unicode."""
    answer = kb("search", "--notebook", str(indexed_notes), "--json", query)
    assert (answer.code, answer.out[:1]) == (0, "{"), answer.err


@pytest.mark.model
def test_good_match(indexed_notes: Path) -> None:
    """A question that the notes answer is a good match; a string of nonsense is none."""
    with KnowledgeBase(indexed_notes) as knowledge:
        result = knowledge.search("over-smoothing: deep graph networks make all nodes alike")
        assert result.good_match
        assert "over-smoothing" in paths(result)[:3]
        assert not knowledge.search("xqzv blorp wuggle").good_match


# --- what a query may say ---


@pytest.mark.parametrize("mode", MODES)
def test_exact_words_must_stand_in_a_note(living: KnowledgeBase, mode: Mode) -> None:
    """A quoted phrase leaves the notes that have it word after word, however far the others are from it."""
    assert set(paths(living.search('"zebra stripes"', mode=mode))) == {"two", "three", "four"}
    assert set(paths(living.search('"stripes again and"', mode=mode))) == {"four"}
    assert set(paths(living.search('zebra "lion tiger"', mode=mode))) == {"five"}


@pytest.mark.parametrize("mode", MODES)
def test_what_is_not_wanted_is_left_out(living: KnowledgeBase, mode: Mode) -> None:
    """A note that has an excluded word or phrase anywhere is left out."""
    assert set(paths(living.search("zebra -stripes", mode=mode))) == {"one", "five"}
    assert set(paths(living.search('zebra -tiger -"again and again"', mode=mode))) == {"one", "two", "three"}


def test_a_beginning_finds_its_words(living: KnowledgeBase) -> None:
    """A word that ends in a star finds what begins so, and marks it."""
    result = living.search("strip* zeb*", mode="lexical", explain=True)
    assert set(paths(result)) == {"one", "two", "three", "four", "five"}
    assert paths(result)[-1] in ("one", "five")
    assert result.hits[0].explain
    assert {term.term for term in result.hits[0].explain.terms} == {"strip*", "zeb*"}


def test_quotes_in_prose_are_emphasis(living: KnowledgeBase) -> None:
    """In a query of many words a quotation narrows nothing down."""
    question = 'which of all my many notes say what a "lion tiger" has to do with any zebra at all'
    assert set(paths(living.search(question))) == {"one", "two", "three", "four", "five"}


def test_what_names_a_note_finds_it(knowledge: KnowledgeBase, write: Write) -> None:
    """Authors, tags and the work a note is about are words of the note, though only its front matter has them."""
    front = "area: gnn\nauthors: [Ada Lovelace]\ntags: [engines]\nsource: https://arxiv.org/abs/1609.02907"
    write("notes/a.md", f"---\n{front}\n---\n# Looms\n\nIt weaves.\n")
    write("notes/b.md", note("It spins."))
    knowledge.add(["notes"])
    for query in ("Lovelace", "engines", "1609.02907"):
        assert paths(knowledge.search(query, mode="lexical")) == ["a"]
        assert paths(knowledge.search(query))[0] == "a"


@pytest.mark.parametrize("query", ["zebrafish", "ultra-light"])
def test_a_compound_is_found_however_it_is_written(knowledge: KnowledgeBase, write: Write, query: str) -> None:
    """A compound that no note has in one word is looked up with a hyphen, and one with a hyphen in one word."""
    write("notes/a.md", note("The zebra-fish is ultralight."))
    write("notes/b.md", note("A zebra on its own, beside some fish."))
    knowledge.add(["notes"])
    assert paths(knowledge.search(query, mode="lexical"))[0] == "a"


def test_boilerplate_gives_way(knowledge: KnowledgeBase, write: Write) -> None:
    """A passage that stands beside others in many notes is weighed down; notes that are copies throughout are not."""
    footer = "# Colophon\n\nzebra newsletter, written with care for its readers"
    for name in "abcd":
        write(f"notes/{name}.md", note(f"About {name}.\n\n{footer}"))
    knowledge.add(["notes"])
    parts = knowledge.search("zebra newsletter", explain=True).hits[0]
    assert parts.explain
    assert parts.explain.boilerplate < 0
    for name in "abcd":
        write(f"notes/{name}.md", note(footer))
    knowledge.sync()
    whole = knowledge.search("zebra newsletter", explain=True).hits[0]
    assert whole.explain
    assert whole.explain.boilerplate == 0


def test_near_identical_passages_are_shown_once(knowledge: KnowledgeBase, write: Write) -> None:
    """A note that says what a better hit says points there; what is quoted once is not quoted again."""
    said = " ".join(f"zebra{number} runs" for number in range(30))
    write("notes/a.md", note(said))
    write("notes/b.md", note(said + " away"))
    write("notes/c.md", note(f"zebra1 sleeps\n\n## Again\n\n{said}"))
    knowledge.add(["notes"])
    hits = knowledge.search("zebra1").hits
    assert {hit.path for hit in hits} == {"notes/a.md", "notes/b.md", "notes/c.md"}
    best = [hit.text for hit in hits if not hit.same_as]
    further = [passage.text for hit in hits for passage in hit.passages]
    assert sum("zebra29" in text for text in best + further) == 1
    assert {hit.same_as.split(":")[0] for hit in hits if hit.same_as} <= {hit.path for hit in hits}


def test_a_phrase_that_nobody_has_binds_nobody(notebook: Path, living: KnowledgeBase) -> None:
    """Where no note has the exact words, that is said, and the words are looked up one by one."""
    said: list[str] = []
    with KnowledgeBase(notebook, encoder=HashingEncoder(), notify=said.append) as knowledge:
        assert set(paths(knowledge.search('"stripes zebra"'))) >= {"two", "three", "four"}
    assert said == ["no note contains the exact words 'stripes zebra'; showing near matches"]


def test_a_query_of_exclusions_alone_is_refused(living: KnowledgeBase) -> None:
    """A query that says only what is not wanted finds nothing and says so."""
    with pytest.raises(InputError, match="only excludes words"):
        living.search("-zebra")


def words(count: int, before: str = "", after: str = "") -> str:
    """Distinct words that no note has."""
    return " ".join(f"{before}unheard{number}{after}" for number in range(count))


@pytest.mark.parametrize(
    ("query", "filter", "reason"),
    [
        (f"zebra {words(1200, '-')}", Filter(), "1,200 -words"),
        (f"zebra {words(450, '-')}", Filter(tags=("herd",) * 51), "450 -words, 51 tags"),
        ("zebra", Filter(phrases=tuple(words(1200).split())), "1,200 quoted phrases"),
        ("zebra", Filter(tags=tuple(words(5000).split())), "5,000 tags"),
    ],
)
def test_too_many_conditions_are_refused(library: KnowledgeBase, query: str, filter: Filter, reason: str) -> None:
    """More conditions than SQLite takes are the fault of the query, not of the catalog."""
    with pytest.raises(InputError, match=f"the query has {reason}; use at most {MAX_CONDITIONS} in all"):
        library.search(query, filter=filter)


@pytest.mark.parametrize(
    ("query", "filter"),
    [
        (f"zebra {words(MAX_CONDITIONS, '-')}", Filter()),
        ("zebra", Filter(tags=("herd",) * MAX_CONDITIONS)),
        (f"zebra {words(1200, chr(34), chr(34))}", Filter()),
        ("zebra " * (MAX_LENGTH // 6), Filter()),
    ],
    ids=["exclusions", "tags", "quotes", "length"],
)
def test_as_many_conditions_as_are_allowed(library: KnowledgeBase, query: str, filter: Filter) -> None:
    """At the limits a search still finds; the many quotes of a long query are emphasis."""
    assert library.search(query, filter=filter, mode="lexical").hits


def test_a_query_that_is_too_long_is_refused(library: KnowledgeBase) -> None:
    """A megabyte is no query; the error gives both lengths."""
    with pytest.raises(InputError, match="the query has 1,000,000 characters; use at most 20,000"):
        library.search("z" * 1_000_000)


def test_conditions_of_a_filter_and_of_a_query_add_up(living: KnowledgeBase, write: Write) -> None:
    """A phrase or an exclusion in the filter holds beside those in the query, also where the query's are dropped."""
    big = Filter(phrases=("again and again",))
    assert paths(living.search("zebra", filter=big)) == ["four"]
    assert paths(living.search('zebra "no such words"', filter=big)) == ["four"]
    assert not living.search("zebra -stripes", filter=big).hits
    assert set(paths(living.search("zebra -again", filter=Filter(without=("last",))))) == {"one", "two"}


@pytest.mark.parametrize("query", ["q" * 8_000, "-".join(["qr"] * 4_000), words(1200)], ids=["long", "parts", "many"])
def test_unknown_words_are_looked_up_in_linear_time(library: KnowledgeBase, query: str) -> None:
    """However long a word that no note has, the catalog is asked for a bounded number of spellings of each word, and
    the text of all questions grows no faster than the query.
    """
    asked: list[str] = []
    with library._index.reader() as reader, pytest.MonkeyPatch.context() as patch:
        frequency = reader.catalog.full_text.frequency

        def counted(expression: str, most: int) -> int:
            asked.append(expression)
            return frequency(expression, most)

        patch.setattr(reader.catalog.full_text, "frequency", counted)
        assert spelled(reader, query) == query
    assert len(asked) <= MAX_COMPOUND * len(query.split())
    assert sum(map(len, asked)) <= (MAX_COMPOUND + 10) * len(query)


def remembered_filters() -> int:
    """How many answers to filters this process holds."""
    gc.collect()
    return sum(type(kept) is Passing for kept in gc.get_objects())


@pytest.mark.slow
def test_ever_new_exclusions_take_no_more_memory(living: KnowledgeBase) -> None:
    """What a process remembers of filters is bounded, however many it has answered."""
    before = remembered_filters()
    for number in range(2 * KEPT_ANSWERS):
        living.search(f"zebra -unheard{number}", mode="lexical")
    assert 0 < remembered_filters() - before <= KEPT_ANSWERS


# --- in large notebooks, and in a process that goes on ---


def crowd(knowledge: KnowledgeBase, notes: int = 60) -> None:
    """Notes on whales, each with a word of its own; every tenth has a tag, every third a date."""
    folder = knowledge.root / "notes" / "crowd"
    folder.mkdir()
    for number in range(notes):
        keys = {"tags": "[tenth]"} if number % 10 == 0 else {}
        keys |= {"date": "2024-05-05"} if number % 3 == 0 else {}
        area = ("gnn", "llm", "ml-systems")[number % 3]
        (folder / f"{number}.md").write_text(
            note(f"# N{number}\n\nwhales sing w{number} w{number * 7 % 11}", area, **keys)
        )
    knowledge.add([folder])


@pytest.mark.parametrize(
    "filter", [Filter(), Filter(tags=("tenth",)), Filter(since=DAY(2024, 1, 1)), Filter(areas=("gnn",))]
)
def test_however_a_filter_is_answered_the_nearest_are_found(living: KnowledgeBase, filter: Filter) -> None:
    """Asking Chroma for more and comparing with every passage find the same notes, with the same cosines."""
    crowd(living)
    results = []
    for below in (0.0, 1.1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("kb.search.dense.SCAN_BELOW", below)
            hits = living.search("whales w3", limit=5, filter=filter, mode="dense").hits
            results.append([(hit.path, hit.scores.dense and round(hit.scores.dense, 4)) for hit in hits])
    assert len(results[0]) == 5
    assert sorted(results[0]) == sorted(results[1])


def test_common_words_are_passed_over_in_a_large_notebook(
    living: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a word in every passage would cost too much, the rarer words decide; alone it is still found."""
    crowd(living)
    monkeypatch.setattr("kb.search.lexical.MANY_CHUNKS", 10)
    monkeypatch.setattr("kb.search.lexical.BUDGET", 12)
    assert [hit.path for hit in living.search("whales w59", mode="lexical").hits] == ["notes/crowd/59.md"]
    assert len(living.search("whales", mode="lexical").hits) == 10


@pytest.mark.parametrize("query", ["whales w3", "zebra", "stripes of a horse"])
def test_a_large_notebook_is_searched_like_a_small_one(living: KnowledgeBase, query: str) -> None:
    """What is read for each query, and not kept in memory, gives the same hits with the same scores."""
    crowd(living)
    results = []
    for small in (1_000, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("kb.index.reader.SMALL", small)
            with KnowledgeBase(living.root, encoder=HashingEncoder()) as knowledge:  # it has read nothing yet
                results.append(knowledge.search(query, explain=True).hits)
    assert results[0] == results[1]
    assert results[0]


def test_a_running_process_sees_changes_before_long(living: KnowledgeBase, write: Write) -> None:
    """Between two searches of one process, an edited note is counted as changed, and no more after a sync."""
    assert living.search("zebra").changed_notes == 0
    write("notes/one.md", note("no longer about them"))
    deadline = time.monotonic() + 20
    while living.search("zebra").changed_notes != 1:
        assert time.monotonic() < deadline
    living.sync()
    assert living.search("zebra").changed_notes == 0


def test_a_running_process_finds_what_another_added(living: KnowledgeBase, write: Write) -> None:
    """What is remembered of the catalog is forgotten when another process adds a note, filters included."""
    narrow = Filter(tags=("big",))
    assert "notes/six.md" not in [hit.path for hit in living.search("zebra", filter=narrow).hits]
    with KnowledgeBase(living.root, encoder=HashingEncoder()) as other:
        other.add([write("notes/six.md", note("zebra", tags="[big]"))])
    assert "notes/six.md" in [hit.path for hit in living.search("zebra", filter=narrow).hits]


def test_an_answer_is_remembered_but_never_stale(
    notebook: Path, encoder: HashingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same question is answered from memory, with its notices, while index and files stay as they are; and after
    any change as by a process that asks for the first time.
    """
    for name in ("gcn", "gat", "sage"):
        (notebook / "notes" / f"{name}.md").write_text(f"---\narea: gnn\n---\n# {name}\n\nZebras meet {name}.\n")
    gcn, other = notebook / "notes" / "gcn.md", notebook / "notes" / "other.md"
    told: list[str] = []
    found: list[str] = []

    def counted(reader: IndexReader, query: str, *rest: Any) -> Ranking:
        found.append(query)
        return find(reader, query, *rest)

    with KnowledgeBase(notebook, encoder=encoder, notify=told.append) as knowledge:

        def ask(query: str = "zebras", **asked: Any) -> SearchResult:
            with KnowledgeBase(notebook, encoder=encoder) as fresh:
                expected = fresh.search(query, **asked)
            knowledge._index.last_look = None
            answer = knowledge.search(query, **asked)
            assert answer.model_copy(update={"seconds": 0}) == expected.model_copy(update={"seconds": 0})
            return answer

        knowledge.add([notebook / "notes"])
        monkeypatch.setattr(answering, "find", counted)
        first = knowledge.search("zebras")
        asked_often = len(found)
        assert knowledge.search("zebras").hits == first.hits
        assert len(found) == asked_often
        for _ in range(2):
            ask('"striped zebras"')
            assert told.pop().startswith("no note contains the exact words")
            assert told == []
        ask(limit=2)
        ask(filter=Filter(areas=("llm",)))
        text = gcn.read_text()
        gcn.write_text(text + "Quokkas too.\n")
        assert ask().changed_notes == 1
        assert {hit.path: hit.state for hit in ask().hits}["notes/gcn.md"] == "changed"
        gcn.unlink()
        assert ask().missing == ("notes/gcn.md",)
        gcn.write_text(text)
        assert ask().missing == ()
        other.write_text("---\narea: gnn\n---\n# Other\n\nZebras again.\n")
        assert ask().changed_notes == 1
        knowledge.sync()
        assert "notes/other.md" in [hit.path for hit in ask().hits]


def test_undated_notes_are_counted(living: KnowledgeBase) -> None:
    """A filter by date says how many notes it leaves out for want of a date; the report and the doctor name the date
    that is at fault.
    """
    for name, front in (("old", "date: 2020-05-06"), ("new", "created: May 6, 2024"), ("none", "date: 05/06/2024")):
        (living.root / f"notes/{name}.md").write_text(f"---\narea: gnn\n{front}\n---\nZebras of {name}.\n")
    report = living.add([living.root / "notes"])
    assert [(fault.path, fault.reason[:16]) for fault in report.faults] == [("notes/none.md", "date: 05/06/2024")]
    answer = living.search("zebras", filter=Filter(since=datetime.date(2024, 1, 1), until=datetime.date(2024, 6, 1)))
    assert "notes/new.md" in {hit.path for hit in answer.hits}
    assert answer.undated >= 1
    assert living.search("zebras").undated == 0
    assert "notes/none.md" in {finding.path for finding in living.diagnose().findings}


# --- queries that name a note ---


@pytest.fixture
def vibes(knowledge: KnowledgeBase, write: Write) -> KnowledgeBase:
    """A note under several names, among notes that say these names much more often."""
    write(
        "notes/feeling-for-code.md",
        "---\narea: llm\ntitle: 'No Vibes Allowed: what to check'\naliases: [Checked by Hand]\n---\nShort.\n",
    )
    for number in range(6):
        said = "no vibes allowed, feeling for code, checked by hand, what to check. " * 5
        write(f"notes/other-{number}.md", note(f"{said} {number}", title=f"Allowed vibes, checked hand {number}"))
    knowledge.add(["notes"])
    return knowledge


@pytest.mark.parametrize(
    "query",
    [
        "no vibes allowed",
        "No vibes allowed - what to check?",
        "checked by hand",
        "feeling for code",
        "feeling_for_code",
        "no vibes what check",
        "check vibes no allowed",
        "when was no vibes allowed: what to check written",
    ],
)
def test_a_note_is_found_by_its_name(vibes: KnowledgeBase, query: str) -> None:
    """A query that is, or contains, a note's title, alias or file name, or half the words of one in their order, or
    four of its words, finds that note first, and says why.
    """
    hits = vibes.search(query, explain=True).hits
    assert hits[0].path == "notes/feeling-for-code.md"
    assert [hit.explain.named for hit in hits if hit.explain] == [True] + [False] * (len(hits) - 1)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


@pytest.mark.parametrize("query", ["vibes no allowed", "vibes", "checked", "for code"])
def test_words_of_a_name_are_no_name(vibes: KnowledgeBase, query: str) -> None:
    """Words of a name in another order, or a few of them, do not name a note."""
    assert not any(hit.explain.named for hit in vibes.search(query, explain=True).hits if hit.explain)


def test_a_file_name_is_words(knowledge: KnowledgeBase, write: Write) -> None:
    """The words of a file name count without underscores and date, composed or not, though no passage has them."""
    write("notes/2021-03-04-z_net_\u0065\u0301t\u0065\u0301.md", note("Short.", title="A paper on something else"))
    for number in range(6):
        write(f"notes/{number}.md", note("A z net, and a net of z in summer. " * 5, title=f"Net z {number}"))
    knowledge.add(["notes"])
    assert knowledge.search("z net \u00e9t\u00e9").hits[0].title == "A paper on something else"


def test_what_many_names_have_is_no_name(knowledge: KnowledgeBase, write: Write) -> None:
    """Words that are part of many notes' names are a subject, of which the best note comes first."""
    for number in range(5):
        write(f"notes/{number}.md", note("Short.", title=f"Deep graph networks {number}"))
    knowledge.add(["notes"])
    hits = knowledge.search("deep graph networks", explain=True).hits
    assert not any(hit.explain.named for hit in hits if hit.explain)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("使用PagedAttention管理显存，推理更快。", "显存"),
        ("この論文では機械翻訳を提案する。", "機械翻訳"),
        ("그래프신경망은메시지전달로갱신된다.", "메시지"),
        ("การเรียนรู้เชิงลึกใช้GPUในการคำนวณ", "คำนวณ"),
        ("The graphics unit ＧＰＵ is busy.", "gpu"),
        ("The graphics unit GPU is busy.", "ＧＰＵ"),
        ("It is eﬃcient.", "efficient"),
        ("It is efficient.", "eﬃcient"),
        ("A hyper\u00adgraph.", "hypergraph"),
        ("A hypergraph.", "hyper\u00adgraph"),
        ("The Schr\u00f6dinger bridge.", "Schro\u0308dinger"),
        ("The Schro\u0308dinger bridge.", '"Schr\u00f6dinger"'),
    ],
)
def test_words_are_looked_up_as_they_are_indexed(knowledge: KnowledgeBase, write: Write, text: str, query: str) -> None:
    """Words inside sentences of scripts without blanks, and other forms of letters, are found by words alone."""
    write("notes/one.md", note(text))
    write("notes/two.md", note("Something else."))
    knowledge.add(["notes"])
    assert [hit.path for hit in knowledge.search(query, mode="lexical").hits] == ["notes/one.md"]
    (hit, *_) = knowledge.search(query).hits
    assert (hit.path, bool(hit.scores.lexical)) == ("notes/one.md", True)


def test_a_tag_that_no_note_has(library: KnowledgeBase) -> None:
    """A search by a tag that no note has says so, and names the nearest one."""
    told: list[str] = []
    with KnowledgeBase(library.root, encoder=HashingEncoder(), notify=told.append) as opened:
        opened.search("zebra", filter=Filter(tags=("herds", "big")))
        opened.search("zebra", filter=Filter(tags=("qqq",)))
    assert told == [
        "no note has the tag 'herds'; did you mean herd?",
        "no note has the tag 'qqq'; `kb tags` lists all tags",
    ]


def test_a_search_without_tags_lists_none() -> None:
    """The notes are not read for their tags unless tags are asked for."""
    nothing: Any = object()
    notice_unknown_tags(nothing, ())


def test_a_hit_shows_a_passage_that_says_something(knowledge: KnowledgeBase, write: Write) -> None:
    """Links alone match a query best, but what the note states is shown, with its address; of a note of links alone
    their words are.
    """
    links = "\n".join(f"- [Zebra stripes, part {part}](https://a.example/{part})" for part in range(4))
    write("notes/both.md", note(f"# Herd\n\nGrass grows where zebra stripes are rare.\n\n## Zebra stripes\n\n{links}"))
    write("notes/links.md", note(f"# List\n\n## Zebra stripes\n\n{links}"))
    knowledge.add(["notes"])
    shown = {hit.path: hit for hit in knowledge.search("zebra stripes").hits}
    assert shown["notes/both.md"].snippet == "Grass grows where zebra stripes are rare."
    assert shown["notes/both.md"].text.startswith("# Herd")
    assert shown["notes/links.md"].snippet.startswith("Zebra stripes, part 0")
