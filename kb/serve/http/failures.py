"""Errors as responses: a JSON body with the message that the command line would print, and a status."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kb.errors import (
    BusyError,
    ConfigError,
    EvidenceError,
    InputError,
    KbError,
    LanguageModelError,
    LockError,
    NoteError,
    NotFoundError,
    OutsideError,
    RemovalError,
    ServerError,
    one_line,
    reason,
)
from kb.reports import Failure

STATUSES: dict[type[Exception], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    InputError: HTTPStatus.BAD_REQUEST,
    NoteError: HTTPStatus.CONFLICT,
    OutsideError: HTTPStatus.CONFLICT,
    RemovalError: HTTPStatus.CONFLICT,
    ConfigError: HTTPStatus.CONFLICT,
    EvidenceError: HTTPStatus.UNPROCESSABLE_ENTITY,
    LockError: HTTPStatus.LOCKED,
    BusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    ServerError: HTTPStatus.BAD_GATEWAY,
    LanguageModelError: HTTPStatus.BAD_GATEWAY,
}


def failure_of(error: Exception) -> Failure:
    """An error of a verb as a report."""
    if isinstance(error, OSError):
        message = f"{error.filename or 'the disk'}: {reason(error)}; run `kb doctor`"
    elif isinstance(error, KbError):
        message = str(error)
    else:
        message = f"kb failed unexpectedly: {one_line(error)}; the server's terminal says more"
    known = (STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    status = next(known, HTTPStatus.INTERNAL_SERVER_ERROR)
    return Failure(status=status, error=type(error).__name__, message=message)


def refusal(status: HTTPStatus, message: str) -> Failure:
    """A request that is not even looked at."""
    return Failure(status=status, error=status.phrase.replace(" ", ""), message=message)


def invalid(error: ValidationError) -> InputError:
    """The first fault of the parameters or the body of a request."""
    first = error.errors(include_input=True, include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "the body"
    given = first.get("input")
    shown = f", is {given!r}" if isinstance(given, (str, int, float)) and len(str(given)) < 100 else ""
    return InputError(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}{shown}; see /api/openapi.json")


def response_of(failure: Failure) -> Response:
    """A failure as a response."""
    body = failure.model_dump_json(by_alias=True)
    headers = {"WWW-Authenticate": "Bearer"} if failure.status == HTTPStatus.UNAUTHORIZED else None
    return Response(body, failure.status, headers, media_type="application/json")


async def answer_failure(request: Request, error: Exception) -> Response:
    """The response to an error that a route raised, or to a path or method that does not exist."""
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        message = f"{request.method} {request.url.path}: {status.phrase.lower()}; see /api/openapi.json"
        response = response_of(refusal(status, message))
        response.headers.update(error.headers or {})
        return response
    return response_of(failure_of(error))
