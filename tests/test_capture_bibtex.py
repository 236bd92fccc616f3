"""Entries of BibTeX files as captures."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kb.capture.bibtex import capture_bibtex
from kb.capture.captured import Capture
from kb.errors import InputError

PATH = Path("refs.bib")
ENTRIES = r"""
@comment{jabref-meta: databaseType:bibtex;}
@string{nips = "Neural Information Processing Systems"}
@inproceedings{vaswani2017,
  title     = {{Attention} Is All You Need},
  author    = {Vaswani, Ashish and van den Berg, J{\"o}rg and {The Team} and others},
  booktitle = nips, year = 2017, month = dec,
  eprint = {1706.03762}, archiveprefix = {arXiv}, primaryclass = {cs.CL},
  url = {https://papers.example.org/a%20b\_c},
  keywords = {attention, transformers},
  abstract = {We gain 5\% over 3% with \emph{attention}, $O(n_i^2)$ \& more; see \citep{lee:2020}.},
}
@Article{lee:2020,
  Title = "Caf{\'e} <i>graphs</i> \v{S}", Author = "Ann Lee", Journal = "J. of X", Date = "2020-05-03/2021",
  DOI = "10.1145/3292500.33\_09", note = {Read \& liked.}, crossref = {proc},
}
@proceedings{proc, title = {All of It}, editor = {Kim, Bo}, year = {2020}}
"""


def captured(text: str) -> dict[str, Capture]:
    return {capture.fields["citekey"]: capture for capture in capture_bibtex(text.encode(), PATH)}


def test_entries() -> None:
    """Each entry is a capture with its title, authors, date, venue, abstract and links, without LaTeX."""
    capture = captured(ENTRIES)["vaswani2017"]
    assert (capture.key, capture.title, capture.date) == ("arxiv:1706.03762", "Attention Is All You Need", "2017-12")
    assert capture.authors == ("Ashish Vaswani", "Jörg van den Berg", "The Team")
    assert capture.fields == {
        "citekey": "vaswani2017",
        "aliases": "vaswani2017",
        "arxiv": "1706.03762",
        "venue": "Neural Information Processing Systems",
        "keywords": "attention, transformers",
    }
    assert capture.body == (
        "## Abstract\n\nWe gain 5% over 3% with attention, $O(n_i^2)$ & more; see lee:2020.\n\n"
        "## Links\n\n- <https://arxiv.org/abs/1706.03762>\n- <https://papers.example.org/a%20b_c>\n"
        "- [[lee-2020|Café graphs Š]]"
    )
    assert capture.source == "https://arxiv.org/abs/1706.03762"


def test_fields_in_any_case_and_biblatex() -> None:
    """Names of fields have no case, and a date may be BibLaTeX's; a parent is linked."""
    capture = captured(ENTRIES)["lee:2020"]
    assert (capture.key, capture.date, capture.authors) == ("doi:10.1145/3292500.33_09", "2020-05-03", ("Ann Lee",))
    assert capture.fields["aliases"] == "lee-2020"
    assert "## Notes\n\nRead & liked." in capture.body
    assert "- [[proc|All of It]]" in capture.body


def test_an_entry_without_anything_has_a_text() -> None:
    """A note needs some text: what is known of the work."""
    capture = captured(ENTRIES)["proc"]
    assert (capture.key, capture.source, capture.body) == ("bibtex:proc", "refs.bib", "Bo Kim. All of It. 2020")


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ("doi = {https://doi.org/10.1145/ABC}", "doi:10.1145/abc"),
        ("doi = {10.48550/arXiv.1706.03762}", "arxiv:1706.03762"),
        ("journal = {arXiv preprint arXiv:1706.03762}", "arxiv:1706.03762"),
        ("url = {https://arxiv.org/pdf/1706.03762v3}", "arxiv:1706.03762"),
        ("eprint = {cs/0101001}, eprinttype = {arxiv}", "arxiv:cs/0101001"),
        ("eprint = {12345}, eprinttype = {pubmed}", "bibtex:k"),
        ("url = {https://blog.example.org/x}", "bibtex:k"),
    ],
)
def test_keys(fields: str, key: str) -> None:
    """A work is known by its arXiv id, else by its DOI, else by its citation key."""
    assert captured(f"@misc{{k, title = {{T}}, {fields}}}")["k"].key == key


def test_broken_entries_lose_no_others() -> None:
    """An entry without an end, a repeated key or field, and the same work again are said in the remarks."""
    text = (
        "@article{a, title = {A}, year = {2020}}\n@article{broken, title = {B\n@article{c, title = {C}}\n"
        "@article{c, title = {D}}\n@article{e, title = {E}, title = {F}}\n"
        "@misc{g, title = {G}, doi = {10.1145/x}}\n@misc{h, title = {H}, doi = {10.1145/X}}"
    )
    captures = captured(text)
    assert list(captures) == ["a", "c", "e", "g"]
    remarks = captures["a"].remarks
    assert len(remarks) == 4
    assert all(remark.startswith("refs.bib: ") for remark in remarks), "they are about the file, not about one note"
    assert all(word in " ".join(remarks) for word in ("line 2", "line 4", "line 5", "h is the same work"))


def test_text_stays_in_its_place() -> None:
    """An abstract that looks like markup is text."""
    capture = captured("@misc{k, title = {T}, abstract = {# A\n\n<!-- x --> [[y]] `z`\n\n--- }}")["k"]
    assert capture.body.split("\n\n") == ["## Abstract", "\\# A", "&lt;!– x –> \\[\\[y]] \\`z\\`", "—"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\1\2",
        b"no entries at all",
        b"@article{a, title={" + b"x" * 1_000_000,
        b"@" * 100_000,
        b"@article{a," * 5_000,
        b"@article{a, title={" + b"\\" * 100_000 + b"}}",
    ],
)
def test_what_is_no_bibliography(content: bytes) -> None:
    """A file without a readable entry is refused in one line that names it."""
    with pytest.raises(InputError, match=r"refs\.bib") as error:
        capture_bibtex(content, PATH)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "title",
    ["{" * 50_000 + "}" * 50_000, "\\emph{" * 3_000 + "}" * 3_000, "$" * 50_001 + "\\x", "\\%" * 50_000 + "\\x"],
    ids=["braces", "commands", "dollars", "percents"],
)
def test_hostile_latex(title: str) -> None:
    """Deep or unbalanced LaTeX is read as far as it can be."""
    assert captured(f"@misc{{k, title = {{{title}}}}}")["k"].title


def test_a_bibliography_of_200() -> None:
    """Two hundred entries with accents and abstracts take well under ten seconds of the processor."""
    entry = (
        r"@article{k%d, title={On {M\"uller} %d}, author={M{\"u}ller, J. and Lee, A.}, abstract={We \emph{gain} %s}}"
    )
    text = "\n".join(entry % (number, number, "word " * 200) for number in range(200))
    start = time.process_time()
    assert len(captured(text)) == 200
    assert time.process_time() - start < 8
