"""Looking after the index: doctor."""

from __future__ import annotations

import click

from kb.cli.session import JSON_OPTION, knowledge_base


@click.command("doctor")
@JSON_OPTION
def doctor_command(as_json: bool) -> int:
    """Check the index against itself and the notes."""
    from kb.console.measures import print_diagnosis
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        diagnosis = knowledge.diagnose()
    print_report(diagnosis, as_json, print_diagnosis)
    return 0 if diagnosis.ok else 3
