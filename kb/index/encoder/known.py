"""The models that kb knows by name: their properties, and the prompts that their cards ask for."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from kb.models import Frozen

KNOWN = resources.files("kb.index.encoder") / "known.toml"


class KnownModel(Frozen):
    """What is published of a model: the size of its files, its vectors and its window (of the tokens that it reads),
    and its nDCG@10 in percent. `hub` is None for the model that comes with kb.
    """

    hub: str | None = None
    megabytes: int
    dimensions: int | None = None
    window: int | None = None
    licence: str
    languages: str
    ndcg: float
    query: str = ""
    passage: str = ""


class KnownModels(Frozen):
    """The content of `known.toml`, by the last part of a model's name."""

    encoder_source: str
    reranker_source: str
    encoder: dict[str, KnownModel]
    reranker: dict[str, KnownModel]


@cache
def known_models() -> KnownModels:
    """The models of `known.toml`."""
    return KnownModels.model_validate(tomllib.loads(KNOWN.read_text(encoding="utf-8")))


def prompts_of(model: str | None) -> tuple[str, str]:
    """The prompts before queries and passages that the card of a model asks for, by the model's hub name."""
    for known in known_models().encoder.values():
        if known.hub is not None and known.hub == model:
            return known.query, known.passage
    return "", ""
