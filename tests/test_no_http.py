"""What the parser of HTTP refuses, before any route is asked."""

import asyncio
from urllib.parse import urlsplit

import orjson
import pytest
from sqlalchemy.engine import URL

from app.serving import running
from tests.conftest import settings_for

SENT = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\xfc xylophone\r\n\r\n",
    "method": b"FOO /extract HTTP/1.1\r\nHost: a\r\n\r\n",
    "version": b"GET /livez HTTP/9.9\r\nHost: a\r\n\r\n",
    "two_lengths": b"POST /extract HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length_no_number": b"POST /extract HTTP/1.1\r\nHost: a\r\nContent-Length: xylophone\r\n\r\n",
}


@pytest.fixture(scope="module")
async def port(database_url: URL) -> object:
    async with running(settings_for(database_url)) as url:
        yield urlsplit(url).port


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
async def test_what_is_no_http_is_told_like_any_other_problem(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    head, _, body = (await asyncio.wait_for(reader.read(), 20)).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    problem = orjson.loads(body)
    assert problem["type"] == "urn:medextract:problem:bad-request"
    assert problem["instance"].encode() in head
    assert b"xylophone" not in head + body
