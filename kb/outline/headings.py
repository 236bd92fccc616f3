"""Names for groups of passages, made of the notes' own titles and headings. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from kb.outline.points import Encode, Evidence, Vectors, asks

MAX_HEADING_WORDS = 9
SAME_HEADING = 0.75
TOPIC_WEIGHT = 0.3
ONE_NOTE_HANDICAP = 0.12  # for each part of a group that is not of the note that a name speaks for
BARE_HANDICAP = 0.05  # a heading without its note's subject: out of its place it says little
SHORT_HANDICAP = 0.05
TAIL_HANDICAP = 0.1
MIN_TAIL_WORDS = 2
SUBJECTS_JOINED = 3  # notes of a group whose subjects are tried in pairs

_GENERIC = re.compile(
    r"^(?:introduction|intro|overview|summary|abstract|notes?|tl;?dr|references?|links?|table of contents|contents?|"
    r"see also|conclusions?|closing thoughts|background|further reading|misc|the idea|setup|open questions?|questions?|"
    r"todo|main|in short|problem|solution|diagram|pros?|cons?|usecases?|use cases?|details?|example|examples|"
    r"sample|my take|takeaways?|contributions?|main contributions?|relation to .*|related .*|against .*|compared .*|"
    r"model|method|results?)\b[\s:.]*$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\band\b|[,&]", re.IGNORECASE)
_TRAILING = re.compile(
    r"(?:\s+(?:a|an|the|of|in|on|to|for|and|or|with|by|from|at|as|that|which|is|are))+$", re.IGNORECASE
)
_MARKS = re.compile(r"^(?:\W*\d+(?:\.\d+)*[.)]?\s+)|[*`_#]+")


def is_generic(heading: str) -> bool:
    """Whether a heading could stand in any note, or stands over questions."""
    return bool(_GENERIC.match(heading)) or asks(heading)


def headings(
    clusters: Sequence[Sequence[int]],
    evidence: Sequence[Evidence],
    vectors: Vectors,
    topic_vector: Vectors,
    encode: Encode,
) -> list[str]:
    """For each cluster of passages the name that is nearest to its centre and unlike those before it, or none.

    A name is a title or heading of its notes, a heading after its note's subject, or the subjects of two of the notes.
    """
    options = [_options([evidence[index] for index in cluster]) for cluster in clusters]
    names = list(dict.fromkeys(name for option in options for name in option))
    if not names:
        return []
    encoded = dict(zip(names, encode(names), strict=True))
    taken: list[str] = []
    for cluster, option in zip(clusters, options, strict=True):
        aim = vectors[cluster].mean(axis=0) + TOPIC_WEIGHT * topic_vector
        ordered = sorted(option, key=lambda name: option[name] - float(encoded[name] @ aim))
        likeness = {
            name: max((float(encoded[name] @ encoded[other]) for other in taken if other), default=0.0)
            for name in ordered
        }
        taken.append(next((name for name in ordered if likeness[name] < SAME_HEADING), ""))
    return taken


def _options(cluster: Sequence[Evidence]) -> dict[str, float]:
    """Names that a cluster could have, each with a handicap: a title speaks for one note, not for several."""
    shares = Counter(entry.note.id for entry in cluster)
    notes = {entry.note.id: entry.note for entry in cluster}
    options: dict[str, float] = {}

    def offer(name: str, handicap: float) -> None:
        if 0 < len(name.split()) <= MAX_HEADING_WORDS and not _GENERIC.match(name):
            short = SHORT_HANDICAP if len(name.split()) == 1 else 0.0
            options[name] = min(options.get(name, 1.0), handicap + short)

    def alone(*ids: str) -> float:
        return ONE_NOTE_HANDICAP * (1 - sum(shares[id] for id in ids) / len(cluster))

    for id, note in notes.items():
        offer(shortened(note.title), alone(id))
        offer(subject(note.title), alone(id))
    for entry in cluster:
        own = subject(entry.note.title)
        for name in map(tidy, entry.chunk.heading_path):
            if name.casefold() == tidy(entry.note.title).casefold() or _GENERIC.match(name) or asks(name):
                continue
            offer(shortened(name), BARE_HANDICAP)
            if len(name.split()) >= MIN_TAIL_WORDS and not shared_words(own, name):
                offer(f"{own}: {name}", alone(entry.note.id) + TAIL_HANDICAP)
    subjects = {id: subject(notes[id].title) for id, _ in shares.most_common(SUBJECTS_JOINED)}
    for first, second in combinations(
        [id for id, name in subjects.items() if not _JOINED.search(name) and not _GENERIC.match(name)], 2
    ):
        offer(f"{subjects[first]} and {subjects[second]}", alone(first, second))
    return options or {shortened(cluster[0].note.title): 0.0}


def shared_words(first: str, second: str) -> bool:
    """Whether two names have a longer word in common."""
    return bool(
        {word.casefold() for word in re.findall(r"\w{4,}", first)}
        & {word.casefold() for word in re.findall(r"\w{4,}", second)}
    )


def tidy(name: str) -> str:
    """A heading without numbers and marks of Markdown before it."""
    return " ".join(_MARKS.sub("", name).split()).strip(" :.")


def subject(title: str) -> str:
    """What a title names, before it says more."""
    head = re.split(r":\s|\s[—–-]\s|,\s", tidy(title))[0]
    return shortened(head)


def shortened(name: str) -> str:
    """A name of few words: what stands before a colon, or its first words."""
    words = tidy(name).split()
    if len(words) <= MAX_HEADING_WORDS:
        return " ".join(words)
    head = tidy(name).split(":")[0].split()
    return _TRAILING.sub("", " ".join(head if len(head) <= MAX_HEADING_WORDS else words[:MAX_HEADING_WORDS]))
