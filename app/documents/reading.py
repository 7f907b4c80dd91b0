"""Text of an uploaded file: plain text, WebVTT captions, PDF or Word, told apart by content, never by name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.documents.captions import is_captions, spoken_lines
from app.documents.confined import text_in_child
from app.errors import UnreadableDocument

if TYPE_CHECKING:  # the child process imports this package too, and must start fast
    from app.settings import Settings

# The first bytes of a file that is parsed apart, and the parser's name.
_PARSED_APART = {b"%PDF-": "pdf", b"PK\x03\x04": "word"}


async def read_document(content: bytes, settings: Settings) -> str:
    """The text of the file; raises `UnreadableDocument`, or `Overloaded` when too many files are being parsed.

    A text over `max_transcript_chars` may come cut, but still over that limit.
    """
    for mark, parser in _PARSED_APART.items():
        if content.startswith(mark):
            return await text_in_child(parser, content, settings.upload_timeout_s, settings.max_transcript_chars)
    return await asyncio.to_thread(_text_of, content)


def _text_of(content: bytes) -> str:
    text = _plain(content)
    return spoken_lines(text) if is_captions(text) else text


def _plain(content: bytes) -> str:
    """UTF-8, or UTF-16 where a byte order mark says so."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableDocument("The file is neither UTF-8 text nor a PDF or Word document.") from None
