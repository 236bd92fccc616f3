"""Serving the notebook to a browser, to programs and to assistants on this machine."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import webbrowser
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.parameters import JSON_OPTION, OneOf, WholeNumber
from kb.cli.session import ended_by_signals, named_notebook

if TYPE_CHECKING:
    from kb.notebook import Settings
    from kb.serve.http.access import Access
    from kb.serve.mcp.configuration import Assistant

DEFAULT_PORT = 5252
TRUST_OPTION = click.option(
    "--trust", is_flag=True, help="Allow the servers and models that this notebook's kb.toml names, from now on."
)


@click.command(
    "serve",
    epilog="""\b
Examples:
  kb serve --open
  kb serve --port 0
  kb serve --status
  kb serve --stop
""",
)
@click.option(
    "--port", type=WholeNumber(0, 65535), default=DEFAULT_PORT, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--open", "opens", is_flag=True, help="Open the page in your browser.")
@click.option("--status", is_flag=True, help="Say where this notebook is served, with a new link.")
@click.option("--stop", is_flag=True, help="End the server of this notebook.")
@TRUST_OPTION
@JSON_OPTION
def serve_command(port: int, opens: bool, status: bool, stop: bool, trust: bool, as_json: bool) -> int:
    """Serve the notebook to your browser and to programs.

    Prints an address with a token, and serves this machine only until it is
    interrupted. Meanwhile, notes that you save are synced within a second or
    two. A browser can open the address once. Programs send the token as
    "Authorization: Bearer TOKEN"; /api/openapi.json describes the JSON API.
    """
    if status and stop:
        raise click.UsageError("give either --status or --stop")
    if as_json and not (status or stop):
        raise click.UsageError("--json needs --status or --stop")
    root, settings = _notebook()
    if status or stop:
        return _ask(root, stop, as_json)
    require_trust(root, settings, trust)
    return rooms.http_server.serve(root, port, partial(_ready, opens), rooms.terminal.notice)


@click.command(
    "mcp",
    epilog="""\b
Examples:
  kb mcp --print-config claude
  kb mcp --print-config codex >> ~/.codex/config.toml
""",
)
@click.option(
    "--print-config",
    "assistant",
    type=OneOf(["claude", "vscode", "cursor", "codex"]),
    help="Print what to paste into the settings of this assistant.",
)
@TRUST_OPTION
def mcp_command(assistant: Assistant | None, trust: bool) -> None:
    """Offer the notebook to an assistant, as tools of MCP.

    The assistant starts this command, and speaks the Model Context Protocol with
    it on standard input and output. The tools search, read and outline notes, and
    add new ones.
    """
    root, settings = _notebook()
    if assistant:
        configuring = rooms.configuration
        rooms.terminal.print_text(configuring.configuration(assistant, root))
        rooms.terminal.notice(f"paste this into {configuring.PLACES[assistant]}")
        return
    require_trust(root, settings, trust)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a thread that waits for input would hold an orderly end up
    with contextlib.closing(rooms.live.LiveNotebook(root, rooms.terminal.notice)) as live:
        rooms.tools_server.serve_standard_streams(live)


@click.command(
    "watch",
    epilog="""\b
Examples:
  kb watch
  kb watch --json >> syncs.jsonl
""",
)
@TRUST_OPTION
@JSON_OPTION
def watch_command(trust: bool, as_json: bool) -> int:
    """Sync whenever notes have changed, until interrupted.

    Prints a line for each sync. If more than ten notes, and more than half of a
    source, are missing, nothing changes until you confirm it with "kb sync --yes".
    A running "kb serve" does the same.
    """
    root, settings = _notebook()
    require_trust(root, settings, trust)
    terminal, console = rooms.terminal, rooms.console_sync
    with contextlib.closing(rooms.live.LiveNotebook(root, terminal.notice)) as live:
        log = console.SyncLog()

        def sync() -> None:
            terminal.print_report(live.knowledge.sync(), as_json, log.print)

        # A signal's handler runs in this thread, which must not hold the lock of the event that it sets.
        watcher = threading.Thread(target=rooms.watching.Watcher(live, sync, terminal.notice).run, name="watcher")
        with ended_by_signals(live.stopping.set) as stopping:
            watcher.start()
            watcher.join()
    return 128 + stopping.signal if stopping.signal else 0


def _notebook() -> tuple[Path, Settings]:
    with rooms.knowledge.KnowledgeBase(named_notebook()) as knowledge:
        return knowledge.root, knowledge.settings


def require_trust(root: Path, settings: Settings, trust: bool) -> None:
    """Ask once, at a terminal, about settings that reach beyond this machine, unless the user trusts them anyway.
    Raises `ConfigError` for those that are not allowed.
    """
    trusting = rooms.trust
    if not trusting.is_allowed(root, settings):
        named = ", ".join(trusting.far_reaching(settings))
        question = f"kb.toml names {named}. Allow this for {root}?"
        if trust or (sys.stdin.isatty() and click.confirm(question, err=True)):
            trusting.allow(root, settings)
    trusting.require_allowed(root, settings)


def _ready(opens: bool, access: Access) -> None:
    """Print the link. A browser is given another one: other users may see it in the list of processes."""
    rooms.terminal.print_text(f"{access.first_link}\n")
    if opens:
        threading.Thread(target=_open_browser, args=[access.new_link()], daemon=True).start()


def _open_browser(link: str) -> None:
    """Some browsers return only when they are closed, which must not hold the server up."""
    if not webbrowser.open(link):
        rooms.terminal.notice("no browser could be started; open the address yourself")


def _ask(root: Path, stop: bool, as_json: bool) -> int:
    running, reports = rooms.running, rooms.reports
    server = running.stop(root) if stop else running.ask(root, "GET", "/api/server", reports.Server)
    console = rooms.console_care
    rooms.terminal.print_report(server, as_json, console.print_ended_server if stop else console.print_server)
    if not stop and not as_json:
        link = running.ask(root, "POST", "/api/link", reports.Link)
        rooms.terminal.print_text(f"{link.address}\n")
    return 0
