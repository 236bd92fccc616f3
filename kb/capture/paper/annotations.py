"""The highlights and remarks of a page of a PDF."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence, Set
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from kb.capture.paper.characters import BLANK, SHIFT, Character
from kb.capture.paper.joining import joined

MOST = 2000  # annotations of a page
MAX_TEXT = 20_000  # characters of a remark
_MARKED = {
    pdfium.FPDF_ANNOT_HIGHLIGHT,
    pdfium.FPDF_ANNOT_UNDERLINE,
    pdfium.FPDF_ANNOT_SQUIGGLY,
    pdfium.FPDF_ANNOT_STRIKEOUT,
}
_WRITTEN = {pdfium.FPDF_ANNOT_TEXT, pdfium.FPDF_ANNOT_FREETEXT}


class Annotation(NamedTuple):
    """What a reader marked or wrote on a page, from 0: the text that was marked, and the remark."""

    page: int
    text: str
    remark: str


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float


def annotations_of(page: Any, number: int, characters: Sequence[Character], vocabulary: Set[str]) -> list[Annotation]:
    """The annotations of a page from top to bottom as the text goes; those without text and remark are left out."""
    found: list[tuple[float, Annotation]] = []
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            if kind in _MARKED or kind in _WRITTEN:
                boxes = _boxes(annotation)
                place, text = _marked(boxes, characters, vocabulary) if kind in _MARKED else (-1, "")
                remark = " ".join(_string(annotation, b"Contents").split())
                if "".join(remark.split()) == "".join(text.split()):  # some readers repeat the text there
                    remark = ""
                if text or remark:
                    found.append((place if place >= 0 else _place(boxes, characters), Annotation(number, text, remark)))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return [annotation for _, annotation in sorted(found, key=lambda pair: pair[0])]


def _boxes(annotation: Any) -> list[_Box]:
    """The boxes of the lines that were marked, or else that of the whole."""
    quad = pdfium.FS_QUADPOINTSF()
    boxes = []
    for index in range(min(pdfium.FPDFAnnot_CountAttachmentPoints(annotation), 500)):
        if pdfium.FPDFAnnot_GetAttachmentPoints(annotation, index, quad):
            xs, ys = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
            boxes.append(_Box(min(xs), min(ys), max(xs), max(ys)))
    if not boxes:
        rectangle = pdfium.FS_RECTF()
        if pdfium.FPDFAnnot_GetRect(annotation, rectangle):
            low, high = sorted((rectangle.bottom, rectangle.top))
            boxes.append(_Box(rectangle.left, low, rectangle.right, high))
    return boxes


def _marked(boxes: Sequence[_Box], characters: Sequence[Character], vocabulary: Set[str]) -> tuple[int, str]:
    """The number of the first character whose middle lies in a box, and the text of all, line by line."""
    inside = [number for number, character in enumerate(characters) if _is_in(character, boxes)]
    lines: list[str] = []
    last: Character | None = None
    for before, number in zip([-1, *inside], inside, strict=False):
        character = characters[number]
        blank = any(between.text.isspace() for between in characters[max(before, 0) + 1 : number])
        if last is None or abs(character.baseline - last.baseline) > SHIFT * last.size:
            lines.append("")
        elif blank or character.left - last.right > BLANK * last.size:
            lines[-1] += " "
        lines[-1] += character.text
        last = character
    return (inside[0] if inside else -1), joined([line.strip() for line in lines], vocabulary)


def _is_in(character: Character, boxes: Sequence[_Box]) -> bool:
    if character.text.isspace():
        return False
    x, y = (character.left + character.right) / 2, (character.bottom + character.top) / 2
    return any(box.left - 0.5 <= x <= box.right + 0.5 and box.bottom <= y <= box.top for box in boxes)


def _place(boxes: Sequence[_Box], characters: Sequence[Character]) -> int:
    """The number of the character that is nearest to a remark without text."""
    if not boxes:
        return len(characters)
    y = boxes[0].top
    distances = (abs(c.baseline - y) if not c.text.isspace() else 1e9 for c in characters)
    return min(enumerate(distances), key=lambda pair: pair[1], default=(0, 0.0))[0]


def _string(annotation: Any, key: bytes) -> str:
    length = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    buffer = ctypes.create_string_buffer(min(length, 2 * MAX_TEXT) + 2)
    pdfium.FPDFAnnot_GetStringValue(
        annotation, key, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), len(buffer)
    )
    return buffer.raw[: max(length - 2, 0)].decode("utf-16-le", errors="replace") if length <= len(buffer) else ""


def highlighted_pages(document: Any) -> Iterator[int]:
    """The pages that have annotations."""
    for number in range(len(document)):
        page = document[number]
        if pdfium.FPDFPage_GetAnnotCount(page):
            yield number
        page.close()
