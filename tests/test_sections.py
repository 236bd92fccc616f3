"""From passages to sections: every point is quoted, none twice, and statements without a section are leftovers."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from conftest import HashingEncoder

from kb.areas.concepts import Concepts, load_concepts
from kb.index.batch import chunk_records
from kb.models import AreaVerdict, NoteFile, NoteRecord
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.notes.prose import clean
from kb.outline.headings import headings, is_part
from kb.outline.naming.titles import shortened, subject
from kb.outline.points import Excerpt
from kb.outline.questions import open_questions
from kb.outline.sections import Skeleton, build_sections

ENCODER = HashingEncoder()
SUBJECTS = {
    "cache": "cache memory block page token key value",
    "smooth": "layer node average oscillate laplacian depth similar",
    "tower": "user item dot product negative sample retrieval",
    "drift": "monitor alert window distribution histogram threshold label",
}


def note_text(words: str, number: int) -> str:
    """A note of two headings with six sentences, all of one subject and all different."""
    parts = words.split()
    sentences = [
        f"The {parts[(number + k) % 7]} of the {parts[(number + 2 * k + 1) % 7]} was measured at {number}{k} "
        f"by the {parts[(k + 3) % 7]} of the {parts[(k + 5) % 7]}."
        for k in range(6)
    ]
    head = words.split()[number % 7].title()
    first, second = " ".join(sentences[:3]), "\n".join(f"- {sentence}" for sentence in sentences[3:])
    return f"# {head} one\n\n{first}\n\n# {head} two\n\n{second}\n"


NOTES = {f"notes/{name}-{n}.md": note_text(words, n) for name, words in SUBJECTS.items() for n in range(3)}


def excerpts_of(notes: dict[str, str]) -> list[Excerpt]:
    """Every passage of some notes."""
    verdict = AreaVerdict(
        area="gnn", confidence=1, unsure=False, decided_by="flag", also=None, runner_up="llm", margin=1, scores={}
    )
    found: list[Excerpt] = []
    for path, text in notes.items():
        note = parse_note(NoteFile(path=path, size=0, mtime_ns=0, text=text, sha256=""))
        fields = note.model_dump(
            include={"path", "sha256", "title", "date", "tags", "authors", "sources", "references", "links"}
        )
        record = NoteRecord(id=path, size=0, mtime_ns=0, area="gnn", kind="note", verdict=verdict, **fields)
        chunks = chunk_note(note, ENCODER.count_tokens, ENCODER.max_tokens)
        found.extend(Excerpt(record, chunk) for chunk in chunk_records(path, chunks, "test"))
    return found


def build(notes: dict[str, str], topic: str = "cache layer user monitor", wanted: int | None = None) -> Skeleton:
    excerpts = excerpts_of(notes)
    vectors = ENCODER.encode([entry.chunk.text for entry in excerpts])
    order = np.argsort(-(vectors @ ENCODER.encode_query(topic)), kind="stable")
    ranked = [excerpts[index] for index in order]
    return build_sections(ranked, vectors[order], ENCODER.encode_query(topic), ENCODER, wanted)


def test_points_are_quoted() -> None:
    """Every point is one statement of the note at its address, with the hash of its text."""
    points = [point for section in build(NOTES).sections for point in section.points]
    assert len({point.path for point in points}) >= 2
    for point in points:
        lines = NOTES[point.path].split("\n")
        assert 1 <= point.start_line <= point.end_line <= len(lines)
        assert point.text in clean("\n".join(lines[point.start_line - 1 : point.end_line]))
        assert point.sha256 == hashlib.sha256(" ".join(point.text.split()).encode()).hexdigest()


def test_sections_are_whole() -> None:
    """A section has a heading of its own, points, and names exactly the notes that it quotes."""
    sections = build(NOTES).sections
    headings = [section.heading for section in sections]
    assert len(sections) >= 2
    assert len(set(headings)) == len(headings)
    for section in sections:
        assert section.heading.strip()
        assert section.points
        assert set(section.notes) == {point.path for point in section.points}


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        (
            "A network of three stages for finding small nodules in many scans",
            "A network of three stages for finding small nodules",
        ),
        (
            "Counting many small bright round cells in large old faded pictures",
            "Counting many small bright round cells",
        ),
        ("Small nodules: a network of three stages that finds them in scans", "Small nodules"),
        ("One two three four five six seven eight nine ten", "One two three four five six seven eight nine"),
        ("Which of the many small bright round cells are worth counting in pictures?", ""),
        ("Which of the small cells are worth counting?", "Which of the small cells are worth counting?"),
    ],
)
def test_a_long_title_is_cut_between_phrases(title: str, heading: str) -> None:
    """A heading has no part of a phrase, unless its title is all one phrase, and no part of a question."""
    assert shortened(title) == heading


@pytest.mark.parametrize(
    ("titles", "link", "paired"),
    [
        (("Silt", "Morse"), "", False),
        (("Silt", "Morse"), "The gauge at the lock sends morse, too.", True),
        (("Silt", "Morse"), "The gauge at the lock sends morsels, too.", False),
        (("Silt gauge", "Ice gauge"), "", True),
    ],
)
def test_two_subjects_are_a_heading_if_they_belong_together(titles: tuple[str, str], link: str, paired: bool) -> None:
    """Two notes that merely share a section do not both name it."""
    first, second = titles
    excerpts = excerpts_of(
        {
            "a.md": f"# {first}\n\n{first} settles where the current of the river is weak. {link}",
            "b.md": f"# {second}\n\n{second} needs a lamp that opens and closes quickly.",
        }
    )
    vectors = ENCODER.encode([first, second])
    (name,) = headings([[0, 1]], excerpts, vectors, vectors.mean(axis=0), ENCODER, Concepts(()))
    assert (name.casefold() == f"{first} and {second}".casefold()) == paired


def test_nothing_is_said_twice() -> None:
    """A statement that several notes make is quoted once and is not a leftover as well."""
    copies = NOTES | {path.replace(".md", "-copy.md"): text for path, text in NOTES.items()}
    skeleton = build(copies)
    said = [point.text for section in skeleton.sections for point in section.points]
    assert len(set(said)) == len(said)
    assert not {place.text for place in skeleton.leftovers} & set(said)


def test_leftovers_have_addresses() -> None:
    """What is left over is quoted as well."""
    for place in build(NOTES, wanted=2).leftovers:
        lines = NOTES[place.path].split("\n")
        assert place.text in clean("\n".join(lines[place.start_line - 1 : place.end_line]))


@pytest.mark.parametrize("wanted", [1, 2, 3, 4])
def test_wanted_sections(wanted: int) -> None:
    """There are as many sections as the writer wants where the notes have as many subjects."""
    assert len(build(NOTES, wanted=wanted).sections) == wanted


def test_same_notes_same_outline() -> None:
    """The same passages give the same sections each time."""
    assert build(NOTES) == build(NOTES)


@pytest.mark.parametrize(
    ("path", "is_judged", "is_cited"), [("a", True, False), ("b", True, True), ("b", False, False)]
)
def test_what_is_far_from_the_topic_is_left_out(path: str, is_judged: bool, is_cited: bool) -> None:
    """A section that shares no word with the topic is not in the outline if its note has one that does, or was not
    judged as a whole; what a note chosen for the topic says in other words stays.
    """
    near = "A cache layer user has a monitor.\n\nThe layer cache user is a cache monitor.\n"
    far = "Brown horses gallop over green hills.\n\nGreen hills bring brown horses a valley.\n"
    texts = {"a": f"# Near\n\n{near}\n"}
    texts[path] = texts.get(path, "") + f"## Horses\n\n{far}"
    found = excerpts_of({f"notes/{name}.md": text for name, text in texts.items()})
    excerpts = [replace(entry, is_judged=is_judged, share=0.5) for entry in found]
    vectors = ENCODER.encode([entry.chunk.text for entry in excerpts])
    skeleton = build_sections(excerpts, vectors, ENCODER.encode_query("cache layer user monitor"), ENCODER, 2)
    said = " ".join(point.text for section in skeleton.sections for point in section.points)
    assert "cache" in said
    assert ("horses" in said) == is_cited


@pytest.mark.parametrize(
    "text",
    [
        "# A\n\nShort.\n",
        "```python\nprint('the cache of the layer was measured here by the user')\n```\n",
        "| the cache | the layer |\n| --- | --- |\n| one | two |\n",
        "# Open questions\n\n- Was the cache of the layer measured by the user of the item at all?\n",
        "The cache of the layer was measured as follows by the user:\n",
    ],
    ids=["too short", "code", "table", "question", "lead-in"],
)
def test_not_worth_quoting(text: str) -> None:
    """Fragments, code, tables, questions and lead-ins are not made points, and alone they make no section."""
    skeleton = build({"notes/a.md": text})
    assert not [point for section in skeleton.sections for point in section.points]


def test_open_questions() -> None:
    """Questions and TODOs are found at their lines; statements are not taken for them."""
    text = "# Open\n\nCaches work. Why do caches work?\n\n- TODO: measure it\n- what of depth?\n- done\n"
    chunk = excerpts_of({"notes/a.md": text})[0].chunk
    assert [(entry.text, entry.start_line) for entry in open_questions(chunk)] == [
        ("Why do caches work?", 3),
        ("TODO: measure it", 5),
        ("what of depth?", 6),
    ]


def test_what_is_little_to_the_point_does_not_make_a_section() -> None:
    """Notes on different subjects that bear little on the topic share no section, in which the points of one would
    stand under the heading of another.
    """
    near = {path: text for path, text in NOTES.items() if "cache" in path}
    far = {path: text for path, text in NOTES.items() if "cache" not in path}
    known = [*excerpts_of(near), *(replace(entry, share=0.31) for entry in excerpts_of(far))]
    vectors = ENCODER.encode([entry.chunk.text for entry in known])
    topic = ENCODER.encode_query(SUBJECTS["cache"])
    found = build_sections(known, vectors, topic, ENCODER, 4)
    subjects = [{path.partition("-")[0] for path in section.notes} for section in found.sections]
    assert all(len(subject) == 1 for subject in subjects), subjects


def test_sections_of_one_note_have_the_names_that_suit_both() -> None:
    """A section takes no title that says more of another one, where the other's name suits itself."""
    (lock,) = excerpts_of({"a.md": "# Tide gauges\n\n## Locks upriver with gauges\n\nA lock is a gate."})
    title, heading = ENCODER.encode(["Tide gauges", "Locks upriver with gauges"])
    vectors = np.stack([title + heading * np.float32(0.8), title])
    names = headings([[0], [1]], [lock, lock], vectors, title * 0, ENCODER, Concepts(()))
    assert names == ["Locks upriver with gauges", "Tide gauges"]


def test_what_titles_share_names_their_section() -> None:
    """Where several notes make a section, a phrase of their titles or a concept that they name is its heading rather
    than the title of one; the name of a whole area, or what the notes of other sections share too, is none.
    """
    notes = {
        "a.md": "# Silt gauges of the lower river\n\nA language model reads the silt gauge once in an hour.",
        "b.md": "# Reading silt gauges by lamp\n\nA language model reads the silt gauge once at night.",
        "c.md": "# Repairing silt gauges: a diary\n\nA language model reads the silt gauge once it is dry.",
        "d.md": "# Morse by lamp\n\nA language model reads morse.",
        "e.md": "# Morse lamps\n\nA language model sends morse.",
    }
    excerpts = excerpts_of(notes)
    vectors = ENCODER.encode([f"{entry.note.title} {entry.chunk.text}" for entry in excerpts])
    first, second = headings([[0, 1, 2], [3, 4]], excerpts, vectors, vectors.mean(axis=0), ENCODER, load_concepts())
    assert first == "Silt gauges"
    assert "Morse" in second


def test_what_titles_share_is_no_piece_of_a_name() -> None:
    """Words after which every title goes on are no heading."""
    notes = {
        "a.md": "# Slow tidal gauges\n\nA gauge reads the tide once in an hour.",
        "b.md": "# Slow tidal pumps\n\nA pump reads the tide once at night.",
    }
    excerpts = excerpts_of(notes)
    vectors = ENCODER.encode(["slow tidal", "slow tidal"])
    (name,) = headings([[0, 1]], excerpts, vectors, vectors.mean(axis=0), ENCODER, Concepts(()))
    assert name != "Slow tidal"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("DLRM, a reference architecture for recommendation", "DLRM"),
        ("Retrieval-augmented generation, the original", "Retrieval-augmented generation"),
        ("Describe, Explain, Plan and Select: planning with models", "Describe, Explain, Plan and Select"),
        ("Batching, caching and paging", "Batching, caching and paging"),
        ("Reasoning models guide", "Reasoning models"),
        ("Overview", "Overview"),
    ],
)
def test_a_comma_ends_a_subject_only_before_its_explanation(title: str, name: str) -> None:
    """Of a list, the first entry is not the subject."""
    assert subject(title) == name


def test_no_section_is_named_like_the_topic() -> None:
    """What all notes share is no name where it is what was asked for; and a heading that says little of its section
    gives way to one that does.
    """
    notes = {
        "a.md": "# Silt gauges of the lower river\n\n## Care\n\nThe silt gauge is read once in an hour.",
        "b.md": "# Reading silt gauges by lamp\n\n## Care\n\nThe silt gauge is read once at night.",
    }
    excerpts = excerpts_of(notes)
    vectors = ENCODER.encode([f"{entry.note.title} {entry.chunk.text}" for entry in excerpts])
    for topic, named in (("tides", True), ("a silt gauge", False)):
        (name,) = headings([[0, 1]], excerpts, vectors, vectors.mean(axis=0), ENCODER, Concepts(()), topic)
        assert (name == "Silt gauges") == named
        assert name != "Care"


@pytest.mark.parametrize(("asked", "count"), [("What does the gauge do well", 3), ("为什么需要它", 2)])
def test_no_section_is_named_by_a_template(asked: str, count: int) -> None:
    """A heading that note after note has is a form that was filled in; the title says what the section is about."""
    titles = ["River gauges", "Harbour lamps", "Fog horns"][:count]
    notes = {f"{name}.md": f"# {name}\n\n## {asked}\n\n{name} read silt once in an hour at night." for name in titles}
    excerpts = excerpts_of(notes)
    vectors = ENCODER.encode([f"{asked} {entry.chunk.text}" for entry in excerpts])
    found = headings(
        [[index] for index in range(count)], excerpts, vectors, vectors.mean(axis=0), ENCODER, Concepts(())
    )
    assert found == titles


def test_two_sections_of_one_note_have_its_name_and_their_own() -> None:
    """The second is named by the note and the heading above its passages, not by that heading alone."""
    silt, morse = "River gauges read silt in spring.", "River gauges send morse at night."
    text = f"# River gauges\n\n## Silt\n\n{silt}\n\n## Morse\n\n{morse}"
    excerpts = excerpts_of({"a.md": text})
    vectors = ENCODER.encode([f"River gauges {entry.chunk.text}" for entry in excerpts])
    found = headings([[0], [1]], excerpts, vectors, vectors.mean(axis=0), ENCODER, Concepts(()))
    assert len(set(found)) == 2
    assert all(name.startswith("River gauges") for name in found), found


def test_a_common_word_does_not_keep_longer_names_out() -> None:
    """One word is a part of another name only where that begins with it."""
    assert not is_part("Batch training", ["Training"])
    assert is_part("Training: the loss of a run", ["The loss of a run"])
    assert is_part("LoRA and QLoRA", ["LoRA"])
    assert not is_part("LoRA: limits", ["LoRA"])


def test_a_section_is_named_by_a_heading_above_its_points() -> None:
    """A heading that none of the points stands below is no name of their section, however near its passages are."""
    silt, morse = "River gauges read silt in spring.", "River gauges send morse at night."
    excerpts = excerpts_of({"a.md": f"# River gauges\n\n## Silt\n\n{silt}\n\n## Morse code\n\n{morse}"})
    passages = [entry.chunk for entry in excerpts]
    vectors = ENCODER.encode(["Morse code", "Morse code"])
    for quoted, named in (([passages[0], passages[0]], False), ([passages[1], passages[1]], True)):
        (name,) = headings([[0, 1]], excerpts, vectors, vectors[0], ENCODER, Concepts(()), quoted=[quoted])
        assert ("Morse" in name) == named, name
