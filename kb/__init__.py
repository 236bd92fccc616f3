"""kb: files research notes under three areas, finds them by meaning, and lays out the skeleton of the next post.

```python
from kb import KnowledgeBase

with KnowledgeBase("my-notebook", create=True) as knowledge:
    knowledge.add(["my-notebook/notes"])
    for hit in knowledge.search("how do I cut serving latency").hits:
        print(hit.path, hit.start_line, hit.score)
```
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as type checkers understand it: to import typing takes a tenth of a warm command
if TYPE_CHECKING:
    from kb.errors import KbError
    from kb.knowledge import KnowledgeBase
    from kb.models import AreaVerdict, Encoder, Filter, Note
    from kb.reports import Hit, Outline, SearchResult, SyncReport

__version__ = "1.0.0"

_HOMES = {
    "AreaVerdict": "kb.models",
    "Encoder": "kb.models",
    "Filter": "kb.models",
    "Hit": "kb.reports",
    "KbError": "kb.errors",
    "KnowledgeBase": "kb.knowledge",
    "Note": "kb.models",
    "Outline": "kb.reports",
    "SearchResult": "kb.reports",
    "SyncReport": "kb.reports",
}

__all__ = [
    "AreaVerdict",
    "Encoder",
    "Filter",
    "Hit",
    "KbError",
    "KnowledgeBase",
    "Note",
    "Outline",
    "SearchResult",
    "SyncReport",
    "__version__",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for: importing kb itself costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'kb' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
