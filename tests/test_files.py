"""Transcripts that come as files, and odd text: every offset maps back to the stored text."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import OpenService, Service
from tests.scripted_provider import ScriptedProvider, answer, medication
from tests.uploads import (
    LINES,
    a_docx,
    a_docx_of,
    a_pdf,
    a_zip,
    an_encrypted_pdf,
    post,
    stored_text,
    with_member,
)

VTT = """WEBVTT - a visit

NOTE not spoken

STYLE
::cue { color: red }

1
00:00:01.000 --> 00:00:04.000 align:start
<v Doctor>Take <b>ibuprofen</b> 400 mg

00:00:04.500 --> 00:00:06.000
twice a day.

00:06.500 --> 00:08.000
<v.loud Patient>All right, I will.</v>
"""
FILES = {
    "txt": "\n".join(LINES).encode(),
    "utf16": "\n".join(LINES).encode("utf-16"),
    "vtt": VTT.encode(),
    "vtt_crlf_bom": b"\xef\xbb\xbf" + VTT.replace("\n", "\r\n").encode(),
    "pdf": a_pdf(*LINES),
    "pdf_kept_from_changes": an_encrypted_pdf(""),
    "pdf_kept_from_changes_aes": an_encrypted_pdf("", "AES-256"),
    "docx": a_docx(*LINES),
    "docx_utf16": a_docx_of("".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in LINES), "utf-16"),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
async def test_a_file_is_read_whatever_its_name(open_service: OpenService, content: bytes) -> None:
    item = medication("ibuprofen", 1, "Take ibuprofen 400 mg twice a day", dosage="400 mg")
    service = await open_service(ScriptedProvider(answer(medication_instructions=[item])))
    response = await post(service, content, visit_date="2026-11-20")
    assert response.status_code == 201, response.text
    told = response.json()
    text = await stored_text(service, told)
    assert text.split() == " ".join(LINES).split()
    proof = told["extraction"]["medication_instructions"][0]["evidence"][0]
    assert text[proof["start"] : proof["end"]] == proof["quote"] == "Take ibuprofen 400 mg twice a day"
    assert (proof["turn"], proof["speaker"]) == (1, "Doctor")


DTD = '<!DOCTYPE w [<!ENTITY a "b">]>'
STYLES_DTD = with_member(a_docx(*LINES), "word/styles.xml", f"{DTD}<styles/>".encode())
UNREADABLE = {
    "garbage_pdf": b"%PDF-1.7\n" + bytes(range(256)) * 40,
    "cut_pdf": a_pdf(*LINES)[:200],
    "encrypted_pdf": an_encrypted_pdf("secret"),
    "encrypted_pdf_aes": an_encrypted_pdf("secret", "AES-256"),
    "pdf_without_text": a_pdf(),
    "garbage_zip": b"PK\x03\x04" + b"\x00" * 500,
    "zip_that_is_no_docx": a_zip(readme=b"hello"),
    "docx_bomb": a_zip(**{"word__document.xml": b"0" * 60_000_000}),
    "docx_bad_xml": with_member(a_docx(), "word/document.xml", b"<w:document><patient said secret"),
    "docx_bad_rels": with_member(a_docx(), "_rels/.rels", b"<Relationships>"),
    "docx_without_body": with_member(a_docx(), "word/document.xml", b"<other/>"),
    "docx_unknown_encoding": with_member(a_docx(), "word/document.xml", b'<?xml version="1.0" encoding="secret"?><w/>'),
    "docx_too_deep": a_docx_of("<w:sdt>" * 3000 + "<w:p/>" + "</w:sdt>" * 3000),
    "docx_with_a_dtd": a_docx_of("<w:p/>", doctype=DTD),
    "docx_with_a_dtd_elsewhere": a_docx_of("<w:p/>", doctype='<!DOCTYPE w SYSTEM "secret.dtd">'),
    "docx_with_a_far_dtd": a_docx_of("<w:p/>", doctype=" " * 65_536 + DTD),
    "docx_with_a_utf16_dtd": a_docx_of("<w:p/>", "utf-16", DTD),
    "docx_with_a_utf16be_dtd": a_docx_of("<w:p/>", "utf-16-be", DTD),
    "docx_with_a_dtd_in_its_styles": STYLES_DTD,
    "png": b"\x89PNG\r\n\x1a\n" + b"\x00\xff" * 100,
    "latin1": "Doctor: Café tonight.".encode("latin-1"),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
async def test_an_unreadable_file_is_told_so(scripted: Service, content: bytes) -> None:
    calls = len(scripted.provider.calls)
    response = await post(scripted, content)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (422, "urn:medextract:problem:unreadable-document")
    assert "secret" not in response.text
    assert len(scripted.provider.calls) == calls


@pytest.mark.parametrize("content", [b"", b"  \n", b"WEBVTT\n\n00:01.000 --> 00:02.000\n", a_docx("", " ")])
async def test_a_file_without_words(scripted: Service, content: bytes) -> None:
    response = await post(scripted, content)
    assert (response.status_code, response.json()["type"]) == (422, "urn:medextract:problem:transcript-empty")


@pytest.mark.parametrize("name", ["../../etc/passwd", "x" * 4096, "вірш.txt", "a\\b.pdf"], ids=ascii)
async def test_the_file_name_is_ignored(scripted: Service, name: str) -> None:
    response = await post(scripted, FILES["txt"], name=name)
    assert response.status_code == 201, response.text
    assert name not in response.text


async def test_a_file_name_longer_than_any_is_no_request(scripted: Service) -> None:
    response = await post(scripted, FILES["txt"], name="x" * 5000)
    assert (response.status_code, response.json()["type"]) == (400, "urn:medextract:problem:bad-request")


@pytest.mark.parametrize(
    ("options", "pointer"),
    [({"sop_ids": [True]}, "/options/sop_ids/0"), ({"extra": 1}, "/options"), ({"transcript": "x"}, "/options")],
)
async def test_wrong_options_are_told_where(scripted: Service, options: dict[str, Any], pointer: str) -> None:
    response = await post(scripted, FILES["txt"], **options)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize("options", ["", "{", "[]", "null", "{} {}"])
async def test_options_that_are_no_object(scripted: Service, options: str) -> None:
    response = await scripted.client.post("/extract/file", files={"file": FILES["txt"]}, data={"options": options})
    assert response.status_code in ((400, 422) if options else (201, 400))
    assert response.headers["content-type"].startswith("application/")


async def test_an_upload_without_a_file_or_in_another_type(scripted: Service) -> None:
    missing = await scripted.client.post("/extract/file", files={"other": b"x"})
    assert (missing.status_code, missing.headers["content-type"]) == (422, "application/problem+json")
    wrong = await scripted.client.post("/extract/file", json={})
    assert (wrong.status_code, wrong.json()["type"]) == (415, "urn:medextract:problem:unsupported-media-type")
    broken = {"Content-Type": "multipart/form-data"}
    assert (await scripted.client.post("/extract/file", content=b"x", headers=broken)).status_code == 400


async def test_a_file_that_takes_too_long_to_read(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), upload_timeout_s=0.05)
    response = await post(service, a_pdf(*["word"] * 20_000))
    problem = response.json()
    assert (response.status_code, problem["type"]) == (422, "urn:medextract:problem:unreadable-document")
    assert "too long" in problem["detail"]


async def test_an_upload_over_the_limit(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), max_upload_bytes=10_000)
    declared = await post(service, b"a" * 20_000)
    assert (declared.status_code, declared.json()["type"]) == (413, "urn:medextract:problem:body-too-large")

    async def chunks() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(100):
            yield b"a" * 1000

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    chunked = await service.client.post("/extract/file", content=chunks(), headers=headers)
    assert (chunked.status_code, chunked.json()["type"]) == (413, "urn:medextract:problem:body-too-large")


async def test_an_upload_that_never_ends(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), upload_timeout_s=0.2, body_timeout_s=0.2)

    async def dripping() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while True:
            yield b"a"
            await asyncio.sleep(0.02)

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    response = await service.client.post("/extract/file", content=dripping(), headers=headers)
    assert (response.status_code, response.json()["type"]) == (408, "urn:medextract:problem:body-timeout")


ODD = {
    "crlf": "Doctor: Hello.\r\nDoctor: Take ibuprofen 400 mg.\r\n",
    "cr": "Doctor: Hello.\rDoctor: Take ibuprofen 400 mg.\r",
    "bom": "\ufeffDoctor: Hello.\nDoctor: Take ibuprofen 400 mg.",
    "emoji": "Doctor: 👩🏽‍⚕️ Hello.\nDoctor: 🙂 Take ibuprofen 400 mg. 🇺🇦",
    "combining": "Doctor: Ola\u0301.\nDoctor: cafe\u0301; Take ibuprofen 400 mg.",
    "right_to_left": "Doctor: \u202eHello\u202c.\nDoctor: \u2067Take\u2069 ibuprofen \u200b400 mg.",
    "tags": "Doctor: Hello\U000e0049\U000e0047.\nDoctor: Take ibuprofen\U000e0041 400 mg.",
    "separators": "Doctor: Hello.\u2028Doctor: a\x0bb\x0cc\x85\nDoctor: Take ibuprofen 400 mg.",
    "wide": "Doctor: ＨＥＬＬＯ ﬁne.\nDoctor: Take ibuprofen\u00a0400\u202fmg.",
    "other_scripts": "Doctor: Привіт, 你好, שלום.\nDoctor: Take ibuprofen 400 mg.",
}


@pytest.mark.parametrize("transcript", ODD.values(), ids=ODD)
async def test_odd_text_is_stored_as_it_came_and_quoted_exactly(offline: Service, transcript: str) -> None:
    told = await offline.extract(transcript)
    assert await stored_text(offline, told) == transcript
    items = [item for items in told["extraction"].values() if isinstance(items, list) for item in items]
    proofs = [proof for item in items for proof in item["evidence"]]
    assert all(transcript[proof["start"] : proof["end"]] == proof["quote"] for proof in proofs)
    medicines = told["extraction"]["medication_instructions"]
    assert [item["medication_name"].casefold() for item in medicines] == ["ibuprofen"]
    assert medicines[0]["evidence"]


@pytest.mark.parametrize("name", ["right_to_left", "tags"])
async def test_what_a_reader_would_not_see_is_kept_from_the_model(open_service: OpenService, name: str) -> None:
    service = await open_service(ScriptedProvider())
    told = await service.extract(ODD[name], notes="\u202eab\U000e0041c")
    asked = service.provider.prompt()
    assert not any(hidden in asked for hidden in "\u202e\u202c\u2067\u2069\u200b\U000e0041\U000e0049\U000e0047")
    assert "| abc" in asked
    assert await stored_text(service, told) == ODD[name]
