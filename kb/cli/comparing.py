"""Notes beside one another: related, duplicates."""

from __future__ import annotations

import click

from kb.cli.session import JSON_OPTION, knowledge_base, patient_knowledge_base


@click.command(
    "related",
    epilog="""\b
Examples:
  kb related over-smoothing
  kb related notes/lora.md -n 20
  kb related "Why deep GNNs forget" --json
""",
)
@click.argument("note")
@click.option("-n", "limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="Notes to show.")
@JSON_OPTION
def related_command(note: str, limit: int, as_json: bool) -> None:
    """Find the notes and posts related to a note.

    By what they say, passage by passage, and by links either way. NOTE is a
    path, a file name without its ending, or a title.
    """
    from kb.console.compared import print_related
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        notes = knowledge.related(note, limit)
    print_report(notes, as_json, print_related)


@click.command(
    "duplicates",
    epilog="""\b
Examples:
  kb duplicates
  kb duplicates --json
""",
)
@JSON_OPTION
def duplicates_command(as_json: bool) -> None:
    """List notes and passages that say nearly the same.

    Notes that share at least half of their runs of five words, and passages
    of which one stands in another. To have the same subject is not enough.
    """
    from kb.console.compared import print_duplicates
    from kb.console.terminal import print_report

    with patient_knowledge_base() as knowledge:
        found = knowledge.duplicates()
    print_report(found, as_json, print_duplicates)
