"""Text of a PDF."""

import io

from pypdf import PdfReader

from app.errors import UnreadableDocument


def text_of_pdf(content: bytes) -> str:
    """One line for each line on the pages; raises `UnreadableDocument`, and whatever pypdf raises."""
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):  # many are only kept from changes, and open for anyone
        raise UnreadableDocument("The PDF is encrypted.")
    text = "\n".join(page.extract_text() for page in reader.pages)
    if not text.strip():
        raise UnreadableDocument("The PDF holds no text; scanned pages are not read.")
    return text
