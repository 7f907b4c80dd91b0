"""An OpenAI-compatible server in a process of its own that answers after a set time, at little cost."""

import asyncio
import base64
import sys
import zlib
from collections.abc import Callable

import httptools
import numpy as np
import orjson
import uvloop

from app.db.tables import LOCAL_ORGANIZATION
from app.db.users import Clinician
from app.extraction.prompt import build_prompt
from app.extraction.visit import Visit
from app.llm.offline.prompt_reader import read_prompt
from app.llm.offline.reader import read_visit
from benchmarks.visits import NO_FILE, file_number, sample_number, samples, transcript

MODEL = "set-latency-1"
DIMENSIONS, VECTORS = 256, 1021


class ModelServer:
    """Chat answers are what the rules engine finds in the sample, each with the number of its visit in the summary.

    So no two results are alike, and each has to be embedded. Vectors follow from the text.
    """

    def __init__(self) -> None:
        self.chat_s, self.embedding_s = 0.25, 0.02
        self._answers = [_http(_completion(at)).split(NO_FILE) for at in range(len(samples()))]
        self._vectors = _vectors()

    def answer(self, path: bytes, body: bytes) -> tuple[float, bytes]:
        """After how long what is sent."""
        if path.endswith(b"/chat/completions"):
            return self.chat_s, file_number(body).join(self._answers[sample_number(body)])
        if path.endswith(b"/embeddings"):
            return self.embedding_s, self._embeddings(body)
        if path == b"/latency":
            latency = orjson.loads(body)
            self.chat_s, self.embedding_s = latency["chat_s"], latency["embedding_s"]
        return 0.0, _http(b"{}")

    def _embeddings(self, body: bytes) -> bytes:
        texts = orjson.loads(body)["input"]
        data = [
            {"object": "embedding", "index": at, "embedding": self._vectors[zlib.crc32(text.encode()) % VECTORS]}
            for at, text in enumerate([texts] if isinstance(texts, str) else texts)
        ]
        usage = {"prompt_tokens": len(body) // 4, "total_tokens": len(body) // 4}
        return _http(orjson.dumps({"object": "list", "data": data, "model": MODEL, "usage": usage}))


class _Exchange(asyncio.Protocol):
    """One connection: requests one after the other."""

    def __init__(self, answer: Callable[[bytes, bytes], tuple[float, bytes]]) -> None:
        self._answer = answer
        self._parser = httptools.HttpRequestParser(self)
        self._path, self._received = b"", list[bytes]()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_url(self, url: bytes) -> None:
        self._path = url
        self._received = []

    def on_body(self, data: bytes) -> None:
        self._received.append(data)

    def on_message_complete(self) -> None:
        after_s, answer = self._answer(self._path, b"".join(self._received))
        asyncio.get_running_loop().call_later(after_s, self._write, answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _completion(at: int) -> bytes:
    """A finished chat answer to the prompt of sample number `at`."""
    visit = Visit(transcript(at, seed=0), Clinician(LOCAL_ORGANIZATION))
    prompted = read_prompt(build_prompt(visit, [], []))
    found = read_visit(prompted.turns, [])
    content = orjson.dumps({**found, "summary": f"File {NO_FILE.decode()}. {found['summary']}"}).decode()
    message = {"role": "assistant", "content": content, "refusal": None}
    prompt, completion = len(visit.text) // 4 + 1000, len(content) // 4
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
    return orjson.dumps({**whole, "usage": usage})


def _vectors() -> list[str]:
    """Unit vectors as base64 of little-endian float32."""
    made = np.random.default_rng(1).normal(size=(VECTORS, DIMENSIONS)).astype("<f4")
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return [base64.b64encode(vector.tobytes()).decode() for vector in made]


def _http(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


async def _serve(port: int) -> None:
    model = ModelServer()
    server = await asyncio.get_running_loop().create_server(lambda: _Exchange(model.answer), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
