"""What the shell completes: the notes and tags of the notebook, guides, paths. Nothing here imports the library: a
key that was pressed waits for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from kb import rooms

BUSY_SECONDS = 0.5
TEMPLATES = ("jekyll", "hugo", "plain")


def notes(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The notes whose file name or path begins with a text, with their titles."""
    found = []
    for path, title in _rows(context, "SELECT path, title FROM notes ORDER BY path"):
        name = next((name for name in (Path(path).stem, path) if name.startswith(incomplete)), None)
        if name is not None:
            found.append(CompletionItem(name, help=title))
    return found


def tags(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The tags of the notes."""
    rows = _rows(context, "SELECT DISTINCT tags FROM notes")
    return sorted({tag for (stored,) in rows for tag in json.loads(stored) if tag.startswith(incomplete)})


def guides(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The subjects that have a guide."""
    subjects = rooms.guides.SUBJECTS
    return [CompletionItem(name, help=text) for name, text in subjects.items() if name.startswith(incomplete)]


def templates(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The built-in templates, or else files."""
    found = [CompletionItem(name) for name in TEMPLATES if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def paths(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files and folders, which the shell lists."""
    return [CompletionItem(incomplete, type="file")]


def _rows(context: click.Context, query: str) -> Iterator[tuple[str, ...]]:
    """Rows of the catalog; none where it cannot be read."""
    named = context.find_root().obj
    root = rooms.client.root_of([str(named)] if named else [])
    if root is None:
        return
    sqlite3 = import_module("sqlite3")
    try:
        catalog = Path(root, _index_folder(root), "catalog.db").as_uri()
        with closing(sqlite3.connect(f"{catalog}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as connection:
            yield from connection.execute(query)
    except (sqlite3.Error, OSError, ValueError):  # a line of the shell is no place for a message
        return


def _index_folder(root: str) -> str:
    """The folder of the index, by `kb.toml`."""
    try:
        content = Path(root, "kb.toml").read_text(encoding="utf-8")
    except FileNotFoundError:
        content = ""
    named: str = import_module("tomllib").loads(content).get("index_dir", ".kb")
    return str(os.path.expanduser(named))
