"""A point as a line of Markdown, without its citation. Pure."""

from __future__ import annotations

import re

from kb.outline.post.citations import address
from kb.outline.post.escaping import as_text
from kb.outline.quoting.labels import label_under
from kb.reports import Point

_WORD = re.compile(r"[^\W\d_]+(?![\w-])")  # "ogbn-products" and "k8s" are names


def quotation(point: Point, heading: str = "") -> str:
    """The text of a point below a heading; with a label that says more than that, the label and the text in quotation
    marks. A text that goes on from its label, such as "presents a benchmark", has it whatever the heading says. For a
    table, a formula or code, what it is and where.
    """
    first = _WORD.match(point.text) if point.kind == "quotation" else None
    goes_on = first is not None and first[0].islower()
    said = (point.label if goes_on else label_under(heading, point.label)).replace("*", "")
    label = f"**{as_text(said)}** · " if said else ""
    marked = " *(contradicted here)*" if point.contradicts else ""
    if point.kind != "quotation":
        return f"{label}[{point.kind}] `{address(point)}`{marked}"
    return f'{label}"{as_text(point.text)}"{marked}' if label else f"{as_text(point.text)}{marked}"
