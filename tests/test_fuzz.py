"""The fuzz targets hold for input that hypothesis generates and for earlier findings of the fuzzer."""

from __future__ import annotations

import pytest
from fuzz import TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st

MARKS = (
    "# ", "## ", "- ", "* ", "1. ", "> ", "```", "~~~", "`", "**", "*", "_", "~~", "[", "](", "]", "[[", "]]", "![",
    "[^1]", "[^1]:", "]:", "<!--", "-->", "--!>", "--", "<b>", "</b>", "<script>", "<?", "<![CDATA[", "&#27;", "&lt;",
    "{{", "{%", "%}", "{#", "{:", "{", "{% raw %}", "{% endraw %}", "$$", "$", "|", "|-|", "---", "===", "+++", "\\",
    '"', "'", "title: ", "tags: ", "date: ", "area: ", "kind: ", "&a ", "!", ",", ".", "?", ":", ";", "é", "学", "。",
    "javascript:", "https://a.example/", "arXiv:1706.03762", "10.1000/1", "AND", "NEAR(", "^", "(", ")", "word",
    "<!-- notes/a.md:1 sha256:", "a" * 64, " chars:5 -->", "<!-- kb memory", "Closing thoughts",
)  # fmt: skip
BLANKS = (" ", "\n", "\n\n", "\r\n", "\t", "    ", "\u00a0", "\u2028", "\u202e", "\x1b", "\ufeff", "\0")
CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(lambda text: text.encode(errors="replace")),
    st.lists(st.sampled_from([*MARKS, *BLANKS]), max_size=40).map(lambda pieces: "".join(pieces).encode()),
)
FOUND = (
    ("query", b'r\0"r\0"\n'),
    ("query", b'"r\0" -"a\0"'),
    ("outline", b"&#$60;{"),
    ("outline", b"o^1"),
    ("outline", b"0[^1"),
    ("outline", b"h[^1]: a"),
    ("outline", b"9[^1]"),
    ("outline", b"o\\"),
    ("front-matter", b"[" + b".".join([b"a"] * 5_000) + b"]"),
    ("note", b"# " + b"h" * 9_000),
)


@pytest.mark.parametrize("name", TARGETS)
def test_targets_hold_for_any_bytes(name: str) -> None:
    """Notes, front matter, queries, posts and quoted text may be any bytes."""

    @settings(max_examples=50, deadline=None)
    @given(CONTENTS)
    def holds(content: bytes) -> None:
        TARGETS[name](content)

    holds()


@pytest.mark.parametrize(("name", "content"), FOUND)
def test_earlier_findings_are_fixed(name: str, content: bytes) -> None:
    """Input with which the fuzzer once broke kb is handled."""
    TARGETS[name](content)
