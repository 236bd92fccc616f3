"""Notes that name words of a topic, but not what it is about, are not cited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.index.reader import IndexReader
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.outline.topics.naming import naming_of
from kb.outline.topics.subjects import Subject

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
    ("said", "more", "is_cited"),
    [
        ("ring", "", False),
        ("ring", "\nFine-tuning on one GPU needs no ring.\n", False),
        ("ring", "\nThe [[lora]] note has the matrices.\n", False),
        ("lora", "\nThe matrices are summed as the [[ring]] note says.\n", True),
    ],
)
def test_other_words_of_a_topic_do_not_make_a_note_bear_on_it(
    write: Write, notebook: Path, real_encoder: Encoder, said: str, more: str, is_cited: bool
) -> None:
    """A note with the words "one" and "GPU" is not about fine-tuning on one GPU, even if one passage
    mentions that, unless it links to a note that is.
    """
    for name, text in NOTES.items():
        write(f"notes/{name}.md", text + (more if name == said else ""))
    knowledge = KnowledgeBase(notebook, encoder=real_encoder)
    knowledge.add(["notes"])
    cited = {path for section in knowledge.outline("Fine-tuning LLMs on one GPU").sections for path in section.notes}
    assert {"notes/lora.md", "notes/qlora.md"} <= cited
    assert ("notes/ring.md" in cited) == is_cited


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
