"""Text of an uploaded file: plain text, WebVTT captions, PDF or Word, told apart by content, never by name."""

import asyncio
import io
import re
import zipfile

import docx
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from app.errors import UnreadableDocument
from app.settings import Settings

# A transcript of the longest visit is a fraction of this; a document that unpacks to more is not one.
UNPACKED_LIMIT = 50_000_000
_CUE_TIME = re.compile(r"^\s*(?:\d+:)?\d{2}:\d{2}[.,]\d{3}\s+-->\s+.*$")
_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
_MARKUP = re.compile(r"</?[a-z0-9:.][^>]*>", re.IGNORECASE)


async def read_document(content: bytes, settings: Settings) -> str:
    """The text of the file; raises `UnreadableDocument`. In a thread, since parsing is slow and blocking."""
    try:
        async with asyncio.timeout(settings.upload_timeout_s):
            return await asyncio.to_thread(_text_of, content)
    except TimeoutError:
        raise UnreadableDocument("The file takes too long to read.") from None


def _text_of(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return _pdf(content)
    if content.startswith(b"PK\x03\x04"):
        return _docx(content)
    text = _plain(content)
    return _captions(text) if text.lstrip("\ufeff").startswith("WEBVTT") else text


def _plain(content: bytes) -> str:
    """UTF-8, or UTF-16 where a byte order mark says so."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableDocument("The file is neither UTF-8 text nor a PDF or Word document.") from None


def _captions(text: str) -> str:
    """WebVTT cues as lines "Speaker: words"; a cue without a voice goes on the last speaker's line."""
    lines: list[str] = []
    for block in re.split(r"\r?\n[ \t]*\r?\n", text.strip()):
        for line in _cue_text(block.splitlines()):
            voice = _VOICE.search(line)
            words = _MARKUP.sub("", _VOICE.sub("", line)).strip()
            if voice or not lines:
                lines.append(f"{voice[1].strip()}: {words}" if voice else words)
            elif words:
                lines[-1] += f" {words}"
    return "\n".join(lines)


def _cue_text(block: list[str]) -> list[str]:
    """The lines below a block's time line; headers, notes and styles have none."""
    times = [number for number, line in enumerate(block) if _CUE_TIME.match(line)]
    return block[times[0] + 1 :] if times else []


def _pdf(content: bytes) -> str:
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise UnreadableDocument("The PDF is encrypted.")
        text = "\n".join(page.extract_text() for page in reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError, OSError, AttributeError, IndexError):
        raise UnreadableDocument("The PDF is damaged.") from None
    if not text.strip():
        raise UnreadableDocument("The PDF holds no text; scanned pages are not read.")
    return text


def _docx(content: bytes) -> str:
    try:
        _refuse_bomb(content)
        document = docx.Document(io.BytesIO(content))
        return "\n".join(paragraph.text for paragraph in document.paragraphs)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise UnreadableDocument("The file is not a Word document.") from None


def _refuse_bomb(content: bytes) -> None:
    """Counts what really unpacks, since the sizes that an archive declares may lie; a DTD has no place in one."""
    left = UNPACKED_LIMIT
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            before = b""
            with archive.open(member) as part:
                while chunk := part.read(1 << 16):
                    left -= len(chunk)
                    if left < 0 or b"<!DOCTYPE" in before + chunk:
                        raise UnreadableDocument("The Word document unpacks to too much, or holds a DTD.")
                    before = chunk[-8:]  # the mark may lie across two chunks
