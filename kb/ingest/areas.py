"""A note and its vectors -> `AreaVerdict`: which of the three areas, how sure, and why; or outside. Pure.

Each passage is compared with the phrases of each area, and with those of what lies outside, by cosine; words that
speak plainly for one side count as well. A softmax over the four scores gives the probabilities of the verdict.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Sequence
from functools import cache, cached_property
from importlib import resources
from typing import cast

import numpy as np
from numpy.typing import NDArray

from kb.models import AREAS, Area, AreaVerdict, Chunk, DecidedBy, Evidence, FiledArea, Frozen, Note, VerdictArea

CLASSES: tuple[VerdictArea, ...] = (*AREAS, "outside")
PASSAGES = 8
NEAREST_PHRASES = 3
SHARPNESS = 22.0
TERM_WEIGHT = 0.45
UNSURE_MARGIN = 0.2
ALSO_SHARE = 0.25
EVIDENCE_LENGTH = 6


class AreaText(Frozen):
    """One entry of `areas.toml`: an area, or one of the groups of what lies outside."""

    name: str
    description: str = ""
    phrases: tuple[str, ...]
    terms: tuple[str, ...] = ()


class AreaTexts(Frozen):
    """The contents of `areas.toml`."""

    area: tuple[AreaText, ...]
    outside: tuple[AreaText, ...]

    @cached_property
    def phrases(self) -> tuple[tuple[str, VerdictArea], ...]:
        """Every phrase and description with the class that it speaks for."""
        return tuple(
            (phrase, side) for side, text in self._sides for phrase in (text.description, *text.phrases) if phrase
        )

    @cached_property
    def terms(self) -> dict[str, VerdictArea]:
        """Every term, in lower case, with the class that it speaks for."""
        return {term.lower(): side for side, text in self._sides for term in text.terms}

    @cached_property
    def term_pattern(self) -> re.Pattern[str]:
        """Any of the terms as whole words, the longest first."""
        longest_first = sorted(self.terms, key=len, reverse=True)
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])", re.IGNORECASE)

    @property
    def _sides(self) -> list[tuple[VerdictArea, AreaText]]:
        inside = [(cast(VerdictArea, text.name), text) for text in self.area]
        return inside + [("outside", text) for text in self.outside]


@cache
def load_areas() -> AreaTexts:
    """The areas that come with kb."""
    text = resources.files("kb.ingest").joinpath("areas.toml").read_text(encoding="utf-8")
    return AreaTexts.model_validate(tomllib.loads(text))


def classify(
    note: Note,
    chunks: Sequence[Chunk],
    vectors: NDArray[np.float32],
    areas: AreaTexts,
    phrase_vectors: NDArray[np.float32],
) -> AreaVerdict:
    """The verdict for a note from its first passages.

    `vectors` is `(len(chunks), dim)` and `phrase_vectors` `(len(areas.phrases), dim)`, both of unit rows.
    """
    cosines = vectors[:PASSAGES] @ phrase_vectors.T
    sides = np.array([side for _, side in areas.phrases])
    words = _term_counts(note, chunks[:PASSAGES], areas)
    logits = {
        side: SHARPNESS * _similarity(cosines[:, sides == side]) + TERM_WEIGHT * _word_score(words, areas, side)
        for side in CLASSES
    }
    scores = _softmax(logits)
    evidence = _term_evidence(note, words, areas) + _phrase_evidence(note, chunks, cosines, areas)
    best = sorted(evidence, key=lambda entry: -entry.weight)[:EVIDENCE_LENGTH]
    return _verdict(scores, tuple(best))


def override(verdict: AreaVerdict, area: FiledArea, decided_by: DecidedBy) -> AreaVerdict:
    """The verdict when the writer decided; the classifier's scores stay to be seen."""
    decided: VerdictArea = "outside" if area == "detour" else area
    return verdict.model_copy(update={"area": decided, "decided_by": decided_by, "unsure": False})


def _similarity(cosines: NDArray[np.float32]) -> float:
    """Mean over passages of the mean of the nearest phrases' cosines; the strongest half counts double."""
    nearest = np.sort(cosines, axis=1)[:, -NEAREST_PHRASES:].mean(axis=1)
    strongest = np.sort(nearest)[len(nearest) // 2 :]
    return float((nearest.mean() + strongest.mean()) / 2)


def _term_counts(note: Note, chunks: Sequence[Chunk], areas: AreaTexts) -> dict[str, int]:
    """How often each term occurs; one in the title or a heading counts three times."""
    counts: dict[str, int] = {}
    heads = " \n ".join([note.title, *dict.fromkeys(head for chunk in chunks for head in chunk.heading_path)])
    for text, weight in ((heads, 3), ("\n".join(chunk.text for chunk in chunks), 1)):
        for match in areas.term_pattern.finditer(text):
            term = match[0].lower()
            counts[term] = counts.get(term, 0) + weight
    return counts


def _word_score(counts: dict[str, int], areas: AreaTexts, side: VerdictArea) -> float:
    return sum(math.log1p(count) for term, count in counts.items() if areas.terms[term] == side)


def _softmax(logits: dict[VerdictArea, float]) -> dict[VerdictArea, float]:
    top = max(logits.values())
    powers = {side: math.exp(logit - top) for side, logit in logits.items()}
    total = sum(powers.values())
    return {side: power / total for side, power in powers.items()}


def _verdict(scores: dict[VerdictArea, float], evidence: tuple[Evidence, ...]) -> AreaVerdict:
    first, second = sorted(CLASSES, key=lambda side: -scores[side])[:2]
    margin = scores[first] - scores[second]
    return AreaVerdict(
        area=first,
        confidence=scores[first],
        unsure=margin < UNSURE_MARGIN,
        decided_by="classifier",
        also=_also(scores, first),
        runner_up=second,
        margin=margin,
        scores=scores,
        evidence=evidence,
    )


def _also(scores: dict[VerdictArea, float], first: VerdictArea) -> Area | None:
    others = [area for area in AREAS if area != first and scores[area] >= ALSO_SHARE]
    return others[0] if others and first != "outside" else None


def _term_evidence(note: Note, counts: dict[str, int], areas: AreaTexts) -> list[Evidence]:
    lines: dict[str, int] = {}
    for match in areas.term_pattern.finditer(note.text):
        lines.setdefault(match[0].lower(), note.line_of(match.start()))
    return [
        Evidence(
            text=term,
            toward=areas.terms[term],
            weight=round(TERM_WEIGHT * math.log1p(count), 3),
            path=note.path,
            line=lines.get(term, 1),
        )
        for term, count in counts.items()
    ]


def _phrase_evidence(
    note: Note, chunks: Sequence[Chunk], cosines: NDArray[np.float32], areas: AreaTexts
) -> list[Evidence]:
    """The nearest phrases, at the passage nearest to each; what is common to all phrases is not evidence."""
    ordinary = float(np.median(cosines))
    nearest = np.argsort(-cosines.max(axis=0))[:EVIDENCE_LENGTH]
    share = SHARPNESS / NEAREST_PHRASES / len(cosines)
    return [
        Evidence(
            text=areas.phrases[index][0],
            toward=areas.phrases[index][1],
            weight=round(share * (float(cosines[:, index].max()) - ordinary), 3),
            path=note.path,
            line=chunks[int(cosines[:, index].argmax())].start_line,
        )
        for index in nearest
    ]
