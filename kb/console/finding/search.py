"""Search results."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.text import Text

from kb.console.terminal import area_text, count, indented, linked, notice, plain, print_heading, remark, say, styled
from kb.reports import Explanation, HeldBackNote, Hit, SearchResult
from kb.search.query import parse_query
from kb.search.snippets import marks


def print_hits(root: Path, result: SearchResult) -> None:
    """Hits below a root with their addresses and the matching words marked; remarks go to standard error."""
    remark(result.missing, result.changed_notes)
    if result.undated:
        notice(f"{count(result.undated, 'note')} without a date left out")
    if not result.hits and not result.weaker:
        posts = result.posts_left_out
        notice("nothing found" + (f"; `--kind post` searches {count(posts, 'post')}" if posts else ""))
    elif not result.good_match:
        notice("no note is a good match" + ("; these are the nearest ones" if result.hits else ""))
    if result.read_as and result.hits and result.hits[0].explain:
        read = ", ".join(f"{entry.concept} {entry.weight:.2f}" for entry in result.read_as)
        say(f"read as: {read}", "dim")
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
    place = Text.assemble(
        f"{hit.score:.2f}  ", area_text(hit.area), f"  {plain(hit.path)}:{hit.start_line}-{hit.end_line}"
    )
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
        indented(styled(f"same text as {hit.same_as}", "dim"))
    else:
        snippet = Text(plain(hit.snippet))
        for start, end in marks(snippet.plain, words):
            snippet.stylize("bold yellow", start, end)
        indented(snippet)
    for passage in hit.passages:
        address = f"also {hit.path}:{passage.start_line}-{passage.end_line}"
        indented(styled("  ".join(filter(None, [address, " > ".join(passage.heading_path)])), "dim"))
    if hit.explain:
        indented(styled(f"cosine {_shown(hit.scores.dense)}, bm25 {_shown(hit.scores.lexical)}", "dim"))
        for line in _explained(hit.explain):
            indented(styled(line, "dim"))
    say("")


def _explained(how: Explanation) -> Iterator[str]:
    """How a score came about, line by line."""
    equals = "from the cross-encoder; without it" if how.reranked else "="
    yield f"{how.raw:.2f} {equals} meaning {how.standing:+.2f}, words {how.words:+.2f}, near {how.near:+.2f}, " + (
        f"passage {how.passage:+.2f}" + (f", boilerplate {how.boilerplate:+.2f}" if how.boilerplate else "")
    )
    terms = ", ".join(f"{term.term} {term.weight:.1f}" for term in how.terms)
    yield f"words: {terms or 'none'}"
    moved = f"; query moved by {how.feedback_weight:.2f} towards {', '.join(how.feedback)}" if how.feedback else ""
    yield f"meaning and words share {how.agreement:.0%} of their ten best notes{moved}"
    yield f"probability of the likeliest note: {how.answered:.2f}"
    if how.named:
        yield "named in the query, and therefore first"
    for filter in how.filters:
        yield f"only {filter}"


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
