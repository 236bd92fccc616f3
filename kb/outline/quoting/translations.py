"""Notes that are one text in several languages: `README.md` and `README.zh.md`, `en/a.md` and `ko/a.md`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from kb.outline.points import Excerpt
from kb.outline.quoting.unspaced import is_unspaced

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

Rows = TypeVar("Rows", "FloatArray", "NDArray[np.intp]")

_CODES = "ar|bn|cn|cs|da|de|el|en|es|fa|fi|fr|he|hi|hu|id|it|ja|jp|ko|kr|nl|pl|pt|ro|ru|sv|th|tr|uk|vi|zh"
_LANGUAGE = rf"(?:{_CODES})(?:[-_](?:hans|hant|[a-z]{{2}}))?"
_FOLDER = re.compile(_LANGUAGE, re.IGNORECASE)
_SUFFIX = re.compile(rf"[._-]{_LANGUAGE}$", re.IGNORECASE)


def text_of(path: str) -> str:
    """What the path of a note has in common with those of its translations; its own path where it names no language."""
    *folders, name = PurePosixPath(path).parts
    places = ["*" if _FOLDER.fullmatch(part) else part for part in folders]
    return "/".join([*places, _SUFFIX.sub("", PurePosixPath(name).stem)])


def in_one_language(excerpts: Sequence[Excerpt], rows: Rows, topic: str) -> tuple[list[Excerpt], Rows]:
    """Excerpts, and what an array has for each in its rows, without those of translations: of notes that are one text,
    the one in the script of a topic stays, and of several the best, which comes first.
    """
    written: dict[str, list[str]] = {}
    for entry in excerpts:
        written.setdefault(entry.note.path, []).append(entry.chunk.text)
    kept: dict[str, str] = {}
    for path in sorted(written, key=lambda path: is_unspaced(" ".join(written[path])) != is_unspaced(topic)):
        kept.setdefault(text_of(path), path)
    chosen = [index for index, entry in enumerate(excerpts) if kept[text_of(entry.note.path)] == entry.note.path]
    return [excerpts[index] for index in chosen], rows[chosen]
