"""A model provider over a real socket: hanging, dripping, refusing and resetting, all ended by our own deadline."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy.engine import URL

from app.settings import Settings
from tests.conftest import VISIT, Service, new_user, running_service, scripted_settings, serving
from tests.scripted_provider import ScriptedProvider

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def provider_at(chat: Handler) -> AsyncIterator[str]:
    """The base URL of a server that answers embeddings with 404 and hands the socket of a chat call to `chat`."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/embeddings" in head:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            await chat(reader, writer)  # type: ignore[misc]
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"


def settings_of(database_url: URL, base_url: str, **overrides: object) -> Settings:
    return scripted_settings(database_url, openai_base_url=base_url, **overrides)


async def post(service: Service) -> httpx.Response:
    return await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})


@pytest.mark.parametrize("drips", [False, True], ids=["hangs", "drips"])
async def test_the_deadline_ends_a_provider_that_never_finishes(database_url: URL, drips: bool) -> None:
    closed = asyncio.Event()

    async def never_done(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if drips:
            writer.write(HEAD)
        gone = asyncio.create_task(reader.read())
        while not gone.done():
            await asyncio.sleep(0.05)
            if drips:
                writer.write(b" ")
        closed.set()

    async with provider_at(never_done) as url:
        settings = settings_of(database_url, url, request_deadline_s=0.8, llm_attempt_timeout_s=30)
        async with running_service(settings) as service:
            began = time.monotonic()
            response = await post(service)
            took = time.monotonic() - began
            problem = response.json()
            assert (response.status_code, problem["type"]) == (504, "urn:medextract:problem:provider-timeout")
            assert problem["retryable"] is True
            assert 0.8 <= took < 4 * 0.8
            await asyncio.wait_for(closed.wait(), 5)
            assert (await service.last_run())["state"] == "failed"


async def test_an_attempt_that_hangs_is_given_up_for_a_second_one(database_url: URL) -> None:
    calls = 0

    async def hang_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await reader.read()
        else:
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async with (
        provider_at(hang_once) as url,
        running_service(settings_of(database_url, url, llm_attempt_timeout_s=0.3)) as service,
    ):
        response = await post(service)
    assert (calls, response.json()["status"]) == (2, 502)


async def test_a_connection_reset_in_the_answer_is_tried_again(database_url: URL) -> None:
    calls = 0

    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.write(HEAD + b"{")
        await writer.drain()

    async with (
        provider_at(reset) as url,
        running_service(settings_of(database_url, url, llm_attempts=2)) as service,
    ):
        response = await post(service)
        assert (await service.last_run())["problem"]["status"] == 503
    assert calls == 2
    assert (response.status_code, response.json()["type"]) == (503, "urn:medextract:problem:provider-unavailable")


async def test_a_provider_that_is_not_there_is_unavailable(database_url: URL) -> None:
    async with provider_at(lambda *_: None) as url:
        pass
    async with running_service(settings_of(database_url, url, llm_attempts=2)) as service:
        response = await post(service)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (503, "urn:medextract:problem:provider-unavailable")
    assert problem["phase"] == "llm_extraction"


async def test_a_provider_over_the_network_gives_what_one_in_the_process_gives(database_url: URL) -> None:
    provider = ScriptedProvider()
    async with serving(provider) as url, running_service(settings_of(database_url, f"{url}/v1")) as service:
        response = await post(service)
    assert response.status_code == 201
    assert response.json()["degraded"] == []
    assert [path for path, _ in provider.calls] == ["/v1/embeddings", "/v1/chat/completions", "/v1/embeddings"]
