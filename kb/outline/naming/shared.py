"""What several notes have in common: the concepts that they name, and the phrases of their titles. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kb.areas.concepts import Concepts, of_areas
from kb.areas.texts import load_areas
from kb.outline.naming.forms import tidy
from kb.outline.points import Excerpt
from kb.search.query import STOPWORDS, query_words
from kb.search.snippets import stem

MAX_PHRASE_WORDS = 4
LONG = 4  # letters; a phrase without a word of so many says little

_PAUSE = re.compile(r"[,:;()\[\]?!]|\s[–—-]\s|\.(?=\s|$)")


def shared_names(excerpts: Sequence[Excerpt], concepts: Concepts, topic: str) -> Mapping[str, set[str]]:
    """The names that two or more notes of some excerpts share, with the ids of these notes. Whole areas say too little
    to be a name, and that of the topic itself says nothing about a part of it.
    """
    texts = load_areas()
    areas = of_areas(concepts, texts)
    naming: dict[str, set[str]] = {}
    for id, numbers in _treated(excerpts, concepts).items():
        for number in numbers - areas:
            naming.setdefault(concepts.all[number].name, set()).add(id)
    phrases = _shared_phrases({entry.note.id: entry.note.title for entry in excerpts})
    for phrase, ids in phrases.items():
        if _could_name(texts.without_names(phrase).split()):
            naming.setdefault(phrase, set()).update(ids)
    words, asked = _stems(topic), set(concepts.named(topic)) - areas
    return {
        name: ids
        for name, ids in naming.items()
        if len(ids) > 1 and _stems(name) != words and not (asked and set(concepts.named(name)) == asked)
    }


def _stems(text: str) -> set[str]:
    """The stems of the words of a text, without names of areas."""
    return {stem(word) for word in query_words(load_areas().without_names(text))}


def _treated(excerpts: Sequence[Excerpt], concepts: Concepts) -> dict[str, set[int]]:
    """By note, the concepts that it names in a title or heading, or in more than one of some excerpts: it does not
    mention them in passing.
    """
    treated: dict[str, set[int]] = {}
    mentioned: dict[str, set[int]] = {}
    for entry in excerpts:
        id, found = entry.note.id, set(concepts.named(entry.chunk.text))
        own = concepts.named(" | ".join([entry.note.title, *entry.chunk.heading_path]))
        treated.setdefault(id, set()).update(own, found & mentioned.get(id, set()))
        mentioned.setdefault(id, set()).update(found)
    return treated


def _shared_phrases(titles: Mapping[str, str]) -> dict[str, set[str]]:
    """The phrases that several titles have, each as it is first written, with the keys of these titles; of phrases
    within each other in the same titles, the longest. One after which every title goes on, as "deep convolutional" in
    "deep convolutional networks", is none.
    """
    written: dict[tuple[str, ...], str] = {}
    having: dict[tuple[str, ...], set[str]] = {}
    whole: set[tuple[str, ...]] = set()
    for key, title in titles.items():
        for words, ends in _phrases(title):
            folded = tuple(word.casefold().removesuffix("s") for word in words)
            written.setdefault(folded, " ".join(words))
            having.setdefault(folded, set()).add(key)
            whole |= {folded} if ends else set()
    return {
        written[phrase]: keys
        for phrase, keys in having.items()
        if len(keys) > 1
        and phrase in whole
        and not any(_holds(other, phrase) and having[other] == keys for other in having)
    }


def _phrases(title: str) -> list[tuple[tuple[str, ...], bool]]:
    """The runs of words of a title that could be a name, and whether a pause or a small word follows each."""
    runs = [part.split() for part in _PAUSE.split(tidy(title))]
    return [
        (tuple(words), end == len(run) or run[end].casefold() in STOPWORDS)
        for run in runs
        for start in range(len(run))
        for end in range(start + 1, min(start + MAX_PHRASE_WORDS, len(run)) + 1)
        if _could_name(words := run[start:end])
    ]


def _could_name(words: Sequence[str]) -> bool:
    ends = {word.casefold() for word in (*words[:1], *words[-1:])}
    return not ends & STOPWORDS and any(len(word) >= LONG for word in words)


def _holds(longer: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    """Whether a phrase stands within a longer one."""
    size = len(phrase)
    return size < len(longer) and any(longer[at : at + size] == phrase for at in range(len(longer) - size + 1))
