"""Probes the checking of items: values that were changed must be caught, and quotes without fillers still be found."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from app.extraction.evidence import Searchable
from app.extraction.stretch import read_values
from app.extraction.values import Value, uncovered
from app.extraction.verification import Checked, check
from app.jobs.evaluation.labelled import Item, LabelledVisit
from app.language.numbers import Number, find_numbers
from app.language.spoken_numbers import TEENS, TENS, UNITS
from app.language.turns import split_turns

CHANGES = ("doubled", "neighbour", "in_words", "any_digits")
SAID_ELSEWHERE = "said_elsewhere"
_FIELD_OF = {
    "dose": "dosage",
    "frequency": "frequency",
    "as_needed": "frequency",
    "span": "duration",
    "number": "dosage",
}
_FILLERS = re.compile(r"(?i:\b(?:um|uh|uhm|er|erm|you know)\b\s*,?\s*)")
_ONCE_TWICE = {"once": "twice", "twice": "three times"}
_ONES = (*UNITS, *TEENS)
_TENS = {value: word for word, value in TENS.items() if word != "fourty"}


@dataclass(frozen=True, slots=True)
class _Case:
    """An item made of what a gold order says in the very words of its quotes, and the fields with a value in them."""

    visit: str
    category: str
    item: Item
    fields: tuple[str, ...]
    searchable: Searchable


def value_swap_probe(visits: Iterable[LabelledVisit], seed: int = 7) -> dict[str, Any]:
    """Changes one number at a time in the doses, durations and intervals of gold orders, quotes untouched.

    Returns `cases`, `caught` (share, 0 to 1, that is contradicted, unsupported, or put right because the speaker took
    the value back), `by_change` {change: {cases, caught}}, and apart from these `said_elsewhere`: the number taken from
    another value in the same quotes, the hardest change, which may be a true statement about another time. An order
    counts with the values that its quotes hold word for word; one without such a value is no case.
    """
    counts: Counter[tuple[str, bool]] = Counter()
    for case in _cases(visits):
        random = Random(f"{seed} {case.visit} {case.item}")  # noqa: S311 - a probe, no secret
        for change, item in _swapped(case, random):
            checked = check(case.category, item, case.searchable)
            put_right = "value_was_corrected" in checked.flags
            counts[change, checked.verification in ("contradicted", "unsupported") or put_right] += 1
    by_change = {change: _share(counts, (change,), "caught") for change in (*CHANGES, SAID_ELSEWHERE)}
    hardest = by_change.pop(SAID_ELSEWHERE)
    return {**_share(counts, CHANGES, "caught"), "by_change": by_change, SAID_ELSEWHERE: hardest}


def filler_probe(visits: Iterable[LabelledVisit]) -> dict[str, Any]:
    """Takes "um", "uh" and "you know" out of the quotes of the same items, values untouched.

    Returns `cases`, `kept` (share verified or repaired, 0 to 1), `untouched` (the same share with the quotes as they
    stand) and `exact_slices` (share of the returned quotes that equal their slice of the transcript).
    """
    kept: Counter[tuple[str, bool]] = Counter()
    for case in _cases(visits):
        quotes = [{**quote, "quote": _FILLERS.sub("", quote["quote"])} for quote in case.item["evidence"]]
        bare = check(case.category, {**case.item, "evidence": quotes}, case.searchable)
        whole = check(case.category, case.item, case.searchable)
        kept["bare", bare.verification in ("verified", "repaired")] += 1
        kept["whole", whole.verification in ("verified", "repaired")] += 1
        for exact in _exactness(bare, case.searchable.text):
            kept["slices", exact] += 1
    return {
        **_share(kept, ("bare",), "kept"),
        "untouched": _share(kept, ("whole",), "kept")["kept"],
        "exact_slices": _share(kept, ("slices",), "kept")["kept"],
    }


def _share(counts: Counter[tuple[str, bool]], names: tuple[str, ...], label: str) -> dict[str, Any]:
    good = sum(counts[name, True] for name in names)
    total = good + sum(counts[name, False] for name in names)
    return {"cases": total, label: round(good / total, 4) if total else None}


def _exactness(checked: Checked, text: str) -> Iterator[bool]:
    for quote in checked.evidence:
        yield text[quote["start"] : quote["end"]] == quote["quote"]


def _cases(visits: Iterable[LabelledVisit]) -> Iterator[_Case]:
    for visit in visits:
        searchable = Searchable(visit.transcript, split_turns(visit.transcript))
        for order in visit.orders or []:
            quotes = _quotes(visit, order, searchable)
            item, fields = _item(order, quotes)
            if fields:
                category = "medication_instructions" if order["order_type"] == "medication" else "clinician_todos"
                yield _Case(visit.id, category, item, fields, searchable)


def _quotes(visit: LabelledVisit, order: Item, searchable: Searchable) -> list[dict[str, Any]]:
    spans = [visit.turn_spans[turn] for turn in order["provenance"] if turn in visit.turn_spans]
    return [
        {"turn": turn.number, "quote": visit.transcript[start:end]}
        for start, end in spans
        for turn in searchable.turns
        if turn.start <= start < turn.end
    ]


def _item(order: Item, quotes: list[dict[str, Any]]) -> tuple[Item, tuple[str, ...]]:
    """The order as an item with only those values that its quotes hold word for word, and its fields with a value."""
    said = " ".join(" ".join(quote["quote"].lower().split()) for quote in quotes)
    description = " ".join(order["description"].lower().split())
    values = [v for v in uncovered(read_values(description)) if v.kind in _FIELD_OF and v.instead is None]
    if order["order_type"] == "medication":
        return _medication(description, said, values, quotes)
    base = {"description": description, "reason": None, "due": None, "commitment": "ordered", "evidence": quotes}
    countable = bool(values) and all(_is_said(description, value, said) for value in values)
    return base, ("description",) if countable else ()


def _medication(
    description: str, said: str, values: list[Value], quotes: list[dict[str, Any]]
) -> tuple[Item, tuple[str, ...]]:
    fields: dict[str, str] = {}
    for value in values:
        if _is_said(description, value, said):
            words = description[value.start : value.end]
            field = _FIELD_OF[value.kind]
            fields[field] = f"{fields[field]} {words}" if field in fields else words
    drug = next((v for v in read_values(description) if v.kind == "drug"), None)
    if drug is None or description[drug.start : drug.end] not in said:
        return {}, ()
    name = {"medication_name": description[drug.start : drug.end]}
    rest = dict.fromkeys(("dosage", "frequency", "duration", "route", "reason", "special_instructions"))
    item = {**rest, **name, **fields, "status": "start", "commitment": "ordered", "evidence": quotes}
    return item, tuple(fields)


def _is_said(description: str, value: Value, said: str) -> bool:
    words = re.escape(description[value.start : value.end])
    return re.search(rf"(?<!\w){words}(?!\w)", said) is not None


def _swapped(case: _Case, random: Random) -> Iterator[tuple[str, Item]]:
    for field in case.fields:
        text = case.item[field]
        numbers = find_numbers(text)
        for word, other in _ONCE_TWICE.items():
            if re.search(rf"\b{word}\b", text) and not numbers:
                yield "in_words", {**case.item, field: re.sub(rf"\b{word}\b", other, text)}
        for number in numbers:
            for change in (*CHANGES, SAID_ELSEWHERE):
                new = _changed(number, change, case, random)
                if new is not None and not _is_in(new, text):
                    yield (
                        change,
                        {**case.item, field: text[: number.start] + new + text[number.end :].removeprefix(" of")},
                    )


def _is_in(new: str, text: str) -> bool:
    """Whether the changed number is one of the numbers of the field already, so that the change says nothing false."""
    said = {number.low for number in find_numbers(text)}
    return any(number.low in said for number in find_numbers(new))


def _changed(number: Number, change: str, case: _Case, random: Random) -> str | None:
    """Another number in place of the one said, in digits or in words; None where there is no such number."""
    old = number.low
    if change == "doubled":
        return f"{old * 2:g}"
    if change == "neighbour":
        return f"{old + 10 if old >= 20 and old % 10 == 0 else old + 1:g}"
    if change == "in_words":
        return in_words(int(random.choice([old + 1, old * 3, max(1, old // 2) if old > 1 else 4])))
    if change == "any_digits":
        return f"{random.choice([n for n in (2, 3, 6, 8, 12, 15, 25, 35, 45, 75, 250, 350, 750) if n != old])}"
    said = {n.low for quote in case.item["evidence"] for n in find_numbers(quote["quote"]) if n.low != old}
    return f"{random.choice(sorted(said)):g}" if said else None


def in_words(number: int) -> str:
    """A whole number below 10,000 as it is said: 1250 is "one thousand two hundred fifty"."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10 * 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
    scale, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    rest = f" {in_words(number % scale)}" if number % scale else ""
    return f"{in_words(number // scale)} {name}{rest}"
