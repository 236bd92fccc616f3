"""Notes that become posts because of where they lie are named in the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run

from kb.knowledge import KnowledgeBase
from kb.reports import SyncReport

Write = Callable[[str, str], Path]


def text(front_matter: str = "", area: str = "gnn") -> str:
    return f"---\narea: {area}\n{front_matter}---\n# A note\n\nZebras.\n"


def taken(report: SyncReport) -> dict[str, str]:
    return {post.path: post.folder for post in report.taken_as_posts}


def kinds(report: SyncReport) -> dict[str, str]:
    return {note.path: note.kind for note in (*report.added, *report.updated)}


@pytest.mark.parametrize(
    ("path", "front_matter", "kind", "folder"),
    [
        ("blog/_posts/2024-05-01-x.md", "", "post", "_posts"),
        ("site/content/posts/x.md", "date: 2024-05-01\n", "post", "content/posts"),
        ("content/post/sub/x.md", "layout: single\n", "post", "content/post"),
        ("_posts/x.md", "kind: article\n", "post", "_posts"),
        ("_posts/x.md", "kind: post\n", "post", None),
        ("notes/x.md", "kind: post\n", "post", None),
        ("_posts/x.md", "kind: note\n", "note", None),
        ("_posts/x.md", "draft: true\n", "note", None),
        ("content/posts/x.md", "", "note", None),
        ("posts/x.md", "date: 2024-05-01\n", "note", None),
    ],
)
def test_posts_by_convention_are_named(
    knowledge: KnowledgeBase, write: Write, path: str, front_matter: str, kind: str, folder: str | None
) -> None:
    """A note that only its folder makes a post is named with this folder; every entry has its kind."""
    write(path, text(front_matter))
    report = knowledge.add(["."])
    assert kinds(report) == {path: kind}
    assert taken(report) == ({path: folder} if folder else {})


def test_a_post_is_named_when_it_becomes_one(knowledge: KnowledgeBase, notebook: Path, write: Write) -> None:
    """An edited post is not named again; one whose front matter no longer overrules is, and one that moved there."""
    post = write("_posts/x.md", text("kind: note\n"))
    draft = write("drafts/y.md", text("title: Y\n"))
    knowledge.add(["."])
    post.write_text(text())
    report = knowledge.sync()
    assert (taken(report), kinds(report)) == ({"_posts/x.md": "_posts"}, {"_posts/x.md": "post"})
    post.write_text(text() + "Giraffes.\n")
    assert taken(knowledge.sync()) == {}
    draft.rename(notebook / "_posts/y.md")
    report = knowledge.sync()
    assert (taken(report), kinds(report)) == ({"_posts/y.md": "_posts"}, {"_posts/y.md": "post"})


def test_what_was_added_as_posts_is_no_news(knowledge: KnowledgeBase, write: Write) -> None:
    """Notes of a source that was added with `--posts` are posts because the user said so."""
    write("_posts/x.md", text())
    report = knowledge.add(["_posts"], posts=True)
    assert (kinds(report), taken(report)) == ({"_posts/x.md": "post"}, {})


@pytest.mark.model
def test_posts_are_said_in_one_line(notebook: Path, kb: Callable[..., Run], write: Write) -> None:
    """One line on standard error names a post, or of several their folders, and what overrules."""
    for number in range(3):
        write(f"_posts/{number}.md", text())
    overrules = "`kind: note` in the front matter overrules this\n"
    assert kb("add", "_posts/0.md").err == f"kb: _posts/0.md is taken as a post; {overrules}"
    write("content/posts/3.md", text("date: 2024-05-01\n"))
    write("_posts/4.md", text())
    assert f"kb: 4 notes in _posts/ and content/posts/ are taken as posts; {overrules}" in kb("add", ".").err
