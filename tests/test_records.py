"""SOPs, test cases, stored runs and reviews: create, list, read, change, delete."""

import uuid
from typing import Any

import pytest

from tests.conftest import VISIT, OpenService, Service, new_user
from tests.scripted_provider import ScriptedProvider, answer, failure

SOP = {"title": "Fever", "content": "1. Measure.\n2. Write it down."}
TEA = {"patient_reminders": [{"description": "Drink tea"}]}
CASE = {"title": "Cough", "transcript": "Doctor: Drink tea.", "expected": TEA}
KINDS = {"sops": SOP, "test-cases": CASE}
UNKNOWN = "019a0000-0000-7000-8000-000000000000"


async def created(service: Service, kind: str, **fields: Any) -> dict[str, Any]:
    response = await service.client.post(f"/{kind}", json={**KINDS[kind], **fields})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def all_of(service: Service, path: str, **params: Any) -> list[dict[str, Any]]:
    """Every page of a list, two at a time."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await service.get(path, limit=2, **params, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= 2
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


async def test_a_sop_is_stored_with_its_defaults(scripted: Service) -> None:
    made = await created(scripted, "sops", user=new_user())
    assert made | SOP == made
    defaults = {"description": "", "category": None, "priority": "medium", "is_active": True}
    assert made | defaults == made
    assert await scripted.get(f"/sops/{made['id']}") == made


async def test_a_test_case_is_stored(scripted: Service) -> None:
    made = await created(scripted, "test-cases")
    assert (made["title"], made["transcript"], made["is_active"]) == ("Cough", "Doctor: Drink tea.", True)
    others = ("follow_up_tasks", "medication_instructions", "clinician_todos")
    assert made["expected"] == {**TEA, **{category: [] for category in others}}
    assert await scripted.get(f"/test-cases/{made['id']}") == made


@pytest.mark.parametrize("kind", KINDS)
async def test_only_the_fields_given_change(scripted: Service, kind: str) -> None:
    made = await created(scripted, kind)
    path = f"/{kind}/{made['id']}"
    changed = (await scripted.client.patch(path, json={"title": "New", "is_active": False})).json()
    assert (changed["title"], changed["is_active"]) == ("New", False)
    assert changed["updated_at"] > made["updated_at"]
    same = {name: value for name, value in made.items() if name not in ("title", "is_active", "updated_at")}
    assert changed | same == changed
    assert (await scripted.client.patch(path, json={})).json() == changed == await scripted.get(path)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_deleted_is_gone(scripted: Service, kind: str) -> None:
    path = f"/{kind}/{(await created(scripted, kind))['id']}"
    assert (await scripted.client.delete(path)).status_code == 204
    for again in ("GET", "DELETE"):
        response = await scripted.client.request(again, path)
        assert (response.status_code, response.json()["type"]) == (404, "urn:medextract:problem:not-found")
    assert (await scripted.client.patch(path, json={"title": "x"})).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
async def test_pages_hold_everything_once_newest_first(scripted: Service, kind: str) -> None:
    made = [(await created(scripted, kind))["id"] for _ in range(5)]
    listed = [item["id"] for item in await all_of(scripted, f"/{kind}")]
    assert len(set(listed)) == len(listed)
    assert [found for found in listed if found in made] == made[::-1]


async def test_sops_are_listed_by_whether_they_are_on(scripted: Service) -> None:
    on, off = (
        (await created(scripted, "sops", is_active=True))["id"],
        (await created(scripted, "sops", is_active=False))["id"],
    )
    active = {sop["id"] for sop in await all_of(scripted, "/sops", is_active="true")}
    inactive = {sop["id"] for sop in await all_of(scripted, "/sops", is_active="false")}
    assert on in active - inactive
    assert off in inactive - active


@pytest.mark.parametrize(
    ("kind", "fields", "pointer"),
    [
        ("sops", {"title": ""}, "/title"),
        ("sops", {"title": "x" * 201}, "/title"),
        ("sops", {"content": ""}, "/content"),
        ("sops", {"priority": "urgent"}, "/priority"),
        ("sops", {"is_active": "yes"}, "/is_active"),
        ("sops", {"owner": "x"}, ""),
        ("sops", {"content": " \n"}, "/content"),
        ("test-cases", {"expected": {}}, "/expected"),
        ("test-cases", {"expected": {"patient_reminders": []}}, "/expected"),
        ("test-cases", {"expected": {"patient_reminders": [{}]}}, "/expected/patient_reminders/0"),
        ("test-cases", {"expected": {"patient_reminders": [{"due": " "}]}}, "/expected/patient_reminders/0"),
        ("test-cases", {"expected": {"patient_reminders": [{"dosage": "x"}]}}, "/expected/patient_reminders/0"),
        (
            "test-cases",
            {"expected": {"medication_instructions": [{"medication_name": 5}]}},
            "/expected/medication_instructions/0/medication_name",
        ),
        (
            "test-cases",
            {"expected": {"clinician_todos": [{"description": "x", "task_type": "walk"}]}},
            "/expected/clinician_todos/0/task_type",
        ),
        ("test-cases", {"expected": []}, "/expected"),
        ("test-cases", {"expected": {"problems": []}}, "/expected"),
        ("test-cases", {"expected": {"patient_reminders": ["x"]}}, "/expected/patient_reminders/0"),
        ("test-cases", {"title": None}, "/title"),
    ],
)
async def test_a_wrong_record_is_told_where(scripted: Service, kind: str, fields: dict[str, Any], pointer: str) -> None:
    response = await scripted.client.post(f"/{kind}", json={**KINDS[kind], **fields})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("sops", {"title": "a\0"}),
        ("sops", {"content": "a\0"}),
        ("sops", {"description": "a\0"}),
        ("sops", {"category": "a\0"}),
        ("sops", {"user": {"email": "a\0@b.example"}}),
        ("sops", {"user": {"external_id": "a\0"}}),
        ("test-cases", {"title": "a\0"}),
        ("test-cases", {"transcript": "a\0"}),
        ("test-cases", {"expected": {"patient_reminders": [{"description": "a\0"}]}}),
        ("test-cases", {"expected": {"patient_reminders": [{"a\0": "description"}]}}),
    ],
)
async def test_a_record_with_a_nul_is_refused(scripted: Service, kind: str, fields: dict[str, Any]) -> None:
    response = await scripted.client.post(f"/{kind}", json={**KINDS[kind], **fields})
    assert (response.status_code, response.json()["type"]) == (422, "urn:medextract:problem:invalid-character")


@pytest.mark.parametrize("transcript", ["", "..."])
async def test_a_test_case_needs_words(scripted: Service, transcript: str) -> None:
    response = await scripted.client.post("/test-cases", json={**CASE, "transcript": transcript})
    assert response.json()["type"] == "urn:medextract:problem:transcript-empty"


async def test_a_test_case_is_not_stored_without_its_vector(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(embeddings=[failure(401)]))
    before = {case["id"] for case in await all_of(service, "/test-cases")}
    response = await service.client.post("/test-cases", json=CASE)
    assert (response.status_code, response.json()["phase"]) == (502, "transcript_embedding")
    assert {case["id"] for case in await all_of(service, "/test-cases")} == before


@pytest.mark.parametrize("path", ["/sops", "/test-cases", "/extractions", "/transcripts"])
async def test_unknown_and_senseless_ids(scripted: Service, path: str) -> None:
    missing = await scripted.client.get(f"{path}/{UNKNOWN}")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:medextract:problem:not-found")
    senseless = await scripted.client.get(f"{path}/not-an-id")
    assert senseless.status_code == 422
    assert "not-an-id" not in senseless.text


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "x"}, {"state": "odd"}, {"since": "x"}, {"user_id": "1"}],
    ids=str,
)
async def test_wrong_parameters_are_named(scripted: Service, params: dict[str, Any]) -> None:
    response = await scripted.client.get("/extractions", params=params)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"query/{name}" for name in params]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_days_at_the_ends_of_the_calendar(scripted: Service, day: str) -> None:
    await scripted.extract()
    for name in ("since", "until"):
        page = await scripted.get("/extractions", **{name: day})
        assert bool(page["items"]) is ((name, day) in [("since", "0001-01-01"), ("until", "9999-12-31")])


async def test_runs_are_filtered(open_service: OpenService) -> None:
    user = {"external_id": uuid.uuid4().hex}
    service = await open_service(ScriptedProvider(failure(401), answer()))
    failed = await service.client.post("/extract", json={"transcript": VISIT, "user": user})
    assert failed.status_code == 502
    told = [await service.extract(user=user) for _ in range(2)]
    user_id, today = told[0]["user_id"], told[0]["created_at"][:10]

    async def ids(**filters: Any) -> list[str]:
        return [run["id"] for run in await all_of(service, "/extractions", user_id=user_id, **filters)]

    done = [told[1]["id"], told[0]["id"]]
    assert (await ids())[:2] == done
    assert len(await ids()) == 3
    assert await ids(state="succeeded") == done
    assert len(await ids(state="failed")) == 1
    assert await ids(review=told[0]["review"]["status"]) == done
    assert await ids(transcript_id=told[0]["transcript_id"]) == [told[0]["id"]]
    assert len(await ids(since=today)) == len(await ids(until=today)) == 3
    assert await ids(since="2999-01-01") == await ids(until="2000-01-01") == []


@pytest.mark.parametrize("status", ["approved", "rejected"])
async def test_a_review_is_kept_with_its_reasons(scripted: Service, status: str) -> None:
    told = await scripted.extract()
    path = f"/extractions/{told['id']}"
    reviewed = (await scripted.client.patch(path, json={"status": status})).json()
    assert reviewed["review"] | told["review"] | {"status": status} == reviewed["review"]
    assert (await scripted.get(path))["review"] == reviewed["review"]
    assert told["id"] in {run["id"] for run in await all_of(scripted, "/extractions", review=status)}


@pytest.mark.parametrize("body", [{"status": "pending"}, {"status": True}, {}, {"status": "approved", "by": "x"}])
async def test_a_wrong_review_changes_nothing(scripted: Service, body: dict[str, Any]) -> None:
    path = f"/extractions/{(await scripted.extract())['id']}"
    before = (await scripted.get(path))["review"]
    assert (await scripted.client.patch(path, json=body)).status_code == 422
    assert (await scripted.get(path))["review"] == before


async def test_a_failed_run_cannot_be_approved(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(401)))
    await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    run = await service.last_run()
    response = await service.client.patch(f"/extractions/{run['id']}", json={"status": "approved"})
    assert (response.status_code, response.json()["type"]) == (409, "urn:medextract:problem:conflict")
    assert (await service.client.patch(f"/extractions/{UNKNOWN}", json={"status": "approved"})).status_code == 404


async def test_another_clinicians_sop_and_one_that_is_off_are_not_found(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    user = new_user()
    mine = await created(service, "sops", user=user)
    off = await created(service, "sops", user=user, is_active=False)
    body = {"transcript": VISIT, "user": user}
    bodies = [{**body, "sop_ids": [off["id"]]}, {**body, "user": new_user(), "sop_ids": [mine["id"]]}]
    answers = [await service.client.post("/extract", json=body) for body in bodies]
    problems = [{**answer.json(), "instance": None} for answer in answers]
    assert problems[0] == problems[1]
    assert problems[0]["type"] == "urn:medextract:problem:sop-not-found"
    assert service.provider.chats == []
