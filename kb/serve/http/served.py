"""What the routes of a server share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kb import __version__
from kb.knowledge import KnowledgeBase
from kb.reports import Link, Server
from kb.serve.http.access import Access
from kb.serve.http.jobs import Jobs
from kb.serve.http.mapping import Mapping
from kb.serve.live import LiveNotebook


@dataclass
class Served:
    """A notebook that is served, who may ask, and how to end the server."""

    live: LiveNotebook
    access: Access
    stop: Callable[[], None]
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.live)
        self.mapping = Mapping(self.live)

    @property
    def knowledge(self) -> KnowledgeBase:
        """The notebook with the settings as they are now."""
        return self.live.knowledge

    def describe(self) -> Server:
        """The server about itself."""
        return Server(
            notebook=str(self.live.root),
            address=self.access.address,
            version=__version__,
            process=os.getpid(),
            seconds=round(time.monotonic() - self.started, 3),
            job=self.jobs.latest(),
        )

    def link(self) -> Link:
        """One more link for a browser."""
        return Link(address=self.access.new_link())

    def end(self) -> Server:
        """End the server once this request is answered."""
        self.stop()
        return self.describe()

    def close(self) -> None:
        """End what runs in the background, and close the notebook."""
        self.live.stopping.set()
        self.jobs.close()
        self.mapping.close()
        self.live.close()
