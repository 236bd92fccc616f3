"""Text to `Note`: title, date, tags, references, links, and blocks under their headings."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys

import pytest

from kb.errors import NoteError
from kb.models import Note, NoteFile
from kb.notes.markup.blocks import MAX_NAME
from kb.notes.markup.references import Citation, citations_in, reference_url
from kb.notes.parse import parse_note


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
        ("Underlined\n==========\n\nIntro.\n", "a.md", "Underlined"),
        ("Intro.\n\nUnderlined\n==========\n", "notes/gossip.md", "gossip"),
        ("```\n# a comment\n```\n\n> # quoted\n", "notes/2024-01-03-graph_neural-nets.md", "Graph neural nets"),
        ("text", "daily/2024-01-03.md", "2024-01-03"),
        ("#\n\ntext", "___.md", "___"),
        ("---\ntitle: '**Sparse** attention <b>now</b>'\n---\ntext", "a.md", "Sparse attention now"),
        ("Begun in 2021.\n\n# History\n\ntext\n\n# Design", "wiki/ray serve.md", "ray serve"),
        ("Text.\n\n##### Loss function:\n\nmore", "wiki/Triplet loss.md", "Triplet loss"),
        ("## Second level\n\ntext", "wiki/paging.md", "paging"),
        ("[![ci](https://x.org/ci.svg)](https://x.org)\n\n- [A](#a)\n- [B](#b)\n\n# Tool\n\ntext", "a.md", "Tool"),
        ("<!-- draft -->\n\n# Heading\n", "a.md", "Heading"),
        ("- # On heaps\n\t- text", "pages/Sorting___Heaps.md", "On heaps"),
        ("# Parts\n\ntext\n\n# Other parts\n", "wiki/Heap sort.md", "Heap sort"),
        ("# On heaps\n\ntext\n\n# Other parts\n", "wiki/Heap sort.md", "On heaps"),
        ("# A day\n\ntext\n\n# Other parts\n", "daily/2024-01-03.md", "A day"),
        ("## 2.3 Sorting with heaps\n\ntext\n\n## Links\n", "course/03-heap-sort.md", "2.3 Sorting with heaps"),
        ("### [SortNet: learning](https://x.org)\n\ntext", "notes/sort-net.md", "SortNet: learning"),
        ("## Features\n\ntext", "wiki/Heap sort.md", "Heap sort"),
        ("## Heaps\n\ntext\n\n## Tries\n\ntext", "wiki/Heaps & Tries.md", "Heaps & Tries"),
        ("# Install\n\ntext", "wiki/paging.md", "Install"),
        ("# Tool [![ci](https://x.org/a.svg)](https://x.org)\n\ntext", "a.md", "Tool"),
        ("# Last words {.unnumbered #end}\n\ntext", "a.md", "Last words"),
        ("# Sorting in C #card #two/parts\n\ntext", "a.md", "Sorting in C"),
        ("# Questions #card\n\t- text\n", "pages/Heap sort.md", "Heap sort"),
        ("# Index of heaps\n\t- text\n", "pages/Index.md", "Index of heaps"),
        ("- text\n", "pages/Index.md", "Index"),
        ("# Questions\nid:: 12\n\n- text\n", "pages/Heap sort.md", "Heap sort"),
        ("# On heaps\ncollapsed:: true\n\n- text\n", "pages/Heap sort.md", "On heaps"),
        ("# Between hashes ##\n\ntext", "a.md", "Between hashes"),
        ("text", "tools/mlflow/README.md", "mlflow"),
        ("text", "guides/two-tower/index.md", "Two tower"),
        ("text", "README.md", "README"),
        ("- text", "pages/Graphs___Pooling%3F.md", "Graphs/Pooling?"),
        ("---\nname: A person\n---\ntext", "a.md", "A person"),
        ("---\naliases: [Mixture of experts]\n---\ntext", "zettel/202403081230.md", "Mixture of experts"),
        ("text", "a/2024-03-08T1230 a topic.md", "a topic"),
        ("text", "graph-nets/README.pt-BR.md", "Graph nets"),
        ("text", "feature-stores/_index.fr.md", "Feature stores"),
        ("##### On this page\n\n- [One](#one)\n\n# Rings of attention\n\ntext", "a/ring.md", "Rings of attention"),
        ("## Links\n\n- [One](b.md)\n\n## Rings\n\ntext", "a/ring.md", "ring"),
        ("---\naliases: [MoE]\n---\ntext", "mixture.md", "mixture"),
        ("Tide gauge pattern\n\n## Use\n\ntext", "patterns/Tide-gauge-pattern/draft_en.md", "Tide gauge pattern"),
        ("Tide gauges\n\n### Use\n\ntext", "notes/tide-gauge.txt", "Tide gauges"),
        ("Tide gauges rust.\n\n## Use\n\ntext", "notes/tide-gauge.md", "Tide gauge"),
        ("Begun in May\n\n## Use\n\ntext", "notes/tide-gauge.md", "Tide gauge"),
        ("Tide gauges\nand lamps\n\n## Use\n\ntext", "notes/tide-gauge.md", "Tide gauge"),
        ("Tide gauges\n\ntext", "notes/tide-gauge.md", "Tide gauge"),
    ],
)
def test_a_title_is_found_for_every_note(text: str, path: str, title: str) -> None:
    """Front matter names the note, else a level-1 heading that no text precedes, else a first line that has the words
    of its file or folder and stands alone above a heading, else its file or folder.
    """
    assert note_of(text, path).title == title


@pytest.mark.parametrize(
    ("front_matter", "path", "date"),
    [
        ("date: 2024-01-03 10:00:00 +0200", "a.md", datetime.date(2024, 1, 3)),
        ("date: 2024-01-03", "2020-02-02-a.md", datetime.date(2024, 1, 3)),
        ("date: 2026-02-30", "_posts/2023-05-06-my-post.md", datetime.date(2023, 5, 6)),
        ("draft: true", "2023-05-06.md", datetime.date(2023, 5, 6)),
        ("draft: true", "2023-02-30-a.md", None),
        ("draft: true", "20230506-a.md", datetime.date(2023, 5, 6)),
        ("draft: true", "20230506 a.md", datetime.date(2023, 5, 6)),
        ("draft: true", "20231399-a.md", None),
        ("draft: true", "journals/2023_05_06.md", datetime.date(2023, 5, 6)),
        ("draft: true", "daily/2023/05/06.md", datetime.date(2023, 5, 6)),
        ("draft: true", "notes/daily.journal.2023.05.06.md", datetime.date(2023, 5, 6)),
        ("draft: true", "notes/retro (2023-05-06).md", datetime.date(2023, 5, 6)),
        ("draft: true", "notes/model v1.2023.05.md", None),
        ("created: 1683367200000\nupdated: 1704274200000", "a.md", datetime.date(2023, 5, 6)),
        ("Created: 2023-5-6", "a.md", datetime.date(2023, 5, 6)),
        ("published: May 6, 2023", "a.md", datetime.date(2023, 5, 6)),
        ("updated: 6 May 2023 at noon", "a.md", datetime.date(2023, 5, 6)),
        ("created: '[[2023-05-06]]'\nlastmod: 2024-01-01", "a.md", datetime.date(2023, 5, 6)),
        ("lastmod: 2024-01-01", "2023-05-06-a.md", datetime.date(2023, 5, 6)),
        ("lastmod: 2024-01-01", "a.md", datetime.date(2024, 1, 1)),
        ("created: 2023-01-01\ndate: 2023/05/06", "a.md", datetime.date(2023, 5, 6)),
        ("date: 2023-05", "a.md", datetime.date(2023, 5, 1)),
        ("date: 05/06/2023", "a.md", None),
        ("date: 31/05/2023", "a.md", datetime.date(2023, 5, 31)),
        ("date created: 2023-05-06", "a.md", datetime.date(2023, 5, 6)),
        ("pubDate: May 6, 2023", "a.md", datetime.date(2023, 5, 6)),
        ("last_modified_at: 2024-01-01\ncreated-at: 2023-05-06", "a.md", datetime.date(2023, 5, 6)),
        ("created: [[2023-05-06]]", "a.md", datetime.date(2023, 5, 6)),
        ("created: '[[daily/2023-05-06|then]]'", "a.md", datetime.date(2023, 5, 6)),
        ("created: '[[2023/05/06]]'", "a.md", datetime.date(2023, 5, 6)),
        ("created: the 6th of May", "a.md", None),
        ("created: 6th of May 2023", "a.md", datetime.date(2023, 5, 6)),
        ("created: 06-May-2023", "a.md", datetime.date(2023, 5, 6)),
        ("created: 2023-May-06", "a.md", datetime.date(2023, 5, 6)),
        ("published: 2023年5月6日", "a.md", datetime.date(2023, 5, 6)),
        ("published: 2023년 5월 6일", "a.md", datetime.date(2023, 5, 6)),
    ],
)
def test_a_date_is_taken_from_front_matter_or_the_file_name(
    front_matter: str, path: str, date: datetime.date | None
) -> None:
    """A day that does not exist, or that could be two, counts as none."""
    assert note_of(f"---\n{front_matter}\n---\ntext\n", path).date == date


def test_a_date_that_cannot_be_read_is_a_fault() -> None:
    """What could be two days, or none, is said with the value and the way to write it; the day of rendering is not."""
    text = (
        "---\ndate: 05/06/2023\nCreated at: some day\nupdated: last-modified\n"
        'published: true\npubdate: "`r Sys.Date()`"\n---\ntext\n'
    )
    faults = note_of(text).faults
    assert [fault.split(";")[0] for fault in faults] == [
        "date: 05/06/2023 may be two dates",
        "created at: some day is not a date that can be read",
    ]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("---\ntags: Graph networks, LLM\n---\ntext", ("graph networks", "llm")),
        ("---\nTags: graphs llm graphs\n---\ntext", ("graphs", "llm")),
        ("---\ntags: [ml/gnn, '#llm', '#a1b2c3', '2024']\n---\ntext", ("ml/gnn", "llm")),
        ('{\n"tags": ["Graph nets"]\n}\ntext', ("graph nets",)),
        ("tags:: [[Graphs]], #llm\n\n- text", ("graphs", "llm")),
        (
            "---\ntags: ['#gnn', LLM]\ncategories: [Deep]\nkeywords: graph nets, x\n---\ntext",
            ("gnn", "llm", "deep", "graph nets", "x"),
        ),
        ("+++\ntags = ['a']\n+++\ntext #b", ("a", "b")),
        ("On #graphs, #deep/learning and (#not).", ("graphs", "deep/learning")),
        ("Issue #12, C#sharp, a&#x41; https://a.org/#part [x](#here) `#code`\n\n```\n#code\n```\n", ()),
        ("# Heading\n\n## Another\n", ()),
        ("Über #Größe und #日本", ("größe", "日本")),
        ("---\ntags: 图神经网络，大 模型、推理\n---\ntext", ("图神经网络", "大 模型", "推理")),
        ("---\nkeywords: graph nets; LLM\n---\ntext", ("graph nets", "llm")),
        ("On #[[Graph nets]] and \\#escaped.", ("graph nets",)),
        ("Colours #fff, #1a2b3c and #d81b60 in CSS, #2024, and #cnn2.", ("cnn2",)),
        (
            "## Heading {#of-it}\n\n### Other {: .wide #other}\n\nText{#x} *#kept* **#too**, #three.",
            ("kept", "too", "three"),
        ),
        ("See [[Stores (S3)#Buckets|them]], [[Notes #Part]] and [it]({{ site.url }}#part) or [x](/y/#z).", ()),
        ("标签，#图网络；#学习", ("图网络", "学习")),
        ("tags:: [[How to/Sort fast]] heaps #[[Two words]]\n\n- text", ("how to/sort fast", "heaps", "two words")),
    ],
)
def test_tags_come_from_front_matter_and_prose(text: str, tags: tuple[str, ...]) -> None:
    """Tags are lower-cased, without repeats; what only looks like one (anchors, code, headings) is none."""
    assert note_of(text).tags == tags


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("arXiv:1706.03762v5 and https://arxiv.org/pdf/1706.03762v7.pdf", ["arXiv:1706.03762"]),
        ("https://arxiv.org/html/2405.04434v5 and https://ar5iv.org/abs/2405.04434", ["arXiv:2405.04434"]),
        ("https://ar5iv.labs.arxiv.org/html/2405.04434", ["arXiv:2405.04434"]),
        ("https://arxiv.org/abs/cs.LG/0501001", ["arXiv:cs.LG/0501001"]),
        ("https://huggingface.co/papers/2405.04434 https://export.arxiv.org/abs/2405.04434v2", ["arXiv:2405.04434"]),
        ("doi:10.48550/arXiv.2405.04434, https://doi.org/10.48550/ARXIV.2405.04434", ["arXiv:2405.04434"]),
        ("(doi:10.1145/3442188.3445922).", ["doi:10.1145/3442188.3445922"]),
        ("<https://doi.org/10.1038/nature14539>", ["doi:10.1038/nature14539"]),
        ("[a](https://a.org/b?c=d#e), https://a.org/b?c=d#e.", ["https://a.org/b?c=d#e"]),
        ("(https://a.org/wiki/Graph_(discrete_mathematics))", ["https://a.org/wiki/Graph_(discrete_mathematics)"]),
        ("Version 1706.03762 of nothing.", []),
        ("https://a.org/b?utm_source=chat.example", ["https://a.org/b"]),
        ("https://a.org/R&D?utm_source=x", ["https://a.org/R&D"]),
        ("https://a.org/b?utm_source=x&page=2&utm_medium=y#c", ["https://a.org/b?page=2#c"]),
        ("https://a.org/s.css https://a.org/x.js?v=2 https://a.org/i.png https://img.shields.io/b/x", []),
        ("https://twitter.com/someone https://www.linkedin.com/in/someone/ https://x.com/someone", []),
        ("https://x.com/someone/status/123", ["https://x.com/someone/status/123"]),
        (
            "https://youtu.be/kCc8FmEb1nY?si=a&t=61 https://www.youtube.com/watch?app=x&v=kCc8FmEb1nY&t=9s",
            ["https://www.youtube.com/watch?v=kCc8FmEb1nY"],
        ),
    ],
)
def test_references_are_arxiv_ids_dois_and_urls(text: str, references: list[str]) -> None:
    """Each work is named once and in one spelling, without the punctuation around it, and without where a reader came
    from; pictures and people are none.
    """
    assert [citation.reference for citation in citations_in(text)] == references


def test_a_reference_has_the_words_that_link_to_it() -> None:
    """The anchor is the link's text without Markdown; a bare address has none."""
    text = (
        "[*Attention* is all](https://arxiv.org/abs/1706.03762), see https://b.org and [https://c.org](https://c.org)."
    )
    assert citations_in(text) == [
        Citation("arXiv:1706.03762", "Attention is all"),
        Citation("https://b.org", ""),
        Citation("https://c.org", ""),
    ]


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
    """Bare arXiv ids are known as such, also when YAML takes one for a number."""
    assert note_of(f"---\n{front_matter}\n---\ntext\n").sources == sources


def test_references_have_addresses() -> None:
    """An arXiv id and a DOI lead to their pages; a URL is its own."""
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
            ("./b.md", "./d.md", "./f g.md", "./L.MARKDOWN"),
        ),
        ("[a](<b c.md>) [d](e_(f).md)", ("./b c.md", "./e_(f).md")),
        ("[a](../papers/gcn) [b][r] [r] [c][none]\n\n[r]: ./x.md 'T'", ("../papers/gcn", "./x.md")),
        ("[site](/about) [pdf](a.pdf) [mail](mailto:a@b.org)", ("/about",)),
        ("![[figure.png]] [[paper.pdf]] ![[a note]] [[GPT-3.5]]", ("a note", "GPT-3.5")),
        ("![[talk.m4a]] ![[photo.HEIC|300]] ![[scan.tiff]] [[clip.mkv]] [[Node.js]]", ("Node.js",)),
        ("[[Graphs/Pooling|x]] [[n^block]] [[../up/n.md]]", ("Graphs/Pooling", "n", "../up/n.md")),
        (
            "---\nup: '[[parent]]'\nrelated: ['[[a]]', '[[b|B]]']\nsources: [papers/x.md]\n---\nt",
            ("parent", "a", "b", "./papers/x.md"),
        ),
        (
            '[a]({% post_url 2020-01-02-a %}) [b]({{ site.base }}{% link _posts/b.md %}#c) [c]({{< ref "../c.md" >}})',
            ("./2020-01-02-a", "./_posts/b.md", "../c.md"),
        ),
        ("[d]({{% relref d.md#part %}}) [home]({{ site.url }}) [pic]({{ '/a b.png' | url }}) [open](a b", ("./d.md",)),
        ("[a]([https://a.org](https://a.org)) [b]([[other]])", ("other",)),
        ("[web](https://a.org/b.md) [part](#part) ![image](c.png) `[[code]]`", ()),
        ("```\n[[code]] [a](b.md)\n```\n", ()),
        ("A tick ` here.\n\n[[one]]\n\n- and ` there.\n- [[two]] ` [[three]]", ("one", "two", "three")),
        ("<details>\n<summary>On [[one]]</summary>\n[two](two.md)\n</details>", ("one", "./two.md")),
        ("## Head\n\t- [[one]]\n\t\t- [[two]]", ("one", "two")),
    ],
)
def test_links_to_other_notes_are_found(text: str, links: tuple[str, ...]) -> None:
    """Wikilinks and links to files are kept without part or label; code, pictures, documents and the web are not."""
    assert note_of(text).links == links


def test_an_alias_may_be_written_as_a_link() -> None:
    """Logseq writes `alias:: [[name]]`; the name alone is the alias."""
    assert note_of("alias:: [[residue]], other name\n\n- text\n").aliases == ("residue", "other name")


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
            [("heading", "A"), ("heading", "B")],
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
            "## A\n\n> [!note] Title\n> # no heading\n",
            [("heading", "A"), ("quote", "A")],
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
            [("heading", "A"), ("other", "A")],
            id="html",
        ),
        pytest.param(
            "- said\n- # Inner\n\t- below\n\t- more\n- ## Deeper\n\t- last\n",
            [("list", ""), ("heading", "Inner"), ("list", "Inner"), ("heading", "Deeper"), ("list", "Deeper")],
            id="the headings of an outliner",
        ),
        pytest.param("[only]: http://a.org\n", [("other", "")], id="nothing but a link definition"),
    ],
)
def test_blocks_stand_under_their_headings(text: str, blocks: list[tuple[str, str]]) -> None:
    """Blocks have their kind and heading; a `#` in code, formulas, quotes or HTML is no heading."""
    assert outline_of(f"---\ntitle: x\n---\n{text}") == blocks


def test_blocks_hold_every_line_that_is_not_blank() -> None:
    """Block offsets are those of the note's text, front matter included."""
    text = "---\ntitle: x\n---\n\n# A\nText\nover lines.\n\n[ref]: http://a.org\n\n***\n"
    assert [text[block.start : block.end] for block in note_of(text).blocks] == [
        "# A",
        "Text\nover lines.",
        "[ref]: http://a.org",
        "***",
    ]


def test_a_title_or_heading_without_end_is_cut() -> None:
    """Every passage below repeats its headings: of one that is as long as a book only the beginning is kept."""
    note = note_of(f"---\ntitle: {'word ' * 1000}\n---\n# {'deep ' * 1000}\n\nText.\n")
    assert note.title.endswith("word…")
    assert {len(name) for name in (note.title, *note.blocks[-1].heading_path)} == {MAX_NAME}


def test_a_first_heading_that_repeats_the_title_is_no_section() -> None:
    """Heading paths do not begin with the title once more, whatever its case; other headings stay."""
    paths = [block.heading_path for block in note_of("---\ntitle: graphs\n---\n# Graphs\n\n## Graphs\n\ntext").blocks]
    assert paths == [(), ("Graphs",), ("Graphs",)]


def test_a_note_without_text_is_none() -> None:
    """Front matter alone, and comments alone, are no note."""
    for text in ("---\ntitle: x\n---\n\n \n", "---\ntitle: x\n---\n<!-- nothing else -->\n"):
        with pytest.raises(NoteError, match="no text below"):
            note_of(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("---\nkind: blog\n---\ntext", "'blog'.*note, post, outline"),
        ("---\nkind: [post]\n---\ntext", "kind: .*post"),
        ("---\narea: '[[LLMs]]'\n---\ntext", r"LLMs.*ml-systems, gnn, llm, detour"),
        ("---\narea: {a: b}\n---\ntext", "area: "),
        ("---\ntitle: [one: two\n---\ntext", "broken front matter: line 3"),
        ("+++\nno toml\n+++\ntext", "broken front matter"),
    ],
)
def test_a_note_that_says_something_wrong_is_taken_with_its_fault(text: str, fault: str) -> None:
    """The fault names the value and the values that are known; the block is metadata, and the note is read."""
    note = note_of(text)
    assert (note.area, note.kind, note.kinds) == (None, None, "kkkp")
    (said,) = note.faults
    assert re.search(fault, said)


@pytest.mark.parametrize(
    ("path", "front_matter", "kind"),
    [
        ("_posts/2024-05-01-x.md", "layout: post", "post"),
        ("blog/_posts/2024-05-01-x.md", "tags: [a]", "post"),
        ("content/post/x.md", "date: 2024-05-01", "post"),
        ("content/posts/x/index.md", "date: 2024-05-01", "post"),
        ("content/posts/x.md", "tags: [a]", None),
        ("content/docs/x.md", "date: 2024-05-01", None),
        ("_posts/2024-05-01-x.md", "layout: post\npublished: false", None),
        ("content/post/x.md", "date: 2024-05-01\ndraft: true", None),
        ("_posts/2024-05-01-x.md", "layout: post\nkind: note", "note"),
    ],
)
def test_the_pages_of_a_blog_are_posts(path: str, front_matter: str, kind: str | None) -> None:
    """By their place in Jekyll or Hugo, unless they are drafts or say something else."""
    assert note_of(f"---\n{front_matter}\n---\ntext", path).kind == kind


def test_front_matter_says_what_a_note_is() -> None:
    """Area, kind and authors are taken as written; a skeleton is an outline until its writer says otherwise."""
    note = note_of("---\narea: detour\nkind: post\nauthors: [A. B., C. D.]\n---\ntext")
    assert (note.area, note.kind, note.authors) == ("detour", "post", ("A. B.", "C. D."))
    assert note_of("<!-- kb outline: graphs -->\n\ntext").kind == "outline"
    assert note_of("---\nkind: note\n---\n<!-- kb outline: graphs -->\n\ntext").kind == "note"


def test_endless_repetitions_are_parsed() -> None:
    """A few kilobytes of marks that never close do not hang a sync."""
    program = (
        "from kb.notes.parse import parse_note\n"
        "from kb.models import NoteFile\n"
        "for text in ('[a](' * 2000, '[' * 5000, '[[a|' * 2000, '`a ' * 2000, '$a ' * 2000, '>' * 3000 + ' x'):\n"
        "    parse_note(NoteFile(path='a.md', size=1, mtime_ns=1, text=text, sha256='0'))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=10).returncode == 0
