"""A Jupyter notebook (nbformat 3 to 5) as Markdown. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import JsonValue

from kb.capture.captured import Capture
from kb.capture.escaping import fenced, one_line, readable
from kb.capture.headings import first_heading, highest_level, lowered, without_title
from kb.errors import InputError
from kb.notes.markup.front_matter import as_texts, read_front_matter

MAX_BYTES = 30_000_000
MAX_OUTPUT_LINES = 100  # of one output
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")
_EMBEDDED = re.compile(
    r"!\[([^\]\n]{0,500})\]\(\s*(?:attachment|data):[^)\n]*\)|<img\b[^>]{0,200}?\bsrc=[\"']?(?:attachment|data):[^>]*>",
    re.IGNORECASE,
)
_REPRESENTATION = re.compile(r"<[\w.]+(?: [^<>\n]*)?>|<[\w.]+ [^\n]*\bat 0x[0-9a-f]+>|\w+\(children=.*", re.DOTALL)
_MAGIC = re.compile(r"\s*%%(bash|sh|html|javascript|js|latex|markdown|perl|ruby|R|sql|cython|julia|svg)\b")
_OLD_TYPES = {
    "text": "text/plain",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "html": "text/html",
    "latex": "text/latex",
}

Json = dict[str, Any]


class _Cell(NamedTuple):
    """A cell of any version of the format."""

    type: str
    source: str
    language: str
    outputs: Sequence[Json] = ()


def capture_jupyter(content: bytes, path: Path, full: bool = False) -> tuple[Capture, ...]:
    """The Markdown, code and text results of a notebook. Images, HTML, widgets and long outputs are left out, and
    counted in the remarks. Raises `InputError`.
    """
    notebook = _read(content, path)
    left_out: Counter[str] = Counter()
    try:
        metadata = notebook.get("metadata") or {}
        language = _language(metadata)
        cells = [cell for cell in map(_cell, _cells_of(notebook)) if cell.source.strip()]
        stated = _front_matter(cells)
        parts = [part for cell in cells[bool(stated) :] for part in _parts(cell, language, left_out)]
        authors = _authors(metadata) or as_texts(stated.get("author"))
    except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
        raise InputError(f"{path} has malformed cells; open it in Jupyter, save it, and add it again") from error
    if not parts:
        raise InputError(f"{path} has no cell with text or code; nothing was captured")
    named = one_line(str(stated.get("title") or metadata.get("title") or ""))
    title, body = _titled("\n\n".join(parts), named, path)
    remarks = tuple(_remark(kind, number) for kind, number in sorted(left_out.items()) if number)
    date = one_line(str(stated.get("date", "")))
    fields = {"language": language} if language else {}
    return (Capture(path.as_posix(), title, body, path.as_posix(), authors, date, fields, remarks),)


def _read(content: bytes, path: Path) -> Json:
    if len(content) > MAX_BYTES:
        limit = MAX_BYTES // 1_000_000
        raise InputError(f"{path} is larger than {limit} MB; clear its outputs in Jupyter, and add it again")
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a Jupyter notebook: it is not valid JSON; save it again in Jupyter") from error
    if not isinstance(notebook, dict) or not (isinstance(notebook.get("cells"), list) or notebook.get("worksheets")):
        raise InputError(f"{path} is not a Jupyter notebook: it has no list of cells")
    return notebook


def _cells_of(notebook: Json) -> Iterator[Json]:
    """Cells of version 4 and 5, and those of version 3, which stand in worksheets."""
    yield from notebook.get("cells") or ()
    for sheet in notebook.get("worksheets") or ():
        yield from sheet["cells"]


def _cell(cell: Json) -> _Cell:
    source = _joined(cell.get("source", cell.get("input", "")))
    if cell["cell_type"] == "heading":  # version 3
        return _Cell("markdown", f"{'#' * min(6, max(1, int(cell.get('level', 1))))} {' '.join(source.split())}", "")
    return _Cell(cell["cell_type"], source, str(cell.get("language", "")), cell.get("outputs") or ())


def _joined(text: object) -> str:
    """A text that may be a list of its lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _language(metadata: Json) -> str:
    named = (metadata.get("language_info") or {}).get("name") or (metadata.get("kernelspec") or {}).get("language")
    return str(named or "").lower()


def _authors(metadata: Json) -> tuple[str, ...]:
    authors = metadata.get("authors") or ()
    names = (author.get("name", "") if isinstance(author, dict) else author for author in authors)
    return tuple(name for name in map(one_line, map(str, names)) if name)


def _front_matter(cells: Sequence[_Cell]) -> Mapping[str, JsonValue]:
    """The front matter that Quarto reads from a first raw cell; empty where there is none."""
    if not cells or cells[0].type == "code" or not cells[0].source.lstrip().startswith("---"):
        return {}
    values, start, _ = read_front_matter(cells[0].source.lstrip() + "\n")
    return values if start >= len(cells[0].source.strip()) else {}


def _parts(cell: _Cell, language: str, left_out: Counter[str]) -> Iterator[str]:
    """The Markdown of a cell and of its outputs."""
    if cell.type == "markdown":
        yield lowered(_without_images(cell.source, left_out), 0)
    elif cell.type == "code":
        magic = _MAGIC.match(cell.source)
        yield fenced(cell.source, magic[1] if magic else cell.language or language)
        for output in cell.outputs:
            if text := _output(output, left_out):
                yield text
    else:
        left_out["raw cell"] += 1


def _without_images(markdown: str, left_out: Counter[str]) -> str:
    text, number = _EMBEDDED.subn(lambda match: match[1] or "", markdown)
    left_out["image"] += number
    return text


def _output(output: Json, left_out: Counter[str]) -> str:
    kind = output["output_type"]
    if kind == "stream":
        if output.get("name", output.get("stream")) == "stderr":
            left_out["output on standard error"] += 1
            return ""
        return _result(_joined(output.get("text", "")), left_out)
    if kind in ("error", "pyerr"):
        return _result(f"{output.get('ename', 'Error')}: {output.get('evalue', '')}", left_out)
    forms = output.get("data") or {_OLD_TYPES.get(key, f"text/{key}"): value for key, value in output.items()}
    if "text/markdown" in forms:
        return lowered(_without_images(_joined(forms["text/markdown"]), left_out), 0)
    text = _joined(forms.get("text/plain", ""))
    if text.strip() and not _REPRESENTATION.fullmatch(text.strip()):
        return _result(text, left_out)
    left_out[_kind_of(forms)] += 1
    return ""


def _kind_of(forms: Json) -> str:
    if any("widget" in form for form in forms):
        return "widget"
    return "image" if any(form.startswith("image/") for form in forms) else "HTML output"


def _result(text: str, left_out: Counter[str]) -> str:
    """A text result in a fence; empty for none. Of a line that was written over, only the last state is kept."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in _ANSI.sub("", text).split("\n")]
    shown = readable("\n".join(lines)).strip("\n").split("\n")
    if len(shown) > MAX_OUTPUT_LINES:
        left_out["line of output"] += len(shown) - MAX_OUTPUT_LINES
        shown = [*shown[:MAX_OUTPUT_LINES], "…"]
    return fenced("\n".join(shown), "text") if any(line.strip() for line in shown) else ""


def _titled(markdown: str, named: str, path: Path) -> tuple[str, str]:
    """The title and the text below it, whose headings begin at level 2."""
    leading = without_title(markdown)
    text = leading.body if leading.title and named in ("", leading.title) else markdown
    title = named or leading.title or first_heading(markdown) or one_line(path.stem)
    return title, lowered(text, 1 if highest_level(text) == 1 else 0)


def _remark(kind: str, number: int) -> str:
    words = kind.split(" ", 1)
    plural = " ".join([words[0] + "s", *words[1:]]) if kind != "HTML output" else "HTML outputs"
    return f"{number} {kind if number == 1 else plural} left out"
