"""The API's own documentation: names that read well in generated clients, and pages that need no network."""

import re
from typing import Any

import pytest

from tests.conftest import VISIT, OpenService, Service
from tests.scripted_provider import ScriptedProvider

METHODS = ("get", "post", "patch", "delete", "put")


@pytest.fixture
async def openapi(scripted: Service) -> dict[str, Any]:
    return await scripted.get("/openapi.json")


def operations(openapi: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(path, method): how for path, item in openapi["paths"].items() for method, how in item.items()}


def test_operation_ids_are_the_names_of_the_functions(openapi: dict[str, Any]) -> None:
    named = {where: how["operationId"] for where, how in operations(openapi).items()}
    assert named[("/extract", "post")] == "extract"
    assert named[("/extract/file", "post")] == "extract_file"
    assert named[("/sops", "get")] == "list_sops"
    assert named[("/test-cases/{case_id}", "patch")] == "update_test_case"
    assert len(set(named.values())) == len(named)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in named.values())


def test_every_route_of_the_contract_is_there(openapi: dict[str, Any]) -> None:
    records = {(path, method) for path in ("/sops", "/test-cases") for method in ("get", "post")}
    singles = {("/sops/{sop_id}", m) for m in ("get", "patch", "delete")}
    singles |= {("/test-cases/{case_id}", m) for m in ("get", "patch", "delete")}
    runs = {("/extractions", "get"), ("/extractions/{extraction_id}", "get"), ("/extractions/{extraction_id}", "patch")}
    rest = {(path, "get") for path in ("/transcripts/{transcript_id}", "/timings", "/metrics", "/livez", "/readyz")}
    posts = {("/extract", "post"), ("/extract/file", "post")}
    assert records | singles | runs | rest | posts <= set(operations(openapi))


async def test_what_was_created_tells_where_it_is(scripted: Service, openapi: dict[str, Any]) -> None:
    """In its header, and in the document by operations that exist and take its id."""
    case = {
        "title": "a",
        "transcript": VISIT,
        "expected": {"medication_instructions": [{"medication_name": "aspirin"}]},
    }
    bodies = {"/extract": {"transcript": VISIT}, "/sops": {"title": "a", "content": "1. Ask."}, "/test-cases": case}
    takes = {how["operationId"]: how.get("parameters", []) for how in operations(openapi).values()}
    for path, body in bodies.items():
        response = await scripted.client.post(path, json=body)
        assert (await scripted.get(response.headers["location"]))["id"] == response.json()["id"]
        links = operations(openapi)[(path, "post")]["responses"]["201"]["links"]
        assert all(set(links[link]["parameters"]) <= {p["name"] for p in takes[link]} for link in links)
        assert len(links) >= 3


@pytest.mark.parametrize("path", ["/extract", "/extract/file"])
def test_the_answer_of_extract_is_described(openapi: dict[str, Any], path: str) -> None:
    answers = operations(openapi)[(path, "post")]["responses"]
    assert set(answers["201"]["content"]) == {"application/json"}
    assert set(answers["200"]["content"]) == {"text/event-stream"}
    schemas = openapi["components"]["schemas"]
    assert {"start", "end", "quote", "turn", "speaker"} == set(schemas["Evidence"]["properties"])


def test_every_problem_is_described_as_it_is_sent(openapi: dict[str, Any]) -> None:
    described = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    for where, how in operations(openapi).items():
        failures = {status: answer for status, answer in how["responses"].items() if not status.startswith("2")}
        assert all(answer["content"] == described for answer in failures.values()), where
        assert all(answer["description"] for answer in failures.values()), where
    assert "ProblemBody" in openapi["components"]["schemas"]
    assert "ValidationError" not in str(openapi)


def test_the_problems_of_a_route_are_all_there(openapi: dict[str, Any]) -> None:
    def told(path: str, method: str) -> set[str]:
        answers = operations(openapi)[(path, method)]["responses"]
        return {status for status in answers if not status.startswith("2")}

    access = {"401", "403", "429"}
    reading = access | {"422", "500", "503"}
    body = reading | {"400", "408", "409", "413", "415"}
    assert told("/extract", "post") == told("/extract/file", "post") == body | {"404", "502", "504"}
    assert told("/test-cases", "post") == body | {"502", "504"}
    assert told("/sops", "post") == body
    for path in ("/sops/{sop_id}", "/test-cases/{case_id}", "/extractions/{extraction_id}"):
        versioned = {"412", "428"} if path.startswith("/extractions") else set()
        assert told(path, "patch") == body | {"404"} | versioned
        assert told(path, "get") == reading | {"404"}
    assert told("/sops/{sop_id}", "delete") == told("/transcripts/{transcript_id}", "get") == reading | {"404"}
    assert told("/extractions", "get") == told("/sops", "get") == told("/timings", "get") == reading
    assert told("/readyz", "get") == {"503"}
    assert told("/metrics", "get") == access
    assert told("/livez", "get") == set()


def test_metrics_are_described_as_text(openapi: dict[str, Any]) -> None:
    assert set(operations(openapi)[("/metrics", "get")]["responses"]["200"]["content"]) == {"text/plain"}


@pytest.mark.parametrize("path", ["/extract", "/sops", "/test-cases"])
async def test_the_example_requests_are_taken(scripted: Service, openapi: dict[str, Any], path: str) -> None:
    body = operations(openapi)[(path, "post")]["requestBody"]["content"]["application/json"]
    assert body["examples"]
    for example in body["examples"].values():
        response = await scripted.client.post(path, json=example["value"])
        assert response.status_code == 201, response.text


async def test_the_page_loads_nothing_from_elsewhere(scripted: Service) -> None:
    page = (await scripted.client.get("/docs")).text
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)
    assert any(file.endswith(".js") for file in loaded)
    assert any(file.endswith(".css") for file in loaded)
    assert not re.findall(r"""["'](?:https?:)?//[^"']+["']""", page)
    for file in loaded:
        response = await scripted.client.get(file)
        assert response.status_code == 200, file
        assert response.content


async def test_there_is_no_second_documentation_that_needs_the_network(scripted: Service) -> None:
    assert (await scripted.client.get("/redoc")).status_code == 404


async def test_the_documents_can_be_switched_off(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), api_docs=False)
    for path in ("/docs", "/openapi.json", "/redoc"):
        assert (await service.client.get(path)).status_code == 404
    await service.extract()
