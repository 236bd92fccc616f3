"""The rows of a table, or that it only sets a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LARGE = ("h1", "h2", "h3", "h4", "table", "article", "main")
MAX_COLUMNS = 100  # of a table that is one for a reader


def rows_of(table: HtmlElement) -> list[list[HtmlElement | None]] | None:
    """The cells of a table row by row, with None where one reaches over several columns or rows. None where the table
    only sets the page, as one of a single row does, or holds what no cell of Markdown can.
    """
    if table.get("role") in ("presentation", "none") or next(table.iterdescendants(*_LARGE), None) is not None:
        return None
    for code in list(table.iter("pre")):
        if "\n" in code.text_content().strip():
            return None
        code.tag = "code"
    if table.xpath(".//tex[@display]"):
        return None
    rows: list[list[HtmlElement | None]] = []
    below: dict[int, int] = {}  # how many more rows the cell of a column reaches into
    for row in table.iter("tr", "thead", "tbody", "table"):  # a row may be left out
        cells: list[HtmlElement | None] = []
        for cell in row.iterchildren("td", "th"):
            while below.get(len(cells), 0):
                below[len(cells)] -= 1
                cells.append(None)
            for extra in range(min(_span(cell, "colspan"), MAX_COLUMNS)):
                below[len(cells)] = _span(cell, "rowspan") - 1
                cells.append(None if extra else cell)
        rows.append(cells)
    rows = [row for row in rows if any(cell is not None and cell.text_content().strip() for cell in row)]
    if len(rows) == 1 and not any(cell is not None and cell.tag == "th" for cell in rows[0]):
        return None
    return rows if 1 < max(map(len, rows), default=0) <= MAX_COLUMNS else None


def _span(cell: HtmlElement, name: str) -> int:
    span = cell.get(name) or ""
    return int(span) if span.isascii() and span.isdigit() and 0 < len(span) < 6 and int(span) else 1
