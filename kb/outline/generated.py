"""An outline, and what the language model that the settings name proposes for it."""

from __future__ import annotations

from kb.config import language_model_key
from kb.errors import LanguageModelError
from kb.index.workspace import Workspace
from kb.outline.language_model import ask
from kb.outline.wording import INSTRUCTION, described, reworded
from kb.reports import Outline


def worded(workspace: Workspace, outline: Outline) -> Outline:
    """The outline as a language model words it; as it is where the settings name none, or where that fails."""
    settings = workspace.settings.outline
    if settings.llm is None:
        return outline
    try:
        answer = ask(settings.llm, settings.llm_model, language_model_key(), INSTRUCTION, described(outline))
        return reworded(outline, answer)
    except LanguageModelError as error:
        workspace.notify(f"{error}; the outline is made of your notes' own words")
        return outline
