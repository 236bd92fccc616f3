"""Search results."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.text import Text

from kb.console.terminal import (
    area_text,
    count,
    indented,
    linked,
    notice,
    out,
    plain,
    print_heading,
    remark,
    say,
    shorten_address,
    styled,
)
from kb.notes.naming import address_of
from kb.reports import ConceptWeight, Explanation, HeldBackNote, Hit, Passage, SearchResult
from kb.search.query import parse_query
from kb.search.snippets import marks, shorten

FIRST_WORDS = 40  # characters of a passage without a heading


def print_hits(root: Path, inside: str | None, result: SearchResult) -> None:
    """Hits below a root, or `inside` a note, with their addresses and the matching words marked; remarks go to standard
    error.
    """
    remark(result.missing, result.changed_notes)
    if result.undated:
        notice(f"{count(result.undated, 'note')} without a date left out")
    if not result.hits and not result.weaker:
        posts = result.posts_left_out
        notice(_nothing(inside) + (f"; `--kind post` searches {count(posts, 'post')}" if posts else ""))
    elif not result.good_match:
        notice("no note is a good match" + ("; these are the nearest ones" if result.hits else ""))
    if result.hits and (how := result.hits[0].explain):
        for line in _query_explained(result.read_as, how):
            say(line, "dim")
        say("")
    words = parse_query(result.query).words
    for hit in result.hits:
        _print_hit(root, hit, words)
    if result.weaker:
        total = len(result.hits) + result.weaker
        shows = "shows it" if result.weaker == 1 else "shows them"
        notice(f"{count(result.weaker, 'weaker hit')}; `-n {total}` {shows}")
    if result.held_back:  # last, where it can still be read on a screen full of hits
        _print_held_back(result.held_back)


def _print_held_back(held: Sequence[HeldBackNote]) -> None:
    named = ", ".join(f'{note.path} "{note.title}"' for note in held)
    path, it = (shlex.quote(held[0].path), "it") if len(held) == 1 else ("NOTE", "one")
    notice(f"held back as outside: {named} may answer this; `kb file {path} detour` takes {it} in")


def _print_hit(root: Path, hit: Hit, words: Sequence[str]) -> None:
    print_heading(hit.rank, linked(hit.title, root / hit.path, "bold"))
    address = shorten_address(address_of(hit.path, hit.start_line, hit.end_line))
    place = Text.assemble(f"{hit.score:.2f}  ", area_text(hit.area), f"  {address}")
    if hit.date:
        place.append(f"  {hit.date}", "dim")
    if hit.kind != "note":
        place.append(f"  {hit.kind}", "yellow")
    if hit.remote:
        place.append("  pulled", "yellow")
    if hit.state == "changed":
        place.append("  changed since the last sync", "yellow")
    indented(place)
    if hit.heading_path:
        indented(styled(" > ".join(hit.heading_path), "dim"))
    if hit.same_as:
        indented(styled(f"same text as {shorten_address(hit.same_as, len('same text as '))}", "dim"))
    else:
        indented(_marked(hit.snippet, words))
    for passage in hit.passages:
        address = address_of(hit.path, passage.start_line, passage.end_line)
        indented(styled(f"also {shorten_address(address, len('also '))}  {_about(passage)}", "dim"))
    if hit.explain:
        indented(styled(f"cosine {_shown(hit.scores.dense)}, bm25 {_shown(hit.scores.lexical)}", "dim"))
        for line in _explained(hit, hit.explain):
            indented(styled(line, "dim"))
    say("")


def print_lines(place: Callable[[str], str], inside: str | None, result: SearchResult) -> None:
    """A line for each hit, or for each of its passages if the search was `inside` a note, as compilers print places:
    `path:line: text`. `place` gives the path to print for that of a note.
    """
    remark(result.missing, result.changed_notes)
    if not result.hits:
        notice(_nothing(inside))
    words = parse_query(result.query).words
    for hit in result.hits:
        _print_line(f"{place(hit.path)}:{hit.start_line}:", hit.snippet, words)
        for passage in hit.passages if inside else ():
            _print_line(f"{place(hit.path)}:{passage.start_line}:", _body(passage), words)


def _nothing(inside: str | None) -> str:
    return "nothing found" if inside is None else f"nothing found in {inside}"


def _print_line(address: str, text: str, words: Sequence[str]) -> None:
    line = _marked(text, words)
    out().print(Text.assemble(plain(address), " ", line), no_wrap=out().is_terminal, overflow="ellipsis")


def _marked(text: str, words: Sequence[str]) -> Text:
    """A text in which some words are marked."""
    marked = Text(plain(text))
    for start, end in marks(marked.plain, words):
        marked.stylize("bold yellow", start, end)
    return marked


def _about(passage: Passage) -> str:
    """The headings of a passage, or its first words where it has none."""
    if passage.heading_path:
        return " > ".join(passage.heading_path)
    return shorten(_body(passage), FIRST_WORDS)


def _body(passage: Passage) -> str:
    """The text of a passage on one line, without headings."""
    lines = (line.strip() for line in passage.text.splitlines())
    return plain(" ".join(line for line in lines if line and not line.startswith("#")))


def _query_explained(read_as: Sequence[ConceptWeight], how: Explanation) -> Iterator[str]:
    """What is true of all hits of a query, line by line."""
    if read_as:
        yield "read as: " + ", ".join(f"{entry.concept} {entry.weight:.2f}" for entry in read_as)
    moved = f"; query moved by {how.feedback_weight:.2f} towards {', '.join(how.feedback)}" if how.feedback else ""
    yield f"meaning and words share {how.agreement:.0%} of their ten best notes{moved}"
    yield f"probability of the likeliest note: {how.answered:.2f}"
    for filter in how.filters:
        yield f"only {filter}"


def _explained(hit: Hit, how: Explanation) -> Iterator[str]:
    """How the place and the score of a hit came about, line by line."""
    if how.logit:
        parts = how.logit
        total = parts.meaning + parts.coverage + parts.words + parts.titled + parts.offset
        yield (
            f"score {hit.score:.2f} = logistic({total:+.2f}): meaning {parts.meaning:+.2f}, share of words "
            f"{parts.coverage:+.2f}, number of words {parts.words:+.2f}"
            + (f", title {parts.titled:+.2f}" if parts.titled else "")
            + f", constant {parts.offset:+.2f}"
        )
    equals = "from the cross-encoder; without it" if how.reranked else "="
    yield (
        f"order {how.raw:.2f} {equals} meaning {how.standing:+.2f}, words {how.words:+.2f}, near {how.near:+.2f}, "
        f"passage {how.passage:+.2f}"
        + (f", title {how.titled:+.2f}" if how.titled else "")
        + (f", boilerplate {how.boilerplate:+.2f}" if how.boilerplate else "")
    )
    terms = ", ".join(f"{term.term} {term.weight:.1f}" for term in how.terms)
    yield f"words: {terms or 'none'}"
    if how.named:
        yield "named in the query, and therefore first"


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
