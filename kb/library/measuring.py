"""Measuring search on documents that others judged, in a notebook made for it."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from kb.evaluation.beir import FOLDER, Beir
from kb.library import KnowledgeBase
from kb.library.intake import Progress
from kb.library.workspace import Notify
from kb.reports import Evaluation


def evaluate_beir(folder: str | Path, notify: Notify, progress: Progress) -> Evaluation:
    """Measure each way to rank on a folder in BEIR format.

    Its documents become notes of a notebook in the user's cache, taken in on purpose whatever their area, and are
    embedded once. Raises `InputError` for a folder that is not in that format.
    """
    beir = Beir(Path(folder))
    root = platformdirs.user_cache_path("kb") / "beir" / beir.digest
    root.mkdir(parents=True, exist_ok=True)
    with KnowledgeBase(root, create=True, notify=notify, progress=progress) as knowledge:
        beir.write(root)
        knowledge.add([root / FOLDER], detour=True)
        return knowledge.evaluate_queries(beir.golden)
