"""Files made to take all memory or time: the service answers, stays as small as it was and leaves no process behind."""

import asyncio
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from app.documents.confined import text_in_child
from tests.conftest import PROJECT, OpenService, Service
from tests.scripted_provider import ScriptedProvider
from tests.uploads import LINES, a_docx_of, a_pdf, post

SLOW = a_docx_of("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 150_000)


def parsers() -> list[psutil.Process]:
    """The child processes of this one that parse a document."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if "app.documents.child" in child.cmdline():
                found.append(child)
        except psutil.Error:  # it ended while we looked
            continue
    return found


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110 - a process tells it no other way
            await asyncio.sleep(0.02)


async def test_a_document_that_fills_the_memory(scripted: Service) -> None:
    content = a_docx_of("<w:p/>" * 6_000_000)
    before = psutil.Process().memory_info().rss
    reading = asyncio.create_task(post(scripted, content))
    await until(lambda: bool(parsers()))
    most = 0
    while not reading.done():
        most = max([most, *(child.memory_info().rss for child in parsers())])
        await asyncio.sleep(0.02)
    problem = (await reading).json()
    assert problem["type"] == "urn:medextract:problem:unreadable-document"
    assert most < 600_000_000
    assert psutil.Process().memory_info().rss - before < 100_000_000
    assert not parsers()


async def test_a_pdf_that_unpacks_without_end(scripted: Service) -> None:
    """A page of 600 MB of spaces, which a few hundred bytes unpack to by two filters."""
    spaces, squeeze = b" " * 1_000_000, zlib.compressobj(9)
    packed = b"".join(squeeze.compress(spaces) for _ in range(600)) + squeeze.flush()
    stream = zlib.compress(packed, 9)
    assert len(stream) < 100_000
    bomb = a_pdf(*LINES, page=(stream, b"/Filter [/FlateDecode /FlateDecode] "))
    before = psutil.Process().memory_info().rss
    problem = (await post(scripted, bomb)).json()
    assert problem["type"] == "urn:medextract:problem:unreadable-document"
    assert psutil.Process().memory_info().rss - before < 100_000_000
    assert not parsers()


async def test_a_document_that_burns_time(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), upload_timeout_s=0.5)
    started = time.monotonic()
    response = await post(service, SLOW)
    assert (response.status_code, response.json()["detail"]) == (422, "The file takes too long to read.")
    assert time.monotonic() - started < 10
    assert not parsers()


async def test_a_caller_who_leaves_takes_the_parser_along(scripted: Service) -> None:
    reading = asyncio.create_task(post(scripted, SLOW))
    await until(lambda: bool(parsers()))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not parsers()


async def test_only_so_many_documents_are_parsed_at_once(open_service: OpenService, scripted: Service) -> None:
    hurried = await open_service(ScriptedProvider(), upload_timeout_s=0.3)
    slow = [asyncio.create_task(post(scripted, SLOW)) for _ in range(6)]
    await until(lambda: len(parsers()) == 4)
    response = await post(hurried, a_pdf(*LINES))
    assert (response.status_code, response.json()["type"]) == (503, "urn:medextract:problem:overloaded")
    assert len(parsers()) == 4
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    assert not parsers()
    assert (await post(scripted, a_pdf(*LINES))).status_code == 201


def test_a_parser_whose_service_is_gone_ends_by_itself() -> None:
    one_second = [sys.executable, "-m", "app.documents.child", "word", "512000000", "1", "200000"]
    ended = subprocess.run(one_second, input=SLOW, capture_output=True, timeout=60, cwd=PROJECT)  # noqa: S603
    assert ended.returncode == -signal.SIGXCPU
    assert ended.stdout == b""


async def test_captions_that_never_close_a_tag(scripted: Service) -> None:
    started = time.monotonic()
    response = await post(scripted, b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<v <a" * 400_000)
    assert response.json()["type"] == "urn:medextract:problem:transcript-too-long"
    assert time.monotonic() - started < 10


async def test_captions_of_one_endless_speaker(scripted: Service) -> None:
    cue = b"00:01.000 --> 00:02.000\nwords\n\n"
    started = time.monotonic()
    response = await post(scripted, b"WEBVTT\n\n" + cue * 250_000)
    assert response.json()["type"] == "urn:medextract:problem:transcript-too-long"
    assert time.monotonic() - started < 10


async def test_the_child_that_parses_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes over a parser finds neither the provider's key nor the way into the database."""
    for name in ("OPENAI_API_KEY", "KEY_PEPPER", "DATABASE_URL"):
        monkeypatch.setenv(name, "secret")
    seen: list[dict[str, str]] = []
    reading = asyncio.create_task(text_in_child("pdf", a_pdf(LINES), 30, 100))
    while not reading.done():
        for child in parsers():
            with suppress(psutil.Error):
                seen.append(child.environ())
        await asyncio.sleep(0.005)
    assert await reading
    assert seen
    assert "secret" not in str(seen)
