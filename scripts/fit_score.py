"""Fits the logistic regression that gives hits their scores, and prints how reliable its probabilities are.

    python scripts/fit_score.py BEIR_FOLDER...

The ten best hits of each query are judged, over `notes/` with `tests/golden.toml`, the development queries of
`tests/asked.toml` and `tests/nonsense.txt`, which nothing answers; and over folders in BEIR format. Where a folder
names only one or two relevant documents a query, those nearly as good are not judged: of these sets only the best hit
counts, with a quarter of the weight of a set that is judged in full. A set that names one document for every query, the
one from which the query was made, says nothing of how often a hit is relevant, and has a constant of its own in the
fit. For each set the regression is also fitted on the others alone: the first table of each set is of this fit, which
has not seen the set. The second one is of the coefficients in use, which were fitted on all sets.
"""

from __future__ import annotations

import math
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import brier_score_loss, roc_auc_score

from kb.cutoffs import SCORE_OFFSET, SCORE_SLOPE, SCORE_TITLED
from kb.evaluation.beir import FOLDER, Beir
from kb.evaluation.metrics import calibration_error
from kb.evaluation.queries import GoldenQuery, load_golden
from kb.index.reader import IndexReader
from kb.knowledge import KnowledgeBase
from kb.models import Filter, note_of
from kb.notebook import open_notebook
from kb.opening import open_index
from kb.search.answer import JUDGED
from kb.search.calibration import COVERAGE_SLOPE, WORDS_SLOPE
from kb.search.find import find
from kb.search.fuse import evidence
from kb.search.ranking import group_by_note

REPOSITORY = Path(__file__).parent.parent
CACHE = Path.home() / ".cache/kb/beir"
MOST_QUERIES = 150  # of a folder
SPARSE, SPARSE_WEIGHT = 2.0, 0.25  # mean number of relevant documents, up to which a set is judged in part
BINS = (0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 1.0)
NAMES = ("relatedness", "coverage", "logarithm of 1 + words", "titled", "offset")
L2_PENALTY = 1e-3
Matrix = NDArray[np.float64]
IN_USE: Matrix = np.array([SCORE_SLOPE, COVERAGE_SLOPE, WORDS_SLOPE, SCORE_TITLED, SCORE_OFFSET])


class Judged(NamedTuple):
    """The features `(hits, 5)` of the best hits of a set's queries, whether each hit is relevant and whether it is the
    best one, and whether each query has a single relevant document.
    """

    features: Matrix
    relevant: Matrix
    is_best: NDArray[np.bool_]
    has_single: bool

    @property
    def best(self) -> Judged:
        """The best hit of each query alone."""
        return Judged(
            self.features[self.is_best], self.relevant[self.is_best], self.is_best[self.is_best], self.has_single
        )


def judged(reader: IndexReader, queries: Sequence[GoldenQuery]) -> Judged:
    """The best hits of some queries."""
    features, relevant, is_best = [], [], []
    for query in queries:
        ranking = find(reader, query.text, Filter(), "hybrid")
        best = [note_of(group[0].id) for group in group_by_note(ranking.ranked, 1)[:JUDGED]]
        paths = reader.catalog.notes_by_id(best)
        notes = evidence(reader, ranking, best)
        for place, note in enumerate(best):
            found = notes[note]
            nearest = max(found.relatedness.values())
            features.append([nearest, found.coverage, math.log(found.words + 1), found.titled, 1.0])
            relevant.append(float(paths[note].path in query.relevant))
            is_best.append(place == 0)
    has_single = all(len(query.relevant) == 1 for query in queries)
    return Judged(np.array(features), np.array(relevant), np.array(is_best), has_single)


def own_queries() -> list[GoldenQuery]:
    """The queries of the repository's notes, and those that nothing answers."""
    asked = [query for query in load_golden(REPOSITORY / "tests/asked.toml").query if query.tag == "development"]
    lines = (REPOSITORY / "tests/nonsense.txt").read_text(encoding="utf-8").splitlines()
    nonsense = [GoldenQuery(text=line, relevant=()) for line in lines if line.strip("# ")]
    return [*load_golden(REPOSITORY / "tests/golden.toml").query, *asked, *nonsense]


def judged_at(root: Path, sources: Path, queries: Sequence[GoldenQuery]) -> Judged:
    """The best hits of some queries in a notebook, made first if it does not exist."""
    with KnowledgeBase(root, create=True) as knowledge:
        knowledge.add([sources], detour=root.parent == CACHE)
    with closing(open_index(open_notebook(root), None, print)) as index, index.reader() as reader:
        return judged(reader, queries)


def of_folder(folder: Path) -> Judged:
    """The best hits of the queries of a folder in BEIR format, whose notebook is kept."""
    beir = Beir(folder)
    root = CACHE / beir.digest
    root.mkdir(parents=True, exist_ok=True)
    beir.write(root)
    queries = random.Random(0).sample(beir.golden.query, min(MOST_QUERIES, len(beir.golden.query)))
    found = judged_at(root, root / FOLDER, queries)
    is_sparse = np.mean([len(query.relevant) for query in queries]) <= SPARSE
    return found.best if is_sparse else found


def fitted(sets: Sequence[Judged]) -> Matrix:
    """The coefficients `(5,)` of the regression on some sets, with a small penalty on the squares of the slopes."""
    features = np.concatenate([one.features for one in sets])
    relevant = np.concatenate([one.relevant for one in sets])
    weights = np.concatenate([weights_of(one) for one in sets])
    weights /= weights.sum()
    widths = features.std(axis=0)
    widths[-1] = 1.0
    own = np.concatenate([np.full(len(one.relevant), float(one.has_single)) for one in sets])

    def loss(values: Matrix) -> float:
        odds = features / widths @ values[:-1] + own * values[-1]
        unlikely = np.logaddexp(0, odds) - relevant * odds
        return float(weights @ unlikely + L2_PENALTY * (values[:-2] ** 2).sum())

    found: Matrix = minimize(loss, np.zeros(features.shape[1] + 1)).x[:-1] / widths
    return found


def weights_of(one: Judged) -> Matrix:
    """The weight of each hit of a set: those of a set add up to 1, or to less where only the best hits are judged."""
    total = SPARSE_WEIGHT if one.is_best.all() else 1.0
    return np.full(len(one.relevant), total / len(one.relevant))


def chances(one: Judged, coefficients: Matrix) -> Matrix:
    """The probabilities of the hits of a set."""
    values: Matrix = 1 / (1 + np.exp(-one.features @ coefficients))
    return values


def print_table(name: str, one: Judged, coefficients: Matrix) -> None:
    """How reliable the probabilities for a set are."""
    values = chances(one, coefficients)
    print(
        f"{name}: {len(values)} hits, {one.relevant.mean():.2f} relevant; Brier score "
        f"{brier_score_loss(one.relevant, values):.3f}, AUROC {roc_auc_score(one.relevant, values):.3f}, ECE "
        f"{calibration_error(values.tolist(), (one.relevant > 0).tolist()):.3f}"
    )
    for low, high in pairwise(BINS):
        inside = (values >= low) & (values < high)
        if inside.any():
            shown = f"{values[inside].mean():.2f} said, {one.relevant[inside].mean():.2f} relevant"
            print(f"  {low:.2f} to {high:.2f}: {inside.sum():5} hits, {shown}")


def main() -> None:
    """Fit and report."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(REPOSITORY / "notes", Path(folder) / "notes")
        sets = {"notes": judged_at(Path(folder), Path(folder) / "notes", own_queries())}
    sets |= {Path(argument).name: of_folder(Path(argument)) for argument in sys.argv[1:]}
    for name, one in sets.items():
        others = [other for key, other in sets.items() if key != name]
        print_table(f"{name}, fitted on the others", one, fitted(others or [one]))
        print_table(f"{name}, in use", one, IN_USE)
    for name, value in zip(NAMES, fitted(list(sets.values())), strict=True):
        print(f"{name}: {value:.2f}")


if __name__ == "__main__":
    main()
