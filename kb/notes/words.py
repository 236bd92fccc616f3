"""One way to write a text for looking words up in it, and one for names. Pure."""

from __future__ import annotations

import re
import unicodedata

# Scripts that are written without blanks between words, or glue particles to them: Thai to Khmer, kana, Han, Hangul.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0002fa1f"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
_FORMAT = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")


def searchable(text: str) -> str:
    """A text as it is indexed: plain, and every letter of a script without blanks as a word, so that any word inside is
    found.
    """
    return text if text.isascii() else _RUN.sub(lambda run: f" {'  '.join(run[0])} ", plain(text))


def unspaced(text: str) -> int:
    """The number of letters of a text that belong to scripts without blanks."""
    return 0 if text.isascii() else sum(map(len, _RUN.findall(text)))


def plain(text: str) -> str:
    """A text in one spelling: compatibility forms (ligatures, full width) as their letters, accents composed with
    theirs, and no format characters such as soft hyphens.
    """
    return text if text.isascii() else _FORMAT.sub("", unicodedata.normalize("NFKC", text))


def name_of(text: str) -> str:
    """A tag, title or path as names are compared: composed (NFC), whatever the file system or keyboard made of it."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
