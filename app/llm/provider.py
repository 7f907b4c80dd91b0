"""The models that the pipeline asks, chat models in order of preference and one for embeddings, behind breakers."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pgvector import HalfVector

from app.errors import ProviderPaused
from app.llm.answer_cache import AnswerCache
from app.llm.breaker import Breaker
from app.llm.chat import RULES_ENGINE, ChatModel
from app.llm.client import InvalidOutput, ProviderClient
from app.llm.endpoint import Endpoint, count, json_object
from app.llm.network import ASGIApp
from app.llm.retry import RetryPolicy, deadline_in
from app.metrics import Metrics
from app.settings import OFFLINE, Settings


@dataclass(frozen=True, slots=True)
class Vectors:
    """One unit-length vector a text, and the tokens they cost."""

    vectors: list[HalfVector]
    tokens: int


class Provider:
    """The configured server and its fallbacks. Every call carries a deadline on the running loop's clock."""

    def __init__(
        self, settings: Settings, metrics: Metrics, app: ASGIApp | None = None, rules: ASGIApp | None = None
    ) -> None:
        """`app` takes the place of the network; `rules` is the rules engine, where it is a fallback."""
        self._settings, self._metrics = settings, metrics
        self._client = ProviderClient(settings, app)
        self._rules = ProviderClient(settings, rules) if rules else None
        offline = settings.llm_provider == OFFLINE
        self.dimensions = 256 if offline else settings.embedding_dimensions
        self.embedding_model = "wordllama-256" if offline else settings.embedding_model
        policy = RetryPolicy(settings.llm_attempts, settings.embedding_timeout_s)
        breaker = self._breaker(f"embedding/{self.embedding_model}")
        self._embeddings = Endpoint(self._client, "/embeddings", policy, breaker)
        self.answers = AnswerCache(settings, metrics)
        # In the order in which they are asked.
        self.models = [self._model(OFFLINE if offline else settings.llm_model), *map(self._model, settings.fallbacks)]

    def refuse_if_away(self) -> None:
        """Raises `ProviderPaused` when no model would be asked now, before anything is done for the request."""
        waits = [model.breaker.open_for_s() for model in self.models]
        known = [wait for wait in waits if wait is not None]
        if len(known) == len(waits):
            raise ProviderPaused(phase="llm_extraction", retry_after_s=min(known))

    def note_fallback(self, model: ChatModel) -> None:
        self._metrics.fallbacks.labels(model.name).inc()

    async def embed(self, texts: Sequence[str], deadline: float, phase: str) -> Vectors:
        """One vector a text, in order."""
        # One budget for all attempts: what is degraded when it fails must not eat the time of what is not.
        deadline = min(deadline, deadline_in(self._settings.embedding_timeout_s))
        received = await self._embeddings.post(lambda: self._embedding_body(texts), deadline, phase)
        return _vectors(received, len(texts), self.dimensions)

    async def close(self) -> None:
        await self._client.close()
        if self._rules:
            await self._rules.close()

    def _model(self, name: str) -> ChatModel:
        """`offline` is the rules engine, whether it stands first or last."""
        settings, by_rules = self._settings, name == OFFLINE
        provider, model = (OFFLINE, RULES_ENGINE) if by_rules else (settings.llm_provider, name)
        client = self._rules if by_rules and self._rules else self._client
        policy = RetryPolicy(settings.llm_attempts, settings.llm_attempt_timeout_s)
        endpoint = Endpoint(client, "/chat/completions", policy, self._breaker(f"chat/{model}"))
        return ChatModel(provider, model, settings.llm_temperature, endpoint)

    def _breaker(self, target: str) -> Breaker:
        settings = self._settings
        return Breaker(target, settings.llm_breaker_failures, settings.llm_breaker_open_s, self._metrics.note_breaker)

    def _embedding_body(self, texts: Sequence[str]) -> dict[str, Any]:
        return {
            "model": self.embedding_model,
            "input": list(texts),
            "encoding_format": "base64",
            "dimensions": self.dimensions,
        }


def _vectors(received: bytes, expected: int, dimensions: int) -> Vectors:
    answer = json_object(received)
    data = answer.get("data")
    if not isinstance(data, list) or len(data) != expected:
        raise InvalidOutput("wrong_number_of_vectors", len(received))
    try:
        arrays = [_array(entry["embedding"]) for entry in data]
    except (KeyError, TypeError, ValueError):
        raise InvalidOutput("unreadable_vector", len(received)) from None
    if any(array.shape != (dimensions,) or not math.isfinite(array.dot(array)) for array in arrays):
        raise InvalidOutput("wrong_vector", len(received))
    return Vectors([unit(array) for array in arrays], count(answer.get("usage"), "prompt_tokens"))


def _array(embedding: str | list[float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Base64 of little-endian float32 as asked for, or the list of numbers that some servers send anyway."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
    return np.asarray(embedding, dtype=np.float32)


def unit(array: np.ndarray[Any, np.dtype[np.float32]]) -> HalfVector:
    """The vector scaled to length 1, which keeps half precision at its best; a zero vector stays zero."""
    length = math.sqrt(array.dot(array))
    return HalfVector((array / length if length else array).astype(np.float16))
