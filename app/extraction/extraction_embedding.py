"""Phase `extraction_embedding`: a vector of what was found, to find the visit again by its meaning."""

from typing import Any
from uuid import UUID

from app.extraction.embedding import Embedded, Embedder
from app.extraction.llm_extraction import Extraction
from app.extraction.matching import main_text
from app.findings import ITEM_TYPES


async def embed_extraction(
    embedder: Embedder, organization_id: UUID, extraction: Extraction, deadline: float, *, known: bool
) -> Embedded:
    """Raises a provider problem; `known` says that the visit was seen before, and so perhaps what was found in it."""
    text = extraction_text(extraction.as_dict())
    return await embedder.embed(organization_id, text, deadline, "extraction_embedding", known=known)


def extraction_text(result: dict[str, Any]) -> str:
    """The summary and what each finding is about, a line each."""
    lines = [result["summary"]]
    lines += [main_text(category, item) for category in ITEM_TYPES for item in result.get(category, [])]
    return "\n".join(filter(None, lines)) or "nothing found"
