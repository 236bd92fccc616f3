"""`Outline` -> Markdown through a template. Pure: a template arrives as text."""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from collections.abc import Sequence
from importlib import resources
from urllib.parse import quote

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from kb.errors import InputError
from kb.ingest.prose import printable
from kb.reports import Address, Outline

TEMPLATES = ("jekyll", "hugo", "plain")

_TEMPLATE_CODE = re.compile(r"\{(?=[{%:#])")  # Liquid, Jinja, Hugo, and the attributes of kramdown


def template_text(name: str) -> str:
    """The text of a template that comes with kb."""
    return resources.files("kb.outline").joinpath("templates", f"{name}.md.j2").read_text(encoding="utf-8")


def render(outline: Outline, template: str, today: datetime.date) -> str:
    """Fill a template. Notes are data: they can bring in neither Liquid, HTML nor front matter.

    Raises `InputError` for a template that does not parse or asks for what is not there.
    """
    environment = SandboxedEnvironment(
        loader=jinja2.DictLoader({}),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"text": _text, "yaml": _yaml, "url": _url, "address": _address, "comment": _comment}
    headings = [section.heading for section in outline.sections]
    try:
        rendered = environment.from_string(template).render(outline=outline, today=today, anchors=_anchors(headings))
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"the template cannot be used{f', line {line}' if line else ''}: {error}") from error
    return re.sub(r"\n{3,}", "\n\n", rendered).strip() + "\n"


def _anchors(headings: Sequence[str]) -> list[str]:
    """An id for each heading, unlike one another and those of the frame."""
    taken = {"intro", "closing", "references"}
    anchors = []
    for heading in headings:
        ascii_heading = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
        slug = re.sub(r"[^a-z0-9]+", "-", ascii_heading.lower()).strip("-")[:40].strip("-") or "section"
        anchor, number = slug, 2
        while anchor in taken:
            anchor, number = f"{slug}-{number}", number + 1
        taken.add(anchor)
        anchors.append(anchor)
    return anchors


def _text(value: str) -> str:
    """A note's words as Markdown text that is nothing but text: no tags, links, Liquid or kramdown attributes."""
    text = " ".join(printable(value).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;") if re.search(r"<[A-Za-z/!?]|&#?\w+;", text) else text
    text = _TEMPLATE_CODE.sub("&#123;", text)
    text = (
        re.sub(r"([\\\[\]])(?=.*)", r"\\\1", text)
        if re.search(r"\]\s*[(\[:]|\\[!-/:-@\[-`{-~]|\\$|[\[\]]", text)
        else text
    )
    text = re.sub(r"^(`{3,}|~{3,})", r"\\\1", text)
    text = re.sub(r"^([#>+*-])(?=\s)", r"\\\1", text)
    return re.sub(r"^(\d+)([.)])(?=\s)", r"\1\\\2", text)


def _url(value: str) -> str:
    """An address that cannot end its brackets, nor be read as template code."""
    return quote(value, safe="%/:=&?~#+!$,;'@()*[]-._")


def _yaml(value: object) -> str:
    """A front matter value: JSON is YAML but for some control characters, and quotes whatever needs it."""
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff]", lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False)
    )


def _address(place: Address) -> str:
    """`path:start-end`, as an address is written everywhere."""
    lines = f"{place.start_line}-{place.end_line}" if place.end_line != place.start_line else str(place.start_line)
    return f"{place.path}:{lines}"


def _comment(value: str) -> str:
    """Text that cannot end the HTML comment it stands in, nor be read as template code."""
    return _TEMPLATE_CODE.sub("{ ", re.sub(r"--+(?=!?>)", "- -", " ".join(printable(value).split())))
