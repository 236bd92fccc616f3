"""Fuzz targets for everything that reads notes, queries and posts; each checks invariants that hold for any input."""

from __future__ import annotations

import datetime
import hashlib
import re
import sqlite3
import sys
from collections.abc import Callable
from functools import cache

from markdown_it import MarkdownIt

from kb.errors import InputError, KbError, NoteError
from kb.models import Note, NoteFile
from kb.notes.chunking import chunk_note
from kb.notes.files import decode
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.parse import parse_note
from kb.notes.statements import statements
from kb.outline.post.check import check
from kb.outline.post.citations import Citations, find_cited, read_memory
from kb.outline.post.render import TEMPLATES, render, template_text
from kb.outline.post.update import update
from kb.reports import Address, CoveredBefore, Gap, NoteVersion, OpenQuestion, Outline, Point, Reference, Section
from kb.search.query import match_expression, parse_query
from kb.search.snippets import marks, snippets

TODAY = datetime.date(2025, 11, 30)
FORMS: tuple[Citations, ...] = ("comment", "footnote", "none")
MAX_TOKENS = 24


def words(text: str) -> int:
    """A cheap substitute for the number of tokens."""
    return len(re.findall(r"\w{1,4}|[^\w\s]", text))


def parsed(text: str) -> Note:
    """The note of a text. Raises nothing but `NoteError`."""
    return parse_note(NoteFile(path="notes/a.md", size=len(text), mtime_ns=1, text=text, sha256="0" * 64))


def note(content: bytes) -> None:
    """A file is a note or a `NoteError`; chunks partition its body, and chunks and statements have correct lines."""
    try:
        read = parsed(decode(content))
    except NoteError as error:
        _one_line(error)
        return
    body = read.text[read_front_matter(read.text).end :]
    chunks = chunk_note(read, words, MAX_TOKENS)
    assert "".join("".join(chunk.text.split()) for chunk in chunks) == "".join(body.split())
    lines = read.text.split("\n")
    for chunk in chunks:
        assert chunk.text in "\n".join(lines[chunk.start_line - 1 : chunk.end_line])
        assert words(chunk.embedded) <= MAX_TOKENS or len(chunk.text) == 1
        said = statements(chunk.text, chunk.kinds, chunk.start_line)
        snippets([[found.text for found in said] or [chunk.text]], ["a", "graph"])
        for found in said:
            assert chunk.start_line <= found.start_line <= found.end_line <= chunk.end_line
    read.model_dump_json()


def _one_line(error: KbError) -> None:
    assert "\n" not in str(error)


def front_matter(content: bytes) -> None:
    """Any text between front matter delimiters is a JSON-compatible mapping or a one-line `NoteError`."""
    for mark in (b"---", b"+++"):
        try:
            parsed(decode(b"%b\n%b\n%b\nText.\n" % (mark, content, mark))).model_dump_json()
        except NoteError as error:
            _one_line(error)


def query(content: bytes) -> None:
    """FTS5 accepts the expressions made from a query, its phrases and its exclusions."""
    text = content.decode(errors="replace")
    asked = parse_query(text)
    for expression in filter(None, (match_expression(asked.words), *map(_phrase, (*asked.phrases, *asked.without)))):
        _full_text().execute("SELECT rowid FROM passages WHERE passages MATCH ?", (expression,)).fetchall()
    marks(text, asked.words)


@cache
def _full_text() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE passages USING fts5 (text, tokenize='porter unicode61')")
    connection.execute("INSERT INTO passages VALUES ('graphs near the sea')")
    return connection


def _phrase(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def outline(content: bytes) -> None:
    """Text from notes cannot inject HTML, links or template code into a page, nor break a citation.

    The first byte selects the template and the form of citations.
    """
    text = content[1:].decode(errors="replace")
    if not text.strip():
        return
    template, form = TEMPLATES[content[0] % 3], FORMS[content[0] // 3 % 3]
    shown = render(outline_of(text), template_text(template), TODAY, form)
    body = re.sub(r"\A---\n.*?\n---\n", "", shown, count=1, flags=re.DOTALL)
    assert not re.search(r"\{[{%#:]", body), body
    tokens = MarkdownIt("commonmark").parse(body)
    inner = [child for token in tokens for child in token.children or ()]
    raw = "".join(token.content for token in (*tokens, *inner) if token.type.startswith("html"))
    left = re.sub(r'<!--.*?-->|<a id="[a-z0-9-]+">|</a>', "", raw, flags=re.DOTALL)
    assert not left.strip(), left
    targets = {str(token.attrs["href"]) for token in inner if token.type == "link_open"}
    assert all(target.startswith(("#", "https://a.example/")) for target in targets), targets
    assert all(token.type != "image" for token in inner)
    assert len(find_cited(shown)) == (0 if form == "none" else 2)
    assert (read_memory(shown) is None) == (form == "none")


def outline_of(text: str) -> Outline:
    """An outline with the same text in every field that quotes a note."""
    said = " ".join(text.split())
    digest = hashlib.sha256(said.encode()).hexdigest()
    path = "notes/a.md"
    point = Point(text=said, path=path, start_line=3, end_line=4, sha256=digest)
    return Outline(
        topic=text,
        title=text,
        area="gnn",
        sections=tuple(Section(heading=name, points=(point,), notes=(path,)) for name in (said, "Depth")),
        considered=(NoteVersion(path=path, sha256=digest),),
        references=(
            Reference(title=said, authors=(said,), url=f"https://a.example/{said}", cited_by=(path,), sections=()),
        ),
        open_questions=(OpenQuestion(text=said, path=path, line=9),),
        gaps=(Gap(kind="one note", text=said, section=said),),
        leftovers=(Address(text=said, path=path, start_line=7, end_line=7),),
        covered_before=(CoveredBefore(path=path, title=text, date=TODAY, similarity=0.5),),
    )


def post(content: bytes) -> None:
    """Any post can be checked; an update only inserts, and is idempotent."""
    text = content.decode(errors="replace")
    check(text, {"notes/a.md": text, "notes/b.md": ""}, [("notes/c.md", text)])
    offered = outline_of("A point that no post has, in words of its own.")
    for whole in (text, text + MEMORY):
        try:
            once = update(whole, offered).text
        except (InputError, NoteError) as error:
            _one_line(error)
            continue
        rest = iter(once)
        assert all(character in rest for character in whole)
        assert update(once, offered).text == once


MEMORY = '\n<!-- kb memory: of a post\n{"topic": "depth"}\n-->\n'
TARGETS: dict[str, Callable[[bytes], None]] = {
    "note": note,
    "front-matter": front_matter,
    "query": query,
    "outline": outline,
    "post": post,
}


def main() -> None:
    """Fuzz one target until libFuzzer finds a failure or reaches its limit."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: scripts/fuzz {{{','.join(TARGETS)}}} [libFuzzer options, such as -max_total_time=600]")
    import atheris

    atheris.Setup(sys.argv, TARGETS[sys.argv.pop(1)])
    atheris.Fuzz()
