"""The notes and posts of the repository are well-formed, and filed under the right areas."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from pathlib import Path

import pytest
from conftest import REPOSITORY
from markdown_it import MarkdownIt

from kb.knowledge import KnowledgeBase
from kb.models import Note
from kb.notes import files as notebook
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.parse import parse_note

NOTES = sorted((REPOSITORY / "notes").glob("*.md"))
POSTS = sorted((REPOSITORY / "notes/posts").glob("*.md"))
OUTSIDE = {"promotion-packet", "focaccia", "css-grid-layout", "yolo"}
CLEAR = {
    "hnsw-nearest-neighbours": "ml-systems",
    "dynamic-batching": "ml-systems",
    "ring-allreduce": "ml-systems",
    "two-tower-retrieval": "ml-systems",
    "pinsage": "gnn",
    "lightgcn": "gnn",
    "distributed-gnn-training": "gnn",
    "gnn-eta-prediction": "gnn",
    "continuous-batching": "llm",
    "paged-attention": "llm",
    "switch-transformer": "llm",
    "qlora": "llm",
}


def parsed(path: Path) -> Note:
    return parse_note(notebook.read(REPOSITORY, path.relative_to(REPOSITORY).as_posix()))


def test_enough_notes() -> None:
    """There are at least 48 research notes with unique titles, and three posts."""
    titles = [parsed(path).title for path in NOTES if path.stem not in OUTSIDE]
    assert len(titles) >= 48
    assert len(set(titles)) == len(titles)
    assert len(POSTS) == 3
    assert {path.stem for path in NOTES} >= OUTSIDE


@pytest.mark.parametrize("path", [path for path in NOTES if path.stem not in OUTSIDE], ids=lambda path: path.stem)
def test_research_note(path: Path) -> None:
    """A research note has a title, date, tags, a source and 150 to 600 words, and does not state its area."""
    note = parsed(path)
    assert note.front_matter["title"] == note.title
    assert note.date
    assert note.date <= datetime.date.today()
    assert note.tags
    assert note.sources
    assert (note.kind, note.area) == (None, None)
    start = read_front_matter(note.text).end
    assert 150 <= len(re.findall(r"\w[\w'-]*", note.text[start:])) <= 600


@pytest.mark.parametrize("path", NOTES + POSTS, ids=lambda path: path.stem)
def test_links_are_valid(path: Path) -> None:
    """Every wikilink names another note or post, and every link to a file an existing one."""
    stems = {other.stem for other in NOTES + POSTS}
    for link in parsed(path).links:
        is_file = link.endswith((".md", ".markdown"))
        assert (path.parent / link).is_file() if is_file else link in stems - {path.stem}, link


@pytest.mark.parametrize("path", POSTS, ids=lambda path: path.stem)
def test_post(path: Path) -> None:
    """A post has `kind: post`, a TLDR, and for every internal link exactly one anchor."""
    note = parsed(path)
    assert note.kind == "post"
    assert note.date
    assert "**TLDR**" in note.text
    anchors = re.findall(r'<a id="([^"]+)"></a>', note.text)
    links = [
        str(child.attrGet("href"))[1:]
        for token in MarkdownIt("commonmark").parse(note.text)
        for child in token.children or ()
        if child.type == "link_open" and str(child.attrGet("href")).startswith("#")
    ]
    assert len(links) >= 4
    assert sorted(links) == sorted(anchors)


@pytest.mark.model
def test_only_the_outside_notes_are_held_back(indexed_notes: Path) -> None:
    """The classifier holds back the four notes outside the areas, files all others, and gets the clear ones right."""
    with KnowledgeBase(indexed_notes) as knowledge:
        held_back = {Path(note.path).stem for note in knowledge.list(areas=("outside",)).notes}
        filed = knowledge.list().notes
    assert held_back == OUTSIDE
    assert {Path(note.path).stem: note.area for note in filed if Path(note.path).stem in CLEAR} == CLEAR
    assert Counter(note.area for note in filed) == {"ml-systems": 20, "gnn": 21, "llm": 21}
