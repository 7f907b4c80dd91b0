"""Phase `extraction_embedding`: a vector of what was found, to find the visit again by its meaning."""

from typing import Any

from app.extraction.embedding import Embedded, embed_text
from app.extraction.llm_extraction import Extraction
from app.extraction.matching import main_text
from app.findings import ITEM_TYPES
from app.llm.provider import Provider


async def embed_extraction(provider: Provider, extraction: Extraction, deadline: float) -> Embedded:
    """Raises a provider problem."""
    return await embed_text(provider, extraction_text(extraction.as_dict()), deadline, "extraction_embedding")


def extraction_text(result: dict[str, Any]) -> str:
    """The summary and what each finding is about, a line each."""
    lines = [result["summary"]]
    lines += [main_text(category, item) for category in ITEM_TYPES for item in result.get(category, [])]
    return "\n".join(filter(None, lines)) or "nothing found"
