"""A page becomes Markdown without loss: what its article holds is in the note, and what is around it is not."""

from __future__ import annotations

import pytest

from kb.capture.web.metadata import metadata_of
from kb.capture.web.page import MAX_DEPTH, capture_page, parsed, readable
from kb.capture.web.text.markdown import markdown_of

TEXT = "Graph neural networks pass messages between the nodes of a graph, and each node averages its neighbours. "


def body(page: str, title: str = "A title") -> str:
    address = "https://a.org/docs/page.html"
    return readable(parsed(page, address), title, address).strip()


ELEMENTS = [
    ("<h1>A</h1><h2>B</h2><h4>C</h4>", "## A\n\n### B\n\n##### C"),
    ("<p>One\n two<br>three</p>four", "One two\nthree\n\nfour"),
    ("<p>a<b> b </b>c <em>d</em><i> </i></p>", "a **b** c *d*"),
    ("<p>x<sup>2</sup> and H<sub>2</sub>O</p>", "x<sup>2</sup> and H<sub>2</sub>O"),
    ("<p>Call <code>f(a | b)</code> or <kbd>`</kbd></p>", "Call `f(a | b)` or `` ` ``"),
    ("<ul><li>a<li><p>b</p><ul><li>c</ul></ul>", "- a\n- b\n  - c"),
    ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b"),
    ("<ol start=3><li>a<li><p>b</p><p>c</p></ol>", "3. a\n\n4. b\n\n   c"),
    ("<ul><li>a<pre>x\n\ny</pre></li></ul>", "- a\n\n  ```\n  x\n\n  y\n  ```"),
    ("<dl><dt>f(x)<dd>Gives x.<dd><p>Or y.</p></dl>", "**f(x)**\n\nGives x.\n\nOr y."),
    ("<blockquote>a<blockquote><p>b</p><p>c</p></blockquote></blockquote>", "> a\n>\n> > b\n> >\n> > c"),
    ("<blockquote><ul><li>a<li>b</ul></blockquote>", "> - a\n> - b"),
    ("<pre class='brush: js'>a\n  b</pre>", "```js\na\n  b\n```"),
    ("<pre><span class=ln>1</span>a\n<span class=ln>2</span>b</pre>", "```\na\nb\n```"),
    ("<pre><code><div>a</div><div>b</div></code></pre>", "```\na\nb\n```"),
    ("<pre>a ``` b</pre>", "````\na ``` b\n````"),
    (
        "<table><tr><th>A<th>B<tr><td>a|b<td><p>c</p><p>d</p></table>",
        "| A | B |\n| --- | --- |\n| a\\|b | c d |",
    ),
    (
        "<table><caption>T</caption><thead><th>A<th>B</thead><tr><td rowspan=2>1<td>2<tr><td>3</table>",
        "T\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n|  | 3 |",
    ),
    ("<table><tr><td>a<td>b<tr><td> <td><tr><td>c<td>d</table>", "|  |  |\n| --- | --- |\n| a | b |\n| c | d |"),
    ("<table><tr><td>Note<td><p>a</p><p>b</p></table>", "Note\n\na\n\nb"),
    (
        "<table><tr><td>a</td><td><table><tr><th>b<th>c<tr><td>d<td>e</table></td></table>",
        "a\n\n| b | c |\n| --- | --- |\n| d | e |",
    ),
    (
        "<table><tr><td class=linenos><pre>1\n2</pre><td class=code><pre>a\nb</pre></table>",
        "```\na\nb\n```",
    ),
    ("<table><tr><td><pre>1\n2</pre></td><td><pre>a\nb</pre></td></table>", "```\n1\n2\n```\n\n```\na\nb\n```"),
    ("<p>A <a href='https://b.org/a_(b) c'>link [1]</a></p>", "A [link \\[1\\]](https://b.org/a_%28b%29%20c)"),
    ("<p><a href='mailto:a@b.c'>Mail</a> <a href='/x'></a><a>b</a></p>", "Mail b"),
    ("<a href='https://b.org'><h3>Card</h3><p>text</p></a>", "## Card\n\ntext"),
    ("<span>a<p>b</p>c</span>", "a\n\nb\n\nc"),
    ("<figure><img src=a><figcaption>Nodes</figcaption></figure>", "Nodes"),
    ("<p># a</p><p>- b</p><p>1. c</p><p>a [[b]] {{c}} $d</p>", "\\# a\n\n\\- b\n\n1\\. c\n\na \\[\\[b]] {\\{c}} \\$d"),
    ("<p>a<br>| b |</p>", "a\n\\| b |"),
]


@pytest.mark.parametrize(("page", "markdown"), ELEMENTS)
def test_elements(page: str, markdown: str) -> None:
    """Each kind of element has its Markdown; no text is lost, and none becomes Markdown by accident."""
    assert markdown_of(parsed(page, "a.html")).strip() == markdown


FORMULAS = [
    ("<p>a <img class=latex alt='x_1'> b</p>", "a $x_1$ b"),
    ("<p>Let \\(x\\) be in $y_1$, then</p>", "Let $x$ be in $y_1$, then"),
    ("<p>Then \\[x = 1\\] holds</p>", "Then\n\n$$\nx = 1\n$$\n\nholds"),
    ("<p>a</p><math alttext='z'><mi>z</mi></math><p>b</p>", "a\n\n$$\nz\n$$\n\nb"),
    ("<table><tr><td><math display=block alttext='x'></math></td><td>(1)</td></table>", "$$\nx\n$$\n\n(1)"),
    (
        "<table><tr class=ltx_eqn_row><td><math alttext='\\displaystyle x'></math><td><math alttext==y></math></table>",
        "$$\nx =y\n$$",
    ),
    ("<ul><li>of <script type='math/tex'>n^2</script> nodes</ul>", "- of $n^2$ nodes"),
    ("<p><code>$x_1$ \\(y\\)</code></p><pre>$z_1$</pre>", "`$x_1$ \\(y\\)`\n\n```\n$z_1$\n```"),
    ("<p>costs $5 and $6</p>", "costs \\$5 and \\$6"),
]


@pytest.mark.parametrize(("page", "markdown"), FORMULAS)
def test_formulas(page: str, markdown: str) -> None:
    """A formula is TeX between dollars wherever it stands, and code is no formula."""
    assert body(f"<article>{page}</article>") == markdown


def test_code_of_doxygen() -> None:
    """Its lines of code are no `pre`, and become a block of code all the same."""
    lines = "<div class=line>if (a)</div><div class=line>  b();</div>"
    page = f"<main><p>{TEXT}</p><div class='fragment'>{lines}</div></main>"
    assert body(page).endswith("\n\n```\nif (a)\n  b();\n```")


BESIDE = [
    "<nav><ul><li>Contents</ul></nav>",
    "<aside>About us</aside>",
    "<footer>All rights reserved</footer>",
    "<div class='share-buttons'>Share</div>",
    "<div id=comments><p>First!</p></div>",
    "<ul class='related posts'><li>Read on</ul>",
    "<div role=navigation>Up</div>",
    "<div class='cookie-consent'>We use cookies</div>",
    "<p class=breadcrumb>Home</p>",
    "<div class='media gallery'><p>One of fifty pictures</p></div>",
    "<div itemtype='https://schema.org/Article' class='related'>Read on</div>",
    "<div style='display: none'>Hidden</div>",
    "<button>Copy</button><script>a</script><noscript>b</noscript>",
]


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("frame", ["<div class=x><main>{}</main></div>", "<div><div>{}</div></div>"])
def test_what_stands_beside_the_text_is_left_out(beside: str, frame: str) -> None:
    """Menus, remarks on the site and readers' comments are no part of an article, inside or outside it."""
    page = frame.format(f"<h1>A title</h1><p>{TEXT}</p>{beside}<p>End.</p>")
    assert body(f"{beside}{page}{beside}") == f"{TEXT.strip()}\n\nEnd."


ARTICLE = (
    "<meta property='og:type' content='article'><meta name=author content='Ada Lovelace'>"
    "<meta name=date content=2026-03-04>"
)


def noted(page: str) -> str:
    return capture_page(page.encode(), "https://example.org/a").body.strip()


ASIDES = [
    "<p>Advertisement</p>",
    "<div><span>Advertisement</span><p></p></div>",
    "<p>Tags: <a href='/tag/gnn'>Graphs</a> <a href='/tag/llm'>Language models</a></p>",
    "<ul><li><a href='/category/ml'>Machine learning</a></li></ul>",
    "<p><a href='https://twitter.com/intent/tweet?text=a'>Tweet this sentence</a></p>",
    "<p><b>Read more:</b> <a href='https://other.example/a'>Graphs of graphs</a></p>",
    "<p><a href='/another'>Ten graphs that you must see</a></p>",
    "<p><b>More great stories</b></p><ul><li>See <a href='/one'>a graph</a></li><li><a href='/two'>That</a></li></ul>",
    "<p><em>Subscribe to our newsletter</em></p>",
    "<p>Follow Ada on <a href='https://twitter.com/ada'>Twitter</a>.</p>",
    "<p>Photo by Charles Babbage</p>",
    "<figure><figcaption>An engine (Charles Babbage/Getty Images)</figcaption></figure>",
]


@pytest.mark.parametrize("aside", ASIDES)
def test_what_stands_in_an_article_for_readers_of_the_site_is_left_out(aside: str) -> None:
    """Labels, tags, credits, invitations and leads to other texts are no part of an article that says it is one."""
    page = f"<article><h1>A title</h1><p>{TEXT}</p>{aside}<p>{TEXT}</p></article>"
    assert noted(f"{ARTICLE}{page}") == f"{TEXT.strip()}\n\n{TEXT.strip()}"
    assert noted(page) != noted(f"{ARTICLE}{page}")


def test_the_captions_of_a_slide_show_are_its_text() -> None:
    """What looks like asides stays where a page has hardly anything else."""
    slides = f"<figure><figcaption>{TEXT}(Getty Images)</figcaption></figure>" * 3
    assert noted(f"{ARTICLE}<article><h1>A title</h1><p>Slides</p>{slides}</article>").count(TEXT.strip()) == 3


AROUND = [
    ("<p>By Ada Lovelace</p><p>March 4, 2026</p>", ""),
    ("<h2>Summary of all that is said below, at such a length</h2><p>By Ada Lovelace, 4 March 2026</p>", ""),
    ("", "<p>First published on March 4, 2026</p>"),
    ("", "<h2>About the author</h2><p>Ada wrote the first program, and much else.</p><h2>Comments</h2><p>First!</p>"),
]


@pytest.mark.parametrize(("above", "below"), AROUND)
def test_a_note_does_not_repeat_who_wrote_it_and_when(above: str, below: str) -> None:
    """Lines with the author or the date above and below the text, and the sections after it, are left out."""
    text = noted(f"{ARTICLE}<article><h1>A title</h1>{above}<p>{TEXT}{TEXT}</p>{below}</article>")
    assert text.rpartition("\n\n")[2] == (TEXT + TEXT).strip()
    assert "Ada" not in text
    assert "2026" not in text


OF_THE_TEXT = [
    "<p>Ada Lovelace wrote it in 2026</p>",
    "<p>We then make images by diffusion:</p>",
    "<h2>Comments</h2><p>Comments begin with a sign.</p><h2>Strings</h2><p>Strings are quoted.</p>",
    "<h2>Related work</h2><p>A paper says so.</p>",
    "<h2>Related</h2><ul><li><a href='https://arxiv.org/abs/1'>A paper of others</a></li></ul>",
    "<p>Clients subscribe to a <a href='/topics/x'>topic</a> of the broker, and get all its messages.</p>",
    "<figure><figcaption>The loss (Image source: <a href='https://a.example'>Ho et al.</a>)</figcaption></figure>",
    "<pre>Advertisement</pre>",
    "<p>Part two is <a href='/two'>another text</a>.</p>",
]


@pytest.mark.parametrize("text", OF_THE_TEXT)
def test_what_an_article_says_stays(text: str) -> None:
    """What looks like what stands beside a text stays, where the text says it."""
    page = f"<article><h1>A title</h1><p>{TEXT}</p>{text}<p>{TEXT}</p></article>"
    assert noted(f"{ARTICLE}{page}") == noted(page)


INSIDE = [
    "<section id=related-objects><h2>Related objects</h2><p>A</p></section>",
    "<aside class='admonition note'><p>A</p></aside>",
    "<div class=sidebar><p>A</p></div>",
    "<header><h2>A</h2></header>",
    "<pre><code><span class='comment'># A</span></code></pre>",
    "<p class=menuselection>A</p>",
    "<div class='gallery__text'><p>A</p></div>",
]


@pytest.mark.parametrize("inside", INSIDE)
def test_what_only_sounds_like_it_stays(inside: str) -> None:
    """A part of an article stays though its name may be that of a menu elsewhere."""
    assert "A" in body(f"<main><p>{TEXT}</p>{inside}</main>").removeprefix(TEXT)


def test_more_comments_than_text() -> None:
    """Comments are left out, however many there are, where enough text is left; and kept where it would not be."""
    comments = f"<div class=comments>{f'<p>I disagree: {TEXT}</p>' * 100}</div>"
    for text, kept in ((TEXT * 20, False), (TEXT, True)):
        assert ("I disagree" in body(f"<div><p>{text}</p>{comments}</div>")) is kept


def test_the_text_is_not_beside_itself() -> None:
    """What the page calls its article stays within a box that is named like a menu."""
    page = f"<div class='left-navigation'><main><p>{TEXT * 5}</p></main></div><div><p>{TEXT * 5}</p></div>"
    assert body(page) == (TEXT * 5).strip()


def test_a_text_in_several_boxes_of_a_class() -> None:
    """Of a text that a picture or an advertisement splits into boxes that are called alike, all boxes are captured."""
    boxes = "".join(f"<div class=story-text><p>{TEXT * times}</p></div><p>Loading</p>" for times in (2, 20, 1))
    assert body(f"<article>{boxes}</article>").count(TEXT.strip()) == 23


TEASER = "<li><a href='{0}'><img src=a></a><div><h3><a href='{0}'>On depth</a></h3><p>" + TEXT + "</p></div></li>"


@pytest.mark.parametrize(
    ("address", "number", "kept"), [("/b", 3, False), ("/b", 2, True), ("https://b.org/", 3, True)]
)
def test_what_leads_to_other_texts(address: str, number: int, kept: bool) -> None:
    """Neighbours that each have a heading that leads to another text of the site are left out; a list of texts of other
    sites is what a page is about.
    """
    others = "".join(TEASER.format(f"{address}{n}") for n in range(number))
    page = f"<main><p>{TEXT * 20}</p><h2>A list</h2><ul>{others}</ul></main>"
    assert ("On depth" in body(page)) is kept
    assert body(f"<main><p>Short.</p><ul>{others}</ul></main>").count("On depth") == number, "all that the page has"


HEADLINES = [
    ("<a href=/{0}>How depth makes nodes alike</a>", False),
    ("<a href=https://b.org/{0}>How depth makes nodes alike</a>", True),
    ("<a href=/{0}>mean()</a>", True),
    ("<a href=/{0}>How depth makes nodes alike</a> is about what happens to the nodes of a graph", True),
]


@pytest.mark.parametrize(("item", "kept"), HEADLINES)
def test_a_list_of_headlines(item: str, kept: bool) -> None:
    """A box of nothing but titles of the site's other texts is left out; names, sources and what says more stay."""
    box = "".join(f"<li>{item.format(number)}</li>" for number in range(3))
    assert body(f"<main><p>{TEXT * 20}</p><ul>{box}</ul></main>").endswith(TEXT.strip()) is not kept


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x0b", "\x1d", "\ufffe", "&#7;", "&#x1D;", "&#0;", "&#65534;"])
def test_control_characters(control: str) -> None:
    """A character that no text has is left out, as formula and code too."""
    page = f"<article><p>a{control}b \\(x{control}\\)</p><pre>c{control}d</pre><p>{TEXT}</p></article>"
    assert "ab" in capture_page(page.encode(), "https://a.org").body


def test_a_page_whose_text_comes_late() -> None:
    """Text that a script will show stays: hidden or not, it is what the page has."""
    assert body(f"<article><p>Summary</p></article><div hidden id=S:1><p>{TEXT * 5}</p></div>") == (TEXT * 5).strip()


def test_the_article_is_found_without_a_name() -> None:
    """Where no element is called the article, it is the innermost one that has nearly all text outside links."""
    links = "".join(f"<li><a href='/{n}'>Another post about graphs</a></li>" for n in range(50))
    page = f"<div><div class=l><ul>{links}</ul></div><div class=r><h2>B</h2><p>{TEXT * 3}</p></div></div>"
    assert body(page) == f"## B\n\n{(TEXT * 3).strip()}"


def test_links_lead_out_of_the_page() -> None:
    """A link is absolute, and one to a place of the page itself is its text."""
    page = "<main><p><a href='../b.html#c'>out</a> <a href='#d'>in</a> <a href='page.html#e'>in</a></p></main>"
    assert body(page) == "[out](https://a.org/b.html#c) in in"


def test_a_text_without_blanks_has_words() -> None:
    """A page in a script that is written without blanks between words is not taken for an empty one."""
    text = "图神经网络在图的节点之间传递消息，每个节点对其邻居取平均值。"
    assert capture_page(f"<article><p>{text}</p></article>".encode(), "https://a.org").body.strip() == text


def test_deep_nesting_is_no_error() -> None:
    """Elements nested as deeply as is allowed are written."""
    for tag in ("div", "b", "blockquote", "ul><li"):
        depth = (MAX_DEPTH - 5) // (1 + tag.count("<"))
        assert "graph" in capture_page(f"{f'<{tag}>' * depth}{TEXT * 2}".encode(), "https://a.org").body


LD = '<script type="application/ld+json">{}</script>'
TITLES = [
    ("<title>Attention | A Blog</title>", "Attention"),
    ("<title>A Blog: Attention</title><meta property=og:title content=Attention><h1>A Blog</h1>", "Attention"),
    ("<title>Attention - A Book</title><h1>A Book</h1><p>a</p>", "Attention"),
    ("<title>A Blog</title><main><h1>Attention</h1><h1>Heads</h1></main>", "Attention"),
    (
        "<title>Heads, all of them | A Blog</title><article><h1>Intro</h1><h1>Heads, all of them</h1>",
        "Heads, all of them",
    ),
    ("<h1>Attention</h1>", "Attention"),
]
AUTHORS: list[tuple[str, tuple[str, ...]]] = [
    ("<meta name=author content='Ada Byron; Max Welling'>", ("Ada Byron", "Max Welling")),
    ("<meta name=citation_author content='Byron, Ada'>", ("Ada Byron",)),
    (
        LD.format('{"@graph": [{"headline": "A", "author": [{"name": "Ada Byron"}, "Max Welling"]}]}'),
        ("Ada Byron", "Max Welling"),
    ),
    (LD.format('{"broken": '), ()),
    ("<p>By <b>Ada Byron</b> and Max Welling</p><p>By the way, all is well.</p>", ("Ada Byron", "Max Welling")),
    ("<div>Posted by Ada van Byron on 3 May 2020</div>", ("Ada van Byron",)),
    ("<p>By Ada Byron May 3, 2020</p><p>By Ada Byron</p>", ("Ada Byron",)),
    ("<p>By Ada Byron</p><p>By Max Welling</p>", ()),
    ("<span class=author-name>Ada Byron</span>", ("Ada Byron",)),
    ("<meta name=author content='A Magazine'><meta property=article:author content='Ada Byron'>", ("Ada Byron",)),
    (
        "<meta property=article:author content='https://a.org/ada'><meta name=author content='Ada Byron'>",
        ("Ada Byron",),
    ),
    ("<a class='story__author line'>Ada Byron</a><b class=comment-author>Max Welling</b>", ("Ada Byron",)),
    ("<p>By default</p><a rel=author>Authority control</a>", ()),
]
DATES = [
    ("<meta property=article:published_time content=2023-05-06T10:00:00Z>", "2023-05-06"),
    (LD.format('{"datePublished": "2023-05-06T10:00"}') + "<time datetime=2020-01-01>", "2023-05-06"),
    ("<article><time datetime=2023-05-06>6 May</time></article><time datetime=2020-01-01></time>", "2023-05-06"),
    ("<div class=post-date>May 6, 2023</div>", "2023-05-06"),
    ("<link rel=canonical href=https://a.org/2023/05/06/depth/>", "2023-05-06"),
    ("<link rel=canonical href=https://a.org/2023/05/depth/>", "2023-05"),
    ("<link rel=canonical href=https://a.org/depth-20230506/>", "2023-05-06"),
    ("<link rel=canonical href=https://a.org/2023/13/depth/12345678/>", ""),
    ("<link rel=canonical href=https://a.org/2020/01/02/><meta name=date content=2023-05-06>", "2023-05-06"),
    (f"<pre>2023-05-06</pre><table><tr><td>2023-05-06</table><p>{TEXT}On 2023-05-06 it was.</p>", ""),
]


@pytest.mark.parametrize(("page", "title"), TITLES)
def test_titles(page: str, title: str) -> None:
    """The title is that of the article, without the name of its site."""
    assert metadata_of(parsed(page, "a.html")).title == title


@pytest.mark.parametrize(("page", "authors"), AUTHORS)
def test_authors(page: str, authors: tuple[str, ...]) -> None:
    """Authors are those that the page states, or else shows; who wrote one of many texts, or is no person, is none."""
    assert metadata_of(parsed(page, "a.html")).authors == authors


@pytest.mark.parametrize(("page", "date"), DATES)
def test_dates(page: str, date: str) -> None:
    """The date is the one of publication; a date that the text, its code or a table speaks of is not taken for it."""
    assert metadata_of(parsed(page, "a.html")).date == date
