"""What HTTP asks of any route: methods, HEAD, paths as they are, what may be kept, and clients that leave."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import VISIT, Logged, OpenService, Service, new_user, serving
from tests.scripted_provider import ScriptedProvider
from tests.test_records import UNKNOWN, created

SECRET = "xylophone-7391"


async def test_an_unknown_path(scripted: Service) -> None:
    missing = await scripted.client.get(f"/{SECRET}")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    assert SECRET not in missing.text


ALLOWED = {
    "/extract": "POST",
    "/extract/file": "POST",
    "/sops": "GET, HEAD, POST",
    f"/sops/{UNKNOWN}": "DELETE, GET, HEAD, PATCH",
    f"/extractions/{UNKNOWN}": "GET, HEAD, PATCH",
    f"/extractions/{UNKNOWN}/finish": "POST",
    "/test-cases": "GET, HEAD, POST",
    f"/test-cases/{UNKNOWN}": "DELETE, GET, HEAD, PATCH",
    "/metrics": "GET, HEAD",
    "/docs": "GET, HEAD",
    "/static-offline-docs/swagger-ui.css": "GET, HEAD",
}


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
@pytest.mark.parametrize("method", ["PUT", "FOO"])
async def test_a_wrong_method_is_told_all_that_the_path_takes(
    scripted: Service, path: str, allowed: str, method: str
) -> None:
    wrong = await scripted.client.request(method, path)
    assert (wrong.status_code, wrong.json()["type"]) == (405, "urn:medextract:problem:method-not-allowed")
    assert wrong.headers["allow"] == allowed


async def test_head_is_get_without_the_content(scripted: Service, logged: Logged) -> None:
    sop = await created(scripted, "sops")
    async with serving(scripted.app) as url, httpx.AsyncClient(trust_env=False, base_url=url) as client:
        for path in ("/livez", "/readyz", "/sops", f"/sops/{sop['id']}", "/openapi.json", "/docs", f"/sops/{UNKNOWN}"):
            got, head = await client.get(path), await client.head(path)
            assert (head.status_code, head.content) == (got.status_code, b""), path
            assert head.headers.get("content-length") == got.headers.get("content-length")
            assert head.headers.get("content-type") == got.headers.get("content-type")
        refused = await client.head("/extract")
        assert (refused.status_code, refused.content, refused.headers["allow"]) == (405, b"", "POST")
    assert {line["method"] for line in logged() if line["event"] == "request"} >= {"GET", "HEAD"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/sops/", "/extract/", "/extractions/", "/livez/", f"/sops/{UNKNOWN}/"])
async def test_a_trailing_slash_is_another_path(scripted: Service, method: str, path: str) -> None:
    response = await scripted.client.request(method, path, json={} if method == "POST" else None)
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
    assert "location" not in response.headers


async def test_what_was_said_is_kept_by_nobody_on_the_way(scripted: Service) -> None:
    client, body = scripted.client, {"transcript": VISIT, "user": new_user()}
    stream = {"Accept": "text/event-stream"}
    told = await scripted.extract()
    sop, case = await created(scripted, "sops"), await created(scripted, "test-cases")
    answers = [
        await client.post("/extract", json=body),
        await client.post("/extract", json=body, headers=stream),
        await client.post("/extract", json={}),
        await client.post("/extract/file", files={"file": VISIT.encode()}),
        await client.patch(f"/extractions/{told['id']}", json={"status": "approved"}),
        await client.get(f"/transcripts/{told['transcript_id']}"),
        await client.get(f"/transcripts/{UNKNOWN}"),
        *[await client.get(path) for path in ("/extractions", f"/extractions/{told['id']}", "/sops", "/test-cases")],
        *[await client.get(path) for path in (f"/sops/{sop['id']}", f"/test-cases/{case['id']}")],
    ]
    assert {answer.headers.get("cache-control") for answer in answers} == {"no-store"}
    assert {answer.status_code for answer in answers} == {200, 201, 404, 422}
    assert {answer.headers.get("x-content-type-options") for answer in answers} == {"nosniff"}
    policies = {answer.headers.get("content-security-policy") for answer in answers}
    assert policies == {"default-src 'none'; frame-ancestors 'none'"}


@pytest.mark.parametrize("path", ["/", "/docs", "/assets/app.js", "/livez", "/nowhere"])
async def test_every_answer_forbids_frames_and_guessing(scripted: Service, path: str) -> None:
    headers = (await scripted.client.get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


JSON_HEAD = b"POST /extract HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
FORM_HEAD = (
    b"POST /extract/file HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Content-Length: 1000\r\n\r\n--b\r\n"
)


@pytest.mark.parametrize("sent", [JSON_HEAD, FORM_HEAD], ids=["json", "form"])
async def test_a_client_that_leaves_while_it_sends_is_no_error(
    open_service: OpenService, logged: Logged, sent: bytes
) -> None:
    service = await open_service(ScriptedProvider())
    async with serving(service.app) as url:
        _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        writer.write(sent)
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
        await writer.wait_closed()
        line = await _request_line(logged)
    assert (line["level"], line["status"]) == ("info", 499)
    assert {entry["level"] for entry in logged()} == {"info"}
    assert 'status="499"' in (await service.client.get("/metrics")).text


async def _request_line(logged: Logged) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while not (lines := [line for line in logged() if line["event"] == "request"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return lines[0]
