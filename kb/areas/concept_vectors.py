"""The vectors of what concepts are known by: those that come with kb, for the default model, or computed once."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from kb.areas.concepts import Concepts, digest, load_concepts
from kb.index.arrays import unit_rows
from kb.index.duration import embedding_time, spoken
from kb.index.kept import is_kept, kept
from kb.models import Encoder, Notify

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

SHIPPED = "concepts.safetensors"  # made by `scripts/embed_concepts`
LEVELS = 127  # of a component, on either side of zero: cosines change by less than 0.002


def concept_vectors(encoder: Encoder, concepts: Concepts, notify: Notify) -> FloatArray:
    """The unit vectors `(n, dim)` of what the concepts are known by. Those of the concepts that come with kb are
    computed once for each model, unless they come with kb too, and kept.
    """
    import numpy as np

    built_in = load_concepts()
    vectors = _kept_vectors(encoder, built_in, notify)
    if concepts is built_in:
        return vectors
    known = {text: vector for (text, _), vector in zip(built_in.texts, vectors, strict=True)}
    own = [text for text, _ in concepts.texts if text not in known]
    known |= dict(zip(own, encoder.encode(own), strict=True)) if own else {}
    return np.stack([known[text] for text, _ in concepts.texts])


def shippable(encoder: Encoder, concepts: Concepts) -> bytes:
    """The vectors of concepts, each as whole numbers of which the largest is `LEVELS`, with what they are of."""
    import numpy as np
    from safetensors.numpy import save

    vectors = encoder.encode([text for text, _ in concepts.texts])
    rows = np.rint(vectors * (LEVELS / np.abs(vectors).max(axis=1, keepdims=True))).astype(np.int8)
    return save({"rows": rows}, {"encoder": encoder.fingerprint, "texts": concepts.digest_of_texts})


def unknown_texts(encoder: Encoder) -> list[str]:
    """What the concepts that come with kb are known by, unless there are vectors of it already."""
    concepts = load_concepts()
    known = is_kept(_name(encoder, concepts)) or _shipped(encoder, concepts) is not None
    return [] if known else [text for text, _ in concepts.texts]


def _kept_vectors(encoder: Encoder, concepts: Concepts, notify: Notify) -> FloatArray:
    import numpy as np

    def made() -> bytes:
        vectors = _shipped(encoder, concepts)
        return (_embedded(encoder, concepts, notify) if vectors is None else vectors).tobytes()

    stored: FloatArray = np.frombuffer(kept(_name(encoder, concepts), made), dtype=np.float32)
    return stored.reshape(sum(concepts.sizes), -1)


def _name(encoder: Encoder, concepts: Concepts) -> str:
    return f"concepts/{digest(f'{encoder.fingerprint} {concepts.digest}'.encode())}.f32"


def _shipped(encoder: Encoder, concepts: Concepts) -> FloatArray | None:
    """The vectors that come with kb, if they are those of these concepts and this encoder."""
    import numpy as np
    from safetensors import safe_open

    with (
        resources.as_file(resources.files("kb.areas").joinpath(SHIPPED)) as path,
        safe_open(path, framework="numpy") as file,
    ):
        if file.metadata() != {"encoder": encoder.fingerprint, "texts": concepts.digest_of_texts}:
            return None
        return unit_rows(file.get_tensor("rows").astype(np.float32))


def _embedded(encoder: Encoder, concepts: Concepts, notify: Notify) -> FloatArray:
    texts = [text for text, _ in concepts.texts]
    duration = spoken(embedding_time(encoder, texts, len(texts)))
    notify(f"embedding what kb knows of its subjects, once for this model (about {duration})")
    return encoder.encode(texts)
