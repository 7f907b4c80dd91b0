"""Reads a model's answer item by item: what cannot be used is set aside with its reason, never silently."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from app.extraction.matching import main_text
from app.findings import ACTION_CATEGORIES, ITEM_TYPES, Answered
from app.llm.client import InvalidOutput

SET_ASIDE_COMMITMENTS = ("declined", "historical")
# No visit holds so many; a model that runs away does, and what follows compares each item with each other.
ITEMS_AT_MOST = 200
PATIENT_REPORTED = "patient_reported"
# Set aside for what they are, not for being unusable.
ACCOUNTED_FOR = (*SET_ASIDE_COMMITMENTS, PATIENT_REPORTED)


_THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)


class _PlainQuote(TypedDict):
    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]
    turn: int
    quote: str


def _as_plain(kind: type[Answered]) -> Any:
    """The shape of an item as a dictionary: read in a third of the time; what it refuses, the model may yet take."""
    fields = {name: field.annotation for name, field in kind.model_fields.items()}
    return cast(Any, TypedDict)(kind.__name__, fields | {"evidence": list[_PlainQuote]})


_PLAIN = {category: TypeAdapter(_as_plain(kind)).validator for category, kind in ITEM_TYPES.items()}


@dataclass(slots=True)
class Ledger:
    """What became of every raw item: `raw = returned + merged + rejected`."""

    raw: int = 0
    merged: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, category: str, reason: str, item: Any) -> None:
        self.rejected.append({"category": category, "reason": reason, "item": item if isinstance(item, dict) else None})

    def as_dict(self) -> dict[str, Any]:
        returned = self.raw - len(self.merged) - len(self.rejected)
        return {"raw": self.raw, "returned": returned, "merged": self.merged, "rejected": self.rejected}


@dataclass(slots=True)
class Answer:
    """A model's usable items by category, and the ledger of all it gave."""

    summary: str
    items: dict[str, list[dict[str, Any]]]
    ledger: Ledger


def read_answer(content: str, custom_names: frozenset[str]) -> Answer:
    """Raises `InvalidOutput` for what is no JSON object with our lists; a bad element costs only itself."""
    whole = _whole(content)
    ledger = Ledger()
    items: dict[str, list[dict[str, Any]]] = {}
    for category in ITEM_TYPES:
        listed = whole[category]
        ledger.raw += len(listed)
        for raw in listed[ITEMS_AT_MOST:]:
            ledger.reject(category, "too_many", raw)
        kept = listed[:ITEMS_AT_MOST]
        items[category] = [item for raw in kept if (item := _item(category, raw, custom_names, ledger)) is not None]
    return Answer(summary=whole["summary"], items=items, ledger=ledger)


def _whole(content: str) -> dict[str, Any]:
    try:
        whole = _parsed(_bare(content))
        if "\\u" in content:  # only an escape can bring in what has to go
            whole = clean(whole)
    except (ValueError, RecursionError):
        raise InvalidOutput("answer_not_json", len(content)) from None
    if not isinstance(whole, dict):
        raise InvalidOutput("answer_not_an_object", len(content))
    if not isinstance(whole.get("summary"), str) or not all(isinstance(whole.get(name), list) for name in ITEM_TYPES):
        raise InvalidOutput("answer_off_schema", len(content))
    return whole


def _bare(content: str) -> str:
    """The JSON object alone: servers without JSON-schema output wrap it in thoughts, a fence or good wishes."""
    text = _THOUGHTS.sub("", content)
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1]


def _parsed(text: str) -> Any:
    """Half of a surrogate pair is no reason to lose everything; only the json module reads on over one."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if "\\ud" not in text.lower():
            raise
        return json.loads(text)


def _item(category: str, raw: Any, custom_names: frozenset[str], ledger: Ledger) -> dict[str, Any] | None:
    if not isinstance(raw, dict):
        ledger.reject(category, "not_an_object", raw)
        return None
    try:
        item: dict[str, Any] = _PLAIN[category].validate_python(raw)
    except ValidationError:
        kind = ITEM_TYPES[category]
        known = {name: raw.get(name) for name in kind.model_fields}
        try:
            item = kind.model_validate(known).model_dump()
        except ValidationError as error:
            ledger.reject(category, _malformed(error), known)
            return None
    reason = _reason_to_set_aside(category, item, custom_names)
    if reason:
        ledger.reject(category, reason, item)
        return None
    return item


def _malformed(error: ValidationError) -> str:
    """The first wrong field and what is wrong with it; never its value."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"malformed:{'.'.join(map(str, first['loc']))}:{first['type']}"


def _reason_to_set_aside(category: str, item: dict[str, Any], custom_names: frozenset[str]) -> str | None:
    """What was declined or belongs to the past is nothing to do; it is kept in the ledger for the reviewer."""
    if category in ACTION_CATEGORIES and item["commitment"] in SET_ASIDE_COMMITMENTS:
        return str(item["commitment"])
    if not main_text(category, item).strip():
        return "empty"
    if category == "custom" and item["category"] not in custom_names:
        return "unknown_category"
    return None


def clean(value: Any) -> Any:
    """The value without NUL characters and halves of surrogate pairs, which PostgreSQL cannot store."""
    if isinstance(value, str):
        if value.isascii() and "\x00" not in value:  # nearly always
            return value
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [clean(element) for element in value]
    if isinstance(value, dict):
        return {clean(key): clean(element) for key, element in value.items()}
    return value
