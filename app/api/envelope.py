"""Around every request: its id, its timings, one log line, metrics, and an answer even to the unexpected."""

import re
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from app.api.problems import log_unexpected, problem_response
from app.api.protective_headers import protect
from app.errors import Problem
from app.logs import print_performance_summary
from app.settings import Settings
from app.timings import Timings

_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
log = structlog.get_logger()


class Envelope:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)
        try:
            await self._app(exchange.scope, receive, exchange.send)
        except ClientDisconnect:
            exchange.note_departure()
        except Exception as error:
            await exchange.answer_unexpected(error, receive)
        finally:
            exchange.record(self._settings)


class _Exchange:
    """One request and what was answered to it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self.request_id = given if _ACCEPTABLE_ID.fullmatch(given) else str(uuid7())
        self._method, self._send = scope["method"], send
        # HEAD is GET without the content (RFC 9110), so that no route has to know of it.
        self.scope = {**scope, "method": "GET"} if self._method == "HEAD" else scope
        self._timings = Timings()
        self._status = 0
        # Starlette hands the same dict to `request.state`, where routes find and leave things.
        self._state: dict[str, Any] = self.scope.setdefault("state", {})
        self._state.update(request_id=self.request_id, timings=self._timings, problem=None)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            if own := self._state.get("headers"):
                MutableHeaders(scope=message).update(own)
            headers = message["headers"]
            headers.append((b"x-request-id", self.request_id.encode()))
            headers.append((b"server-timing", self._timings.server_timing().encode()))
            protect(headers)
        elif self._method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    def note_departure(self) -> None:
        """The client left before it had sent all, and nobody is there to answer; 499 is how nginx counts it."""
        log.info("client_left")
        self._status = self._status or 499

    async def answer_unexpected(self, error: Exception, receive: Receive) -> None:
        log_unexpected(error)
        if self._status == 0:
            await problem_response(Problem(), self.request_id)(self.scope, receive, self.send)

    def record(self, settings: Settings) -> None:
        problem, parts = self._state.get("problem"), self.scope["app"].state.parts
        route = getattr(self.scope.get("route"), "path", "unknown")
        status = problem.status if problem else self._status  # a stream has begun as 200 when it fails
        parts.metrics.count_request(route, status, self._timings)
        timings = self._timings.as_dict()
        level = (problem and problem.level) or ("info" if status < 500 else "error")
        if status < 400 and self.scope["path"].startswith("/assets/"):
            level = "debug"  # a page is made of fifty files; their metrics tell enough
        told = {
            "method": self._method,
            "route": route,
            "status": status,
            "problem": problem.slug if problem else None,
            "phase": problem.phase if problem else None,
            "extraction_id": self._state.get("extraction_id"),
            "degraded": self._state.get("degraded", []),
            "total_ms": timings["total_ms"],
            "phases": timings["phases"],
        }
        getattr(log, level)("request", **{name: value for name, value in told.items() if value})
        if settings.log_format == "console" and timings["phases"]:
            print_performance_summary(timings)
