"""Everything that can go wrong and be said to the user in one line.

```
KbError                 exit code 1
├── InputError          2  wrong usage: a missing path, an unknown area, an empty query
├── NotebookError       1  no notebook here, or one that cannot be read
├── ConfigError         1  kb.toml or kb.decisions.toml does not say what it should
├── NoteError           1  one note cannot be read; an add skips it and goes on
├── EncoderError        1  the model cannot be loaded or exported
├── CatalogError        1  .kb/catalog.db cannot be used
│   ├── DamageError     1  it is damaged or lost
│   └── NewerError      1  it was made by a newer kb
├── BackupError         1  a backup cannot be written, or is none
├── VectorError         1  a generation of vectors is missing or damaged
│   └── ServerError     1  a Chroma server cannot be reached, or does not do what it is asked
├── LockError           1  another process is writing
├── OutsideError        1  notes lie outside the areas, and kb.toml refuses such
├── RemovalError        1  most notes would leave the index at once, and nobody confirmed it
├── LanguageModelError  1  no language model answers, or not as asked; an outline goes without it
├── QualityError        1  a measure is below what was asked for
└── EvidenceError       3  the notes say too little about a topic
```
"""

from __future__ import annotations


class KbError(Exception):
    """An error with a message for the user: what failed, the value, the next step."""

    exit_code = 1


class InputError(KbError):
    """The command or call was used wrongly."""

    exit_code = 2


class QualityError(KbError):
    """A measure is below what was asked for."""


class OutsideError(KbError):
    """Notes lie outside the areas, and the notebook takes none of those; `report` says what became of the others."""

    def __init__(self, message: str, report: object) -> None:
        super().__init__(message)
        self.report = report


class NotebookError(KbError):
    """There is no notebook, or it cannot be read."""


class ConfigError(KbError):
    """A settings file does not say what it should."""


class NoteError(KbError):
    """One note cannot be read."""


class EncoderError(KbError):
    """The model cannot be loaded or exported."""


class CatalogError(KbError):
    """The catalog cannot be used."""


class DamageError(CatalogError):
    """The catalog is damaged or lost."""


class NewerError(CatalogError):
    """The catalog was made by a newer kb."""


class BackupError(KbError):
    """A backup cannot be written, or what should be restored is none."""


class VectorError(KbError):
    """A generation of vectors is missing or damaged."""


class ServerError(VectorError):
    """A Chroma server cannot be reached, or does not do what it is asked."""


class LockError(KbError):
    """Another process holds the notebook's write lock."""


class LanguageModelError(KbError):
    """A language model does not answer, or not as it was asked to."""


class RemovalError(KbError):
    """Most notes would leave the index at once, which was not confirmed."""


class EvidenceError(KbError):
    """The notes say too little about a topic to make an outline of it."""

    exit_code = 3


def one_line(error: Exception) -> str:
    """An error's message without its line breaks, at most 300 characters."""
    return " ".join(str(error).split())[:300]
