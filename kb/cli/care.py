"""The notebook and its index as a whole: init, status, doctor, rebuild, backup, restore."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from kb import rooms
from kb.cli.parameters import JSON_OPTION, YES_OPTION, FilePath
from kb.cli.session import knowledge_base, long_run, named_notebook


@click.command(
    "init",
    epilog="""\b
Examples:
  kb init
  kb init ~/notes
""",
)
@click.argument("folder", metavar="[DIR]", required=False, type=FilePath(file_okay=False, path_type=Path))
def init_command(folder: Path | None) -> None:
    """Create a notebook in this folder, or in DIR.

    This writes a kb.toml that explains every setting.
    """
    rooms.terminal.say(f"wrote {rooms.knowledge.init(folder or named_notebook())}; next: kb add your notes")


@click.command("status")
@JSON_OPTION
def status_command(as_json: bool) -> None:
    """Show how many notes each area has, and what changed."""
    with knowledge_base() as knowledge:
        status = knowledge.status()
    rooms.terminal.print_report(status, as_json, rooms.console_care.print_status)


@click.command(
    "doctor",
    epilog="""\b
Examples:
  kb doctor
  kb doctor --full
  kb doctor --repair
""",
)
@click.option("--full", is_flag=True, help="Compare all notes and vectors, not only samples.")
@click.option("--repair", is_flag=True, help="Repair what is found, then check again.")
@YES_OPTION
@JSON_OPTION
def doctor_command(full: bool, repair: bool, yes: bool, as_json: bool) -> int:
    """Check the index for damage, and against the notes.

    The exit code is 3 if there is a problem. Your notes are never changed.
    """
    with knowledge_base() as knowledge:
        diagnosis = knowledge.repair(full, allow_removal=yes) if repair else knowledge.diagnose(full)
    rooms.terminal.print_report(diagnosis, as_json, rooms.console_care.print_diagnosis)
    return 0 if diagnosis.ok else 3


@click.command("rebuild")
@YES_OPTION
@JSON_OPTION
def rebuild_command(yes: bool, as_json: bool) -> int:
    """Rebuild the index from its catalog, or from the notes.

    As long as the catalog is intact, nothing is embedded again. A damaged
    catalog is rebuilt from the notes of its sources. Your notes are never
    changed.
    """
    with long_run() as (knowledge, stopping):
        rebuilt = knowledge.rebuild(allow_removal=yes)
    rooms.terminal.print_report(rebuilt, as_json, rooms.console_care.print_rebuilt)
    if stopping.signal:
        return 128 + stopping.signal
    return 3 if rebuilt.skipped else 0


@click.command(
    "backup",
    epilog="""\b
Examples:
  kb backup
  kb backup ~/notes-2024-05.kb
""",
)
@click.argument("file", type=FilePath(dir_okay=False, path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@JSON_OPTION
def backup_command(file: Path | None, force: bool, as_json: bool) -> None:
    """Save the index to one compressed file.

    Without FILE, it is named after the notebook and today, in this folder. It
    holds the catalog with the text of the notes, kb.toml and
    kb.decisions.toml. Notes that you forget later stay in the backup.
    """
    with knowledge_base() as knowledge:
        default = f"{knowledge.root.name or 'notebook'}-{datetime.date.today()}.kb"
        saved = knowledge.backup(file or Path(default), overwrite=force)
    rooms.terminal.print_report(saved, as_json, rooms.console_care.print_saved)


@click.command(
    "restore",
    epilog="""\b
Examples:
  kb restore ~/notes-2024-05.kb
  kb restore ~/notes-2024-05.kb --force
""",
)
@click.argument("file", type=FilePath(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace an existing index, kb.toml and kb.decisions.toml.")
@JSON_OPTION
def restore_command(file: Path, force: bool, as_json: bool) -> None:
    """Restore the index from a backup.

    The backup is verified first; then nothing is embedded again. Your notes are
    never changed; run kb sync afterwards to index their current text.
    """
    with knowledge_base(create=True) as knowledge:
        saved = knowledge.restore(file, overwrite=force)
    rooms.terminal.print_report(saved, as_json, rooms.console_care.print_restored)
