"""Uploads whose parts are wrong: each gets a problem that says which, and no model is called."""

from typing import Any

import pytest

from tests.conftest import Service

SECRET = "xylophone-7391"
FILE = ("file", ("visit.txt", b"Doctor: Hello."))
PARTS = {
    "unknown_field": ([FILE, (SECRET, (None, b"x"))], "invalid-request", ""),
    "unknown_file": ([FILE, (SECRET, ("a", b"x"))], "invalid-request", ""),
    "two_files": ([FILE, FILE], "invalid-request", "/file"),
    "two_options": ([FILE, ("options", (None, b"{}")), ("options", (None, b"{}"))], "invalid-request", "/options"),
    "file_as_text": ([("file", (None, b"x"))], "invalid-request", "/file"),
    "options_as_file": ([FILE, ("options", ("a", b"{}"))], "invalid-request", "/options"),
    "notes_long": (
        [FILE, ("options", (None, b'{"notes": "%s"}' % (b"x" * 20_001)))],
        "invalid-request",
        "/options/notes",
    ),
    "nul_in_options": ([FILE, ("options", (None, b'{"notes": "\\u0000"}'))], "invalid-character", "/options/notes"),
    "surrogate_in_options": (
        [FILE, ("options", (None, b'{"user": {"name": "\\ud800"}}'))],
        "invalid-character",
        "/options/user/name",
    ),
    "nul_in_the_file": ([("file", ("a", b"Doctor: \0"))], "invalid-character", "/file"),
}


@pytest.mark.parametrize(("parts", "slug", "pointer"), PARTS.values(), ids=PARTS)
async def test_a_wrong_part_of_an_upload(scripted: Service, parts: Any, slug: str, pointer: str) -> None:
    response = await scripted.client.post("/extract/file", files=parts)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (422, f"urn:medextract:problem:{slug}"), problem
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert SECRET not in response.text


@pytest.mark.parametrize("charset", ["utf-7", "utf-16-le", "idna", "hex", "no-such"])
async def test_options_in_a_charset_of_the_clients_choice(scripted: Service, charset: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nDoctor: Hi.\r\n'
    body += b'--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n{+2AA-"\xff\r\n--b--\r\n'
    headers = {"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"}
    response = await scripted.client.post("/extract/file", content=body, headers=headers)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"
