"""Turns every failure into `application/problem+json`; nothing of the input is ever repeated."""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

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
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
}


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


async def _on_problem(request: Request, problem: Problem) -> Response:
    request.state.problem = problem
    return problem_response(problem, request.state.request_id)


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    return await _on_problem(request, InvalidRequest(errors=fields_of(error.errors())))


async def _on_http(request: Request, error: HTTPException) -> Response:
    """Starlette's own refusals; a problem of ours that met the framework's body parser comes back out of it here."""
    if isinstance(error.__cause__, Problem):
        return await _on_problem(request, error.__cause__)
    kind = _BY_STATUS.get(error.status_code, BadRequest)
    return await _on_problem(request, kind(headers=dict(error.headers or {})))


def fields_of(errors: Sequence[Any], source: str | None = None) -> tuple[InvalidField, ...]:
    """Where a body is wrong, from pydantic's errors, of which neither message nor input is used.

    `source` names the part that was validated, where the errors' locations do not.
    """
    prefix = (source,) if source else ()
    return tuple(InvalidField(_pointer((*prefix, *e["loc"]), e["type"]), e["type"]) for e in errors[:20])


def _pointer(location: tuple[int | str, ...], code: str) -> str:
    """A JSON pointer into the body; a query or path parameter is named as it is.

    The name of an unknown field is the client's own text, so the pointer ends at the object that holds it.
    """
    source, *steps = location[:-1] if code == "extra_forbidden" else location
    escaped = [str(step).replace("~", "~0").replace("/", "~1") for step in steps]
    return "/" + "/".join(escaped) if source == "body" else "/".join([str(source), *escaped])
