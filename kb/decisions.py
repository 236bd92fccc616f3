"""`kb.decisions.toml`: what only the user knows. Written only when they decide something."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field, ValidationError

from kb.errors import ConfigError, reason
from kb.faults import fault_of
from kb.models import FiledArea, Frozen, StoredArea
from kb.notes.files import replacing

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Item

DECISIONS_NAME = "kb.decisions.toml"
Value = TypeVar("Value")

HEADER = "What the writer of this notebook decided. Safe to edit; meant for version control."


class Flags(Frozen):
    """How a source was added: `--area`, `--detour`, `--posts`; they hold for every note below it."""

    area: FiledArea | None = None
    detour: bool = False
    posts: bool = False


class Held(Frozen):
    """Some decisions that hold: filed areas, forgotten paths, and the flags of sources, keyed by notebook path."""

    filed: dict[str, StoredArea] = Field(default_factory=dict)
    forgotten: tuple[str, ...] = ()
    flags: dict[str, Flags] = Field(default_factory=dict)

    def without(self, other: Held) -> Held:
        """Those of these decisions that `other` lacks, or decides differently."""
        return Held(
            filed={path: area for path, area in self.filed.items() if other.filed.get(path) != area},
            forgotten=tuple(path for path in self.forgotten if path not in other.forgotten),
            flags={path: flags for path, flags in self.flags.items() if other.flags.get(path) != flags},
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that are decided about, each once."""
        return tuple(dict.fromkeys((*self.filed, *self.forgotten, *self.flags)))


class Entry(Frozen):
    """One step of the writer's: when, which decisions it made, and which it replaced or withdrew."""

    at: datetime.datetime
    made: Held = Field(default_factory=Held)
    dropped: Held = Field(default_factory=Held)


class Decisions(Held):
    """All decisions that hold, and the steps by which the writer made them, oldest first. Older files have no record
    of the steps.
    """

    log: tuple[Entry, ...] = ()

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

        def in_entry(held: Held) -> Held:
            return held.model_copy(update={"filed": moved(held.filed), "flags": moved(held.flags)})

        log = (Entry(at=one.at, made=in_entry(one.made), dropped=in_entry(one.dropped)) for one in self.log)
        return self.model_copy(
            update={"filed": moved(self.filed), "flags": moved(self.flags), "log": tuple(log)},
        )

    def recorded(self, before: Decisions, at: datetime.datetime) -> Decisions:
        """A copy whose log has one more entry: how these decisions differ from those before. Without a difference there
        is no entry.
        """
        made, dropped = self.without(before), before.without(self)
        if made == dropped == Held():
            return self
        return self.model_copy(update={"log": (*self.log, Entry(at=at, made=made, dropped=dropped))})

    def last(self) -> Entry | None:
        """The newest entry that can be taken back: one that was not overruled by editing the file."""
        return next((entry for entry in reversed(self.log) if self.can_take_back(entry)), None)

    def can_take_back(self, entry: Entry) -> bool:
        """Whether what an entry made holds, and nothing else has been decided about what it dropped."""
        holds = entry.made.without(self) == Held()
        replaced = set(entry.made.paths)
        return holds and not any(
            path in decided and path not in replaced
            for path in entry.dropped.paths
            for decided in (self.filed, self.forgotten, self.flags)
        )

    def taken_back(self, entry: Entry) -> Decisions:
        """A copy without what an entry made, with what it dropped, and with a log that ends before it."""
        made, dropped = entry.made, entry.dropped
        end = max((number for number, one in enumerate(self.log) if one == entry), default=len(self.log))
        forgotten = {*self.forgotten} - {*made.forgotten} | {*dropped.forgotten}
        return self.model_copy(
            update={
                "filed": {path: area for path, area in self.filed.items() if path not in made.filed} | dropped.filed,
                "forgotten": tuple(sorted(forgotten)),
                "flags": {path: flag for path, flag in self.flags.items() if path not in made.flags} | dropped.flags,
                "log": self.log[:end],
            }
        )


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
        raise ConfigError(f"{path} cannot be read: {error}; correct it; nothing was changed") from error
    except ValidationError as error:
        fault = fault_of(error, path.read_text(encoding="utf-8"), _known_keys)
        raise ConfigError(f"{path}: {fault}; correct it; nothing was changed") from error


def _known_keys(table: Sequence[str]) -> tuple[str, ...]:
    return tuple((Flags if table[:1] == ["flags"] else Entry if table else Decisions).model_fields)


def save_decisions(root: Path, decisions: Decisions) -> None:
    """Atomically replace the file, keeping the comments that the user put into it."""
    import tomlkit

    path = root / DECISIONS_NAME
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    if not path.exists():
        document.add(tomlkit.comment(HEADER))
    _merge(document, decisions.model_dump(mode="json", exclude_defaults=True, exclude={"log"}), keep="log")
    _merge_log(document, [entry.model_dump(mode="json", exclude_defaults=True) for entry in decisions.log])
    try:
        with replacing(path) as file:
            file.write(tomlkit.dumps(document).encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {reason(error)}; nothing was decided") from error


def _merge_log(document: TOMLDocument, wanted: list[dict[str, object]]) -> None:
    """Make `[[log]]` hold the wanted entries: those that stay are left as they are written, new ones come last."""
    import tomlkit

    before = document.get("log", [])
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(before, wanted, strict=False))))
    if same < len(before):
        del document["log"]
        same = 0
    if not wanted:
        return
    if not before:
        document.add(tomlkit.nl())
    entries = document.setdefault("log", tomlkit.aot())
    for entry in wanted[same:]:
        table = tomlkit.table()
        for key, value in entry.items():
            table.add(key, _inline(value))
        table.add(tomlkit.nl())
        entries.append(table)


def _inline(value: object) -> Item:
    """A value on one line."""
    import tomlkit

    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    for key, inner in value.items():
        table.append(key, _inline(inner))
    return table


def _merge(table: MutableMapping[str, object], wanted: Mapping[str, object], keep: str = "") -> None:
    """Make a TOML table hold the wanted values, changing only what differs, so that comments and order stay. The key
    `keep` stays as it is.
    """
    for key in [key for key in table if key not in wanted and key != keep]:
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
