"""`Outline` -> Markdown through a template. Pure: a template arrives as text."""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from collections.abc import Sequence
from importlib import resources

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from kb.errors import InputError
from kb.reports import Address, Outline

TEMPLATES = ("jekyll", "hugo", "plain")


def template_text(name: str) -> str:
    """The text of a template that comes with kb."""
    return resources.files("kb.outline").joinpath("templates", f"{name}.md.j2").read_text(encoding="utf-8")


def render(outline: Outline, template: str, today: datetime.date) -> str:
    """Fill a template. Notes are data: they can bring in neither Liquid, HTML nor front matter.

    Raises `InputError` for a template that does not parse or asks for what is not there.
    """
    environment = SandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"text": _text, "yaml": _yaml, "address": _address, "comment": _comment}
    headings = [section.heading for section in outline.sections]
    try:
        rendered = environment.from_string(template).render(outline=outline, today=today, anchors=_anchors(headings))
    except jinja2.TemplateError as error:
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
    """A note's words as Markdown text that is nothing but text: no tags, Liquid or links."""
    text = " ".join(value.split())
    text = text.replace("&", "&amp;").replace("<", "&lt;") if re.search(r"<[A-Za-z/!?]|&#?\w+;", text) else text
    text = re.sub(r"\{(?=[{%])", "&#123;", text)
    text = text.replace("](", "]\\(")
    return re.sub(r"^([#>+*-]|\d+[.)])(?=\s)", r"\\\1", text)


def _yaml(value: object) -> str:
    """A front matter value: JSON is YAML, and quotes whatever needs it."""
    return json.dumps(value, ensure_ascii=False)


def _address(place: Address) -> str:
    """`path:start-end`, as an address is written everywhere."""
    lines = f"{place.start_line}-{place.end_line}" if place.end_line != place.start_line else str(place.start_line)
    return f"{place.path}:{lines}"


def _comment(value: str) -> str:
    """Text that cannot end the HTML comment it stands in, nor be read as Liquid."""
    return re.sub(r"\{(?=[{%])", "{ ", " ".join(value.split()).replace("-->", "-- >"))
