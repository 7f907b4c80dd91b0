"""The second reading in processes of their own: the same readings, also when a process is killed, hangs or is late."""

import asyncio
import os
import pickle
import signal
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import psutil
import pytest

from app import samples
from app.db.tables import LOCAL_ORGANIZATION
from app.db.users import Clinician
from app.extraction.reader_process import LENGTH_BYTES, READY
from app.extraction.readers import _COMMAND, Readers
from app.extraction.second_reader import read_again
from app.extraction.visit import Visit
from tests.conftest import PROJECT, Logged, OpenService
from tests.scripted_provider import ScriptedProvider, answer, failure

pytestmark = pytest.mark.asyncio(loop_scope="session")
VISITS = [Visit(samples.visit_text(name), Clinician(LOCAL_ORGANIZATION)) for name in samples.visit_names()]


def processes() -> list[psutil.Process]:
    """The reader processes of this test process."""
    return [child for child in psutil.Process().children() if "app.extraction.reader_process" in _command(child)]


def _command(child: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess):  # also one that has ended and not been waited for
        return child.cmdline()
    return []


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    started = Readers(processes=1, limit_s=5.0)
    await started.start()
    assert len(processes()) == 1
    yield started
    await started.stop()
    assert processes() == []


async def test_a_process_reads_what_a_thread_reads(readers: Readers) -> None:
    read = await asyncio.gather(*(readers.read(visit) for visit in VISITS))
    assert read == [read_again(visit.text, visit.turns) for visit in VISITS]


async def test_a_killed_reader_costs_nothing_and_another_takes_its_place(readers: Readers, logged: Logged) -> None:
    [first] = processes()
    first.kill()
    assert await readers.read(VISITS[0]) == read_again(VISITS[0].text, VISITS[0].turns)
    await until(lambda: processes() not in ([], [first]))
    assert await readers.read(VISITS[1]) == read_again(VISITS[1].text, VISITS[1].turns)
    assert [line["event"] for line in logged()] == ["reader_lost"]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a process cannot be stopped here")
async def test_a_reader_that_hangs_is_ended(logged: Logged) -> None:
    readers = Readers(processes=1, limit_s=0.5)
    await readers.start()
    [first] = processes()
    os.kill(first.pid, signal.SIGSTOP)
    assert await readers.read(VISITS[0]) == read_again(VISITS[0].text, VISITS[0].turns)
    await until(lambda: not first.is_running())
    await readers.stop()


async def test_a_request_that_goes_away_leaves_its_answer_to_nobody_else(readers: Readers) -> None:
    gone = asyncio.create_task(readers.read(VISITS[0]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone.cancel()
    assert await readers.read(VISITS[1]) == read_again(VISITS[1].text, VISITS[1].turns)


async def test_a_reader_tells_that_it_failed_and_ends_with_its_input() -> None:
    child = await asyncio.create_subprocess_exec(*_COMMAND, cwd=PROJECT, stdin=PIPE, stdout=PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    no_text, text = b"\xff\xfe", b"Doctor: take ibuprofen for a week"
    for told in (no_text, text):
        child.stdin.write(len(told).to_bytes(LENGTH_BYTES) + told)
    child.stdin.close()
    said = await child.stdout.read()
    answers = said.removeprefix(READY)
    assert answers[:LENGTH_BYTES] == bytes(LENGTH_BYTES)
    reading = pickle.loads(answers[2 * LENGTH_BYTES :])  # noqa: S301 - from our own child
    assert [item["medication_name"] for item in reading.answer["medication_instructions"]] == ["ibuprofen"]
    assert await child.wait() == 0


@pytest.mark.parametrize("number", [0, 1])
async def test_the_service_answers_alike_with_and_without_readers(open_service: OpenService, number: int) -> None:
    service = await open_service(ScriptedProvider(answer()), reader_processes=number)
    assert len(processes()) == number
    told: dict[str, Any] = (await service.extract(VISITS[0].text))["evaluation"]
    by_hand = read_again(VISITS[0].text, VISITS[0].turns)
    assert told["possibly_missed"]
    assert {missed["quote"] for missed in told["possibly_missed"]} <= {clause.text for clause in by_hand.weighty}


async def test_a_reading_that_nobody_waits_for_ends_with_its_request(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(401)), reader_processes=1)
    response = await service.client.post("/extract", json={"transcript": VISITS[0].text})
    assert response.status_code == 502
    assert len(processes()) == 1
