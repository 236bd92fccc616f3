"""The entries of a BibTeX or BibLaTeX file as captures. Pure."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from bibtexparser.middlewares import LatexDecodingMiddleware, default_parse_stack
from bibtexparser.middlewares.names import InvalidNameError, parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Field
from bibtexparser.model import Entry as Parsed

from kb.capture.captured import Capture
from kb.capture.decoding import decoded
from kb.capture.entries import Entry, capture_of_entry, key_of, without_markup
from kb.capture.escaping import one_line
from kb.errors import InputError

logging.getLogger("bibtexparser").addHandler(logging.NullHandler())  # what is wrong is in the remarks

VENUES = ("journal", "journaltitle", "booktitle", "howpublished", "publisher", "school", "institution", "series")
TEXTS = (*VENUES, "title", "subtitle", "abstract", "note", "annote", "annotation", "keywords")
MAX_TEXT = 20_000  # characters of a field
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CITED = re.compile(r"\\[A-Za-z]*cite[A-Za-z]*\*?(?:\[[^\]\n]*\]){0,2}\{([^{}\n]*)\}")
_PERCENT = re.compile(r"(?<!\\)%")
_PLAIN = re.compile(r"[^\\$]*(?:\\[%&_#{}][^\\$]*)*")  # no command and no formula
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_LISTED = re.compile(r"[,;\s]+")


class _Work(NamedTuple):
    """An entry with its fields by lower-case name: as they are written, and its texts as they read."""

    citekey: str
    type: str
    fields: Mapping[str, str]
    texts: Mapping[str, str]


def capture_bibtex(content: bytes, path: Path, full: bool = False) -> tuple[Capture, ...]:
    """A capture for each entry. What cannot be read is in the remarks of the first. Raises `InputError`."""
    library = parse_string(decoded(content, path), parse_stack=default_parse_stack())
    remarks = [_remark(block) for block in library.failed_blocks]
    parsed = [*library.entries, *(block.ignore_error_block for block in _repeating_fields(library.failed_blocks))]
    works = _works(sorted(parsed, key=lambda entry: entry.start_line or 0))
    if not works:
        reason = remarks[0] if remarks else "it has no entries"
        raise InputError(f"{path} has nothing to capture: {reason}")
    by_citekey = {work.citekey: work for work in works}
    captures: dict[str, Capture] = {}
    for work in works:
        entry = _entry(work, by_citekey)
        if entry.key in captures:
            remarks.append(f"{work.citekey} is the same work as an entry before it ({entry.key}) and is left out")
        else:
            captures[entry.key] = capture_of_entry(entry, path.as_posix())
    first, *others = captures.values()
    return (_with_remarks(first, (f"{path}: {remark}" for remark in remarks)), *others)


def _with_remarks(capture: Capture, remarks: Iterable[str]) -> Capture:
    return Capture(**{**vars(capture), "remarks": (*capture.remarks, *remarks)})


def _repeating_fields(blocks: Iterable[Block]) -> Iterator[Any]:
    """The entries that say a field twice, which are used."""
    return (block for block in blocks if isinstance(block, DuplicateFieldKeyBlock))


def _remark(block: Any) -> str:
    """What is wrong with a block that the parser could not read or use."""
    place = f"line {(block.start_line or 0) + 1}"
    if isinstance(block, DuplicateBlockKeyBlock):
        return f"{place}: the key {block.key!r} is used before, and this entry is left out"
    if isinstance(block, DuplicateFieldKeyBlock):
        return f"{place}: the entry says {', '.join(sorted(block.duplicate_keys))} twice, and the last one counts"
    return f"{place}: the entry that begins with {one_line(block.raw or '')[:60]!r} cannot be read"


def _works(parsed: Sequence[Parsed]) -> list[_Work]:
    """The entries with their texts decoded."""
    raw = [{field.key.lower(): _text(field.value) for field in entry.fields} for entry in parsed]
    texts = _readable([{name: fields[name] for name in TEXTS if name in fields} for fields in raw])
    return [
        _Work(one_line(entry.key), entry.entry_type.lower(), fields, text)
        for entry, fields, text in zip(parsed, raw, texts, strict=True)
    ]


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _readable(entries: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Texts without LaTeX. Formulas stay, and what the decoder cannot read loses its braces only."""
    texts = [{name: _prepared(text) for name, text in entry.items()} for entry in entries]
    hard = {
        f"{number} {name}": Parsed("text", f"{number} {name}", [Field("text", text)])
        for number, entry in enumerate(texts)
        for name, text in entry.items()
        if not _PLAIN.fullmatch(text)
    }
    solved = {
        entry.key: entry["text"] for entry in LatexDecodingMiddleware().transform(Library([*hard.values()])).entries
    }
    return [
        {name: solved.get(f"{number} {name}") or _unescaped(text) for name, text in entry.items()}
        for number, entry in enumerate(texts)
    ]


def _prepared(latex: str) -> str:
    """A text in which a citation is its key, and a percent sign begins no comment."""
    return _PERCENT.sub(r"\\%", _CITED.sub(r"\1", latex[:MAX_TEXT]))


def _unescaped(text: str) -> str:
    plain = re.sub(r"\\([%&_#{}])", lambda match: match[1] if match[1] not in "{}" else "", text.replace("~", " "))
    plain = re.sub(r"[{}]", "", plain).replace("``", "“").replace("''", "”")
    return plain.replace("---", "—").replace("--", "–")


def _entry(work: _Work, by_citekey: Mapping[str, _Work]) -> Entry:
    fields, texts = work.fields, work.texts
    parent = by_citekey.get(one_line(fields.get("crossref", "")))
    inherited = {"booktitle": parent.texts.get("title", "")} | dict(parent.texts) if parent else {}
    identifiers = tuple(filter(None, _identifiers(fields)))
    related = dict(_related(work, by_citekey))
    return Entry(
        key=key_of(identifiers, f"bibtex:{work.citekey}"),
        citekey=work.citekey,
        title=_title(work),
        authors=_names(fields.get("author") or fields.get("editor") or ""),
        date=_date(fields) or (_date(parent.fields) if parent else ""),
        venue=next((venue for name in VENUES if (venue := one_line(texts.get(name) or inherited.get(name, "")))), ""),
        abstract=texts.get("abstract", ""),
        notes=tuple(filter(None, (texts.get(name, "") for name in ("note", "annote", "annotation")))),
        keywords=tuple(filter(None, map(one_line, re.split(r"[,;]", texts.get("keywords", ""))))),
        identifiers=identifiers,
        addresses=tuple(filter(None, [_address(fields.get("url", ""))])),
        related=related,
    )


def _title(work: _Work) -> str:
    parts = (one_line(without_markup(work.texts.get(name, ""))) for name in ("title", "subtitle"))
    return ": ".join(filter(None, parts)) or work.citekey


def _identifiers(fields: Mapping[str, str]) -> Iterator[str]:
    """The arXiv id, the DOI and the address of an entry, as it writes them."""
    eprint = one_line(fields.get("eprint", ""))
    archive = (fields.get("archiveprefix") or fields.get("eprinttype") or "").lower()
    if eprint and archive in ("", "arxiv"):
        yield eprint if eprint.lower().startswith("arxiv:") else f"arXiv:{eprint}"
    for name in ("journal", "note", "howpublished", "volume"):
        if match := re.search(r"arXiv:\s*([\w./-]+\d)", fields.get(name, "")):
            yield f"arXiv:{match[1]}"
    yield one_line(fields.get("doi", "")).replace("\\_", "_")
    yield _address(fields.get("url", ""))


def _address(url: str) -> str:
    plain = re.sub(r"^\\url\{(.*)\}$", r"\1", url.strip())
    return re.sub(r"\\([%&_#~$])", r"\1", plain).replace("{\\_}", "_")


def _names(raw: str) -> tuple[str, ...]:
    """Authors as they are spoken of, first names first; "others" is nobody."""
    try:
        people = split_multiple_persons_names(raw) if raw else []
    except (InvalidNameError, ValueError):
        people = [raw]
    spoken = [_spoken(person) for person in people if person.strip().lower() != "others"]
    decoded_names = _readable([{"name": name} for name in spoken])
    return tuple(dict.fromkeys(name for entry in decoded_names if (name := one_line(entry["name"]))))


def _spoken(person: str) -> str:
    try:
        parts = parse_single_name_into_parts(person, strict=False)
    except InvalidNameError:
        return person
    return " ".join([*parts.first, *parts.von, *parts.last, *parts.jr])


def _date(fields: Mapping[str, str]) -> str:
    """As much as is known of the year, month and day."""
    if match := _DATE.match(one_line(fields.get("date", ""))):
        return match[0]
    year = re.search(r"\b\d{4}\b", fields.get("year", ""))
    if not year:
        return ""
    named = one_line(fields.get("month", "")).strip("{}").lower()
    month = (
        _MONTHS.index(named[:3]) + 1 if named[:3] in _MONTHS else int(named) if named in map(str, range(1, 13)) else 0
    )
    day = one_line(fields.get("day", ""))
    if not month:
        return year[0]
    return f"{year[0]}-{month:02}" + (f"-{int(day):02}" if day.isdigit() and 1 <= int(day) <= 31 else "")


def _related(work: _Work, by_citekey: Mapping[str, _Work]) -> Iterator[tuple[str, str]]:
    """The citation keys and titles of the entries of the same file that an entry names."""
    named = [key for name in ("crossref", "xref", "related") for key in _LISTED.split(work.fields.get(name, ""))]
    for name in ("abstract", "note", "annote", "annotation"):
        named += [key.strip() for match in _CITED.finditer(work.fields.get(name, "")) for key in match[1].split(",")]
    for citekey in dict.fromkeys(named):
        if citekey in by_citekey and citekey != work.citekey:
            yield citekey, _title(by_citekey[citekey])
