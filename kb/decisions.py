"""`kb.decisions.toml`: what only the user knows. Written only when they decide something."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, MutableMapping, MutableSequence
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from kb.errors import ConfigError
from kb.models import FiledArea, Frozen, StoredArea
from kb.notes.files import replacing

DECISIONS_NAME = "kb.decisions.toml"
Value = TypeVar("Value")

HEADER = "What the writer of this notebook decided. Safe to edit; meant for version control."


class Flags(Frozen):
    """How a source was added: `--area`, `--detour`, `--posts`; they hold for every note below it."""

    area: FiledArea | None = None
    detour: bool = False
    posts: bool = False


class Decisions(Frozen):
    """Filed areas, forgotten paths, and the flags of sources, keyed by notebook path."""

    filed: dict[str, StoredArea] = Field(default_factory=dict)
    forgotten: tuple[str, ...] = ()
    flags: dict[str, Flags] = Field(default_factory=dict)

    def flags_for(self, path: str) -> Flags:
        """The flags of the nearest flagged source that is `path` or holds it."""
        holders = [source for source in self.flags if is_under(path, source)]
        return self.flags[max(holders, key=len)] if holders else Flags()

    def ruling(self, path: str) -> str:
        """All that was decided about a note, as one comparable line: where it is filed, and its source's flags."""
        return f"{self.filed.get(path, '')} {self.flags_for(path).model_dump_json(exclude_defaults=True)}"

    def forgets(self, path: str, source: str) -> bool:
        """Whether a path or a folder above it was forgotten; a source inside that folder takes precedence."""
        return any(is_under(path, folder) and not is_under(source, folder) for folder in self.forgotten)

    def with_filed(self, path: str, area: StoredArea | None) -> Decisions:
        """A copy in which `path` is filed under `area`; None withdraws the decision."""
        filed = {name: value for name, value in self.filed.items() if name != path}
        return self.model_copy(update={"filed": filed if area is None else filed | {path: area}})

    def with_flags(self, source: str, flags: Flags) -> Decisions:
        """A copy in which a source has these flags in addition to its own."""
        before = self.flags.get(source, Flags())
        merged = Flags(
            area=flags.area or before.area, detour=flags.detour or before.detour, posts=flags.posts or before.posts
        )
        return self.model_copy(update={"flags": self.flags | {source: merged}})

    def with_forgotten(self, path: str) -> Decisions:
        """A copy that forgets a path and drops the decisions at or below it."""
        return self.model_copy(
            update={
                "filed": {name: value for name, value in self.filed.items() if not is_under(name, path)},
                "flags": {name: value for name, value in self.flags.items() if not is_under(name, path)},
                "forgotten": tuple(sorted({*self.forgotten, path})),
            }
        )

    def with_added(self, sources: Iterable[str], flags: Flags) -> Decisions:
        """A copy in which some sources are no longer forgotten, and have these flags in addition to their own."""
        decisions = self
        for source in sources:
            decisions = decisions.with_remembered(source)
            if flags != Flags():
                decisions = decisions.with_flags(source, flags)
        return decisions

    def with_remembered(self, path: str) -> Decisions:
        """A copy that no longer forgets `path`; paths forgotten below or above it stay forgotten."""
        return self.model_copy(update={"forgotten": tuple(name for name in self.forgotten if name != path)})

    def with_renamed(self, origin: str, to: str) -> Decisions:
        """A copy in which the decisions about one note move to its new path."""

        def moved(names: dict[str, Value]) -> dict[str, Value]:
            return {to if name == origin else name: value for name, value in names.items()}

        return self.model_copy(update={"filed": moved(self.filed), "flags": moved(self.flags)})


def is_under(path: str, folder: str) -> bool:
    """Whether a notebook path is `folder` or lies below it; `.` is the notebook itself."""
    if folder == ".":
        return not Path(path).is_absolute()
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def is_under_any(path: str, folders: Iterable[str]) -> bool:
    """Whether a notebook path is one of some folders or lies below one."""
    return any(is_under(path, folder) for folder in folders)


def load_decisions(root: Path) -> Decisions:
    """Read the decisions; a missing file means no decisions. Raises `ConfigError` for a file that does not parse."""
    path = root / DECISIONS_NAME
    try:
        return Decisions.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Decisions()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; correct it, nothing was changed") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {key}: {first['msg']}; correct it, nothing was changed") from error


def save_decisions(root: Path, decisions: Decisions) -> None:
    """Atomically replace the file, keeping the comments that the user put into it."""
    import tomlkit

    path = root / DECISIONS_NAME
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    if not path.exists():
        document.add(tomlkit.comment(HEADER))
    _merge(document, decisions.model_dump(mode="json", exclude_defaults=True))
    try:
        with replacing(path) as file:
            file.write(tomlkit.dumps(document).encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}; nothing was decided") from error


def _merge(table: MutableMapping[str, object], wanted: Mapping[str, object]) -> None:
    """Make a TOML table hold the wanted values, changing only what differs, so that comments and order stay."""
    for key in [key for key in table if key not in wanted]:
        del table[key]
    for key, value in wanted.items():
        before = table.get(key)
        if isinstance(value, Mapping) and isinstance(before, MutableMapping):
            _merge(before, value)
        elif isinstance(value, list) and isinstance(before, MutableSequence):
            for item in [item for item in before if item not in value]:
                before.remove(item)
            before.extend(item for item in value if item not in before)
        if table.get(key) != value:
            table[key] = value
