"""Reads request bodies under limits: bytes counted as they come, a time limit, and JSON that hides nothing."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.api.access import GATES
from app.api.characters import refuse_unstorable
from app.errors import BadRequest, BodyTimeout, BodyTooLarge, UnsupportedMediaType

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class BoundedRequest(Request):
    """A request whose body cannot outgrow its limit or take for ever."""

    def __init__(self, request: Request, limit_bytes: int, timeout_s: float) -> None:
        super().__init__(request.scope, request.receive)
        self.limit_bytes, self.timeout_s = limit_bytes, timeout_s

    async def stream(self) -> AsyncGenerator[bytes, None]:
        declared = self.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > self.limit_bytes:
            raise BodyTooLarge()
        received = 0
        deadline = asyncio.get_running_loop().time() + self.timeout_s
        chunks = super().stream()
        while (chunk := await _next_before(deadline, chunks)) is not None:
            received += len(chunk)
            if received > self.limit_bytes:
                raise BodyTooLarge()
            yield chunk


class JsonRoute(APIRoute):
    """A route whose body, if it takes one, is strict UTF-8 JSON."""

    def get_route_handler(self) -> _Handler:
        handle = super().get_route_handler()
        takes_body, gates = self.body_field is not None, _gates(self)

        async def read_first(request: Request) -> Response:
            if takes_body:
                await _pass(gates, request)
                settings = request.app.state.parts.settings
                request = await _with_json(request, settings.max_body_bytes, settings.body_timeout_s)
            return await handle(request)

        return read_first


class UploadRoute(APIRoute):
    """A route that takes one file as multipart/form-data."""

    def get_route_handler(self) -> _Handler:
        handle = super().get_route_handler()
        gates = _gates(self)

        async def bound_first(request: Request) -> Response:
            await _pass(gates, request)
            _require(request, "multipart/form-data")
            settings = request.app.state.parts.settings
            return await handle(BoundedRequest(request, settings.max_upload_bytes, settings.body_timeout_s))

        return bound_first


def _gates(route: APIRoute) -> list[Any]:
    return [dependency.call for dependency in route.dependant.dependencies if dependency.call in GATES]


async def _pass(gates: list[Any], request: Request) -> None:
    """Before the body is read: who may not be here is not listened to."""
    for gate in gates:
        await gate(request)


async def _with_json(request: Request, limit_bytes: int, timeout_s: float) -> Request:
    _require(request, "application/json")
    bounded = BoundedRequest(request, limit_bytes, timeout_s)
    # Starlette looks here before it parses: our parser's result stands in for the lenient one of the json module.
    bounded._json = strict_json(await bounded.body())
    return bounded


def _require(request: Request, media_type: str) -> None:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.casefold() != "identity":
        raise UnsupportedMediaType("Send the body without Content-Encoding.")
    given = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if given != media_type:
        raise UnsupportedMediaType(f"Send the body as {media_type}.")


async def _next_before(deadline: float, chunks: AsyncGenerator[bytes, None]) -> bytes | None:
    try:
        async with asyncio.timeout_at(deadline):
            return await anext(chunks, None)
    except TimeoutError:
        raise BodyTimeout() from None


def path_of(request: Request, collection: str, id: object) -> str:
    """Where a record is found, also below the prefix of a proxy."""
    return f"{request.scope.get('root_path', '')}/{collection}/{id}"


def strict_json(body: bytes, root: str = "") -> Any:
    """The parsed body. NaN, bad UTF-8, deep nesting, NUL and lone surrogates are refused, each with a clear problem.

    `root` is the pointer to it, where the JSON is only a part of the body.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        _refuse_lone_surrogate(body, root)
        raise BadRequest(f"The body is not valid JSON (line {error.lineno}, column {error.colno}).") from None
    if b"\\u0000" in body:  # there is no other way to write a NUL in JSON
        refuse_unstorable(document, root)
    return document


def _refuse_lone_surrogate(body: bytes, root: str) -> None:
    """Half of a surrogate pair is legal to the json module alone, which so can tell where it stands."""
    if b"\\ud" not in body.lower():
        return
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    refuse_unstorable(document, root)
