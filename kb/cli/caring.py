"""Looking after the index: doctor, rebuild, backup, restore."""

from __future__ import annotations

from pathlib import Path

import click

from kb.cli.session import JSON_OPTION, YES_OPTION, knowledge_base, long_run, new_knowledge_base


@click.command(
    "doctor",
    epilog="""\b
Examples:
  kb doctor
  kb doctor --full
  kb doctor --repair
""",
)
@click.option("--full", is_flag=True, help="Compare all notes and vectors, not samples.")
@click.option("--repair", is_flag=True, help="Mend what is found, and check again.")
@YES_OPTION
@JSON_OPTION
def doctor_command(full: bool, repair: bool, yes: bool, as_json: bool) -> int:
    """Check the index against itself and the notes.

    Ends with exit code 3 when something is wrong. The notes are never touched.
    """
    from kb.console.measures import print_diagnosis
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        diagnosis = knowledge.repair(full, allow_removal=yes) if repair else knowledge.diagnose(full)
    print_report(diagnosis, as_json, print_diagnosis)
    return 0 if diagnosis.ok else 3


@click.command("rebuild")
@YES_OPTION
@JSON_OPTION
def rebuild_command(yes: bool, as_json: bool) -> int:
    """Make the index anew, from its catalog or from the notes.

    With the catalog whole nothing is embedded again. A damaged catalog is made
    anew from the notes of the same sources. The notes are never touched.
    """
    from kb.console.notes import print_rebuilt
    from kb.console.terminal import print_report

    with long_run() as (knowledge, stopping):
        rebuilt = knowledge.rebuild(allow_removal=yes)
    print_report(rebuilt, as_json, print_rebuilt)
    if stopping.signal:
        return 128 + stopping.signal
    return 3 if rebuilt.skipped else 0


@click.command(
    "backup",
    epilog="""\b
Examples:
  kb backup ~/notes-2024-05.kb
""",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE.")
@JSON_OPTION
def backup_command(file: Path, force: bool, as_json: bool) -> None:
    """Write the index into one compressed file.

    It holds the catalog with the text of the notes, kb.toml and
    kb.decisions.toml. What is forgotten later stays in it.
    """
    from kb.console.notes import print_saved
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        saved = knowledge.backup(file, overwrite=force)
    print_report(saved, as_json, print_saved)


@click.command(
    "restore",
    epilog="""\b
Examples:
  kb restore ~/notes-2024-05.kb
  kb restore ~/notes-2024-05.kb --force
""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the index, kb.toml and kb.decisions.toml.")
@JSON_OPTION
def restore_command(file: Path, force: bool, as_json: bool) -> None:
    """Put the index of a backup in place.

    The backup is checked first; then nothing is embedded. The notes are never
    touched; `kb sync` afterwards takes in what they say now.
    """
    from kb.console.notes import print_saved
    from kb.console.terminal import print_report

    with new_knowledge_base() as knowledge:
        saved = knowledge.restore(file, overwrite=force)
    print_report(saved, as_json, print_saved)
