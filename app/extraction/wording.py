"""What was found in a visit, in words: the summary and what each finding is about."""

import asyncio
from collections.abc import Mapping
from typing import Any

from app.extraction.matching import main_text
from app.findings import ITEM_TYPES


class Wording:
    """The words of one request, twice: as they will most likely be once the model has answered, and after the check."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.expected: asyncio.Future[str] = loop.create_future()
        self.found: asyncio.Future[str] = loop.create_future()


def in_words(result: Mapping[str, Any]) -> str:
    """A line each; `result` is the summary and the findings by category, as the API gives them."""
    lines = [result["summary"]]
    lines += [main_text(category, item) for category in ITEM_TYPES for item in result.get(category, [])]
    return "\n".join(filter(None, lines)) or "nothing found"
