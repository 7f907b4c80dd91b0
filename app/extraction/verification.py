"""Checks an item against what was said: every value that it claims has to stand in its quotes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.extraction.claims import Claim, claims_of, subject_field, subject_of, values_told
from app.extraction.evidence import Located, Searchable
from app.extraction.grounding import are_classes, drugs_named, ground_drug, ground_words, medicines_in
from app.extraction.polarity_check import contradiction, is_against, missing_negation
from app.extraction.support import Region, find_support, is_said_anywhere
from app.extraction.values import Value

Verification = Literal["verified", "repaired", "contradicted", "unsupported"]
# Worst first: the verdict of an item is the worst of its parts.
_WORST_FIRST: tuple[Verification, ...] = ("contradicted", "unsupported", "repaired", "verified")


@dataclass(slots=True)
class Checked:
    """An item's true quotes and the verdict on it.

    `evidence`: as the API gives it, [{quote, start, end, turn, speaker}] with `text[start:end] == quote`.
    `flags`: codes of what was found amiss. `repairs`: [{field, from, to}]. `mended`: fields to replace in the item.
    """

    evidence: list[dict[str, Any]]
    verification: Verification
    flags: list[str] = field(default_factory=list)
    repairs: list[dict[str, Any]] = field(default_factory=list)
    mended: dict[str, str] = field(default_factory=dict)


def check(
    category: str, item: dict[str, Any], searchable: Searchable, chosen: Sequence[Located] | None = None
) -> Checked:
    """Finds the item's quotes (`item["evidence"]`: [{turn, quote}]) and holds each of its values against them.

    `chosen` are the places of the quotes where they are known already: a person pointed at them.
    """
    case = _Case(category, item, searchable)
    if chosen is None:
        case.find_quotes()
    else:
        case.region.quotes = _merged(list(chosen))
    if not case.region.quotes:
        return Checked([], "unsupported", [*case.checked.flags, "no_quote"])
    case.check_subject()
    case.check_claims()
    case.check_reason()
    case.check_polarity()
    case.checked.evidence = [_as_evidence(quote, searchable.text) for quote in case.region.quotes]
    return case.checked


class _Case:
    """One item on its way to a verdict."""

    def __init__(self, category: str, item: dict[str, Any], searchable: Searchable) -> None:
        self.category = category
        self.item = item
        self.searchable = searchable
        self.region = Region(searchable, subject_of(category, item))
        self.checked = Checked([], "verified")
        self.told: dict[str, Sequence[Value]] = {}

    def find_quotes(self) -> None:
        for given in self.item.get("evidence") or []:
            found = self.searchable.locate(given["quote"], given.get("turn"))
            if not found:
                self._note("verified", "quote_not_found")
            elif found[0].match == "fuzzy":
                self._repair("evidence", given["quote"], self._words(found[0].start, found[0].end), "quote_mended")
            self.region.quotes += [quote for quote in found if quote not in self.region.quotes]
        self.region.quotes = _merged(self.region.quotes)

    def check_subject(self) -> None:
        subject = self.region.subject
        self.told = values_told(self.category, self.item, self.searchable.told)
        told = self.told.get(subject_field(self.category), ())
        if self.category == "medication_instructions":
            self.region.drugs = drugs_named(subject)
            self.region.binds = not are_classes(told)
            outcome = ground_drug(subject, self.region.drugs, self.region)
        else:
            self.region.drugs = medicines_in(subject, told)
            self.region.binds = bool(self.region.drugs)
            if self.category == "vitals":
                return
            outcome = ground_words(subject, self.region)
        what = "drug" if self.category == "medication_instructions" else "words"
        if outcome == "beside":
            self._note("repaired", f"{what}_beside_quote")
            self._show_widening()
        elif outcome == "other":
            self._note("contradicted", "other_drug_in_evidence")
        elif outcome == "nothing":
            self._note("unsupported", f"{what}_not_in_evidence")

    def check_claims(self) -> None:
        claims = claims_of(self.item, self.told)
        self.region.claimed = [claim.value for claim in claims]
        for claim in claims:
            if claim.field == "reason":
                self._check_reason(claim)
            elif claim.value.kind == "drug":
                self._check_drug(claim)
            else:
                self._check_value(claim)

    def check_reason(self) -> None:
        """A reason is often said far from the order: that is noted; one that nobody said at all is unsupported."""
        reason = self.item.get("reason")
        if not reason or self.region.says_a_word_of(reason):
            return
        if any(flag.endswith("_of_reason_not_said") for flag in self.checked.flags):
            return
        if self.searchable.says_a_word_of(reason):
            self._note("verified", "reason_beside_quote")
        else:
            self._note("unsupported", "reason_not_said")

    def _check_reason(self, claim: Claim) -> None:
        if not is_said_anywhere(claim.value, self.searchable):
            self._note("unsupported", f"{claim.value.kind}_of_reason_not_said")

    def _check_value(self, claim: Claim) -> None:
        support = find_support(claim, self.region)
        if support.outcome == "said" and support.value:
            self._show_correction(support.value)
        elif support.outcome == "beside" and support.value and self.region.add(support.value):
            self._note("repaired", f"{claim.value.kind}_beside_quote")
            self._show_widening()
        elif support.outcome == "taken_back" and support.value:
            self._mend(claim, support.value, "value_was_corrected")
        elif support.outcome == "without_unit" and support.value:
            self._mend(claim, support.value, "unit_not_said")
        elif support.outcome == "other":
            self._note("contradicted", f"other_{claim.value.kind}_in_evidence")
        elif support.outcome == "of_another_drug":
            self._note("unsupported", f"{claim.value.kind}_of_another_drug")
        elif support.outcome == "nothing":
            self._note("unsupported", f"{claim.value.kind}_not_in_evidence")

    def check_polarity(self) -> None:
        against = is_against(self.category, self.item)
        if flag := contradiction(self.category, self.item, self.region, wanted_against=against):
            self._note("contradicted", flag)
        before = len(self.region.quotes)
        if against and missing_negation(self.category, self.item, self.region):
            self._note("unsupported", "negation_not_in_evidence")
        elif len(self.region.quotes) > before:
            self._note("repaired", "answer_added")
            self._show_widening()

    def _check_drug(self, claim: Claim) -> None:
        if claim.field == "medication_name":
            return
        outcome = ground_drug(claim.words, drugs_named(claim.words), self.region)
        if outcome == "beside":
            self._note("repaired", "drug_beside_quote")
            self._show_widening()
        elif outcome != "said":
            self._note("contradicted" if outcome == "other" else "unsupported", "drug_not_in_evidence")

    def _mend(self, claim: Claim, said: Value, flag: str) -> None:
        """Puts what was said in the place of what is claimed."""
        old, new = str(self.item[claim.field]), self._words(said.start, said.end)
        now = self.checked.mended.get(claim.field, old)
        mended = re.sub(rf"(?<!\w){re.escape(claim.words)}(?!\w)", lambda _: new, now, count=1)
        self.checked.mended[claim.field] = mended
        self._repair(claim.field, old, mended, flag)

    def _show_correction(self, value: Value) -> None:
        """Quotes the value taken back as well, so that a reviewer sees both."""
        old = self.region.taken_back(value)
        if old and self.region.add(old):
            self._note("repaired", "correction_added")
            self._show_widening()

    def _show_widening(self) -> None:
        given = [quote["quote"] for quote in self.item["evidence"]]
        now = [self._words(quote.start, quote.end) for quote in self.region.quotes]
        self.checked.repairs = [it for it in self.checked.repairs if it["field"] != "evidence"]
        self.checked.repairs.append({"field": "evidence", "from": " … ".join(given), "to": " … ".join(now)})

    def _repair(self, name: str, old: str, new: str, flag: str) -> None:
        self.checked.repairs.append({"field": name, "from": old, "to": new})
        self._note("repaired", flag)

    def _note(self, verdict: Verification, flag: str) -> None:
        """Keeps the worse of two verdicts, and the flag once."""
        self.checked.verification = min(self.checked.verification, verdict, key=_WORST_FIRST.index)
        if flag not in self.checked.flags:
            self.checked.flags.append(flag)

    def _words(self, start: int, end: int) -> str:
        return self.searchable.text[start:end]


def _merged(quotes: list[Located]) -> list[Located]:
    """The quotes in order, those that overlap made one."""
    if len(quotes) < 2:
        return quotes
    kept: list[Located] = []
    for quote in sorted(quotes, key=lambda it: (it.start, it.end)):
        if kept and quote.turn == kept[-1].turn and quote.start <= kept[-1].end:
            kept[-1] = kept[-1]._replace(end=max(kept[-1].end, quote.end))
        else:
            kept.append(quote)
    return kept


def _as_evidence(quote: Located, text: str) -> dict[str, Any]:
    return {
        "quote": text[quote.start : quote.end],
        "start": quote.start,
        "end": quote.end,
        "turn": quote.turn,
        "speaker": quote.speaker,
    }
