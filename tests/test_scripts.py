"""A topic in a script that the encoder cannot read is about the notes that have its words, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.errors import EvidenceError
from kb.index.encoder.script import is_read
from kb.knowledge import KnowledgeBase
from kb.models import Encoder

Write = Callable[[str, str], Path]

UNREAD = [
    "推荐系统的召回",
    "大規模言語モデルの学習",
    "대규모 언어 모델의 학습",
    "การเรียนรู้ของเครื่อง",
    "الشبكات العصبية",
    "обучение нейронных сетей",
    "μηχανική μάθηση",
]
READ = ["graph attention", "RLHF to DPO", "Überwachung der Trainingsläufe", "α-β pruning", "k8s", "2024", "học máy"]


@pytest.mark.model
def test_the_tokenizer_tells_which_scripts_are_read(real_encoder: Encoder) -> None:
    """An English model knows words of the Latin script, whatever their language and accents, and of no other."""
    assert [text for text in UNREAD if real_encoder.reads(text)] == []
    assert [text for text in READ if not real_encoder.reads(text)] == []


def test_tokens_of_several_letters_are_read() -> None:
    """A known token of several letters or of a Chinese character is read; pieces of a letter are not."""
    assert is_read("обучение", [(0, 4), (4, 8)])
    assert not is_read("обучение", [(place, place + 1) for place in range(8)])
    assert is_read("召回", [(0, 1), (1, 2)])
    assert not is_read("召回", [(0, 1), (0, 1), (0, 1), (1, 2), (1, 2)])
    assert not is_read("召回", [])
    assert is_read("", [])


@pytest.fixture
def library(write: Write, notebook: Path, real_encoder: Encoder) -> KnowledgeBase:
    """Notes in two scripts, of which two are on gradients in Russian."""
    bodies = {
        "Спуск": "Градиентный спуск меняет веса сети в сторону меньшей ошибки, а шаг выбирают малым.",
        "Шаг": "Градиентный спуск с малым шагом сходится медленно, а с большим шагом расходится вовсе.",
        "Кран": "Портовый кран поднимает сорок ящиков в час, потому что груз уложен по порядку.",
        "Якорь": "Якорь держит судно на месте, пока ветер не поднимает волну выше двух метров.",
        "Graphs": "A graph convolution averages the features of neighbours, which smooths them layer by layer.",
    }
    for title, body in bodies.items():
        write(f"notes/{title}.md", f"---\narea: llm\n---\n# {title}\n\n{body}\n")
    knowledge = KnowledgeBase(notebook, encoder=real_encoder)
    knowledge.add(["notes"])
    return knowledge


@pytest.mark.model
def test_only_notes_with_its_words_count(library: KnowledgeBase) -> None:
    """Likeness means nothing where the encoder sees letters only."""
    outline = library.outline("градиентный спуск")
    assert {path for section in outline.sections for path in section.notes} == {"notes/Спуск.md", "notes/Шаг.md"}


@pytest.mark.model
@pytest.mark.parametrize("topic", ["обучение с подкреплением", "推荐系统的召回", "якорь"])
def test_a_refusal_names_the_script(library: KnowledgeBase, topic: str) -> None:
    """Where fewer than two notes have the words, the refusal says why and what to do."""
    with pytest.raises(EvidenceError, match=r"in a script that the model does not read.*`kb model list`"):
        library.outline(topic)


@pytest.mark.model
def test_no_good_match_without_its_words(library: KnowledgeBase) -> None:
    """A search in such a script has a good match only where notes have its words."""
    assert not library.search("推荐系统的召回").good_match
    assert library.search("градиентный спуск").good_match
