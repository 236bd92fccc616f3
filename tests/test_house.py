"""The plan of the house: who may import whom, who prints, and how large things may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from kb import reports

ROOT = Path(__file__).parent.parent / "kb"
# Lowest first. A module imports from its own room and from the rooms before it; what stands on one line is one step of
# a note's way, or of a query's, through the house.
ORDER = [
    "errors",
    "faults",
    "guides",
    "cutoffs",
    "scale",
    "models",
    "concept",
    "reports",
    "notes",
    "decisions",
    "notebook",
    "settings",
    "index",
    "areas",
    "sync",
    "search",
    "outline",
    "ideas",
    "remote",
    "capture",
    "care",
    "evaluation",
    "opening",
    "verbs",
    "knowledge",
    "console",
    "cli",
    "serve",
]
TABLES = {"kb", "kb.__main__", "kb.rooms"}  # they name what lies anywhere in the house, to load it when it is asked for
USERS_OF_ROOMS = {"opening", "verbs", "knowledge", "cli", "serve"}
MAX_MODULES = 14  # of a folder
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40

FILES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    """`kb.cli.adding`, and `kb.cli` for a package."""
    return ".".join(("kb", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


TREES = {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that a statement imports; `from kb.index import lock` gives `kb.index.lock`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name if name in TREES else node.module for name in inner)


def imports(module: str) -> Iterator[str]:
    """The modules that a module imports anywhere in it."""
    for node in ast.walk(TREES[module]):
        yield from imported(node)


def room_of(module: str) -> str:
    """The folder or single module below `kb` that a module belongs to."""
    return module.split(".")[1]


def house_imports() -> list[tuple[str, str]]:
    """Every pair of importing and imported module of the house, without the tables."""
    return [
        (module, target)
        for module in TREES
        if module not in TABLES
        for target in imports(module)
        if target.split(".")[0] == "kb" and target not in TABLES
    ]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def test_every_room_is_on_the_plan() -> None:
    """Every module lies in a room that has its place in the order, and every room exists."""
    assert {room_of(module) for module in TREES if module not in TABLES} == set(ORDER)


def test_imports_point_one_way() -> None:
    """A module imports from its own room or from an earlier one."""
    against = [
        (module, target)
        for module, target in house_imports()
        if ORDER.index(room_of(target)) > ORDER.index(room_of(module))
    ]
    assert against == []


def test_no_relative_imports() -> None:
    """Imports are written in full, so that none escapes the other tests here."""
    relative = [module for module, tree in TREES.items() for node in ast.walk(tree) if getattr(node, "level", 0)]
    assert relative == []


def test_kb_is_imported_at_the_top() -> None:
    """No function imports kb: modules that load on demand are named in one table, `kb.rooms`."""
    inside = [
        (module, function.name)
        for module, tree in TREES.items()
        for function in functions(tree)
        for node in ast.walk(function)
        if any(name.split(".")[0] == "kb" for name in imported(node))
    ]
    assert inside == []


def test_the_table_of_rooms() -> None:
    """What the table loads is what type checkers are told, and only the verbs and the commands use it."""
    table = TREES["kb.rooms"]
    told = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(table)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "kb"
        for alias in node.names
    }
    homes = next(
        ast.literal_eval(node.value)
        for node in table.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HOMES"
    )
    assert told == homes
    users = {room_of(module) for module in TREES if module not in TABLES and "kb.rooms" in imports(module)}
    assert users <= USERS_OF_ROOMS


def test_the_table_of_reports() -> None:
    """The reports that load when they are asked for are those that type checkers are told of."""
    table = TREES["kb.reports"]
    told = {
        alias.name: (node.module or "").removeprefix("kb.reports.")
        for node in ast.walk(table)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kb.reports.")
        for alias in node.names
    }
    assert told == reports.HOMES
    assert all(
        getattr(reports, name).__module__ == f"kb.reports.{home}"
        for name, home in told.items()
        if name[0].isupper() and isinstance(getattr(reports, name), type)
    )


def test_imports_have_no_cycles() -> None:
    """No module imports itself, however long the way round (the command group and its commands apart)."""
    edges: dict[str, set[str]] = {module: set() for module in TREES}
    for module, target in house_imports():
        if room_of(module) != "cli":
            edges[module].add(target)

    def reachable(module: str) -> set[str]:
        seen: set[str] = set()
        waiting = {*edges[module]}
        while waiting:
            seen.add(target := waiting.pop())
            waiting |= edges.get(target, set()) - seen
        return seen

    assert {module for module in TREES if module in reachable(module)} == set()


def test_only_vectors_imports_chroma() -> None:
    """Chroma is known to one module only."""
    importers = {module for module in TREES if any(name.split(".")[0] == "chromadb" for name in imports(module))}
    assert importers == {"kb.index.vectors.chroma"}


def test_only_cli_and_console_print() -> None:
    """Only these, and what asks the warm process in their place, write to standard output or standard error."""
    talkers = {
        module
        for module, tree in TREES.items()
        if not module.startswith(("kb.cli", "kb.console", "kb.serve.client", "kb.serve.asking", "kb.serve.mcp.relay"))
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "click.echo", "echo"))
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"))
    }
    assert talkers == set()


def test_no_folder_is_crowded() -> None:
    """A folder holds at most 14 modules, so that a newcomer can see what it is about."""
    folders = {path.parent for path in FILES}
    crowded = {folder.name: len(list(folder.glob("*.py"))) - 1 for folder in folders}
    assert {name: number for name, number in crowded.items() if number > MAX_MODULES} == {}


def test_modules_are_no_longer_than_one_can_read() -> None:
    """A module has at most 300 lines and none of its functions more than 40."""
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: number for name, number in lines.items() if number > MAX_MODULE_LINES} == {}
    lengths = {
        f"{module}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module, tree in TREES.items()
        for node in functions(tree)
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


def test_public_names_are_documented() -> None:
    """Every module, public class and public function says what it is."""
    definitions = [
        (f"{module}.{node.name}", node)
        for module, tree in TREES.items()
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    ]
    assert [module for module, tree in TREES.items() if not ast.get_docstring(tree)] == []
    assert [name for name, node in definitions if not ast.get_docstring(node)] == []


def test_verbs_of_the_library_are_documented() -> None:
    """Every public method of `KnowledgeBase` has a docstring."""
    verbs = next(n for n in TREES["kb.knowledge"].body if isinstance(n, ast.ClassDef) and n.name == "KnowledgeBase")
    methods = [node for node in verbs.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    assert [method.name for method in methods if not ast.get_docstring(method)] == []
    assert methods


def test_the_manual_draws_the_house() -> None:
    """`kb help inside` names every folder of the package, and no file that is not there."""
    text = (ROOT / "guides" / "inside.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`kb/([\w/.]+)`", text))
    assert {f"{path.parent.name}/" for path in ROOT.glob("*/__init__.py")} <= named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
