"""Filling a draft: points under the headings that the writer typed, whose text is not changed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.errors import InputError
from kb.notes.markup.front_matter import as_texts, read_front_matter
from kb.notes.parse import OUTLINE_MARK
from kb.notes.prose import clean
from kb.outline.post.citations import Citations, Citing, next_footnote, read_memory
from kb.outline.post.escaping import as_comment
from kb.outline.post.layout import Part, Post
from kb.outline.post.quotation import quotation
from kb.outline.post.render import closing, for_the_writer
from kb.reports import Outline, Section

# Headings of parts that need no evidence.
_FRAME = re.compile(
    r"(?:introduction|intro|tl;?dr|(?:table of )?contents|summary|abstract|conclusions?|closing thoughts|references|"
    r"bibliography|further reading|acknowledge?ments?|footnotes|about (?:me|the author))\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Draft:
    """A post in the making: its title, an empty string if it has none, and the parts that need evidence."""

    post: Post
    title: str
    parts: tuple[Part, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of the parts, without Markdown."""
        return tuple(clean(self.post.title(part)) for part in self.parts)


def read_draft(text: str) -> Draft:
    """A draft's title, from its front matter or else its first heading of level 1, and its sections: the headings of
    level 2 or, without any, the others of level 1. Introductions, conclusions and the like need no evidence.

    Raises `InputError` for a draft that is filled already or has no section.
    """
    if read_memory(text):
        raise InputError("is filled already; use `kb outline --update`, or take its kb memory comment out")
    post = Post(text)
    first = [part for part in post.parts if part.heading and part.heading.level == 1]
    second = [part for part in post.parts if part.heading and part.heading.level == 2]
    named = clean(" ".join(as_texts(read_front_matter(_plain(text)).values.get("title"), r"\n")))
    title = named or (clean(post.title(first[0])) if first else "")
    repeats_title = bool(first) and (not named or clean(post.title(first[0])).casefold() == named.casefold())
    sections = second or first[repeats_title:]
    parts = tuple(part for part in sections if needs_evidence(clean(post.title(part))))
    if not parts:
        raise InputError("has no headings to fill; give it headings of level 2 (`## Heading`)")
    return Draft(post, title, parts)


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def needs_evidence(heading: str) -> bool:
    """Whether a heading is that of a section, not of an introduction, conclusions or the like."""
    return bool(re.search(r"\w", heading)) and not _FRAME.fullmatch(heading)


def filled(draft: Draft, outline: Outline, citations: Citations) -> str:
    """A draft with the points of an outline's sections below its parts' own text, in the same order.

    Nothing of the draft is changed: a mark that it is an outline goes before its text, and what concerns only the
    writer, the footnotes and the memory for `kb outline --update` behind it.
    """
    post = draft.post
    citing = Citing(citations, next_footnote(post.text))
    pieces = [_mark(post, outline.topic)] if citations != "none" else []
    for part, section in zip(draft.parts, outline.sections, strict=True):
        if section.points:
            pieces.append(_insertion(post, part, section, citing))
    text = _inserted(post, pieces)
    ending = [part for part in (for_the_writer(outline, citing).strip(), *closing(outline, citing)) if part]
    if not ending:
        return text
    gap = post.newline * (2 if not text.endswith(("\n", "\r")) else 1)
    return text + gap + "\n\n".join(part.rstrip("\n") for part in ending).replace("\n", post.newline) + post.newline


def _mark(post: Post, topic: str) -> tuple[int, str]:
    """The offset at which the text begins, after a byte order mark or front matter, and the mark of an outline."""
    first = _plain(post.text)[: read_front_matter(_plain(post.text)).end].count("\n")
    start = post.start(first) if first else len(post.text) - len(post.text.removeprefix("\ufeff"))
    return start, f"{OUTLINE_MARK}: {as_comment(topic)} -->\n" + "\n" * bool(post.line(first).strip())


def _insertion(post: Post, part: Part, section: Section, citing: Citing) -> tuple[int, str]:
    """The offset after a part's own text, and a section's points as a list; more items if that text ends with one."""
    block = part.blocks[-1]
    bullet = block.bullet or "- "
    lines = "\n".join(f"{bullet}{quotation(point, section.heading)}{citing(point)}" for point in section.points)
    followed = bool(post.line(block.after).strip())
    return post.end(block.after - 1), ("\n" if block.bullet else "\n\n") + lines + "\n" * followed


def _inserted(post: Post, pieces: Sequence[tuple[int, str]]) -> str:
    """The text of a post with pieces at some offsets, in its own newlines."""
    return "".join(_between(post, pieces))


def _between(post: Post, pieces: Sequence[tuple[int, str]]) -> Iterator[str]:
    done = 0
    for position, piece in sorted(pieces, key=lambda entry: entry[0]):
        yield post.text[done:position]
        yield piece.replace("\n", post.newline)
        done = position
    yield post.text[done:]
