"""Every line of a note has one kind, and only some kinds say anything."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.models import LineKind, Note, NoteFile
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.notes.statements import SAYING, statements


def note_of(text: str, path: str = "notes/a.md") -> Note:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return parse_note(NoteFile(path=path, size=len(text), mtime_ns=1, text=text, sha256=digest))


def words(text: str) -> int:
    return len(text.split())


def said(text: str, max_tokens: int = 30) -> list[str]:
    """The statements of a note, passage by passage."""
    chunks = chunk_note(note_of(text), words, max_tokens)
    return [found.text for chunk in chunks for found in statements(chunk.text, chunk.kinds, chunk.start_line)]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("# Head\n\nProse.\nMore.\n", "h pp "),
        ("Head\n====\n\n- one\n  two\n\n1. three", "hh ll l"),
        ("> quoted\n> more\n\n> [!tip] Mind\n> the gap", "qq qq"),
        ("```py\nx = 1\n\n# y\n```\nAfter.", "cc ccp"),
        ("~~~\nx\n~~~\n\n    indented\n", "ccc c "),
        ("- item\n  ```\n  code\n  ```\n- next", "lcccl"),
        ("<p>On it</p>\n```c\nint x;\n\nint main() {}\n```\n<p>More</p>\n\nProse.\n\n```\ny\n```", "xcc ccx p ccc"),
        ("<p>On it</p>\n```\n\nProse of it.", "xx p"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\n$$\nx\n$$", "ttt mmm"),
        ("<div>\ntext\n</div>\n\n<details><summary>More</summary>\n\nProse.\n\n</details>", "xxx x p x"),
        ("---\ntitle: T\n---\nText.", "kkkp"),
        ("[a]: https://a.org 'T'\n[^1]: https://b.org", "dd"),
        ("{% highlight py %}\nx = 1\n{% endhighlight %}", "ccc"),
        ("{% include note.html %}\n\n{{< figure src=x >}}\n\n{{ page.title }}", "k k k"),
        ("::: {.callout-note}\nInside.\n:::\n\n:::: columns\n", "kpk k "),
        ("import Chart from '../chart'\n\nexport const a = 1\n\n<Chart data={a} />\n\nProse.", "k k x p"),
        ("{: .note}\n\n{#label .wide}\n\nProse.", "k k p"),
        ("(some-label)=\n\nProse (of it)=.", "k p"),
        ("export const meta = {\n  title: 'Words',\n  tags: [{ name: 'x' }],\n}\n\nProse.", "cccc p"),
        ("status:: draft\n\n- topic:: graphs\n- Said.", "k kl"),
        ("@inproceedings{x,\n  title = {A}\n}\n\nProse.", "ccc p"),
        ("- [One](a.md)\n- [Two](https://b.org) and [three](c.md)\n- [Four](d.md) says why.", "ddl"),
        ("See also: [[one]], [[two|2]]\n\n[[three]] explains the cache.", "d p"),
        ("[![build](https://x.org/b.svg)](https://x.org) ![c](d.png)", "d"),
        ("[TOC]\n\n[[_TOC_]]\n\n***\n\nProse. ^block-1", "k k k p"),
        ("We get\n$$\nu\n=\n- v\n$$\nand go on.", "pmmmmmp"),
        ("The bound $$\n# x\n$$\n\nHere $$u$$ and\n$$v$$ are plain.", "pmm pp"),
        ("- a rate\n  $$r\n  + s$$\n- more", "lmml"),
        ("It costs $$ a day.\nMore.\n\n$$ is money.", "pp p"),
        ("\\begin{gather*}\nu\n\n- v\n\\end{gather*}\nSo.\n\n\\[\nw\n\\]", "mm mmp mmm"),
        ("\\newcommand{\\R}{\\mathbb{R}}\n\nProse.", "m p"),
        ("<img\n  src='a.png'\n/>\n\nProse.", "xxx p"),
        ("<Quiz\n  answers={[\n\n {text: 'a > b'},\n ]}\n/>\nProse.", "xx xxxp"),
        ("<a href='b'\n  class='c'>These words</a> are read.", "pp"),
        ('{% include figure.html caption="A.\n\nB." %}\nProse.', "k kp"),
        ("{{< figure\n  src=x\n>}}\nProse.", "kkkp"),
        ("<details><summary>Code</summary>\n{% raw %}\nx = 1\n\n# y\n{% endraw %}\n</details>\n\nProse.", "xcc ccx p"),
        ("```\n$$\n<img\n{% raw %}\n```\nProse.\n$$\n", "cccccpp"),
        ("## Head\n\t- said\n\t\t- below\n\t- more\n\nProse.", "hlll p"),
        ("Code:\n\n\tx = [\n\t- 1]\n\nProse.", "p cc p"),
        ("| only | rows |\n| of a | table |\n\nProse.", "tt p"),
        ("**Date**: 2023-05-06\nTags: a, b\nAuthors: A. Person\n\nDates: three of them.", "ddd p"),
        ("© 2023 A. Person\n\n5 min read\n\n#graphs #deep/learning", "d d d"),
        ("- A Study of Sparse Graphs [[pdf](a)] [code](b)\n- We study sparse graphs [pdf](a)", "dl"),
        ("- ((6a16c6fd-3e2e-4303-8610-8b62be2aa4b9))\n- [![a](b.png) ![c](d.png)](e.md 'T')", "dd"),
        ("[A. Person\n\n](https://x.org/p)\n\nProse.", "p d p"),
    ],
)
def test_the_kind_of_every_line(text: str, kinds: str) -> None:
    """CommonMark, and the dialects of Obsidian, Logseq, Jekyll, Hugo, Quarto and MDX."""
    assert note_of(text).kinds.rstrip() == kinds.rstrip()


def test_a_long_fence_and_prose_after_it() -> None:
    """No line of a fence is said, however many passages it is cut into, and what follows it is."""
    code = "\n".join(
        f"# stage {n}: the page table maps block {n} to a frame, and a reader waits for it" for n in range(70)
    )
    for opening, closing in (("```python", "```"), ("~~~~", "~~~~")):
        text = f"# Paging\n\nBlocks are pages.\n\n{opening}\n{code}\n{closing}\n\nFrames are shared.\n"
        assert said(text) == ["Blocks are pages.", "Frames are shared."]


@pytest.mark.parametrize(
    "markup",
    [
        "| model | score |\n|---|---|\n| a long name of a model | 71.3 points on the test |",
        "<table>\n<tr><td>A cell that is quite long and reads like a sentence.</td></tr>\n</table>",
        "@misc{key,\n  title = {A long title that reads like a sentence of a note},\n}",
        "- Related: [[kv-cache]], [[continuous batching]]\n- [A reading list of serving papers](https://x.org/list)",
        "    indented = code(that, reads='like a sentence of a note somewhere')",
        "<pre>\nPreformatted text that reads like a sentence.\n</pre>",
        "<div>\n<pre><code>\nSet up first.\n\nPreformatted text that reads like a sentence.\n</code></pre>\n</div>",
        "<code>\nset = up\n\nCode that reads like a sentence of a note.\n</code>",
        '{{< highlight python "linenos=true" >}}\nset = up\n\nCode that reads like a sentence.\n{{< /highlight >}}',
        "#+BEGIN_SRC python\nset = up\n\nCode that reads like a sentence of a note.\n#+END_SRC",
        "#+title: A title that reads like a sentence of a note",
        "| a | b |\n|---|---|\n| c | d |\n\n: A caption that reads like a sentence",
        ": A caption that reads like a sentence {#tbl-one}",
    ],
)
def test_what_is_no_prose_says_nothing(markup: str) -> None:
    """Tables, HTML, BibTeX, lists of links and code give no statements."""
    assert said(f"First said.\n\n{markup}\n\nLast said.\n") == ["First said.", "Last said."]


def test_an_entry_of_a_bibliography_ends_with_its_braces() -> None:
    """What follows an entry in the next line is said."""
    entry = "@misc{key,\n    title = {A {Long} title that reads like a sentence},\n  }"
    assert said(f"- First said.\n- {entry}\n- Last said.\n") == ["First said.", "Last said."]


def test_markup_in_a_sentence_is_dropped() -> None:
    """Attribute lists and macros inside a sentence leave its words."""
    text = 'Read [the paper](https://x.org){target="_blank"} of {{ site.author }} on *caches*{.term}.'
    assert said(text) == ["Read the paper of on caches."]


PIECES = st.sampled_from(
    [
        "# Head", "Prose here.", "- item", "  - nested", "> quote", "```", "~~~", "    indented", "| a | b |",
        "|---|---|",
        "", "", "<div>", "</div>", "<!--", "-->", "%%", "$$", "{% raw %}", "{% endraw %}", "key:: value", "- # Inner",
        ":::", "[a]: http://x", "@misc{a,", "}", "***", "[[x]]", "import 'x'", "\t- tab",
    ]
)  # fmt: skip


@settings(max_examples=80)
@given(st.lists(PIECES, max_size=25).map("\n".join), st.sampled_from([6, 20, 60]))
def test_passages_carry_the_kinds_of_their_lines(text: str, max_tokens: int) -> None:
    """Each line has a kind, blank ones `BLANK`; each passage has those of its lines; nothing else is said."""
    try:
        note = note_of("Text.\n" + text)
    except ValueError:
        return
    lines = note.text.split("\n")
    assert len(note.kinds) == len(lines)
    assert all((kind == LineKind.BLANK) == (not line.strip()) for kind, line in zip(note.kinds, lines, strict=True))
    for chunk in chunk_note(note, words, max_tokens):
        assert chunk.kinds == note.kinds[chunk.start_line - 1 : chunk.end_line]
        for found in statements(chunk.text, chunk.kinds, chunk.start_line):
            assert all(note.kinds[number - 1] in SAYING for number in range(found.start_line, found.end_line + 1))
