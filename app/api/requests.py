"""Reads request bodies under limits: bytes counted as they come, a time limit, and JSON that hides nothing."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.errors import (
    BadRequest,
    BodyTimeout,
    BodyTooLarge,
    InvalidCharacter,
    InvalidField,
    UnsupportedMediaType,
)

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class BoundedRequest(Request):
    """A request whose body cannot outgrow its limit or take for ever."""

    limit_bytes: int
    timeout_s: float

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
        takes_body = self.body_field is not None

        async def read_first(request: Request) -> Response:
            if takes_body:
                settings = request.app.state.parts.settings
                request = await _with_json(request, settings.max_body_bytes, settings.body_timeout_s)
            return await handle(request)

        return read_first


class UploadRoute(APIRoute):
    """A route that takes one file as multipart/form-data."""

    def get_route_handler(self) -> _Handler:
        handle = super().get_route_handler()

        async def bound_first(request: Request) -> Response:
            _require(request, "multipart/form-data")
            settings = request.app.state.parts.settings
            bounded = BoundedRequest(request.scope, request.receive)
            bounded.limit_bytes, bounded.timeout_s = settings.max_upload_bytes, settings.upload_timeout_s
            return await handle(bounded)

        return bound_first


async def _with_json(request: Request, limit_bytes: int, timeout_s: float) -> Request:
    _require(request, "application/json")
    bounded = BoundedRequest(request.scope, request.receive)
    bounded.limit_bytes, bounded.timeout_s = limit_bytes, timeout_s
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


def strict_json(body: bytes) -> Any:
    """The parsed body. NaN, bad UTF-8, deep nesting and lone surrogates are refused, each with a clear problem."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if b"\\ud" in body.lower():
            _refuse_lone_surrogate(body)
        raise BadRequest(f"The body is not valid JSON (line {error.lineno}, column {error.colno}).") from None


def _refuse_lone_surrogate(body: bytes) -> None:
    """Half of a surrogate pair is legal to the json module alone, which so can tell where it stands."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return
    for pointer, text in _texts(parsed):
        for offset, character in enumerate(text):
            if "\ud800" <= character <= "\udfff":
                raise InvalidCharacter(
                    f"Half of a surrogate pair at offset {offset}.",
                    errors=(InvalidField(pointer, f"lone_surrogate_at_{offset}"),),
                )


def _texts(parsed: Any) -> list[tuple[str, str]]:
    """The top-level strings with their pointers: where transcripts and notes stand."""
    if not isinstance(parsed, dict):
        return []
    return [(f"/{name}", value) for name, value in parsed.items() if isinstance(value, str)]
