"""PDFs made for the tests, with a real library, from lines whose place is known."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pypdf import PdfWriter
from pypdf.annotations import Highlight, Text
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    TextStringObject,
)

WIDTH = 0.6  # of a character of Courier, in sizes
TOP = 742.0
FIRST, SECOND = 54.0, 318.0  # where the columns begin


class Line(NamedTuple):
    """Some words and where they begin, in points from the lower left corner."""

    text: str
    x: float = FIRST
    y: float = TOP
    size: float = 8.0
    bold: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.x, self.y - 0.2 * self.size, self.x + WIDTH * self.size * len(self.text), self.y + 0.75 * self.size


def down(texts: Iterable[str], x: float = FIRST, y: float = TOP, size: float = 8.0, bold: bool = False) -> list[Line]:
    """Lines below each other."""
    return [Line(text, x, y - 1.25 * size * number, size, bold) for number, text in enumerate(texts)]


def content_of(lines: Sequence[Line]) -> bytes:
    """The instructions that show some lines. `ﬁ` and `ﬂ` are single characters of the font."""
    shown = []
    for line in lines:
        escaped = line.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        text = escaped.encode("latin-1", errors="replace") if "ﬁ" not in escaped else b""
        text = text or b"".join(b"\xae" if char == "ﬁ" else char.encode("latin-1") for char in escaped)
        font = b"/B" if line.bold else b"/R"
        shown.append(b"BT %s %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET" % (font, line.size, line.x, line.y, text))
    return b"\n".join(shown)


class Paper:
    """A PDF that is being made."""

    def __init__(self) -> None:
        self.writer = PdfWriter()

    def page(self, *lines: Line, content: bytes | None = None) -> int:
        """Add a page; its number, from 0."""
        page = self.writer.add_blank_page(612, 792)
        stream = DecodedStreamObject()
        stream.set_data(content_of(lines) if content is None else content)
        page[NameObject("/Contents")] = self.writer._add_object(stream)
        fonts = DictionaryObject({NameObject("/R"): _font("/Courier"), NameObject("/B"): _font("/Courier-Bold")})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        return len(self.writer.pages) - 1

    def highlight(self, page: int, lines: Sequence[Line], remark: str = "") -> None:
        """Mark whole lines of a page, as a reader does."""
        boxes = [line.box for line in lines]
        quads = [[left, top, right, top, left, bottom, right, bottom] for left, bottom, right, top in boxes]
        rectangle = (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )
        points = ArrayObject(FloatObject(number) for quad in quads for number in quad)
        annotation = Highlight(rect=rectangle, quad_points=points)
        if remark:
            annotation[NameObject("/Contents")] = TextStringObject(remark)
        self.writer.add_annotation(page, annotation)

    def remark(self, page: int, y: float, text: str) -> None:
        """Put a sticky note on a page."""
        self.writer.add_annotation(page, Text(rect=(20, y, 40, y + 20), text=text))

    def bytes(self) -> bytes:
        """The file."""
        output = io.BytesIO()
        self.writer.write(output)
        return output.getvalue()


def _font(name: str) -> DictionaryObject:
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject(name),
        }
    )
