"""The API's own documentation: names that read well in generated clients, and pages that need no network."""

import re
from typing import Any

import pytest

from tests.conftest import Service

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


def test_the_answer_of_extract_is_described(openapi: dict[str, Any]) -> None:
    answers = operations(openapi)[("/extract", "post")]["responses"]
    assert {"201", "4XX", "5XX"} <= set(answers)
    assert set(answers["201"]["content"]) == {"application/json", "text/event-stream"}
    schemas = openapi["components"]["schemas"]
    assert {"start", "end", "quote", "turn", "speaker"} == set(schemas["Evidence"]["properties"])
    assert "HTTPValidationError" not in str(answers)


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
