"""What `kb config` shows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from kb.models import Frozen


class Setting(Frozen):
    """A setting: its value, its default (None where there is none), and what it means in Markdown."""

    schema_: Literal["kb.setting/1"] = Field(default="kb.setting/1", serialization_alias="schema")
    key: str
    value: JsonValue
    default: JsonValue
    meaning: str

    @property
    def is_default(self) -> bool:
        """Whether the notebook leaves the setting as it is by default."""
        return self.value == self.default


class SettingList(Frozen):
    """All settings of a notebook, and the file that they are in; it need not exist."""

    schema_: Literal["kb.config/1"] = Field(default="kb.config/1", serialization_alias="schema")
    path: str
    settings: tuple[Setting, ...]
