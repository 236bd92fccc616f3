"""The benchmark can be run by anybody; what it measures is not the business of a test."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent / "scripts" / "bench.py"


@pytest.mark.model
@pytest.mark.usefixtures("real_encoder")  # or the model would be exported twice at once
@pytest.mark.slow
def test_one_part_of_the_benchmark_runs(tmp_path: Path) -> None:
    """Over a small corpus, the part that is asked for prints its lines and the machine they came from."""
    (tmp_path / "corpus").mkdir()
    for number in range(12):
        text = (
            f"# N{number}\n\nA graph network averages {number} neighbours and hands the average on, time and again.\n"
        )
        (tmp_path / "corpus" / f"{number}.md").write_text(text, encoding="utf-8")
    places = ["--corpus", str(tmp_path / "corpus"), "--notes", str(tmp_path / "corpus"), "--work", str(tmp_path / "w")]
    command = [sys.executable, str(BENCH), *places, "--runs", "1", "--only", "help"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    said = " ".join(ended.stdout.split())  # a long name of a processor fills more than one line
    assert f"Python {platform.python_version()}, " in said
    assert "kb --help" in said
