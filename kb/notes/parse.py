"""Parses the text of a file into a `Note`: front matter, title, blocks, links, tags, references. Pure."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, get_args
from urllib.parse import unquote

from pydantic import JsonValue

from kb.errors import NoteError
from kb.models import Block, BlockKind, FiledArea, Kind, Note, NoteFile
from kb.notes.blocks import parse_blocks
from kb.notes.front_matter import as_date, as_texts, split_front_matter
from kb.notes.prose import CODE_SPAN, clean

if TYPE_CHECKING:
    from markdown_it.token import Token

OUTLINE_MARK = "<!-- kb outline"
MAX_NAME = 300  # characters of a title or heading; every chunk below repeats it

_BLOCK_KINDS: dict[str, BlockKind] = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "fence": "code",
    "code_block": "code",
    "table_open": "table",
    "blockquote_open": "quote",
}
_CODE = re.compile(CODE_SPAN, re.DOTALL)
_WIKILINK = re.compile(r"\[\[([^\[\]|#\n\\]+)(?:#[^\[\]|\n\\]*)?(?:\\?\|[^\[\]\n]*)?\]\]")
_LINK = re.compile(r"(?<!!)\[[^\[\]\n]*\]\((?:<([^<>\n]+)>|((?:[^()\s<>]|\([^()\s]*\))+))")
_TAG = re.compile(r"(?<![\w/&#(\[\]\"'=.-])#([^\W\d_][\w/-]*)")
_ARXIV = re.compile(r"(?:arxiv:\s*|arxiv\.org/(?:abs|pdf)/)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})", re.I)
_BARE_ARXIV = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?")
_DOI = re.compile(r"\b(10\.\d{4,9}/[-._;()/:A-Za-z0-9]*[A-Za-z0-9])")
_URL = re.compile(r"https?://(?:[^\s<>\"'`\[\](){}]|\([^\s<>()]*\))*(?:[^\s<>\"'`\[\](){}.,;:!?]|\([^\s<>()]*\))")
_DATE_PREFIX = re.compile(r"^(\d{4}-\d{2}-\d{2})[-_ ]?")


def parse_note(file: NoteFile) -> Note:
    """Parse a note. Raises `NoteError` if the front matter is invalid or no text follows it."""
    front_matter, body_start = split_front_matter(file.text)
    if not file.text[body_start:].strip():
        raise NoteError("has no text below its front matter")
    stem = PurePosixPath(file.path).stem
    blocks = _blocks(file.text, body_start)
    title = _front_matter_title(front_matter) or _first_heading(blocks) or _title_from_stem(stem)
    sources = _sources(front_matter)
    prose = _CODE.sub(" ", "\n".join(file.text[block.start : block.end] for block in blocks if block.kind != "code"))
    return Note(
        path=file.path,
        sha256=file.sha256,
        text=file.text,
        title=title,
        date=as_date(front_matter.get("date")) or as_date((_DATE_PREFIX.match(stem) or [""])[0]),
        tags=_tags(front_matter, prose),
        kind=_kind(front_matter, file.text[body_start:]),
        area=_area(front_matter),
        authors=as_texts(front_matter.get("authors") or front_matter.get("author")),
        sources=sources,
        references=tuple(dict.fromkeys([*sources, *_references(file.text[body_start:])])),
        links=_links(prose),
        front_matter=front_matter,
        blocks=_without_title(blocks, title),
    )


def reference_url(reference: str) -> str:
    """The URL of a reference: `arXiv:<id>`, `doi:<id>`, or itself a URL."""
    scheme, _, value = reference.partition(":")
    return {"arXiv": f"https://arxiv.org/abs/{value}", "doi": f"https://doi.org/{value}"}.get(scheme, reference)


def _blocks(text: str, body_start: int) -> tuple[Block, ...]:
    """The top-level blocks of the body in order. Together they contain every non-blank line."""
    lines = text[body_start:].split("\n")
    starts = [body_start]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    blocks: list[Block] = []
    path: list[tuple[int, str]] = []
    done = 0
    tokens = parse_blocks(lines)
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.level or not token.map or token.nesting < 0 or token.map[0] < done:
            continue
        begin, end = token.map
        blocks.extend(_unparsed(lines, starts, done, begin, path))
        if token.type == "heading_open":
            path = _below(path, int(token.tag[1:]), following)
        kind = _BLOCK_KINDS.get(token.type, "other")
        if any(line.strip() for line in lines[begin:end]):
            blocks.append(_block(kind, lines, starts, begin, end, path))
        done = end
    blocks.extend(_unparsed(lines, starts, done, len(lines), path))
    return tuple(blocks)


def _block(
    kind: BlockKind, lines: list[str], starts: list[int], begin: int, end: int, path: list[tuple[int, str]]
) -> Block:
    """The block of the lines `[begin, end)` without trailing blank lines; `starts` holds the offset of every line."""
    while end > begin + 1 and not lines[end - 1].strip():
        end -= 1
    return Block(
        kind=kind,
        start=starts[begin],
        end=starts[end - 1] + len(lines[end - 1]),
        heading_path=tuple(heading for _, heading in path),
    )


def _unparsed(lines: list[str], starts: list[int], begin: int, end: int, path: list[tuple[int, str]]) -> list[Block]:
    """A block of lines for which the parser has no token, such as link definitions, unless all are blank."""
    while begin < end and not lines[begin].strip():
        begin += 1
    return [_block("other", lines, starts, begin, end, path)] if begin < end else []


def _below(path: list[tuple[int, str]], level: int, inline: Token | None) -> list[tuple[int, str]]:
    """The headings above a block, with their levels, after another heading; one without text only closes sections."""
    heading = _shortened(clean(inline.content[: 10 * MAX_NAME])) if inline else ""
    return [(above, text) for above, text in path if above < level] + ([(level, heading)] if heading else [])


def _shortened(name: str) -> str:
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1].rstrip() + "…"


def _without_title(blocks: tuple[Block, ...], title: str) -> tuple[Block, ...]:
    """The blocks without a first heading in their path that repeats the title."""
    return tuple(
        block.model_copy(update={"heading_path": block.heading_path[1:]})
        if block.heading_path and block.heading_path[0].casefold() == title.casefold()
        else block
        for block in blocks
    )


def _front_matter_title(front_matter: dict[str, JsonValue]) -> str:
    return _shortened(" ".join(as_texts(front_matter.get("title"), r"\n")))


def _first_heading(blocks: tuple[Block, ...]) -> str:
    return next((block.heading_path[-1] for block in blocks if block.kind == "heading" and block.heading_path), "")


def _title_from_stem(stem: str) -> str:
    """A title made from a file name: `2024-01-03-graph-nets` becomes `Graph nets`."""
    words = re.sub(r"[-_]+", " ", _DATE_PREFIX.sub("", stem)).strip()
    return words[:1].upper() + words[1:] or stem


def _tags(front_matter: dict[str, JsonValue], prose: str) -> tuple[str, ...]:
    """The tags in front matter and prose, in lower case."""
    listed = [
        tag.lstrip("#").lower()
        for key in ("tags", "tag", "categories", "category", "keywords")
        for tag in as_texts(front_matter.get(key), r"[,\s]+" if key != "keywords" else ",")
    ]
    return tuple(dict.fromkeys(listed + [match[1].lower() for match in _TAG.finditer(prose)]))


def _kind(front_matter: dict[str, JsonValue], body: str) -> Kind | None:
    """The kind in front matter; without one, a note that begins with the mark of `kb outline` is an outline."""
    named = front_matter.get("kind")
    if named is None:
        return "outline" if body.lstrip().startswith(OUTLINE_MARK) else None
    if named not in get_args(Kind):
        raise NoteError(f"has an unknown kind {named!r} in its front matter; use one of {', '.join(get_args(Kind))}")
    return named  # type: ignore[return-value]  # checked against the literal just above


def _area(front_matter: dict[str, JsonValue]) -> FiledArea | None:
    named = front_matter.get("area")
    if named is None:
        return None
    if named not in get_args(FiledArea):
        raise NoteError(
            f"has an unknown area {named!r} in its front matter; use one of {', '.join(get_args(FiledArea))}"
        )
    return named  # type: ignore[return-value]  # checked against the literal just above


def _sources(front_matter: dict[str, JsonValue]) -> tuple[str, ...]:
    """The works that a note is about, as arXiv ids, DOIs and URLs; other values of its source keys are ignored."""
    named = [
        source
        for key in ("source", "sources", "arxiv", "doi", "url", "link")
        for source in as_texts(front_matter.get(key), r"[,\s]+(?=\S)")
    ]
    found: list[str] = []
    for source in named:
        if _BARE_ARXIV.fullmatch(source):
            found.append(f"arXiv:{source.split('v')[0]}")
        else:
            found.extend(_references(source))
    return tuple(dict.fromkeys(found))


def _references(text: str) -> list[str]:
    """All arXiv ids in a text, then all DOIs, then all other URLs, each in order of appearance."""
    arxiv = [f"arXiv:{match[1]}" for match in _ARXIV.finditer(text)]
    doi = [f"doi:{match[1]}" for match in _DOI.finditer(text)]
    urls = [match[0] for match in _URL.finditer(text) if "arxiv.org/" not in match[0] and "doi.org/" not in match[0]]
    return list(dict.fromkeys(arxiv + doi + urls))


def _links(prose: str) -> tuple[str, ...]:
    """The targets of wikilinks and of links to Markdown files, as written but without anchors."""
    wiki = [match[1].strip() for match in _WIKILINK.finditer(prose)]
    targets = [match[1] or match[2] for match in _LINK.finditer(prose)]
    files = [unquote(target.split("#")[0]) for target in targets if "://" not in target]
    return tuple(dict.fromkeys(wiki + [link for link in files if link.lower().endswith((".md", ".markdown"))]))
