"""The sequential baseline: one step after another, a sync driver and sync HTTP, in a thread pool of four."""

import asyncio
import base64
import hashlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import psycopg
import uvicorn
from uuid_utils.compat import uuid7

from app.db.tables import LOCAL_ORGANIZATION
from app.extraction.prompt import build_prompt
from app.extraction.visit import Visit
from app.llm.chat import VISIT_ANSWER
from benchmarks import statements
from benchmarks.floor import EMBEDDING_MODEL, Receive, Send, read_body
from benchmarks.prepared import read_prepared
from benchmarks.visits import VISIT_DATE, sample_number

THREADS = 4
# As a dictionary, which its client serialises with every call.
_FORMAT = orjson.loads(orjson.dumps(VISIT_ANSWER.strict))


class Sequential:
    """The ASGI app; each request keeps one of the threads from its first step to its last."""

    def __init__(self, database: str, model_url: str, prepared: Path) -> None:
        self._database, self._prepared = database, read_prepared(prepared)
        self._model = httpx.Client(base_url=model_url, timeout=60, trust_env=False)
        self._threads, self._own = ThreadPoolExecutor(THREADS), threading.local()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        status, answer = 200, b"{}"
        if scope["method"] == "POST":
            body = await read_body(receive)
            status, answer = 201, await asyncio.get_running_loop().run_in_executor(self._threads, self._extract, body)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _extract(self, body: bytes) -> bytes:
        visit, prepared = orjson.loads(body), self._prepared[sample_number(body)]
        text, hashed = visit["transcript"], hashlib.sha256(body).hexdigest()
        ((user_id,),) = self._rows(statements.FIND_USER, LOCAL_ORGANIZATION, visit["user"]["email"])
        vector = self._embed(text)
        self._rows(statements.FIND_CASES, LOCAL_ORGANIZATION, EMBEDDING_MODEL, vector, hashed)
        self._rows(statements.FIND_VISITS, user_id, EMBEDDING_MODEL, vector, hashed)
        run_id, transcript_id, now = uuid7(), uuid7(), datetime.now(UTC)
        row = (LOCAL_ORGANIZATION, transcript_id, user_id, text, hashed, date.fromisoformat(VISIT_DATE))
        self._connection().execute(statements.OPEN_RUN, (*row, run_id, prepared.request, now, uuid7(), uuid7()))
        self._chat(text)
        found = self._embed(prepared.embedded)
        vectors = (LOCAL_ORGANIZATION, user_id, transcript_id, EMBEDDING_MODEL, uuid7(), vector, uuid7(), found)
        self._connection().execute(statements.SAVE, (*prepared.columns, run_id, *vectors))
        return prepared.answer(run_id, transcript_id, user_id, now)

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connection().execute(statement, values).fetchall()

    def _connection(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """This thread's own."""
        if not hasattr(self._own, "connection"):
            opened = psycopg.connect(self._database, autocommit=True, cursor_factory=psycopg.RawCursor)
            self._own.connection = opened
        connection: psycopg.Connection[tuple[Any, ...]] = self._own.connection
        return connection

    def _embed(self, text: str) -> str:
        """The vector as PostgreSQL reads it."""
        asked = {"model": EMBEDDING_MODEL, "input": [text], "encoding_format": "base64", "dimensions": 256}
        answer = self._model.post("/v1/embeddings", json=asked).json()
        vector = np.frombuffer(base64.b64decode(answer["data"][0]["embedding"]), dtype="<f4")
        return orjson.dumps(vector.tolist()).decode()

    def _chat(self, text: str) -> str:
        messages = build_prompt(Visit("Doctor: Hello.", None), [], [])  # type: ignore[arg-type]
        messages[1]["content"] = text
        asked = {"model": "gpt-4.1-mini", "messages": messages, "response_format": _FORMAT}
        answer = self._model.post("/v1/chat/completions", json=asked).json()
        content: str = answer["choices"][0]["message"]["content"]
        return content


if __name__ == "__main__":
    port, *given = sys.argv[1:]
    app = Sequential(given[0], given[1], Path(given[2]))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_config=None, access_log=False, timeout_graceful_shutdown=1)
    # Its threads may still be busy with what nobody waits for any more.
    os._exit(0)
