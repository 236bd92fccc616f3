"""Notes as HTML: what is shown, where links lead, and that nothing else gets through."""

from __future__ import annotations

import re
import time

import pytest
from test_hostile import TAKEN

from kb.guides import SUBJECTS, read_guide
from kb.serve.page.manual import rendered_guides
from kb.serve.page.markdown import ALLOWED, TAGS, rendered

TARGETS = {"gcn": "notes/gcn.md", "../papers/a b.md": "notes/papers/a b.md"}
GCN = '<a href="#/note?path=notes/gcn.md" class="to-note" rel="noopener noreferrer">'
SECONDS = 5
NOWHERE = '<a class="to-nothing" rel="noopener noreferrer">'


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("see [[gcn]]", f"see {GCN}gcn</a>"),
        ("see [[gcn|the network]]", f"see {GCN}the network</a>"),
        ("see [[gcn#Cost]]", f"see {GCN}gcn › Cost</a>"),
        ("see [[none]]", f"see {NOWHERE}none</a>"),
        ("`[[gcn]]`", "<code>[[gcn]]</code>"),
        ("[a](<../papers/a b.md>)", 'href="#/note?path=notes/papers/a%20b.md"'),
        ("[a](../papers/none.md)", f"{NOWHERE}a</a>"),
        ("[a](https://a.example)", '<a href="https://a.example" class="to-web" target="_blank"'),
        ("[a](#part)", f"{NOWHERE}a</a>"),
        ("[a](file:///etc/passwd)", "a"),
        ("![a cat](https://a.example/cat.png)", '<span class="image">a cat</span>'),
        ("<b onclick=x()>bold</b>", "&lt;b onclick=x()&gt;bold&lt;/b&gt;"),
        ("$a < b$", '<span class="math">a &lt; b</span>'),
        ("costs $5 to $10", "costs $5 to $10"),
        ("$$\na = b\n$$", '<div class="math block" data-lines="1-3">a = b</div>'),
        ("> [!tip] Look\n> here", '<span class="callout-title">Look</span>'),
        ("> [!tip]\n> here", '<span class="callout-title">Tip</span>'),
        ("|a|\n|-:|\n|1|", '<td data-align="right">1</td>'),
        ("~~gone~~", "<s>gone</s>"),
        ("# Title\n## Part", '<h2 data-lines="2-2">Part</h2>'),
        ("# Part\n### Detail", '<h4 data-lines="2-2">Detail</h4>'),
        ("```python\nx < 1\n```", "x &lt; 1"),
        ("said <!-- privately --> aloud", "said"),
    ],
)
def test_what_is_shown(markdown: str, expected: str) -> None:
    """Markdown, mathematics, callouts and links to notes are shown; raw HTML is text, and images are only named."""
    assert expected in rendered(markdown, "Title", TARGETS)


@pytest.mark.parametrize("front", ["", "---\ntitle: x\ntags: [a]\n---\n", "+++\ntitle = 'x'\n+++\n\n"])
def test_blocks_have_the_lines_of_the_file(front: str) -> None:
    """Lines count from the top of the file, front matter and comments included; the title is not shown again."""
    above = front.count("\n")
    html = rendered(f"{front}# Title\n\nFirst.\n<!-- a\ncomment -->\n\n- one\n- two\n", "Title", {})
    assert "Title" not in html
    assert "comment" not in html
    assert f'<p data-lines="{above + 3}-' in html
    assert f'<li data-lines="{above + 8}-{above + 8}">two' in html


def test_guides_lead_to_one_another() -> None:
    """Each guide of the manual is there, its links to others lead to them, and nothing of a page's own is in it."""
    guides = {guide.subject: guide for guide in rendered_guides().guides}
    assert list(guides) == list(SUBJECTS)
    prose = {subject: re.sub(r"^```.*?^```$", "", read_guide(subject), flags=re.DOTALL | re.M) for subject in guides}
    mentioned = {
        subject: set(re.findall(r"`kb\s+help\s+(\w+)`", text)) & set(SUBJECTS) for subject, text in prose.items()
    }
    assert sum(map(len, mentioned.values())) > 10
    for subject, guide in guides.items():
        led = re.findall(r'<a href="#/help\?guide=(\w+)"><code>kb help \1</code></a>', guide.html)
        assert set(led) == mentioned[subject], subject
        assert "<!--" not in guide.html


def test_only_allowed_elements() -> None:
    """The hostile notes become allowed elements with allowed attributes, each within seconds."""
    for name, content in TAKEN.items():
        started = time.process_time()
        html = rendered(content.decode("utf-8-sig", "replace"), "", {})
        assert time.process_time() - started < SECONDS, name
        for tag, attributes in re.findall(r"<([a-z0-9]+)((?:\s[^<>]*)?)>", html):
            assert tag in TAGS, name
            names = set(re.findall(r'([a-z-]+)="', attributes)) - {"rel"}
            assert names <= ALLOWED["*"] | ALLOWED.get(tag, set()), name
        assert "javascript:" not in "".join(re.findall(r'href="([^"]*)"', html)), name
