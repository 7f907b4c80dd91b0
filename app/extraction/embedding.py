"""One vector for a text of any length: embedding models have a limit, so long texts are embedded piece by piece."""

from dataclasses import dataclass

import numpy as np
from pgvector import HalfVector

from app.llm.provider import Provider, unit

# Embedding models commonly take 8,192 tokens; at three characters a token this stays under it.
PIECE_CHARS = 24_000


@dataclass(frozen=True, slots=True)
class Embedded:
    """A unit-length vector and the tokens it cost."""

    vector: HalfVector
    tokens: int


async def embed_text(provider: Provider, text: str, deadline: float, phase: str) -> Embedded:
    """The mean of the pieces' vectors, scaled to length 1."""
    pieces = [text[start : start + PIECE_CHARS] for start in range(0, len(text), PIECE_CHARS)]
    answer = await provider.embed(pieces, deadline, phase)
    if len(answer.vectors) == 1:
        return Embedded(answer.vectors[0], answer.tokens)
    mean = np.mean([vector.to_numpy().astype(np.float32) for vector in answer.vectors], axis=0)
    return Embedded(unit(mean), answer.tokens)
