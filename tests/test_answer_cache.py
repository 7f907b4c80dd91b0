"""The answer cache: one call for the same request, only if it is switched on, and never another clinic's answer."""

import asyncio
import re
from typing import Any
from uuid import UUID

import pytest

from app.db.tables import LOCAL_ORGANIZATION
from app.errors import ProviderTimeout
from app.llm.answer_cache import AnswerCache, key_of
from app.llm.chat import VISIT_ANSWER, Completion
from app.llm.retry import deadline_in
from app.metrics import Metrics
from app.settings import Settings
from tests.conftest import VISIT, OpenService, Service, new_user
from tests.scripted_provider import ScriptedProvider, answer, answer_text, content, failure, medication

GOOD = answer(medication_instructions=[medication("ibuprofen", 1, "Take ibuprofen 400 mg twice a day")])
ON = {"answer_cache_ttl_s": 60}


def outcomes(service: Service) -> dict[str, int]:
    shown = service.parts.metrics.exposition().decode()
    found = re.findall(r'medextract_answer_cache_total{outcome="(\w+)"} ([\d.]+)', shown)
    return {outcome: int(float(count)) for outcome, count in found}


async def test_it_is_off_unless_asked_for(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(GOOD))
    for _ in range(2):
        assert "served_from" not in (await service.extract())["model"]
    assert len(service.provider.chats) == 2


async def test_the_same_request_takes_the_answer(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(GOOD), **ON)
    first, again = await service.extract(), await service.extract()
    assert len(service.provider.chats) == 1
    assert "served_from" not in first["model"]
    assert again["model"] == first["model"] | {"served_from": "cache"}
    assert (first["usage"]["prompt_tokens"], again["usage"]["prompt_tokens"]) == (11, 0)
    assert (first["usage"]["completion_tokens"], again["usage"]["completion_tokens"]) == (7, 0)
    ids = [told["extraction"]["medication_instructions"][0]["id"] for told in (first, again)]
    assert ids[0] != ids[1]
    assert (await service.get(f"/extractions/{again['id']}"))["model"] == again["model"]


@pytest.mark.parametrize(
    "change",
    [
        {"transcript": VISIT + "Doctor: Goodbye.\n"},
        {"notes": "Seen today."},
        {"custom_categories": [{"name": "billing_codes", "description": "codes"}]},
    ],
    ids=str,
)
async def test_a_request_that_differs_asks_again(open_service: OpenService, change: dict[str, Any]) -> None:
    service = await open_service(ScriptedProvider(GOOD), **ON)
    await service.extract()
    assert "served_from" not in (await service.extract(**change))["model"]
    assert len(service.provider.chats) == 2


async def test_the_same_at_once_is_one_call(open_service: OpenService) -> None:
    service = await open_service(
        ScriptedProvider(answer(delay_s=1.0, medication_instructions=[medication("ibuprofen", 1, "Take ibuprofen")])),
        **ON,
    )
    told = await asyncio.gather(*(service.extract(user=new_user()) for _ in range(8)))
    assert len(service.provider.chats) == 1
    assert sum(one["usage"]["prompt_tokens"] for one in told) == 11
    assert len({one["id"] for one in told}) == 8
    assert outcomes(service)["miss"] == 1


async def test_a_failure_is_not_kept(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(401), GOOD), **ON)
    body = {"transcript": VISIT, "user": new_user()}
    assert (await service.client.post("/extract", json=body)).status_code == 502
    assert "served_from" not in (await service.extract())["model"]


async def test_an_answer_that_cannot_be_used_is_not_kept(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(content("no json"), content(answer_text())), **ON)
    await service.extract()
    again = await service.extract()
    assert again["model"]["served_from"] == "cache"
    assert len(service.provider.chats) == 2


class Asked:
    """A call that ends when told, for the cache alone."""

    def __init__(self) -> None:
        self.times, self.cancelled = 0, False
        self.end: asyncio.Future[list[Completion]] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> list[Completion]:
        self.times += 1
        try:
            return await self.end
        except asyncio.CancelledError:
            self.cancelled = True
            raise


def cache(**settings: Any) -> AnswerCache:
    return AnswerCache(Settings(_env_file=None, **{"answer_cache_ttl_s": 60, **settings}), Metrics())


COMPLETIONS = [Completion("{}", "m", 1, 1)]


async def test_one_who_leaves_does_not_end_it_for_the_others() -> None:
    shared, asked = cache(), Asked()
    waiting = [asyncio.create_task(shared.shared(b"k", deadline_in(30), asked)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.wait({waiting[0]})
    assert not asked.cancelled
    asked.end.set_result(COMPLETIONS)
    assert [await task for task in waiting[1:]] == [(COMPLETIONS, True)] * 2
    assert asked.times == 1


async def test_when_all_leave_the_call_ends_and_the_next_asks_anew() -> None:
    shared, asked = cache(), Asked()
    waiting = [asyncio.create_task(shared.shared(b"k", deadline_in(30), asked)) for _ in range(2)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    await asyncio.sleep(0)
    assert asked.cancelled
    anew = Asked()
    anew.end.set_result(COMPLETIONS)
    assert await shared.shared(b"k", deadline_in(30), anew) == (COMPLETIONS, False)


async def test_each_who_waits_hears_of_the_failure() -> None:
    shared, asked = cache(), Asked()
    waiting = [asyncio.create_task(shared.shared(b"k", deadline_in(30), asked)) for _ in range(3)]
    await asyncio.sleep(0)
    asked.end.set_exception(ProviderTimeout())
    for task in waiting:
        with pytest.raises(ProviderTimeout):
            await task
    assert asked.times == 1


async def test_nobody_waits_beyond_their_own_deadline() -> None:
    shared, asked = cache(), Asked()
    patient = asyncio.create_task(shared.shared(b"k", deadline_in(30), asked))
    await asyncio.sleep(0)
    with pytest.raises(ProviderTimeout):
        await shared.shared(b"k", deadline_in(0.01), asked)
    asked.end.set_result(COMPLETIONS)
    assert await patient == (COMPLETIONS, False)


async def test_it_is_bounded_in_number_and_time() -> None:
    async def ask() -> list[Completion]:
        return COMPLETIONS

    few = cache(answer_cache_entries=2)
    remembered = [(await few.shared(key, deadline_in(1), ask))[1] for key in (b"1", b"2", b"1", b"3", b"1", b"2")]
    assert remembered == [False, False, True, False, True, False]
    brief = cache(answer_cache_ttl_s=0.01)
    await brief.shared(b"1", deadline_in(1), ask)
    await asyncio.sleep(0.02)
    assert (await brief.shared(b"1", deadline_in(1), ask))[1] is False


async def test_the_key_is_all_that_shapes_an_answer(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), llm_fallbacks="other-model")
    warm = await open_service(ScriptedProvider(), llm_temperature=0.5)
    one, two = service.parts.provider.models
    said = [{"role": "user", "content": "x"}]
    other_clinic = UUID(int=7)
    keys = {
        key_of(LOCAL_ORGANIZATION, one, said, VISIT_ANSWER, 100),
        key_of(other_clinic, one, said, VISIT_ANSWER, 100),
        key_of(other_clinic, two, said, VISIT_ANSWER, 100),
        key_of(LOCAL_ORGANIZATION, two, said, VISIT_ANSWER, 100),
        key_of(LOCAL_ORGANIZATION, warm.parts.provider.models[0], said, VISIT_ANSWER, 100),
        key_of(LOCAL_ORGANIZATION, one, said, VISIT_ANSWER, 200),
        key_of(LOCAL_ORGANIZATION, one, [*said, *said], VISIT_ANSWER, 100),
    }
    assert len(keys) == 7
    assert key_of(LOCAL_ORGANIZATION, one, list(said), VISIT_ANSWER, 100) in keys
