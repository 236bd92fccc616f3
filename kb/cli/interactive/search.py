"""`kb search -i`: search as you type, and what follows from the note or the query that is chosen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from kb import rooms
from kb.cli.finding.notes import open_note
from kb.cli.session import UnansweredError, named_notebook
from kb.console import streams
from kb.errors import InputError
from kb.reports import RelatedNotes, SearchResult

if TYPE_CHECKING:
    from kb.knowledge import KnowledgeBase
    from kb.models import Filter, Mode

Narrowing = Callable[["KnowledgeBase"], "Filter"]  # the filter that the options make, of an open notebook

OWN_OPTIONS = (
    "interactive",
    "explain",
    "batch",
    "lines",
    "open",
    "as_json",
)  # of search, that a search of the view has not


def is_possible() -> bool:
    """Whether the standard streams of the command are a terminal."""
    return streams.stdin().isatty() and streams.stdout().isatty()


def search_interactively(query: str, limit: int | None, filter: Narrowing, mode: Mode) -> int:
    """Show the view, and do what the user chooses there; returns the exit code. Raises `InputError` off a terminal."""
    if streams.client():
        raise UnansweredError("the view needs the terminal of its own process")
    if not is_possible():
        raise InputError("--interactive needs a terminal; in scripts, give a QUERY")
    notices: list[str] = []
    with ExitStack() as stack:
        stack.callback(_say_once, notices)
        finder = stack.enter_context(_Finder(limit, filter, mode, notices))
        choice = rooms.search_view.choose(finder, query)
    if choice is None:
        return 0
    if choice.action == "open":
        return open_note(f"{choice.path}:{choice.line}")
    return _run("outline", choice.query)


def _say_once(notices: list[str]) -> None:
    for line in dict.fromkeys(notices):
        rooms.terminal.notice(line)


def _run(command: str, text: str) -> int:
    """Run a command of kb on a text, in the warm process if there is one."""
    arguments = [command, *_notebook_option(), "--", text]
    code = rooms.client.answered(arguments)
    if code is None:
        code = click.get_current_context().find_root().command.main(arguments, prog_name="kb", standalone_mode=False)
    return code or 0


def _notebook_option() -> list[str]:
    root = named_notebook()
    return [] if root is None else [f"--notebook={root}"]


class _Finder:
    """Asks the warm process; where there is none, this process opens the notebook."""

    def __init__(self, limit: int | None, filter: Narrowing, mode: Mode, notices: list[str]) -> None:
        self._limit = limit
        self._filter = filter
        self._mode = mode
        self._notices = notices
        self._root = named_notebook()
        self._notebook_option = _notebook_option()
        self._options = _search_options()
        self._stack = ExitStack()

    def __enter__(self) -> _Finder:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def _knowledge(self) -> KnowledgeBase:
        knowledge = rooms.knowledge.KnowledgeBase(self._root, notify=self._notices.append)
        return self._stack.enter_context(knowledge)

    def search(self, query: str) -> SearchResult:
        """The hits for a query."""
        if answer := self._asked("search", self._options, query):
            return SearchResult.model_validate_json(answer)
        limit = self._limit or rooms.knowledge.DEFAULT_LIMIT
        weak = self._limit is not None
        return self._knowledge.search(query, limit, self._filter(self._knowledge), self._mode, weak=weak)

    def related(self, path: str) -> RelatedNotes:
        """The notes related to one."""
        if answer := self._asked("related", [], path):
            return RelatedNotes.model_validate_json(answer)
        return self._knowledge.related(path)

    def _asked(self, command: str, options: list[str], text: str) -> str | None:
        """The JSON that the warm process prints for a command; None if it cannot answer, or in case of an error."""
        printed = bytearray()
        arguments = [command, *options, "--json", *self._notebook_option, "--", text]
        code = rooms.client.answered(arguments, printed)
        return printed.decode(sys.stdout.encoding) if code == 0 else None


def _search_options() -> list[str]:
    """The options that the user gave, for the searches of the view."""
    context = click.get_current_context()
    return [
        f"{parameter.opts[-1]}={value}" if parameter.opts[-1].startswith("--") else f"{parameter.opts[-1]}{value}"
        for parameter in context.command.params
        if isinstance(parameter, click.Option) and parameter.name not in OWN_OPTIONS and parameter.expose_value
        if context.get_parameter_source(parameter.name or "") == ParameterSource.COMMANDLINE
        for value in (context.params[parameter.name] if parameter.multiple else [context.params[parameter.name]])
    ]
