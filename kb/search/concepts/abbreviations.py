"""The abbreviations that the notes define, as in "retrieval-augmented generation (RAG)".

A query by either form asks for both. Definitions are recognised after Schwartz and Hearst (2003), and looked up for the
query at hand, so that nothing has to be learned of a whole notebook.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from kb.areas.concepts import Concepts
from kb.index.reader import IndexReader
from kb.search.concepts.reading import Reading, Subject
from kb.search.concepts.treatments import MOST_CHUNKS, Treatments, look_up
from kb.search.query import STOPWORDS, match_expression, name_key
from kb.search.words import idf

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MOST_WORDS = 12  # of a query that may contain a long form
MOST_TEXTS = 20  # with a definition that are read for each query
AMONG = 1_000  # passages with a short form, in which its definition is looked for; initials that more have are words
SHORTEST, LONGEST = 2, 10  # characters of an abbreviation
MOST_LONG_WORDS = 6

_TOKEN = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_IN_BRACKETS = re.compile(r"\(([^()\n]{2,80})\)")
_LAST_WORD = re.compile(r"[^\s(]+$")
_CAPITALS = re.compile(r"[^\W_]*[A-Z][^\W_]*[A-Z0-9][^\W_]*")


class Abbreviation(NamedTuple):
    """A short form and what it stands for, as the notes write them."""

    short: str
    long: str


def defined(text: str) -> Iterator[Abbreviation]:
    """The abbreviations that a text defines: `long form (SF)` and `SF (long form)`. Pure."""
    for match in _IN_BRACKETS.finditer(text):
        before, inside = text[max(match.start() - 200, 0) : match.start()].rstrip(), match[1].strip()
        last = _LAST_WORD.search(before)
        for short, long in ((inside, before), (last[0] if last else "", inside)):
            name = _singular(short)
            words = long.split()[-_most_words(name) :] if long is before else long.split()
            found = _long_form(name, " ".join(words)) if _is_short(name) else None
            if found and (long is before or name_key(found) == name_key(inside)):
                yield Abbreviation(name, found)
                break


def _singular(short: str) -> str:
    return short[:-1] if short.endswith("s") and short[:-1].isupper() else short


def _is_short(name: str) -> bool:
    return SHORTEST <= len(name) <= LONGEST and bool(_CAPITALS.fullmatch(name.replace("-", "")))


def _most_words(short: str) -> int:
    """How many words a long form has at most, as Schwartz and Hearst limit it."""
    return min(len(short) + 5, 2 * len(short))


def _long_form(short: str, text: str) -> str | None:
    """The shortest end of a text that has the letters of an abbreviation in order, the first one at the start of a
    word.
    """
    place = len(text)
    for number, letter in reversed(list(enumerate(short.lower()))):
        if not letter.isalnum():
            continue
        place = text.lower().rfind(letter, 0, place)
        while number == 0 and place > 0 and text[place - 1].isalnum():
            place = text.lower().rfind(letter, 0, place)
        if place < 0:
            return None
    long = text[place:].strip(" ,.;:*_`\"'")
    shortened = short.lower() in name_key(long).split() or len(long) <= len(short) or " " not in name_key(long)
    return None if shortened or len(long.split()) > _most_words(short) else long


def abbreviations(reader: IndexReader, text: str) -> list[Abbreviation]:
    """The abbreviations that the notes define and of which a query has one form: to one that has both, or that defines
    it otherwise, there is nothing to add. Of several definitions, the one given most often counts.
    """
    key = f" {name_key(text)} "
    definitions: dict[str, Counter[str]] = {}
    spelled: dict[tuple[str, str], Abbreviation] = {}
    for passage in _defining(reader, text):
        for found in defined(passage):
            short, long = name_key(found.short), name_key(found.long)
            definitions.setdefault(short, Counter())[long] += 1
            spelled.setdefault((short, long), found)
    own = {name_key(found.short) for found in defined(text)}
    meant = ((short, counts.most_common(1)[0][0]) for short, counts in definitions.items() if short not in own)
    return [spelled[pair] for pair in meant if sum(_has(key, form) for form in pair) == 1]


def _has(key: str, form: str) -> bool:
    return f" {form} " in key or f" {form}s " in key


def with_abbreviations(reader: IndexReader, known: Treatments, reading: Reading, subject: Subject) -> Reading:
    """A reading with the abbreviations of a query. Both forms count as one term: notes with the other form have the
    query's words for it too, and as words they count: no more in a title than in a text.
    """
    found = [entry for entry in abbreviations(reader, subject.text) if not _is_one_concept(known.concepts, entry)]
    if not found:
        return reading
    weights = {note: dict(own) for note, own in reading.weights.items()}
    for entry in found:
        for word in _own_words(subject, entry):
            having = reader.catalog.full_text.frequency(match_expression([word]), MOST_CHUNKS)
            rarity = idf(reader.chunk_count, having)
            treatment = look_up(reader, [entry.short, entry.long], rarity, title_factor=1.0)
            for note, weight in treatment.notes.items():
                weights.setdefault(note, {})[word] = weight
    names = {f"{entry.long} ({entry.short})": 1.0 for entry in found}
    vector = _with_long_forms(reader, reading, subject, found)
    return replace(reading, concepts=names | dict(reading.concepts), vector=vector, weights=weights)


def _with_long_forms(
    reader: IndexReader, reading: Reading, subject: Subject, found: Sequence[Abbreviation]
) -> FloatArray | None:
    """The mean `(dim,)` of the vectors of a reading and of the query with its abbreviations written out; None without
    either.
    """
    written_out = subject.text
    for entry in found:
        written_out = re.sub(rf"(?<!\w){re.escape(entry.short)}s?(?!\w)", entry.long, written_out, flags=re.IGNORECASE)
    if written_out == subject.text:
        return reading.vector
    vector = reader.encoder.encode_query(written_out)
    return vector if reading.vector is None else 0.5 * (vector + reading.vector)


def _own_words(subject: Subject, entry: Abbreviation) -> list[str]:
    """The words of a query that belong to an abbreviation."""
    return [word for word in subject.words if _forms_of(word) & _forms_of(f"{entry.short} {entry.short}s {entry.long}")]


def _is_one_concept(concepts: Concepts, entry: Abbreviation) -> bool:
    """Whether both forms are names of a concept, which is read in any case."""
    return bool(set(concepts.named(entry.short)) & set(concepts.named(entry.long)))


def _forms_of(words: str) -> set[str]:
    return set(name_key(words).split())


def _defining(reader: IndexReader, text: str) -> list[str]:
    """The texts of passages that may define an abbreviation of a query."""
    words = _TOKEN.findall(text)
    full_text = reader.catalog.full_text
    shorts = [word for word in words if _is_short(_singular(word)) or word == text.strip()]
    found: list[str] = []
    for short in map(_singular, shorts):
        for written in (f"({short}", f"{short} ("):
            found += full_text.texts(match_expression([short]), MOST_TEXTS, AMONG, written)
    runs = _runs_by_initials(name_key(text).split())
    phrases = [
        phrase
        for short in full_text.known(list(runs), AMONG)
        for long in runs[short]
        for phrase in (f"{long} {short}", f"{short} {long}")  # FTS5 does not see the brackets
    ]
    if phrases:
        found += full_text.texts(match_expression(phrases), MOST_TEXTS, AMONG)
    return list(dict.fromkeys(found))


def _runs_by_initials(words: Sequence[str]) -> dict[str, list[str]]:
    """The runs of words of a query that may be long forms, by their initials, with those of stopwords and without."""
    runs: dict[str, list[str]] = {}
    for start, end in combinations(range(len(words) + 1 if len(words) <= MOST_WORDS else 0), 2):
        run = words[start:end]
        if 1 < len(run) <= MOST_LONG_WORDS and not {run[0], run[-1]} & STOPWORDS:
            for short in {*_initials(run)}:
                runs.setdefault(short, []).append(" ".join(run))
    return runs


def _initials(words: Sequence[str]) -> Iterator[str]:
    yield "".join(word[0] for word in words)
    telling = [word[0] for word in words if word not in STOPWORDS]
    if SHORTEST <= len(telling) < len(words):
        yield "".join(telling)
