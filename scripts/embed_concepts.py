"""Embeds what kb knows of its subjects with the default model, so that nobody's first `kb add` has to."""

from __future__ import annotations

from pathlib import Path

from kb.areas.concept_vectors import SHIPPED, shippable
from kb.areas.concepts import load_concepts
from kb.index.encoder import load_encoder

OUTPUT = Path(__file__).parent.parent / "kb/areas" / SHIPPED


def main() -> None:
    """Write the vectors."""
    concepts = load_concepts()
    OUTPUT.write_bytes(shippable(load_encoder(None, "int8", Path(), print), concepts))
    print(f"{len(concepts.texts):,} sentences of {len(concepts.all)} concepts in {OUTPUT.name}")


if __name__ == "__main__":
    main()
