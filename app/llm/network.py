"""Carries the SDK's requests, over aiohttp or to an app in this process; the answer comes whole and bounded."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from typing import Any, cast

import aiohttp
import httpx2

Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]

# Nothing asked for compression: what claims to be compressed is read as it came, and so is no JSON.
_NOT_PASSED_ON = {b"content-encoding", b"transfer-encoding", b"content-length"}


class Call(httpx2.Request):
    """A body under a head that was built before."""

    def __init__(self, head: httpx2.Request, body: bytes) -> None:
        super().__init__(head.method, head.url, stream=httpx2.ByteStream(body))
        # Those of the head itself: a copy would have to find out again how its headers are encoded.
        self.headers, self.extensions = head.headers, head.extensions
        self.head, self.body = head, body


class Answer(httpx2.Response):
    """An answer that came whole. Headers are read of failures only, and one of them is dear to prepare."""

    def __init__(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        passed_on = [] if status == 200 else [header for header in headers if header[0].lower() not in _NOT_PASSED_ON]
        super().__init__(status, headers=passed_on, stream=httpx2.ByteStream(body))
        self.body = body


class Carrier(httpx2.AsyncClient):
    """The client that the SDK sends through, without what an API with a key in its header has no use for.

    Looking for cookies, redirects, challenges, hooks and proxies is a quarter of a call's CPU.
    """

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        super().__init__(transport=transport, follow_redirects=False, trust_env=False)
        self._carries = transport

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        """The SDK gives whole addresses, and its own headers and timeouts; what the transport adds is left to it."""
        stream = httpx2.ByteStream(given.get("content") or b"")
        extensions = {"timeout": httpx2.Timeout(given["timeout"]).as_dict()}
        return httpx2.Request(method, url, headers=given["headers"], stream=stream, extensions=extensions)

    async def send(self, request: httpx2.Request, **_unused: Any) -> httpx2.Response:
        """What the transport answers, which has been read."""
        response = await self._carries.handle_async_request(request)
        response.request = request
        return response


class OverNetwork(httpx2.AsyncBaseTransport):
    """HTTP/1.1 over aiohttp: no proxy of the environment, no redirect, no cookie, no limit on connections.

    The SDK's own transport costs several times the CPU and contends above 64 calls in flight; the one over aiohttp that
    it ships takes a refused or broken connection for a time-out.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._connector: aiohttp.TCPConnector | None = None
        self._opened: dict[httpx2.Request, tuple[aiohttp.ClientSession, str]] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises httpx2's own errors. A body longer than the limit is cut one byte after it."""
        call = cast(Call, request)
        session, url = self._opened.get(call.head) or self._open(call.head)
        try:
            async with session.request(call.method, url, data=call.body, allow_redirects=False) as answered:
                body = await answered.content.readany()
                if not answered.content.at_eof():
                    body = await _read(answered.content.iter_any(), self._limit, body)
        except TimeoutError as error:
            raise httpx2.ReadTimeout(type(error).__name__) from None
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.NetworkError(type(error).__name__) from None
        return Answer(answered.status, answered.raw_headers, body)

    def _open(self, head: httpx2.Request) -> tuple[aiohttp.ClientSession, str]:
        """A session for all calls under a head, which takes its headers once; and the address.

        By the first of them, since aiohttp wants the running loop. There is no time limit for reading: our own deadline
        around each attempt ends it, and aiohttp would set its limit anew three times a call.
        """
        if self._connector is None:
            self._connector = aiohttp.TCPConnector(limit=0)
        session = aiohttp.ClientSession(
            connector=self._connector,
            headers=[(name.decode(), value.decode()) for name, value in head.headers.raw],
            timeout=aiohttp.ClientTimeout(sock_connect=head.extensions["timeout"]["connect"]),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        self._opened[head] = session, str(head.url)
        return self._opened[head]

    async def aclose(self) -> None:
        for session, _ in self._opened.values():
            await session.close()


class InProcess(httpx2.AsyncBaseTransport):
    """An OpenAI-compatible ASGI app in place of the network."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._inner, self._limit = httpx2.ASGITransport(app, raise_app_exceptions=False), limit_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answered = await self._inner.handle_async_request(request)
        body = await _read(answered.aiter_raw(), self._limit)
        return Answer(answered.status_code, answered.headers.raw, body)


async def _read(chunks: AsyncIterator[bytes], limit: int, begun: bytes = b"") -> bytes:
    """Up to one byte more than the limit, by which a body that is too long can be told."""
    received = bytearray(begun)
    async for chunk in chunks:
        received += chunk
        if len(received) > limit:
            break
    return bytes(received[: limit + 1])
