"""The texts of the areas: those that come with kb, and what a writer makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.areas.texts import OWN_OUTSIDE, AreaTexts, load_areas, side_of
from kb.errors import ConfigError
from kb.models import AREAS, AreaText
from kb.notebook import load_settings

SMALL = AreaTexts(
    areas={
        "ml-systems": AreaText(phrases=("serving deployed models",), terms=("feature store", "CTR")),
        "gnn": AreaText(phrases=("nodes with edges",), terms=("GIN", "message passing"), hints=("oven",)),
        "llm": AreaText(phrases=("tokens in prompts",), terms=("*RAG",)),
    },
    outside={
        "kitchen": AreaText(phrases=("bread plus butter", "butter with edges", "bread in models"), terms=("recipe",))
    },
)


def test_areas_that_come_with_kb() -> None:
    """The three areas are there, near misses and far ones outside, and no phrase or word speaks for two."""
    areas = load_areas()
    assert tuple(areas.areas) == AREAS
    assert len(areas.outside) >= 10
    words = [term.text.lower() for term in areas.terms]
    phrases = [phrase.lower() for phrase, _ in areas.phrases]
    assert len(set(words)) == len(words)
    assert len(set(phrases)) == len(phrases)


@pytest.mark.parametrize(
    ("topic", "rest"),
    [
        ("serving large language models", "serving"),
        ("GNNs for recommendation", "for recommendation"),
        ("what does an llm cost", "what does an cost"),
        ("XML parsing", "XML parsing"),
    ],
)
def test_the_name_of_an_area_is_left_out(topic: str, rest: str) -> None:
    """A text less the names of areas, in the singular or plural and in any case, is the rest of its words."""
    assert load_areas().without_names(topic) == rest


def test_a_table_without_description_adds() -> None:
    """What is built in stays; a word that the writer gives to one area speaks for no other any more."""
    after = SMALL.with_own({"llm": AreaText(phrases=("our bot",), terms=("Oven",))})
    assert after.areas["llm"] == AreaText(phrases=("tokens in prompts", "our bot"), terms=("*RAG", "Oven"))
    assert after.areas["gnn"].hints == ()
    assert after.own == ()


def test_a_table_with_description_replaces() -> None:
    """The name means what the writer says, and what it meant before lies outside."""
    own = AreaText(description="Ciphers", phrases=("elliptic curves",))
    after = SMALL.with_own({"gnn": own})
    assert after.areas["gnn"] == own
    assert after.outside["gnn as it was"] == SMALL.areas["gnn"]
    assert after.own == ("gnn",)
    sides = {phrase: side_of(group) for phrase, group in after.phrases}
    assert (sides["Ciphers"], sides["elliptic curves"], sides["nodes with edges"]) == ("gnn", "gnn", "outside")


def test_more_outside() -> None:
    """A table for outside is one more kind of it."""
    after = SMALL.with_own({"outside": AreaText(phrases=("our intranet",))})
    assert list(after.outside) == ["kitchen", OWN_OUTSIDE]


def test_areas_in_the_settings(tmp_path: Path) -> None:
    """kb.toml takes tables for the three areas and for outside, and no other."""
    (tmp_path / "kb.toml").write_text(
        'outside = "detour"\n[areas.gnn]\nterms = ["GIN"]\n[areas.outside]\nphrases = ["x"]\n'
    )
    settings = load_settings(tmp_path)
    assert settings.outside == "detour"
    assert settings.areas == {"gnn": AreaText(terms=("GIN",)), "outside": AreaText(phrases=("x",))}
    (tmp_path / "kb.toml").write_text("[areas.vision]\n")
    with pytest.raises(ConfigError, match=r"areas\.vision"):
        load_settings(tmp_path)
