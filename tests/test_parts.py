"""Long notes, which an outline chooses from part by part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.knowledge import KnowledgeBase
from kb.models import Encoder, Filter
from kb.outline.parts import LONG, Part, is_a_map, parts_of

Write = Callable[[str, str], Path]

SENTENCE = "The stripes of a zebra are as different from those of another as fingerprints are. "
CHAPTERS = ("Zebras", "Okapis", "Giraffes", "Gnus")


def chapter(name: str, sections: int = 12) -> str:
    return f"## {name}\n\n" + "".join(f"### {name} {n}\n\n{SENTENCE * 3}\n\n" for n in range(sections))


def parts(knowledge: KnowledgeBase) -> list[Part]:
    return knowledge._index.read(
        lambda reader: parts_of(reader, reader.catalog.notes_by_id(reader.passing(Filter()).notes))
    )


def numbered(found: list[Part], path: str) -> list[tuple[int, int]]:
    """The number of each part of a note, and how many passages it has."""
    return [(part.number, len(part.rows)) for part in found if part.note.path == path]


@pytest.fixture
def filled(knowledge: KnowledgeBase, write: Write) -> KnowledgeBase:
    start = "---\narea: gnn\n---\n# Animals\n\nAll of them.\n\n"
    write("notes/book.md", start + "".join(map(chapter, CHAPTERS)))
    write("notes/short.md", start + "".join(chapter(name, 2) for name in CHAPTERS))
    write("notes/plain.md", start + f"{SENTENCE * 4}\n\n" * (LONG + 20))
    write("notes/thick.md", start + chapter("Zebras", LONG + 5) + chapter("Okapis", 2) + chapter("Gnus", 2))
    knowledge.add(["notes"])
    return knowledge


def test_a_long_note_is_divided_by_its_headings(filled: KnowledgeBase) -> None:
    """Each chapter is a part; a short note, and a long one without headings, are whole."""
    found = parts(filled)
    assert [count for _, count in numbered(found, "notes/book.md")][-4:] == [12, 12, 12, 12]
    assert [number for number, _ in numbered(found, "notes/short.md")] == [0]
    assert [number for number, _ in numbered(found, "notes/plain.md")] == [0]


def test_a_long_part_is_divided_again(filled: KnowledgeBase) -> None:
    """A chapter that is long itself is divided by the headings below it; the others stay whole."""
    counts = [count for _, count in numbered(parts(filled), "notes/thick.md")]
    assert (max(counts), counts[-2:]) == (2, [2, 2])


def test_no_passage_is_in_two_parts_or_in_none(filled: KnowledgeBase) -> None:
    """The parts of the notes hold each passage once, under ids of their own."""
    found = parts(filled)
    rows = sorted(row for part in found for row in part.rows)
    assert rows == list(range(len(rows)))
    assert len({part.id for part in found}) == len(found)
    assert {part.note.path for part in found} == {f"notes/{name}.md" for name in ("book", "short", "plain", "thick")}


@pytest.mark.model
def test_an_outline_takes_sections_from_the_chapters_of_a_long_note(
    default_model: None, notebook: Path, write: Write
) -> None:
    """Chapters on a topic are sections of their own, and those about something else are left out."""
    on_topic = {
        "Continuous batching": "Serving LLMs is cheaper where requests join the batch that a model runs already.",
        "Paged attention": "A server of LLMs that keeps the KV cache in pages wastes little memory of its GPU.",
        "Speculative decoding": "Serving LLMs is faster where a small model drafts tokens that the large one verifies.",
        "Quantised weights": "With weights of four bits, serving an LLM costs a GPU with a quarter of the memory.",
    }
    off_topic = {
        "Network cables": "A cable of copper carries a signal over a few metres before it has to be amplified again.",
        "File systems": "A file system keeps the names of files apart from the blocks in which their bytes are stored.",
        "Shell prompts": "The prompt of a shell can show the folder that it is in and the branch of the repository.",
    }
    text = "# Handbook\n\n"
    for heading, claim in {**on_topic, **off_topic}.items():
        text += f"## {heading}\n\n{claim}\n\n" + "".join(
            f"### {heading}, case {n}\n\n{claim} This is case {n} of {heading.lower()}.\n\n" for n in range(7)
        )
    write("notes/handbook.md", "---\narea: llm\n---\n" + text)
    write("notes/other.md", "---\narea: llm\n---\n# LLM serving\n\nServing language models is bound by memory.\n")
    with KnowledgeBase(notebook) as knowledge:
        knowledge.add(["notes"])
        sections = knowledge.outline("serving LLMs cheaply").sections
    lines = dict(enumerate(text.splitlines(), start=4))
    chapters = {
        next(lines[n] for n in range(point.start_line, 3, -1) if lines[n].startswith("## ")).removeprefix("## ")
        for section in sections
        for point in section.points
        if point.path == "notes/handbook.md"
    }
    assert len(chapters & on_topic.keys()) >= 3
    assert not chapters & off_topic.keys()
    assert len(sections) >= 3


ENTRIES = ["zebras", "okapis", "giraffes", "gnus", "lions", "dogs"]


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        (
            "# Contents\n\n" + "\n".join(f"{n}. [{name}](animals/{name}): a chapter" for n, name in enumerate(ENTRIES)),
            True,
        ),
        ("Start here.\n\n" + "\n".join(f"- **[[{name}]]** - what they eat" for name in ENTRIES), True),
        ("\n".join(f"* [ ] https://example.org/{name}" for name in ENTRIES), True),
        ("\n".join(f"- They eat what [{name}](animals/{name}) leave." for name in ENTRIES), False),
        ("\n".join(f"[[{name}]] eat grass." for name in ENTRIES[:2]), False),
        ("\n".join([*(f"- [[{name}]]" for name in ENTRIES), *([SENTENCE] * 7)]), False),
    ],
    ids=["numbered", "bold", "addresses", "sentences", "few", "half"],
)
def test_a_page_that_leads_to_others_is_a_map(text: str, leads: bool) -> None:
    """An index, a reading list: most of its lines begin with a link. Sentences with links are no map."""
    assert is_a_map([text]) == leads


@pytest.mark.model
def test_a_map_is_no_evidence(write: Write, notebook: Path, real_encoder: Encoder) -> None:
    """The index of a course mentions what its chapters are about, and an outline cites these."""
    start = "---\narea: gnn\n---\n# "
    chapters = {
        "sampling": "Neighbour sampling keeps the training of a graph neural network on a large graph affordable.",
        "partition": "Partitioning a large graph lets a graph neural network train on one part of it after the other.",
    }
    for name, text in chapters.items():
        write(f"notes/{name}.md", f"{start}{name.title()}\n\n{text}\n")
    entries = "".join(f"- [{name}]({name}.md): training a graph neural network on a large graph\n" for name in ENTRIES)
    write("notes/index.md", f"{start}Training graph neural networks\n\nThese are notes on large graphs.\n\n{entries}")
    knowledge = KnowledgeBase(notebook, encoder=real_encoder)
    knowledge.add(["notes"])
    cited = {path for section in knowledge.outline("training on large graphs").sections for path in section.notes}
    assert cited == {"notes/sampling.md", "notes/partition.md"}
