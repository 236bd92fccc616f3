"""The application: the routes of the API behind the guard."""

from __future__ import annotations

import typing
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import anyio
import anyio.to_thread
from anyio.to_thread import run_sync
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from kb.errors import InputError, KbError
from kb.models import Frozen
from kb.reports import Job
from kb.serve.http.endpoints import ENDPOINTS, Endpoint
from kb.serve.http.failures import answer_failure, invalid
from kb.serve.http.guard import Guard
from kb.serve.http.openapi import EVENT_STREAM, JSON, openapi
from kb.serve.http.served import Served
from kb.serve.mcp.endpoint import ToolEndpoint
from kb.serve.page.routes import page_routes

THREADS = 4  # requests that are answered together; others wait: more threads only share one interpreter
EVENT_SECONDS = 0.1  # between two looks at a job
QUIET_LOOKS = 150  # after which a comment tells a proxy that the stream is alive

Answer = Callable[[Request], Awaitable[Response]]


def application(served: Served) -> ASGIApp:
    """Everything that a server answers, behind its guard."""
    tools = ToolEndpoint(served.live)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        async with tools.running(), anyio.create_task_group() as tasks:
            tasks.start_soon(run_sync, served.live.prepare)
            yield

    handlers = dict.fromkeys((KbError, OSError, HTTPException, Exception), answer_failure)
    app = Starlette(routes=routes(served, tools), exception_handlers=handlers, lifespan=lifespan)
    return Guard(app, served.access, uploads=[endpoint.path for endpoint in ENDPOINTS if endpoint.uploads])


def routes(served: Served, tools: ToolEndpoint) -> list[Route]:
    """The routes, without a guard."""
    turns = anyio.Semaphore(THREADS)
    api = [Route(endpoint.path, _route(endpoint, served, turns), methods=[endpoint.method]) for endpoint in ENDPOINTS]
    others = [Route("/api/openapi.json", _describe), Route("/mcp", tools), *page_routes()]
    return [*api, *others]


def _route(endpoint: Endpoint, served: Served, turns: anyio.Semaphore) -> Answer:
    async def answer(request: Request) -> Response:
        asked = await _asked(endpoint, request)
        look = partial(run_sync, endpoint.answer, served, asked)
        async with turns:
            if not endpoint.changes and await request.is_disconnected():
                return Response()  # nobody reads it: whoever types is at the next query
            report = await look()
        if endpoint.streams:
            return StreamingResponse(_events(served, look), media_type=EVENT_STREAM)
        return Response(report.model_dump_json(by_alias=True), media_type=JSON)

    return answer


async def _asked(endpoint: Endpoint, request: Request) -> Frozen:
    """The request of an endpoint, from the query string or the body. Raises `InputError`."""
    try:
        if endpoint.changes:
            return endpoint.asked.model_validate_json(await request.body() or b"{}")
        return endpoint.asked.model_validate(_values(endpoint.asked, request.query_params))
    except ValidationError as error:
        raise invalid(error) from error


def _values(asked: type[Frozen], query: QueryParams) -> dict[str, str | list[str]]:
    """The parameters of a query: those that may be repeated as lists. Raises `InputError` for others that are."""
    values: dict[str, str | list[str]] = {}
    for name in query:
        field, given = asked.model_fields.get(name), query.getlist(name)
        if field is not None and typing.get_origin(field.annotation) is tuple:
            values[name] = given
        elif len(given) > 1:
            raise InputError(f"{name} is given {len(given)} times; give it once")
        else:
            values[name] = given[0]
    return values


async def _events(served: Served, look: Callable[[], Awaitable[Frozen]]) -> AsyncIterator[str]:
    """A job whenever it has changed, until it has ended: the name of an event is the state of the job."""
    before, quiet = None, 0
    while not served.live.stopping.is_set():
        job = await look()
        quiet += 1
        if job != before and isinstance(job, Job):
            before, quiet = job, 0
            yield f"event: {job.state}\ndata: {job.model_dump_json(by_alias=True)}\n\n"
            if job.state != "running":
                return
        elif quiet % QUIET_LOOKS == 0:
            yield ": waiting\n\n"
        await anyio.sleep(EVENT_SECONDS)


async def _describe(request: Request) -> Response:
    return JSONResponse(openapi())
