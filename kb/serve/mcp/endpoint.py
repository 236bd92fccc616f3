"""The tools at `/mcp` of the HTTP server. The SDK is loaded with the first request, as most servers never get one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskGroup, TaskStatus
from anyio.to_thread import run_sync
from starlette.types import Receive, Scope, Send

from kb.serve.live import LiveNotebook
from kb.serve.mcp.server import tool_server

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class ToolEndpoint:
    """An ASGI application. It answers between the start and the end of `running`, and keeps no state of clients."""

    def __init__(self, live: LiveNotebook) -> None:
        self._live = live
        self._loading = anyio.Lock()
        self._tasks: TaskGroup | None = None
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep what the SDK runs in the background."""
        async with anyio.create_task_group() as self._tasks:
            yield
            self._tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._loading:
            if self._manager is None and self._tasks is not None:
                self._manager = await self._tasks.start(self._run)
        if self._manager is not None:
            await self._manager.handle_request(scope, receive, send)

    async def _run(self, *, task_status: TaskStatus[StreamableHTTPSessionManager]) -> None:
        manager = await run_sync(self._managed)
        async with manager.run():
            task_status.started(manager)
            await anyio.sleep_forever()

    def _managed(self) -> StreamableHTTPSessionManager:
        server = tool_server(self._live)
        server.streamable_http_app(stateless_http=True, json_response=True)
        return server.session_manager
