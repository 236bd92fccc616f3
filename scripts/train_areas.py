"""Fits the seven weights of the area classifier, and prints cross-validated metrics.

The training texts in `area_texts/` were written for this purpose, with a heading for each subject. In `SIDE.md` every
paragraph is a text. Synthetic notes combine paragraphs of a subject; some of them also get an unrelated paragraph. In
`SIDE-notes.md` a line `====` separates whole notes in the forms that real notes take; some of them are continued by
sections from `tails.md` (installation, logs, references), which say nothing about the subject. All are classified in
several rounds, with all phrases and terms of the areas and with some removed, because the vocabulary of real notes is
not listed in full either. Weights are constrained to be non-negative, so that each feature speaks for its group. No
subject is in two of the ten folds.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import f1_score, roc_auc_score

from kb.areas.scoring import Scoring, Weights, evenly_spaced
from kb.areas.texts import SIDES, AreaTexts, load_areas
from kb.evaluation.metrics import calibration_error
from kb.index.encoder import load_encoder
from kb.models import AREAS, AreaText, Chunk, Note, NoteFile
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note

TEXTS = Path(__file__).parent / "area_texts"
WEIGHTS = Path(__file__).parent.parent / "kb/areas/weights.toml"
DROPPED = (0.0, 0.3, 0.5, 0.7)  # share of the phrases and terms removed in each round
LENGTHS = (40, 90, 180, 260)  # words at which a note is long enough
NOTES_PER_SUBJECT = {"ml-systems": 6, "gnn": 6, "llm": 6, "outside": 3}
NOISE = 0.25  # probability of an unrelated paragraph in a note of more than two paragraphs
TAILS = (0, 0, 1, 2, 3)  # sections appended to a whole note, drawn with equal probability
NOTES_PER_DRAW = 12  # classified with the same phrases and terms
TITLED = 0.4  # probability of a title
L2_PENALTY = 0.003  # larger than cross-validation suggests: real notes are less clear-cut than these texts
INSIDE_COST = 2.0  # of a note wrongly held back, which its writer may miss, in notes wrongly let in
FOLDS = 10
BLANK_LINES, RULE = r"\n\s*\n", r"^====$"
BLANK = Weights(area=(0, 0, 0), outside=(0, 0, 0), outside_bias=0)
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Text:
    """A synthetic note: the index of its side in `SIDES`, its subject, whether that is far from all areas, its text."""

    side: int
    subject: str
    far: bool
    title: str
    text: str


@dataclass(frozen=True)
class Sample:
    """The features `(notes, groups, 3)` of synthetic notes, with their sides and subjects."""

    features: Matrix
    sides: NDArray[np.int64]
    subjects: NDArray[np.str_]
    far: NDArray[np.bool_]


def subjects(suffix: str, separator: str) -> Iterator[tuple[str, str, list[str]]]:
    """The side, name and texts of every subject, from the files whose names end in `suffix`."""
    for side in SIDES:
        sections = re.split(r"^## ", _read(f"{side}{suffix}"), flags=re.MULTILINE)
        for section in sections[1:]:
            heading, body = section.split("\n", 1)
            yield side, heading.strip(), _parts(body, separator)


def _read(name: str) -> str:
    return (TEXTS / f"{name}.md").read_text(encoding="utf-8")


def _parts(text: str, separator: str) -> list[str]:
    return [part.strip() for part in re.split(separator, text, flags=re.MULTILINE) if part.strip()]


def training_notes(seed: int) -> list[Text]:
    """Notes combined from paragraphs, and whole ones; each on one subject."""
    chance = random.Random(seed)
    return [*_combined_notes(chance), *_whole_notes(chance)]


def _combined_notes(chance: random.Random) -> Iterator[Text]:
    paragraphs_of = list(subjects("", BLANK_LINES))
    every = [paragraph for _, _, paragraphs in paragraphs_of for paragraph in paragraphs]
    for side, subject, paragraphs in paragraphs_of:
        for _ in range(NOTES_PER_SUBJECT[side]):
            yield _note(chance, side, subject, paragraphs, every)


def _whole_notes(chance: random.Random) -> Iterator[Text]:
    tails = _parts(_read("tails"), RULE)
    for side, subject, notes in subjects("-notes", RULE):
        for note in notes:
            text = "\n\n".join([note, *chance.sample(tails, chance.choice(TAILS))])
            heading = re.match(r"# (.+)", note)
            yield Text(SIDES.index(side), subject, subject.startswith("far: "), heading[1] if heading else "", text)


def _note(chance: random.Random, side: str, subject: str, paragraphs: list[str], every: list[str]) -> Text:
    """A note of randomly ordered paragraphs on a subject; `every` are the paragraphs of all subjects."""
    length, taken = chance.choice(LENGTHS), list[str]()
    for paragraph in chance.sample(paragraphs, len(paragraphs)):
        taken.append(paragraph)
        if len(" ".join(taken).split()) >= length:
            break
    if len(taken) > 2 and chance.random() < NOISE:
        taken.insert(chance.randrange(len(taken) + 1), chance.choice(every))
    title = subject.split(": ")[-1] if chance.random() < TITLED else ""
    return Text(SIDES.index(side), subject, subject.startswith("far: "), title, "\n\n".join(taken))


def some_of(texts: AreaTexts, dropped: float, chance: random.Random) -> AreaTexts:
    """The texts without a random share of their phrases and terms."""

    def kept(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(value for value in values if chance.random() >= dropped)

    def thinned(text: AreaText) -> AreaText:
        return AreaText(
            description=text.description, phrases=kept(text.phrases), terms=kept(text.terms), hints=kept(text.hints)
        )

    return AreaTexts(
        areas={area: thinned(text) for area, text in texts.areas.items()},
        outside={kind: thinned(text) for kind, text in texts.outside.items()},
    )


class Embedder:
    """Embeds texts with the default model and caches their vectors."""

    def __init__(self) -> None:
        self.encoder = load_encoder(None, "int8", TEXTS, print)
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Iterable[str]) -> NDArray[np.float32]:
        wanted = list(texts)
        new = [text for text in dict.fromkeys(wanted) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self.encoder.encode(new), strict=True))
        return np.stack([self._known[text] for text in wanted])


def sample_of(embed: Embedder, dropped: float, seed: int) -> Sample:
    """The features of training notes for areas without a share of their phrases and terms."""
    chance = random.Random(seed)
    notes = training_notes(seed)
    areas, rows = load_areas(), []
    embed(phrase for phrase, _ in areas.phrases)
    for start in range(0, len(notes), NOTES_PER_DRAW):
        texts = some_of(areas, dropped, chance)
        scoring = Scoring(texts, embed(phrase for phrase, _ in texts.phrases), embed.encoder.scale, BLANK)
        for text in notes[start : start + NOTES_PER_DRAW]:
            note, chunks = _chunked(text, embed)
            signals = scoring.signals(note, *evenly_spaced(chunks, embed(chunk.embedded for chunk in chunks)))
            rows.append(scoring.features(signals))
    return Sample(
        np.array(rows),
        np.array([note.side for note in notes]),
        np.array([note.subject for note in notes]),
        np.array([note.far for note in notes]),
    )


def _chunked(text: Text, embed: Embedder) -> tuple[Note, list[Chunk]]:
    note = parse_note(NoteFile(path="notes.md", size=0, mtime_ns=0, text=text.text, sha256=""))
    note = note.model_copy(update={"title": text.title})
    return note, chunk_note(note, embed.encoder.count_tokens, embed.encoder.max_tokens)


def fit(features: Matrix, sides: NDArray[np.int64]) -> Matrix:
    """Maximum-likelihood weights with an L2 penalty: nearness, terms and hints for areas, the same for kinds of
    outside, and the bias of the latter.
    """
    inside = len(AREAS)
    mine = np.zeros(features.shape[:2], dtype=bool)
    mine[np.arange(len(sides)), np.minimum(sides, inside)] = True
    mine[sides == inside, inside:] = True
    costs = np.where(sides == inside, 1.0, INSIDE_COST)
    costs /= costs.sum()

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        shares = _shares(weights, features)
        hit = (shares * mine).sum(axis=1, keepdims=True) + 1e-12
        slope = (shares - shares * mine / hit) * costs[:, None]
        gradient = np.concatenate(
            [
                np.einsum("nk,nkf->f", slope[:, :inside], features[:, :inside]) + 2 * L2_PENALTY * weights[:3],
                np.einsum("nk,nkf->f", slope[:, inside:], features[:, inside:]) + 2 * L2_PENALTY * weights[3:6],
                [slope[:, inside:].sum()],
            ]
        )
        return float(-costs @ np.log(hit[:, 0]) + L2_PENALTY * (weights[:6] ** 2).sum()), gradient

    found = minimize(loss, np.full(7, 0.3), jac=True, method="L-BFGS-B", bounds=[(0, None)] * 6 + [(None, None)])
    weights: Matrix = found.x
    return weights


def _shares(weights: Matrix, features: Matrix) -> Matrix:
    """The softmax over groups for each note, `(notes, groups)`."""
    inside = len(AREAS)
    logits = features @ weights[3:6] + weights[6]
    logits[:, :inside] = features[:, :inside] @ weights[:3]
    powers: Matrix = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return shares


def probabilities(weights: Matrix, features: Matrix) -> Matrix:
    """The probabilities of the four sides for each note, `(notes, 4)`."""
    shares = _shares(weights, features)
    return np.column_stack([shares[:, : len(AREAS)], shares[:, len(AREAS) :].sum(axis=1)])


def cross_validated(sample: Sample) -> Matrix:
    """The probabilities of each note under weights that were fitted without its subject."""
    names = sorted(set(sample.subjects))
    random.Random(0).shuffle(names)
    fold = np.array([names.index(subject) % FOLDS for subject in sample.subjects])
    result = np.zeros((len(fold), len(SIDES)))
    for number in range(FOLDS):
        held_out = fold == number
        weights = fit(sample.features[~held_out], sample.sides[~held_out])
        result[held_out] = probabilities(weights, sample.features[held_out])
    return result


def describe(name: str, shares: Matrix, sample: Sample) -> None:
    """Print the metrics of one round."""
    sides, outside = sample.sides, len(AREAS)
    inside = sides != outside
    best = shares.argmax(axis=1)
    three = f1_score(sides[inside], shares[inside, :outside].argmax(axis=1), average="macro")
    near, far = inside | ~sample.far, inside | sample.far
    areas_under = [roc_auc_score(sides[some] == outside, shares[some, outside]) for some in (near, far)]
    print(
        f"{name:16}  three-way F1 {three:.3f}  four-way F1 {f1_score(sides, best, average='macro'):.3f}  "
        f"AUROC near {areas_under[0]:.3f}, far {areas_under[1]:.3f}  "
        f"held back {(best[inside] == outside).mean():.3f}, let in {(best[~inside] != outside).mean():.3f}  "
        f"ECE {calibration_error(shares.max(axis=1).tolist(), (best == sides).tolist()):.3f}"
    )


def describe_confidence(shares: Matrix, sides: NDArray[np.int64]) -> None:
    """Print how often verdicts are right by their confidence, which shows below what confidence one is unsure."""
    best, confidence = shares.argmax(axis=1), shares.max(axis=1)
    for low in np.arange(0.3, 1.0, 0.1):
        some = (confidence >= low) & (confidence < low + 0.1)
        right = (best == sides)[some].mean() if some.any() else float("nan")
        print(f"confidence {low:.1f} to {low + 0.1:.1f}: {some.mean():5.1%} of the verdicts, {right:.0%} right")


def main() -> None:
    """Sample, cross-validate, fit, and write the weights."""
    embed = Embedder()
    rounds = [sample_of(embed, dropped, seed) for seed, dropped in enumerate(DROPPED)]
    whole = Sample(
        *(
            np.concatenate([getattr(sample, field) for sample in rounds])
            for field in ("features", "sides", "subjects", "far")
        )
    )
    shares = cross_validated(whole)
    ends = np.cumsum([len(sample.sides) for sample in rounds])
    for dropped, sample, end in zip(DROPPED, rounds, ends, strict=True):
        describe(f"{dropped:.0%} of texts dropped", shares[end - len(sample.sides) : end], sample)
    describe_confidence(shares, whole.sides)
    weights = [round(float(weight), 3) for weight in fit(whole.features, whole.sides)]
    WEIGHTS.write_text(
        "# Written by scripts/train_areas: weights of nearness, terms and hints; the bias of kinds of outside.\n"
        f"area = {weights[:3]}\noutside = {weights[3:6]}\noutside_bias = {weights[6]}\n",
        encoding="utf-8",
    )
    print(f"wrote {WEIGHTS.name}: {weights}")


if __name__ == "__main__":
    main()
