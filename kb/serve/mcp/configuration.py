"""What to paste into the settings of an assistant, so that it starts the tools of a notebook."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

Assistant = Literal["claude", "vscode", "cursor", "codex"]

PLACES: dict[Assistant, str] = {
    "claude": ".mcp.json in a project, or claude_desktop_config.json",
    "vscode": ".vscode/mcp.json",
    "cursor": ".cursor/mcp.json",
    "codex": "~/.codex/config.toml",
}


def configuration(assistant: Assistant, root: Path) -> str:
    """The entry for one assistant, in the format of its file."""
    command, arguments = sys.executable, ["-m", "kb", "--notebook", str(root), "mcp"]
    if assistant == "codex":
        return f"[mcp_servers.kb]\ncommand = {json.dumps(command)}\nargs = {json.dumps(arguments)}\n"
    started = {"command": command, "args": arguments}
    entry = (
        {"servers": {"kb": {"type": "stdio"} | started}} if assistant == "vscode" else {"mcpServers": {"kb": started}}
    )
    return json.dumps(entry, indent=2, ensure_ascii=False) + "\n"
