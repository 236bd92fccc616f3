"""The one table of what loads when it is asked for.

Commands and verbs name a module here, `rooms.answer`, and wait for no other's imports; type checkers see the modules
themselves.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.areas import judge as judge
    from kb.care import backup as backup
    from kb.care import doctor as doctor
    from kb.care import facts as facts
    from kb.care import rebuild as rebuild
    from kb.care import status as status
    from kb.evaluation import appraise as appraise
    from kb.evaluation import runner as runner
    from kb.ideas import suggest as suggest
    from kb.index import vectors as vectors
    from kb.notes import new as new
    from kb.outline import draft as draft
    from kb.outline import generated as generated
    from kb.outline.post import write as write
    from kb.remote import pull as pull
    from kb.remote import server as server
    from kb.search import answer as answer
    from kb.search import comparing as comparing
    from kb.search import find as find
    from kb.sync import changes as changes
    from kb.sync import listing as listing
    from kb.sync import reclassify as reclassify
    from kb.sync import removal as removal
    from kb.sync import run as run

HOMES = {
    "judge": "kb.areas.judge",
    "backup": "kb.care.backup",
    "doctor": "kb.care.doctor",
    "facts": "kb.care.facts",
    "rebuild": "kb.care.rebuild",
    "status": "kb.care.status",
    "appraise": "kb.evaluation.appraise",
    "runner": "kb.evaluation.runner",
    "suggest": "kb.ideas.suggest",
    "vectors": "kb.index.vectors",
    "new": "kb.notes.new",
    "draft": "kb.outline.draft",
    "generated": "kb.outline.generated",
    "write": "kb.outline.post.write",
    "pull": "kb.remote.pull",
    "server": "kb.remote.server",
    "answer": "kb.search.answer",
    "comparing": "kb.search.comparing",
    "find": "kb.search.find",
    "changes": "kb.sync.changes",
    "listing": "kb.sync.listing",
    "reclassify": "kb.sync.reclassify",
    "removal": "kb.sync.removal",
    "run": "kb.sync.run",
}


def __getattr__(name: str) -> ModuleType:
    if name not in HOMES:
        raise AttributeError(f"module 'kb.rooms' has no attribute {name!r}")
    return import_module(HOMES[name])
