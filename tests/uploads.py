"""Files made by hand, and how a test uploads one."""

import io
import zipfile
from typing import Any

import docx
import httpx
import orjson
from pypdf import PdfReader, PdfWriter

from tests.conftest import Service, new_user

LINES = ["Doctor: Take ibuprofen 400 mg twice a day.", "Patient: All right, I will."]


def a_pdf(*lines: str, meaning: bytes = b"", page: tuple[bytes, bytes] | None = None) -> bytes:
    """A one-page PDF, written by hand; `meaning` pairs codes of the font with UTF-16, as "<41> <0061>".

    `page` is another content stream in the place of the lines, and what stands in its dictionary.
    """
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    stream, how = page or (f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET".encode(), b"")
    character_map = b"1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"
    if meaning:
        character_map += b"1 beginbfchar\n%s\nendbfchar\n" % meaning
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica"
        b" /ToUnicode 5 0 R >> >> >> >>",
        b"<< /Length %d %s>>\nstream\n%s\nendstream" % (len(stream), how, stream),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(character_map), character_map),
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    ending = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 6\n0000000000 65535 f \n" + table + ending


def an_encrypted_pdf(user_password: str, algorithm: str = "RC4-128") -> bytes:
    writer, out = PdfWriter(PdfReader(io.BytesIO(a_pdf(*LINES)))), io.BytesIO()
    writer.encrypt(user_password, owner_password="owner", algorithm=algorithm)
    writer.write(out)
    return out.getvalue()


def a_docx(*lines: str) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def a_docx_of(body: str, encoding: str = "utf-8", doctype: str = "") -> bytes:
    """A Word document with this XML as its body."""
    namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    head = f'<?xml version="1.0" encoding="{encoding}"?>{doctype}'
    xml = f"{head}<w:document {namespace}><w:body>{body}</w:body></w:document>"
    return with_member(a_docx(), "word/document.xml", xml.encode(encoding))


def with_member(document: bytes, name: str, content: bytes) -> bytes:
    """The same Word document with another part in the place of one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return out.getvalue()


def a_zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


async def post(service: Service, content: bytes, name: str = "visit.bin", **options: Any) -> httpx.Response:
    form = {"options": orjson.dumps({"user": new_user(), **options}).decode()}
    return await service.client.post("/extract/file", files={"file": (name, content)}, data=form)


async def stored_text(service: Service, told: dict[str, Any]) -> str:
    return str((await service.get(f"/transcripts/{told['transcript_id']}"))["text"])


async def text_read(service: Service, content: bytes) -> str:
    """What the service stored as the transcript; every file has to be readable."""
    response = await post(service, content)
    assert response.status_code == 201, response.text
    return await stored_text(service, response.json())
