"""An outline as Markdown, through templates; what notes say stays text."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from kb.errors import InputError
from kb.knowledge import KnowledgeBase
from kb.notes.parse import OUTLINE_MARK
from kb.outline.post.citations import Citations, find_cited
from kb.outline.post.escaping import anchors
from kb.outline.post.render import TEMPLATES, render, template_text
from kb.reports import Address, CoveredBefore, Gap, OpenQuestion, Outline, Point, Reference, Repeated, Section

TODAY = datetime.date(2025, 11, 30)
PLAIN = "An ordinary sentence about graphs."
HASH = hashlib.sha256(PLAIN.encode()).hexdigest()
FORMS: tuple[Citations, ...] = ("comment", "footnote", "none")

forms = pytest.mark.parametrize("form", FORMS)
ways = pytest.mark.parametrize(
    ("template", "form"),
    [
        pytest.param(template, form, marks=[] if template == "plain" or form == "comment" else pytest.mark.torture)
        for template in TEMPLATES
        for form in FORMS
    ],
)


def outline(
    text: str = PLAIN, heading: str = "Depth", path: str = "notes/a.md", url: str = "https://a.example/b"
) -> Outline:
    """An outline with something in every field; `text` is used for all text from notes."""
    point = Point(text=text, path=path, start_line=3, end_line=4, sha256=hashlib.sha256(text.encode()).hexdigest())
    said = Address(text=text, path=path, start_line=5, end_line=6)
    return Outline(
        topic=text,
        title=text,
        thesis=text,
        area="gnn",
        sections=(
            Section(heading=heading, points=(point, point), so_what=text, notes=(path,)),
            Section(heading="Introduction", points=(point,), notes=(path,)),
            Section(heading="intro", points=(point,), notes=(path,)),
        ),
        references=(Reference(title=text, authors=(text,), url=url, cited_by=(path,), sections=(heading,)),),
        open_questions=(OpenQuestion(text=text, path=path, line=9),),
        gaps=(Gap(kind="one note", text=text, section=heading),),
        leftovers=(Address(text=text, path=path, start_line=7, end_line=7),),
        covered_before=(
            CoveredBefore(path=path, title=text, date=TODAY, similarity=0.5, points=(Repeated(text=text, said=said),)),
        ),
    )


def rendered(template: str, shown: Outline, form: Citations = "comment") -> str:
    return render(shown, template_text(template), TODAY, form)


def body_of(text: str) -> str:
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)


def html_of(text: str) -> str:
    """What a reader's browser gets."""
    return str(MarkdownIt("commonmark").use(footnote_plugin).render(body_of(text)))


def texts_of(text: str) -> list[str]:
    """The plain text of every list item and heading, as a reader sees it."""
    tokens = MarkdownIt("commonmark").use(footnote_plugin).parse(body_of(text))
    return [
        "".join(child.content for child in token.children or () if child.type in ("text", "code_inline")).strip()
        for token in tokens
        if token.type == "inline"
    ]


def tags_of(text: str) -> list[str]:
    """The HTML tags of a page, comments taken out as a browser does and anchors made alike."""
    seen = re.sub(r"<!--.*?--!?>", "", html_of(text), flags=re.DOTALL)
    return [re.sub(r'"#?[a-z0-9-]+"', '"anchor"', tag) for tag in re.findall(r"</?[a-zA-Z][^>]*>", seen)]


@cache
def tags_of_plain(template: str, form: Citations, with_code: bool) -> list[str]:
    """The tags of a page of ordinary words."""
    plain = outline(text="`code` and more", heading="`code` and more") if with_code else outline()
    return tags_of(rendered(template, plain, form))


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_work_that_only_its_address_names_has_it_once(template: str) -> None:
    """A reference without a title is its address; one with a title has both."""
    url = "https://a.example/b"
    titled = outline()
    bare = Reference(title=url, authors=(), url=url, cited_by=(), sections=())
    assert f"1. <{url}>\n" in rendered(template, titled.model_copy(update={"references": (bare,)}))
    assert f": <{url}>\n" in rendered(template, titled)


@pytest.mark.parametrize("template", TEMPLATES)
def test_everything_is_shown(template: str) -> None:
    """Sections, points with their addresses, questions, references and the writer's list are all there, in order."""
    text = rendered(template, outline())
    places = [
        "## Introduction" if template != "jekyll" else "# Introduction",
        "**TLDR**",
        "# Depth",
        f"- {PLAIN} <!-- notes/a.md:3-4 sha256:{HASH} chars:34 -->",
        "Closing thoughts",
        f"- {PLAIN} <!-- notes/a.md:9 -->",
        "<https://a.example/b>",
        f"Gap: {PLAIN}",
        f"Written before: {PLAIN}, notes/a.md, 2025-11-30, similarity 0.50\n",
        f"Already made there: {PLAIN} (notes/a.md:5-6: {PLAIN})\n",
        f"Left over: {PLAIN} (notes/a.md:7)",
    ]
    positions = [text.rfind(place) if place == "Closing thoughts" else text.find(place) for place in places]
    assert -1 not in positions
    assert positions == sorted(positions)
    assert OUTLINE_MARK in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize("template", TEMPLATES)
def test_citations_as_footnotes(template: str) -> None:
    """Each point and question has a footnote of its own, whose definition names the place and the hash."""
    text = rendered(template, outline(), "footnote")
    assert f"- {PLAIN}[^1]\n- {PLAIN}[^2]\n" in text
    assert f"[^1]: From `notes/a.md:3-4`, sha256 {HASH[:12]} <!-- notes/a.md:3-4 sha256:{HASH} chars:34 -->\n" in text
    assert "[^5]: From `notes/a.md:9`\n" in text
    html = html_of(text)
    assert len(re.findall(r'<li id="fn\d+" class="footnote-item"', html)) == 5
    assert "[^" not in html


@pytest.mark.parametrize("template", TEMPLATES)
def test_clean_copy(template: str) -> None:
    """Without citations nothing of kb's stays in the text: no comment, no address."""
    text = rendered(template, outline(), "none")
    assert f"- {PLAIN}\n" in text
    assert not re.search(r"<!--|notes/a\.md|\[\^|\n\n\n", text)


@pytest.mark.parametrize("form", ["comment", "footnote"])
@pytest.mark.parametrize(
    "path",
    ["notes/a.md", "a b:7-9 sha.md", "--><script>.md", "{{ x }}/{% y %}`z`.md", "100%25/a\nb\u202e\\.md", "é/---.md"],
)
def test_citations_are_read_back(path: str, form: Citations) -> None:
    """A citation is read back as it was written, for any path of a note."""
    text = rendered("plain", outline(path=path), form)
    citations = [cited.citation for cited in find_cited(text)]
    assert [(entry.path, entry.start_line, entry.end_line, entry.sha256, entry.length) for entry in citations] == [
        (path, 3, 4, HASH, 34)
    ] * 4
    assert [text.rfind(PLAIN, 0, cited.position) for cited in find_cited(text)] == [
        match.start() for match in re.finditer(rf"(?<=- ){PLAIN}", text)
    ][:4]


@pytest.mark.parametrize("template", ["jekyll", "hugo"])
@forms
@pytest.mark.parametrize(
    "title",
    [PLAIN, 'He said: "no" \\ # not', "- a\n---\nlayout: evil", "yes", "{{ page.x }}: {a", "学習 🦓", "del\x7f\u0085x"],
    ids=range(7),
)
def test_front_matter_is_yaml(template: str, form: Citations, title: str) -> None:
    """Front matter parses, holds the title letter by letter and nothing that a title brought in."""
    text = rendered(template, outline(text=title), form)
    block = text.split("\n---\n", 1)[0].removeprefix("---\n")
    fields = yaml.safe_load(block)
    assert fields["title"] == title
    assert (fields["date"], fields["kind"]) == (TODAY, "outline")
    assert set(fields) <= {"layout", "title", "date", "draft", "kind"}


@forms
@pytest.mark.parametrize(
    "heading",
    [
        "Depth",
        "closing",
        "References",
        "学習",
        "f(x) = [0, 1)",
        "a] b",
        "The `code",
        "x](y)",
        "snake_case *star*",
        "C:\\",
        "1. One",
    ],
)
def test_contents_lead_to_their_sections(heading: str, form: Citations) -> None:
    """Every entry of the table of contents is a link, named as its section, to an anchor that exists once."""
    text = rendered("jekyll", outline(heading=heading), form)
    html = html_of(text)
    contents = html.split("</ol>")[0]
    entries = re.findall(r"<li>(.*?)</li>", contents)
    links = [re.fullmatch(r'<a href="#([^"]+)">(.*)</a>', entry) for entry in entries]
    assert all(links), entries
    anchors = re.findall(r'<a id="([^"]+)">', html)
    assert [link[1] for link in links if link] == anchors
    assert len(set(anchors)) == len(anchors)
    headings = re.findall(r"<h1>(.*?) <a id=", html)
    assert [link[2] for link in links if link] == headings


MARKUP = (
    "<script>alert(1)</script> in a note",
    "a <b onclick=x>b</b> and &lt;i&gt; and &#60;script>",
    "see <!-- a comment --> and <![CDATA[x]]> and <?php ?>",
    "it ends --> <script>alert(1)</script>",
    "it ends --!> <script>alert(1)</script>",
    "-->--><img src=x onerror=alert(1)>",
    "> <img src=x onerror=alert(1)>",
    "\\<script>alert(1)</script>",
    "<https://evil.example> and <a@evil.example>",
    "[x](javascript:alert(1)) and ![x](https://evil.example/p.png)",
    "[x][y] and [y]: https://evil.example",
    "[y]: https://evil.example",
    "[^1]: javascript:alert(1)",
    "ends in a caret^",
    "`code` and ``more",
)


@ways
def test_notes_bring_in_no_html(template: str, form: Citations) -> None:
    """The text of notes adds no tag and no link to the page and ends no comment, in any field."""
    for text in MARKUP:
        hostile = outline(text=text, heading=text, path=f"notes/{text}.md")
        assert tags_of(rendered(template, hostile, form)) == tags_of_plain(template, form, "`" in text), text


CODE = (
    "{{ site.secret }}",
    "{% include x %}",
    "{{{ x }}}",
    "{%- raw -%}",
    "{{< rawhtml >}}",
    "{\n{ x",
    '{: onclick="x()"}',
    "&#60;{",
    "{::nomarkdown}",
)


@ways
def test_notes_bring_in_no_template_code(template: str, form: Citations) -> None:
    """Liquid, Hugo shortcodes and kramdown attributes in a note, its path or its title stay text."""
    for text in CODE:
        shown = rendered(template, outline(text=text, heading=text, path=f"notes/{text}.md"), form)
        assert not re.search(r"\{[{%:]", body_of(shown)), text


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("url", ["https://a.example/{{site.secret", "https://a.example/{%20x"])
def test_addresses_bring_in_no_template_code(template: str, url: str) -> None:
    """A reference's address holds nothing that Jekyll or Hugo would run."""
    assert not re.search(r"\{[{%]", body_of(rendered(template, outline(url=url))))


WORDS = (
    PLAIN,
    "1. first of all, the layers",
    "2) then the rest",
    "# not a heading",
    "+ not a list",
    "> not a quote",
    "```not a fence",
    "~~~ not a fence",
    "a < b and c > d, AT&T, 3 &lt; 4",
    "array[0](1) and f[x]",
    "--- and ***",
    "---",
    "* * *",
    "___",
    "[ ] nor a task",
    "^1 nor a footnote",
    "{{ x }} at {% y %}",
)


@ways
def test_words_are_shown_as_they_are(template: str, form: Citations) -> None:
    """A reader of the page sees every point and question letter by letter as the note has it."""
    for text in WORDS:
        assert texts_of(rendered(template, outline(text=text), form)).count(text) >= 5, text


def test_small_outline() -> None:
    """An outline without references, questions, gaps or leftovers has no empty headings for them."""
    bare = outline().model_copy(
        update={"references": (), "open_questions": (), "gaps": (), "leftovers": (), "covered_before": ()}
    )
    for template in TEMPLATES:
        text = rendered(template, bare)
        assert not re.search(r"References|Open questions|For the writer", text)


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{{ outline.title", "line 1"),
        ("\n{% for %}", "line 2"),
        ("{{ nothing }}", "nothing"),
        ("{{ outline.colour }}", "colour"),
        ("{{ outline.title | nosuch }}", "nosuch"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ outline.__class__.__init__.__globals__ }}", "unsafe"),
        ("{% include '/etc/passwd' %}", "template"),
        ("{{ 1 / 0 }}", "template"),
        ("{{ outline.title + 1 }}", "template"),
        ("{{ outline.title | cite }}", "a point or a question"),
        ("{{ outline.title | address }}", "template"),
        ("{{ range(10 ** 9) | list }}", "template"),
    ],
)
def test_bad_template(template: str, complaint: str) -> None:
    """A template that cannot be used is wrong usage, said in one line, and reaches nothing but the outline."""
    with pytest.raises(InputError, match=complaint) as refused:
        render(outline(), template, TODAY)
    assert "\n" not in str(refused.value)


def test_own_template(knowledge: KnowledgeBase, write: Callable[[str, str], Path]) -> None:
    """A user's Jinja file gets the outline, the date, anchors and the filters of the templates that come with kb."""
    file = write(
        "mine.j2", "{{ today.year }} {{ outline.sections[0].points[0] | address }} {{ anchors[0] }} {{ '<b>' | text }}"
    )
    assert re.fullmatch(r"20\d\d notes/a\.md:3-4 depth &lt;b>\n", knowledge.render(outline(), str(file)))


@forms
def test_own_template_cites(knowledge: KnowledgeBase, write: Callable[[str, str], Path], form: Citations) -> None:
    """In a user's own template `cite` writes what was asked for; definitions and memory follow by themselves."""
    mine = "{% for point in outline.sections[0].points %}\n* {{ point.text | text }}{{ point | cite }}\n{% endfor %}\n"
    text = knowledge.render(outline(), str(write("mine.j2", mine + "{{ citations }}\n")), form)
    assert text.startswith(f"* {PLAIN}")
    assert f"\n{form}\n" in text
    assert len(find_cited(text)) == (0 if form == "none" else 2)
    assert text.count("[^2]") == (2 if form == "footnote" else 0)
    assert ("kb memory" in text) == (form != "none")


@pytest.mark.parametrize("template", ["nosuch", "notes", ""])
def test_unknown_template(knowledge: KnowledgeBase, template: str) -> None:
    """A template that is neither a name nor a file is wrong usage; the message lists the names."""
    with pytest.raises(InputError, match="jekyll, hugo, plain"):
        knowledge.render(outline(), template)


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("PagedAttention and the vLLM memory manager", "pagedattention-and-the-vllm-memory"),
        ("KV cache", "kv-cache"),
        ("Incomprehensibilities-of-internationalisation of text", "incomprehensibilities-of"),
        ("x" * 60, "x" * 40),
        ("图", "section"),
    ],
)
def test_an_anchor_is_cut_between_words(heading: str, anchor: str) -> None:
    """A long heading's id ends with a whole word of it."""
    assert anchors([heading]) == [anchor]
