"""An outline, and what the language model that the settings name proposes for it."""

from __future__ import annotations

from kb.errors import LanguageModelError
from kb.models import Notify
from kb.notebook import OutlineSettings, language_model_key
from kb.outline.language_model import ask
from kb.outline.wording import INSTRUCTION, described, reworded
from kb.reports import Outline


def worded(outline: Outline, settings: OutlineSettings, notify: Notify) -> Outline:
    """The outline as a language model words it; as it is where the settings name none, or where that fails."""
    if settings.llm is None:
        return outline
    try:
        answer = ask(settings.llm, settings.llm_model, language_model_key(), INSTRUCTION, described(outline))
        return reworded(outline, answer)
    except LanguageModelError as error:
        notify(f"{error}; the outline is made of your notes' own words")
        return outline
