"""A written outline after its writer edited it: which citations hold, and new points next to the writer's own text."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kb.errors import InputError, NoteError
from kb.notes.files import replace_post
from kb.outline.post.check import check
from kb.outline.post.citations import Citations, find_cited, read_memory
from kb.outline.post.render import TEMPLATES, render, template_text
from kb.outline.post.update import update
from kb.reports import NoteVersion, OpenQuestion, Outline, Point, Reference, Section

TODAY = datetime.date(2025, 11, 30)
NOTE = """# Depth

Deep networks forget. *Two layers* are
enough for most graphs.

- Residual connections help a little.
- Normalisation (see [[pairnorm]]) keeps features apart.
"""
FORMS: tuple[Citations, ...] = ("comment", "footnote")

forms = pytest.mark.parametrize("form", FORMS)


def point(text: str, path: str = "notes/a.md", start: int = 3, end: int | None = None) -> Point:
    return Point(
        text=text, path=path, start_line=start, end_line=end or start, sha256=hashlib.sha256(text.encode()).hexdigest()
    )


def outline(**sections: list[Point]) -> Outline:
    return Outline(
        topic="why --> depth {{ hurts }}",
        title="Why depth hurts",
        area="gnn",
        areas=("gnn", "llm"),
        wanted_sections=3,
        sections=tuple(
            Section(heading=heading, points=tuple(points), notes=tuple(dict.fromkeys(entry.path for entry in points)))
            for heading, points in sections.items()
        ),
        references=(
            Reference(title="GCN", authors=(), url="https://a.example", cited_by=("notes/a.md",), sections=()),
        ),
        open_questions=(OpenQuestion(text="Why two?", path="notes/a.md", line=9),),
    )


def written(shown: Outline, form: Citations = "comment", template: str = "jekyll") -> str:
    return render(shown, template_text(template), TODAY, form)


def is_subsequence(old: str, new: str) -> bool:
    rest = iter(new)
    return all(character in rest for character in old)


def headings_of(text: str) -> list[str]:
    """The headings of a post, as a parser sees them."""
    tokens = MarkdownIt("commonmark").parse(re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL))
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]


def items_under(text: str, heading: str) -> list[str]:
    """The list items between a heading and the next."""
    body = re.split(r"^#+ ", text, flags=re.MULTILINE)
    part = next(part for part in body if part.startswith(heading))
    return [re.sub(r"\s*(?:<!--.*|\[\^.*)", "", line[2:]) for line in part.splitlines() if re.match(r"[-*+] ", line)]


BEFORE = outline(
    Depth=[point("Deep networks forget."), point("Two layers are enough.", "notes/b.md")],
    Width=[point("Wide layers cost memory.", "notes/c.md"), point("Narrow ones are cheap.", "notes/d.md")],
)
AFTER = outline(
    Else=[point("Narrow ones are cheap.", "notes/d.md"), point("A new point on width.", "notes/e.md")],
    Depth=[point("Two layers are enough.", "notes/b.md"), point("A new point on depth.", "notes/b.md", 9)],
    Serving=[point("Graphs are served from a cache.", "notes/f.md"), point("Caches go stale.", "notes/g.md")],
)


# --- does it hold ---


def states(text: str, notes: dict[str, str], elsewhere: dict[str, str] | None = None) -> list[str]:
    checked = check(text, notes, (elsewhere or {}).items())
    return [
        entry.state
        if not entry.moved_to
        else f"{entry.state} {entry.moved_to.path}:{entry.moved_to.start_line}-{entry.moved_to.end_line}"
        for entry in checked
    ]


QUOTED = outline(
    Depth=[
        point("Deep networks forget."),
        point("Two layers are enough for most graphs.", start=3, end=4),
        point("Normalisation (see pairnorm) keeps features apart.", start=7),
    ]
)


@forms
@pytest.mark.parametrize("template", TEMPLATES)
def test_citations_hold(form: Citations, template: str) -> None:
    """Quotations that the cleaned lines at their addresses contain hold, in every form of citation."""
    assert states(written(QUOTED, form, template), {"notes/a.md": NOTE}) == ["holds"] * 3


@forms
@pytest.mark.parametrize(
    ("note", "found"),
    [
        (NOTE.replace("*Two", "**Two").replace("layers*", "layers**"), ["holds"] * 3),
        ("New first line.\n\n" + NOTE, [f"moved notes/a.md:{lines}" for lines in ("5-5", "5-6", "9-9")]),
        (
            NOTE.replace("*Two layers* are\nenough", "*Two layers* are enough"),
            ["holds", "holds", "moved notes/a.md:6-6"],
        ),
        (NOTE.replace("forget", "remember"), ["changed", "holds", "holds"]),
        (NOTE.replace("forget.", "forget nothing."), ["changed", "holds", "holds"]),
        (NOTE.replace("Deep", "DeepDeep"), ["holds", "holds", "holds"]),
        ("", ["changed"] * 3),
        (NOTE + "\n\nDeep networks forget.\n", ["holds"] * 3),
    ],
    ids=range(8),
)
def test_what_became_of_a_note(form: Citations, note: str, found: list[str]) -> None:
    """A text found elsewhere in its note has moved there, to the fewest lines; otherwise the note changed."""
    assert states(written(QUOTED, form), {"notes/a.md": note}) == found


def test_what_became_of_a_file() -> None:
    """A text is looked for in other notes once its own no longer has it; a note without a file is gone."""
    text = written(QUOTED)
    assert states(text, {}) == ["gone"] * 3
    assert states(text, {}, {"notes/z.md": "Deep networks forget.\n"}) == ["moved notes/z.md:1-1", "gone", "gone"]
    assert states(text, {"notes/a.md": "x"}, {"notes/z.md": NOTE})[1] == "moved notes/z.md:3-4"


def test_other_notes_are_read_only_where_needed() -> None:
    """While everything holds, no other note is looked at."""

    looked_at = []

    def others() -> Iterator[tuple[str, str]]:
        looked_at.append("notes/z.md")
        yield "notes/z.md", NOTE

    assert {entry.state for entry in check(written(QUOTED), {"notes/a.md": NOTE}, others())} == {"holds"}
    assert looked_at == []
    assert {entry.state for entry in check(written(QUOTED), {}, others())} == {"moved"}
    assert looked_at == ["notes/z.md"]


@forms
def test_the_writer_may_reword_and_move(form: Citations) -> None:
    """A citation is found with its line wherever the writer moved its point, even if they reworded it."""
    text = written(QUOTED, form).replace("- Deep networks forget.", "So we forget (as they say).")
    intro = next(line for line in text.splitlines() if line.startswith("So we forget"))
    text = text.replace(f"{intro}\n", "").replace("**TLDR**:", f"**TLDR**: {intro}")
    checked = check(text, {"notes/a.md": NOTE})
    assert [entry.state for entry in checked] == ["holds"] * 3
    assert "So we forget" in text.splitlines()[checked[0].line - 1]
    assert checked[0].text == "Deep networks forget."


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_do(newline: str) -> None:
    """The line of a citation is right for every kind of newline."""
    text = written(QUOTED)
    line = check(text.replace("\n", newline), {"notes/a.md": NOTE})[1].line
    assert "Two layers" in text.split("\n")[line - 1]


def test_a_footnote_nobody_refers_to_is_no_citation() -> None:
    """A deleted point leaves its footnote's definition behind; that cites nothing."""
    text = written(QUOTED, "footnote")
    assert len(find_cited(re.sub(r"- Deep networks forget\..*\n", "", text))) == 2


# --- new points ---


@forms
@pytest.mark.parametrize("template", TEMPLATES)
def test_new_points_go_where_they_belong(form: Citations, template: str) -> None:
    """A new point goes to the section that cites its neighbours, what is new altogether before Closing thoughts."""
    revised = update(written(BEFORE, form, template), AFTER)
    assert items_under(revised.text, "Depth") == [
        "Deep networks forget.",
        "Two layers are enough.",
        "A new point on depth.",
    ]
    assert items_under(revised.text, "Width")[-1] == "A new point on width."
    assert items_under(revised.text, "Serving") == ["Graphs are served from a cache.", "Caches go stale."]
    titles = [re.sub(" <.*", "", heading) for heading in headings_of(revised.text)]
    assert titles[titles.index("Introduction") :] == [
        "Introduction", "Depth", "Width", "Serving", "Closing thoughts", "References",
    ]  # fmt: skip
    assert {entry.sha256 for entry in revised.added} <= {cited.citation.sha256 for cited in find_cited(revised.text)}
    assert [(entry.text, re.sub(" <.*", "", entry.section), entry.new_section) for entry in revised.added] == [
        ("A new point on width.", "Width", False),
        ("A new point on depth.", "Depth", False),
        ("Graphs are served from a cache.", "Serving", True),
        ("Caches go stale.", "Serving", True),
    ]


def test_new_section_of_a_jekyll_post() -> None:
    """A new section has an anchor of its own, and an entry in the table of contents that leads to it."""
    taken = written(BEFORE).replace("# Width", '# Breadth <a id="serving"></a>\n\n# Width')
    text = update(taken, AFTER).text
    assert '\n# Serving <a id="serving-2"></a>\n' in text
    assert "\n4. [Serving](#serving-2)\n4. [Closing thoughts](#closing)\n" in text


@forms
def test_headings_renamed_and_sections_reordered(form: Citations) -> None:
    """Sections are known by what they cite, not by their headings or places."""
    text = written(BEFORE, form, "plain")
    start, depth, width, end = re.split(r"(?=^## (?:Depth|Width|Closing))", text, flags=re.MULTILINE)
    text = start + width.replace("## Width", "### Why not broader?") + depth.replace("## Depth", "## My way") + end
    revised = update(text, AFTER).text
    assert items_under(revised, "My way")[-1] == "A new point on depth."
    assert items_under(revised, "Why not broader?")[-1] == "A new point on width."


@forms
def test_deleted_points_stay_away(form: Citations) -> None:
    """What the writer deleted does not come back, be it from the first outline or from an update."""
    text = re.sub(r"- (?:Two layers|Narrow).*\n", "", written(BEFORE, form))
    revised = re.sub(r"- (?:A new point|Graphs|Caches).*\n", "", update(text, AFTER).text)
    assert update(revised, AFTER).text == revised
    assert update(revised, BEFORE).text == revised


def test_another_choice_of_old_sentences_is_nothing_new() -> None:
    """Unchanged notes that were considered before yield no further points; changed ones do."""
    versions = {path: hashlib.sha256(path.encode()).hexdigest() for path in "abcdefg"}
    considered = tuple(NoteVersion(path=f"notes/{name}.md", sha256=version) for name, version in versions.items())
    text = written(BEFORE.model_copy(update={"considered": considered[:5]}))
    revised = update(text, AFTER.model_copy(update={"considered": considered}))
    assert [entry.path for entry in revised.added] == ["notes/f.md", "notes/g.md"]
    assert update(revised.text, AFTER.model_copy(update={"considered": considered[::-1]})).text == revised.text
    changed = (*considered[:4], NoteVersion(path="notes/e.md", sha256="0" * 64), *considered[5:])
    assert [entry.path for entry in update(text, AFTER.model_copy(update={"considered": changed})).added] == [
        "notes/e.md",
        "notes/f.md",
        "notes/g.md",
    ]


@forms
def test_the_memory_survives_hostile_topics(form: Citations) -> None:
    """The brief is read back to the letter, and cannot end the comment that holds it."""
    text = written(BEFORE, form)
    memory = read_memory(text)
    assert memory
    brief = memory.brief
    assert (brief.topic, brief.areas, brief.sections, brief.citations) == (BEFORE.topic, ("gnn", "llm"), 3, form)
    assert text[memory.spans[0][0] :].count("-->") == 1
    assert not re.search(r"\{[{%:]", text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# Mine\n\nNothing of kb.\n", "remembers no topic"),
        (written(BEFORE, "none"), "remembers no topic"),
        (written(BEFORE).replace('"topic"', '"tropic"'), "memory cannot be read"),
        (written(BEFORE).replace('"sections": 3', '"sections": three'), "memory cannot be read"),
    ],
    ids=range(4),
)
def test_what_cannot_be_updated(text: str, complaint: str) -> None:
    """A post without a memory, or with a broken one, is refused with the reason."""
    with pytest.raises(InputError, match=complaint):
        update(text, AFTER)


@forms
def test_hostile_new_points(form: Citations) -> None:
    """What new points say stays text, as in a rendered outline."""
    text = "<script>alert(1)</script> {{ x }} {% y %} --> ![x](javascript:y) [^1]"
    after = outline(**{text: [point(text, f"notes/{text}.md")]}, Width=[point(f"# {text}", "notes/c.md")])
    revised = update(written(BEFORE, form), after)
    seen = re.sub(r"<!--.*?-->", "", MarkdownIt("commonmark").render(revised.text), flags=re.DOTALL)
    assert len(revised.added) == 2
    assert not re.search(r"<script|<img|javascript:y\"", seen)
    assert not re.search(r"\{[{%:]", revised.text)
    assert [cited.citation.path for cited in find_cited(revised.text) if "script" in cited.citation.path] == [
        f"notes/{text}.md"
    ]


@forms
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n\nP.S. no newline here"])
def test_newlines_stay_as_they_are(newline: str, end: str, form: Citations) -> None:
    """A file keeps its kind of newlines, a byte order mark, and a last line without one."""
    text = ("\ufeff" + written(BEFORE, form).rstrip() + end).replace("\n", newline)
    revised = update(text, AFTER).text
    assert is_subsequence(text, revised)
    assert (
        re.sub(re.escape(newline), "", revised).count("\n") == re.sub(re.escape(newline), "", revised).count("\r") == 0
    )
    assert revised.endswith(end.replace("\n", newline))
    assert len(find_cited(revised)) == 8
    assert update(revised, AFTER).text == revised


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_writers_paragraphs_stay_whole(template: str) -> None:
    """A point added behind a paragraph, a quotation or a comment is an item of its own, and swallows no line."""
    citation = re.search(r"<!-- notes/b.*?-->", written(BEFORE))
    assert citation
    for own in (
        f"A paragraph {citation[0]}\ngoes on.\n",
        f"> A quotation {citation[0]}\n> goes on.\n",
        f"{citation[0]}\nMy paragraph.\n",
        f"1. A number {citation[0]}\n",
        f"* A star {citation[0]}\n\n  goes on.\n---\n",
        f"| a |\n| --- |\n| {citation[0]} |\n",
    ):
        text = re.sub(r"- Deep.*\n- Two.*\n", lambda _, own=own: own, written(BEFORE, template=template))  # type: ignore[misc]
        revised = update(text, AFTER).text
        before, after = (MarkdownIt("commonmark").enable("table").parse(version) for version in (text, revised))
        contents = [token.content for token in after if token.type == "inline"]
        assert [token.content for token in before if token.type == "inline" and token.content not in contents] == []
        assert any(content.startswith("A new point on depth. <!--") for content in contents)


@forms
@pytest.mark.parametrize("before", ["", "# A heading ", "- an item ", "> ", "x"])
def test_the_memory_stays_whole_wherever_it_stands(form: Citations, before: str) -> None:
    """Also behind other text on one line, and copied along with its post, the memory is neither split nor lost."""
    text = written(BEFORE.model_copy(update={"open_questions": ()}), form)
    joined = re.sub(r"\n\n(?=<!-- kb memory)", f"\n{before}", text)
    for post in (joined, joined.replace(f"\n{before}<!-- kb memory", " <!-- kb memory"), joined + "\n" + joined):
        revised = update(post, AFTER)
        assert len(revised.added) == 4
        assert is_subsequence(post, revised.text)
        assert update(revised.text, AFTER).text == revised.text


LINES = st.sampled_from(
    [
        "My own paragraph.", "## My heading", "Setext\n===", "- my point", "* star", "1. one", "> quote", "---", "***",
        "```",
        "~~~", "    code", "<div>", "<!-- mine", "-->", "[^1]: mine", "See[^1] and[^77].", "| a | b |\n|---|---|",
        "", "", "{% raw %}", "$$", "\t- deep", "# Closing thoughts", "\u2028é 学習", "a\rb", "---\ntitle: [",
    ]
)  # fmt: skip
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "swap", "rename", "join"]),
        st.integers(0, 80),
        st.integers(0, 80),
        LINES,
    ),
    max_size=12,
)


def edited(text: str, edits: list[tuple[str, int, int, str]]) -> str:
    """What a writer made of a post; only the comment with the memory is left alone."""
    start = text.index("<!-- kb memory")
    lines, memory = text[:start].split("\n"), text[start:]
    for action, first, second, line in edits:
        first, second = first % len(lines), second % len(lines)
        if action == "insert":
            lines.insert(first, line)
        elif action == "delete":
            lines[first : first + 1] = [""]
        elif action == "swap":
            lines[first], lines[second] = lines[second], lines[first]
        elif action == "rename":
            headings = [number for number, known in enumerate(lines) if known.startswith("#")] or [0]
            lines[headings[first % len(headings)]] = f"## Renamed {second}"
        else:
            lines[first] += lines.pop(first + 1) if first + 1 < len(lines) else ""
    return "\n".join(lines) + memory


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    edits=EDITS,
    template=st.sampled_from(TEMPLATES),
    form=st.sampled_from(FORMS),
    newline=st.sampled_from(["\n", "\r\n"]),
    keeps_end=st.booleans(),
)
@example(edits=[], template="plain", form="footnote", newline="\r\n", keeps_end=False)
def test_an_update_only_adds_and_adds_once(
    edits: list[tuple[str, int, int, str]], template: str, form: Citations, newline: str, keeps_end: bool
) -> None:
    """After any edits, every character of the writer's stays in order, and a second update changes nothing."""
    text = edited(written(BEFORE, form, template), edits).replace("\n", newline)
    text = text if keeps_end else text.rstrip()
    known = {entry.sha256 for section in BEFORE.sections for entry in section.points}
    try:
        once = update(text, AFTER)
    except NoteError:  # the writer's front matter does not parse; nothing is touched then
        return
    assert is_subsequence(text, once.text)
    assert not known & {entry.sha256 for entry in once.added}
    assert len(once.added) == 4
    assert all(once.text.count(entry.text) == text.count(entry.text) + 1 for entry in once.added)
    assert update(once.text, AFTER).text == once.text


def test_a_quotation_as_long_as_a_book_is_not_looked_for() -> None:
    """Points are short: a citation of thousands of characters or lines is said to be changed, in no time."""
    book = "Words without end " * 50_000
    said = point(book[:90_000].strip())
    assert states(written(outline(Book=[said])), {"notes/a.md": book}) == ["changed"]
    text = written(outline(Depth=[point("Deep networks forget.")])).replace("md:3 ", "md:1-999999999 ")
    assert states(text, {"notes/a.md": book + "\n\n" + NOTE}) == ["moved notes/a.md:5-5"]


# --- the file ---


def test_a_post_is_replaced_in_one_step(tmp_path: Path) -> None:
    """The file keeps its mode and a symbolic link to it, and no temporary file remains."""
    (tmp_path / "drafts").mkdir()
    post = tmp_path / "drafts" / "post.md"
    post.write_bytes(b"one\r\n")
    post.chmod(0o640)
    link = tmp_path / "link.md"
    link.symlink_to(post)
    replace_post(link, "one\r\n", "one\r\ntwo\r\n")
    assert post.read_bytes() == b"one\r\ntwo\r\n"
    assert post.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert [path.name for path in (tmp_path / "drafts").iterdir()] == ["post.md"]


def test_a_post_that_was_saved_meanwhile_is_left_alone(tmp_path: Path) -> None:
    """What the writer saved while points were looked for is not overwritten."""
    post = tmp_path / "post.md"
    post.write_text("mine, newer")
    with pytest.raises(InputError, match="edited in the meantime"):
        replace_post(post, "mine", "mine and kb's")
    assert post.read_text() == "mine, newer"
    assert list(tmp_path.iterdir()) == [post]
