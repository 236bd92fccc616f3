"""PDFs as Markdown: front, outline, columns, highlights, and files that are no papers."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from papers import FIRST, SECOND, TOP, Line, Paper, down
from pypdf.constants import PageLabelStyle
from pypdf.generic import NameObject

from kb.capture import pdf
from kb.capture.captured import Capture
from kb.capture.paper.characters import Character, Run, runs_of
from kb.capture.paper.front import authors_of, date_of, title_of
from kb.capture.pdf import capture_pdf
from kb.errors import InputError

PATH = Path("papers/kernel.pdf")
TITLE = ["Fast Attention on Small Graphs", "With Few Parameters*,"]
FRONT = [
    *down(TITLE, 120, TOP, 18, bold=True),
    Line("Ann M. Lee*", 120, 690, 10),
    Line("Jörg Müller2", 320, 690, 10),
    Line("University of Somewhere", 220, 676, 10),
    Line("ann@example.org", 240, 662, 10),
    Line("May 3, 2024", 250, 648, 10),
    Line("Abstract", 280, 620, 10, bold=True),
    *down(["We study the repre-", "sentation of graphs in state-of-the-", "art models. It is shown."], 150, 600),
    Line("1 Introduction", FIRST, 540, 12, bold=True),
    *down(["Graphs are everywhere. A representation is", "needed, and state-of-the-art ones are slow."], FIRST, 520),
]


def captured(paper: Paper, full: bool = False) -> Capture:
    (capture,) = capture_pdf(paper.bytes(), PATH, full)
    return capture


def a_paper() -> Paper:
    paper = Paper()
    paper.page(*FRONT)
    paper.page(
        Line("2 Method", FIRST, TOP, 12, bold=True),
        *down(["We do this in the usual way, as others did before us."], FIRST, 720),
        Line("2.1 Sampling", FIRST, 700, 10, bold=True),
        *down(["We sample."], FIRST, 680),
        Line("3 Results", FIRST, 660, 12, bold=True),
        *down(["They are good."], FIRST, 640),
        Line("References", FIRST, 620, 12, bold=True),
    )
    return paper


def test_title_authors_abstract_and_outline() -> None:
    """The front of a paper is taken from how it is set, where the file says nothing of itself."""
    capture = captured(a_paper())
    assert capture.title == "Fast Attention on Small Graphs With Few Parameters"
    assert capture.authors == ("Ann M. Lee", "Jörg Müller")
    assert capture.date == "2024-05-03"
    assert (capture.key, capture.source, capture.fields["pages"]) == (PATH.as_posix(), PATH.as_posix(), "2")
    assert capture.body == (
        "## Abstract\n\nWe study the representation of graphs in state-of-the-art models. It is shown.\n\n"
        "## Outline\n\n- 1 Introduction (page 1)\n- 2 Method (page 2)\n  - 2.1 Sampling (page 2)\n"
        "- 3 Results (page 2)\n- References (page 2)"
    )
    assert capture.remarks == ()


def test_what_the_file_says_counts_if_the_page_bears_it_out() -> None:
    """A title of the metadata is taken if the first page has it, and not the name that a program gave."""
    paper = a_paper()
    paper.writer.add_metadata(
        {"/Title": "Fast attention on small graphs with few parameters", "/Author": "A. Lee, J. Müller"}
    )
    capture = captured(paper)
    assert capture.title == "Fast attention on small graphs with few parameters"
    assert capture.authors == ("A. Lee", "J. Müller")
    for junk in ("Microsoft Word - final.docx", "Fast Attention on Small Graphs, https://doi.org/10.1214/YY-TN"):
        paper.writer.add_metadata({"/Title": junk, "/Author": "admin"})
        assert captured(paper).title == "Fast Attention on Small Graphs With Few Parameters"
    capture = captured(paper)
    assert capture.title == "Fast Attention on Small Graphs With Few Parameters"
    assert capture.authors == ("Ann M. Lee", "Jörg Müller")


BYLINES: list[tuple[list[str], tuple[str, ...]]] = [
    (["Ann Lee and Jo Berg, Stanford University"], ("Ann Lee", "Jo Berg")),
    (["Ann Lee a , Jo Berg a,* , Eve Ray b"], ("Ann Lee", "Jo Berg", "Eve Ray")),
    (["Ann Lee, Jo Berg, And Eve Ray"], ("Ann Lee", "Jo Berg", "Eve Ray")),
    (["Ann Lee", "Mayo Clinic", "The Free Haven Project"], ("Ann Lee",)),
    (["ANN LEE", "Bell Laboratories, Murray Hill, NJ 07974"], ("Ann Lee",)),
    (["Ann Lee", "Palo Alto, CA 94304"], ("Ann Lee",)),
    (["A n n L e e"], ()),
    (["The Graph Development Team", "Lee University"], ("The Graph Development Team",)),
    (["The Graph Project∗", "Released 2022-04-20"], ("The Graph Project",)),
    (["Graph Team", "Ann Lee"], ("Ann Lee",)),
    (["Ann Lee", "Belfast, Northern Ireland"], ("Ann Lee",)),
    (["Ann Lee", "Piazza di Porta, 5"], ("Ann Lee",)),
    (["Ann Lee", "GRAPH TR-94"], ("Ann Lee",)),
    (["Ann Lee", "Graph Software Systems, Inc."], ("Ann Lee",)),
    (["Ann Lee, Graph Inc."], ("Ann Lee",)),
    (["Ann Lee,1 Jo Berg,2 and Eve Ray3"], ("Ann Lee", "Jo Berg", "Eve Ray")),
    (["Ann Lee", "UC Berkeley", "Jo Berg"], ("Ann Lee", "Jo Berg")),
    (["Position Paper", "Ann Lee"], ("Ann Lee",)),
    (["Ann Leeᵃ, Jo Bergᵇ,∗"], ("Ann Lee", "Jo Berg")),
    (["Prof. Ann Lee", "Campo Grande, 1749–016 Lisboa", "London W14 8QX"], ("Ann Lee",)),
    (["Ann Lee", "Thesis Committee:", "Jo Berg"], ("Ann Lee",)),
    (["Ann Lee, Senior Member, IEEE, and Jo Berg, Fellow, IEEE"], ("Ann Lee", "Jo Berg")),
    (["Ann Lee, Jo Berg, Eve", "Ray, and Max Doe"], ("Ann Lee", "Jo Berg", "Eve Ray", "Max Doe")),
    (["Deepgraph-AI", "research@deepgraph.example"], ("Deepgraph-AI",)),
]


@pytest.mark.parametrize(("byline", "authors"), BYLINES)
def test_authors_are_people(byline: list[str], authors: tuple[str, ...]) -> None:
    """What stands between title and abstract is an author, unless it is where one works."""
    lines = [Run(text, 100, 400, 600 - 12 * number, 10, False) for number, text in enumerate(byline)]
    assert authors_of(lines, lines, 0, "") == authors


def test_stated_authors_are_people() -> None:
    """An institution that a file states next to its authors is none of them."""
    line = Run("Ann Lee and Jo Berg Stanford University", 100, 400, 600, 10, False)
    assert authors_of([line], [line], 0, "Ann Lee and Jo Berg, Stanford University") == ("Ann Lee", "Jo Berg")
    assert authors_of([line], [line], 0, "Ann Lee <ann@lee.example>") == ("Ann Lee",)
    more = Run("Ann Lee, Jo Berg", 100, 400, 600, 10, False)
    assert authors_of([more], [more], 0, "Ann Lee") == ("Ann Lee", "Jo Berg"), "the file states only the first"
    drawn = Run("Ann Lee", 100, 400, 600, 10, False)
    assert authors_of([drawn], [drawn], 0, "[width=5cm]logo Ann Lee") == ("Ann Lee",), "commands of TeX are no name"


COVERS = [
    "This paper is included in the Proceedings of the 2026 Conference.",
    "See discussions, stats, and author profiles for this publication",
]


@pytest.mark.parametrize("cover", COVERS)
def test_a_cover_is_not_the_first_page(cover: str) -> None:
    """What a publisher or a repository puts before a paper is no part of it."""
    paper = Paper()
    paper.page(
        Line(cover, FIRST, TOP, 10), Line("Graphs of a Repository", FIRST, 600, 30), Line("Max Doe", FIRST, 500, 10)
    )
    paper.page(*FRONT)
    capture = captured(paper)
    assert (capture.title, capture.authors) == (
        "Fast Attention on Small Graphs With Few Parameters",
        ("Ann M. Lee", "Jörg Müller"),
    )
    assert captured(paper, full=True).body.count("Graphs are everywhere") == 1
    assert "Repository" not in captured(paper, full=True).body


def test_a_title_goes_on_where_it_is_unfinished() -> None:
    """The line below one that ends in a colon or an article is of the title, and the heading of a section is not."""
    for first in ("Graphs:", "Graphs of"):
        lines = [(first, 20), ("A Study in Small", 14), ("Introduction", 14), ("They are.", 10)]
        runs = [Run(text, 100, 400, 700 - 20 * number, size, True) for number, (text, size) in enumerate(lines)]
        assert title_of(runs, {}) == (f"{first} A Study in Small", 2)


def test_a_subtitle_is_no_prose() -> None:
    """Authors below a long subtitle, which is set larger than the text, are found."""
    texts = [("Some notes about what is in the package", 14.0), ("by Ann Lee", 10.0)]
    texts += [("This is what one should know of the package and of all it has.", 10.0)] * 5
    lines = [Run(text, 100, 400, 600 - 20 * number, size, False) for number, (text, size) in enumerate(texts)]
    assert authors_of(lines, lines, 0, "") == ("Ann Lee",)


@pytest.mark.parametrize(("stated", "date"), [("D:20240503", "2024-05-03"), ("D:191000072", ""), ("", "")])
def test_a_date_that_is_none_is_left_out(stated: str, date: str) -> None:
    """What a program wrote as a date counts if there is such a day."""
    assert date_of("", "", {"CreationDate": stated}) == date


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        ("C´edric of G¨oteborg", "Cédric of Göteborg"),
        ("Franc¸ois, na¨ıve", "François, naïve"),
        ("don´t ˜ 5", "don´t ˜ 5"),
    ],
)
def test_accents_join_their_letters(shown: str, text: str) -> None:
    """An accent that is a character of its own, as TeX's old fonts have it, becomes part of its letter."""
    characters = [Character(char, 5 * n, 5 * n + 5, 0, 8, 0, 10, False) for n, char in enumerate(shown)]
    assert [run.text for run in runs_of(characters, 0)] == [text]


def test_a_raised_letter_is_no_part_of_a_name() -> None:
    """The letter that says where an author works is told from those of the name by its height; those of a number are
    not of that kind.
    """
    for text, shown in (("Ann Leea", "Ann Leeᵃ"), ("March 4th", "March 4th")):
        heights = [3 if number >= 7 else 0 for number in range(len(text))]
        letters = [Character(char, 5 * n, 5 * n + 5, 0, 8, heights[n], 10, False) for n, char in enumerate(text)]
        assert [run.text for run in runs_of(letters, 0)] == [shown]


PROSE = ["We study graphs of many kinds and sizes here, and", "show what holds for all of them, as was thought."] * 4


def test_accents_that_stand_elsewhere_join_their_letters() -> None:
    """Where all accents of a line come in another order than their letters, each is put on the letter below it."""
    name = [Character(letter, 10 * n, 10 * n + 9, 0, 10, 0, 10, False) for n, letter in enumerate("Ozalpog")]
    accents = [Character(accent, 10 * n + 2, 10 * n + 7, 3, 13, 3, 10, False) for n, accent in ((0, "¨"), (6, "˘"))]
    blank = Character(" ", 0, 0, 0, 0, 0, 1, False)
    orders = [
        [*name[:6], blank, accents[0], blank, name[6], blank, accents[1], blank],
        [*name, accents[0], blank, accents[1]],
    ]
    for order in orders:
        assert [run.text for run in runs_of(order, 0)] == ["Özalpoğ"]


@pytest.mark.parametrize(("size", "bold", "found"), [(7.0, False, True), (8.0, True, True), (8.0, False, False)])
def test_an_abstract_without_a_heading(size: float, bold: bool, found: bool) -> None:
    """What is set smaller or bolder than the text between authors and introduction is the abstract."""
    paper = Paper()
    paper.page(
        *down(["Fast Attention on Graphs"], 120, TOP, 18, bold=True),
        Line("Ann M. Lee", 120, 690, 10),
        *down(PROSE, 100, 640, size, bold),
        Line("1 Introduction", FIRST, 520, 12, bold=True),
        *down(PROSE * 3, FIRST, 500),
    )
    capture = captured(paper)
    assert capture.body.startswith("## Abstract\n\nWe study graphs") == found
    assert capture.authors == ("Ann M. Lee",)


def test_an_abstract_beside_the_history_of_the_article() -> None:
    """The column that some journals set to the left of an abstract is no part of it."""
    paper = Paper()
    paper.page(
        *down(["Fast Attention on Graphs"], 120, TOP, 18, bold=True),
        Line("Ann M. Lee a", 120, 690, 10),
        Line("article info", FIRST, 640, 8),
        Line("abstract", 260, 640, 8),
        *down(["Article history:", "Received 23 July", "Accepted 5 May"], FIRST, 620, 6),
        *down(["We study graphs of many kinds", "and sizes, and find", "that all is well."], 260, 620, 7),
        Line("1 Introduction", FIRST, 520, 12, bold=True),
        *down(PROSE * 3, FIRST, 500),
    )
    abstract = captured(paper).body.partition("\n\n## Outline")[0]
    assert abstract == "## Abstract\n\nWe study graphs of many kinds and sizes, and find that all is well."


def test_bookmarks_are_the_outline() -> None:
    """Where a file has bookmarks, they are its sections."""
    paper = a_paper()
    parent = paper.writer.add_outline_item(title="Start here", page_number=0)
    paper.writer.add_outline_item(title="A <b>part</b> -->", page_number=1, parent=parent)
    paper.writer.add_outline_item(title="End", page_number=1)
    outline = captured(paper).body.partition("## Outline\n\n")[2]
    assert outline == "- Start here (page 1)\n  - A &lt;b>part&lt;/b> --&gt; (page 2)\n- End (page 2)"


def test_arxiv_and_doi_are_keys() -> None:
    """What arXiv prints beside a paper, or the one DOI that it calls its own, is its key."""
    paper = Paper()
    paper.page(*FRONT, Line("arXiv:2405.04434v2 [cs.CL] 7 May 2024", 20, 20))
    capture = captured(paper)
    assert (capture.key, capture.date, capture.fields["arxiv"]) == ("arxiv:2405.04434", "2024-05-07", "2405.04434")
    paper = Paper()
    paper.page(*FRONT, Line("DOI: 10.1145/3292500.330919", 20, 20))
    assert captured(paper).key == "doi:10.1145/3292500.330919"


LEFT = [
    "The left column speaks of caches and of",
    "how they are ﬁlled when many users ask at",
    "the same time, which is usual.",
]
RIGHT = [
    "The right column speaks of queues and of",
    "how they are emptied by as many workers",
    "as there are processors free.",
]


def two_columns(interleaved: bool) -> list[Line]:
    left, right = down(LEFT * 4, FIRST, 700), down(RIGHT * 4, SECOND, 700)
    if not interleaved:
        return left + right
    return [line for pair in zip(left, right, strict=True) for line in pair]


@pytest.mark.parametrize("interleaved", [False, True])
def test_columns_are_read_one_after_the_other(interleaved: bool) -> None:
    """Two columns between lines that span them, in whatever order the file has their lines."""
    paper = Paper()
    wide = Line(
        "A caption that spans both columns of the page, as captions of wide figures and tables do so often", FIRST, 560
    )
    paper.page(*FRONT)
    paper.page(Line("2 Method", FIRST, 720, 12, bold=True), *two_columns(interleaved), wide)
    body = captured(paper, full=True).body
    places = [body.index(text) for text in ("left column", "right column", "A caption")]
    assert places == sorted(places)
    assert body.rindex("left column") < body.index("right column")
    assert body.count("how they are filled when many users ask at the same time, which is usual.") == 4


def test_full_text() -> None:
    """With the text, each section has its heading and its paragraphs, and words that lines broke are whole."""
    body = captured(a_paper(), full=True).body
    assert (
        "## 1 Introduction\n\nGraphs are everywhere. A representation is needed, and state-of-the-art ones are slow."
        in body
    )
    assert (
        "## 2 Method\n\nWe do this in the usual way, as others did before us.\n\n### 2.1 Sampling\n\nWe sample." in body
    )
    assert "## Outline" not in body


def test_running_heads_are_no_text() -> None:
    """What several pages have alike at their edges is left out, and so are page numbers."""
    paper = Paper()
    paper.page(*FRONT)
    for number, word in enumerate(["caches", "queues", "workers", "graphs"], 2):
        text = [f"A sentence about {word} goes over the line", f"and ends with {word}.", f"Now more {word}:"]
        text += [f"{word} {place}" for place in ("here", "there", "above", "below", "all around")]
        paper.page(Line(f"{number} Lee and Müller", FIRST, 770), *down(text, FIRST, 700), Line(str(number), 300, 30))
    body = captured(paper, full=True).body
    assert "Lee and" not in body
    assert "A sentence about graphs goes over the line and ends with graphs." in body
    assert "all around 4" not in body


def test_highlights_have_their_page() -> None:
    """Highlights over one and several lines, with and without a remark, and remarks by themselves, in order."""
    paper = a_paper()
    lines = [line for line in FRONT if "Graphs are" in line.text or "needed, and" in line.text]
    paper.highlight(0, lines, "Is it?\n\n# Really")
    second = Line("We sample.", FIRST, 680)
    paper.highlight(1, [second])
    paper.remark(1, 735, "Compare with <!-- ours -->")
    highlights = captured(paper).body.partition("## Highlights\n\n")[2].partition("\n\n## Outline")[0]
    assert highlights == (
        "> Graphs are everywhere. A representation is needed, and state-of-the-art ones are slow.\n>\n> — page 1\n\n"
        "Is it? # Really\n\n"
        "Page 2: Compare with &lt;!-- ours --&gt;\n\n"
        "> We sample.\n>\n> — page 2"
    )


def test_pages_have_the_numbers_that_are_printed() -> None:
    """A page with a label of its own is called by it, and by its place in the file."""
    paper = a_paper()
    paper.highlight(1, [Line("We sample.", FIRST, 680)])
    paper.writer.set_page_label(0, 1, PageLabelStyle.DECIMAL, start=598)
    assert "> — page 599 (PDF page 2)" in captured(paper).body


def test_a_highlight_of_part_of_a_line() -> None:
    """Only the words inside the box are taken."""
    paper = a_paper()
    start = len("Graphs are everywhere. A ")
    paper.highlight(0, [Line("representation", FIRST + 0.6 * 8 * start, 520)])
    assert "> representation\n>\n> — page 1" in captured(paper).body


HOSTILE_TEXT = [
    "# Heading",
    "---",
    "<!-- kb -->",
    "-->",
    "```",
    "[[link]]",
    "<script>alert(1)</script>",
    "| a | b |",
    "%% x %%",
]


def test_text_stays_in_its_place() -> None:
    """Text of a PDF that looks like markup is text."""
    paper = Paper()
    paper.page(*FRONT)
    paper.page(*[Line(text, FIRST, 700 - 40 * number) for number, text in enumerate(HOSTILE_TEXT)])
    body = captured(paper, full=True).body
    tokens = {token.type for token in MarkdownIt().enable("table").parse(body)}
    assert tokens <= {"heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close"}
    assert "<!--" not in body
    assert "-->" not in body


def bomb(layers: int) -> bytes:
    """A page of 600 MB of blanks, in one or more layers of compression."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(b" " * 10_000_000) for _ in range(60)) + packer.flush()
    for _ in range(layers - 1):
        data = zlib.compress(data)
    filters = " ".join(["/FlateDecode"] * layers)
    return by_hand(f"<< /Length {len(data)} /Filter [{filters}] >>".encode() + b"\nstream\n" + data + b"\nendstream")


def by_hand(contents: bytes, page: bytes = b"", catalog: bytes = b"") -> bytes:
    """A small file without a table of its objects, which a reader finds by itself."""
    return (
        b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R " + catalog + b" >> endobj\n"
        b"2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n"
        b"3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R " + page + b" >> endobj\n"
        b"4 0 obj " + contents + b" endobj\ntrailer << /Root 1 0 R >>\n%%EOF"
    )


def encrypted() -> bytes:
    paper = a_paper()
    paper.writer.encrypt("secret")
    return paper.bytes()


def garbled() -> bytes:
    paper = Paper()
    paper.page(*down(["\x01\x02\x03\x04 \x05\x06\x07\x08\x0e\x0f"] * 20))
    return paper.bytes()


def scanned() -> bytes:
    paper = Paper()
    for _ in range(10):
        paper.page(content=b"q 612 0 0 792 0 0 cm Q")
    return paper.bytes()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "a web page": lambda: b"<!doctype html><title>Sign in</title>",
    "a header": lambda: b"%PDF-1.7\n",
    "noise": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 400,
    "NULs": lambda: b"%PDF-1.7\n" + bytes(100_000),
    "the first half": lambda: a_paper().bytes()[:900],
    "encrypted": encrypted,
    "garbled": garbled,
    "scanned": scanned,
    "a bomb": lambda: bomb(1),
    "a bomb in a bomb": lambda: bomb(3),
    "no pages": lambda: by_hand(b"null").replace(b"/Kids [3 0 R] /Count 1", b"/Kids [] /Count 0"),
    "a page tree that loops": lambda: by_hand(b"null").replace(b"[3 0 R] /Count 1", b"[2 0 R 2 0 R] /Count 99999999"),
    "a root that is itself": lambda: b"%PDF-1.7\n1 0 obj 1 0 R endobj\ntrailer << /Root 1 0 R >>",
    "deep arrays": lambda: by_hand(b"[" * 200_000),
    "deep dictionaries": lambda: by_hand(b"<<", page=b"/A " + b"<< /A " * 50_000),
    "a wrong length": lambda: by_hand(b"<< /Length 99999999999 >>\nstream\n" + b"x" * 100 + b"\nendstream"),
    "a huge page": lambda: by_hand(b"<< /Length 0 >>\nstream\n\nendstream", page=b"/UserUnit 1e30 /Rotate 45"),
    "a form in itself": lambda: by_hand(
        b"<< /Length 5 /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >> >>"
        b"\nstream\n/X Do\nendstream",
        page=b"/Resources << /XObject << /X 4 0 R >> >>",
    ),
    "too large": lambda: b"%PDF-1.7\n" + bytes(50_000_001),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_paper(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be read is refused in one line that names it, soon, and nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"kernel\.pdf") as error:
        capture_pdf(HOSTILE[name](), PATH, full=True)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words"), [("encrypted", "qpdf --decrypt"), ("scanned", "ocrmypdf"), ("garbled", "--force-ocr")]
)
def test_an_error_names_the_next_step(name: str, words: str) -> None:
    """Where a tool can help, it is named."""
    with pytest.raises(InputError, match=words):
        capture_pdf(HOSTILE[name](), PATH)


@pytest.mark.slow
def test_2000_pages() -> None:
    """Of a very long file a part is read, and said; its highlights are found on every page."""
    paper = Paper()
    line = Line("A line of text that stands on every page of this long book", FIRST, 700)
    for _ in range(2000):
        paper.page(line)
    paper.highlight(900, [line])
    capture = captured(paper)
    assert "> — page 901" in capture.body
    assert "the text of the first 300 of 2,000 pages was read" in capture.remarks


def test_loops_of_bookmarks_and_huge_annotations() -> None:
    """Bookmarks that follow themselves and a remark of a megabyte are cut short."""
    paper = a_paper()
    first = paper.writer.add_outline_item(title="One", page_number=0)
    second = paper.writer.add_outline_item(title="Two", page_number=0)
    second.get_object()[NameObject("/Next")] = first  # type: ignore[index]
    paper.remark(0, 700, "word " * 200_000)
    assert captured(paper).title.startswith("Fast Attention")


def test_a_table_of_objects_that_loops() -> None:
    """A file whose table points to itself is read by its objects."""
    content = a_paper().bytes().replace(b"trailer\n<<", b"trailer\n<< /Prev 15")
    assert capture_pdf(content, PATH)[0].title.startswith("Fast Attention")


def test_a_child_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that a file may take is limited."""
    monkeypatch.setattr(pdf, "SECONDS", 0.01)
    with pytest.raises(InputError, match=r"kernel\.pdf could not be read within"):
        captured(a_paper())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the measured memory differs")
def test_memory_is_limited(tmp_path: Path) -> None:
    """No bomb takes more than 300 MB."""
    (tmp_path / "bomb.pdf").write_bytes(bomb(1))
    program = (
        "import resource; from pathlib import Path; from kb.capture.pdf import capture_pdf\n"
        "try: capture_pdf(Path('bomb.pdf').read_bytes(), Path('bomb.pdf'), True)\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    name, kilobytes = done.stdout.split()
    assert name == "InputError"
    assert int(kilobytes) < 300_000
