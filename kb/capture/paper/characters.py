"""A page of a PDF as characters, and these as runs: pieces of one line without a gap."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

MOST_CHARACTERS = 60_000  # of a page
MAX_SLOPE = 0.1  # radians; what is turned further stands beside the text
GAP = 0.75  # in sizes of a character: a wider one may part two columns or names; a typewriter's blank has 0.6
BLANK = 0.2  # in sizes: a wider gap is a blank
SHIFT = 0.5  # in sizes: a larger one leads to another line; a superscript's is smaller
_BOLD = re.compile(rb"bold|black|heavy|demi|medi$|medi-|cmb\d|bx|-b$|tb$", re.IGNORECASE)
BOLD_WEIGHT = 600
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
# Where TeX's fonts (OT1, T1) have their ligatures, if the file does not say what they are.
_OWN = {code: text for first in (0x0B, 0x1B) for code, text in enumerate(("ff", "fi", "fl", "ffi", "ffl"), first)}
_LIGATURES |= _OWN
# TeX's old fonts set an accent as a character of its own, before its letter.
_ACCENTS = {"¨": "\u0308", "´": "\u0301", "ˆ": "\u0302", "˜": "\u0303", "ˇ": "\u030c", "˚": "\u030a", "˘": "\u0306"}
_ACCENTED = re.compile(rf"([{''.join(_ACCENTS)}])([AEIOUYCNZaeiouycnzıSRLDTGsrldtg])(?!\b)|([cCsStT])¸")
RAISED = 0.2  # in sizes: what stands higher is a superscript
_RAISED = dict(zip("abcdefgh", "ᵃᵇᶜᵈᵉᶠᵍʰ", strict=True))  # marks of where an author works
NEAR = 100  # characters between an accent and its letter, in the order of the content
_HYPHENS = (0x02, 0xAD, 0xFFFE)  # as pdfium gives one at the end of a line


class Character(NamedTuple):
    """A character and where it stands, in points from the lower left corner of the page."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    baseline: float
    size: float
    bold: bool


BLANK_CHARACTER = Character(" ", 0, 0, 0, 0, 0, 1, False)
NO_CHARACTER = Character("", 0, 0, 0, 0, 0, 1, False)


class Run(NamedTuple):
    """A piece of a line: what a column has of it, or a whole line of text."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    bold: bool
    page: int = 0


def characters_of(text_page: Any) -> list[Character]:
    """The upright characters of a page in the order of its content; blanks have no width."""
    reader = _Reader(text_page)
    number = min(pdfium.FPDFText_CountChars(text_page), MOST_CHARACTERS)
    return [character for index in range(number) if (character := reader.character(index))]


class _Reader:
    """Asks pdfium for one character after the other, into the same memory."""

    def __init__(self, text_page: Any) -> None:
        self._page = text_page
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._box = pdfium.FS_RECTF()
        self._name, self._flags = ctypes.create_string_buffer(64), ctypes.c_int()
        self._matrix = pdfium.FS_MATRIX()
        self._size, self._bold, self._in_word = 1.0, False, False

    def character(self, index: int) -> Character | None:
        code = pdfium.FPDFText_GetUnicode(self._page, index)
        if self._is_blank(code, index):
            self._in_word = False
            return BLANK_CHARACTER
        angle = pdfium.FPDFText_GetCharAngle(self._page, index)
        if code == 0 or abs(math.remainder(angle, 2 * math.pi)) > MAX_SLOPE:
            return None
        pdfium.FPDFText_GetCharOrigin(self._page, index, self._x, self._y)
        pdfium.FPDFText_GetLooseCharBox(self._page, index, self._box)
        if not self._in_word:
            self._in_word, self._bold, self._size = True, self._is_bold(index), self._size_of(index)
        text = "-" if code in _HYPHENS else _LIGATURES.get(code) or chr(code)
        box = self._box
        return Character(text, box.left, box.right, box.bottom, box.top, self._y.value, self._size, self._bold)

    def _is_blank(self, code: int, index: int) -> bool:
        if code in _OWN:
            return bool(pdfium.FPDFText_IsGenerated(self._page, index))
        return code < 0xD800 and chr(code).isspace()

    def _size_of(self, index: int) -> float:
        """The size of the font as the page shows it."""
        scale = 1.0
        if pdfium.FPDFText_GetMatrix(self._page, index, self._matrix):
            scale = math.hypot(self._matrix.c, self._matrix.d) or 1.0
        return max(0.5, min(500.0, float(pdfium.FPDFText_GetFontSize(self._page, index)) * scale))

    def _is_bold(self, index: int) -> bool:
        length = pdfium.FPDFText_GetFontInfo(self._page, index, self._name, len(self._name), self._flags)
        if 1 < length <= len(self._name):
            return bool(_BOLD.search(self._name.value))
        return int(pdfium.FPDFText_GetFontWeight(self._page, index)) >= BOLD_WEIGHT


def runs_of(characters: Sequence[Character], page: int) -> list[Run]:
    """The runs of a page, in the order of its content."""
    return [run for group in _groups(_accented(characters)) if (run := _run(group, page))]


def _accented(characters: Sequence[Character]) -> list[Character]:
    """The characters with each accent that stands by itself on the letter below it, which may be elsewhere in the order
    of the content.
    """
    placed = list(characters)
    alone = [n for n, each in enumerate(placed) if each.text in _ACCENTS and _is_blank(placed, n + 1)]
    for number in alone:
        accent = placed[number]
        for other in range(max(0, number - NEAR), min(len(placed), number + NEAR)):
            letters = unicodedata.normalize("NFC", placed[other].text.replace("ı", "i") + _ACCENTS[accent.text])
            if len(letters) == 1 and _is_above(accent, placed[other]):
                placed[other] = placed[other]._replace(text=letters)
                gone = [number - 1, number, number + 1] if _is_blank(placed, number - 1) else [number]
                for one in gone:
                    placed[one : one + 1] = [NO_CHARACTER]
                break
    return [each for each in placed if each.text]


def _is_blank(characters: Sequence[Character], number: int) -> bool:
    return not 0 <= number < len(characters) or characters[number].text.isspace()


def _is_above(accent: Character, letter: Character) -> bool:
    middle = (accent.left + accent.right) / 2
    raised = accent.baseline - letter.baseline
    return letter.left < middle < letter.right and -0.1 * letter.size < raised < SHIFT * letter.size


def _groups(characters: Sequence[Character]) -> Iterator[list[Character]]:
    group: list[Character] = []
    last: Character | None = None
    for character in characters:
        if character.text.isspace():
            if group:
                group.append(character)
            continue
        if last and _parts(last, character):
            yield group
            group = []
        elif last and group and not group[-1].text.isspace() and character.left - last.right > BLANK * last.size:
            group.append(BLANK_CHARACTER)
        group.append(character)
        last = character
    yield group


def _parts(last: Character, character: Character) -> bool:
    """Whether a character begins a new run: on another line, further left, or after a gap."""
    size = max(last.size, character.size)
    shifted = abs(character.baseline - last.baseline) > SHIFT * size
    return shifted or character.left < last.left - size or character.left - last.right > GAP * size


def _run(group: list[Character], page: int) -> Run | None:
    solid = [character for character in group if not character.text.isspace()]
    if not solid:
        return None
    size = Counter(round(character.size, 1) for character in solid).most_common(1)[0][0]
    baseline = Counter(round(character.baseline, 1) for character in solid).most_common(1)[0][0]
    text = _ACCENTED.sub(_composed, " ".join(_shown(group, baseline + RAISED * size).split()))
    bold = sum(character.bold for character in solid) > 0.6 * len(solid)
    left, right = min(c.left for c in solid), max(c.right for c in solid)
    return Run(text, left, right, baseline, size, bold, page)


def _shown(group: Sequence[Character], raised: float) -> str:
    """The text of a group, in which a letter that stands higher by itself is a mark."""
    high = [False, *(each.baseline > raised and each.text.isalpha() for each in group), False]
    return "".join(
        _RAISED.get(each.text, each.text) if high[number] and not (high[number - 1] or high[number + 1]) else each.text
        for number, each in enumerate(group, start=1)
    )


def _composed(match: re.Match[str]) -> str:
    """A letter with its accent, where there is such a letter."""
    accent, letter, cedilla = match.groups()
    plain = letter.replace("ı", "i") if letter else cedilla
    letters = unicodedata.normalize("NFC", plain + (_ACCENTS[accent] if letter else "\u0327"))
    return letters if len(letters) == 1 else match[0]
