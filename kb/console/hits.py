"""Search results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.padding import Padding
from rich.text import Text

from kb.console.terminal import area_text, count, notice, out, plain, say, styled
from kb.reports import Explanation, Hit, SearchResult
from kb.search.query import parse_query
from kb.search.snippets import marks

INDENT = 4


def print_hits(result: SearchResult) -> None:
    """Hits with their address, the words that matched marked; remarks on standard error."""
    for path in result.missing:
        notice(f"{path} is gone and was left out; run `kb sync`")
    if result.changed_notes:
        notice(f"{count(result.changed_notes, 'note')} changed since the last sync; run `kb sync`")
    if not result.hits:
        notice("nothing found")
        return
    if not result.good_match:
        notice("nothing here is a good match; these are the nearest notes")
    words = parse_query(result.query).words
    for hit in result.hits:
        _print_hit(hit, words)


def _print_hit(hit: Hit, words: Sequence[str]) -> None:
    out().print(
        Text.assemble(f"{hit.rank:>2}  ", styled(hit.title, "bold")), no_wrap=out().is_terminal, overflow="ellipsis"
    )
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
        place.append("  changed since it was indexed", "yellow")
    _indented(place)
    if hit.heading_path:
        _indented(styled(" > ".join(hit.heading_path), "dim"))
    if hit.same_as:
        _indented(styled(f"says the same as {hit.same_as}", "dim"))
    else:
        snippet = Text(plain(hit.snippet))
        for start, end in marks(snippet.plain, words):
            snippet.stylize("bold yellow", start, end)
        _indented(snippet)
    for passage in hit.passages:
        _indented(
            styled(
                f"also {hit.path}:{passage.start_line}-{passage.end_line}  {' > '.join(passage.heading_path)}", "dim"
            )
        )
    if hit.explain:
        _indented(styled(f"cosine {_shown(hit.scores.dense)}, bm25 {_shown(hit.scores.lexical)}", "dim"))
        for line in _explained(hit.explain):
            _indented(styled(line, "dim"))
    say("")


def _indented(text: Text) -> None:
    out().print(Padding(text, (0, 0, 0, INDENT), expand=False))


def _explained(how: Explanation) -> Iterator[str]:
    """What made a score, a line each side."""
    equals = "from the cross-encoder; before it" if how.reranked else "="
    yield f"{how.raw:.2f} {equals} meaning {how.standing:+.2f}, words {how.words:+.2f}, near {how.near:+.2f}, " + (
        f"passage {how.passage:+.2f}" + (f", boilerplate {how.boilerplate:+.2f}" if how.boilerplate else "")
    )
    terms = ", ".join(f"{term.term} {term.weight:.1f}" for term in how.terms)
    yield f"words: {terms or 'none'}"
    moved = f"; moved {how.feedback_weight:.2f} towards {', '.join(how.feedback)}" if how.feedback else ""
    yield f"meaning and words agree on {how.agreement:.0%} of their ten best{moved}"
    yield f"the notebook has something on this: {how.answered:.2f}"
    for filter in how.filters:
        yield f"only {filter}"


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
