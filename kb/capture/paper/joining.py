"""Lines of a PDF as paragraphs: hyphens at line ends go, where the word is written without one elsewhere. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from itertools import pairwise

from kb.capture.paper.characters import Run

INDENT = 0.8  # in heights of a line
WIDE_GAP = 1.45  # in the usual distances between lines
SHORT = 3.0  # in heights: a line that ends so much further left ends a paragraph
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BROKEN = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)-$")
_NEXT = re.compile(r"[^\W\d_]+")
_ENDED = re.compile(r"[.!?:。！？][\"'”’)\]]*$")
_ITEM = re.compile(r"[•▪◦‣–·*]\s|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s|\[\d{1,3}\]\s")


def vocabulary_of(lines: Sequence[Run]) -> frozenset[str]:
    """The words of a document in lower case, those with hyphens too, without those that lines end within."""
    return frozenset(word.lower() for line in lines for word in _WORD.findall(line.text))


def joined(texts: Sequence[str], vocabulary: Set[str]) -> str:
    """Lines of one paragraph as one text."""
    text = ""
    for line in texts:
        broken, following = _BROKEN.search(text), _NEXT.match(line)
        if broken and following:
            parts = broken[1].lower(), following[0].lower()
            whole, hyphenated = "".join(parts) in vocabulary, "-".join(parts) in vocabulary
            keep = not following[0][0].islower() or (hyphenated and not whole)
            text = (text if keep else text[:-1]) + line
        else:
            text = f"{text} {line}" if text else line
    return text


def paragraphs_of(lines: Sequence[Run], vocabulary: Set[str]) -> list[str]:
    """The paragraphs of lines in reading order; one goes on in the next column or on the next page."""
    distance = _usual_distance(lines)
    groups: list[list[Run]] = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else None
        if groups and not _begins(groups[-1], line, following, distance):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [joined([line.text for line in group], vocabulary) for group in groups]


def _usual_distance(lines: Sequence[Run]) -> float:
    distances = [a.baseline - b.baseline for a, b in pairwise(lines) if a.page == b.page]
    falling = [round(distance, 1) for distance in distances if 0 < distance < 60]
    return Counter(falling).most_common(1)[0][0] if falling else 12.0


def _begins(paragraph: list[Run], line: Run, following: Run | None, distance: float) -> bool:
    """Whether a line begins a paragraph: after a gap, in another size, indented, or after a line that ends early."""
    last = paragraph[-1]
    height = max(line.size, 1.0)
    down = last.baseline - line.baseline
    if _ITEM.match(line.text) and _ENDED.search(last.text):
        return True
    if line.page != last.page or down < -height:  # the next column
        return bool(_ENDED.search(last.text)) and _is_indented(line, following)
    if down > WIDE_GAP * distance or abs(line.size - last.size) > 0.15 * height:
        return True
    if _is_indented(line, following) and line.left - last.left > INDENT * height * 0.5:
        return True
    column = max(run.right for run in paragraph) if len(paragraph) > 1 else line.right
    return bool(_ENDED.search(last.text)) and last.right < max(column, line.right) - SHORT * height


def _is_indented(line: Run, following: Run | None) -> bool:
    same = following is not None and following.page == line.page and line.baseline > following.baseline
    return bool(same and following and line.left - following.left > INDENT * line.size)


def body_size(lines: Sequence[Run]) -> float:
    """The size of most of the text, in points."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0
