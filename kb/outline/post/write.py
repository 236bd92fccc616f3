"""Outlines as files: rendered, checked against the notes, and updated."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from kb.errors import InputError, NoteError
from kb.index.workspace import Workspace
from kb.notes import files as notebook
from kb.notes.parse import OUTLINE_MARK
from kb.outline.post.citations import Citations, find_cited, read_memory
from kb.outline.post.render import TEMPLATES, render, template_text
from kb.reports import Outline
from kb.reports.revised import Check, Update
from kb.sync.changes import look, text_of

UNCITED = (
    "{path} has no citations to go by: it was written with --citations none, or not by `kb outline`; "
    "write it with --citations comment"
)


def rendered(outline: Outline, template: str, citations: Citations) -> str:
    """An outline as Markdown, by a template's name or the path of a Jinja file."""
    if template in TEMPLATES:
        text = template_text(template)
    else:
        try:
            text = Path(template).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            names = ", ".join(TEMPLATES)
            raise InputError(f"there is no template {template!r}; use {names}, or the path of a Jinja file") from error
    return render(outline, text, notebook.today(), citations)


def check_post(workspace: Workspace, path: Path) -> Check:
    """Every citation of a written outline against the notes' files as they are now."""
    from kb.outline.post.revise import check

    text = notebook.read_post(path)
    cited = {entry.citation.path for entry in find_cited(text)}
    if not cited:
        raise InputError(UNCITED.format(path=path))
    own = notebook.notebook_path(workspace.root, path)
    notes = {name: _text(workspace, name) or "" for name in cited if notebook.state_of(workspace.root, name)}
    notes |= _pulled(workspace, cited - set(notes))
    checked = check(text, notes, _other_notes(workspace, own))
    return Check(path=_shown(path), ok=all(entry.state == "holds" for entry in checked), citations=checked)


def _pulled(workspace: Workspace, paths: Collection[str]) -> dict[str, str]:
    """The texts of those notes that are on another machine, as they were pulled, which is said."""
    notes = [note for note in workspace.catalog.notes() if note.remote and note.path in paths]
    if notes:
        workspace.notify(f"{len(notes)} cited notes are not on this machine; compared with what `kb pull` brought")
    return {note.path: text_of(workspace, note) for note in notes}


def update_post(workspace: Workspace, path: Path) -> Update:
    """Draft a written outline's topic again and bring what is new into the file; nothing else in it changes."""
    from kb.outline.draft import draft
    from kb.outline.post.revise import update

    before = notebook.read_post(path)
    memory = read_memory(before)
    if memory is None:
        raise InputError(UNCITED.format(path=path))
    brief = memory.brief
    outline = draft(workspace, brief.topic, brief.areas, brief.sections)
    try:
        revision = update(before, outline)
    except NoteError as error:
        raise InputError(f"{path} {error}; mend it first") from error
    if revision.text != before:
        notebook.replace_post(path, before, revision.text)
    return Update(path=_shown(path), added=revision.added)


def _shown(path: Path) -> str:
    """A path as text; bytes that are not UTF-8 become question marks."""
    return str(path).encode(errors="replace").decode()


def _other_notes(workspace: Workspace, own: str) -> Iterator[tuple[str, str]]:
    """The notes that lie in the sources now, with their texts; neither posts nor outlines, which quote notes."""
    kinds = {note.path: note.kind for note in workspace.catalog.notes()}
    for state in look(workspace, workspace.catalog.sources(), workspace.decisions, []):
        if state.path != own and kinds.get(state.path, "note") == "note":
            text = _text(workspace, state.path)
            if text and OUTLINE_MARK not in text:
                yield state.path, text


def _text(workspace: Workspace, path: str) -> str | None:
    """What a note says now; None where it cannot be read as one."""
    try:
        return notebook.read(workspace.root, path).text
    except NoteError:
        return None
