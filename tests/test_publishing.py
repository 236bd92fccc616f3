"""From a draft to a post: the clean copy, its front matter, where it goes, and what is refused."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run

from kb.errors import InputError
from kb.knowledge import KnowledgeBase
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.markup.settings import with_values
from kb.outline.post.citations import Citations
from kb.outline.post.clean_copy import clean_copy, listed_works
from kb.outline.post.layout import Post
from kb.outline.post.render import TEMPLATES, render, template_text
from kb.reports import ArrangedSection, Gap, NoteVersion, OpenQuestion, Outline, Point, Reference, Section
from kb.verbs import posting

Write = Callable[[str, str], Path]

DRAFTED, TODAY = datetime.date(2025, 3, 1), datetime.date(2025, 3, 8)
NOTES = {
    "notes/bees.md": "---\narea: gnn\nsource: https://bees.example/dance\n---\n# Bees\n\n"
    "Bees dance to tell where the flowers are.\n\nA dance lasts for a minute.\n",
    "notes/ants.md": "---\narea: gnn\n---\n# Ants\n\nAnts leave a trail of scent behind them.\n",
}


def quoted(text: str, path: str, line: int, **fields: object) -> Point:
    from hashlib import sha256

    return Point.model_validate(
        {"text": text, "path": path, "start_line": line, "end_line": line, "sha256": sha256(text.encode()).hexdigest()}
        | fields
    )


OUTLINE = Outline(
    topic="how insects --> find food",
    title="How insects find food",
    generated_title=True,
    area="gnn",
    sections=(
        Section(
            heading="Dances",
            generated=True,
            points=(
                quoted("Bees dance to tell where the flowers are.", "notes/bees.md", 7, label="Bees"),
                quoted("A dance lasts for a minute.", "notes/bees.md", 9),
            ),
            notes=("notes/bees.md",),
        ),
        Section(
            heading="Trails",
            points=(quoted("Ants leave a trail of scent behind them.", "notes/ants.md", 6),),
            notes=("notes/ants.md",),
        ),
    ),
    considered=(NoteVersion(path="notes/bees.md", sha256="0" * 64),),
    references=(
        Reference(title="Scents", authors=(), url="https://ants.example", cited_by=(), sections=()),
        Reference(title="The dance", authors=("Frisch",), url="https://bees.example/dance", cited_by=(), sections=()),
    ),
    open_questions=(OpenQuestion(text="Why a minute?", path="notes/bees.md", line=9),),
    gaps=(Gap(kind="no numbers", text="no numbers on trails"),),
)
WORKS = {"notes/bees.md": ["https://bees.example/dance"], "notes/ants.md": ["https://nowhere.example"]}


def drafted(template: str = "jekyll", form: Citations = "comment", outline: Outline = OUTLINE) -> str:
    return render(outline, template_text(template), DRAFTED, form)


# --- the clean copy ---


@pytest.mark.parametrize("form", ["comment", "footnote", "none"])
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_nothing_of_kb_is_left(template: str, form: Citations, newline: str) -> None:
    """No comment, hash, address or memory of kb's is in the copy of any template; what readers see stays, in order."""
    draft = drafted(template, form).replace("\n", newline)
    copy = clean_copy(draft, WORKS).text
    assert [mark for mark in ("<!--", "-->", "sha256", "notes/", "[^", "kb ") if mark in copy] == []
    bare = drafted(template, "none").replace("\n", newline)
    links = re.compile(r" \[\\\[\d\\\]\]\(#references\)")
    assert links.sub("", copy) == bare.replace("<!-- The heading is generated. -->" + newline * 2, "")
    assert not re.search(r"(?:\r?\n){4}", copy)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_writers_text_stays(newline: str) -> None:
    """What a writer adds stays to the byte: comments of their own, code with comments, odd spaces, footnotes."""
    mine = (
        "My  own\ttext.  \n<!-- check: is it so? -->\n\n\n\n```html\n<!-- kb outline: x -->\n```\n\nSee[^mine] `<!-- kb"
        " outline -->`.\n\n[^mine]: A footnote: `notes/bees.md:7`.\n\n1. one\n3. three\n"
    ).replace("\n", newline)
    for form in ("comment", "footnote"):
        draft = drafted(form=form).replace("\n", newline).replace("# Trails", f"{mine}{newline}# Trails")
        assert mine in clean_copy(draft, WORKS).text


def test_a_copy_of_a_copy_is_the_same() -> None:
    """There is nothing to clean in a clean copy."""
    copy = clean_copy(drafted(form="footnote"), WORKS).text
    assert clean_copy(copy, WORKS).text == copy


def test_footnotes_become_numbered_references() -> None:
    """A footnote links to the item of the references that names its note's work, whatever that item's number is after
    the writer deleted others; a footnote of a note without a listed work is dropped.
    """
    draft = drafted(form="footnote").replace("1. Scents", "0. A new one: <https://new.example>\n1. Scents")
    copy = clean_copy(draft, WORKS)
    assert "A dance lasts for a minute. [\\[3\\]](#references)\n" in copy.text
    assert "Ants leave a trail of scent behind them.\n" in copy.text
    assert re.findall(r"^(\d)\. .*<http", copy.text, re.MULTILINE) == ["1", "2", "3"]
    assert (copy.references, copy.cited) == (3, 3)


def test_what_is_unfinished_is_said() -> None:
    """Slots, pointers, a summary by a model and an empty TLDR are named with their lines; what is filled is not."""
    section = OUTLINE.sections[1]
    pointer = quoted("a | b", "notes/ants.md", 6, kind="table")
    outline = OUTLINE.model_copy(update={"sections": (section.model_copy(update={"points": (pointer,)}),)})
    draft = drafted(outline=outline)
    found = {entry.text: draft.split("\n")[entry.line - 1] for entry in clean_copy(draft, WORKS).unfinished}
    assert {
        "write the TLDR": "**TLDR**:",
        "put the table itself here: [table] `notes/ants.md:6`": next(li for li in draft.split("\n") if "[table]" in li),
    }.items() <= found.items()
    slots = [entry.text.split()[4] for entry in clean_copy(draft, WORKS).unfinished if "fill in" in entry.text]
    assert slots == ["Thesis:", "So"]
    filled = re.sub(r"(<!-- (?:So what|Why this)[^>]*>)", r"\1\nThey smell it.", draft)
    filled = filled.replace("**TLDR**:", "**TLDR**: they follow each other.")
    assert [entry.text for entry in clean_copy(filled, WORKS).unfinished if "table" not in entry.text] == []


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_section_without_text_is_unfinished(newline: str) -> None:
    """Comments are no text; a title is no section, and neither is a heading above smaller ones with text."""
    trails = "# Trails\n\n<!-- kb memory: x -->\n<!-- mine -->\n\n"
    draft = f"# Ants\n\n{trails}# Nests\n\n## Queens\n\nOne.\n\nWorkers\n-------\n"
    found = clean_copy(draft.replace("\n", newline), WORKS).unfinished
    assert [(entry.line, entry.text) for entry in found] == [
        (3, "write or delete the section 'Trails'"),
        (14, "write or delete the section 'Workers'"),
    ]


# --- front matter ---


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("---\ntitle: A  # mine\nkind: outline\ndate: 2020-01-01\n---\n", {"title": "A"}),
        ("---\nDate: 2020-01-01\ntags: [a, b]\n---\n", {"tags": ["a", "b"]}),
        ("---\n{title: A, kind: outline}\n---\n", {"title": "A"}),
        ('+++\ntitle = "A"\ndraft = true\n[params]\nx = 1\n+++\n', {"title": "A", "draft": True, "params": {"x": 1}}),
        ('{\n"title": "A",\n"kind": "outline"\n}\n', {"title": "A"}),
    ],
)
def test_values_are_set_in_the_notation_of_the_front_matter(head: str, expected: dict[str, object]) -> None:
    """YAML stays YAML, TOML stays TOML, JSON stays JSON; all other values and the body are as before."""
    written = with_values(head + "Body: x\n", {"date": TODAY, "kind": "post"})
    assert written is not None
    values, end, fault = read_front_matter(written)
    assert fault is None
    assert values == expected | {"date": "2025-03-08", "kind": "post"}
    assert written[end:] == "Body: x\n"
    assert written[0] == head[0]
    assert ("# mine" in written) == ("# mine" in head)


# --- in a notebook ---


@pytest.fixture
def filled(knowledge: KnowledgeBase, write: Write, monkeypatch: pytest.MonkeyPatch) -> KnowledgeBase:
    """A notebook with the notes, and a draft on them."""
    monkeypatch.setattr(posting, "today", lambda: TODAY)
    for path, text in NOTES.items():
        write(path, text)
    write("drafts/insects.md", drafted(form="footnote"))
    knowledge.add(["notes"])
    return knowledge


def test_a_draft_becomes_a_post_of_the_notebook(filled: KnowledgeBase) -> None:
    """It is written to `posts/`, dated today, indexed as a post, and the draft stays as it is."""
    before = Path("drafts/insects.md").read_bytes()
    published = filled.publish("drafts/insects.md")
    assert (published.output, published.date, published.written) == ("posts/insects.md", TODAY, True)
    assert (published.citations, published.failing, published.references, published.cited) == (3, (), 2, 3)
    text = Path("posts/insects.md").read_text(encoding="utf-8")
    assert "\ndate: 2025-03-08\nkind: post\n" in text
    assert "minute. [\\[2\\]](#references)" in text
    assert [(note.path, note.kind) for note in filled.list(kinds=["post"]).notes] == [("posts/insects.md", "post")]
    assert Path("drafts/insects.md").read_bytes() == before
    assert filled.sync().removed == ()


def test_works_of_a_dropped_section_leave_the_references(filled: KnowledgeBase, write: Write) -> None:
    """Put in another order, a draft lists no work that is only about notes of a section that went; the writer's own
    stay.
    """
    quiet = OUTLINE.model_copy(update={"open_questions": ()})
    write("drafts/insects.md", drafted(outline=quiet))
    cut = filled.cut_draft("drafts/insects.md")
    dances, trails = (
        ArrangedSection(line=one.line, heading=one.heading, points=tuple(point.line for point in one.points))
        for one in cut.sections
    )
    for left, works in ((dances, 2), (trails, 1)):
        made = filled.rearrange_draft(cut.path, cut.sha256, [left]).markdown
        assert len(listed_works(Post(made))) == works
        assert "1. Scents: <https://ants.example>" in made
        assert ("2. The dance" in made) == (left is dances)


def test_publishing_again(filled: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is published is not written again; an edited draft replaces it only if forced, and keeps its date."""
    filled.publish("drafts/insects.md")
    written = Path("posts/insects.md").read_bytes()
    monkeypatch.setattr(posting, "today", lambda: TODAY + datetime.timedelta(days=9))
    assert not filled.publish("drafts/insects.md").written
    draft = Path("drafts/insects.md")
    draft.write_text(draft.read_text(encoding="utf-8").replace("**TLDR**:", "**TLDR**: smell."), encoding="utf-8")
    with pytest.raises(InputError, match=r"posts/insects\.md exists; .*--force"):
        filled.publish(draft)
    assert Path("posts/insects.md").read_bytes() == written
    again = filled.publish(draft, force=True)
    assert (again.written, again.date) == (True, TODAY)
    assert b"TLDR**: smell." in Path("posts/insects.md").read_bytes()


@pytest.mark.parametrize(
    ("newest", "output"),
    [
        ("blog/_posts/2024-01-01-old.md", "blog/_posts/2025-03-08-insects.md"),
        ("content/posts/old.md", "content/posts/insects.md"),
        ("content/posts/old/index.md", "content/posts/insects.md"),
    ],
)
def test_a_post_goes_where_the_others_are(filled: KnowledgeBase, write: Write, newest: str, output: str) -> None:
    """The folder and the form of the name are those of the newest post, also when it is published again."""
    write(newest, "---\narea: gnn\nkind: post\ndate: 2024-01-01\n---\n# Old\n\nWasps build with paper.\n")
    filled.add([newest])
    assert filled.publish("drafts/insects.md").output == output
    assert filled.publish("drafts/insects.md", date=TODAY + datetime.timedelta(1), force=True).output == output


def test_a_draft_whose_citations_fail_is_refused(filled: KnowledgeBase, kb: Callable[..., Run]) -> None:
    """With exit code 3 and what the note says now, and nothing is written; with --force it is."""
    bees = Path("notes/bees.md")
    bees.write_text(bees.read_text().replace("lasts for a minute", "lasts for two minutes"))
    refused = kb("publish", "drafts/insects.md")
    assert (refused.code, Path("posts").exists()) == (3, False)
    assert "quoted  A dance lasts for a minute.\n" in refused.out
    assert "now     A dance lasts for two minutes.  (notes/bees.md:9)\n" in refused.out
    assert "nothing was written: 1 of 3 citations does not hold" in refused.err
    report = json.loads(kb("publish", "drafts/insects.md", "--json").out)
    assert (report["written"], report["refused"], report["failing"][0]["state"]) == (False, True, "changed")


def test_a_draft_is_never_its_own_post(filled: KnowledgeBase) -> None:
    """Not even if forced: the citations would be lost."""
    with pytest.raises(InputError, match="is the draft itself"):
        filled.publish("drafts/insects.md", "drafts/../drafts/insects.md", force=True)


def test_a_note_is_no_draft(filled: KnowledgeBase) -> None:
    """A note of the notebook is not published by mistake; if forced, it is."""
    with pytest.raises(InputError, match=r"notes/bees\.md is a note, not a draft; .*--force"):
        filled.publish("notes/bees.md")
    assert not Path("posts").exists()
    assert filled.publish("notes/bees.md", force=True).written


def test_broken_front_matter_is_refused(filled: KnowledgeBase, write: Write) -> None:
    """It is said in one line, and nothing is written."""
    write("drafts/broken.md", "---\ntitle: [\n---\nText.\n")
    with pytest.raises(InputError, match=r"drafts/broken\.md has broken front matter.*; repair it first"):
        filled.publish("drafts/broken.md")
    assert not Path("posts").exists()


def test_a_draft_without_front_matter_gets_some(filled: KnowledgeBase, write: Write) -> None:
    """A text of any origin can be published; Windows newlines stay."""
    write("drafts/own.md", "")
    Path("drafts/own.md").write_bytes(b"# Mine\r\n\r\nBees dance.\r\n")
    filled.publish("drafts/own.md", "out/own.md")
    assert Path("out/own.md").read_bytes() == (
        b"---\r\ndate: 2025-03-08\r\nkind: post\r\n---\r\n\r\n# Mine\r\n\r\nBees dance.\r\n"
    )
