"""A text is parsed into a note: title, date, tags, references, links, and blocks under their headings."""

from __future__ import annotations

import datetime
import subprocess
import sys

import pytest

from kb.errors import NoteError
from kb.models import Note, NoteFile
from kb.notes.parse import MAX_NAME, parse_note, reference_url


def note_of(text: str, path: str = "notes/a-note.md") -> Note:
    return parse_note(NoteFile(path=path, size=len(text), mtime_ns=1, text=text, sha256="0" * 64))


def outline_of(text: str) -> list[tuple[str, str]]:
    """Kind and innermost heading of each block."""
    return [(block.kind, block.heading_path[-1] if block.heading_path else "") for block in note_of(text).blocks]


@pytest.mark.parametrize(
    ("text", "path", "title"),
    [
        ("---\ntitle: From front matter\n---\n# Heading\n", "a.md", "From front matter"),
        ("---\ntitle: 2024\n---\ntext\n", "a.md", "2024"),
        ("---\ntitle: |\n  Two\n  lines\n---\ntext\n", "a.md", "Two lines"),
        ("---\ntitle: ''\n---\n# *First* `heading`\n\n# Second\n", "a.md", "First heading"),
        ("Intro.\n\nUnderlined\n==========\n", "a.md", "Underlined"),
        ("```\n# a comment\n```\n\n> # quoted\n", "notes/2024-01-03-graph_neural-nets.md", "Graph neural nets"),
        ("text", "daily/2024-01-03.md", "2024-01-03"),
        ("#\n\ntext", "___.md", "___"),
    ],
)
def test_every_note_has_a_title(text: str, path: str, title: str) -> None:
    """The title is that of the front matter, else the first heading, else made from the file name."""
    assert note_of(text, path).title == title


@pytest.mark.parametrize(
    ("front_matter", "path", "date"),
    [
        ("date: 2024-01-03 10:00:00 +0200", "a.md", datetime.date(2024, 1, 3)),
        ("date: 2024-01-03", "2020-02-02-a.md", datetime.date(2024, 1, 3)),
        ("date: 2026-02-30", "_posts/2023-05-06-my-post.md", datetime.date(2023, 5, 6)),
        ("draft: true", "2023-05-06.md", datetime.date(2023, 5, 6)),
        ("draft: true", "2023-02-30-a.md", None),
        ("draft: true", "20230506-a.md", None),
    ],
)
def test_a_date_is_taken_from_front_matter_or_the_file_name(
    front_matter: str, path: str, date: datetime.date | None
) -> None:
    """Front matter takes precedence; an invalid date is ignored."""
    assert note_of(f"---\n{front_matter}\n---\ntext\n", path).date == date


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("---\ntags: Graphs, llm graphs\n---\ntext", ("graphs", "llm")),
        (
            "---\ntags: ['#gnn', LLM]\ncategories: [Deep]\nkeywords: graph nets, x\n---\ntext",
            ("gnn", "llm", "deep", "graph nets", "x"),
        ),
        ("+++\ntags = ['a']\n+++\ntext #b", ("a", "b")),
        ("On #graphs, #deep/learning and (#not).", ("graphs", "deep/learning")),
        ("Issue #12, C#sharp, a&#x41; https://a.org/#part [x](#here) `#code`\n\n```\n#code\n```\n", ()),
        ("# Heading\n\n## Another\n", ()),
        ("Über #Größe und #日本", ("größe", "日本")),
        ("Colours #fff and #1a2b3c in CSS.", ("fff",)),
    ],
)
def test_tags_come_from_front_matter_and_prose(text: str, tags: tuple[str, ...]) -> None:
    """Tags are lower-cased and unique; anchors, code and headings are not tags."""
    assert note_of(text).tags == tags


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("arXiv:1706.03762v5 and https://arxiv.org/pdf/1706.03762v7.pdf", ("arXiv:1706.03762",)),
        ("https://arxiv.org/abs/cs.LG/0501001", ("arXiv:cs.LG/0501001",)),
        ("(doi:10.1145/3442188.3445922).", ("doi:10.1145/3442188.3445922",)),
        ("<https://doi.org/10.1038/nature14539>", ("doi:10.1038/nature14539",)),
        ("[a](https://a.org/b?c=d#e), https://a.org/b?c=d#e.", ("https://a.org/b?c=d#e",)),
        ("(https://a.org/wiki/Graph_(discrete_mathematics))", ("https://a.org/wiki/Graph_(discrete_mathematics)",)),
        ("Version 1706.03762 of nothing.", ()),
    ],
)
def test_references_are_arxiv_ids_dois_and_urls(text: str, references: tuple[str, ...]) -> None:
    """Each reference is listed once, in a canonical form, without surrounding punctuation."""
    assert note_of(text).references == references


@pytest.mark.parametrize(
    ("front_matter", "sources"),
    [
        ("source: https://arxiv.org/abs/1706.03762", ("arXiv:1706.03762",)),
        ("arxiv: '1706.03762v2'", ("arXiv:1706.03762",)),
        ("arxiv: 1706.03760", ("arXiv:1706.03760",)),
        (
            "doi: 10.1038/nature14539\nurl: [https://a.org, not an address]",
            ("doi:10.1038/nature14539", "https://a.org"),
        ),
        ("source: my own head", ()),
    ],
)
def test_front_matter_names_the_works_a_note_is_about(front_matter: str, sources: tuple[str, ...]) -> None:
    """Bare arXiv ids are recognised, even if they look like a number to YAML."""
    note = note_of(f"---\n{front_matter}\n---\ntext\n")
    assert note.sources == sources
    assert note.references[: len(sources)] == sources


def test_references_have_urls() -> None:
    """ArXiv ids and DOIs have the URL of their page; a URL is its own."""
    references = ["arXiv:1706.03762", "doi:10.1038/nature14539", "https://a.org/b:c"]
    assert [reference_url(reference) for reference in references] == [
        "https://arxiv.org/abs/1706.03762",
        "https://doi.org/10.1038/nature14539",
        "https://a.org/b:c",
    ]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("[[a note]] [[b|shown]] [[c#part]] [[d#part|shown]] [[a note]]", ("a note", "b", "c", "d")),
        ("| a |\n|---|\n| [[b\\|shown]] |", ("b",)),
        (
            "[a](b.md) [c](./d.md#part) [e](f%20g.md 'title') [k](L.MARKDOWN)",
            ("b.md", "./d.md", "f g.md", "L.MARKDOWN"),
        ),
        ("[a](<b c.md>) [d](e_(f).md)", ("b c.md", "e_(f).md")),
        ("[web](https://a.org/b.md) [part](#part) ![image](c.png) `[[code]]`", ()),
        ("```\n[[code]] [a](b.md)\n```\n", ()),
    ],
)
def test_links_to_notes_are_found(text: str, links: tuple[str, ...]) -> None:
    """Wikilinks and links to Markdown files are found without anchor and label; code, images and URLs are not."""
    assert note_of(text).links == links


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        pytest.param(
            "# T\n\nText.\n\n## A\n\n- one\n- two\n\n### B\n\n> quote\n\n## C\n\n| a |\n|---|\n| 1 |\n",
            [
                ("heading", "T"),
                ("paragraph", "T"),
                ("heading", "A"),
                ("list", "A"),
                ("heading", "B"),
                ("quote", "B"),
                ("heading", "C"),
                ("table", "C"),
            ],
            id="every kind",
        ),
        pytest.param(
            "## A\n\n~~~sh\n# no heading\n~~~\n\n    # nor this\n", [("heading", "A"), *[("code", "A")] * 2], id="code"
        ),
        pytest.param(
            "## A\n\n{% highlight python linenos %}\n# no heading\n\n# nor this\n{% endhighlight %}\n\nText.\n",
            [("heading", "A"), ("code", "A"), ("paragraph", "A")],
            id="Liquid highlight",
        ),
        pytest.param(
            "## A\n\n{%- comment -%}\n# hidden\n{%- endcomment -%}\n\n## B\n",
            [("heading", "A"), ("code", "A"), ("heading", "B")],
            id="Liquid comment",
        ),
        pytest.param(
            "## A\n\n{% raw %}{{ x }}{% endraw %}\n\n## B\n\n{% raw %}\n# no heading\n{% endraw %}\n",
            [("heading", "A"), ("paragraph", "A"), ("heading", "B"), ("code", "B")],
            id="Liquid on one line",
        ),
        pytest.param(
            "## A\n\n{% highlight python %}\n# no heading\n{% endhighlight %}\n\n{% raw %}\n\nText.\n\n## B\n",
            [("heading", "A"), ("code", "A"), ("paragraph", "A"), ("paragraph", "A"), ("heading", "B")],
            id="Liquid left open",
        ),
        pytest.param(
            "## A\n\n$$\n# no heading\n\\alpha\n$$\n\nFor $5 or $6.\n",
            [("heading", "A"), ("other", "A"), ("paragraph", "A")],
            id="math",
        ),
        pytest.param(
            "## A\n\n> [!note] Title\n> # no heading\n\n- # nor this\n",
            [("heading", "A"), ("quote", "A"), ("list", "A")],
            id="callout",
        ),
        pytest.param(
            "## A\n\nText[^1].\n\n[^1]: A foot note.\n\n[ref]: http://a.org\n\n## B\n\n[last]: http://a.org\n",
            [
                ("heading", "A"),
                ("paragraph", "A"),
                ("paragraph", "A"),
                ("other", "A"),
                ("heading", "B"),
                ("other", "B"),
            ],
            id="footnotes and link definitions",
        ),
        pytest.param(
            "## A\n\n<details>\n# no heading\n</details>\n\n<!--\n\n# hidden\n\n-->\n",
            [("heading", "A"), ("other", "A"), ("other", "A")],
            id="html",
        ),
        pytest.param("[only]: http://a.org\n", [("other", "")], id="nothing but a link definition"),
    ],
)
def test_blocks_have_kind_and_heading(text: str, blocks: list[tuple[str, str]]) -> None:
    """A `#` in code, formulas, quotes, lists or HTML does not start a heading."""
    assert outline_of(f"---\ntitle: x\n---\n{text}") == blocks


def test_blocks_contain_every_non_blank_line() -> None:
    """Blocks contain all lines of the body; their offsets count from the beginning of the file."""
    text = "---\ntitle: x\n---\n\n# A\nText\nover lines.\n\n[ref]: http://a.org\n\n***\n"
    assert [text[block.start : block.end] for block in note_of(text).blocks] == [
        "# A",
        "Text\nover lines.",
        "[ref]: http://a.org",
        "***",
    ]


def test_long_titles_and_headings_are_shortened() -> None:
    """Titles and headings are cut at `MAX_NAME` characters, because every passage below repeats them."""
    note = note_of(f"---\ntitle: {'word ' * 1000}\n---\n# {'deep ' * 1000}\n\nText.\n")
    assert note.title.endswith("word…")
    assert {len(name) for name in (note.title, *note.blocks[-1].heading_path)} == {MAX_NAME}


def test_a_first_heading_that_repeats_the_title_is_dropped() -> None:
    """Heading paths do not begin with the title, regardless of case; other headings stay."""
    paths = [block.heading_path for block in note_of("---\ntitle: graphs\n---\n# Graphs\n\n## Graphs\n\ntext").blocks]
    assert paths == [(), ("Graphs",), ("Graphs",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\ntitle: x\n---\n\n \n", "no text below"),
        ("---\nkind: blog\n---\ntext", "'blog'.*note, post, outline"),
        ("---\nkind: [post]\n---\ntext", "unknown kind"),
        ("---\narea: LLMs\n---\ntext", "'LLMs'.*ml-systems, gnn, llm, detour"),
        ("---\narea: {a: b}\n---\ntext", "unknown area"),
    ],
)
def test_an_invalid_note_is_refused(text: str, message: str) -> None:
    """The error names the invalid value and the valid ones."""
    with pytest.raises(NoteError, match=message):
        note_of(text)


def test_area_kind_and_authors() -> None:
    """They are taken from front matter; a note with the mark of `kb outline` is an outline unless it states a kind."""
    note = note_of("---\narea: detour\nkind: post\nauthors: [A. B., C. D.]\n---\ntext")
    assert (note.area, note.kind, note.authors) == ("detour", "post", ("A. B.", "C. D."))
    assert note_of("<!-- kb outline: graphs -->\n\ntext").kind == "outline"
    assert note_of("---\nkind: note\n---\n<!-- kb outline: graphs -->\n\ntext").kind == "note"


def test_repeated_marks_are_parsed_quickly() -> None:
    """A few kilobytes of unclosed marks are parsed within seconds."""
    program = (
        "from kb.notes.parse import parse_note\n"
        "from kb.models import NoteFile\n"
        "for text in ('[a](' * 2000, '[' * 5000, '[[a|' * 2000, '`a ' * 2000, '$a ' * 2000, '>' * 3000 + ' x'):\n"
        "    parse_note(NoteFile(path='a.md', size=1, mtime_ns=1, text=text, sha256='0'))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=10).returncode == 0
