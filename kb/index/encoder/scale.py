"""Measuring the scale of an encoder, by the cosines of texts that are known to be related or unrelated."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from kb.index.arrays import centred
from kb.models import Frozen
from kb.notes.files import replacing
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

EPSILON = 1e-6
PROBE = resources.files("kb.index.encoder") / "probe.toml"


class Scales(Frozen):
    """The scale of an encoder's vectors and that of its vectors less part of their mean, and the hash of the texts by
    which they were measured.
    """

    plain: Scale
    centred: Scale
    probe: str


class Embeds(Protocol):
    """What is measured of an encoder."""

    def encode(self, texts: list[str]) -> FloatArray:
        """Embed passages as unit vectors."""

    def encode_query(self, text: str) -> FloatArray:
        """Embed a query as a unit vector."""


class Subject(Frozen):
    """Three texts on one subject."""

    question: str
    passages: tuple[str, str]


class Probe(Frozen):
    """The content of `probe.toml`: subjects that have little to do with each other."""

    subject: tuple[Subject, ...]


def kept_scales(path: Path, measured: Callable[[], Scales]) -> Scales:
    """The scales in a file, which is written first if it does not exist or was measured on other texts."""
    with suppress(OSError, ValidationError):
        kept = Scales.model_validate_json(path.read_bytes())
        if kept.probe == _probe_hash():
            return kept
    scales = measured()
    with suppress(OSError), replacing(path) as file:  # what cannot be kept is measured again
        file.write(scales.model_dump_json(indent=1).encode())
    return scales


def measure(encoder: Embeds) -> Scales:
    """The scales of an encoder."""
    import numpy as np

    subjects = Probe.model_validate(tomllib.loads(_probe().decode())).subject
    questions = np.stack([encoder.encode_query(subject.question) for subject in subjects])
    first, second = (encoder.encode([subject.passages[index] for subject in subjects]) for index in (0, 1))
    vectors = np.stack([questions, first, second])
    return Scales(
        plain=_scale(vectors), centred=_scale(centred(vectors, vectors.mean(axis=(0, 1)))), probe=_probe_hash()
    )


def _scale(vectors: FloatArray) -> Scale:
    """The scale of vectors `(3, subjects, dim)`, by the cosines between the three texts of a subject and between those
    of different subjects.
    """
    import numpy as np

    same = np.eye(vectors.shape[1], dtype=bool)
    cosines = np.stack([vectors[one] @ vectors[other].T for one, other in ((0, 1), (0, 2), (1, 2))])
    unrelated, related = cosines[:, ~same], cosines[:, same]
    # A model that finds all texts alike has the least deviation, so that there is a unit.
    deviation = max(float(unrelated.std()), EPSILON)
    return Scale(min(float(unrelated.mean()), 1 - EPSILON), deviation, float(related.mean()))


@cache
def _probe() -> bytes:
    return PROBE.read_bytes()


@cache
def _probe_hash() -> str:
    return hashlib.sha256(_probe()).hexdigest()[:16]
