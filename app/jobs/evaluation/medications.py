"""Scores medication names and doses against those that the clinician's own note names."""

from collections import Counter
from dataclasses import dataclass

from app.jobs.evaluation.attributes import Verdict, judge
from app.jobs.evaluation.counts import Counts
from app.jobs.evaluation.labelled import Answer, LabelledVisit
from app.language.drugs import canonical_name


@dataclass(frozen=True, slots=True)
class MedicationComparison:
    """Drug keys of one visit, and (drug, noted dose, answered dose, verdict) of each found drug with a noted dose."""

    found: list[str]
    missed: list[str]
    false_alarms: list[str]
    doses: list[tuple[str, str, str | None, Verdict]]

    @property
    def counts(self) -> Counts:
        return Counts(len(self.found), len(self.false_alarms), len(self.missed))

    @property
    def dose_verdicts(self) -> Counter[Verdict]:
        return Counter(verdict for *_, verdict in self.doses)


def compare_medications(visit: LabelledVisit, answer: Answer) -> MedicationComparison:
    """Compares sets of drugs; the visit must have note facts.

    Drugs that the note names only in passing, drug classes, and drugs of the visit's labelled orders that the note
    leaves out are neither rewarded nor punished. Declined and past medicines of the answer are left out.
    """
    facts = visit.note_facts or {}
    wanted = {canonical_name(name) for name in facts.get("medications", [])}
    neutral = {
        canonical_name(name) for name in facts.get("medications_optional", []) + facts.get("medication_classes", [])
    }
    neutral |= {
        canonical_name(order["description"]) for order in visit.orders or [] if order["order_type"] == "medication"
    }
    items = [item for item in answer["medication_instructions"] if item["commitment"] not in {"declined", "historical"}]
    answered = {canonical_name(item["medication_name"]): item["dosage"] for item in items}
    return MedicationComparison(
        found=sorted(wanted & answered.keys()),
        missed=sorted(wanted - answered.keys()),
        false_alarms=sorted(answered.keys() - wanted - neutral),
        doses=_doses(facts.get("medication_doses", []), answered),
    )


def _doses(noted: list[str], answered: dict[str, str | None]) -> list[tuple[str, str, str | None, Verdict]]:
    """With several noted doses of one drug, one verdict: right if any of them is right."""
    verdicts: dict[str, tuple[str, str, str | None, Verdict]] = {}
    for fact in noted:
        name, amount, unit = fact.rsplit(" ", 2)
        key, dose = canonical_name(name), f"{amount} {unit}"
        if key in answered:
            verdict = judge("dosage", dose, answered[key])
            if key not in verdicts or verdict == "right":
                verdicts[key] = (key, dose, answered[key], verdict)
    return list(verdicts.values())
