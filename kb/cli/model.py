"""The models of a notebook: model list, model use."""

from __future__ import annotations

import click

from kb import rooms
from kb.cli.parameters import JSON_OPTION, YES_OPTION, as_text
from kb.cli.session import knowledge_base, long_run
from kb.cli.usage import CommandGroup


@click.group(
    "model",
    cls=CommandGroup,
    invoke_without_command=True,
    epilog="""\b
Examples:
  kb model
  kb model use bge-small-en-v1.5
""",
)
@JSON_OPTION
@click.pass_context
def model_command(context: click.Context, as_json: bool) -> None:
    """List embedding models and rerankers, and use another.

    The encoder turns passages and queries into vectors. A reranker, if there
    is one, reads the query together with the best passage of each of the best
    50 notes, and reorders these. Without a command, the models are listed.
    """
    if context.invoked_subcommand is None:
        _list(as_json)


@model_command.command("list")
@JSON_OPTION
def list_command(as_json: bool) -> None:
    """List well-known models, those in use, and those on this machine."""
    _list(as_json)


def _list(as_json: bool) -> None:
    with knowledge_base() as knowledge:
        models = knowledge.models()
    rooms.terminal.print_report(models, as_json, rooms.console_model.print_models)


@model_command.command(
    "use",
    epilog="""\b
Examples:
  kb model use bge-small-en-v1.5
  kb model use ~/models/my-encoder
  kb model use --rerank ms-marco-MiniLM-L6-v2
  kb model use default
""",
)
@click.argument("name", metavar="NAME|FOLDER")
@click.option("--rerank", is_flag=True, help="Change the reranker instead of the encoder.")
@YES_OPTION
@JSON_OPTION
def use_command(name: str, rerank: bool, yes: bool, as_json: bool) -> int:
    """Use another encoder, or another reranker.

    NAME is one that kb model list shows, or a name on the Hugging Face Hub; the
    model is downloaded unless it is on this machine. All notes are embedded
    again, and the model is set in kb.toml. Until that is done, and if it is
    interrupted, the notebook stays as it is. "default" goes back to the model
    that comes with kb, and with --rerank to none.
    """
    with long_run() as (knowledge, stopping):
        change = knowledge.use_reranker(as_text(name)) if rerank else knowledge.use_encoder(as_text(name), yes)
    rooms.terminal.print_report(change, as_json, rooms.console_model.print_change)
    if stopping.signal:
        return 128 + stopping.signal
    return 3 if change.skipped else 0
