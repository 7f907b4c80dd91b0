"""Turns a model's items into findings: merged, each with true evidence, a verdict, a due date and a confidence."""

from datetime import date
from functools import lru_cache
from typing import Any

from uuid_utils import uuid7

from app.extraction.answer import PATIENT_REPORTED, SET_ASIDE_COMMITMENTS, Answer, Ledger
from app.extraction.claims import is_everyday
from app.extraction.evidence import Searchable
from app.extraction.lost_quotes import LostQuotes
from app.extraction.matching import main_text, same_drug
from app.extraction.verification import Checked, check
from app.extraction.visit import Visit
from app.findings import ITEM_TYPES
from app.language.dues import due_date

# The item's words stand in a turn that seems to speak to the machine; nobody should act on it unread.
ADDRESSED_TO_A_MODEL = "addressed_to_a_model"
# First, plain estimates of how often an item with that verdict is right.
_CONFIDENCE = {"verified": 0.9, "repaired": 0.75, "contradicted": 0.2, "unsupported": 0.1}
_DETAILS = ("value", "assertion", "task_type", "due")


def check_findings(visit: Visit, answer: Answer) -> dict[str, list[dict[str, Any]]]:
    """The findings by category, as the API gives them; what was merged goes into the answer's ledger.

    What was set aside as declined or historical gets its evidence too: a reviewer wants to see the words.
    """
    searchable, lost = Searchable(visit.text, visit.turns), LostQuotes(visit)
    set_aside = [entry for entry in answer.ledger.rejected if entry["reason"] in SET_ASIDE_COMMITMENTS]
    listed = [(category, item) for category, items in answer.items.items() for item in items]
    searchable.read_ahead([*listed, *((entry["category"], entry["item"]) for entry in set_aside)])
    for entry in set_aside:
        entry["item"] = _finding(entry["category"], entry["item"], visit, searchable, lost)
    return {
        category: [
            finding
            for item in _without_repeats(category, answer.items[category], answer.ledger)
            if not _only_reported(
                finding := _finding(category, item, visit, searchable, lost), category, visit, answer.ledger
            )
        ]
        for category in ITEM_TYPES
    }


def expected_findings(visit: Visit, answer: Answer) -> dict[str, list[dict[str, Any]]]:
    """The items of which most likely findings are made, by category, before anything is checked."""
    return {
        category: [item for item in items if not _is_only_reported(category, item, visit)]
        for category, items in answer.items.items()
    }


def _with_found_quotes(category: str, item: dict[str, Any], searchable: Searchable, lost: LostQuotes) -> Checked | None:
    """The verdict on the item with words that were found for it, if these prove all of it; both quotes are shown."""
    found = lost.find(category, item)
    checked = check(category, {**item, "evidence": found}, searchable)
    if checked.verification not in ("verified", "repaired"):
        return None
    checked.verification = "repaired"
    checked.flags.append("quote_found_again")
    checked.repairs += [
        {"field": "evidence", "from": given["quote"], "to": quote["quote"]}
        for given, quote in zip(item["evidence"] or [{"quote": None}], found, strict=False)
    ]
    return checked


def _flags(evidence: list[dict[str, Any]], searchable: Searchable) -> list[str]:
    for quote in evidence:
        if searchable.is_to_a_model(quote["turn"]):
            return [ADDRESSED_TO_A_MODEL]
    return []


def _only_reported(finding: dict[str, Any], category: str, visit: Visit, ledger: Ledger) -> bool:
    """Whether a finding is only reported, and so belongs into the ledger, where it is put."""
    if not _is_only_reported(category, finding, visit):
        return False
    ledger.reject(category, PATIENT_REPORTED, finding)
    return True


def _is_only_reported(category: str, item: dict[str, Any], visit: Visit) -> bool:
    """Whether a medicine is only one that the patient says they take: known to the clinic now, but no instruction."""
    if category != "medication_instructions" or item["commitment"] != "continuing" or not item["evidence"]:
        return False
    turns, numbers = visit.turns, [quote["turn"] for quote in item["evidence"]]
    return all(0 < number <= len(turns) and turns[number - 1].role == "patient" for number in numbers)


def _finding(
    category: str, item: dict[str, Any], visit: Visit, searchable: Searchable, lost: LostQuotes
) -> dict[str, Any]:
    checked = check(category, item, searchable)
    if not checked.evidence:
        checked = _with_found_quotes(category, item, searchable, lost) or checked
    finding = {"id": str(uuid7()), **item, **checked.mended}
    if "due" in finding:
        finding["due_date"] = due_day(finding["due"], visit.visit_date)
    finding["evidence"] = checked.evidence
    finding["verification"] = checked.verification
    finding["confidence"] = _CONFIDENCE[checked.verification]
    finding["flags"] = checked.flags + _flags(checked.evidence, searchable)
    finding["repairs"] = checked.repairs
    return finding


def due_day(due: str | None, visit_date: date | None) -> str | None:
    """The `due_date` of an item: the day that the words of its `due` mean, seen from the visit."""
    if not due or not visit_date:
        return None
    found = (_everyday_due if is_everyday(due) else due_date)(due, visit_date)
    return found.isoformat() if found else None


@lru_cache(4096)
def _everyday_due(phrase: str, visit_date: date) -> date | None:
    return due_date(phrase, visit_date)


def _without_repeats(category: str, items: list[dict[str, Any]], ledger: Ledger) -> list[dict[str, Any]]:
    """The items, one of each; a repeat gives its quotes to the first and is noted as merged."""
    if len(items) < 2:
        return items
    kept: list[dict[str, Any]] = []
    alike: dict[tuple[str | None, ...], list[dict[str, Any]]] = {}
    for item in items:
        others = alike.setdefault(_details(category, item), [])
        first = next((other for other in others if _same(category, item, other)), None)
        if first is None:
            kept.append(item)
            others.append(item)
        else:
            first["evidence"] += [quote for quote in item["evidence"] if quote not in first["evidence"]]
            ledger.merged.append({"category": category, "item": item})
    return kept


def _details(category: str, item: dict[str, Any]) -> tuple[str | None, ...]:
    """What is equal in items that say the same; two doses of one drug are two instructions."""
    if category == "medication_instructions":
        return item["dosage"], item["frequency"], item["status"]
    return main_text(category, item).casefold(), *map(item.get, _DETAILS)


def _same(category: str, item: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two items whose details are equal say the same: of medicines, under whatever name."""
    if category != "medication_instructions":
        return True
    return same_drug(main_text(category, item), main_text(category, other))
