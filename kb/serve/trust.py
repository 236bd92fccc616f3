"""Settings that make a server act beyond this machine, or load a model, need the user's word once.

A notebook that was cloned or unpacked brings its `kb.toml` along. What was allowed is kept outside the notebook.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from kb.errors import ConfigError, reason
from kb.notebook import CONFIG_NAME, Settings
from kb.notes.files import replacing

PRIVATE_FILE = 0o600


def far_reaching(settings: Settings) -> list[str]:
    """The settings that name a server, a language model or a model other than the one that comes with kb."""
    named = {
        "chroma.url": settings.chroma.url,
        "outline.llm": settings.outline.llm,
        "model": settings.model,
        "rerank": settings.rerank,
    }
    return [f"{key} = {value}" for key, value in named.items() if value is not None]


def is_allowed(root: Path, settings: Settings) -> bool:
    """Whether the user has allowed these settings for this notebook, or there is nothing to allow."""
    named = far_reaching(settings)
    return not named or _allowed().get(str(root)) == _digest(named)


def allow(root: Path, settings: Settings) -> None:
    """Remember that the user allows these settings for this notebook. Raises `ConfigError`."""
    path = _file()
    allowed = _allowed() | {str(root): _digest(far_reaching(settings))}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, PRIVATE_FILE) as file:
            file.write(json.dumps(allowed, indent=1).encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {reason(error)}; nothing was allowed") from error


def require_allowed(root: Path, settings: Settings) -> None:
    """Raise `ConfigError`, naming the settings, unless the user has allowed them."""
    if not is_allowed(root, settings):
        named = ", ".join(far_reaching(settings))
        raise ConfigError(f"{root / CONFIG_NAME} names {named}; add --trust to the command once to allow that")


def _digest(named: list[str]) -> str:
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def _allowed() -> dict[str, str]:
    """The digests of the settings allowed, by notebook; empty where the file is missing or damaged."""
    try:
        stored = json.loads(_file().read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(root): str(digest) for root, digest in stored.items()} if isinstance(stored, dict) else {}


def _file() -> Path:
    import platformdirs

    return platformdirs.user_config_path("kb") / "allowed.json"
