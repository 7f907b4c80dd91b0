"""The export for spreadsheets: one row a finding, as RFC 4180 asks, and no cell that a spreadsheet would compute."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from app.exports.visit import ExportedVisit
from app.extraction.matching import main_text
from app.findings import ITEM_TYPES
from app.review.decisions import ReviewedItem

# What a spreadsheet takes for a formula, full-width forms included (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NOT_SHOWN = {"evidence", "commitment"}
_FIELDS = tuple(
    dict.fromkeys(name for kind in ITEM_TYPES.values() for name in kind.model_fields if name not in _NOT_SHOWN)
)
COLUMNS = (
    *("list", "id", "finding", "commitment", "due_date"),
    # The clinic's own categories have a column of that name, which the list's name must not hide.
    *_FIELDS,
    *("quotes", "turns", "speakers", "verification", "confidence", "flags"),
    *("state", "origin", "signed", "reviewer", "reviewed_at"),
)


def as_table(visit: ExportedVisit) -> bytes:
    """CSV in UTF-8 with the mark by which spreadsheets know it; a guarded cell begins with an apostrophe."""
    written = io.StringIO(newline="")
    rows = csv.DictWriter(written, COLUMNS, restval="", lineterminator="\r\n")
    rows.writeheader()
    for item in visit.kept:
        rows.writerow({name: guarded(value) for name, value in _row(item, visit).items()})
    return written.getvalue().encode("utf-8-sig")


def guarded(value: Any) -> str:
    """A cell's text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(item: ReviewedItem, visit: ExportedVisit) -> Mapping[str, Any]:
    values, quotes = item.values, item.values["evidence"]
    return {
        **{name: values[name] for name in COLUMNS if name in values},
        "list": item.category,
        "finding": main_text(item.category, values),
        "quotes": " … ".join(quote["quote"] for quote in quotes),
        "turns": " ".join(str(quote["turn"]) for quote in quotes),
        "speakers": " … ".join(dict.fromkeys(quote["speaker"] or "?" for quote in quotes)),
        "flags": " ".join(values["flags"]),
        "state": item.state,
        "origin": item.origin,
        "signed": "yes" if visit.signed else "no",
        "reviewer": visit.reviewer,
        "reviewed_at": visit.reviewed_at,
    }
