"""Gives an item's values in the words of its quotes, as the orders of the task are worded."""

import re

from app.jobs.evaluation.labelled import Item
from app.language.doses import find_doses, same_dose

_VISIT_CUE = re.compile(
    r"\b(?:(?:see|seeing|meet with) (?:you|me|us|him|her|them|the doctor)(?: (?:back|again))?|"
    r"com(?:e|ing) back(?: in)?|follow(?:ing)?[- ]?ups?|followup|return(?: visit)?|"
    r"(?:book|make|schedule) (?:an|another) appointment|(?:next|another) (?:appointment|visit)|check back|be back)\b",
    re.IGNORECASE,
)


def dose_as_said(item: Item) -> str | None:
    """The dose in the words of a quote that holds the same dose ("forty milligrams"), else as the item gives it."""
    dosage: str | None = item["dosage"]
    wanted = find_doses(dosage or "")
    for quote in item["evidence"]:
        for dose in find_doses(quote["quote"]):
            if wanted and same_dose(dose, wanted[0]):
                return str(quote["quote"][dose.start : dose.end])
    return dosage


def visit_as_said(item: Item) -> str:
    """The words of a quote that ask for a return visit ("see you back"), then when it is due."""
    cue = next((found[0] for quote in item["evidence"] if (found := _VISIT_CUE.search(quote["quote"]))), None)
    return " ".join(part for part in (cue or item["description"], item["due"]) if part)
