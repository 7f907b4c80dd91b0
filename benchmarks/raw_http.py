"""The leanest decent HTTP/1.1 client: kept connections, one request each at a time, the answer parsed by httptools."""

import asyncio
from typing import NamedTuple, Self
from urllib.parse import urlsplit

import httptools


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes


class RawClient:
    """Posts JSON to one server. It has no time-outs, no redirects, no retries: whoever needs those brings them."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        given = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._head = f"host: {parts.netloc}\r\ncontent-type: application/json\r\n{given}content-length: "
        self._idle: list[_Connection] = []

    async def post(self, path: str, body: bytes) -> Answer:
        """Raises `OSError` when the server cannot be reached or leaves without a whole answer."""
        return await self._send(f"POST {path} HTTP/1.1\r\n{self._head}{len(body)}\r\n\r\n".encode() + body)

    async def get(self, path: str) -> Answer:
        return await self._send(f"GET {path} HTTP/1.1\r\n{self._head}0\r\n\r\n".encode())

    async def _send(self, request: bytes) -> Answer:
        connection = await self._connection()
        try:
            answer = await connection.send(request)
        except BaseException:
            connection.close()
            raise
        if connection.is_open:
            self._idle.append(connection)
        return answer

    async def _connection(self) -> "_Connection":
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection

    def close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.close()


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._received: list[bytes] = []

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes) -> "asyncio.Future[Answer]":
        self._waiting = asyncio.get_running_loop().create_future()
        self._received.clear()
        if self._transport is None:
            self._waiting.set_exception(ConnectionError("the server has left"))
        else:
            self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ConnectionError(str(error)))
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._fail(error or ConnectionError("the server left without an answer"))

    def on_body(self, data: bytes) -> None:
        self._received.append(data)

    def on_message_complete(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(Answer(self._parser.get_status_code(), b"".join(self._received)))

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)
