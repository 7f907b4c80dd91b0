"""Finding visits again: light lists with filters, search by meaning, and visits like the one that is open."""

import uuid
from typing import Any

import pytest

from tests.conftest import VISIT, OpenService, Service, new_user
from tests.reviews import reviewer, visit_answer
from tests.scripted_provider import ScriptedProvider, answer, failure

KNEE = "Doctor: The knee is swollen after the fall.\nPatient: It hurts on the stairs."
COUGH = "Doctor: How is the cough?\nPatient: Worse at night, with phlegm."
SLEEP = "Doctor: How do you sleep?\nPatient: Hardly at all, I lie awake."


async def found(service: Service, path: str, **params: Any) -> list[dict[str, Any]]:
    return list((await service.get(path, **params))["items"])


@pytest.fixture
async def service(open_service: OpenService) -> Service:
    opened: Service = await open_service(ScriptedProvider())
    return opened


async def test_a_list_row_tells_what_a_list_shows(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(visit_answer()))
    review = await reviewer(service, user=new_user())
    await service.parts.timings_log.flush()
    own = {"user_id": review.run["user_id"], "fields": "summary"}
    (row,) = await found(service, "/extractions", **own)
    same = ("id", "transcript_id", "user_id", "created_at", "state", "model", "degraded", "problem", "version")
    assert {name: row[name] for name in same} == {name: review.run[name] for name in same}
    lists = {name: len(items) for name, items in review.run["extraction"].items() if isinstance(items, list)}
    assert (row["counts"], row["summary"], row["visit_date"]) == (
        lists,
        review.run["extraction"]["summary"],
        "2026-11-20",
    )
    assert row["review"] == {"status": "pending", "reasons": review.run["review"]["reasons"]}
    evaluation = review.run["evaluation"]
    assert (row["confidence"], row["overall_score"]) == (evaluation["confidence"], evaluation["overall_score"])
    assert row["total_ms"] > 0
    assert "extraction" not in row
    await review.decide(*({"action": "reject", "item_id": one} for one in review.run["review"]["must_decide"]))
    await review.finish()
    (row,) = await found(service, "/extractions", **own)
    assert (row["counts"]["medication_instructions"], row["counts"]["clinician_todos"]) == (1, 0)


async def test_a_failed_run_is_listed_too(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(401)))
    await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    row = (await found(service, "/extractions", fields="summary", limit=1))[0]
    assert (row["state"], row["counts"], row["review"], row["degraded"]) == ("failed", None, None, [])
    assert row["problem"]["status"] == 502


async def test_runs_are_filtered_by_confidence(service: Service) -> None:
    told = await service.extract(user=new_user())
    level = told["evaluation"]["confidence"]
    for confidence in ("high", "medium", "low"):
        for fields in ("all", "summary"):
            params = {"user_id": told["user_id"], "confidence": confidence, "fields": fields}
            assert len(await found(service, "/extractions", **params)) == (confidence == level)


async def test_pages_of_light_rows_hold_everything_once(service: Service) -> None:
    user = new_user()
    made = [(await service.extract(user=user)) for _ in range(3)]
    params = {"user_id": made[0]["user_id"], "fields": "summary", "limit": 2}
    first = await service.get("/extractions", **params)
    second = await service.get("/extractions", cursor=first["next_cursor"], **params)
    assert [row["id"] for row in first["items"] + second["items"]] == [run["id"] for run in made[::-1]]
    assert second["next_cursor"] is None


async def test_visits_are_found_by_what_was_said(service: Service) -> None:
    user = new_user()
    runs = {text: await service.extract(text, user=user) for text in (KNEE, COUGH, SLEEP)}
    mine = {"user_id": runs[KNEE]["user_id"]}
    hits = await found(service, "/search", q="cough with phlegm at night", **mine)
    assert hits[0]["id"] == runs[COUGH]["id"]
    assert len(hits) == 3
    similarities = [hit["similarity"] for hit in hits]
    assert similarities == sorted(similarities, reverse=True)
    assert all(-1.001 <= similarity <= 1.001 for similarity in similarities)
    assert len(await found(service, "/search", q="cough", limit=1, **mine)) == 1


async def test_visits_are_found_by_what_was_extracted(open_service: OpenService) -> None:
    service = await open_service(
        ScriptedProvider(answer(summary="Suspected gastroenteritis."), answer(summary="Fine."))
    )
    user = new_user()
    first = await service.extract(KNEE, user=user)
    await service.extract(COUGH, user=user)
    hits = await found(service, "/search", q="suspected gastroenteritis", user_id=first["user_id"])
    assert hits[0]["id"] == first["id"]
    assert hits[0]["similarity"] > 2 * hits[1]["similarity"]


async def test_a_visit_run_twice_is_found_once(service: Service) -> None:
    first = await service.extract(KNEE, user=new_user())
    again = await service.client.post("/extract", json={"transcript_id": first["transcript_id"]})
    hits = await found(service, "/search", q="knee", user_id=first["user_id"])
    assert [hit["id"] for hit in hits] == [again.json()["id"]]


async def test_a_search_stays_inside_one_clinician_or_covers_the_organization(service: Service) -> None:
    mine, other = await service.extract(KNEE), await service.extract(KNEE)
    assert [hit["id"] for hit in await found(service, "/search", q="knee", user_id=mine["user_id"])] == [mine["id"]]
    everyone = {hit["id"] for hit in await found(service, "/search", q="knee", limit=50)}
    assert {mine["id"], other["id"]} <= everyone
    assert await found(service, "/search", q="knee", user_id=str(uuid.uuid4())) == []


@pytest.mark.parametrize("params", [{}, {"q": ""}, {"q": " ?"}, {"q": "x" * 1001}, {"q": "x", "limit": 0}], ids=str)
async def test_a_search_needs_words(service: Service, params: dict[str, Any]) -> None:
    assert (await service.client.get("/search", params=params)).status_code == 422


async def test_a_search_without_its_vector_is_a_problem_of_the_provider(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(embeddings=[failure(401)]))
    response = await service.client.get("/search", params={"q": "knee"})
    assert (response.status_code, response.json()["phase"]) == (502, "search_embedding")


async def test_a_visit_shows_those_that_are_like_it(service: Service) -> None:
    user = new_user()
    open_one = await service.extract(KNEE, user=user)
    alike = await service.extract(KNEE + " The knee is worse.", user=user)
    unlike = await service.extract(SLEEP, user=user)
    await service.extract(KNEE)
    hits = await found(service, f"/extractions/{open_one['id']}/similar")
    assert [hit["id"] for hit in hits] == [alike["id"], unlike["id"]]
    assert (await service.client.get(f"/extractions/{uuid.uuid4()}/similar")).status_code == 404


async def test_without_a_vector_nothing_is_like_it(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(embeddings=[failure(401), failure(401)]))
    told = await service.extract(KNEE)
    assert await found(service, f"/extractions/{told['id']}/similar") == []
