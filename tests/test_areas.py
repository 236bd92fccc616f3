"""The built-in texts of the areas, and their customisation in kb.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.areas.texts import CUSTOM_OUTSIDE, AreaTexts, load_areas, side_of
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


def test_built_in_areas() -> None:
    """There are three areas and at least ten kinds of outside, and no phrase or term belongs to two of them."""
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
def test_names_of_areas_are_left_out(topic: str, rest: str) -> None:
    """Names of areas are removed from a text in the singular or plural and in any case."""
    assert load_areas().without_names(topic) == rest


def test_a_table_without_description_extends_an_area() -> None:
    """The built-in texts stay; a term that the user assigns to one area is removed from the others."""
    after = SMALL.customised({"llm": AreaText(phrases=("our bot",), terms=("Oven",))})
    assert after.areas["llm"] == AreaText(phrases=("tokens in prompts", "our bot"), terms=("*RAG", "Oven"))
    assert after.areas["gnn"].hints == ()
    assert after.replaced == ()


def test_a_table_with_description_replaces_an_area() -> None:
    """The area is what the user defined; its built-in texts become a kind of outside."""
    custom = AreaText(description="Ciphers", phrases=("elliptic curves",))
    after = SMALL.customised({"gnn": custom})
    assert after.areas["gnn"] == custom
    assert after.outside["gnn as it was"] == SMALL.areas["gnn"]
    assert after.replaced == ("gnn",)
    sides = {phrase: side_of(group) for phrase, group in after.phrases}
    assert (sides["Ciphers"], sides["elliptic curves"], sides["nodes with edges"]) == ("gnn", "gnn", "outside")


def test_a_name_that_the_user_gives_to_an_area() -> None:
    """A text that has it singles the area out, even where it is a name of the whole field."""
    assert load_areas().singled_out("how machine learning fails") == ()
    after = load_areas().customised({"llm": AreaText(names=("Machine learning",))})
    assert after.singled_out("how machine learning fails") == ("llm",)


def test_a_table_for_outside() -> None:
    """A table for outside becomes another kind of outside."""
    after = SMALL.customised({"outside": AreaText(phrases=("our intranet",))})
    assert list(after.outside) == ["kitchen", CUSTOM_OUTSIDE]


def test_areas_in_the_settings(tmp_path: Path) -> None:
    """kb.toml accepts tables for the three areas and for outside, and rejects others."""
    (tmp_path / "kb.toml").write_text(
        'outside = "detour"\n[areas.gnn]\nterms = ["GIN"]\n[areas.outside]\nphrases = ["x"]\n'
    )
    settings = load_settings(tmp_path)
    assert settings.outside == "detour"
    assert settings.areas == {"gnn": AreaText(terms=("GIN",)), "outside": AreaText(phrases=("x",))}
    (tmp_path / "kb.toml").write_text("[areas.vision]\n")
    with pytest.raises(ConfigError, match=r"areas\.vision"):
        load_settings(tmp_path)


def test_a_term_takes_no_name_from_an_area() -> None:
    """What the user makes a term of one area stays a name of another."""
    after = load_areas().customised({"llm": AreaText(terms=("graph neural network",), hints=("machine learning",))})
    assert after.named("graph neural networks") == ("gnn",)
    assert "machine learning" in after.field
