"""The files of the page, one route each: no path that is asked for is ever joined to a folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

STATIC = Path(__file__).parent / "static"
SHELL = "index.html"
PREFIX = "/page/"
MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def page_routes() -> list[Route]:
    """The shell at `/`, and everything that it loads."""
    served = sorted(path for path in STATIC.rglob("*") if path.suffix in MEDIA_TYPES)
    return [Route(_address(path), _answer(path), methods=["GET"]) for path in served]


def _address(path: Path) -> str:
    name = path.relative_to(STATIC).as_posix()
    return "/" if name == SHELL else PREFIX + name


def _answer(path: Path) -> Callable[[Request], Awaitable[Response]]:
    content, media_type = path.read_bytes(), MEDIA_TYPES[path.suffix]

    async def answer(_: Request) -> Response:
        return Response(content, media_type=media_type)

    return answer
