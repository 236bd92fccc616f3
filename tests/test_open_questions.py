"""Which questions of a note are the writer's own and open, and what references and earlier posts say."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from test_ordering import found, section
from test_sections import excerpts_of

from kb.knowledge import KnowledgeBase
from kb.outline.questions import nearest_questions, open_questions
from kb.outline.references import references


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Open questions\n\n- Does the cache pay below four users?\n", ["Does the cache pay below four users?"]),
        ("# Method\n\nTODO: measure the cache. Both sizes.\n", ["TODO: measure the cache. Both sizes."]),
        ("# Method\n\nHow do I size the cache for two tenants?\n", ["How do I size the cache for two tenants?"]),
        ("# Open questions\n\n- Does it need a second cache as well?\n", []),
        ("# Method\n\nSo what is a language model? It is a distribution over texts.\n", []),
        ("# Method\n\nWhat do I mean by depth? The number of layers.\n", []),
        ("# Method\n\nWho serves the servers?\n", []),
        ("# Open questions\n\n- Can we really expect it to scale to hubs?\n", []),
        ("# Open questions\n\n- Resolution?\n- Which lens?\n", []),
        ("# Open questions\n\n- Is there any theory behind that?\n", []),
        ("# Open questions\n\n- Can we expect the cache to hold them?\n", ["Can we expect the cache to hold them?"]),
        ("# 采样\n\n## 开放问题\n\n- 缓存在四个用户以下还有收益吗？\n", ["缓存在四个用户以下还有收益吗？"]),
        ("# 采样\n\n缓存是什么？缓存是键和值的集合。\n", []),
        ("# Open questions\n\n> Will machines think at last?\n", []),
        ('# Open questions\n\n- "Will machines think at last?"\n', []),
        ("# Open questions\n\n- [x] Does the cache pay below four users?\n", []),
        ("# Method\n\n```python\nx = y if z else None  # why?\n```\n", []),
        ("# Interview questions\n\n- What is a language model to you?\n", []),
        ("# Method\n\nCandidate: Is there a platform that I should use for the cache?\n", []),
        ('# Method\n\nInput: "How do I fill the cache of my neighbour?"\n', []),
        ('# Method\n\nCache check: "Do I have enough keys to answer?"\n', []),
        ('# Method\n\nUnlike size, I take hits to ask for one thing: "How often is a key there?"\n', []),
        ("# Method\n\nQ: How do I fill the cache? A: One key after the other.\n", []),
        (
            "# Caches\n\n## Q&A\n\n### Commonly asked\n\nQ: How do I fill the cache?\n\nIt fills itself.\n",
            [],
        ),
        ("# Questions\n\n- What is the size of the model?\n- Answer: 13B parameters in fp16.\n", []),
    ],
)
def test_open_questions(text: str, expected: list[str]) -> None:
    """Questions count under a heading that announces them, as tasks, or in the first person, unless answered."""
    chunks = [entry.chunk for entry in excerpts_of({"notes/a.md": text})]
    assert [entry.text for chunk in chunks for entry in open_questions(chunk)] == expected


@pytest.mark.parametrize(("title", "count"), [("Caches", 1), ("Caches: interview", 0), ("FAQ on caches", 0)])
def test_a_note_of_answers_leaves_no_questions_open(
    knowledge: KnowledgeBase, write: Callable[[str, str], Path], title: str, count: int
) -> None:
    """The questions of a note that is called an interview, or the like, are somebody else's, under any heading."""
    text = f"---\ntitle: '{title}'\narea: gnn\n---\n## Open questions\n\n- Does the cache pay below four users?\n"
    write("notes/a.md", text)
    knowledge.add(["notes"])
    left = knowledge._index.read(
        lambda reader: nearest_questions(reader, reader.catalog.notes(), reader.encoder.encode_query("caches"))
    )
    assert len(left) == count


def test_gaps_say_what_is_missing() -> None:
    """A gap names the section without numbers, the newest year, and the only source."""
    sections = [section("Caches", "The cache is full.", "notes/a.md")]
    fields = {"area": "llm", "date": datetime.date(2023, 1, 1)}
    texts = [gap.text for gap in found("caches", sections, {"notes/a.md": "The cache is full.\n"}, **fields)]
    assert texts == ["only one source: notes/a.md", "no numbers on Caches", texts[2]]
    assert texts[2].startswith("nothing newer than 2023")


def test_what_most_sections_lack_is_said_once() -> None:
    """Where most sections lack the same, one gap says so of all of them; else each one says which section it is."""
    lacking = [section(f"Cache {number}", "The cache is full.", f"notes/{number}.md") for number in range(4)]
    whole = [section(f"Disk {number}", "The disk has 2 TB.", "notes/0.md", "notes/1.md") for number in range(4)]
    notes = {f"notes/{number}.md": "The cache is full.\n" for number in range(4)}
    texts = [gap.text for gap in found("caches", lacking, notes)]
    assert texts == ["4 of 4 sections have only one source each", "4 of 4 sections have no numbers"]
    assert [gap.section for gap in found("caches", [*lacking[:1], *whole], notes)] == ["Cache 0", "Cache 0"]
    assert len(found("caches", [*lacking, *whole], notes)) == 8


def test_only_notes_that_a_link_names_are_missing() -> None:
    """A missing note goes by its name; files of other folders are none."""
    text = "See [a](paging.md), [b](../../contributors.md), [l](../../pools/pool), [[kernels]] and [c]([d](e.md).\n"
    texts = [
        gap.text
        for gap in found("caches", [section("Caches", "2 MB.", "a.md", "b.md")], {"a.md": text, "b.md": "Full.\n"})
    ]
    assert [text.split(" is linked")[0] for text in texts] == ["kernels", "paging", "e"]


def test_a_note_of_another_spelling_is_not_missing() -> None:
    """A link that names a note without its hyphens, or with capitals, does not lead to a missing note."""
    notes = {
        "notes/a.md": "See [[KV Cache]] and [[Paged Attention]].\n",
        "notes/kv-cache.md": "The cache takes 2 MB.\n",
    }
    texts = [gap.text for gap in found("caches", [section("Caches", "2 MB.", *notes)], notes)]
    assert [text.split(" is linked")[0] for text in texts] == ["Paged Attention"]


def test_a_hyphen_does_not_make_a_gap() -> None:
    """A part of the topic has evidence if a point spells it with a hyphen or names it by its initials."""
    paths = ("notes/a.md", "notes/b.md")
    sections = [section("Depth", "Over-smoothing sets in after 4 layers of an LLM.", *paths)]
    notes = dict.fromkeys(paths, "Depth costs 2 points.\n")
    assert found("oversmoothing, large language models", sections, notes) == []


def test_authors_belong_to_one_work() -> None:
    """The authors of a note are those of the one work that it is about, not of several, nor of its other links."""
    one = "---\nsource: arXiv:2309.06180\nauthors: [Woosuk Kwon]\n---\n# Paging\n\nPages beat [slabs](https://example.org/slabs).\n"
    two = "---\nsources: [arXiv:1911.02150, arXiv:2305.13245]\nauthors: [Noam Shazeer]\n---\n# Heads\n\nFewer heads.\n"
    excerpts = excerpts_of({"notes/one.md": one, "notes/two.md": two})
    notes = list({entry.note.path: entry.note for entry in excerpts}.values())
    quoting = section("Memory", "Pages.", *(note.path for note in notes)).model_copy()
    lines = {entry.note.path: entry.chunk.start_line for entry in excerpts}
    points = tuple(point.model_copy(update={"start_line": lines[point.path]}) for point in quoting.points)
    works, _ = references(notes, excerpts, [quoting.model_copy(update={"points": points})], {})
    assert {work.url.split("/")[-1]: (work.title, work.authors) for work in works} == {
        "2309.06180": ("Paging", ("Woosuk Kwon",)),
        "1911.02150": ("arXiv:1911.02150", ()),
        "2305.13245": ("arXiv:2305.13245", ()),
        "slabs": ("slabs", ()),
    }


@pytest.mark.parametrize(
    "anchor",
    [
        "Timestamp: 02:37",
        "00:12:05",
        "her research",
        "These resources",
        "the course",
        "Link to the paper",
        "L53-L115",
        "🤗 Model",
        "This comment",
        "opened a pull request",
        "using full-text search",
        "full prompt and answer here",
        "extended it",
        "Join now!",
        "arguments",
    ],
)
def test_words_that_name_no_work_are_no_title(anchor: str) -> None:
    """A moment of a video, whose something is, or a piece of a sentence, is not the title of a work; its address
    stands for it.
    """
    text = f"# Paging\n\nPages of memory are kept apart, see [{anchor}](https://a.org/work) for all of it.\n"
    (excerpt,) = excerpts_of({"notes/a.md": text})
    quoting = section("Memory", "Pages.", "notes/a.md")
    points = tuple(point.model_copy(update={"start_line": excerpt.chunk.start_line}) for point in quoting.points)
    works, _ = references([excerpt.note], [excerpt], [quoting.model_copy(update={"points": points})], {})
    assert [work.title for work in works] == ["Paging" if "paper" in anchor else "https://a.org/work"]


def test_a_common_word_may_be_the_name_of_a_work() -> None:
    """A single word in small letters is a title where the address that it links to has it."""
    text = "# Paging\n\nPages of memory are kept apart, see [vmem](https://github.com/annlee/vmem) for all of it.\n"
    (excerpt,) = excerpts_of({"notes/a.md": text})
    quoting = section("Memory", "Pages.", "notes/a.md")
    points = tuple(point.model_copy(update={"start_line": excerpt.chunk.start_line}) for point in quoting.points)
    works, _ = references([excerpt.note], [excerpt], [quoting.model_copy(update={"points": points})], {})
    assert [work.title for work in works] == ["vmem"]


def test_a_person_is_no_work() -> None:
    """A link to somebody's page beside their name is no reference, nor what only the writer's machine serves."""
    text = (
        "# Paging\n\nPages were [Ann Lee](https://github.com/annlee)'s idea, see "
        "[paging](https://github.com/annlee/paging) and [the gauge](http://localhost:4040/jobs).\n"
    )
    (excerpt,) = excerpts_of({"notes/a.md": text})
    quoting = section("Memory", "Pages.", "notes/a.md")
    points = tuple(point.model_copy(update={"start_line": excerpt.chunk.start_line}) for point in quoting.points)
    works, _ = references([excerpt.note], [excerpt], [quoting.model_copy(update={"points": points})], {})
    assert [work.title for work in works] == ["paging"]


def test_the_paper_that_a_note_links_to_has_the_title_of_the_note() -> None:
    """If it is the only one; what was said of it on a social network, and pictures of formulas, are no works."""
    text = (
        "# Paging\n\nPages beat slabs ![f](https://render.example.org/render/math?math=s) by far.\n"
        "[Paper](https://arxiv.org/abs/2309.06180), [Tweet](https://twitter.com/ann/status/12)\n"
    )
    two = f"{text}\n## Slabs\n\nSlabs are older.\n[PDF](https://arxiv.org/abs/2309.06181)\n"
    for note, expected in ((text, ["Paging"]), (two, ["arXiv:2309.06180"])):
        excerpt = excerpts_of({"notes/a.md": note})[0]
        quoting = section("Memory", "Pages.", "notes/a.md")
        points = tuple(point.model_copy(update={"start_line": excerpt.chunk.start_line}) for point in quoting.points)
        sections = [quoting.model_copy(update={"points": points})]
        works, _ = references([excerpt.note], [excerpt], sections, {excerpt.note.id: note})
        assert [work.title for work in works] == expected


@pytest.mark.parametrize(
    ("opening", "cited"),
    [
        ("https://arxiv.org/abs/2309.06180", ["Paging"]),
        ("Paper: <https://arxiv.org/abs/2309.06180>", ["Paging"]),
        ("https://arxiv.org/abs/2309.06180\n\nhttps://arxiv.org/abs/2309.06181", []),
        ("Slabs are older, see https://arxiv.org/abs/2309.06180 for their cost.", []),
    ],
)
def test_a_note_is_about_the_paper_that_its_opening_is_a_link_to(opening: str, cited: list[str]) -> None:
    """Such a note has it among the references, wherever it is quoted; a link in a sentence says nothing of it."""
    text = f"# Paging\n\n{opening}\n\n## Cost\n\nPages of memory are kept apart on every device.\n"
    first, second = excerpts_of({"notes/a.md": text})
    quoting = section("Cost", "Pages.", "notes/a.md")
    points = tuple(point.model_copy(update={"start_line": second.chunk.start_line}) for point in quoting.points)
    sections = [quoting.model_copy(update={"points": points})]
    works, _ = references([first.note], [second], sections, {first.note.id: text})
    assert [work.title for work in works] == cited


def test_a_work_is_cited_where_a_passage_refers_to_its_link() -> None:
    """A passage cites what its reference links and footnotes lead to, which the note defines elsewhere, and not what
    other passages of the note refer to.
    """
    text = (
        "# Paging\n\nPages of memory are [kept apart][apart] on every device, as [Kwon] says.[^k]\n\n"
        "## Elsewhere\n\nSlabs of memory are [something else][b] entirely.\n\n"
        "[apart]: https://a.org/apart 'A title'\n[kwon]: <https://arxiv.org/abs/2309.06180>\n[b]: https://a.org/b\n"
        "[^k]: See [the study](https://a.org/study).\n[^l]: https://a.org/other\n"
    )
    first, *others = excerpts_of({"notes/a.md": text})
    assert "https://a.org/b" in "".join(entry.chunk.text for entry in others)
    quoting = section("Memory", "Pages.", "notes/a.md")
    points = tuple(point.model_copy(update={"start_line": first.chunk.start_line}) for point in quoting.points)
    sections = [quoting.model_copy(update={"points": points})]
    works, _ = references([first.note], [first, *others], sections, {first.note.id: text})
    assert [(work.title, work.url) for work in works] == [
        ("kept apart", "https://a.org/apart"),
        ("Kwon", "https://arxiv.org/abs/2309.06180"),
        ("https://a.org/study", "https://a.org/study"),
    ]
