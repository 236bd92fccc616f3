"""Several reads of an index as one, whatever others write meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kb.errors import ServerError, VectorError
from kb.index.publishing import rebuild_vectors
from kb.index.workspace import Workspace

Read = TypeVar("Read")


def at_once(workspace: Workspace, read: Callable[[], Read]) -> Read:
    """What `read` returns, all of it from one state of the index.

    Vectors that were swept or damaged are no obstacle: it reads again.
    """
    catalog = workspace.catalog
    if catalog.in_snapshot:
        return read()
    generation = 0
    try:
        with catalog.snapshot():
            generation = catalog.generation()
            return read()
    except ServerError:
        raise
    except VectorError as error:
        if catalog.generation() == generation:
            workspace.notify(f"{error}; building the vectors afresh from the catalog")
            rebuild_vectors(workspace)
    with catalog.snapshot():
        return read()
