"""Notes cut into chunks that follow headings, fit the encoder, and lose nothing."""

from __future__ import annotations

import hashlib
import re
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kb.models import Chunk, Note, NoteFile
from kb.notes.chunking import CountTokens, chunk_note
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.parse import parse_note

FRONT_MATTER = "---\ntitle: A note\ntags: [a]\n---\n"
PIECES = st.sampled_from(
    [
        "", "# Head", "## Two *em*", "### Deep", "###", "Under\n---", "One sentence. Two here.", "- item", "  - nested",
        "1. step", "```", "~~~", "    indented", "> quote", "> [!note] Mind", "| a | b |", "|---|---|", "$$", "x = y",
        "---", "***", "{% highlight py %}", "{% endhighlight %}", "{% raw %}", "[a]: http://x", "[^1]: foot", "<div>",
        "</div>", "<!--", "-->", "\t tab", "a" * 300, "word " * 60, "日本語。テスト。", "\\", "+++",
        "\u00a0", "`` ` ``",
    ]
)  # fmt: skip
BODIES = st.one_of(
    st.lists(PIECES, max_size=25).map("\n".join),
    st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=12).map("\n".join),
    st.text(max_size=200),
)


def note_of(text: str, path: str = "notes/a-note.md") -> Note:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return parse_note(NoteFile(path=path, size=len(text), mtime_ns=1, text=text, sha256=digest))


def words(text: str) -> int:
    return len(text.split())


def fragments(text: str) -> int:
    """A vocabulary of short pieces, in which long words cost much."""
    return len(re.findall(r"\w{1,3}|[^\w\s]", text))


def chunks_of(text: str, max_tokens: int = 24, count: CountTokens = words) -> list[Chunk]:
    return chunk_note(note_of(text), count, max_tokens)


def squeezed(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=80)
@given(BODIES, st.sampled_from(["", FRONT_MATTER]), st.sampled_from([8, 20, 64]), st.sampled_from([words, fragments]))
@example("[a]: http://only.a.link.definition", "", 20, words)
@example("# " + "h" * 9_000, "", 20, fragments)
@example("0:\u00d70\u2d68\n1. :0000000000:", "", 8, fragments)
@example("{% raw %}\n# a\n\n{% highlight x %}\n# b", "", 8, fragments)
def test_chunks_partition_the_body_at_their_lines_within_the_budget(
    body: str, front_matter: str, max_tokens: int, count: CountTokens
) -> None:
    """Of any Markdown, each visible character outside comments is in exactly one chunk, in order, at its lines, and
    each chunk fits.
    """
    body = "Begins.\n\n" + re.sub("[\r\0\ud800-\udfff]", "", body) + "\nThe end."
    text = front_matter + ("Begin.\n\n" if body.startswith(("---", "+++")) else "") + body
    note = note_of(text)
    chunks = chunk_note(note, count, max_tokens)
    assert "".join(squeezed(chunk.text) for chunk in chunks) == squeezed(note.text[read_front_matter(text).end :])
    lines = note.text.split("\n")
    for chunk in chunks:
        at_its_lines = lines[chunk.start_line - 1 : chunk.end_line]
        assert chunk.text in "\n".join(at_its_lines)
        assert len(at_its_lines) == chunk.text.count("\n") + 1
        assert count(chunk.embedded) <= max_tokens


SECTIONS = """\
---
title: Graphs
---
# Graphs

Opening words.

## Sampling

Neighbours are sampled.

### Cost

Cost grows with depth.

## Empty

## Last

The end.
"""


def test_chunks_follow_the_headings() -> None:
    """Each section is a chunk with its heading path; a heading with nothing below goes with what follows."""
    assert [(chunk.heading_path, chunk.start_line, chunk.end_line) for chunk in chunks_of(SECTIONS)] == [
        ((), 4, 6),
        (("Sampling",), 8, 10),
        (("Sampling", "Cost"), 12, 14),
        (("Last",), 16, 20),
    ]


def test_the_encoder_sees_the_title_and_the_headings_once() -> None:
    """What is embedded begins with title and heading path, then the cleaned text."""
    assert chunks_of(SECTIONS)[2].embedded == "Graphs > Sampling > Cost\nCost grows with depth."


@pytest.mark.parametrize(
    ("body", "begins"),
    [
        pytest.param("- one two three\n" * 12, "- one", id="between items"),
        pytest.param("|a|b|\n|-|-|\n" + "|one two|three|\n" * 20, "|", id="between rows"),
        pytest.param("```\n" + "x = one two three\n" * 12 + "```", ("x =", "```"), id="between lines of code"),
        pytest.param("Some words make one sentence. " * 12, "Some words", id="between sentences"),
    ],
)
def test_a_long_block_is_cut_where_a_reader_would(body: str, begins: str | tuple[str, ...]) -> None:
    """Lists are cut between items, tables between rows, code between lines, prose between sentences."""
    chunks = chunks_of(body)
    assert len(chunks) > 1
    assert all(chunk.text.startswith(begins) for chunk in chunks)


def test_one_endless_word_is_cut_as_well() -> None:
    """A word longer than the encoder reads is in several chunks, whole."""
    chunks = chunks_of("a" * 1000, 30, fragments)
    assert len(chunks) > 10
    assert "".join(chunk.text for chunk in chunks) == "a" * 1000


def test_a_title_longer_than_the_encoder_reads_leaves_room_for_the_text() -> None:
    """However long the title and headings are, at least half of the budget is the passage's own."""
    text = f"---\ntitle: {'word ' * 200}\n---\n## {'deep ' * 200}\n\nThe point itself.\n"
    last = chunks_of(text)[-1]
    assert last.text.endswith("The point itself.")
    assert words(last.embedded) <= 24
    assert words(last.embedded.split("\n")[0]) <= 12


def test_what_did_not_change_keeps_its_digest_wherever_it_moves() -> None:
    """A section's digest depends on its headings and text, not on its place in the note or the note's title."""
    before = {chunk.heading_path: chunk.digest for chunk in chunks_of(SECTIONS)}
    moved = SECTIONS.replace("Opening words.", "Opening words.\n\nMore of them.")
    after = {chunk.heading_path: chunk.digest for chunk in chunks_of(moved)}
    assert {path for path in before if before[path] != after[path]} == {()}


def test_the_same_words_under_another_heading_are_another_passage() -> None:
    """A digest names the heading path as well as the text."""
    first, second = chunks_of("# T\n\n## A\n\nSame words.\n\n## B\n\nSame words.\n")[-2:]
    assert first.digest != second.digest


@pytest.mark.parametrize("blank", ["\u00a0", "\x0c", "\u2003"])
def test_no_chunk_is_blank(blank: str) -> None:
    """A paragraph of blanks that Markdown does not know as such makes no chunk of its own."""
    assert all(chunk.text.strip() for chunk in chunks_of(f"{blank}\n\n# Head\n\nText.\n\n# Tail\n\n{blank}\n"))


def test_an_edit_changes_the_chunks_around_it() -> None:
    """In a section of fifty chunks, whichever paragraph is edited, however: three chunks change, hardly ever four."""
    random = Random(0)
    paragraphs = [" ".join(f"w{random.randrange(999)}" for _ in range(random.randint(5, 40))) for _ in range(125)]
    before = {chunk.embedded for chunk in chunks_of("# Long\n\n" + "\n\n".join(paragraphs), max_tokens=100)}
    assert 45 <= len(before) <= 55
    changed = []
    for place, paragraph in enumerate(paragraphs):
        edits = (paragraph + " and more", paragraph[:40], f"Begun anew. {paragraph}", "", "a\n\nb\n\n" + paragraph)
        text = "\n\n".join([*paragraphs[:place], edits[place % 5], *paragraphs[place + 1 :]])
        changed.append(len({chunk.embedded for chunk in chunks_of("# Long\n\n" + text, max_tokens=100)} - before))
    assert sum(number > 3 for number in changed) / len(changed) <= 0.01
    assert max(changed) <= 4
