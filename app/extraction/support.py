"""Looks for one claimed value in the quotes of its item, then right beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from app.extraction.claims import Claim
from app.extraction.evidence import Located, Searchable
from app.extraction.values import Value, same_value
from app.language.turns import Turn

Outcome = Literal["said", "beside", "taken_back", "other", "of_another_drug", "nothing"]

# How far beside a quote a value may stand, in characters: about two spoken clauses.
_BESIDE = 140
_ABOUT_THE_FUTURE = ("dosage", "frequency", "duration", "due", "description", "special_instructions")


@dataclass(frozen=True, slots=True)
class Support:
    """What was found for a claim, and the value that shows it (for "taken_back": the value that stands)."""

    outcome: Outcome
    value: Value | None = None


@dataclass(slots=True)
class Region:
    """The quotes of one item in the transcript, in order, and what stands beside them."""

    searchable: Searchable
    quotes: list[Located]
    drugs: frozenset[str] = field(default_factory=frozenset)

    def text(self) -> str:
        """All quotes, one a line."""
        return "\n".join(self.searchable.text[quote.start : quote.end] for quote in self.quotes)

    def values(self) -> list[Value]:
        """The values that a quote holds whole."""
        return [v for q in self.quotes for v in self._values_of(q.turn) if q.start <= v.start and v.end <= q.end]

    def cut_values(self) -> list[Value]:
        """The values that a quote holds a part of."""
        inside = self.values()
        touched = [v for q in self.quotes for v in self._values_of(q.turn) if q.start < v.end and v.start < q.end]
        return [value for value in touched if value not in inside]

    def values_beside(self) -> list[Value]:
        """The values right beside a quote in its turn, at the start of the next turn, or at the end of the last."""
        near = [
            v
            for start, end, turn in self.windows()
            for v in self._values_of(turn.number)
            if start <= v.start < v.end <= end
        ]
        inside = self.values()
        return [value for value in near if value not in inside]

    def windows(self) -> Iterator[tuple[int, int, Turn]]:
        """The stretches beside the quotes as (start, end, turn), the quotes themselves included."""
        turns = self.searchable.by_number
        for quote in self.quotes:
            turn = turns[quote.turn]
            yield max(turn.start, quote.start - _BESIDE), min(turn.end, quote.end + _BESIDE), turn
            after, before = turns.get(quote.turn + 1), turns.get(quote.turn - 1)
            if after and turn.end - quote.end < _BESIDE:
                yield after.start, min(after.end, after.start + _BESIDE), after
            if before and quote.start - turn.start < _BESIDE:
                yield max(before.start, before.end - _BESIDE), before.end, before

    def add(self, value: Value) -> bool:
        """Takes a value beside the quotes into them, widening one or adding one; False where no window holds it."""
        for start, end, turn in self.windows():
            if start <= value.start and value.end <= end:
                self._take_in(value.start, value.end, turn)
                return True
        return False

    def add_span(self, start: int, end: int, turn: Turn) -> None:
        """Quotes another part of the transcript."""
        self._take_in(start, end, turn)

    def _take_in(self, start: int, end: int, turn: Turn) -> None:
        for at, quote in enumerate(self.quotes):
            if quote.turn == turn.number and start <= quote.end + _BESIDE and quote.start <= end + _BESIDE:
                wide = self.searchable.located(min(start, quote.start), max(end, quote.end), turn, quote.match)
                self.quotes[at] = wide
                return
        self.quotes.append(self.searchable.located(start, end, turn, "exact"))
        self.quotes.sort(key=lambda quote: quote.start)

    def _values_of(self, number: int) -> list[Value]:
        return self.searchable.values_of(self.searchable.by_number[number])


def find_support(claim: Claim, region: Region) -> Support:
    """Whether the claimed value was said of the item's own drug, was taken back, or another stands in its place."""
    inside = [value for value in region.values() if _comparable(claim, value)]
    ours = [value for value in inside if _is_ours(value, region)]
    equal = [value for value in ours if same_value(claim.value, value)]
    standing = [value for value in equal if not value.instead and not _is_past(claim, value)]
    if standing:
        return Support("said", standing[0])
    if equal:
        return _no_longer_stands(equal[0], region)
    if any(_is_ours(value, region) and not value.instead for value in [*ours, *_cut(claim, region)]):
        return _beside(claim, region, only_cut=True) or Support("other", ours[0] if ours else None)
    if any(same_value(claim.value, value) for value in inside):
        return Support("of_another_drug")
    return _beside(claim, region) or Support("nothing")


def _comparable(claim: Claim, value: Value) -> bool:
    return value.kind == claim.value.kind


def _is_ours(value: Value, region: Region) -> bool:
    return not region.drugs or value.drug is None or value.drug in region.drugs


def _is_past(claim: Claim, value: Value) -> bool:
    return value.past and claim.field in _ABOUT_THE_FUTURE


def _no_longer_stands(value: Value, region: Region) -> Support:
    if value.instead is None:
        return Support("other", value)
    stands = next((it for it in region.values() if (it.start, it.end) == value.instead and not it.instead), None)
    return Support("taken_back", stands) if stands else Support("other", value)


def _cut(claim: Claim, region: Region) -> list[Value]:
    return [value for value in region.cut_values() if _comparable(claim, value)]


def _beside(claim: Claim, region: Region, *, only_cut: bool = False) -> Support | None:
    """The claimed value beside the quotes; with `only_cut`, only where a quote begins or ends inside of it."""
    near = _cut(claim, region) if only_cut else [v for v in region.values_beside() if _comparable(claim, v)]
    for value in near:
        stands = not value.instead and not _is_past(claim, value)
        if stands and _is_ours(value, region) and same_value(claim.value, value):
            return Support("beside", value)
    return None
