"""What operators see over time: phases, throughput, failures, degradations, tokens; and one run's waterfall."""

import uuid
from typing import Any

import pytest
from sqlalchemy.engine import URL

from app.db import extractions
from app.db.tables import LOCAL_ORGANIZATION
from tests.conftest import VISIT, Service, fresh_database, new_user, running_service, scripted_settings
from tests.scripted_provider import ScriptedProvider, answer, failure


async def history(service: Service, **params: Any) -> dict[str, Any]:
    return await service.get("/timings/history", **params)


async def test_the_window_in_equal_parts(server_url: URL) -> None:
    provider = ScriptedProvider(answer(), failure(401), answer(), embeddings=[None, None, None, failure(401)])
    async with fresh_database(server_url) as url, running_service(scripted_settings(url), provider) as service:
        empty = await history(service, window_s=3600, buckets=6)
        assert (len(empty["buckets"]), empty["bucket_s"], empty["slowest"]) == (6, 600, [])
        assert {bucket["runs"] for bucket in empty["buckets"]} == {0}
        assert [bucket["start"] for bucket in empty["buckets"]] == sorted(
            bucket["start"] for bucket in empty["buckets"]
        )
        done = await service.extract()
        await service.client.post("/extract", json={"transcript": f"{VISIT}Doctor: Bye.", "user": new_user()})
        degraded = await service.extract("Doctor: Something else, whose vector is not remembered.")
        told = await history(service, window_s=3600, buckets=6)
        *before, last = told["buckets"]
        assert [bucket["runs"] for bucket in before] == [0] * 5
        assert (last["runs"], last["failed"]) == (3, 1)
        assert last["problems"] == {"urn:medextract:problem:provider-misconfigured": 1}
        assert last["degraded"] == dict.fromkeys(degraded["degraded"], 1) != {}
        assert (last["prompt_tokens"], last["completion_tokens"]) == (22, 14)
        assert last["embedding_tokens"] == sum(run["usage"]["embedding_tokens"] for run in (done, degraded))
        runs = {phase["phase"]: phase["runs"] for phase in last["phases"]}
        assert (runs["llm_extraction"], runs["save_result"], runs["total"]) == (3, 2, 3)
        (whole,) = (await history(service, window_s=3600, buckets=1))["buckets"]
        assert whole["phases"] == (await service.get("/timings", window_s=3600))["phases"]
        slowest = [run["total_ms"] for run in told["slowest"]]
        assert slowest == sorted(slowest, reverse=True)
        assert {run["state"] for run in told["slowest"]} == {"succeeded", "failed"}


@pytest.mark.parametrize("params", [{"buckets": 0}, {"buckets": 201}, {"window_s": 0}, {"window_s": 2678401}], ids=str)
async def test_a_senseless_window(scripted: Service, params: dict[str, Any]) -> None:
    assert (await scripted.client.get("/timings/history", params=params)).status_code == 422


async def test_the_waterfall_of_one_run_holds_nothing_that_was_said(scripted: Service) -> None:
    told = await scripted.extract("Doctor: A word nobody says, xylophone.", notes="xylophone")
    response = await scripted.client.get(f"/timings/{told['id']}")
    assert response.status_code == 200
    assert "xylophone" not in response.text
    assert response.json()["timings"] == told["timings"]
    assert set(response.json()) == {
        *("id", "created_at", "state", "model", "degraded", "usage", "timings", "problem"),
    }
    assert (await scripted.client.get(f"/timings/{uuid.uuid4()}")).status_code == 404


async def test_a_run_that_nobody_timed_counts_without_a_time(scripted: Service) -> None:
    """As one that was cut off by a crash, and noted as failed by another process."""
    run = await scripted.extract()
    await scripted.parts.timings_log.flush()
    async with scripted.parts.db.write(LOCAL_ORGANIZATION) as session:
        await extractions.save_failure(session, uuid.UUID(run["id"]), {"type": "urn:x"}, None)
    told = await history(scripted, window_s=3600, buckets=1)
    assert told["buckets"][0]["problems"]["urn:x"] == 1
    assert run["id"] not in [slow["id"] for slow in told["slowest"]]
