"""The version of the reading: notes that were read by an earlier one are read again."""

from __future__ import annotations

import hashlib

from kb.models import NoteFile
from kb.notes import READING
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note

PAGE = """---
Title: "*Rings* of attention"
created: March 8, 2024
tags: Long context, serving
aliases: [Ring]
---
[![build](b.svg)](https://example.org)

# Rings

<!-- ask Ada --> Blocks of keys pass round a ring of devices. See [[gat#Heads|GAT]], [the paper](../papers/ring.md) and
[[../papers/liu]]; %%private%% #memory/kv

- The cost is $O(n^2)$.
- 通信与计算重叠。注意力「环」と呼ぶ。

```py
x = 1
```

| a | b |
| - | - |
| 1 | 2 |

::: {.callout}
Each device holds one block (see below).
:::

!!! note "Blocks"
	A block of keys is sent on $\\tau_{k}$ while it is read.
"""
DIGESTS = {3: "7d5908b9cb24a750"}  # by version of the reading


def test_what_is_read_differently_has_another_version() -> None:
    """The same page is read as the current version reads it. If this fails, what notes are read as has changed: raise
    `READING`, so that a sync reads all notes again, and put the new digest next to its number.
    """
    note = parse_note(NoteFile(path="notes/ring.md", text=PAGE, sha256="", size=1, mtime_ns=1))
    chunks = chunk_note(note, lambda text: len(text.split()), 40)
    read = (note.title, str(note.date), note.tags, note.aliases, note.links, note.kinds, [c.embedded for c in chunks])
    assert DIGESTS[READING] == hashlib.sha256(repr(read).encode()).hexdigest()[:16]
