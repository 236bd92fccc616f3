"""The settings block at the top of a note, as Jekyll, Hugo and Obsidian write it, and as an attacker might."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys

import pytest
from pydantic import JsonValue

from kb.notes.markup.dates import as_date
from kb.notes.markup.front_matter import MAX_CHARACTERS, MAX_DEPTH, FrontMatter, as_texts, read_front_matter

JEKYLL = """\
---
layout: post
title: "GraphSAGE: learning on large graphs"
date: 2024-01-03 09:30:00 +0200
categories: [gnn, deep-dive]
math: true
---
"""
HUGO = """\
+++
title = 'Serving models'
date = 2024-01-03T09:30:00Z
draft = false
tags = ["serving", "latency"]
[params]
weight = 3
+++
"""
OBSIDIAN = """\
---
aliases: []
tags:
  - gnn
  - message-passing
created: 2024-01-03
related: "[[Attention]]"
---
"""


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        pytest.param(
            JEKYLL,
            {
                "layout": "post",
                "title": "GraphSAGE: learning on large graphs",
                "date": "2024-01-03 09:30:00 +0200",
                "categories": ["gnn", "deep-dive"],
                "math": True,
            },
            id="Jekyll",
        ),
        pytest.param(
            HUGO,
            {
                "title": "Serving models",
                "date": "2024-01-03T09:30:00+00:00",
                "draft": False,
                "tags": ["serving", "latency"],
                "params": {"weight": 3},
            },
            id="Hugo",
        ),
        pytest.param(
            OBSIDIAN,
            {"aliases": [], "tags": ["gnn", "message-passing"], "created": "2024-01-03", "related": "[[Attention]]"},
            id="Obsidian",
        ),
        pytest.param("---\n---\n", {}, id="empty block"),
        pytest.param("---\n# only a comment\n---\n", {}, id="comment only"),
        pytest.param("---\ntitle: a\n...\n", {"title": "a"}, id="closed with dots"),
        pytest.param("---  \ntitle: a\n---\t\n", {"title": "a"}, id="blanks after the marks"),
        pytest.param("---\na: |\n  one\n  ---\n  two\n---\n", {"a": "one\n---\ntwo\n"}, id="rule in a text block"),
        pytest.param("---\n2024: x\n---\n", {"2024": "x"}, id="key that is a number"),
        pytest.param("---\ndate: 2026-02-30\n---\n", {"date": "2026-02-30"}, id="a day that does not exist"),
    ],
)
def test_front_matter_and_body_are_told_apart(block: str, expected: dict[str, JsonValue]) -> None:
    """The block becomes plain JSON values, dates as text, and the body begins right after it."""
    assert read_front_matter(block + "Body.\n") == FrontMatter(expected, len(block))


@pytest.mark.parametrize(
    "text",
    [
        "No block at all.\n",
        "\n---\ntitle: not on the first line\n---\n",
        "----\ntitle: four dashes\n----\n",
        "---\n\nProse between two thematic breaks.\n\n---\n\nMore.\n",
        "---\n- a list\n- after a break\n---\n",
        "---\nSee https://example.org/a: it is good.\n---\n",
        "---\n> quote\n\n---\n",
        "---\n**bold**\n\n---\n",
        "---\n![figure](a.png)\n\n---\n",
        "---\n[[Home]] | [[Index]]\n\n---\n\nMore.\n",
        "---\ntitle: never closed\n\nBody.\n",
    ],
)
def test_a_thematic_break_at_the_top_is_body(text: str) -> None:
    """A note that merely begins with a rule has no front matter, and loses no line."""
    assert read_front_matter(text) == FrontMatter({}, 0)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("title: GraphSAGE: sampled neighbours", {"title": "GraphSAGE: sampled neighbours"}),
        ('title: A "quoted" word: and more', {"title": 'A "quoted" word: and more'}),
        ("title: Why? Because: a\ntags: [a, b]", {"title": "Why? Because: a", "tags": ["a", "b"]}),
        ("notes:\n  - first: it: fails\n  - second", {"notes": [{"first": "it: fails"}, "second"]}),
        ("title: A: b # c", {"title": "A: b"}),
        (
            "title: a: b\nabstract: |-\n  Note: this has: colons",
            {"title": "a: b", "abstract": "Note: this has: colons"},
        ),
        ("time: 09:30", {"time": "09:30"}),
    ],
)
def test_a_colon_in_a_value_needs_no_quotation_marks(line: str, expected: dict[str, JsonValue]) -> None:
    """What YAML refuses but can mean one thing only is read as that."""
    values, _, fault = read_front_matter(f"---\n{line}\n---\nBody.\n")
    assert (values, fault) == (expected, None)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("---\ntitle: A: B\n  c: d\n---\n", "line 3"),
        ("---\na: 1\n\tb: 2\n---\n", "tab"),
        ("---\ntags:\n\t- a\n---\n", "line 3"),
        ("---\n\ttitle: A\n---\n", "line 2"),
        ("---\ntitle: {{ title }}\n---\n", "broken front matter"),
        ("---\na: \x07\n---\n", "broken front matter"),
        ("---\na: !!python/object/apply:os.system ['true']\n---\n", "broken front matter"),
        ("---\na: !!bool junk\n---\n", "broken front matter"),
        ("---\na: !!timestamp junk\n---\n", "broken front matter"),
        (f"---\na: {'9' * 5000}\n---\n", "broken front matter"),
        (f"---\na: {'x' * MAX_CHARACTERS}\n---\n", "more than 64,000 characters"),
        (f"---\na: {'[' * (MAX_DEPTH + 1)}{']' * (MAX_DEPTH + 1)}\n---\n", f"deeper than {MAX_DEPTH} levels"),
        ("---\n" + "".join(f"{' ' * level}a:\n" for level in range(MAX_DEPTH + 5)) + "---\n", "deeper than"),
        ("---\na: &one [1, 2]\nb: *one\n---\n", "aliases"),
        ("---\na: &loop [*loop]\n---\n", "aliases"),
        ("+++\nprose\n+++\n", "broken front matter"),
        ("+++\na = 1\na = 2\n+++\n", "broken front matter"),
        (f"+++\na = {'[' * 5000}\n+++\n", "broken front matter"),
        (f"+++\n[{'.'.join('a' * 9000)}]\n+++\n", f"deeper than {MAX_DEPTH} levels"),
        (f"+++\na = {'9' * 5000}\n+++\n", "broken front matter"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_a_block_that_cannot_be_taken_says_why(block: str, message: str) -> None:
    """Broken and hostile blocks are metadata without values, and a fault on one line says why."""
    values, end, fault = read_front_matter(block + "Body.\n")
    assert (values, end) == ({}, len(block))
    assert re.search(message, fault or "")
    assert "\n" not in (fault or "")


def test_aliases_cannot_expand_without_bound() -> None:
    """A handful of lines of nested aliases (a billion laughs) is refused before anything is built."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 12))]
    assert "aliases" in (read_front_matter("---\n" + "\n".join(lines) + "\n---\nBody.\n").fault or "")


def test_thirty_thousand_open_brackets_do_not_kill_the_process() -> None:
    """Nesting as deep as the size limit allows is a fault, not a crash of the interpreter."""
    program = (
        "from kb.notes.markup.front_matter import read_front_matter\n"
        "print('refused' if read_front_matter('---\\na: ' + '[' * 30_000 + '\\n---\\nBody').fault else 'taken')\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "refused\n")


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, "0b" + "1" * 20_000], ids=["hexadecimal", "binary"])
def test_a_number_too_long_to_write_out_can_be_told_as_text(number: str) -> None:
    """Huge integers in other bases, which Python reads and cannot print, are refused or readable as text."""
    front_matter = read_front_matter(f"---\ntitle: {number}\n---\nBody.\n")
    assert front_matter.fault or as_texts(front_matter.values["title"])


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("a, b,, a ", ("a", "b")),
        (["a", " b ", "", None, "a", ["c"], {"d": 1}], ("a", "b")),
        (2024, ("2024",)),
        (None, ()),
        ({"a": 1}, ()),
        ([], ()),
    ],
)
def test_one_text_or_a_list_of_texts_is_a_tuple(value: JsonValue, texts: tuple[str, ...]) -> None:
    """Whatever the writer put there becomes texts, without blanks, repeats or nested values."""
    assert as_texts(value) == texts


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2024-01-03", datetime.date(2024, 1, 3)),
        ("2024-01-03 09:30:00 +0200", datetime.date(2024, 1, 3)),
        (" 2024-01-03T09:30:00Z", datetime.date(2024, 1, 3)),
        ("2026-02-30", None),
        ("soon", None),
        ("", None),
        (None, None),
        ([], None),
        (["2024-01-03"], datetime.date(2024, 1, 3)),
        (True, None),
        (1704274200, datetime.date(2024, 1, 3)),
        (1704274200123, datetime.date(2024, 1, 3)),
        ("1704274200.5", datetime.date(2024, 1, 3)),
        ("202401030930", datetime.date(2024, 1, 3)),
        (170427420, None),
    ],
)
def test_a_date_is_read_or_there_is_none(value: JsonValue, date: datetime.date | None) -> None:
    """A value begins with a day that exists, or has no date; nothing is raised."""
    assert as_date(value) == date
