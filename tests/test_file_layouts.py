"""How captions, tables and tracked changes become lines of a transcript."""

import io
from collections.abc import Sequence

import docx
import pytest

from tests.conftest import Service
from tests.uploads import a_docx_of, a_pdf, text_read

CUE = "00:00:0{number}.000 --> 00:00:0{number}.900"


def vtt(*cues: str) -> str:
    return "\n\n".join(["WEBVTT", *(f"{CUE.format(number=number)}\n{cue}" for number, cue in enumerate(cues))])


CAPTIONS = {
    "named_before_a_colon": (
        ("Ann Lee: Take ibuprofen 400 mg", "twice a day.", "Bo Roy: All right.", "Ann Lee: Good."),
        ("Ann Lee: Take ibuprofen 400 mg twice a day.", "Bo Roy: All right.", "Ann Lee: Good."),
    ),
    "named_in_a_second_line": (("Ann: Hello.\nBo: Hello.",), ("Ann: Hello.", "Bo: Hello.")),
    "brackets": (
        ("[Doctor] Sleep more.", "[laughs] Yes, more.", "[Patient] Fine."),
        ("[Doctor] Sleep more. [laughs] Yes, more.", "[Patient] Fine."),
    ),
    "a_time_is_no_name": (
        ("Doctor: Come back tomorrow", "at 10:30 or later."),
        ("Doctor: Come back tomorrow at 10:30 or later.",),
    ),
    "nobody_named": (("Hello.", "How are you?"), ("Hello. How are you?",)),
    "two_voices_in_a_line": (
        ("<v Ann>Hello.</v> <v Bo>Hello.</v>", "Nice day."),
        ("Ann: Hello.", "Bo: Hello. Nice day."),
    ),
    "voices_and_colons": (("<v Ann>Hello.", "Bo: Hello."), ("Ann: Hello.", "Bo: Hello.")),
    "entities": (
        ("<v Ann &amp; Co>Less than 5&nbsp;mg &lt;once&gt; &#39;daily&#39;",),
        ("Ann & Co: Less than 5 mg <once> 'daily'",),
    ),
    "markup": (("<v Ann><c.loud>Take</c> <00:00:00.500><i>two</i></v>",), ("Ann: Take two",)),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=ascii)
@pytest.mark.parametrize(("cues", "lines"), CAPTIONS.values(), ids=CAPTIONS)
async def test_captions_become_lines(scripted: Service, cues: list[str], lines: list[str], newline: str) -> None:
    content = vtt(*cues).replace("\n", newline).encode()
    assert (await text_read(scripted, content)).split("\n") == list(lines)


async def test_captions_without_empty_lines_between_them(scripted: Service) -> None:
    content = vtt("Ann: Hello.", "Bo: Hello.").replace("\n\n", "\n").encode()
    assert await text_read(scripted, content) == "Ann: Hello.\nBo: Hello."


async def test_a_text_that_only_begins_like_captions(scripted: Service) -> None:
    assert await text_read(scripted, b"WEBVTTs are nice.\nDoctor: Yes.") == "WEBVTTs are nice.\nDoctor: Yes."


def with_table(*rows: Sequence[str]) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph("Before")
    table = document.add_table(0, len(rows[0]))
    for row in rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    document.add_paragraph("After")
    document.save(out)
    return out.getvalue()


TABLES = {
    "known_parts": (
        (("Doctor", "Take ibuprofen."), ("Patient:", "All right."), ("", "I will.")),
        ("Doctor: Take ibuprofen.", "Patient: All right.", "I will."),
    ),
    "names_that_come_back": (
        (("Ann", "Hello."), ("Bo", "Hello."), ("Ann", "Bye."), ("Plan", "rest"), ("Bo", "Bye.")),
        ("Ann: Hello.", "Bo: Hello.", "Ann: Bye.", "Plan rest", "Bo: Bye."),
    ),
    "words_in_more_cells": ((("Doctor", "Take", "two."),), ("Doctor: Take two.",)),
    "medicines": (
        (("ibuprofen", "400 mg", "daily"), ("ibuprofen", "200 mg", "at night")),
        ("ibuprofen 400 mg daily", "ibuprofen 200 mg at night"),
    ),
    "a_frame_around_it_all": ((("Doctor: Hello.\nPatient: Hello.",),), ("Doctor: Hello.", "Patient: Hello.")),
    "empty_rows": ((("", ""), ("Doctor", "Hello."), ("", " ")), ("Doctor: Hello.",)),
}


@pytest.mark.parametrize(("rows", "lines"), TABLES.values(), ids=TABLES)
async def test_table_rows_become_lines(scripted: Service, rows: list[list[str]], lines: list[str]) -> None:
    assert (await text_read(scripted, with_table(*rows))).split("\n") == ["Before", *lines, "After"]


def run(words: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'


MARKED_UP = {
    "runs": (
        f"<w:p>{run('Take')}{run(' ')}{run('400')}<w:r><w:tab/><w:t>mg</w:t><w:br/></w:r></w:p>",
        "Take 400\tmg\n",
    ),
    "tab_stops": (f'<w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr>{run("Take")}</w:p>', "Take"),
    "inserted": (f"<w:p>{run('Take ')}<w:ins>{run('400')}</w:ins></w:p>", "Take 400"),
    "deleted": (f"<w:p>{run('Take')}<w:del><w:r><w:delText> 400</w:delText></w:r></w:del></w:p>", "Take"),
    "moved": (f"<w:p><w:moveFrom>{run('a')}</w:moveFrom>{run('b')}<w:moveTo>{run('a')}</w:moveTo></w:p>", "ba"),
    "control": (
        f"<w:sdt><w:sdtContent><w:p>{run('Take')}</w:p></w:sdtContent></w:sdt><w:p>{run('it')}</w:p>",
        "Take\nit",
    ),
    "link": (f"<w:p>{run('Take ')}<w:hyperlink>{run('this')}</w:hyperlink></w:p>", "Take this"),
    "box": (
        f"<w:p>{run('Take')}<w:r><w:pict><w:txbxContent><w:p>{run('Ad')}</w:p></w:txbxContent></w:pict></w:r></w:p>",
        "Take",
    ),
    "merged_cells": (
        f'<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p>{run("Visit")}</w:p></w:tc></w:tr></w:tbl>',
        "Visit",
    ),
    "a_table_in_a_table": (
        f"<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc><w:p>{run('Doctor')}</w:p></w:tc><w:tc><w:p>{run('Yes')}</w:p></w:tc>"
        "</w:tr></w:tbl></w:tc></w:tr></w:tbl>",
        "Doctor: Yes",
    ),
}


@pytest.mark.parametrize(("body", "text"), MARKED_UP.values(), ids=MARKED_UP)
async def test_what_stands_on_the_page_is_read(scripted: Service, body: str, text: str) -> None:
    assert await text_read(scripted, a_docx_of(body)) == text


@pytest.mark.parametrize(("shown", "text"), [("Yes AB", "Yes 🙂"), ("Yes A", "Yes \ufffd")])
async def test_halves_of_characters_in_a_pdf(scripted: Service, shown: str, text: str) -> None:
    assert await text_read(scripted, a_pdf(shown, meaning=b"<41> <D83D>\n<42> <DE42>")) == text
