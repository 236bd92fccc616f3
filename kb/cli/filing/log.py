"""The decisions that were made: log, undo."""

from __future__ import annotations

import click

from kb import rooms
from kb.cli.parameters import JSON_OPTION
from kb.cli.session import knowledge_base


@click.command(
    "log",
    epilog="""\b
Examples:
  kb log
  kb log | grep forgotten
""",
)
@JSON_OPTION
def log_command(as_json: bool) -> None:
    """List your decisions, the newest first.

    These are the notes that you filed, withdrew and forgot, and the sources that
    you added as detours, posts or under an area. They are kept in
    kb.decisions.toml; those that it has no date for come last.
    """
    with knowledge_base() as knowledge:
        log = knowledge.log()
    rooms.terminal.print_report(log, as_json, rooms.console_log.print_log)


@click.command(
    "undo",
    epilog="""\b
Examples:
  kb undo
  kb log
""",
)
@JSON_OPTION
def undo_command(as_json: bool) -> int:
    """Take your last decision back.

    The notes concerned are filed as they were decided before, and otherwise by
    their verdicts. Running it again takes back the decision before that one.
    """
    with knowledge_base() as knowledge:
        undone = knowledge.undo()
    rooms.terminal.print_report(undone, as_json, rooms.console_log.print_undone)
    return 3 if undone.skipped else 0
