"""A point as a line of Markdown, without its citation. Pure."""

from __future__ import annotations

from kb.outline.post.citations import address
from kb.outline.post.escaping import as_text
from kb.outline.quoting.labels import label_under
from kb.reports import Point


def quotation(point: Point, heading: str = "") -> str:
    """The text of a point below a heading; with a label that says more than that, the label and the text in quotation
    marks. For a table, a formula or code, what it is and where.
    """
    said = label_under(heading, point.label).replace("*", "")
    label = f"**{as_text(said)}** · " if said else ""
    marked = " *(contradicted here)*" if point.contradicts else ""
    if point.kind != "quotation":
        return f"{label}[{point.kind}] `{address(point)}`{marked}"
    return f'{label}"{as_text(point.text)}"{marked}' if label else f"{as_text(point.text)}{marked}"
