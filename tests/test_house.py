"""The plan of the house: who may import whom, who prints, and how large things may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "kb"
FLOORS = {
    "cli": 4,
    "measuring": 3.5,
    "knowledge": 3,
    "opening": 2.5,
    "console": 3,
    "notes": 2,
    "areas": 2,
    "index": 2,
    "sync": 2,
    "search": 2,
    "outline": 2,
    "ideas": 2,
    "remote": 2,
    "care": 2,
    "evaluation": 2,
    "models": 1,
    "reports": 1,
    "config": 1,
    "decisions": 1,
    "errors": 0,
}
STAGES = {room for room, floor in FLOORS.items() if floor == 2}
DOORS = {"kb", "kb.__main__"}  # the package itself and `python -m kb` name what lies anywhere in the house
MAX_MODULE_LINES = 350
MAX_FUNCTION_LINES = 50

FILES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    """`kb.cli.adding`, and `kb.cli` for a package."""
    return ".".join(("kb", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


TREES = {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def imports(module: str) -> Iterator[str]:
    """The modules that a module imports anywhere in it; `from kb.index import lock` gives `kb.index.lock`."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in TREES else node.module for name in inner)


def room_of(module: str) -> str:
    """The folder or single module below `kb` that a module belongs to."""
    return module.split(".")[1]


def house_imports() -> list[tuple[str, str]]:
    """Every pair of importing and imported module of the house, without the doors."""
    return [
        (module, target)
        for module in TREES
        if module not in DOORS
        for target in imports(module)
        if target.split(".")[0] == "kb" and target not in DOORS
    ]


def test_every_room_is_on_the_plan() -> None:
    """Every module lies in a room whose floor is known."""
    assert {room_of(module) for module in TREES if module not in DOORS} <= set(FLOORS)


def test_imports_point_one_way() -> None:
    """A module imports from its own room or from a lower floor; a stage also from another stage."""
    against = [
        (module, target)
        for module, target in house_imports()
        if room_of(module) != room_of(target)
        and FLOORS[room_of(target)] >= FLOORS[room_of(module)]
        and not {room_of(module), room_of(target)} <= STAGES
        and (room_of(module), room_of(target))
        not in {("reports", "models"), ("config", "models"), ("decisions", "models")}
    ]
    assert against == []


def test_no_relative_imports() -> None:
    """Imports are written in full, so that none escapes the other tests here."""
    relative = [module for module, tree in TREES.items() for node in ast.walk(tree) if getattr(node, "level", 0)]
    assert relative == []


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

    inside_one_package = {"kb.index.encoder", "kb.index.encoder.export"}  # torch is only loaded to export
    assert {module for module in TREES if module in reachable(module)} <= inside_one_package


def test_only_vectors_imports_chroma() -> None:
    """Chroma is known to one module only."""
    importers = {module for module in TREES if any(name.split(".")[0] == "chromadb" for name in imports(module))}
    assert importers == {"kb.index.vectors"}


def test_only_cli_and_console_print() -> None:
    """Nothing below the command line writes to standard output or standard error."""
    talkers = {
        module
        for module, tree in TREES.items()
        if not module.startswith(("kb.cli", "kb.console"))
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "click.echo", "echo"))
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"))
    }
    assert talkers == set()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_module_is_no_longer_than_one_can_read(path: Path) -> None:
    """A module has at most 350 lines and none of its functions more than 50."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_MODULE_LINES
    long = {
        node.name: length
        for node in ast.walk(TREES[name_of(path)])
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


@pytest.mark.parametrize("module", TREES)
def test_public_names_are_documented(module: str) -> None:
    """Every module, public class and public function says what it is."""
    definitions = [
        node
        for node in TREES[module].body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    ]
    assert ast.get_docstring(TREES[module])
    assert [node.name for node in definitions if not ast.get_docstring(node)] == []


def test_verbs_of_the_library_are_documented() -> None:
    """Every public method of `KnowledgeBase` has a docstring."""
    verbs = next(n for n in TREES["kb.knowledge"].body if isinstance(n, ast.ClassDef) and n.name == "KnowledgeBase")
    methods = [node for node in verbs.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    assert [method.name for method in methods if not ast.get_docstring(method)] == []
    assert methods
