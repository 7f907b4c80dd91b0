"""Text of a Word document: paragraphs and table rows in the order of the page."""

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

import docx
from docx.opc.part import XmlPart
from docx.oxml.ns import qn

from app.errors import UnreadableDocument
from app.language.turns import is_speaker, opens_with_label

# A transcript of the longest visit is a fraction of this; a document that unpacks to more is not one.
UNPACKED_LIMIT = 50_000_000
_PARAGRAPH, _TABLE = qn("w:p"), qn("w:tbl")
# python-docx's own `Paragraph.text` leaves out tracked insertions and content controls. Text that was moved elsewhere
# and boxes beside the text (which come twice, for old and new readers) are no part of the paragraph.
_RUNS = ".//w:r[not(ancestor::w:moveFrom or ancestor::w:txbxContent)]"
_ROWS = "./w:tr | ./w:sdt/w:sdtContent/w:tr"
_CELLS = "./w:tc | ./w:sdt/w:sdtContent/w:tc"


def text_of_word(content: bytes) -> str:
    """One line a paragraph or table row; raises `UnreadableDocument`, and whatever python-docx and lxml raise."""
    _refuse_bomb(content)
    document = docx.Document(io.BytesIO(content))
    _refuse_dtd(document)
    return "\n".join(_lines(document.element.body))


def _refuse_bomb(content: bytes) -> None:
    """Counts what really unpacks, since the sizes that an archive declares may lie."""
    left = UNPACKED_LIMIT
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            with archive.open(member) as part:
                while chunk := part.read(1 << 16):
                    left -= len(chunk)
                    if left < 0:
                        raise UnreadableDocument("The Word document unpacks to too much.")


def _refuse_dtd(document: Any) -> None:
    """Asks the parser, which knows every encoding; the Open Packaging Conventions forbid a DTD."""
    for part in document.part.package.iter_parts():
        if isinstance(part, XmlPart) and part.element.getroottree().docinfo.internalDTD is not None:
            raise UnreadableDocument("The Word document holds a DTD.")


def _lines(parent: Any) -> Iterator[str]:
    """What stands in the body, in a cell or in what only wraps other content, such as a content control."""
    for child in parent:
        if child.tag == _PARAGRAPH:
            yield "".join(run.text for run in child.xpath(_RUNS))
        elif child.tag == _TABLE:
            yield from _row_lines(child)
        else:
            yield from _lines(child)


def _row_lines(table: Any) -> Iterator[str]:
    """One line a row: "name: words" where the first cell names a speaker, else the cells side by side."""
    rows = [
        [text for cell in row.xpath(_CELLS) if (text := "\n".join(_lines(cell)).strip())] for row in table.xpath(_ROWS)
    ]
    times = Counter(_name(cells) for cells in rows if len(cells) == 2)
    for cells in rows:
        if len(cells) > 1 and opens_with_label(f"{_name(cells)}:") and is_speaker(_name(cells), times):
            yield f"{_name(cells)}: {' '.join(cells[1:])}"
        elif cells:
            yield " ".join(cells)


def _name(cells: list[str]) -> str:
    return cells[0].rstrip(": ")
