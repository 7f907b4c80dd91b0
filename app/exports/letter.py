"""The export for the patient: an after-visit summary in plain words and large type, as a Word document."""

import io
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from docx import Document
from docx.document import Document as Letter
from docx.shared import Cm, Pt, RGBColor

from app.exports.visit import ExportedVisit
from app.extraction.prompt import visible
from app.language.procedures import find_procedures
from app.review.decisions import Item, ReviewedItem

_INK, _WARNING = RGBColor(0x1A, 0x1A, 0x1A), RGBColor(0x9C, 0x1C, 0x1C)
_HOW = {
    "start": "Start taking {}",
    "continue": "Keep taking {}",
    "change": "Take {} in a new way",
    "stop": "Stop taking {}",
}
_VISIT = re.compile(r"\b(?:appointment|visit|come (?:back|in)|see|check-?up|follow-?up|clinic|refer\w*|test)\b", re.I)
_BY_CLINIC = "Your clinic will do this: "


def as_letter(visit: ExportedVisit) -> bytes:
    """The bytes of a .docx; only what concerns the patient is in it: no problem list, no scores, no quotes."""
    letter = _blank(visit)
    items = visit.kept
    _section(letter, "Your medicines", filter(_is_medicine, items), _write_medicine)
    _section(letter, "What to do", filter(_is_to_do, items), _write_line)
    _section(letter, "Appointments and tests", filter(_is_appointment, items), _write_line)
    _section(letter, "When to call us", filter(_is_condition, items), _write_line)
    if not any(_place(item) for item in items):
        letter.add_paragraph("Nothing was noted that you have to do.")
    _sign(letter, visit)
    written = io.BytesIO()
    letter.save(written)
    return written.getvalue()


def _blank(visit: ExportedVisit) -> Letter:
    letter = Document()
    page = letter.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2.2)
    for style, size, before in (("Normal", 14, 0), ("List Bullet", 14, 0), ("Heading 1", 20, 18), ("Title", 28, 0)):
        _set_style(letter.styles[style], Pt(size), Pt(before))
    properties = letter.core_properties
    properties.title, properties.author, properties.comments = "After-visit summary", "medextract", ""
    letter.add_paragraph("After your visit", style="Title")
    if not visit.signed:
        _add(letter.add_paragraph(), "Draft: no clinician has checked this yet. Do not act on it.", True, _WARNING)
    letter.add_paragraph(" ".join(filter(None, (_visit_day(visit), _clinician(visit)))))
    return letter


def _set_style(style: Any, size: Pt, before: Pt) -> None:
    """The template's own styles take fonts from a theme and let the space between bullets go; both are switched off."""
    font, spacing = style.font, style.paragraph_format
    font.name, font.size, font.color.rgb = "Arial", size, _INK
    fonts = style.element.rPr.rFonts
    for name in [name for name in fonts.attrib if name.endswith("Theme")]:
        del fonts.attrib[name]
    for contextual in style.element.xpath("w:pPr/w:contextualSpacing"):
        contextual.getparent().remove(contextual)
    spacing.space_before, spacing.space_after, spacing.line_spacing = before, Pt(8), 1.2


def _section(
    letter: Letter, heading: str, items: Iterable[ReviewedItem], write: Callable[[Letter, Item, str], None]
) -> None:
    """Only what there is gets a heading."""
    for place, item in enumerate(items):
        if place == 0:
            letter.add_heading(heading, level=1)
        write(letter, item.values, item.category)


def _place(item: ReviewedItem) -> str | None:
    """The one section that an item belongs to; None for what is not the patient's to read here."""
    values = item.values
    if item.category == "medication_instructions":
        return "medicine"
    if item.category not in ("follow_up_tasks", "patient_reminders", "clinician_todos"):
        return None
    if values["commitment"] == "conditional":
        return "condition"
    if item.category == "clinician_todos":
        return "appointment" if values["task_type"] in ("referral", "test_order", "follow_up") else None
    if item.category == "patient_reminders":
        return "appointment" if values["reminder_type"] in ("appointment", "test") else "to_do"
    return "appointment" if _is_a_visit(values["description"]) else "to_do"


def _is_a_visit(description: str) -> bool:
    return bool(_VISIT.search(description) or find_procedures(description))


def _is_medicine(item: ReviewedItem) -> bool:
    return _place(item) == "medicine"


def _is_to_do(item: ReviewedItem) -> bool:
    return _place(item) == "to_do"


def _is_appointment(item: ReviewedItem) -> bool:
    return _place(item) == "appointment"


def _is_condition(item: ReviewedItem) -> bool:
    return _place(item) == "condition"


def _write_medicine(letter: Letter, item: Item, _category: str) -> None:
    paragraph = letter.add_paragraph(style="List Bullet")
    _add(paragraph, _HOW[item["status"]].format(item["medication_name"]), bold=True)
    how = ", ".join(filter(None, (item["dosage"], item["frequency"], _lasting(item["duration"]), item["route"])))
    told = (how, f"for {item['reason']}" if item["reason"] else None, item["special_instructions"])
    for text in filter(None, told):
        paragraph.add_run().add_break()
        _add(paragraph, text[0].upper() + text[1:])


def _write_line(letter: Letter, item: Item, category: str) -> None:
    paragraph = letter.add_paragraph(style="List Bullet")
    by_clinic = category == "clinician_todos" or item.get("assigned_to") == "clinician"
    _add(paragraph, (_BY_CLINIC if by_clinic else "") + item["description"])
    if when := _when(item):
        paragraph.add_run().add_break()
        _add(paragraph, f"When: {when}", bold=True)


def _sign(letter: Letter, visit: ExportedVisit) -> None:
    letter.add_heading("About this page", level=1)
    lines = [visit.notice, *([_checked_by(visit)] if visit.signed else [])]
    for line in lines:
        letter.add_paragraph(line).paragraph_format.keep_with_next = True
    letter.add_paragraph("If something here is not what you remember, call your clinic.")


def _checked_by(visit: ExportedVisit) -> str:
    review = visit.run.review
    day = f" on {_day(datetime.fromisoformat(review['reviewed_at']).date())}" if review.get("reviewed_at") else ""
    name = visible(visit.run.clinician or "your clinician")
    if review.get("reviewer_user_id") == str(visit.run.user_id):
        return f"Checked by {name}{day}."
    return f"Checked for {name}{day} (signed by: {visible(visit.reviewer or 'unknown')})."


def _visit_day(visit: ExportedVisit) -> str | None:
    return f"Your visit on {_day(visit.run.visit_date)}" if visit.run.visit_date else "Your visit"


def _clinician(visit: ExportedVisit) -> str | None:
    return f"with {visible(visit.run.clinician)}." if visit.run.clinician else None


def _when(item: Item) -> str | None:
    day = _day(date.fromisoformat(item["due_date"])) if item.get("due_date") else None
    return f"{item['due']} ({day})" if item["due"] and day else item["due"]


def _lasting(duration: str | None) -> str | None:
    return duration if duration is None or duration.startswith(("for ", "until ")) else f"for {duration}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _add(paragraph: Any, text: str, bold: bool = False, color: RGBColor | None = None) -> None:
    """Text as a reader would see it: without control characters, which a .docx cannot hold."""
    run = paragraph.add_run(visible(text))
    run.bold = bold
    if color is not None:
        run.font.color.rgb = color
