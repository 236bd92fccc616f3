"""Text from elsewhere stays in its place."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kb.capture.escaping import escaped, fenced, linked, one_line, paragraphs, quoted
from kb.notes.markup.blocks import structure_of
from kb.notes.markup.comments import without_comments

MARKDOWN = MarkdownIt("commonmark").enable("table").enable("strikethrough")
HOSTILE = [
    "# heading",
    "#tag and C# and #5",
    "- item",
    "1. item",
    "1985) item",
    "---",
    "===",
    "> quotation",
    "| a | b |",
    "::: {.callout}",
    "<!-- a comment -->",
    "--> the end of a comment",
    "<div>",
    "a<b",
    "[[link]] [1] [2](foo) [a][b]",
    "[^1]: footnote",
    "![a](b)",
    "a_b_c _x_ __y__",
    "5 * 3 **b**",
    "costs $5 and $6",
    "%%hidden%%",
    "{% comment %}x{% endcomment %}",
    "{{< comment >}}",
    "`code` and ```",
    "~~~",
    "&copy; &#60;",
    "C:\\temp\\*",
    "~~s~~",
    "{::comment}",
    "[//]: # (x)",
    "#+BEGIN_COMMENT",
    "{/* x */}",
]


def shown(markdown: str) -> str:
    """The words of a paragraph as a browser shows them; anything else than one paragraph fails."""
    page = MARKDOWN.render(markdown)
    assert page.startswith("<p>"), page
    assert len(re.findall("<[a-z/]", page)) == 2, page
    return html.unescape(page.removeprefix("<p>").removesuffix("</p>\n"))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_looks_like_markup_is_shown_as_it_is(text: str) -> None:
    """A browser shows exactly the text, and kb finds no comment in it."""
    markdown = escaped(text)
    assert shown(markdown) == text
    assert without_comments(markdown) == markdown


@given(st.text(alphabet="#-=+*_~`<>![]()|{}%$&\\:.1a \n/^", max_size=40))
def test_no_text_leaves_its_paragraph(text: str) -> None:
    """Whatever marks a text has, it is one paragraph without a comment."""
    markdown = escaped(text)
    if one_line(text):
        page = MARKDOWN.render(markdown)
        assert page.startswith("<p>")
        assert page.count("<p>") == 1
        assert "<!--" not in markdown
        assert "-->" not in markdown


def test_formulas_stay() -> None:
    """An inline formula is kept, so that it is shown as one; prices are none."""
    assert escaped(r"bound $O(n_i^2)$ and $\alpha*\beta$, at $5 or $6") == (
        r"bound $O(n_i^2)$ and $\alpha*\beta$, at \$5 or \$6"
    )


def test_unreadable_characters_go() -> None:
    """Control characters, lone surrogates and marks of direction are left out; a form feed parts words."""
    assert one_line("a\x00b\ud800c\u202e\ufeff d\fe") == "abc d e"


def test_a_quotation_holds_all_paragraphs() -> None:
    """Each paragraph of a quotation has its mark."""
    assert quoted("one\ntwo\n\n# three") == "> one two\n>\n> \\# three"
    assert paragraphs("\n\n") == []


def test_code_cannot_end_its_fence() -> None:
    """The fence is longer than any in the code, and a language is a word."""
    code = fenced("```\n````\nx", "py`thon")
    assert code == "`````\n```\n````\nx\n`````"
    assert set(structure_of(code, 0, code).kinds) == {"c"}


def test_only_addresses_become_links() -> None:
    """An http address is a link; anything else is text."""
    assert linked("https://a.org/x_y") == "<https://a.org/x_y>"
    assert linked("javascript:alert(1)") == "javascript:alert(1)"
    assert linked("https://a.org/<b>") == "https://a.org/&lt;b>"
