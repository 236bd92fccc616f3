"""Ideas for a post; an outline, its check and its update."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import get_args

from rich.table import Table
from rich.text import Text

from kb.console.terminal import (
    HELD_BACK,
    INDENT,
    area_text,
    count,
    grid,
    indented,
    notice,
    out,
    print_heading,
    print_table,
    say,
    shorten_address,
    styled,
)
from kb.outline.post.length import WORDS_A_MINUTE, expected_words, reading_minutes
from kb.outline.quoting.labels import label_under
from kb.reports import Address, Check, CheckedCitation, CitationState, Idea, Ideas, Outline, Published, Update

STATE_STYLES = {"moved": "yellow", "changed": "red", "gone": "red"}
PLURALS = {"holds": "hold"}
NO_HEADING = "(no heading)"


def print_ideas(ideas: Ideas) -> None:
    """Each idea with the reasons, its notes, and the command that drafts it."""
    if not ideas.ideas:
        notice(f"no ideas: among {count(ideas.notes, 'note')}, no three are similar enough for a post; add more notes")
    for rank, idea in enumerate(ideas.ideas, 1):
        _print_idea(rank, idea)


def _print_idea(rank: int, idea: Idea) -> None:
    parts, title = idea.parts, grid()
    title.add_row(Text(f"{rank:>2}"), styled(idea.title, "bold"))
    print_table(title)
    mean = (
        f"ripe {idea.ripeness:.2f}: evidence {parts.evidence:.2f}, recency {parts.recency:.2f}, "
        f"questions {parts.questions:.2f}, novelty {parts.novelty:.2f}"
    )
    indented(Text.assemble(area_text(idea.area), "  ", mean))
    indented(styled("; ".join(idea.why)))
    if idea.nearest_post:
        new = _paths(idea.new_since_post)
        indented(styled(f"new since that post: {new}" if new else "nothing new since that post"))
    indented(styled(_paths(idea.notes), "dim"))
    out().print(Text.assemble(" " * INDENT, styled(idea.command, "green")), soft_wrap=True)  # so that it can be copied


def _paths(paths: Sequence[str]) -> str:
    return ", ".join(shorten_address(path, len(",")) for path in paths)


def print_tree(outline: Outline, path: str | None) -> None:
    """The sections of an outline with the first point of each, how long the post is, and the notices; `path` is where
    it was written, if it was.
    """
    say(f"wrote {path}" if path else outline.title, "" if path else "bold")
    for number, section in enumerate(outline.sections, 1):
        mark = " (generated)" if section.generated else ""
        print_heading(number, section.heading + mark)
        if section.points:
            point = section.points[0]
            quoted = f"[{point.kind}]" if point.kind != "quotation" else point.text
            label = label_under(section.heading, point.label)
            indented(styled(f"{label}: {quoted}" if label else quoted))
            more = len(section.points) - 1
            others = f", and {count(more, 'more point')} from {count(len(section.notes), 'note')}" if more else ""
            indented(styled(f"{shorten_address(_address(point), len(','))}{others}", "dim"))
        else:
            indented(styled("nothing in the notes", "yellow"))
    words = expected_words(outline)
    say(
        f"{count(len(outline.references), 'reference')}, {count(len(outline.open_questions), 'open question')}, "
        f"{count(len(outline.leftovers), 'leftover')}; about {words:,} words, "
        f"{count(reading_minutes(words), 'minute')} to read at {WORDS_A_MINUTE} words a minute"
    )
    print_notices(outline)


def print_notices(outline: Outline) -> None:
    """On standard error: the headings and parts of the topic without evidence, and the posts that covered it before."""
    for gap in outline.gaps:
        if gap.kind == "no evidence":
            notice(gap.text)
    for post in outline.covered_before:
        date = f"{post.date}, " if post.date else ""
        notice(f"you covered this before: {post.title} ({post.path}, {date}similarity {post.similarity:.2f})")
        for point in post.points:
            notice(f"this point is already made at {_address(point.said)}: {point.text}")


def print_check(check: Check) -> None:
    """The citations that do not hold, then the counts."""
    print_failing(check.citations)
    counts = Counter(citation.state for citation in check.citations)
    found = [state for state in get_args(CitationState) if counts[state]]
    states = ", ".join(f"{counts[state]} {_agreeing(state, counts[state])}" for state in found)
    say(f"{count(len(check.citations), 'citation')}: {states}")


def print_failing(citations: Sequence[CheckedCitation]) -> None:
    """One line per citation that does not hold, with what to do; below it, what the post quotes and the note says."""
    for citation in citations:
        if citation.state != "holds":
            line = f"line {citation.line}  {_address(citation)}  "
            state = styled(citation.state, STATE_STYLES[citation.state])
            out().print(Text.assemble(styled(line), state, styled(f"  {_advice(citation)}")), soft_wrap=True)
            if citation.quoted:
                indented(Text.assemble(("quoted  ", "dim"), styled(citation.quoted)))
            if citation.now:
                where = f"  ({_address(citation.now)})" if not citation.moved_to else ""
                indented(Text.assemble(("now     ", "dim"), styled(citation.now.text), styled(where, "dim")))


def print_update(update: Update) -> None:
    """The sections to which points were added; for a dry run with the lines that would be."""
    sections: dict[tuple[str, bool], list[str]] = {}
    for point in update.added:
        sections.setdefault((point.section, point.new_section), []).append(point.markdown)
    if not sections:
        say(f"{update.path}: there are no new points")
        return
    if update.dry_run:
        _print_coming(sections)
        return
    say(f"updated {update.path}")
    table = Table.grid(padding=(0, 2))
    for (heading, new), lines in sections.items():
        table.add_row(
            Text(f"+{len(lines)}", justify="right"), styled(heading or NO_HEADING), "new section" if new else ""
        )
    print_table(table)


def _print_coming(sections: Mapping[tuple[str, bool], Sequence[str]]) -> None:
    for (heading, new), lines in sections.items():
        out().print(Text.assemble(styled(heading or NO_HEADING, "bold"), "  new section" if new else ""))
        for line in lines:
            out().print(styled(f"+ {line}", "green"), soft_wrap=True)
    notice("nothing was written; run it without --dry-run to add these lines")


def print_published(published: Published) -> None:
    """Where the post is, and what of the draft is unsettled."""
    for entry in published.unfinished:
        notice(f"{published.path}:{entry.line} is unfinished: {entry.text}")
    print_failing(published.failing)
    if published.refused:
        failing = len(published.failing)
        verb = "does" if failing == 1 else "do"
        notice(
            f"nothing was written: {failing} of {count(published.citations, 'citation')} {verb} not hold; "
            "correct these in the draft, or use --force"
        )
        return
    say(f"{'wrote' if published.written else 'unchanged:'} {published.output}")
    references = count(published.references, "reference")
    area = area_text(published.area or "outside")
    out().print("post, ", area, f", {published.date}, {references}", sep="")
    if published.area in (None, "outside"):
        notice(f"it is {HELD_BACK}")


def _agreeing(state: str, number: int) -> str:
    return PLURALS.get(state, state) if number != 1 else state


def _advice(citation: CheckedCitation) -> str:
    if citation.moved_to:
        return f"change the address to {_address(citation.moved_to)}"
    if citation.state == "changed":
        said = "words this differently now" if citation.now else "no longer contains this"
        return f"the note {said}; reword or delete the point"
    return "the note is gone; restore it, or delete the point"


def _address(place: Address | CheckedCitation) -> str:
    lines = f"{place.start_line}-{place.end_line}" if place.end_line != place.start_line else str(place.start_line)
    return f"{place.path}:{lines}"
