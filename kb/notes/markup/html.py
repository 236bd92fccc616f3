"""HTML blocks as their writers mean them: to CommonMark they end with a blank line, and a code fence directly below a
tag is a part of them. Pure.
"""

from __future__ import annotations

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.html_block import HTML_SEQUENCES, html_block

_FENCE = re.compile(r"(`{3,}|~{3,})[^`]*$")
_WITH_END_TAG = [opening for opening, _, _ in HTML_SEQUENCES[:5]]  # blocks that end with a mark of their own
_UNCLOSED = "unclosed fences"  # of a note: those that nothing closes below a line, nor below later ones


def html_until_fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A rule of the parser: an HTML block that ends at the latest where a fence begins that is closed."""
    if not html_block(state, start, end, silent):
        return False
    if silent or any(opening.search(_line(state, start)) for opening in _WITH_END_TAG):
        return True
    for number in range(start + 1, state.line):
        if (fence := _FENCE.match(_line(state, number))) and _is_closed(state, number, end, fence[1]):
            state.line = number
            token = state.tokens[-1]
            token.map = [start, number]
            token.content = state.getLines(start, number, state.blkIndent, True)
            break
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _is_closed(state: StateBlock, opening: int, end: int, fence: str) -> bool:
    unclosed: set[str] = state.env.setdefault(_UNCLOSED, set())
    if fence not in unclosed and not any(_line(state, below).rstrip() == fence for below in range(opening + 1, end)):
        unclosed.add(fence)
    return fence not in unclosed
