"""Run every command that the README and the guides show, and put what it printed into the pages, and the tables that
are made from the code. Names of pages, such as `README` or `search`, leave the others as they are.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import BaseModel

from kb import guides, reports, settings
from kb.console.filing.settings import BUILT_IN, default_of
from kb.serve.http.endpoints import ENDPOINTS

REPOSITORY = Path(__file__).parent.parent
PAGES = [REPOSITORY / "README.md", *(guides.FOLDER / f"{subject}.md" for subject in guides.SUBJECTS)]
BLOCK = re.compile(r"(```console\n\$ )(kb [^\n]*)\n(.*?)(```\n)", re.DOTALL)
MADE = re.compile(r"(<!-- made by scripts/readme: (\w+) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def shown(command: str, folder: Path, terminal_type: str = "dumb") -> str:
    """What a terminal of 80 columns shows."""
    control, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment |= {"TERM": terminal_type, "PATH": path}
    process = subprocess.Popen(command, shell=True, cwd=folder, env=environment, stdout=terminal, stderr=terminal)
    os.close(terminal)
    output = b""
    while True:
        try:
            piece = os.read(control, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        output += piece
    os.close(control)
    process.wait()
    lines = (line.rstrip() for line in output.decode().replace("\r\n", "\n").split("\n"))
    return "\n".join(lines).strip("\n") + "\n"


def commands(page: str) -> list[tuple[str, str]]:
    """The commands that a page shows, in order, each with its output."""
    return [(match[2], match[3]) for match in BLOCK.finditer(page)]


def prepare(folder: Path, page: str) -> bool:
    """Copy the repository's notes into a new notebook for a page; returns whether the page expects them to be added."""
    shutil.copytree(REPOSITORY / "notes", folder / "notes")
    (folder / "tests").mkdir()
    shutil.copy(REPOSITORY / "tests" / "golden.toml", folder / "tests")
    return not any(command.startswith("kb add ") for command, _ in commands(page))


def filled(page: str, folder: Path) -> str:
    """The page with what its commands print, one after the other, in a new notebook, and with its tables."""
    if prepare(folder, page):
        shown("kb add notes", folder)
    page = BLOCK.sub(lambda match: f"{match[1]}{match[2]}\n{shown(match[2], folder)}{match[4]}", page)
    return with_tables(page)


def with_tables(page: str) -> str:
    """The page with the tables that are made from the code."""
    return MADE.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}{match[4]}", page)


def list_reports() -> str:
    """The fields of every report that names its schema itself."""
    named = {report for report in _reports() if "schema_" in report.__annotations__}
    found = sorted(((_schema(report), report) for report in named), key=lambda pair: pair[0])
    return "".join(f"* `{schema}`: {_fields(report)}\n" for schema, report in found)


def list_routes() -> str:
    """Every path of the API."""
    rows = (f"| {one.method} | `{one.path}` | {one.summary.rstrip('.')} |" for one in ENDPOINTS)
    return "\n".join(["| method | path | answer |", "| --- | --- | --- |", *rows]) + "\n"


def list_all_settings() -> str:
    """Every setting with its default and meaning."""
    found = settings.list_settings(REPOSITORY / "notes").settings  # where no kb.toml is
    rows = (f"| `{one.key}` | {_default(one)} | {one.meaning} |" for one in found)
    return "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *rows]) + "\n"


def _default(setting: reports.Setting) -> str:
    words = default_of(setting)
    return words if setting.key in BUILT_IN or words == "none" else f"`{words}`"


def _reports() -> Iterator[type[BaseModel]]:
    return (getattr(reports, name) for name in reports.HOMES if isinstance(getattr(reports, name), type))


def _schema(report: type[BaseModel]) -> str:
    field = getattr(report, "model_fields", {}).get("schema_")
    return field.default if field else ""


def _fields(report: type[BaseModel]) -> str:
    """The names of a report's fields; after each, in brackets, those of the objects in it, or their schema."""
    parts = []
    for name, field in report.model_fields.items():
        if name != "schema_":
            inner = [f"`{_schema(one)}`" if _schema(one) else _fields(one) for one in _models(field.annotation)]
            parts.append(f"`{field.serialization_alias or name}`" + (f" ({'; '.join(inner)})" if inner else ""))
    return ", ".join(parts)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models(inner)


TABLES: dict[str, Callable[[], str]] = {
    "reports": list_reports,
    "routes": list_routes,
    "settings": list_all_settings,
}


if __name__ == "__main__":
    for path in (path for path in PAGES if path.stem in sys.argv[1:] or len(sys.argv) == 1):
        with tempfile.TemporaryDirectory() as temporary:
            notebook = Path(temporary) / "newsletter"
            notebook.mkdir()
            path.write_text(filled(path.read_text(encoding="utf-8"), notebook), encoding="utf-8")
