"""Counts the statements in a folder of notes that an outline could quote, and those that are no prose.

What is no prose is recognised here by the look of the lines themselves, not by the kinds that kb gives them.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kb.errors import NoteError
from kb.models import NoteFile, Statement
from kb.notes.chunking import chunk_note
from kb.notes.files import MAX_BYTES, SUFFIXES, decode
from kb.notes.parse import parse_note
from kb.notes.words import searchable
from kb.outline.quoting.runs import runs

MAX_TOKENS = 254
SHOWN = 5  # examples of each fault

FENCE = re.compile(r"(\s*(?:>\s?|[-*+]\s+)*)(`{3,}|~{3,})(.*)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LEAD = re.compile(r"[\s>]*")
INDENTED = 4  # characters more than the fence that it would close: code; so far may a fence be from its list item
TABLE_ROW = re.compile(r"\s*\|.*\|\s*$")
TAG = re.compile(r"</?[a-z][a-z0-9-]*(?:\s[^<>]*)?/?>|<!--|^-->|-->$", re.IGNORECASE)  # an arrow is none
MARKUP = re.compile(r"\]\(|\[\[|\]\]|\{\{|\}\}|\{%|%\}|\{[:#.][^}]*\}|:::|%%|^\w[\w-]*:: |\*\*\w|\w\*\*|!\[")
LINK = re.compile(r"!?\[\[[^\]]*\]\]|!?\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|<?https?://\S+")
FORMULA = re.compile(r"\$\$.*?(?:\$\$|$)|\$[^$]+\$|\\[(\[].*?\\[)\]]|\\begin\{.*", re.DOTALL)
ESCAPED = re.compile(r"(?:\\[*\[\]{}])+")  # marks that the writer wants to be seen
MIN_WORDS = 3  # outside links, in a statement that is more than links


def fenced(lines: list[str]) -> set[int]:
    """The numbers, from 1, of the lines inside fences of code."""
    inside, opened, margin, least = set[int](), "", 0, 0
    for number, line in enumerate(lines, 1):
        match = FENCE.match(line)
        before, fence, rest = match.groups() if match else ("", "", "")
        if opened and line.strip() and len(LEAD.match(line)[0]) < least:  # type: ignore[index]  # matches anything
            opened = ""  # the list item ends, and with it the code
        if opened:
            inside.add(number)
            closes = fence.startswith(opened) and not rest.strip() and len(before) < margin + INDENTED
            opened = "" if closes else opened
        elif match and not (fence[0] == "`" and "`" in rest):
            inside.add(number)
            opened, margin = fence, len(before)
            least = margin if before.strip(" \t>") else margin - INDENTED + 1
    return inside


def faults(statement: Statement, lines: list[str], code: set[int]) -> Iterator[str]:
    """What a statement is instead of prose."""
    numbers = range(statement.start_line, statement.end_line + 1)
    cited = [lines[number - 1] for number in numbers]
    written = "\n".join(cited)
    spoken = "" if "`" in written else FORMULA.sub(" ", statement.text)
    for literal in ESCAPED.findall(written):
        spoken = spoken.replace(literal.replace("\\", ""), " ")
    if any(number in code for number in numbers):
        yield "code"
    if all(TABLE_ROW.match(line) for line in cited):
        yield "table rows"
    if TAG.search(spoken):
        yield "HTML"
    if MARKUP.search(spoken):
        yield "markup"
    if LINK.search(written) and len(re.findall(r"\w+", searchable(LINK.sub(" ", written)))) < MIN_WORDS:
        yield "links only"


def candidates(path: Path) -> Iterator[tuple[Statement, list[str]]]:
    """The statements of a note that an outline could quote, each with its faults."""
    text = decode(path.read_bytes())
    note = parse_note(NoteFile(path=path.name, size=0, mtime_ns=0, text=text, sha256=""))
    lines = text.split("\n")
    code = fenced(COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text).split("\n"))
    for chunk in chunk_note(note, lambda part: len(re.findall(r"\w{1,4}|[^\w\s]", part)), MAX_TOKENS):
        for statement in runs(chunk):
            yield statement, list(faults(statement, lines, code))


def main(folder: Path) -> None:
    """Print the numbers and some examples."""
    counts, notes, examples = Counter[str](), 0, dict[str, list[str]]()
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file() or path.stat().st_size > MAX_BYTES:
            continue
        try:
            for statement, found in candidates(path):
                counts.update(["statements", *found])
                for fault in found:
                    address = f"{path.relative_to(folder)}:{statement.start_line}"
                    examples.setdefault(fault, []).append(f"  {address}  {statement.text[:90]}")
            notes += 1
        except NoteError as error:
            print(f"{path.relative_to(folder)}: {error}", file=sys.stderr)
    print(f"{counts['statements']:,} statements of {notes:,} notes could be quoted; of these are")
    for fault in ("code", "table rows", "HTML", "markup", "links only"):
        print(f"{fault:12}{counts[fault]:7,}", *examples.get(fault, [])[:SHOWN], sep="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        raise SystemExit("usage: scripts/points FOLDER")
    main(Path(sys.argv[1]))
