"""Static word vectors (WordLlama, 256 dimensions), loaded from their own wheel without the network."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import wordllama

MODEL = "wordllama-256"


@cache
def _model() -> Any:
    # The library's default cache folder would make it ask the network for weights that the wheel already holds.
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


def embed(texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Unit-length vectors, shape (len(texts), 256)."""
    return np.asarray(_model().embed(list(texts), norm=True), dtype=np.float32)
