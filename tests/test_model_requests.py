"""Requests to a model: what goes out is what the SDK would send by itself, though their heads are built only once."""

from collections.abc import MutableMapping
from typing import Any

import httpx2
import orjson
import pytest
from openai import AsyncOpenAI

from app.llm.client import ProviderClient
from app.settings import Settings

PATHS = ("/embeddings", "/chat/completions", "/embeddings")
# The transport's own affair: aiohttp adds them to what it is given.
OF_THE_TRANSPORT = (b"host", b"content-length", b"connection")
TOLD_OF_THE_MACHINE = (b"lang", b"package-version", b"os", b"arch", b"runtime", b"runtime-version", b"async")
Asked = tuple[str, str, bytes, dict[bytes, bytes]]


class Recorder:
    """An ASGI app that answers `{}` and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        headers = {name: value for name, value in scope["headers"] if name not in OF_THE_TRANSPORT}
        self.asked.append((scope["method"], scope["path"], body, headers))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


def body_of(number: int) -> dict[str, Any]:
    return {"model": "m", "input": [f"text {number}"]}


async def asked_by_us() -> Recorder:
    recorder = Recorder()
    client = ProviderClient(Settings(_env_file=None, llm_attempt_timeout_s=7.5), recorder)
    for number, path in enumerate(PATHS):
        await client.post(path, body_of(number))
    await client.close()
    return recorder


async def asked_by_the_sdk() -> Recorder:
    recorder = Recorder()
    async with AsyncOpenAI(
        api_key="none",
        base_url="http://offline.invalid/v1",
        max_retries=0,
        timeout=7.5,
        http_client=httpx2.AsyncClient(transport=httpx2.ASGITransport(recorder)),
    ) as client:
        for number, path in enumerate(PATHS):
            await client.post(path, cast_to=httpx2.Response, content=orjson.dumps(body_of(number)))
    return recorder


async def test_what_goes_out_is_what_the_sdk_sends_but_for_what_tells_of_the_machine() -> None:
    ours, theirs = (await asked_by_us()).asked, (await asked_by_the_sdk()).asked
    for (*call, headers), (*its_call, its_headers) in zip(ours, theirs, strict=True):
        assert call == its_call
        assert headers.pop(b"accept-encoding") == b"identity"
        left_out = set(its_headers) - set(headers)
        assert left_out == {b"accept-encoding", *(b"x-stainless-" + name for name in TOLD_OF_THE_MACHINE)}
        assert headers == {name: value for name, value in its_headers.items() if name not in left_out}


async def test_nothing_in_the_head_of_a_request_of_the_sdk_belongs_to_one_call() -> None:
    """Else a head could not be used again: think of an idempotency key."""
    first, *others = [headers for *_, headers in (await asked_by_the_sdk()).asked]
    assert others == [first, first]


async def test_the_sdk_builds_a_head_once_for_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    by_the_sdk = AsyncOpenAI._build_request

    def counted(client: AsyncOpenAI, options: Any, **more: Any) -> httpx2.Request:
        built.append(options.url)
        return by_the_sdk(client, options, **more)

    monkeypatch.setattr(AsyncOpenAI, "_build_request", counted)
    asked = (await asked_by_us()).asked
    assert built == ["/embeddings", "/chat/completions"]
    assert [orjson.loads(body) for _, _, body, _ in asked] == [body_of(number) for number in range(3)]
