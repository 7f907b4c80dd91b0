"""Reads dose, frequency, duration, route and directions of a medicine from the words around its mentions."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from app.findings import MedicationStatus
from app.language.doses import STRENGTHS, Dose, find_doses
from app.language.durations import find_durations
from app.language.frequencies import Frequency, find_frequencies
from app.language.numbers import Number, find_numbers
from app.language.plain import plain
from app.language.routes import find_routes
from app.language.speech import Speech
from app.llm.offline.medication_phrases import Act
from app.llm.offline.medication_scope import Scope, Surroundings, quote_of, quote_of_values
from app.llm.offline.medication_status import Decision
from app.llm.offline.mention import Mention
from app.llm.offline.phrase_lists import phrases

# Of which other mentions the values hold as well; a change leaves the old dose behind.
_SAME: dict[MedicationStatus, set[Act]] = {
    "start": {"start", "change", "continue"},
    "change": {"start", "change"},
    "continue": {"continue", "present", "start"},
    "stop": set(),
}
_MOST_MENTIONS = 12
_MOST_QUOTES = 3

_STRENGTH_OF = re.compile(r"\s+(?:of\s+)+(?:the\s+|your\s+|that\s+)?")
# "Two of the tylenol" counts tablets.
_LEAST_STRENGTH = 5
_TO = re.compile(r"\b(?:to|at)[\s,]*(?:(?:uh|um|about|a|the|take)[\s,]+)*$")
_ANOTHER_MATTER = phrases("medication_values", "another_matter")
_BEFORE = 60
_LEADS_TO_NAME = re.compile(
    r"[\s,]*(?:(?:i want you to|you(?:'re| are)?(?: going to)?|just|please)\s)*(?:take|taking|use|using|of|with|on)?\s*"
    r"(?:(?:a|an|the|your|one|some|that)\s)*"
)
_DIRECTIONS = phrases("medication_values", "directions")
_REASON = re.compile(
    r"\b(?:for|to help with|helps? with|to treat|to control|to manage|to relieve|to reduce)\s+(?:the\s+|your\s+"
    r"|that\s+|this\s+|some of the\s+|any\s+)?"
    r"(?P<reason>(?:[a-z'-]+\s+){0,3}?(?:pain|pains|swelling|inflammation|pressure|infection|nausea|diabetes"
    r"|cholesterol|hypertension|cough|"
    r"reflux|asthma|anxiety|depression|sleep|insomnia|allerg\w+|itch\w*|rash|headaches?|migraines?|fever"
    r"|constipation|diarrh\w+|congestion|"
    r"gout|arthritis|spasms?|breathing|wheez\w+|heartburn|fluid|rate|sugars?|wound|eczema|acne|psoriasis"
    r"|seizures?|afib|fibrillation|failure|"
    r"discomfort|stiffness|symptoms|thyroid|anemia|anaemia|osteoporosis|neuropathy|prostate|bladder|flare|aches?))\b"
)


class Spanned(Protocol):
    """Anything that stands at `text[start:end]`."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


Span = TypeVar("Span", bound=Spanned)


@dataclass(slots=True)
class Values:
    """The values of an item as text, and the places (index of the turn, start, end) to quote, the order first."""

    dosage: str | None = None
    frequency: str | None = None
    duration: str | None = None
    route: str | None = None
    reason: str | None = None
    special_instructions: str | None = None
    quoted: list[tuple[int, int, int]] = field(default_factory=list)


def read_values(group: Sequence[Mention], decision: Decision, surroundings: Surroundings) -> Values:
    """Values from the deciding mention first; what it leaves open from the other mentions that say the same."""
    values = Values()
    for mention in _in_order(group, decision):
        scope = surroundings.scope(mention)
        places = _fill(values, scope, decision)
        if mention is decision.by or places:
            values.quoted.append(quote_of(scope, mention, places))
    if values.dosage is None and values.frequency is None and decision.commitment not in ("declined", "historical"):
        _fill_from_next_turns(values, decision, surroundings)
    values.quoted = list(dict.fromkeys(values.quoted))[:_MOST_QUOTES]
    return values


def first_quote(decision: Decision, surroundings: Surroundings) -> tuple[int, int, int]:
    """The place that an item quotes first: what decides, with its own values."""
    scope = surroundings.scope(decision.by)
    return quote_of(scope, decision.by, _fill(Values(), scope, decision))


def _in_order(group: Sequence[Mention], decision: Decision) -> list[Mention]:
    """For an order also the clinician's other orders, for what goes on also what is told of it; else nothing more."""
    if decision.status == "stop" or decision.commitment in ("declined", "historical"):
        return [decision.by]
    same = _SAME[decision.status]
    if decision.commitment == "conditional":
        same = {"conditional"}
    others = [
        mention
        for mention in reversed(group[-_MOST_MENTIONS:])
        if mention.act in same or (mention.act is None and mention.role != "patient")
    ]
    return [decision.by, *(mention for mention in others if mention is not decision.by)]


def _fill_from_next_turns(values: Values, decision: Decision, surroundings: Surroundings) -> None:
    """The clinician goes on after the patient's "okay": "take two tablets three times a day"."""
    for scope in surroundings.next_scopes(decision.by):
        places = _fill(values, scope, decision) if find_doses(scope.part) else []
        if places:
            values.quoted.append(quote_of_values(scope, places))
            return


def _fill(values: Values, scope: Scope, decision: Decision) -> list[tuple[int, int]]:
    """Sets what is still open from this scope; gives the places, offsets in the turn, of what it took."""
    part = scope.part
    speech = Speech(part)
    places: list[tuple[int, int]] = []
    if values.dosage is None and (dose := _dose(speech, scope, decision)):
        values.dosage = written(dose)
        places.append((dose.start, dose.end))
    elif values.dosage is None and (number := _bare_strength(scope)):
        values.dosage = f"{number.low:g}"
        places.append((number.start - scope.start, number.end - scope.start))
    if values.frequency is None and (often := _often(speech, scope)):
        said = scope.text[scope.start + often.start : scope.start + often.end]
        values.frequency = said if _tells(said) else f"once {said}"
        places.append((often.start, often.end))
    if values.duration is None and (long := _first(find_durations(speech), part, scope)):
        values.duration = part[long.start : long.end]
        places.append((long.start, long.end))
    if values.route is None and (route := _first(find_routes(speech), part, scope)):
        values.route = route.name
        places.append((route.start, route.end))
    return [(scope.start + start, scope.start + end) for start, end in places + _directions(values, part, scope)]


def _directions(values: Values, part: str, scope: Scope) -> list[tuple[int, int]]:
    small = plain(part)
    places = []
    if values.special_instructions is None and (found := list(_DIRECTIONS.finditer(small))):
        values.special_instructions = "; ".join(
            dict.fromkeys(part[match.start() : match.end()].strip() for match in found[:3])
        )
        places += [match.span() for match in found[:3]]
    if values.reason is None and (found_reason := _REASON.search(small, 0, scope.name_end - scope.start + 120)):
        values.reason = part[found_reason.start("reason") : found_reason.end("reason")]
        places.append(found_reason.span())
    return places


def _often(speech: Speech, scope: Scope) -> Frequency | None:
    """The first frequency, but "800 mg a day , take that twice a day" means twice."""
    part = speech.text
    near = [often for often in find_frequencies(speech) if _is_near(often, part, scope)]
    told = next((often for often in near if _tells(part[often.start : often.end])), near[0] if near else None)
    return told or _often_before(scope)


def _often_before(scope: Scope) -> Frequency | None:
    """The frequency said before the name: "twice a day take lisinopril"; its offsets count from the scope's start."""
    begin = max(0, scope.start - _BEFORE)
    for often in reversed(find_frequencies(scope.text[begin : scope.start])):
        if _LEADS_TO_NAME.fullmatch(plain(scope.text[begin + often.end : scope.start])):
            return often._replace(start=begin + often.start - scope.start, end=begin + often.end - scope.start)
    return None


def _tells(said: str) -> bool:
    """Whether the words tell a frequency on their own, which the "a day" of "40 mg a day" does not."""
    return bool(find_frequencies(said))


def _dose(speech: Speech, scope: Scope, decision: Decision) -> Dose | None:
    part = speech.text
    doses = [dose for dose in find_doses(speech) if _is_near(dose, part, scope)]
    strengths = [dose for dose in doses if dose.unit in STRENGTHS]
    if decision.status == "change":
        small = plain(part)
        strengths = [dose for dose in strengths if _TO.search(small, 0, dose.start)][-1:] or strengths
    counted = [dose for dose in doses if dose.unit not in STRENGTHS and dose.unit != "dose"]
    return next(iter(strengths or counted), None)


def _bare_strength(scope: Scope) -> Number | None:
    """A strength said without its unit, just before the name: "five hundred of metformin"."""
    begin = max(0, scope.start - 40)
    numbers = find_numbers(scope.text[begin : scope.start])
    if not numbers or not _STRENGTH_OF.fullmatch(plain(scope.text[begin + numbers[-1].end : scope.start])):
        return None
    last = numbers[-1]
    if last.low != last.high or (last.low < _LEAST_STRENGTH and last.low.is_integer()):
        return None
    return Number(begin + last.start, begin + last.end, last.low, last.high, last.withdrawn)


def _first(spans: Iterable[Span], part: str, scope: Scope) -> Span | None:
    return next((span for span in spans if _is_near(span, part, scope)), None)


def _is_near(span: Spanned, part: str, scope: Scope) -> bool:
    """Whether no other matter is spoken of between the name and the value."""
    between = part[scope.name_end - scope.start : span.start]
    return not _ANOTHER_MATTER.search(plain(between))


def written(dose: Dose) -> str:
    """ "40 mg", "1-2 tablets"."""
    amount = f"{dose.low:g}" if dose.low == dose.high else f"{dose.low:g}-{dose.high:g}"
    plural = "s" if dose.unit not in STRENGTHS and dose.high > 1 and not dose.unit.endswith("s") else ""
    return f"{amount} {dose.unit}{plural}"
