"""The manual: a Markdown page for each subject, which `kb help SUBJECT` shows."""

from __future__ import annotations

import difflib
from pathlib import Path

from kb.errors import InputError

FOLDER = Path(__file__).parent
SUBJECTS = {
    "start": "Install kb, add your notes, and the commands of every day.",
    "notes": "What a note is: formats, front matter, dates, tags, links.",
    "capture": "Web pages, papers, PDFs, bibliographies and notebooks as notes.",
    "areas": "The three areas, what is held back, and how to overrule that.",
    "search": "Queries, filters, scores; related notes and duplicates.",
    "outline": "From a topic to a draft to a published post; ideas.",
    "serve": "The page in your browser, the JSON API, assistants, the warm process.",
    "models": "Other embedding models, and rerankers.",
    "settings": "Every setting of kb.toml, and the environment, such as your editor.",
    "safety": "What cannot get lost, what to do when something breaks, backups.",
    "machines": "Moving to another machine; one index for several, on a server.",
    "measuring": "How good search, areas and outlines are, and how fast.",
    "library": "kb from Python, the reports in JSON, exit codes.",
    "changes": "What is new in each version, and what to do when you upgrade.",
    "inside": "How kb is built, and how to work on it.",
}


def read_guide(name: str) -> str:
    """The guide to a subject, or the one that explains a command, in Markdown. Raises `InputError`."""
    if name in SUBJECTS:
        return _text(name)
    for subject in SUBJECTS:
        if f"\n$ kb {name} --help\n" in (text := _text(subject)):
            return text
    nearest = difflib.get_close_matches(name, SUBJECTS, 1)
    hint = f"did you mean {nearest[0]}?" if nearest else "`kb help` lists all"
    raise InputError(f"there is no guide to {name!r}; {hint}")


def _text(subject: str) -> str:
    return (FOLDER / f"{subject}.md").read_text(encoding="utf-8")
