"""Who may do what: every operation of the API with every kind of credential."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import httpx
import pytest
from sqlalchemy.engine import URL

from app.settings import Role, Settings
from tests.access import bad_credentials, bearing, id_of, key_for, keys_settings, other_organization, records_of
from tests.conftest import VISIT, Service, running_service
from tests.test_audit import told as entries_of

SOP = {"title": "Fever", "content": "1. Ask how long it has lasted."}
CASE = {"title": "Cough", "transcript": "Doctor: Tea.", "expected": {"patient_reminders": [{"description": "tea"}]}}
Door = Literal["open", "any role", "clinical", "operators"]


@dataclass(frozen=True)
class Operation:
    """Behind which door an operation stands, and a request that is right but for the credential."""

    door: Door
    request: dict[str, Any] = field(default_factory=dict)


# A new route stands here, or this test fails: think about who may use it, and say so.
OPERATIONS = {
    "POST /extract": Operation("clinical", {"json": {"transcript": VISIT}}),
    "POST /extract/file": Operation("clinical", {"files": {"file": ("visit.txt", VISIT.encode())}}),
    "GET /extractions": Operation("clinical"),
    "GET /extractions/{extraction_id}": Operation("clinical"),
    "PATCH /extractions/{extraction_id}": Operation("clinical", {"json": {"status": "approved"}}),
    "POST /extractions/{extraction_id}/finish": Operation("clinical", {"headers": {"If-Match": '"1"'}}),
    "POST /extractions/{extraction_id}/reopen": Operation("clinical", {"headers": {"If-Match": '"1"'}}),
    "GET /extractions/{extraction_id}/similar": Operation("clinical"),
    "GET /extractions/{extraction_id}/export": Operation("clinical", {"params": {"unsigned": True}}),
    "POST /extractions/{extraction_id}/promote": Operation("clinical", {"json": {"title": "Gold"}}),
    "GET /search": Operation("clinical", {"params": {"q": "ibuprofen"}}),
    "GET /transcripts/{transcript_id}": Operation("clinical"),
    "POST /sops": Operation("clinical", {"json": SOP}),
    "GET /sops": Operation("clinical"),
    "GET /sops/{sop_id}": Operation("clinical"),
    "PATCH /sops/{sop_id}": Operation("clinical", {"json": {"title": "Another"}}),
    "DELETE /sops/{sop_id}": Operation("clinical"),
    "POST /test-cases": Operation("clinical", {"json": CASE}),
    "GET /test-cases": Operation("clinical"),
    "GET /test-cases/{case_id}": Operation("clinical"),
    "PATCH /test-cases/{case_id}": Operation("clinical", {"json": {"title": "Another"}}),
    "DELETE /test-cases/{case_id}": Operation("clinical"),
    "GET /timings": Operation("operators"),
    "GET /timings/history": Operation("operators"),
    "GET /timings/{extraction_id}": Operation("operators"),
    "GET /metrics": Operation("operators"),
    "GET /session": Operation("any role"),
    "POST /session": Operation("open"),  # takes a credential in its body
    "DELETE /session": Operation("open"),  # without a session there is nothing to end
    "GET /livez": Operation("open"),
    "GET /readyz": Operation("open"),
}
GUARDED = [name for name, operation in OPERATIONS.items() if operation.door != "open"]
ON_RECORDS = [name for name, operation in OPERATIONS.items() if "{" in name and operation.door == "clinical"]


@pytest.fixture(scope="module")
def settings(database_url: URL) -> Settings:
    return keys_settings(database_url)


@pytest.fixture(scope="module")
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with running_service(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
async def bad(settings: Settings, service: Service) -> dict[str, dict[str, Any]]:
    return await bad_credentials(settings, service)


@pytest.fixture(scope="module")
async def role_keys(settings: Settings) -> dict[str, str]:
    """One key of each role."""
    return {role: await key_for(settings, role) for role in get_args(Role)}


@pytest.fixture(scope="module")
async def strangers(settings: Settings, service: Service) -> list[str]:
    """Keys of another organization, and of a clinician who is not the one whose records are asked for."""
    elsewhere = await other_organization(service)
    roles: tuple[Role, ...] = ("integration", "clinician", "admin")
    return [*[await key_for(settings, role, elsewhere) for role in roles], await key_for(settings, "clinician")]


async def called(service: Service, name: str, headers: dict[str, Any], ids: dict[str, str]) -> httpx.Response:
    method, path = name.split()
    request = OPERATIONS[name].request
    own = request.get("headers", {})
    return await service.client.request(method, path.format(**ids), **{**request, "headers": {**own, **headers}})


def unknown_ids() -> dict[str, str]:
    return {name: str(uuid.uuid4()) for name in ("extraction_id", "transcript_id", "sop_id", "case_id")}


def told(response: httpx.Response) -> tuple[int, dict[str, Any]]:
    """All but the request's own id."""
    return response.status_code, {name: value for name, value in response.json().items() if name != "instance"}


async def test_the_table_names_every_operation(service: Service) -> None:
    paths = (await service.client.get("/openapi.json")).json()["paths"]
    documented = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert documented == set(OPERATIONS)


async def test_the_document_tells_which_operations_ask_for_a_credential(service: Service) -> None:
    document = (await service.client.get("/openapi.json")).json()
    schemes = set(document["components"]["securitySchemes"])
    for name, operation in OPERATIONS.items():
        method, path = name.split()
        asked = document["paths"][path][method.lower()].get("security", [])
        assert {scheme for each in asked for scheme in each} == (schemes if operation.door != "open" else set())


@pytest.mark.parametrize("name", GUARDED)
async def test_whatever_is_wrong_with_a_credential_the_answer_is_one(
    service: Service, bad: dict[str, dict[str, Any]], name: str
) -> None:
    answers = [await called(service, name, headers, unknown_ids()) for headers in bad.values()]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Bearer realm="medextract"'}
    assert all(told(answer) == told(answers[0]) for answer in answers)


@pytest.mark.parametrize("name", GUARDED)
async def test_a_role_opens_its_own_doors_alone(service: Service, role_keys: dict[str, str], name: str) -> None:
    closed = {"clinical": ["ops"], "operators": ["integration", "clinician"], "any role": []}[OPERATIONS[name].door]
    for role, key in role_keys.items():
        answer = await called(service, name, bearing(key), unknown_ids())
        assert (answer.status_code == 403) == (role in closed), (role, answer.text)
        assert answer.status_code not in (401, 500)


async def test_who_may_not_be_here_is_not_listened_to(service: Service, settings: Settings) -> None:
    """The credential is looked at before the body, however wrong that is."""
    broken = {"content": b"{", "headers": {"Content-Type": "application/json"}}
    assert (await service.client.post("/extract", **broken)).status_code == 401  # type: ignore[arg-type]
    ops = {**bearing(await key_for(settings, "ops")), "Content-Type": "application/json"}
    assert (await service.client.post("/extract", content=b"{", headers=ops)).status_code == 403
    assert (await service.client.post("/extract/file", content=b"{")).status_code == 401


@pytest.mark.parametrize("name", ON_RECORDS)
async def test_a_record_of_others_answers_like_one_that_is_not_there(
    service: Service, settings: Settings, strangers: list[str], name: str
) -> None:
    """Of another organization, for any role in it; of another clinician of the same one, for a clinician."""
    owner = await key_for(settings, "clinician")
    ids = await records_of(service, owner)
    for stranger in strangers:
        of_another = await called(service, name, bearing(stranger), ids)
        of_nobody = await called(service, name, bearing(stranger), unknown_ids())
        assert told(of_another) == told(of_nobody)
        assert of_another.status_code == 404
    untouched = await called(service, name, bearing(owner), ids)
    assert untouched.status_code != 404


async def test_lists_hold_ones_own_records_alone(service: Service, settings: Settings) -> None:
    owner, colleague = await key_for(settings, "clinician"), await key_for(settings, "clinician")
    integration = await key_for(settings, "integration")
    stranger = await key_for(settings, "integration", await other_organization(service))
    ids = await records_of(service, owner)
    for path, name in (("/extractions", "extraction_id"), ("/sops", "sop_id"), ("/test-cases", "case_id")):
        for key, sees in ((owner, True), (integration, True), (colleague, False), (stranger, False)):
            items = (await service.client.get(path, headers=bearing(key))).json()["items"]
            assert (ids[name] in [item["id"] for item in items]) == sees, path


async def test_an_extraction_reaches_for_nothing_of_others(service: Service, settings: Settings) -> None:
    """Another's transcript or SOP, named in a body, is not there either."""
    ids = await records_of(service, await key_for(settings, "clinician"))
    elsewhere = await key_for(settings, "integration", await other_organization(service))
    for stranger in (elsewhere, await key_for(settings, "clinician")):
        nobody = unknown_ids()
        pairs = (
            ({"transcript_id": ids["transcript_id"]}, {"transcript_id": nobody["transcript_id"]}),
            ({"transcript": VISIT, "sop_ids": [ids["sop_id"]]}, {"transcript": VISIT, "sop_ids": [nobody["sop_id"]]}),
        )
        for of_another, of_nobody in pairs:
            answers = [
                await service.client.post("/extract", json=each, headers=bearing(stranger))
                for each in (of_another, of_nobody)
            ]
            assert told(answers[0]) == told(answers[1])
            assert answers[0].status_code == 404


async def test_a_clinicians_key_speaks_for_that_clinician_alone(service: Service, settings: Settings) -> None:
    key = await key_for(settings, "clinician")
    own = (await service.client.get("/session", headers=bearing(key))).json()["user_id"]
    run = (await service.client.post("/extract", json={"transcript": VISIT}, headers=bearing(key))).json()
    assert run["user_id"] == own
    other = {"user": {"email": "somebody.else@clinic.example"}}
    options = {"options": '{"user": {"email": "somebody.else@clinic.example"}}'}
    for answer in (
        await service.client.post("/extract", json={"transcript": VISIT, **other}, headers=bearing(key)),
        await service.client.post("/sops", json={**SOP, **other}, headers=bearing(key)),
        await service.client.post(
            "/extract/file", files={"file": ("v.txt", VISIT.encode())}, data=options, headers=bearing(key)
        ),
    ):
        assert answer.status_code == 403, answer.text


async def test_one_address_in_two_organizations_is_two_clinicians(service: Service, settings: Settings) -> None:
    here = await key_for(settings, "integration")
    there = await key_for(settings, "integration", await other_organization(service))
    body = {"transcript": VISIT, "user": {"email": f"{uuid.uuid4().hex}@clinic.example"}}
    runs = [(await service.client.post("/extract", json=body, headers=bearing(key))).json() for key in (here, there)]
    assert runs[0]["user_id"] != runs[1]["user_id"]


async def test_refusals_are_audited_under_the_key(service: Service, settings: Settings) -> None:

    ids = await records_of(service, await key_for(settings, "clinician"))
    ops = await key_for(settings, "ops")
    await service.client.get(f"/transcripts/{ids['transcript_id']}", headers=bearing(ops))
    assert ("refused", "transcripts", f"key:{id_of(ops)}") in await entries_of(service, ids["transcript_id"])
