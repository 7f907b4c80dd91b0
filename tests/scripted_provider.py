"""An OpenAI-compatible ASGI app that plays a script, good answers and faults, and records what it was asked."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.db.engine import Database
from app.findings import ITEM_TYPES

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """One HTTP answer, `delay_s` seconds after it was asked for; with `drip_s`, a byte at a time."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": JSON})
    delay_s: float = 0.0
    drip_s: float = 0.0


Chat = Reply | Callable[[dict[str, Any]], Reply | Awaitable[Reply]]


class ScriptedProvider:
    """Plays `chat` in order, the last one again and again; embeddings are vectors of the words unless scripted.

    `calls` holds (path, body) of each call; `connections_held`, how many connections of `database` stayed checked out
    while it ran: a short read of a parallel phase may end meanwhile, a session held across the call does not.
    """

    def __init__(
        self,
        *chat: Chat,
        vector_of: Callable[[str, int], list[float]] | None = None,
        embeddings: Iterable[Reply | None] = (),
    ) -> None:
        self._chat = list(chat) or [answer()]
        self._embeddings = list(embeddings)
        self._vector_of = vector_of or word_vector
        self.database: Database | None = None
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.hosts: set[str] = set()
        self.connections_held: list[int] = []
        self.list_vectors = False

    def script(self, *chat: Chat) -> None:
        """Plays these from now on."""
        self._chat = list(chat)

    @property
    def chats(self) -> list[dict[str, Any]]:
        """The bodies of the chat calls."""
        return [body for path, body in self.calls if path.endswith("/chat/completions")]

    @property
    def embedded(self) -> list[dict[str, Any]]:
        """The bodies of the embedding calls."""
        return [body for path, body in self.calls if path.endswith("/embeddings")]

    def prompt(self, call: int = -1) -> str:
        """All messages of one chat call, as one text."""
        return "\n".join(message["content"] for message in self.chats[call]["messages"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = orjson.loads(await request.body() or b"{}")
        self.calls.append((request.url.path, body))
        self.hosts.add(request.url.hostname or "")
        self.connections_held.append(await self._held())
        reply = await (self._vectors(body) if request.url.path.endswith("/embeddings") else self._next_chat(body))
        await asyncio.sleep(reply.delay_s)
        await _response(reply)(scope, receive, send)

    async def _held(self) -> int:
        for _ in range(400):
            if self.database is None or not self.database.connections_in_use():
                return 0
            await asyncio.sleep(0.005)
        return self.database.connections_in_use()

    async def _next_chat(self, body: dict[str, Any]) -> Reply:
        step = self._chat.pop(0) if len(self._chat) > 1 else self._chat[0]
        if isinstance(step, Reply):
            return step
        made = step(body)
        return made if isinstance(made, Reply) else await made

    async def _vectors(self, body: dict[str, Any]) -> Reply:
        scripted = self._embeddings.pop(0) if self._embeddings else None
        if scripted is not None:
            return scripted
        vectors = [self._vector_of(text, body["dimensions"]) for text in body["input"]]
        return vectors_reply(vectors, as_list=self.list_vectors)


def _response(reply: Reply) -> Response:
    if not reply.drip_s:
        return Response(reply.body, reply.status, reply.headers)

    async def drops() -> Any:
        for at in range(len(reply.body)):
            yield reply.body[at : at + 1]
            await asyncio.sleep(reply.drip_s)

    return StreamingResponse(drops(), reply.status, reply.headers)


def answer(*, delay_s: float = 0.0, **lists: Any) -> Reply:
    """A good chat answer: `summary` and lists of items by category; what is not given is empty."""
    return content(answer_text(**lists), delay_s=delay_s)


def answer_text(**lists: Any) -> str:
    """What the message of a good answer says."""
    whole: dict[str, Any] = {"summary": "A visit.", **{category: [] for category in ITEM_TYPES}, **lists}
    return orjson.dumps(whole).decode()


def content(text: Any, *, delay_s: float = 0.0, finish_reason: str = "stop", refusal: str | None = None) -> Reply:
    """A chat completion whose message is that text."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return completion(
        {"choices": [{"index": 0, "message": message, "finish_reason": finish_reason}], "usage": usage}, delay_s=delay_s
    )


def completion(body: dict[str, Any], *, delay_s: float = 0.0) -> Reply:
    """A 200 with that body under the name of a chat completion."""
    whole = {"id": "c-1", "object": "chat.completion", "created": 1, "model": "scripted-1", **body}
    return Reply(orjson.dumps(whole), delay_s=delay_s)


def failure(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    """An OpenAI error."""
    error = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(orjson.dumps(error), status, {"content-type": JSON, **named})


def vectors_reply(vectors: list[list[float]], *, as_list: bool = False) -> Reply:
    data = [
        {"object": "embedding", "index": at, "embedding": vector if as_list else _base64(vector)}
        for at, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    return Reply(orjson.dumps({"object": "list", "data": data, "model": "words", "usage": usage}))


def _base64(vector: list[float]) -> str:
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()


def word_vector(text: str, dimensions: int) -> list[float]:
    """Counts of words, each word at its own place: texts are as alike as the words they share."""
    vector = [0.0] * dimensions
    for word in re.findall(r"\w+", text.casefold()):
        vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % dimensions] += 1.0
    return vector


def quote(turn: int, words: str) -> dict[str, Any]:
    return {"turn": turn, "quote": words}


def medication(name: str, turn: int, words: str, **fields: Any) -> dict[str, Any]:
    """A medication instruction with null for every value not given."""
    empty = dict.fromkeys(("dosage", "frequency", "duration", "route", "reason", "special_instructions"))
    given = {"medication_name": name, **empty, "status": "start", "commitment": "ordered"}
    return {**given, "evidence": [quote(turn, words)], **fields}


def todo(description: str, turn: int, words: str, **fields: Any) -> dict[str, Any]:
    """A clinician's to-do."""
    given = {"task_type": "test_order", "description": description, "reason": None, "due": None, "priority": "medium"}
    return {**given, "commitment": "ordered", "evidence": [quote(turn, words)], **fields}


def follow_up(description: str, turn: int, words: str, **fields: Any) -> dict[str, Any]:
    """A follow-up task."""
    given = {"description": description, "reason": None, "assigned_to": "patient", "due": None, "priority": "medium"}
    return {**given, "commitment": "ordered", "evidence": [quote(turn, words)], **fields}
