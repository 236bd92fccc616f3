"""An outline -> Markdown, through a Jinja template given as text. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from importlib import resources

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from kb.errors import InputError
from kb.outline.post.citations import Citations, Citing, address, brief_of, memory_comment
from kb.outline.post.escaping import anchors, as_comment, as_text, as_url, as_yaml
from kb.outline.post.quotation import quotation
from kb.reports import Outline

TEMPLATES = ("jekyll", "hugo", "plain")
FOR_THE_WRITER = "for-the-writer"  # the template that the others end with


def template_text(name: str) -> str:
    """The text of a built-in template."""
    return resources.files("kb.outline.post").joinpath("templates", f"{name}.md.j2").read_text(encoding="utf-8")


def render(outline: Outline, template: str, today: datetime.date, citations: Citations = "comment") -> str:
    """Fill a template. The text of notes is escaped: it can inject neither Liquid, HTML nor front matter.

    If points are cited, the definitions of footnotes and the memory for `kb outline --update` follow. Raises
    `InputError` for a template that does not parse or uses an undefined name.
    """
    citing = Citing(citations)
    headings = [section.heading for section in outline.sections]
    try:
        rendered = (
            _environment(citing)
            .from_string(template)
            .render(outline=outline, today=today, anchors=anchors(headings), citations=citations)
        )
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"the template cannot be used{f', line {line}' if line else ''}: {error}") from error
    return "\n".join([re.sub(r"\n{3,}", "\n\n", rendered).strip() + "\n", *closing(outline, citing)])


def closing(outline: Outline, citing: Citing) -> Iterator[str]:
    """What comes last in a post, after its citations: the definitions of footnotes, and the memory."""
    if citing.definitions:
        yield "".join(f"{definition}\n" for definition in citing.definitions)
    if citing.cites_points:
        points = (
            quoted.sha256 for section in outline.sections for point in section.points for quoted in (point, *point.also)
        )
        notes = (note.sha256 for note in outline.considered)
        yield memory_comment(brief_of(outline, citing.form), points, notes)


def for_the_writer(outline: Outline, citing: Citing) -> str:
    """The comment with the gaps, the earlier posts and the leftovers of an outline; empty if there are none."""
    template = _environment(citing).get_template(FOR_THE_WRITER)
    return template.render(outline=outline, citations=citing.form)


def _environment(citing: Citing) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=jinja2.DictLoader({FOR_THE_WRITER: template_text(FOR_THE_WRITER)}),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "text": as_text,
        "yaml": as_yaml,
        "url": as_url,
        "comment": as_comment,
        "address": address,
        "cite": citing,
        "quotation": quotation,
    }
    return environment
