"""Every failure that is reported to the user, as one line.

```
KbError                 exit code 1
├── InputError          2  wrong usage: a missing path, an unknown area, an empty query
│   └── NotFoundError   2  nothing has the given id or path
├── NotebookError       1  there is no notebook here, or it cannot be read
├── ConfigError         1  kb.toml or kb.decisions.toml is invalid
├── NoteError           1  a note cannot be read; `kb add` skips it and continues
├── CaptureError        1  a page or paper cannot be fetched or read; `kb add` skips it and continues
├── EncoderError        1  the model cannot be loaded or exported, or does not match the index
├── CatalogError        1  the catalog cannot be used
│   ├── DamageError     1  it is damaged or missing
│   └── NewerError      1  a newer version of kb wrote it
├── BackupError         1  a backup cannot be written, or a file is not a backup
├── VectorError         1  a generation of vectors is missing or damaged
│   └── ServerError     1  a Chroma server is unreachable, or a request to it failed
├── LockError           1  another process holds the write lock
├── BusyError           1  a server has as much under way of what takes long as it takes on
├── OutsideError        1  notes lie outside the areas, and kb.toml refuses those
├── RemovalError        1  most notes would leave the index, and this was not confirmed
├── LanguageModelError  1  a language model is unreachable, or its answer is unusable; outlines do without it
├── QualityError        1  a metric is below the required minimum
└── EvidenceError       3  the notes say too little about a topic
```
"""

from __future__ import annotations

import errno

# What the errors of the system mean, where its own words are those of programmers.
_MEANINGS = {
    errno.ENOENT: "there is no such file or folder",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOEXEC: "it is not a program",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is full",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk fails",
    errno.ECONNREFUSED: "nothing answers there",
    errno.ECONNRESET: "the connection was cut",
    errno.EHOSTUNREACH: "the network does not lead there",
    errno.ENETUNREACH: "there is no network",
    errno.EADDRINUSE: "another program uses it",
}


class KbError(Exception):
    """An error with a message for the user: what failed, the value, the next step."""

    exit_code = 1


class InputError(KbError):
    """A command or method was used incorrectly."""

    exit_code = 2


class NotFoundError(InputError):
    """Nothing has the given id or path."""


class QualityError(KbError):
    """A metric is below the required minimum."""


class OutsideError(KbError):
    """Notes lie outside the areas, and the settings refuse those. `report` covers the whole run."""

    def __init__(self, message: str, report: object) -> None:
        super().__init__(message)
        self.report = report


class NotebookError(KbError):
    """There is no notebook, or it cannot be read."""


class ConfigError(KbError):
    """A settings or decisions file is invalid."""


class NoteError(KbError):
    """A note cannot be read. While a file is parsed, the message lacks the path: `has broken front matter: …`."""


class CaptureError(KbError):
    """A page or paper cannot be fetched or read."""


class EncoderError(KbError):
    """The model cannot be loaded or exported, or is not the one that the index was built with."""


class CatalogError(KbError):
    """The catalog cannot be used."""


class DamageError(CatalogError):
    """The catalog is damaged or missing."""


class NewerError(CatalogError):
    """A newer version of kb wrote the catalog."""


class BackupError(KbError):
    """A backup cannot be written, or a file to restore is not a backup."""


class VectorError(KbError):
    """A generation of vectors is missing or damaged."""


class ServerError(VectorError):
    """A Chroma server is unreachable, or a request to it failed."""


class LockError(KbError):
    """Another process holds the write lock of the notebook."""


class BusyError(KbError):
    """A server has as much under way of what takes long as it takes on."""


class LanguageModelError(KbError):
    """A language model is unreachable, or its answer is unusable."""


class RemovalError(KbError):
    """Most notes would leave the index, and this was not confirmed."""


class EvidenceError(KbError):
    """The notes say too little about a topic for an outline."""

    exit_code = 3


def reason(error: BaseException) -> str:
    """Why something failed, in plain words: what an error of the system means, and of another the message."""
    if isinstance(error, OSError):
        return _MEANINGS.get(error.errno or 0) or (error.strerror or "").lower() or one_line(error)
    return one_line(error)


def one_line(error: BaseException) -> str:
    """The message of an error on one line, cut at 300 characters; its name where it has none."""
    return " ".join(str(error).split())[:300] or type(error).__name__
