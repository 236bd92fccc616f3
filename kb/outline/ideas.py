"""Which groups of notes are ripe for a post, and under which working title. Pure."""

from __future__ import annotations

import datetime
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kb.models import FiledArea, NoteRecord
from kb.outline.headings import is_generic
from kb.search.query import STOPWORDS

if TYPE_CHECKING:
    from scipy.cluster.hierarchy import ClusterNode

Matrix = NDArray[np.float32]

MIN_NOTES, MAX_NOTES = 3, 6
MIN_LIKENESS = 0.3  # mean cosine of a note with the others of its group
LINKED = 0.1  # what a link adds to the cosine of two notes
RECENT_DAYS = 60
ENOUGH_NOTES, ENOUGH_PASSAGES, ENOUGH_QUESTIONS = 5, 20, 3
UNCOVERED, COVERED = 0.35, 0.65  # the likeness of a post that says nothing, or all, of what a group says
MAX_TITLE_WORDS = 9
MAX_PHRASES, MAX_PHRASE_WORDS = 3, 4
TITLES = 8
MENTIONS = 4  # how often a note must name what is in none of its headings to be about it
MIN_GAIN = 0.2  # what a phrase must add for each note of a group

_WORD = re.compile(r"[^\W_]+(?:['’.+/-][^\W_]+)*")
_PAUSE = re.compile(r"[^\w\s'’.+/-]|[.](?=\s|$)|\s[-–—]+\s")


@dataclass(frozen=True)
class Material:
    """A note as ideas see it: its headings, its text with them, and how many passages and open questions it has."""

    note: NoteRecord
    headings: tuple[str, ...]
    text: str
    passages: int
    questions: int

    @cached_property
    def words(self) -> str:
        """The words of its text."""
        return words_of(self.text)

    @cached_property
    def names(self) -> str:
        """The words of its title, headings and tags."""
        return words_of("; ".join((self.note.title, *self.headings, *self.note.tags)))

    @property
    def date(self) -> datetime.date:
        """The day in front matter, else that of the last change."""
        return self.note.date or datetime.date.fromtimestamp(self.note.mtime_ns / 1e9)

    def about(self, words: str) -> float:
        """How much words, one after the other, are a subject of it, 0..1."""
        phrase = f" {words} "
        return 1.0 if phrase in self.names else min(self.words.count(phrase), MENTIONS) / (MENTIONS + 1)


@dataclass(frozen=True)
class Ripeness:
    """What speaks for a post, each part 0..1, the mean of which is the score; and the counts behind it."""

    evidence: float
    recency: float
    questions: float
    novelty: float
    passages: int
    recent_notes: int
    open_questions: int

    @property
    def score(self) -> float:
        """The mean of the parts."""
        return (self.evidence + self.recency + self.questions + self.novelty) / 4


@dataclass(frozen=True)
class Group:
    """Notes of an area that belong together, how ripe they are, and the own post nearest to them, if any is near."""

    area: FiledArea
    notes: tuple[Material, ...]
    ripeness: Ripeness
    nearest_post: NoteRecord | None
    similarity: float


def words_of(text: str) -> str:
    """The words of a text in lower case, one blank between them and around."""
    return f" {' '.join(_WORD.findall(text.lower().replace('-', ' ')))} "


def groups(centroids: Matrix, links: NDArray[np.float64]) -> list[list[int]]:
    """Positions of notes that belong together, `MIN_NOTES` to `MAX_NOTES` in a group; the others are left out.

    Average linkage of unit vectors `(n, dim)` less what all have in common; `links` is `(n, n)`, 1 where one of two
    notes links to the other. The largest branches of the tree that are small and close enough are the groups.
    """
    from scipy.cluster.hierarchy import linkage, to_tree
    from scipy.spatial.distance import squareform

    if len(centroids) < MIN_NOTES:
        return []
    cosines = centroids @ centroids.T
    own = centroids - centroids.mean(axis=0)
    own /= np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-9)
    distances = 2 - own @ own.T - LINKED * links
    np.fill_diagonal(distances, 0)
    tree = to_tree(linkage(squareform(distances, checks=False), method="average"))
    return [sorted(branch) for branch in _branches(tree, cosines) if len(branch) >= MIN_NOTES]


def _branches(tree: ClusterNode, cosines: Matrix) -> Iterator[list[int]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        members = node.pre_order()
        if len(members) <= MAX_NOTES and _loosest(cosines[np.ix_(members, members)]) >= MIN_LIKENESS:
            yield members
        elif not node.is_leaf():
            waiting += [node.get_right(), node.get_left()]


def _loosest(cosines: Matrix) -> float:
    """The mean cosine with the others of the note that is least like them."""
    others = cosines.sum(axis=1) - np.diag(cosines)
    return float(others.min()) / max(len(cosines) - 1, 1)


def ripeness(group: Sequence[Material], today: datetime.date, nearest_post: float) -> Ripeness:
    """How ripe a group is. `nearest_post` is how much of what it says the nearest own post says, as a cosine."""
    passages = sum(entry.passages for entry in group)
    questions = sum(entry.questions for entry in group)
    recent = sum((today - entry.date).days <= RECENT_DAYS for entry in group)
    covered = (nearest_post - UNCOVERED) / (COVERED - UNCOVERED)
    return Ripeness(
        evidence=(min(len(group) / ENOUGH_NOTES, 1) + min(passages / ENOUGH_PASSAGES, 1)) / 2,
        recency=recent / len(group),
        questions=min(questions / ENOUGH_QUESTIONS, 1),
        novelty=1 - min(max(covered, 0), 1),
        passages=passages,
        recent_notes=recent,
        open_questions=questions,
    )


def reasons(group: Group) -> tuple[str, ...]:
    """Why a group is ripe, in short phrases."""
    counts, post = group.ripeness, group.nearest_post
    recent = f"{counts.recent_notes} of them from the last {RECENT_DAYS} days"
    newest = f"the newest from {max(entry.date for entry in group.notes)}"
    questions = f"{counts.open_questions} open question{'' if counts.open_questions == 1 else 's'}"
    date = f" ({post.date})" if post and post.date else ""
    return (
        f"{len(group.notes)} notes with {counts.passages} passages",
        recent if counts.recent_notes else newest,
        *([questions] if counts.open_questions else []),
        f"nearest post: {post.path}{date}, {group.similarity:.2f}" if post else "no post on it yet",
    )


def in_turn(ripe: Mapping[FiledArea, Sequence[Group]]) -> Iterator[Group]:
    """The groups of all areas, the ripest of each first, area after area in order of their ripest."""
    areas = sorted((area for area in ripe if ripe[area]), key=lambda area: -ripe[area][0].ripeness.score)
    for turn in zip_longest(*(ripe[area] for area in areas)):
        yield from (group for group in turn if group)


def working_titles(group: Sequence[Material], others: Sequence[Material]) -> list[str]:
    """Titles of phrases that stand in titles, headings and tags of a group, and are subjects of its notes but of few
    others; the most telling first, at most `TITLES`, each beginning with another phrase.

    One phrase after the other is taken by how much it adds to what the title says of each note, times the logarithm
    of how rare it is elsewhere.
    """
    candidates = _candidates(group)
    about = {words: np.array([entry.about(words) for entry in group]) for words in candidates}
    rarity = {words: _rarity(words, others) for words in candidates}

    def gain(words: str, said: NDArray[np.float64]) -> float:
        return rarity[words] * float(np.maximum(about[words] - said, 0).sum())

    def continued(first: str) -> str:
        chosen, said = [first], about[first]
        while len(chosen) < MAX_PHRASES:
            room = MAX_TITLE_WORDS - 1 - sum(len(words.split()) for words in chosen)
            free = [words for words in candidates if len(words.split()) <= room and _is_new(words, chosen)]
            best = max(free, key=lambda words: gain(words, said), default=None)
            if best is None or gain(best, said) <= MIN_GAIN * len(group):
                break
            chosen.append(best)
            said = np.maximum(said, about[best])
        return _listed([_as_written(words, group) for words in chosen])

    firsts = sorted(candidates, key=lambda words: -gain(words, np.zeros(len(group))))[:TITLES]
    return list(dict.fromkeys(continued(first) for first in firsts))


def _candidates(group: Sequence[Material]) -> list[str]:
    """The words of phrases: what titles begin with, and terms that several notes of the group have."""
    parts = (_trimmed(_WORD.findall(_PAUSE.split(entry.note.title)[0])) for entry in group)
    titles = [words_of(" ".join(words)).strip() for words in parts if words]
    terms = dict.fromkeys(words_of(term).strip() for entry in group for term in _terms(entry))
    shared = [words for words in terms if sum(entry.about(words) > 0 for entry in group) > 1]
    return [
        words
        for words in dict.fromkeys(titles + shared)
        if len(words.split()) <= MAX_PHRASE_WORDS and any(f" {words} " in entry.words for entry in group)
    ]


def _terms(entry: Material) -> Iterator[str]:
    """The runs of telling words in a note's title, headings and tags; one word alone where it looks like a term."""
    headings = (heading for heading in entry.headings if not is_generic(heading))
    names = (entry.note.title, *headings, *entry.note.tags)
    for part in (part for name in names for part in _PAUSE.split(name)):
        words = _WORD.findall(part)
        for start in range(len(words)):
            for end in range(start + 1, min(start + MAX_PHRASE_WORDS, len(words)) + 1):
                run = words[start:end]
                if all(map(_tells, run)) and (len(run) > 1 or _looks_like_a_term(run[0])):
                    yield " ".join(run)


def _trimmed(words: list[str]) -> list[str]:
    """Words without the ones at either end that tell nothing."""
    telling = [index for index, word in enumerate(words) if _tells(word)]
    return words[telling[0] : telling[-1] + 1] if telling else []


def _tells(word: str) -> bool:
    return word.lower() not in STOPWORDS and len(word) > 1 and not word[0].isdigit()


def _looks_like_a_term(word: str) -> bool:
    return "-" in word or not word[1:].islower()


def _rarity(words: str, others: Sequence[Material]) -> float:
    elsewhere = sum(entry.about(words) for entry in others)
    return math.log((len(others) + 1) / (elsewhere + 1)) * math.sqrt(len(words.split()))


def _is_new(words: str, chosen: Sequence[str]) -> bool:
    """Whether a phrase has no word that the title has already."""
    return not set(words.split()) & {word for phrase in chosen for word in phrase.split()}


def _as_written(words: str, group: Sequence[Material]) -> str:
    """A phrase as the notes of a group mostly write it, where they can inside a sentence."""
    # What stands in double brackets is a link by file name, not prose.
    spelt = re.compile(rf"(?<![\w\[]){'[ -]'.join(map(re.escape, words.split()))}(?![\w\]])", re.IGNORECASE)
    forms = Counter(match[0] for entry in group for match in spelt.finditer(entry.text))
    return max(forms, key=lambda form: (form[0].islower(), forms[form]), default=words)


def _listed(phrases: Sequence[str]) -> str:
    """Phrases as an enumeration, beginning with a capital."""
    title = ", ".join(phrases[:-1]) + " and " + phrases[-1] if len(phrases) > 1 else phrases[0]
    return title[:1].upper() + title[1:]
