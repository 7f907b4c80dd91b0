"""What a person writes into a review, checked like what a model gives: its fields by type, its values by the quotes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError
from uuid_utils.compat import uuid7

from app.errors import InvalidField, InvalidRequest
from app.extraction.evidence import Located, Searchable
from app.extraction.findings_check import due_day
from app.extraction.matching import main_text
from app.extraction.verification import check
from app.findings import ITEM_TYPES
from app.language.turns import split_turns
from app.review.decisions import Item

MOST_CHARS = 5_000
# An item of a person's hand has no probability of being right that anyone has measured.
_UNRATED = {"confidence": None}


@dataclass(frozen=True, slots=True)
class SelectedWords:
    """Words that a person chose: `text[start:end] == quote`, in code points."""

    start: int
    end: int
    quote: str


class VisitText:
    """The transcript that corrections are held against; split into turns at the first one."""

    def __init__(self, text: str, visit_date: date | None, custom_names: frozenset[str]) -> None:
        self._text, self._visit_date, self._custom_names = text, visit_date, custom_names
        self._searchable: Searchable | None = None

    def added(self, category: str, fields: dict[str, Any], chosen: Sequence[SelectedWords], pointer: str) -> Item:
        """A new item. Raises `InvalidRequest` with pointers under `pointer`, that of the decision."""
        nullable = {name: None for name, kind in ITEM_TYPES[category].model_fields.items() if _may_be_null(kind)}
        written = self._validated(category, {"commitment": "ordered", **nullable, **fields}, pointer)
        return self._checked(category, {"id": str(uuid7()), **written}, self._located(chosen, pointer))

    def edited(
        self, category: str, item: Item, fields: dict[str, Any], chosen: Sequence[SelectedWords], pointer: str
    ) -> Item:
        """The item with some fields changed and, if words were chosen, these for its evidence."""
        names = ITEM_TYPES[category].model_fields.keys() - {"evidence"}
        written = self._validated(category, {name: item[name] for name in names} | fields, pointer)
        places = self._located(chosen, pointer) if chosen else [_as_located(quote) for quote in item["evidence"]]
        return self._checked(category, {"id": item["id"], **written}, places)

    def _validated(self, category: str, fields: dict[str, Any], pointer: str) -> dict[str, Any]:
        if "evidence" in fields:  # words come with their offsets, not as a field
            raise _invalid(f"{pointer}/after", "extra_forbidden")
        trimmed = {name: value.strip() or None if isinstance(value, str) else value for name, value in fields.items()}
        try:
            item = ITEM_TYPES[category].model_validate({**trimmed, "evidence": []}).model_dump(exclude={"evidence"})
        except ValidationError as error:
            raise InvalidRequest(errors=_wrong_fields(error, pointer)) from None
        for name, value in item.items():
            if len(str(value)) > MOST_CHARS:
                raise _invalid(f"{pointer}/after/{name}", "string_too_long")
        if not main_text(category, item):
            raise _invalid(f"{pointer}/after", "empty")
        if category == "custom" and item["category"] not in self._custom_names:
            raise _invalid(f"{pointer}/after/category", "unknown_category")
        return item

    def _located(self, chosen: Sequence[SelectedWords], pointer: str) -> list[Located]:
        """The chosen words, one span for each turn that they run over; labels between turns are nobody's words."""
        places: list[Located] = []
        for at, words in enumerate(chosen):
            if self._text[words.start : words.end] != words.quote:
                raise _invalid(f"{pointer}/evidence/{at}", "quote_mismatch")
            spoken = list(self._spoken(words.start, words.end))
            if not spoken:
                raise _invalid(f"{pointer}/evidence/{at}", "no_words")
            places += spoken
        return places

    def _spoken(self, start: int, end: int) -> list[Located]:
        within = [(turn, max(start, turn.start), min(end, turn.end)) for turn in self.searchable.turns]
        return [
            self.searchable.located(begin, stop, turn, "exact")
            for turn, begin, stop in within
            if begin < stop and any(letter.isalnum() for letter in self._text[begin:stop])
        ]

    @property
    def searchable(self) -> Searchable:
        if self._searchable is None:
            self._searchable = Searchable(self._text, split_turns(self._text))
        return self._searchable

    def _checked(self, category: str, item: Item, places: list[Located]) -> Item:
        """With a verdict on what the person wrote; nothing of it is mended, for a person meant what they wrote."""
        quotes = [{"turn": place.turn, "quote": self._text[place.start : place.end]} for place in places]
        checked = check(category, {**item, "evidence": quotes}, self.searchable, places)
        widened = [repair for repair in checked.repairs if repair["field"] == "evidence"]
        return {
            **item,
            **({"due_date": due_day(item["due"], self._visit_date)} if "due" in item else {}),
            "evidence": checked.evidence,
            "verification": "unsupported" if checked.mended else checked.verification,
            **_UNRATED,
            "flags": checked.flags,
            "repairs": widened,
        }


def _may_be_null(field: Any) -> bool:
    return type(None) in getattr(field.annotation, "__args__", ())


def _as_located(quote: dict[str, Any]) -> Located:
    return Located(quote["start"], quote["end"], quote["turn"], quote["speaker"], "exact")


def _wrong_fields(error: ValidationError, pointer: str) -> tuple[InvalidField, ...]:
    """Known fields by name; an unknown one's name is the client's own text, so the pointer ends above it."""
    told = error.errors(include_input=False, include_url=False)
    return tuple(
        InvalidField("/".join([f"{pointer}/after", *_known_steps(one["loc"], one["type"])]), one["type"])
        for one in told[:20]
    )


def _known_steps(location: tuple[int | str, ...], code: str) -> list[str]:
    return [] if code == "extra_forbidden" else [str(step) for step in location]


def _invalid(pointer: str, code: str) -> InvalidRequest:
    return InvalidRequest(errors=(InvalidField(pointer, code),))
