"""The gate: notes as people write them, inside and outside, none of which the weights were fitted to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_classifier import verdict_of

from kb.areas.texts import load_areas
from kb.models import Encoder

NOTES = Path(__file__).parent / "gate.md"


def notes() -> list[tuple[str, str]]:
    """Each note with its side."""
    sections = re.split(r"^## (.+)$", NOTES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [
        (side, text.strip())
        for side, body in zip(sections[::2], sections[1::2], strict=True)
        for text in re.split(r"^====$", body, flags=re.MULTILINE)
    ]


@pytest.mark.model
@pytest.mark.parametrize(("side", "text"), notes(), ids=lambda value: value.split("\n")[0][:40])
def test_note_is_filed_or_held_back(real_encoder: Encoder, side: str, text: str) -> None:
    """The likeliest side of each note is the one that a practitioner would name."""
    assert verdict_of(text, load_areas(), real_encoder).area == side
