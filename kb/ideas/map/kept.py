"""The positions that are kept, so that the map does not change from one day to the next.

They lie in the index folder and can be deleted at any time: a new map is made then.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from kb.index import PRIVATE_FILE
from kb.models import Frozen
from kb.notes.files import replacing

MAP_NAME = "map.json"


class Spot(Frozen):
    """Where a note with these bytes lies. One that was `placed` came after the layout was computed."""

    sha256: str
    x: float
    y: float
    placed: bool = False


class KeptMap(Frozen):
    """The positions of notes by their ids, the centres of the clusters, and the encoder whose vectors gave them."""

    version: Literal[1] = 1
    encoder: str
    centres: tuple[tuple[float, float], ...]
    spots: dict[str, Spot]


def read_map(folder: Path) -> KeptMap | None:
    """The map of an index folder; None where there is none, or none that can be read."""
    with suppress(OSError, ValidationError):
        return KeptMap.model_validate_json((folder / MAP_NAME).read_bytes())
    return None


def write_map(folder: Path, kept: KeptMap) -> None:
    """Keep a map, where the folder can be written."""
    with suppress(OSError), replacing(folder / MAP_NAME, PRIVATE_FILE) as file:
        file.write(kept.model_dump_json().encode())


def delete_map(folder: Path) -> None:
    """Delete the map of an index folder."""
    (folder / MAP_NAME).unlink(missing_ok=True)
