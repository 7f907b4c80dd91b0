"""What a reviewed visit teaches: its action items in the shape that a gold case expects them."""

from typing import Any

from app.findings import ACTION_CATEGORIES, ITEM_TYPES
from app.review.decisions import Item


def expected_of(result: dict[str, Any]) -> dict[str, list[Item]]:
    """Fields that say something, the commitment, and the quotes as one text, by action list."""
    return {category: [_expected(category, item) for item in result[category]] for category in ACTION_CATEGORIES}


def _expected(category: str, item: Item) -> Item:
    fields = {name: item[name] for name in ITEM_TYPES[category].model_fields if name != "evidence"}
    quotes = " … ".join(quote["quote"] for quote in item["evidence"])
    return {name: value for name, value in {**fields, "evidence": quotes or None}.items() if value is not None}
