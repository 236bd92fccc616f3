"""What a command imports: no command waits for a library that it does not need."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kb.knowledge import KnowledgeBase
from kb.models import Encoder

TORCH = {"torch", "transformers", "sentence_transformers"}
HEAVY = TORCH | {"chromadb", "onnxruntime"}
PROBE = """
import shlex, sys
from kb.cli import main
for line in sys.argv[1:]:
    sys.argv[1:] = shlex.split(line)
    code = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    print("LOADED", code, *sorted({name.split(".")[0] for name in sys.modules}), flush=True)
"""
GCN = "---\narea: gnn\n---\n# Graph convolution\n\nA node averages its neighbours.\n"


@pytest.fixture
def shelf(tmp_path: Path, real_encoder: Encoder) -> Path:
    """A notebook with one note, indexed with the real model."""
    root = tmp_path / "lazy"
    root.mkdir()
    (root / "gcn.md").write_text(GCN, encoding="utf-8")
    with KnowledgeBase(root, create=True, encoder=real_encoder) as knowledge:
        knowledge.add([root / "gcn.md"])
    return root


def loaded_by(folder: Path, *lines: str) -> list[set[str]]:
    """The top-level modules that a fresh process has loaded after each of some commands, which must succeed."""
    command = [sys.executable, "-c", PROBE, *lines]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    told = [line.split()[1:] for line in ended.stdout.splitlines() if line.startswith("LOADED ")]
    assert [code for code, *_ in told] == ["0"] * len(lines), ended.stderr
    return [set(modules) for _, *modules in told]


@pytest.mark.model
def test_looking_loads_no_model_and_no_chroma(shelf: Path) -> None:
    """Help, and commands that read, compare or add nothing new, load none of the large libraries; help loads neither
    the library's types nor the console.
    """
    lines = ["--help", "search --help", "list", "show gcn", "status", "add gcn.md", "related gcn", "duplicates"]
    after = dict(zip(lines, loaded_by(shelf, *lines), strict=True))
    for line in ("--help", "search --help"):
        assert after[line] & {"pydantic", "rich", "numpy", "yaml", "sqlite3", "jinja2"} == set(), line
    assert {line: found for line, modules in after.items() if (found := modules & HEAVY)} == {}


@pytest.mark.model
def test_lexical_search_loads_no_numpy(shelf: Path) -> None:
    """A lexical search needs no vectors, and of plain passages shows snippets without a Markdown parser."""
    (loaded,) = loaded_by(shelf, "search --mode lexical averages neighbours")
    assert loaded & (HEAVY | {"numpy", "scipy", "markdown_it", "tokenizers", "filelock", "platformdirs"}) == set()
    assert "sqlite3" in loaded


@pytest.mark.slow
@pytest.mark.model
def test_search_never_loads_torch(shelf: Path) -> None:
    """A search embeds its query without torch and the libraries above it."""
    (loaded,) = loaded_by(shelf, "search averages of neighbours")
    assert loaded & TORCH == set()
    assert {"onnxruntime", "chromadb"} <= loaded


@pytest.mark.slow
@pytest.mark.model
def test_an_outline_loads_no_chroma(tmp_path: Path, real_encoder: Encoder) -> None:
    """An outline scans the vectors in the catalog, all of which it reads anyway."""
    root = tmp_path / "outlined"
    root.mkdir()
    for name in ("gcn", "gat"):
        said = f"A {name.upper()} averages the features of all neighbours of a node in a graph."
        (root / f"{name}.md").write_text(f"{GCN}\n{said}\n", encoding="utf-8")
    with KnowledgeBase(root, create=True, encoder=real_encoder) as knowledge:
        knowledge.add([root])
    (loaded,) = loaded_by(root, 'outline "graph convolution"')
    assert "onnxruntime" in loaded
    assert "chromadb" not in loaded


@pytest.mark.model
def test_adding_a_note_never_loads_torch(shelf: Path, tmp_path: Path) -> None:
    """An add of one note embeds it without torch."""
    note = tmp_path / "lora.md"
    note.write_text("---\narea: llm\n---\n# LoRA\n\nLow-rank updates of a language model.\n", encoding="utf-8")
    (loaded,) = loaded_by(shelf, f"add {shlex.quote(str(note))}")
    assert loaded & TORCH == set()
    assert "onnxruntime" in loaded


def test_importing_kb_loads_nothing(tmp_path: Path) -> None:
    """`import kb` and its version load no library at all."""
    program = "import sys; before = set(sys.modules); import kb; kb.__version__; print(*set(sys.modules) - before)"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert {name.split(".")[0] for name in ended.stdout.split()} & (HEAVY | {"pydantic", "click", "rich"}) == set()
