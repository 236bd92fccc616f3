"""The one table of modules that are imported on demand, so that a command waits only for what it uses.

Commands and verbs write `rooms.answer`; type checkers see the modules themselves.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb import guides, knowledge, models, reports, settings
    from kb.areas import judge
    from kb.capture import identifiers
    from kb.capture.filing import gate, known, taking, writing
    from kb.capture.web import fetch
    from kb.care import backup, doctor, facts, rebuild, status, versions
    from kb.care import models as models_in_use
    from kb.cli.finding import editor
    from kb.cli.interactive import search as interactive_search
    from kb.console import areas as console_areas
    from kb.console import care as console_care
    from kb.console import concepts as console_concepts
    from kb.console import evaluation as console_evaluation
    from kb.console import manual as console_manual
    from kb.console import model as console_model
    from kb.console import outline as console_outline
    from kb.console import picking as console_picking
    from kb.console import sync as console_sync
    from kb.console import terminal
    from kb.console.filing import inbox as console_inbox
    from kb.console.filing import linked as console_linked
    from kb.console.filing import log as console_log
    from kb.console.filing import settings as console_settings
    from kb.console.finding import comparison as console_comparison
    from kb.console.finding import notes as console_notes
    from kb.console.finding import search as console_search
    from kb.console.finding import text as console_text
    from kb.console.interactive import search as search_view
    from kb.evaluation import measure, queries
    from kb.ideas import suggest
    from kb.ideas.map import draw
    from kb.index import vectors
    from kb.notes import new
    from kb.outline import draft, picking
    from kb.outline.language_model import asking
    from kb.outline.post import drafts, publishing, write
    from kb.remote import pull, server
    from kb.search import answer, find
    from kb.search.concepts import glossary
    from kb.search.similar import duplicates, related
    from kb.serve import client, live, trust, watching
    from kb.serve import socket as listening
    from kb.serve.http import running
    from kb.serve.http import server as http_server
    from kb.serve.mcp import configuration, messages
    from kb.serve.mcp import server as tools_server
    from kb.sync import changes, deciding, linked, listing, reclassify, removal, run, tags

HOMES = {
    "console_linked": "kb.console.filing.linked",
    "console_log": "kb.console.filing.log",
    "console_inbox": "kb.console.filing.inbox",
    "linked": "kb.sync.linked",
    "tags": "kb.sync.tags",
    "deciding": "kb.sync.deciding",
    "console_settings": "kb.console.filing.settings",
    "settings": "kb.settings",
    "guides": "kb.guides",
    "knowledge": "kb.knowledge",
    "models": "kb.models",
    "reports": "kb.reports",
    "judge": "kb.areas.judge",
    "gate": "kb.capture.filing.gate",
    "known": "kb.capture.filing.known",
    "identifiers": "kb.capture.identifiers",
    "taking": "kb.capture.filing.taking",
    "writing": "kb.capture.filing.writing",
    "fetch": "kb.capture.web.fetch",
    "backup": "kb.care.backup",
    "doctor": "kb.care.doctor",
    "facts": "kb.care.facts",
    "models_in_use": "kb.care.models",
    "rebuild": "kb.care.rebuild",
    "status": "kb.care.status",
    "versions": "kb.care.versions",
    "editor": "kb.cli.finding.editor",
    "interactive_search": "kb.cli.interactive.search",
    "console_areas": "kb.console.areas",
    "console_care": "kb.console.care",
    "console_comparison": "kb.console.finding.comparison",
    "console_concepts": "kb.console.concepts",
    "console_evaluation": "kb.console.evaluation",
    "console_manual": "kb.console.manual",
    "console_model": "kb.console.model",
    "console_notes": "kb.console.finding.notes",
    "console_outline": "kb.console.outline",
    "console_picking": "kb.console.picking",
    "console_search": "kb.console.finding.search",
    "console_text": "kb.console.finding.text",
    "console_sync": "kb.console.sync",
    "terminal": "kb.console.terminal",
    "search_view": "kb.console.interactive.search",
    "measure": "kb.evaluation.measure",
    "queries": "kb.evaluation.queries",
    "suggest": "kb.ideas.suggest",
    "draw": "kb.ideas.map.draw",
    "vectors": "kb.index.vectors",
    "new": "kb.notes.new",
    "draft": "kb.outline.draft",
    "picking": "kb.outline.picking",
    "asking": "kb.outline.language_model.asking",
    "drafts": "kb.outline.post.drafts",
    "publishing": "kb.outline.post.publishing",
    "write": "kb.outline.post.write",
    "pull": "kb.remote.pull",
    "server": "kb.remote.server",
    "answer": "kb.search.answer",
    "duplicates": "kb.search.similar.duplicates",
    "find": "kb.search.find",
    "glossary": "kb.search.concepts.glossary",
    "related": "kb.search.similar.related",
    "client": "kb.serve.client",
    "listening": "kb.serve.socket",
    "http_server": "kb.serve.http.server",
    "running": "kb.serve.http.running",
    "live": "kb.serve.live",
    "trust": "kb.serve.trust",
    "watching": "kb.serve.watching",
    "configuration": "kb.serve.mcp.configuration",
    "messages": "kb.serve.mcp.messages",
    "tools_server": "kb.serve.mcp.server",
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
