"""Search, save, outline and read notes over HTTP against one `kb serve` for some minutes.

Fails where the memory of the server grows steadily, a request is refused, a saved note is not found in the end, or the
doctor finds something.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

REPOSITORY = Path(__file__).parent.parent
KB = (sys.executable, "-m", "kb")
SAVED = 40  # notes that are saved over and over
TOGETHER = 64  # requests in the end
SAMPLE_SECONDS = 2.0
SETTLE_SECONDS = 60.0
GROWTH = 1.08  # of the memory in the last third of the time over that in the third before it
NO_EVIDENCE = 422


def main() -> None:
    """Run the soak, and print what it showed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--notes", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sentences = write_notes(root, arguments.notes)
        subprocess.run([*KB, "--notebook", root, "add", root / "notes"], check=True, capture_output=True)
        soak = Soak(root, sentences)
        soak.run(60 * arguments.minutes)
        lost, crowded = soak.lost(), soak.crowd()
        soak.stop()
        doctor = subprocess.run([*KB, "--notebook", root, "doctor", "--full", "--json"], capture_output=True, text=True)
    sys.exit(report(soak, lost, crowded, json.loads(doctor.stdout)))


def write_notes(root: Path, number: int) -> list[str]:
    """Notes made of the sentences of those that come with kb; returns these sentences."""
    text = " ".join(path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "notes").glob("*.md")))
    sentences = [part.strip() for part in re.split(r"(?<=\.)\s", text) if re.fullmatch(r"[A-Z][^\n#|`]{40,300}", part)]
    chance = random.Random(1)
    (root / "notes").mkdir()
    for count in range(number):
        paragraphs = (" ".join(chance.sample(sentences, 4)) for _ in range(5))
        area = ("gnn", "llm", "ml-systems")[count % 3]
        body = "\n\n".join(paragraphs)
        (root / "notes" / f"{count}.md").write_text(f"---\narea: {area}\n---\n# Note {count}\n\n{body}\n")
    return sentences


class Soak:
    """A server, the programs that use it, and what they saw."""

    def __init__(self, root: Path, sentences: list[str]) -> None:
        self.memory: list[int] = []  # MB
        self.seconds: dict[str, list[float]] = {}
        self.failures: Counter[str] = Counter()
        self.saves = 0
        self._root = root
        self._sentences = sentences
        self._ended = threading.Event()
        self._revisions: dict[int, str] = {}
        command = [*KB, "--notebook", str(root), "serve", "--port", "0"]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout
        self._host, self._token = re.findall(r"http://([^/]+)/\?token=(.+)", self._server.stdout.readline())[0]

    def run(self, seconds: float) -> None:
        """Use the server for so long."""
        users = [self._search, self._search, self._save, self._outline, self._read]
        threads = [threading.Thread(target=self._repeat, args=(use, count)) for count, use in enumerate(users)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(SAMPLE_SECONDS)
            self.memory.append(self._megabytes())
        self._ended.set()
        for thread in threads:
            thread.join()

    def lost(self) -> list[str]:
        """The notes whose last save is not found within a minute."""
        deadline = time.monotonic() + SETTLE_SECONDS
        waiting = dict(self._revisions)
        while waiting and time.monotonic() < deadline:
            waiting = {number: word for number, word in waiting.items() if not self._finds(word)}
            time.sleep(0.5)
        return [f"saved{number}.md" for number in waiting]

    def crowd(self) -> tuple[Counter[str], int]:
        """How many requests together ended how, and the most memory meanwhile, in MB."""
        most, done = [0], threading.Event()

        def sample() -> None:
            while not done.wait(0.05):
                most[0] = max(most[0], self._megabytes())

        sampling = threading.Thread(target=sample)
        sampling.start()
        queries = [" ".join(self._sentences[count].split()[:6]) for count in range(TOGETHER)]
        with ThreadPoolExecutor(TOGETHER) as pool:
            answers = list(pool.map(lambda query: self._ask("crowd", "/api/search", query=query), queries))
        done.set()
        sampling.join()
        return Counter("answered" if answer else "failed" for answer in answers), most[0]

    def stop(self) -> None:
        """End the server."""
        self._server.terminate()
        self._server.wait()

    def _repeat(self, use: Callable[[random.Random], None], seed: int) -> None:
        chance = random.Random(seed)
        while not self._ended.is_set():
            use(chance)

    def _search(self, chance: random.Random) -> None:
        words = chance.choice(self._sentences).split()
        self._ask(
            "search",
            "/api/search",
            query=" ".join(chance.sample(words, min(4, len(words)))),
            explain=chance.random() < 0.1,
        )
        self._ended.wait(0.1)

    def _save(self, chance: random.Random) -> None:
        number, word = chance.randrange(SAVED), f"zebra{self.saves}x"
        text = f"---\narea: gnn\n---\n# Saved {number}\n\nThe token is {word}. {chance.choice(self._sentences)}\n"
        (self._root / "notes" / f"saved{number}.md").write_text(text)
        self._revisions[number] = word
        self.saves += 1
        self._ended.wait(chance.choice((0.1, 0.5, 3)))

    def _outline(self, chance: random.Random) -> None:
        self._ask("outline", "/api/outline", topic=" ".join(chance.choice(self._sentences).split()[:8]))
        self._ended.wait(3)

    def _read(self, chance: random.Random) -> None:
        note = f"notes/{chance.randrange(100)}.md"
        for path in ("/api/note", "/api/note/html", "/api/related"):
            self._ask(path.removeprefix("/api/"), path, note=note)
        self._ask("status", "/api/status")
        self._ended.wait(1)

    def _finds(self, word: str) -> bool:
        hits = (self._ask("check", "/api/search", query=word, mode="lexical") or {"hits": []})["hits"]
        return any(word in hit["text"] for hit in hits)

    def _ask(self, kind: str, path: str, **query: object) -> Any:
        """What the server answers; None for a failure, which is counted."""
        started = time.monotonic()
        connection = http.client.HTTPConnection(self._host, timeout=60)
        try:
            connection.request("GET", f"{path}?{urlencode(query)}", headers={"Authorization": f"Bearer {self._token}"})
            response = connection.getresponse()
            body = json.loads(response.read())
        except (OSError, http.client.HTTPException) as error:
            self.failures[f"{kind}: {type(error).__name__}"] += 1
            return None
        finally:
            connection.close()
        self.seconds.setdefault(kind, []).append(time.monotonic() - started)
        if response.status not in (200, NO_EVIDENCE):
            self.failures[f"{kind}: {response.status} {body['message']}"] += 1
            return None
        return body

    def _megabytes(self) -> int:
        size = subprocess.run(["ps", "-o", "rss=", "-p", str(self._server.pid)], capture_output=True, text=True)
        return int(size.stdout) // 1024


def report(soak: Soak, lost: list[str], crowded: tuple[Counter[str], int], doctor: Any) -> int:
    """Print all figures; returns the exit code."""
    third = len(soak.memory) // 3
    middle, end = (statistics.median(soak.memory[third * part : third * (part + 1)]) for part in (1, 2))
    grows = end > GROWTH * middle
    print(f"memory in MB: {soak.memory[0]} at the start, {middle:.0f} in the middle, {end:.0f} at the end")
    for kind, seconds in sorted(soak.seconds.items()):
        rank = sorted(seconds)
        p50, p95 = (1000 * rank[int(share * (len(rank) - 1))] for share in (0.5, 0.95))
        print(f"{kind:>10}: {len(rank):>6} requests, p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    print(f"{soak.saves} saves, {len(lost)} notes lost {lost}; failed requests: {dict(soak.failures)}")
    print(f"{TOGETHER} requests together: {dict(crowded[0])}, at most {crowded[1]} MB")
    print(f"doctor: {'ok' if doctor['ok'] else doctor['findings']}")
    return int(grows or bool(lost) or bool(soak.failures) or not doctor["ok"])


if __name__ == "__main__":
    main()
