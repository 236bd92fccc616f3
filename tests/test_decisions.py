"""`kb.decisions.toml`: what only the writer knows, kept as they wrote it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.decisions import DECISIONS_NAME, Decisions, Flags, is_under, load_decisions, save_decisions
from kb.errors import ConfigError

WRITTEN = """\
# My own words about this notebook.

forgotten = [
  "old", # it was bad
  "older",
]

# Papers that I like.
[filed]
# This one fooled the classifier.
"notes/a.md" = "llm" # really
"notes/b.md" = "gnn"

[flags."posts"]
posts = true # published
"""
COMMENTS = [line.split("#", 1)[1].strip() for line in WRITTEN.splitlines() if "#" in line]
PATHS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
AREAS = st.sampled_from(["ml-systems", "gnn", "llm", "detour"])
FLAGS = st.builds(Flags, area=st.none() | AREAS, detour=st.booleans(), posts=st.booleans())
DECISIONS = st.builds(
    Decisions,
    filed=st.dictionaries(PATHS, AREAS, max_size=4),
    forgotten=st.lists(PATHS, max_size=4).map(tuple),
    flags=st.dictionaries(PATHS, FLAGS, max_size=3),
)


def given_file(root: Path, text: str = WRITTEN) -> Decisions:
    (root / DECISIONS_NAME).write_text(text, encoding="utf-8")
    return load_decisions(root)


def test_no_file_is_no_decision(tmp_path: Path) -> None:
    """A notebook without decisions has an empty set, and reading it writes nothing."""
    assert load_decisions(tmp_path) == Decisions()
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=40)
@given(first=DECISIONS, second=DECISIONS)
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, first: Decisions, second: Decisions) -> None:
    """Any decisions survive the file, whatever stood there before; nothing else is left in the folder."""
    root = tmp_path_factory.mktemp("decisions")
    for decisions in (first, second):
        save_decisions(root, decisions)
        assert load_decisions(root) == decisions
    assert [path.name for path in root.iterdir()] == [DECISIONS_NAME]


def test_saving_what_was_loaded_changes_no_character(tmp_path: Path) -> None:
    """The file is the writer's: a decision that changes nothing leaves it as it is."""
    save_decisions(tmp_path, given_file(tmp_path))
    assert (tmp_path / DECISIONS_NAME).read_text() == WRITTEN


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda before: before.with_filed("notes/c.md", "detour"), id="filing another note"),
        pytest.param(lambda before: before.with_filed("notes/b.md", "llm"), id="filing a note again"),
        pytest.param(lambda before: before.with_filed("notes/b.md", None), id="taking a decision back"),
        pytest.param(lambda before: before.with_forgotten("zone"), id="forgetting"),
        pytest.param(lambda before: before.with_flags("more", Flags(area="gnn")), id="adding a source"),
    ],
)
def test_the_writers_comments_are_kept(tmp_path: Path, change: Callable[[Decisions], Decisions]) -> None:
    """Every comment is still there after a decision about something else."""
    after = change(given_file(tmp_path))
    save_decisions(tmp_path, after)
    text = (tmp_path / DECISIONS_NAME).read_text()
    assert [comment for comment in COMMENTS if comment not in text] == []
    assert load_decisions(tmp_path) == after


def test_a_new_file_says_what_it_is(tmp_path: Path) -> None:
    """The first decision makes a file that begins by explaining itself and reads well."""
    save_decisions(tmp_path, Decisions().with_filed("notes/a.md", "llm"))
    text = (tmp_path / DECISIONS_NAME).read_text()
    assert text.startswith("# What the writer of this notebook decided.")
    assert '[filed]\n"notes/a.md" = "llm"' in text


def test_the_last_decision_taken_back_leaves_a_file_that_loads(tmp_path: Path) -> None:
    """Without any decision left the file is empty but for its comments."""
    decided = Decisions().with_filed("a.md", "llm").with_flags("b", Flags(posts=True)).with_forgotten("c")
    save_decisions(tmp_path, decided)
    save_decisions(tmp_path, Decisions())
    assert load_decisions(tmp_path) == Decisions()


def test_a_linked_decisions_file_stays_a_link(tmp_path: Path) -> None:
    """Who keeps the file elsewhere, in a repository of dot files say, finds the decision there."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "book").mkdir()
    given_file(tmp_path / "elsewhere")
    (tmp_path / "book" / DECISIONS_NAME).symlink_to(tmp_path / "elsewhere" / DECISIONS_NAME)
    after = load_decisions(tmp_path / "book").with_filed("notes/c.md", "gnn")
    save_decisions(tmp_path / "book", after)
    assert load_decisions(tmp_path / "elsewhere") == after


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("filed = [", "cannot be read"),
        ("filed = 1", "filed"),
        ("[filed]\n'a.md' = 'blog'", "filed.a.md.*ml-systems"),
        ("forgotten = 'a.md'", "forgotten"),
        ("[flags.x]\narae = 'llm'", "flags.x.arae"),
        ("[files]\n'a.md' = 'llm'", "files"),
    ],
)
def test_a_file_that_says_something_wrong_is_left_alone(tmp_path: Path, text: str, message: str) -> None:
    """The error names the file and the key, and that nothing was changed."""
    with pytest.raises(ConfigError, match=message) as raised:
        given_file(tmp_path, text)
    assert DECISIONS_NAME in str(raised.value)
    assert "nothing was changed" in str(raised.value)
    assert (tmp_path / DECISIONS_NAME).read_text() == text


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        ("notes/a.md", "notes", True),
        ("notes/a.md", "notes/", True),
        ("notes/a.md", "notes/a.md", True),
        ("notes-old/a.md", "notes", False),
        ("notes", "notes/a.md", False),
        ("notes/a.md", ".", True),
        ("/elsewhere/a.md", ".", False),
        ("/elsewhere/a.md", "/elsewhere", True),
        ("/elsewhere/a.md", "/", True),
    ],
)
def test_a_path_is_under_its_folders_only(path: str, folder: str, expected: bool) -> None:
    """A folder whose name merely begins alike holds nothing of the other."""
    assert is_under(path, folder) is expected


def test_the_nearest_flagged_source_counts() -> None:
    """Of nested sources the innermost one's flags hold; a path under none has none."""
    decisions = Decisions().with_flags(".", Flags(area="gnn")).with_flags("notes/posts", Flags(posts=True))
    assert decisions.flags_for("notes/posts/a.md") == Flags(posts=True)
    assert decisions.flags_for("notes/a.md") == Flags(area="gnn")
    assert decisions.flags_for("/elsewhere/a.md") == Flags()


def test_forgetting_takes_what_was_decided_below_and_remembering_does_not_bring_it_back() -> None:
    """Filed areas and flags at or below a forgotten folder go with it."""
    before = Decisions().with_filed("a/b.md", "llm").with_filed("c.md", "gnn").with_flags("a", Flags(posts=True))
    after = before.with_forgotten("a")
    assert after == Decisions(filed={"c.md": "gnn"}, forgotten=("a",))
    assert after.with_remembered("a") == Decisions(filed={"c.md": "gnn"})


def test_a_decision_follows_its_note() -> None:
    """A renamed note stays filed where its writer put it, and the old path is free."""
    assert Decisions().with_filed("a.md", "llm").with_renamed("a.md", "b.md") == Decisions(filed={"b.md": "llm"})


def test_a_forgotten_folder_hides_what_is_below_it() -> None:
    """Everything in the folder stays out, nothing beside it, and a source named inside it is nearer than the rule."""
    decisions = Decisions(forgotten=("notes/old",))
    assert decisions.forgets("notes/old/a.md", source="notes")
    assert not decisions.forgets("notes/older.md", source="notes")
    assert not decisions.forgets("notes/old/a.md", source="notes/old/a.md")
