"""Notes that name words of a topic, but not what it is about, are not cited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.index.reader import IndexReader
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.outline.evidence import _bearing, gather
from kb.outline.parts import Part
from kb.outline.relevance import FOUND_SHARE, NEAR_SHARE
from kb.outline.topics.naming import Naming, naming_of
from kb.outline.topics.subjects import Subject, subjects_of
from kb.outline.topics.topic import read_topic

Write = Callable[[str, str], Path]


def note(title: str, *sentences: str) -> str:
    """A note with a section for each sentence."""
    sections = "\n".join(f"## Part {number}\n\n{text}\n" for number, text in enumerate(sentences))
    return f"---\narea: llm\n---\n# {title}\n\n{sections}"


NOTES = {
    "lora": note(
        "LoRA",
        "Fine-tuning with LoRA trains two small matrices beside each frozen weight of the language model.",
        "Fine-tuning this way needs a third of the memory of a GPU that full training takes.",
        "The rank of the matrices matters less than which weights of the model get them.",
        "After fine-tuning the matrices are added to the weights, so that inference costs nothing more.",
    ),
    "qlora": note(
        "QLoRA",
        "Fine-tuning through weights of 4 bits fits a language model of 65 billion weights on one GPU.",
        "Optimizer states move to the memory of the host when the GPU has none left.",
        "Quantised weights are expanded to 16 bits whenever fine-tuning multiplies by them.",
        "The quality of the tuned model is that of fine-tuning in 16 bits.",
    ),
    "ring": note(
        "Gradient rings",
        "Each GPU sends one chunk of its gradients to the right and receives one from the left.",
        "A GPU owns one summed chunk of the gradients after as many steps as there are machines.",
        "The bandwidth that one GPU needs does not grow with the number of GPUs in the ring.",
        "One slow GPU holds up all the others of the language model's training, since the ring waits for it.",
    ),
}


@pytest.mark.model
@pytest.mark.parametrize(
    "more",
    ["", "\nFine-tuning on one GPU needs no ring.\n", "\nThe [[lora]] note has the matrices.\n"],
)
def test_other_words_of_a_topic_do_not_make_a_note_bear_on_it(
    write: Write, notebook: Path, real_encoder: Encoder, more: str
) -> None:
    """A note with the words "one" and "GPU" is not about fine-tuning on one GPU, even if one passage mentions that, or
    links to a note that is.
    """
    for name, text in NOTES.items():
        write(f"notes/{name}.md", text + (more if name == "ring" else ""))
    knowledge = KnowledgeBase(notebook, encoder=real_encoder)
    knowledge.add(["notes"])
    cited = {path for section in knowledge.outline("Fine-tuning LLMs on one GPU").sections for path in section.notes}
    assert cited == {"notes/lora.md", "notes/qlora.md"}


def test_a_name_that_most_notes_have_says_little(write: Write, notebook: Path, encoder: Encoder) -> None:
    """Where most notes say "graph" and one says "sampling", the latter weighs more in how much of a note names a
    topic of both.
    """
    for name, word in [("first", "graph"), ("second", "graph"), ("third", "graph"), ("fourth", "sampling")]:
        write(f"notes/{name}.md", note(name.title(), f"It is about {word}.", "It is about something else."))
    knowledge = KnowledgeBase(notebook, encoder=encoder)
    knowledge.add(["notes"])

    def densities(reader: IndexReader) -> dict[str, float]:
        notes = {id: note.path for id, note in reader.catalog.notes_by_id(reader.passages().rows).items()}
        named = naming_of(reader, [Subject("graph"), Subject("sampling")], notes)
        return {notes[id]: density for id, density in named.densities.items()}

    found = knowledge._index.read(densities)
    assert found["notes/fourth.md"] > found["notes/first.md"] > 0


def test_a_topic_of_names_asks_for_the_notes_named_after_them(write: Write, notebook: Path, encoder: Encoder) -> None:
    """Where a topic is two names after which notes are named, others bear on it that name both in a passage, not those
    that name one in a title's second half or as part of another name, or both far apart; these
    do not count as mentioning it either.
    """
    titles = {
        "gcn": "GCN: a layer that averages",
        "gat": "GAT and GATv2",
        "cluster": "Cluster-GCN: batches of clusters",
        "saint": "GraphSAINT: sample, then train a complete GCN",
        "both": "A year of benchmarks",
        "apart": "A year of models",
    }
    sentences = {
        "both": ("GCN and GAT tie on small graphs.", "GCN and GAT tie again."),
        "apart": ("GCN takes a matrix.", "GAT takes a vector."),
    }
    for name, title in titles.items():
        subject = title.split(":")[0]
        first, second = sentences.get(name, (f"{subject} takes a matrix.", f"{subject} takes it again."))
        write(f"notes/{name}.md", note(title, first, second, "It has layers.", "It has a cost."))
    knowledge = KnowledgeBase(notebook, encoder=encoder)
    knowledge.add(["notes"])

    def named(reader: IndexReader) -> list[set[str]]:
        notes = {id: Path(note.path).stem for id, note in reader.catalog.notes_by_id(reader.passages().rows).items()}
        found = naming_of(reader, subjects_of(reader, "From GCN to graph attention"), notes)
        return [{notes[id] for id in ids} for ids in (found.bearing, found.mentioning)]

    assert knowledge._index.read(named) == [{"gcn", "gat", "both"}] * 2


def test_what_is_as_relevant_and_as_near_as_any_bears_on_a_topic_that_it_does_not_name(
    write: Write, notebook: Path, encoder: Encoder
) -> None:
    """A note that names nothing of the topic bears on it by nearly the best relevance and nearly the best relatedness
    together, or if a note that surely bears on it links to it and it is half as related.
    """
    names = ("best", "found", "far", "weak", "linked", "linking")
    links = {"best": "See [[linked]].", "linking": "See [[best]]."}
    for name in names:
        text = note(name.title(), "It has layers.", "It has a cost.", "It is old.", "It is new.")
        write(f"notes/{name}.md", text + links.get(name, ""))
    knowledge = KnowledgeBase(notebook, encoder=encoder)
    knowledge.add(["notes"])

    def bearing(reader: IndexReader) -> set[str]:
        notes = reader.catalog.notes_by_id(reader.passages().rows)
        ids = {Path(note.path).stem: id for id, note in notes.items()}
        parts = [Part(notes[ids[name]], reader.passages().rows[ids[name]]) for name in names]
        shares = {"best": 1.0, "found": FOUND_SHARE, "far": FOUND_SHARE, "weak": FOUND_SHARE - 0.1}
        shares |= {"linked": 0.4, "linking": 0.4}
        related = {"best": 2.0, "found": 2.0 * NEAR_SHARE, "far": 1.0, "weak": 2.0, "linked": 1.0, "linking": 1.0}
        best = {ids["best"]}
        found = _bearing(
            read_topic(reader, "layers"),
            parts,
            {ids[name]: share for name, share in shares.items()},
            best,
            Naming({}, {}, bearing=best, mentioning=best, titled=best),
            {ids[name]: value for name, value in related.items()},
        )
        return {name for name in names if ids[name] in found}

    assert knowledge._index.read(bearing) == {"best", "found", "linked"}


@pytest.mark.model
def test_what_bears_most_on_a_topic_comes_first(write: Write, notebook: Path, real_encoder: Encoder) -> None:
    """The evidence for a topic is in the order of how much its notes bear on it, whatever the order of their paths."""
    write("notes/a.md", NOTES["qlora"])
    write("notes/b.md", NOTES["lora"])
    knowledge = KnowledgeBase(notebook, encoder=real_encoder)
    knowledge.add(["notes"])
    found = knowledge._index.read(lambda reader: gather(reader, read_topic(reader, "From LoRA to QLoRA"), ())[0])
    shares = {entry.note.path: entry.share for entry in found}
    assert len(shares) == 2
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
