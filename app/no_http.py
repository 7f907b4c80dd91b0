"""Answers bytes that are no HTTP like any other problem; the server's own answer to them is plain text."""

import orjson
from uuid_utils import uuid7
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.errors import BadRequest

_HEAD = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n"
    b"x-request-id: %s\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
)


class Protocol(HttpToolsProtocol):
    """uvicorn's, but for that answer."""

    def send_400_response(self, msg: str) -> None:
        """`msg` is the server's own words, never the client's, and tells nobody anything."""
        request_id = str(uuid7())
        body = orjson.dumps(BadRequest("What was sent is no HTTP request.").body(request_id))
        self.transport.write(_HEAD % (len(body), request_id.encode()) + body)
        self.transport.close()
