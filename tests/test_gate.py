"""The gate: notes as people write them, inside and outside, none of which the weights were fitted to."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from test_classifier import passages_of, verdict_of

from kb.areas.classifier import Classifier
from kb.areas.texts import load_areas
from kb.models import Encoder

OWN = Path(__file__).parent.parent / "notes"
HELD_BACK = {"css-grid-layout.md", "focaccia.md", "promotion-packet.md", "yolo.md"}
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


@pytest.mark.model
def test_notes_of_the_project(real_encoder: Encoder) -> None:
    """Of the notes that come with the project four are held back; the others have one of the three areas."""
    areas = load_areas()
    phrase_vectors = real_encoder.encode([phrase for phrase, _ in areas.phrases])
    judge = Classifier(areas, phrase_vectors, real_encoder.scale)
    held_back, filed = set(), Counter[str]()
    for path in OWN.rglob("*.md"):
        verdict = judge.classify(*passages_of(path.read_text(encoding="utf-8"), real_encoder, path.name))
        filed[verdict.area] += 1
        if verdict.area == "outside":
            held_back.add(path.name)
    assert held_back == HELD_BACK
    assert filed == {"ml-systems": 20, "gnn": 21, "llm": 21, "outside": 4}
