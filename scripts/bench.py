"""Measure kb: every figure is a median, next to that of a floor measured in the same run, in turn with it."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from string import ascii_lowercase

import numpy as np
from markdown_it import MarkdownIt
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from kb.errors import NoteError
from kb.index.encoder import DEFAULT_PACKAGE, load_encoder
from kb.index.encoder.onnx import usable_cores
from kb.knowledge import KnowledgeBase
from kb.models import AREAS, Encoder, Filter, NoteFile
from kb.notebook import open_notebook
from kb.notes import files as notebook
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.opening import open_index
from kb.search.dense import nearest

REPOSITORY = Path(__file__).parent.parent
GUIDE = REPOSITORY / "kb" / "guides" / "measuring.md"
MADE = re.compile(r"(<!-- made by scripts/bench -->\n).*?(<!-- end -->\n)", re.DOTALL)
KB = (sys.executable, "-c", "from kb.serve.client import main; main()")  # what the installed script does
QUERIES = 100
WARM_UP = 25
WORDS_A_PASSAGE = 120
NEIGHBOUR_NOISE = 0.35  # a derived vector has a cosine of about 0.94 with the one it comes from
SIZES = {"small": (500, 6), "medium": (1_000, 20), "large": (5_000, 20)}  # notes, passages a note
FILTERS = {
    "all": Filter(),
    "an area": Filter(areas=("gnn",)),
    "a tag": Filter(tags=("tag7",)),
    "since": Filter.model_validate({"since": "2023-01-01"}),
}
IMPORTS = {
    "click": "import click",
    "console": "import sqlite3, click, rich.console, rich.table; from pydantic import BaseModel; "
    "type('M', (BaseModel,), {'__annotations__': {'a': int}})",
    "vectors": "import chromadb, onnxruntime, tokenizers, numpy",
}
Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    floor: str
    figure: str
    ratio: str
    reach: str


@dataclass(frozen=True)
class Run:
    """One run of a process."""

    seconds: float
    megabytes: float
    output: str


def announce(line: str) -> None:
    """One line next to the table."""
    print(line, file=sys.stderr)


# --- material ---


def passages_of(corpus: Path) -> list[str]:
    """The passages of a folder: what its Markdown files are cut into, and the documents of its `corpus.jsonl` files."""
    encoder = real_encoder()
    passages = []
    for path in sorted(corpus.rglob("*.md")):
        note = parse_note(notebook.read(corpus, path.relative_to(corpus).as_posix()))
        passages += [chunk.text for chunk in chunk_note(note, encoder.count_tokens, encoder.max_tokens)]
    for path in sorted(corpus.rglob("corpus.jsonl")):
        with path.open(encoding="utf-8") as lines:
            passages += [f"{row.get('title', '')} {row['text']}" for row in map(json.loads, lines)]
    words = (re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", passage)[:WORDS_A_PASSAGE] for passage in passages)
    return list(dict.fromkeys(" ".join(found) for found in words if len(found) >= 10))


def real_encoder() -> Encoder:
    """The default model as kb uses it."""
    return load_encoder(None, "int8", REPOSITORY, announce)


def base_vectors(passages: Sequence[str], work: Path) -> Vector:
    """The vectors of real passages; kept, as they take a while."""
    digest = hashlib.sha256("\n".join(passages).encode()).hexdigest()[:16]
    path = work / f"vectors-{digest}.npy"
    if not path.exists():
        announce(f"embedding {len(passages):,} passages")
        np.save(path, real_encoder().encode(list(passages)))
    return np.asarray(np.load(path), dtype=np.float32)


class DerivedEncoder:
    """An encoder whose passages have numbers: those of the corpus have their real vectors, later ones are perturbed."""

    max_tokens = 10_000

    def __init__(self, base: Vector) -> None:
        self._real = real_encoder()
        self._base = base
        self.fingerprint = self._real.fingerprint
        self.dimensions = self._real.dimensions
        self.scale = self._real.scale
        self.centred_scale = self._real.centred_scale

    def count_tokens(self, text: str) -> int:
        """Words stand in for word pieces: no passage is long."""
        return len(text.split())

    def reads(self, text: str) -> bool:
        """The passages are English."""
        return self._real.reads(text)

    def encode(self, texts: list[str]) -> Vector:
        """Vectors by the number in the heading; texts without one (the phrases of the areas) are really embedded."""
        found = [re.search(r"passage (\d+)", text) for text in texts]
        if not all(found):
            return self._real.encode(texts)
        return np.stack([self.vector(int(match[1])) for match in found if match])

    def encode_query(self, text: str) -> Vector:
        """A query is really embedded."""
        return self._real.encode_query(text)

    def vector(self, number: int) -> Vector:
        """The vector of a passage."""
        vector = self._base[number % len(self._base)]
        if number >= len(self._base):
            noise = np.random.default_rng(number).standard_normal(self.dimensions).astype(np.float32)
            vector = vector + NEIGHBOUR_NOISE * noise / np.linalg.norm(noise)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def text_of(number: int, passages: Sequence[str]) -> str:
    """The text of a passage; a derived one has the halves of two others."""
    if number < len(passages):
        return passages[number]
    first, second = (passages[index % len(passages)].split() for index in (number, number * 31 + 7))
    return " ".join(first[: len(first) // 2] + second[len(second) // 2 :])


def write_notes(folder: Path, notes: int, each: int, passages: Sequence[str]) -> None:
    """Markdown notes with an area, tags and a date, one section a passage."""
    folder.mkdir(parents=True)
    for note in range(notes):
        day = f"{2020 + note % 6}-{note % 12 + 1:02}-{note % 28 + 1:02}"
        head = f"---\narea: {AREAS[note % 3]}\ntags: [tag{note % 20}]\ndate: {day}\n---\n# Note {note}\n"
        numbers = range(note * each, (note + 1) * each)
        sections = (f"\n## passage {number}\n\n{text_of(number, passages)}.\n" for number in numbers)
        (folder / f"note-{note:05}.md").write_text(head + "".join(sections), encoding="utf-8")


def built(name: str, work: Path, passages: Sequence[str], base: Vector) -> Path:
    """A notebook of one of the sizes, with derived vectors under the fingerprint of the real encoder."""
    notes, each = SIZES[name]
    digest = hashlib.sha256(f"{notes} {each} {real_encoder().fingerprint} {passages}".encode()).hexdigest()[:8]
    root = work / f"{name}-{digest}"
    if (root / "done").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    announce(f"building {name}: {notes:,} notes, {notes * each:,} passages")
    write_notes(root / "notes", notes, each, passages)
    with KnowledgeBase(root, create=True, encoder=DerivedEncoder(base)) as knowledge:
        knowledge.add([root / "notes"])
    (root / "done").touch()
    return root


def queries_of(passages: Sequence[str], count: int, seed: int) -> list[str]:
    """Sentences to search for: twelve words of passages."""
    chosen = random.Random(seed).choices(list(passages), k=count)
    return [" ".join(passage.split()[:12]) for passage in chosen]


# --- measuring ---


def run(command: Sequence[str], folder: Path) -> Run:
    """Run a process to its end, with its peak memory."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, *command], cwd=folder, capture_output=True, text=True, check=False
    )
    output, _, figures = done.stdout.rpartition("\0")
    code, seconds, megabytes = json.loads(figures or "[null, 0, 0]")  # no figures of a command that cannot be started
    if code != 0:
        raise SystemExit(f"bench: {' '.join(command)} failed in {folder}: {done.stderr}")
    return Run(seconds, megabytes, output)


# A small process starts the one that is measured: a child's peak memory counts what its parent held at the fork.
LAUNCHER = """
import os, resource, sys, time
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status = os.waitpid(child, 0)
seconds = time.perf_counter() - started
scale = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * scale / 1e6
print(f"\\0[{os.waitstatus_to_exitcode(status)}, {seconds}, {peak}]")
"""


def in_turn(commands: dict[str, Sequence[str]], folder: Path, runs: int) -> dict[str, list[Run]]:
    """Runs of several commands, A B A B …, after one of each that does not count."""
    results: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            done = run(command, folder)
            if turn:
                results[name].append(done)
    return results


def seconds(runs: Sequence[Run]) -> float:
    """The median."""
    return statistics.median(run.seconds for run in runs)


def against_floor(what: str, command: Sequence[str], floor: str, folder: Path, runs: int, reach: str) -> Row:
    """A whole process against importing what it cannot do without."""
    done = in_turn({"ours": command, "floor": [sys.executable, "-c", IMPORTS[floor]]}, folder, runs)
    ours, least = seconds(done["ours"]), seconds(done["floor"])
    megabytes = max(run.megabytes for run in done["ours"])
    return Row(what, f"{least:.2f} s", f"{ours:.2f} s, {megabytes:.0f} MB", f"{ours / least:.2f}", reach)


def percentiles(times: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile, in milliseconds."""
    return float(np.percentile(times, 50)) * 1e3, float(np.percentile(times, 95)) * 1e3


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def searches(root: Path, warm_up: Sequence[str], queries: Sequence[str], label: str, reach: str) -> Iterator[Row]:
    """Searches in a running process, without and with filters, in turn with encoding the query alone."""
    encoder = real_encoder()
    with KnowledgeBase(root) as knowledge:
        for name, filter in FILTERS.items():
            for query in warm_up:
                knowledge.search(query, filter=filter)
            ours, floor = [], []
            for query in queries:
                floor.append(timed(partial(encoder.encode_query, query)))
                ours.append(timed(partial(knowledge.search, query, filter=filter)))
            (p50, p95), (least, _) = percentiles(ours), percentiles(floor)
            what = f"search in a running process, {label}, {name}"
            yield Row(what, f"{least:.1f} ms", f"p50 {p50:.1f}, p95 {p95:.1f} ms", f"{p50 / least:.2f}", reach)


def unusual_searches(root: Path, work: Path, passages: Sequence[str], queries: Sequence[str]) -> Iterator[Row]:
    """Searches with more to look up than usual, in a running process, in turn with the same queries as they are."""
    unsynced = work / "unsynced"
    shutil.rmtree(unsynced, ignore_errors=True)
    shutil.copytree(root, unsynced)
    notes, each = SIZES["small"]
    write_notes(unsynced / "notes" / "unsynced", notes, each, passages)
    letters = random.Random(2)

    def unknown(length: int) -> str:
        return "".join(letters.choices(ascii_lowercase, k=length))

    unusual: dict[str, tuple[Path, Callable[[str], str]]] = {
        "an unknown word of 8,000 letters": (root, lambda query: f"{query} {unknown(8_000)}"),
        "100 new exclusions": (root, lambda query: " ".join([query, *(f"-{unknown(9)}" for _ in range(100))])),
        f"{notes} unsynced files": (unsynced, lambda query: query),
    }
    for name, (folder, changed) in unusual.items():
        with KnowledgeBase(root) as usual, KnowledgeBase(folder) as knowledge:
            floor, ours = [], []
            for query in queries:
                floor.append(timed(partial(usual.search, query)))
                ours.append(timed(partial(knowledge.search, changed(query))))
        (p50, p95), (least, _) = percentiles(ours), percentiles(floor)
        figure = f"p50 {p50:.1f}, p95 {p95:.1f} ms"
        yield Row(f"search, 500 notes, {name}", f"{least:.1f} ms", figure, f"{p50 / least:.2f}", "<= 2.0")


def recall(root: Path, queries: Sequence[str], label: str) -> Row:
    """How many of the ten nearest of an exact scan the index finds."""
    encoder = real_encoder()
    shares: list[float] = []
    with closing(open_index(open_notebook(root), encoder, announce)) as index, index.reader() as reader:
        passages = reader.passages()
        for filter in FILTERS.values():
            passing = reader.catalog.note_ids(filter)
            rows = np.array([row for note, rows in passages.rows.items() if note in passing for row in rows])
            for query in queries:
                vector = encoder.encode_query(query)
                exact = rows[np.argsort(-passages.cosines(vector)[rows], kind="stable")[:10]]
                found = list(nearest(reader, vector, filter, 10))
                shares.append(len({passages.ids[row] for row in exact} & set(found)) / 10)
    figure = f"{statistics.fmean(shares):.4f}, worst {min(shares):.1f}"
    return Row(f"recall@10, {label}, with and without filters", "exact: 1", figure, "", ">= 0.995, >= 0.8")


def first_add(corpus: Path, work: Path) -> Iterator[Row]:
    """Adding a folder for the first time against `SentenceTransformer.encode` of the same chunks, model loaded."""
    files, floor = sorted(corpus.rglob("*.md")), 0.0
    for precision, reach in (("int8", ">= 1.5"), ("fp32", ">= 1.05")):
        root = work / f"first-{precision}"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        (root / "kb.toml").write_text(f'precision = "{precision}"\n', encoding="utf-8")
        load_encoder(None, "fp32" if precision == "fp32" else "int8", REPOSITORY, announce)
        done = run([*KB, "add", str(corpus), "--detour", "--json"], root)
        chunks = json.loads(done.output)["embedded_chunks"]
        floor = floor or float(run([sys.executable, "-c", SENTENCE_TRANSFORMERS, str(root)], root).output)
        ours = chunks / done.seconds
        yield Row(
            f"add of {len(files)} notes, first time, {precision}, {chunks:,} chunks",
            f"{floor:.1f} a second",
            f"{ours:.1f} a second, {done.seconds:.0f} s",
            f"{ours / floor:.2f}",
            reach,
        )


SENTENCE_TRANSFORMERS = f"""
import importlib.util, sys, time
from pathlib import Path
from sentence_transformers import SentenceTransformer
from kb.notes import files as notebook
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.index.encoder import load_encoder
from kb.knowledge import KnowledgeBase
package = importlib.util.find_spec({DEFAULT_PACKAGE!r})
model = SentenceTransformer(str(Path(package.origin).parent / "model"), device="cpu", local_files_only=True)
encoder = load_encoder(None, "int8", Path(), print)
texts = []
with KnowledgeBase(sys.argv[1]) as knowledge:
    for entry in knowledge.list().notes:
        note = parse_note(notebook.read(knowledge.root, entry.path))
        texts += [chunk.embedded for chunk in chunk_note(note, encoder.count_tokens, encoder.max_tokens)]
started = time.perf_counter()
model.encode(texts)
print(len(texts) / (time.perf_counter() - started))
"""


def reading(folder: Path, runs: int) -> Row:
    """Parse and cut notes, compared with a CommonMark parse of the same texts."""
    paths = [path for path in sorted(folder.rglob("*.md")) if path.read_bytes().strip()]
    texts = [notebook.decode(path.read_bytes()) for path in paths]
    files = [
        NoteFile(path=path.name, size=0, mtime_ns=0, text=text, sha256="")
        for path, text in zip(paths, texts, strict=True)
    ]

    def read() -> None:
        for file in files:
            with suppress(NoteError):
                chunk_note(parse_note(file), lambda part: len(part.split()), 180)

    def parse() -> None:
        for text in texts:
            MarkdownIt("commonmark").parse(text)

    pairs = [(timed(parse), timed(read)) for _ in range(runs)]
    floor, own = (statistics.median(side) / len(files) for side in zip(*pairs, strict=True))
    return Row(
        f"read and cut a note, of {len(files):,}",
        f"CommonMark {floor * 1000:.1f} ms",
        f"{own * 1000:.1f} ms",
        f"{own / floor:.2f}",
        "",
    )


def one_edit(root: Path, runs: int) -> Row:
    """Adding again after one paragraph was edited, each time another, in a process of its own."""
    times = []
    for turn in range(runs):
        path = root / "notes" / f"note-{turn:05}.md"
        edited = path.read_text(encoding="utf-8").replace("\n\n", f"\n\nEdited at {time.time()}. ", 1)
        path.write_text(edited, encoding="utf-8")
        done = run([*KB, "add", "notes", "--json"], root)
        if json.loads(done.output)["embedded_chunks"] > 3:
            raise SystemExit("bench: one edit embedded more than three chunks")
        times.append(done.seconds)
    return Row("add after one edit, 20,000 chunks, cold", "", f"{statistics.median(times):.2f} s", "", "<= 3 s")


def unchanged(root: Path, runs: int) -> Row:
    """Adding again when nothing changed."""
    done = in_turn({"ours": [*KB, "add", "notes"]}, root, runs)["ours"]
    return Row("add again, nothing changed, 1,000 notes", "", f"{seconds(done):.2f} s", "", "<= 1.0 s")


def memory(work: Path, passages: Sequence[str]) -> Iterator[Row]:
    """Peak memory of adding many small notes with the real model."""
    for notes in (1_000, 10_000):
        root = work / "memory"
        shutil.rmtree(root, ignore_errors=True)
        (root / "notes").mkdir(parents=True)
        for note in range(notes):
            text = f"---\narea: {AREAS[note % 3]}\n---\n# Note {note}\n\n{text_of(note, passages)[:200]}.\n"
            (root / "notes" / f"{note}.md").write_text(text, encoding="utf-8")
        done = run([*KB, "add", "notes"], root)
        yield Row(
            f"memory of add over {notes:,} notes", "", f"{done.megabytes:.0f} MB, {done.seconds:.0f} s", "", "<= 1.5 GB"
        )


def grouping_memory() -> Row:
    """Peak memory of grouping the notes of one area for ideas."""
    done = run([sys.executable, "-c", GROUPING], REPOSITORY)
    return Row(
        "memory of grouping 6,000 notes of one area",
        f"{6_000 * 384 * 4 / 1e6:.0f} MB of vectors",
        f"{done.megabytes:.0f} MB, {done.seconds:.1f} s",
        "",
        "<= 250 MB",
    )


GROUPING = """
import numpy as np
from scipy.sparse import csr_array
from kb.ideas.ripeness import groups
from kb.index.arrays import unit_rows
from kb.scale import Scale
random = np.random.default_rng(0)
subjects = random.standard_normal((1_200, 384), dtype=np.float32)
vectors = unit_rows(subjects[np.arange(6_000) % 1_200] + random.standard_normal((6_000, 384), dtype=np.float32))
groups(vectors, csr_array((6_000, 6_000)), Scale(unrelated=0.0, deviation=0.1, related=0.5))
"""


# --- peers ---


def peers(environment: Path, root: Path, work: Path, runs: int) -> Iterator[Row]:
    """Other tools with the same weights over the same notes, in turn with ours; those that are installed."""
    query = "how do I cut serving latency"
    spec = Path(subprocess.check_output([sys.executable, "-c", MODEL_FOLDER], text=True).strip())
    commands: dict[str, Sequence[str]] = {}
    if (environment / "bin" / "llm").exists():
        os.environ["LLM_USER_PATH"] = str(work / "llm")
        llm, model = str(environment / "bin" / "llm"), f"sentence-transformers/{spec}"
        if not (work / "llm").exists():
            run([llm, "sentence-transformers", "register", str(spec)], root)
            run([llm, "embed-multi", "notes", "-m", model, "--store", "--files", "notes", "*.md"], root)
        commands["llm similar"] = [llm, "similar", "notes", "-c", query, "-n", "10"]
    python = str(environment / "bin" / "python")
    if subprocess.run([python, "-c", "import txtai"], capture_output=True).returncode == 0:
        if not (work / "txtai").exists():
            run([python, "-c", TXTAI_INDEX, str(spec), str(work / "txtai")], root)
        commands["txtai search"] = [python, "-c", TXTAI_SEARCH, str(spec), str(work / "txtai"), query]
    for name, command in commands.items():
        done = in_turn({"peer": command, "ours": [*KB, "search", query]}, root, runs)
        theirs, ours = seconds(done["peer"]), seconds(done["ours"])
        megabytes = max(run.megabytes for run in done["peer"])
        reach = ">= 6 times" if name.startswith("llm") else ""
        yield Row(
            f"kb search, 500 notes, cold, against {name}",
            f"{theirs:.2f} s, {megabytes:.0f} MB",
            f"{ours:.2f} s",
            f"{theirs / ours:.1f} times",
            reach,
        )


MODEL_FOLDER = f"""
import importlib.util
from pathlib import Path
print(Path(importlib.util.find_spec({DEFAULT_PACKAGE!r}).origin).parent / "model")
"""
TXTAI_INDEX = """
import sys
from pathlib import Path
from txtai import Embeddings
embeddings = Embeddings(path=sys.argv[1], content=True)
embeddings.index((path.name, path.read_text(), None) for path in sorted(Path("notes").glob("*.md")))
embeddings.save(sys.argv[2])
"""
TXTAI_SEARCH = """
import sys
from txtai import Embeddings
embeddings = Embeddings(path=sys.argv[1], content=True)
embeddings.load(sys.argv[2])
print(embeddings.search(sys.argv[3], 10))
"""


# --- the table ---


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    """Every measurement that was asked for, one after the other."""
    work, runs = arguments.work.resolve(), arguments.runs
    work.mkdir(parents=True, exist_ok=True)
    corpus = arguments.corpus.resolve()
    passages = passages_of(corpus)
    base, queries = base_vectors(passages, work), queries_of(passages, QUERIES, seed=0)
    warm_up = queries_of(passages, WARM_UP, seed=1)

    def wanted(part: str) -> bool:
        return not arguments.only or part in arguments.only

    def root(name: str) -> Path:
        return built(name, work, passages, base)

    if wanted("help"):
        yield against_floor("kb --help", [*KB, "--help"], "click", work, runs, "<= 2.0")
    if wanted("start"):
        yield against_floor("kb list, 500 notes, cold", [*KB, "list"], "console", root("small"), runs, "")
        lexical = [*KB, "search", "--mode", "lexical", queries[0]]
        yield against_floor(
            "kb search --mode lexical, 500 notes, cold", lexical, "console", root("small"), runs, "<= 1.8"
        )
        hybrid = [*KB, "search", queries[0]]
        yield against_floor("kb search, 500 notes, cold", hybrid, "vectors", root("small"), runs, "<= 1.6, <= 300 MB")
    if wanted("search"):
        yield from searches(root("small"), warm_up, queries, "500 notes", "<= 3.0")
        yield from unusual_searches(root("small"), work, passages, queries)
        yield from searches(root("large"), warm_up, queries, "100,000 chunks", "p50 30, p95 80 ms")
    if wanted("read"):
        yield reading(arguments.notes.resolve(), runs)
    if wanted("add"):
        yield from first_add(arguments.notes.resolve(), work)
        yield unchanged(root("medium"), runs)
        yield one_edit(root("medium"), runs)
    if wanted("recall"):
        for name, (notes, each) in SIZES.items():
            yield recall(root(name), queries, f"{notes * each:,} chunks")
    if wanted("memory"):
        yield from memory(work, passages)
        yield grouping_memory()
    if wanted("peers") and arguments.peers:
        yield from peers(arguments.peers.resolve(), root("small"), work, runs)


def machine() -> str:
    """What the figures were measured on."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    python = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{name}, {usable_cores()} cores, {platform.system()}, {python}, {time.strftime('%Y-%m-%d')}"


def main() -> None:
    """Parse the arguments, measure, and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "--corpus",
        type=Path,
        default=REPOSITORY / "notes",
        help="a folder of Markdown files or corpus.jsonl files whose passages the large notebooks are made of; what "
        "they lack is derived from them by perturbing vectors and mixing texts",
    )
    parser.add_argument(
        "--notes", type=Path, default=REPOSITORY / "notes", help="a folder of Markdown notes to add for the first time"
    )
    parser.add_argument(
        "--work", type=Path, default=REPOSITORY / ".bench", help="where notebooks are built and kept for the next run"
    )
    parser.add_argument("--runs", type=int, default=7, help="counted runs of each process")
    parser.add_argument(
        "--peers", type=Path, help="a virtual environment with llm and llm-sentence-transformers, or txtai"
    )
    parser.add_argument(
        "--only", nargs="+", choices=("help", "start", "search", "read", "add", "recall", "memory", "peers")
    )
    parser.add_argument(
        "--write", action="store_true", help="put the table into the guide, which `kb help measuring` shows"
    )
    arguments = parser.parse_args()
    measured = []
    for row in rows(arguments):
        announce(f"{row.what}: {row.figure}")
        measured.append(row)
    Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(table_of(measured))
    if arguments.write:
        GUIDE.write_text(with_table(GUIDE.read_text(encoding="utf-8"), measured), encoding="utf-8")


def table_of(measured: Sequence[Row]) -> Table:
    """The rows under the name of the machine."""
    table = Table(title=machine(), box=None, pad_edge=False)
    for column in ("what", "floor", "measured", "ratio", "to reach"):
        table.add_column(column, overflow="fold")
    for row in measured:
        table.add_row(row.what, row.floor, row.figure, row.ratio, row.reach)
    return table


def with_table(page: str, measured: Sequence[Row]) -> str:
    """The guide with this table instead of its own."""
    with Console(width=120, file=StringIO(), record=True) as console:
        console.print(table_of(measured))
    lines = "\n".join(line.rstrip() for line in console.export_text().splitlines())
    return MADE.sub(lambda made: f"{made[1]}```text\n{lines}\n```\n{made[2]}", page)


if __name__ == "__main__":
    main()
