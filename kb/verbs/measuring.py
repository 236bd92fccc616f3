"""The verbs that measure: how well kb ranks, outlines and classifies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kb import rooms
from kb.opening import today
from kb.verbs.choosing import ModelVerbs

if TYPE_CHECKING:
    from kb.evaluation.areas import AreaEvaluation
    from kb.evaluation.outlines import OutlineEvaluation
    from kb.evaluation.queries import Golden
    from kb.reports import Evaluation


class MeasuringVerbs(ModelVerbs):
    """The verbs that measure, on an open notebook."""

    def evaluate(self, golden: Golden) -> Evaluation:
        """Measure each way to rank with judged queries."""
        return self._index.read(lambda reader: rooms.measure.evaluate_queries(reader, golden))

    def evaluate_outlines(self, path: str | Path) -> OutlineEvaluation:
        """Measure outlines of the topics of a file, and three baselines."""
        day = today()
        return self._index.read(lambda reader: rooms.measure.evaluate_outlines(reader, Path(path), self._progress, day))

    def evaluate_areas(self, labels: str | Path, root: str | Path) -> AreaEvaluation:
        """Measure the classifier on notes below `root`. This notebook keeps their vectors but indexes none of them."""
        with self._index.write() as writer:
            return rooms.measure.evaluate_areas(writer, Path(labels), Path(root), self._progress)
