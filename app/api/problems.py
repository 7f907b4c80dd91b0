"""Turns every failure into `application/problem+json`; nothing of the input is ever repeated."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api.access import note_refusal
from app.errors import (
    BadRequest,
    BodyTooLarge,
    InvalidField,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    UnsupportedMediaType,
)

_BY_STATUS: dict[int, type[Problem]] = {
    400: BadRequest,
    404: NotFound,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
}
log = structlog.get_logger()


def handle_problems(app: FastAPI) -> None:
    """Registers the handlers."""
    app.add_exception_handler(Problem, _on_problem)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _on_invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _on_http)  # type: ignore[arg-type]


def problem_response(problem: Problem, request_id: str | None) -> Response:
    headers = dict(problem.headers)
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, round(problem.retry_after_s)))
    content = orjson.dumps(problem.body(request_id))
    return Response(content, problem.status, headers, media_type="application/problem+json")


def log_unexpected(error: Exception) -> None:
    """A bug of ours: where it happened goes into the log, its message does not, for it may hold what was said."""
    frames = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
    log.critical("unexpected", error=type(error).__name__, frames=frames[-12:])


async def _on_problem(request: Request, problem: Problem) -> Response:
    request.state.problem = problem
    note_refusal(request, problem)
    return problem_response(problem, request.state.request_id)


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    return await _on_problem(request, InvalidRequest(errors=fields_of(error.errors())))


async def _on_http(request: Request, error: HTTPException) -> Response:
    """Starlette's own refusals; what met the framework's form parser comes back out of it here."""
    if isinstance(error.__cause__, ClientDisconnect):
        raise error.__cause__
    if isinstance(error.__cause__, Problem):
        return await _on_problem(request, error.__cause__)
    if error.status_code == 405:
        return await _on_problem(request, MethodNotAllowed(headers={"Allow": _allowed(request)}))
    kind = _BY_STATUS.get(error.status_code, BadRequest)
    return await _on_problem(request, kind(headers=dict(error.headers or {})))


def _allowed(request: Request) -> str:
    """All methods of the path; Starlette tells those of one route, and a path here has a route a method."""
    path = getattr(request.scope.get("route"), "path", None)
    of_path = [route.methods or () for route in iter_route_contexts(request.app.routes) if route.path == path]
    methods = {method for methods in of_path for method in methods} or {"GET"}  # a folder of files names none
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def fields_of(errors: Sequence[Any], *within: str) -> tuple[InvalidField, ...]:
    """Where a body is wrong, from pydantic's errors, of which neither message nor input is used.

    `within` are the steps to the part that was validated, where the errors' locations do not tell them.
    """
    return tuple(InvalidField(_pointer((*within, *e["loc"]), e["type"]), e["type"]) for e in errors[:20])


def _pointer(location: tuple[int | str, ...], code: str) -> str:
    """A JSON pointer into the body, of which "" is the whole; a query or path parameter is named as it is.

    The name of an unknown field is the client's own text, so the pointer ends at the object that holds it.
    """
    source, *steps = location[:-1] if code == "extra_forbidden" else location
    escaped = [str(step).replace("~", "~0").replace("/", "~1") for step in steps]
    return "/".join(["" if source == "body" else str(source), *escaped])
