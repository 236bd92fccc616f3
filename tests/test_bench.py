"""The benchmark can be run by anybody; what it measures is not the business of a test."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import bench
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


def test_the_table_of_the_guide_is_renewed() -> None:
    """`--write` puts the rows of a run, and nothing else, in place of the table in the guide."""
    page = bench.GUIDE.read_text(encoding="utf-8")
    row = bench.Row("kb --help", "0.06 s", "0.09 s, 17 MB", "1.52", "<= 2.0")
    renewed = bench.with_table(page, [row])
    before, _, rest = page.partition("<!-- made by scripts/bench -->\n")
    shown, _, after = renewed.removeprefix(before).partition("<!-- end -->\n")
    assert after == rest.partition("<!-- end -->\n")[2]
    lines = shown.splitlines()
    assert (lines[1], lines[-1]) == ("```text", "```")
    assert " ".join(bench.machine().split()) in " ".join(shown.split())
    assert [line.split()[:2] for line in lines[-3:-1]] == [["what", "floor"], ["kb", "--help"]]
    assert bench.with_table(renewed, [row]) == renewed
