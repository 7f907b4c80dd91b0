"""The floor handler: the service's input and output and nothing else, on bare ASGI, asyncpg and a raw HTTP client."""

import asyncio
import base64
import contextlib
import hashlib
import struct
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import orjson
import uvicorn
from uuid_utils.compat import uuid7

from app.db.tables import LOCAL_ORGANIZATION
from app.extraction.prompt import build_prompt
from app.extraction.visit import Visit
from app.llm.chat import VISIT_ANSWER
from benchmarks import statements
from benchmarks.prepared import Prepared, read_prepared
from benchmarks.raw_http import RawClient
from benchmarks.visits import VISIT_DATE, sample_number

EMBEDDING_MODEL = "text-embedding-3-small"
POOL = 50
FLUSH_EVERY_S = 1.0
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Floor:
    """The ASGI app."""

    def __init__(self, database: str, model_url: str, prepared: Path) -> None:
        self._database, self._prepared = database, read_prepared(prepared)
        self._model = RawClient(model_url)
        self._finished: list[tuple[Any, datetime, str]] = []
        self._chat_head, self._chat_tail = _chat_request()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        answer = await self._extract(await read_body(receive)) if scope["method"] == "POST" else b"{}"
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        status = 201 if scope["method"] == "POST" else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})
        return None

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._pool = await asyncpg.create_pool(
            self._database, min_size=4, max_size=POOL, connection_class=_Connection, init=_speak_halfvec
        )
        flushing = asyncio.create_task(self._flush())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        flushing.cancel()
        self._model.close()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _extract(self, body: bytes) -> bytes:
        visit, prepared = orjson.loads(body), self._prepared[sample_number(body)]
        text, hashed = visit["transcript"], hashlib.sha256(body).hexdigest()
        user_id, vector = await asyncio.gather(
            self._pool.fetchval(statements.FIND_USER, LOCAL_ORGANIZATION, visit["user"]["email"]), self._embed(text)
        )
        await asyncio.gather(
            self._pool.fetch(statements.FIND_CASES, LOCAL_ORGANIZATION, EMBEDDING_MODEL, vector, hashed),
            self._pool.fetch(statements.FIND_VISITS, user_id, EMBEDDING_MODEL, vector, hashed),
        )
        run_id, transcript_id, now = uuid7(), uuid7(), datetime.now(UTC)
        row = (transcript_id, user_id, text, hashed, _DATE, run_id, prepared.request, now, uuid7(), uuid7())
        await self._pool.execute(statements.OPEN_RUN, LOCAL_ORGANIZATION, *row)
        await self._chat(text)
        found = await self._embed(prepared.embedded)
        await self._save(prepared, run_id, transcript_id, user_id, vector, found)
        self._finished.append((run_id, now, prepared.timings))
        return prepared.answer(run_id, transcript_id, user_id, now)

    async def _embed(self, text: str) -> bytes:
        """The vector as PostgreSQL takes it."""
        asked = {"model": EMBEDDING_MODEL, "input": [text], "encoding_format": "base64", "dimensions": 256}
        answer = await self._model.post("/v1/embeddings", orjson.dumps(asked))
        vector = np.frombuffer(base64.b64decode(orjson.loads(answer.body)["data"][0]["embedding"]), dtype="<f4")
        return struct.pack(">HH", len(vector), 0) + vector.astype(">f2").tobytes()

    async def _chat(self, text: str) -> str:
        asked = self._chat_head + orjson.dumps(text) + self._chat_tail
        answer = orjson.loads((await self._model.post("/v1/chat/completions", asked)).body)
        content: str = answer["choices"][0]["message"]["content"]
        return content

    async def _save(
        self, prepared: Prepared, run_id: Any, transcript_id: Any, user_id: Any, vector: bytes, found: bytes
    ) -> None:
        vectors = (LOCAL_ORGANIZATION, user_id, transcript_id, EMBEDDING_MODEL, uuid7(), vector, uuid7(), found)
        await self._pool.execute(statements.SAVE, *prepared.columns, run_id, *vectors)

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            runs, self._finished = self._finished, []
            if runs:
                read = [(uuid7(), at, LOCAL_ORGANIZATION, run_id) for run_id, at, _ in runs]
                await self._pool.executemany(statements.NOTE_READ, read)
                await self._pool.executemany(statements.SAVE_TIMINGS, [(run_id, taken) for run_id, _, taken in runs])


_DATE = date.fromisoformat(VISIT_DATE)


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """Nothing is ever set on a connection, so nothing has to be reset when it goes back to the pool."""

    def get_reset_query(self) -> str:
        return ""


async def _speak_halfvec(connection: Any) -> None:
    await connection.set_type_codec("halfvec", schema="public", encoder=bytes, decoder=bytes, format="binary")


def _chat_request() -> tuple[bytes, bytes]:
    """What stands before and after the transcript in the service's request: the same rules, the same schema."""
    system = build_prompt(Visit("Doctor: Hello.", None), [], [])[0]  # type: ignore[arg-type]
    body = {
        "model": "gpt-4.1-mini",
        "messages": [system, {"role": "user", "content": "HERE"}],
        "temperature": 0.0,
        "max_completion_tokens": 8000,
        "response_format": VISIT_ANSWER.strict,
    }
    head, _, tail = orjson.dumps(body).partition(b'"HERE"')
    return head, tail


async def read_body(receive: Receive) -> bytes:
    message = await receive()
    received: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        received += message["body"]
    return received


if __name__ == "__main__":
    port, *given = sys.argv[1:]
    with contextlib.suppress(KeyboardInterrupt):
        app = Floor(given[0], given[1], Path(given[2]))
        uvicorn.run(app, host="127.0.0.1", port=int(port), log_config=None, access_log=False)
