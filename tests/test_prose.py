"""Markdown becomes plain text, and its sentences are found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.notes.prose import clean, sentence_spans


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# A *small* `title`", "A small title"),
        ("- [ ] a task", "a task"),
        ("12) a step", "a step"),
        ("> [!note]- Mind this\n> text", "Mind this text"),
        ("**bold** *em* _em_ __strong__ ~~old~~ ***both***", "bold em em strong old both"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ('[text](http://a.org/b_(c) "title") and <https://a.org>', "text and https://a.org"),
        ("[a]( https://a.org ) ![b](<my pictures/b.png>) [c](\nhttps://a.org)", "a b c"),
        ("[[note]] [[note|shown]] ![alt](a.png) ![[a note]] ![[v1.2]]", "note shown alt a note v1.2"),
        ("Seen. ![[figure.png]] ![[b/figure.svg|300]] ![[a.jpeg|300x200]] ![[paper.pdf#page=3]] Too.", "Seen. Too."),
        ("![[figure.png|A caption]]", "A caption"),
        ("said[^1] so[^long].", "said so."),
        ("`a *b* <c>` and $x_1 * y_2 * z$", "a *b* <c> and $x_1 * y_2 * z$"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a b 1 2"),
        ("```python\nx = '# no heading'\n```", "x = '# no heading'"),
        ("a<br>b <b>c</b> &amp; &lt;d&gt;", "ab c & <d>"),
        ("x < y and y > z", "x < y and y > z"),
        ("one\n\n---\n\ntwo <!-- hidden\nwords --> three", "one two three"),
        ("{% include figure.html %}\ntext", "text"),
        ("[ref]: http://a.org\ntext", "text"),
        ("[![alt](a.png)](b.md 'title') said", "alt said"),
        ("[a [b] c](d.md) and [**e**](f.md)", "a [b] c and e"),
        ("A. Person](https://x.org/p) said", "A. Person said"),
        ("a ** heap file**, **a table **and 2 ** 3", "a heap file, a table and 2 ** 3"),
        ("a claim<cite\nkey='x'></cite>.", "a claim."),
        ("it ends. ^block-7", "it ends."),
        ("n ^2", "n ^2"),
        ("see ((6a16c6fd-3e2e-4303-8610-8b62be2aa4b9)) there", "see there"),
        (r"with \(x_i = \alpha\) and \\(y\_j\\) \(sic\)", r"with \(x_i = \alpha\) and \(y_j\) (sic)"),
        (r"\*literal\* and \# sign", "*literal* and # sign"),
    ],
)
def test_markup_is_removed(markdown: str, plain: str) -> None:
    """Plain text has the words that a reader sees, code and formulas as written, and no markup."""
    assert clean(markdown) == plain


def test_prices_are_no_formulas() -> None:
    """A dollar sign before a digit closes no formula, so that the marks between two prices are read."""
    assert clean("It costs $4 + $2 = **$6 a month**.") == "It costs $4 + $2 = $6 a month."


def test_private_use_characters_are_kept() -> None:
    """A note may contain private-use characters, also as HTML entities."""
    assert "before" in clean("before \ue0000\ue001 &#xE000;7&#xE001; after `code`")


@settings(max_examples=50)
@given(st.text(max_size=120))
def test_sentence_spans_lose_nothing(text: str) -> None:
    """The spans of any text are in order and contain every non-blank character."""
    spans = sentence_spans(text)
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
