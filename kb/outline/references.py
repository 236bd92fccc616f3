"""What the cited notes are about, and what the quoted passages cite. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from kb.models import NoteRecord
from kb.notes.links import with_inline_links
from kb.notes.markup.references import Citation, citations_in, reference_url, without_tracking
from kb.outline.points import Excerpt
from kb.reports import Gap, Reference, Section

_NO_TITLE = re.compile(
    r"\W*+(?:(?:links?|pointers?|urls?) (?:to|of|for) )?"
    r"(?:(?:an?|the|this|these|her|his|their|my|our|original|full|official|see|read|watch|click)\s++)*"
    r"(?:papers?|articles?|posts?|blogs?|blog posts?|here|links?|sources?|pdf|arxiv|doi|code|repo(?:sitory)?|github|"
    r"website|page|docs?|documentation|project|slides|videos?|more|research|resources?|courses?|talks?|lectures?|"
    r"teaching|(?:figure )?source|references?|models?(?: card)?|weights|datasets?|data|hf|(?:technical )?report|"
    r"publication|preprint|L\d+(?:\W+L?\d+)?|assignments?|homework|tutorials?|examples?|notebooks?|demos?|threads?|tweets?|stud(?:y|ies)|"
    r"(?:time ?stamp\W*|at\s+)?\d{1,2}(?::\d\d){1,2}|"
    r"\[?\d+\]?|[\w&. ]+,? \(?(?:19|20)\d\d\w?\)?|\S*(?:/|\.\w{2,4}$)\S*)\W*|\W*",
    re.IGNORECASE,
)

# Words that link to the work which a note is about, if only one link of the note has such.
_PAPER = re.compile(
    r"\W*(?:links? to )?(?:(?:the|original|full) )*(?:(?:paper|article|publication|preprint)(?: link)?|pdf|arxiv|"
    r"read the paper)\W*",
    re.IGNORECASE,
)
# Words of the sentence around a link: "opened a pull request", "this answer", "the full prompt is here".
_OF_A_SENTENCE = re.compile(
    r"(?:this|these|that|those|his|her|my|our|their)\b.*|Th(?:is|ese|at|ose) [a-z]+|.*\b(?:here|it|them|this|that)\W*"
    r"|(?:[a-z]+(?:ed|ing) (?:an?|the|my|our|your|up|out)|using|based|according|via|from|in|on|by|with|as|has|have|is"
    r"|are|was)(?![-\w]).*|(?i:(?:join|sign[ -]up|enroll?|subscribe)(?: (?:us|here|for free))?(?: (?:now|today))?\W*)"
)
_SMALL_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
# Pictures of formulas, people's pages, and what somebody says of a work on a social network.
_RENDERED = re.compile(r"/render/math\?|//latex\.codecogs\.com/", re.IGNORECASE)
_PROFILE = re.compile(r"//github\.com/[^/\s]+/?$", re.IGNORECASE)
_NOWHERE = re.compile(
    r"//(?:localhost|127\.0\.0\.1|0\.0\.0\.0)\b|//(?:[\w-]+\.)*(?:googleusercontent|imgur)\.com/|//i\.redd\.it/|"
    r"//(?:[\w-]+\.)*(?:attacker|evil|malicious|victim)\.(?:com|net|org)\b",
    re.IGNORECASE,
)
_SAID_OF_IT = re.compile(r"//(?:\w+\.)?(?:twitter|x|threads|bsky|linkedin)\.(?:com|net|app)/", re.IGNORECASE)

# A line that is nothing but a link.
_LINK_ALONE = re.compile(
    r"\W{0,9}(?:(?:papers?|source|links?|arxiv|url|pdf|original)\W{1,9})?(?:\[[^\[\]]*\]\()?https?://[^\s()]+\W{0,9}",
    re.IGNORECASE,
)

MAX_REFERENCES = 40  # more than a reader looks at; a page of links would give thousands


@dataclass
class _Work:
    """A work with the words that link to it, the note that is about it, and the notes that cite it, by path."""

    anchor: str = ""
    about: NoteRecord | None = None
    citing: dict[str, NoteRecord] = field(default_factory=dict)


def references(
    notes: Sequence[NoteRecord], excerpts: Sequence[Excerpt], sections: Sequence[Section], texts: Mapping[str, str]
) -> tuple[tuple[Reference, ...], tuple[Gap, ...]]:
    """The works that the cited notes are about, and those that the quoted passages cite, once each; and a gap that says
    how many of them are left out. `texts` are the notes' texts by id, which define the links and footnotes of passages.

    A work goes by the words that link to it. The only work that a note is about has the note's authors, and its title
    where no words link to it; of several works it is not known who wrote which.
    """
    works: dict[str, _Work] = {}
    for note in notes:
        about = [*map(without_tracking, note.sources)] or _work_linked_first(texts.get(note.id, ""))
        for name in about:
            work = works.setdefault(name, _Work())
            work.about = work.about or (note if len(about) == 1 else None)
            work.citing[note.path] = note
    for excerpt in excerpts:
        for name, anchor in _citations_of(excerpt, texts):
            if name in works and not works[name].anchor:
                works[name].anchor = _title(anchor, name)
    for excerpt in _quoted(excerpts, sections):
        cited = _citations_of(excerpt, texts)
        paper = _paper_of(excerpt.note, texts.get(excerpt.note.id, excerpt.chunk.text))
        for name, anchor in cited:
            work = works.setdefault(name, _Work())
            work.anchor = work.anchor or _title(anchor, name)
            work.about = work.about or (excerpt.note if name == paper else None)
            work.citing[excerpt.note.path] = excerpt.note
    listed = list(works.items())[:MAX_REFERENCES]
    left_out = len(works) - len(listed)
    said = (Gap(kind="references", text=f"{left_out} more works are cited and not listed"),) if left_out else ()
    return tuple(_reference(name, work, sections) for name, work in listed), said


def _citations_of(excerpt: Excerpt, texts: Mapping[str, str]) -> list[Citation]:
    found = citations_in(with_inline_links(excerpt.chunk.text, texts.get(excerpt.note.id, "")))
    return [
        entry
        for entry in found
        if not any(pattern.search(entry.reference) for pattern in (_RENDERED, _PROFILE, _NOWHERE))
        and (_title(entry.anchor, entry.reference) or not _SAID_OF_IT.search(entry.reference))
    ]


def _paper_of(note: NoteRecord, text: str) -> str | None:
    """The work that a note without sources is about: the only one that its text links to as "the paper"."""
    papers = {entry.reference for entry in citations_in(text) if entry.anchor and _PAPER.fullmatch(entry.anchor)}
    return papers.pop() if len(papers) == 1 and not note.sources else None


def _work_linked_first(text: str) -> list[str]:
    """The work that a note without sources is about: the only paper to which it links before it says anything."""
    said = (line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#"))
    links = "\n".join(takewhile(_LINK_ALONE.fullmatch, said))
    papers = [entry.reference for entry in citations_in(links) if entry.reference.startswith(("arXiv:", "doi:"))]
    return papers if len(papers) == 1 else []


def _title(anchor: str, reference: str) -> str:
    """The words that link to a work, if they can be its title. A single word in small letters can if it is one of the
    address, or links to a paper.
    """
    is_title = not (_NO_TITLE.fullmatch(anchor) or _OF_A_SENTENCE.fullmatch(anchor))
    if _SMALL_WORD.fullmatch(anchor) and reference.startswith("http"):
        is_title &= anchor in re.split(r"[^a-z0-9-]+", reference.casefold().removesuffix(".html").partition("://")[2])
    return anchor if is_title else ""


def _quoted(excerpts: Sequence[Excerpt], sections: Sequence[Section]) -> Iterator[Excerpt]:
    """The excerpts from which a point is quoted."""
    points = {(point.path, point.start_line) for section in sections for point in section.points}
    for excerpt in excerpts:
        lines = range(excerpt.chunk.start_line, excerpt.chunk.end_line + 1)
        if any((excerpt.note.path, line) in points for line in lines):
            yield excerpt


def _reference(name: str, work: _Work, sections: Sequence[Section]) -> Reference:
    paths = tuple(work.citing)
    return Reference(
        title=work.anchor or (work.about.title if work.about else name),
        authors=work.about.authors if work.about else (),
        url=reference_url(name),
        cited_by=paths,
        sections=tuple(section.heading for section in sections if set(section.notes) & set(paths)),
    )
