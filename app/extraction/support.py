"""Looks for one claimed value in the quotes of its item, then right beside them."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from app.extraction.claims import FEW, Claim, are_said, shares_a_word, stems
from app.extraction.evidence import Located, Searchable
from app.extraction.values import Kind, Value, day_class, same_value
from app.language.plain import plain
from app.language.turns import Turn

Outcome = Literal["said", "beside", "taken_back", "without_unit", "other", "of_another_drug", "nothing"]

# How far beside a quote a value may stand, in characters: about two spoken clauses.
_BESIDE = 140
_AROUND = 50
_LONG = 300
# A text is looked for word by word up to this length.
_SHORT = 160
# A field of free words often joins what was said in several places.
_LOOSE = ("special_instructions",)
# Whether the time in a field tells how long something goes on.
_LASTING = {"due": False, "duration": True}
_ABOUT_THE_FUTURE = ("dosage", "frequency", "duration", "due", "description", "special_instructions")


class Support(NamedTuple):
    """What was found for a claim, and the value that shows it (for "taken_back" the one that stands)."""

    outcome: Outcome
    value: Value | None = None


class Region:
    """The quotes of one item in the transcript, in order, and what stands beside them.

    `subject`: the words that say what the item is about. `drugs`: canonical names that the item is about; it `binds`
    values to them when one is a medicine and not a class of medicines. `claimed`: all values that the item claims.
    """

    __slots__ = (
        *("_about", "_small", "_stems", "_text", "_values"),
        *("binds", "claimed", "drugs", "quotes", "searchable", "subject"),
    )

    def __init__(self, searchable: Searchable, subject: str) -> None:
        self.searchable = searchable
        self.subject = subject
        self.quotes: list[Located] = []
        self.drugs: frozenset[str] = frozenset()
        self.binds = False
        self.claimed: list[Value] = []
        self._about: frozenset[str] | None = None
        self._forget()

    def _forget(self) -> None:
        self._text: str | None = None
        self._small: str | None = None
        self._stems: frozenset[str] | None = None
        self._values: dict[Kind, list[Value]] = {}

    @property
    def about(self) -> frozenset[str]:
        """Stems of the words of the subject."""
        if self._about is None:
            self._about = stems(self.subject)
        return self._about

    def text(self) -> str:
        """All quotes, one a line."""
        if self._text is None:
            text, quotes = self.searchable.text, self.quotes
            self._text = "\n".join([text[quote.start : quote.end] for quote in quotes])
        return self._text

    def small(self) -> str:
        """All quotes in plain words."""
        if self._small is None:
            self._small = plain(self.text())
        return self._small

    def stems(self) -> frozenset[str]:
        """Of the words of all quotes (see `claims.stems`)."""
        if self._stems is None:
            self._stems = stems(self.text())
        return self._stems

    def says(self, wanted: frozenset[str]) -> bool:
        """Whether the quotes share one of the stems."""
        if self._stems is None and len(wanted) <= FEW and self.text().isascii():
            return are_said(wanted, self.small())
        return bool(wanted & self.stems())

    def says_a_word_of(self, text: str) -> bool:
        """Whether the quotes say a word of a text, as far as it has any that carry meaning."""
        if len(text) <= _SHORT and text.isascii() and self.text().isascii():
            return shares_a_word(text, self.small())
        wanted = stems(text)
        return not wanted or self.says(wanted)

    def values(self, kind: Kind) -> list[Value]:
        """The values that a quote holds whole, of those that one of that kind can be held against."""
        found = self._values.get(kind)
        if found is None:
            found = self._values[kind] = [
                v for q in self.quotes for v in self._like(kind, q.turn) if q.start <= v.start and v.end <= q.end
            ]
        return found

    def cut_values(self, kind: Kind) -> list[Value]:
        """Such values that a quote holds a part of."""
        inside = set(self.values(kind))
        touched = [v for q in self.quotes for v in self._like(kind, q.turn) if q.start < v.end and v.start < q.end]
        return [value for value in touched if value not in inside]

    def values_beside(self, kind: Kind) -> list[Value]:
        """Such values right beside a quote in its turn, at the start of the next turn, or at the end of the last."""
        near = [
            v
            for start, end, turn in self.windows()
            for v in self._like(kind, turn.number)
            if start <= v.start < v.end <= end
        ]
        inside = set(self.values(kind))
        return [value for value in near if value not in inside]

    def has(self, marks: int) -> bool:
        """Whether `VALUES` found one of these bits in the turns of the quotes."""
        return True in [self.searchable.stretch(quote.turn).has(marks) for quote in self.quotes]

    def drugs_of(self, value: Value) -> frozenset[str]:
        """The medicines that a value is said about."""
        return self.searchable.stretch_of(value).drugs_of(value)

    def is_past(self, value: Value) -> bool:
        """Whether a value lies in the past."""
        return self.searchable.stretch_of(value).is_past(value)

    def lasts(self, value: Value) -> bool:
        """Whether a span of time tells how long a treatment goes on."""
        return self.searchable.stretch_of(value).lasts(value)

    def is_in_long_quote(self, value: Value) -> bool:
        """Whether the quote that holds a value is so long that its numbers may be about anything."""
        return any(q.start <= value.start < q.end and q.end - q.start > _LONG for q in self.quotes)

    def closeness(self, value: Value) -> int:
        """How many of the item's own words stand close around a value."""
        around = self.searchable.text[max(0, value.start - _AROUND) : value.end + _AROUND]
        return len(self.about & stems(around))

    def best(self, values: list[Value]) -> Value:
        """The first of those with most of the item's own words around them."""
        return values[0] if len(values) == 1 else max(values, key=self.closeness)

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

    def taken_back(self, value: Value) -> Value | None:
        """The value that the speaker took back for this one, where no quote shows it yet."""
        turn = next(quote.turn for quote in self.quotes if quote.start <= value.start < quote.end)
        for old in self._like(value.kind, turn):
            if old.instead == (value.start, value.end) and old not in self.values(value.kind):
                return old
        return None

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
        self._forget()
        for at, quote in enumerate(self.quotes):
            if quote.turn == turn.number and start <= quote.end + _BESIDE and quote.start <= end + _BESIDE:
                wide = self.searchable.located(min(start, quote.start), max(end, quote.end), turn, quote.match)
                self.quotes[at] = wide
                return
        self.quotes.append(self.searchable.located(start, end, turn, "exact"))
        self.quotes.sort(key=lambda quote: quote.start)

    def _like(self, kind: Kind, number: int) -> list[Value]:
        return self.searchable.stretch(number).like(kind)


def is_said_anywhere(value: Value, searchable: Searchable) -> bool:
    """Whether any turn of the visit says the value: enough for a reason, which is often given far from the order."""
    stretches = map(searchable.stretch, searchable.by_number)
    return any(same_value(value, said) for stretch in stretches for said in stretch.like(value.kind))


def find_support(claim: Claim, region: Region) -> Support:
    """Whether the claimed value was said of the item's own drug, was taken back, or another stands in its place."""
    inside = region.values(claim.value.kind)
    equal = [value for value in inside if same_value(claim.value, value) and _is_ours(claim, value, region)]
    rivals = _rivals(claim, inside, region) if 0 < len(equal) < len(inside) else []
    standing = [value for value in equal if not value.instead and not _is_past(claim, value, rivals, region)]
    if standing:
        best = region.best(standing)
        return Support("other", best) if _is_outdone(claim, best, rivals, region) else Support("said", best)
    if equal:
        return _no_longer_stands(equal[0], region)
    if claim.field in _LOOSE and (found := _beside(claim, region)):
        return found
    ours = [value for value in inside if _is_ours(claim, value, region)]
    if any(_contradicts(claim, value) for value in [*ours, *_own_cut(claim, region)]):
        return _beside(claim, region, only_cut=True) or Support("other", ours[0] if ours else None)
    if any(same_value(claim.value, value) for value in inside):
        return Support("of_another_drug")
    return _beside(claim, region) or _without_unit(claim, region) or Support("nothing")


def _without_unit(claim: Claim, region: Region) -> Support | None:
    """The number of a claimed dose said of its drug alone: "go up to forty on the lisinopril"."""
    for value in region.values("number") if claim.value.kind == "dose" else ():
        if not value.instead and value.key[:2] == claim.value.key[:2] and region.drugs_of(value) & region.drugs:
            return Support("without_unit", value)
    return None


def _rivals(claim: Claim, inside: list[Value], region: Region) -> list[Value]:
    """The values that could stand in the claimed one's place: of one kind with it, and not claimed as well."""
    alike = [value for value in inside if value.kind == claim.value.kind and not value.instead]
    others = [value for value in alike if not any(same_value(claimed, value) for claimed in region.claimed)]
    return [value for value in others if _is_ours(claim, value, region)]


def _is_outdone(claim: Claim, best: Value, rivals: list[Value], region: Region) -> bool:
    """Whether another time fits the field or the item's words better: many may be said in one turn."""
    if best.kind != "span" or not rivals:
        return False
    lasting = _LASTING.get(claim.field)
    if lasting is not None and region.lasts(best) != lasting and any(region.lasts(it) == lasting for it in rivals):
        return True
    return max(map(region.closeness, rivals)) > region.closeness(best)


def _is_ours(claim: Claim, value: Value, region: Region) -> bool:
    """Whether a value is said of the item's drug, or of none; amid much speech a bare number has to be close."""
    if not region.binds or (claim.value.kind == "span" and claim.field in ("description", "due")):
        return True
    if claim.value.kind == "number" and claim.field == "dosage" and region.is_in_long_quote(value):
        return bool(region.drugs_of(value) & region.drugs)
    drugs = region.drugs_of(value)
    return not drugs or bool(drugs & region.drugs)


def _is_past(claim: Claim, value: Value, rivals: list[Value], region: Region) -> bool:
    """A time in the past is never due; a dose of the past stands until another one is said."""
    if claim.field not in _ABOUT_THE_FUTURE or not region.is_past(value):
        return False
    return value.kind == "span" or not all(map(region.is_past, rivals))


def _no_longer_stands(value: Value, region: Region) -> Support:
    if value.instead is None:
        return Support("other", value)
    for stands in region.values(value.kind):
        if (stands.start, stands.end) == value.instead and not stands.instead:
            return Support("taken_back", stands)
    return Support("other", value)


def _contradicts(claim: Claim, value: Value) -> bool:
    """Whether another value speaks against the claimed one: friday against monday does, "next visit" does not."""
    if claim.value.kind == "day":
        return day_class(str(claim.value.key)) == day_class(str(value.key))
    if claim.value.kind == "number" and claim.field in _LOOSE:
        return False
    return value.kind == claim.value.kind


def _own_cut(claim: Claim, region: Region) -> list[Value]:
    return [value for value in region.cut_values(claim.value.kind) if _is_ours(claim, value, region)]


def _beside(claim: Claim, region: Region, *, only_cut: bool = False) -> Support | None:
    """The claimed value beside the quotes; with `only_cut`, only where a quote begins or ends inside of it."""
    for value in (region.cut_values if only_cut else region.values_beside)(claim.value.kind):
        stands = not value.instead and not _is_past(claim, value, [], region)
        if stands and _is_ours(claim, value, region) and same_value(claim.value, value):
            return Support("beside", value)
    return None
