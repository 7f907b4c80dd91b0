"""Chat completions and embeddings as the pipeline needs them, from any OpenAI-compatible provider."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import structlog
from pgvector import HalfVector

from app.errors import ProviderMisconfigured, ProviderRefused
from app.findings import ANSWER_SCHEMA
from app.llm.client import ASGIApp, InvalidOutput, ParameterUnsupported, ProviderClient
from app.llm.retry import RetryPolicy, call_with_retries, deadline_in
from app.settings import Settings

Message = dict[str, str]
# The name by which the offline provider answers; an item of its own cannot be confirmed by reading with it again.
RULES_ENGINE = "rules-1"
# How the answer's shape is asked for, best first; after the last it is only told in the prompt.
_FORMATS = ("json_schema", "json_object")
log = structlog.get_logger()


class AnswerShape:
    """The JSON schema that an answer has to follow, made ready once for both ways of asking for it."""

    def __init__(self, name: str, schema: dict[str, Any]) -> None:
        self.strict = {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}
        self.told: Message = {
            "role": "system",
            "content": "Answer with one JSON object that follows this JSON schema:\n" + orjson.dumps(schema).decode(),
        }


VISIT_ANSWER = AnswerShape("visit_extraction", ANSWER_SCHEMA)


@dataclass(frozen=True, slots=True)
class Completion:
    """A finished chat answer: its text, the model that says it served it, and tokens spent."""

    content: str
    model: str
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Vectors:
    """One unit-length vector a text, and the tokens they cost."""

    vectors: list[HalfVector]
    tokens: int


class Provider:
    """One model provider. Every call carries a deadline on the running loop's clock."""

    def __init__(self, settings: Settings, app: ASGIApp | None = None) -> None:
        offline = settings.llm_provider == "offline"
        self.name = settings.llm_provider
        self.chat_model = RULES_ENGINE if offline else settings.llm_model
        self.embedding_model = "wordllama-256" if offline else settings.embedding_model
        self._dimensions = 256 if offline else settings.embedding_dimensions
        self._temperature = settings.llm_temperature
        self._policy = RetryPolicy(settings.llm_attempts, settings.llm_attempt_timeout_s)
        self._embedding_policy = RetryPolicy(settings.llm_attempts, settings.embedding_timeout_s)
        self._client = ProviderClient(settings, app)
        # What the server turned out not to take: how far down `_FORMATS`, and which parameters.
        self._format = 0
        self._dropped: set[str] = set()

    async def complete(
        self, messages: Sequence[Message], shape: AnswerShape, max_tokens: int, deadline: float, phase: str
    ) -> Completion:
        """One chat completion in the JSON schema of `shape`; servers without schemas get it in the prompt.

        Raises `InvalidOutput` for a 200 that is no finished answer (its reason `cut_off` when the output limit ended
        it), `ProviderRefused`, or another provider problem.
        """

        received = await self._post(
            "/chat/completions", lambda: self._chat_body(messages, shape, max_tokens), self._policy, deadline, phase
        )
        return _completion(received, self.chat_model, phase)

    async def embed(self, texts: Sequence[str], deadline: float, phase: str) -> Vectors:
        """One vector a text, in order."""
        # One budget for all attempts: what is degraded when it fails must not eat the time of what is not.
        deadline = min(deadline, deadline_in(self._embedding_policy.attempt_timeout_s))
        received = await self._post(
            "/embeddings", lambda: self._embedding_body(texts), self._embedding_policy, deadline, phase
        )
        return _vectors(received, len(texts), self._dimensions)

    async def close(self) -> None:
        await self._client.close()

    async def _post(
        self, path: str, body: Callable[[], dict[str, Any]], policy: RetryPolicy, deadline: float, phase: str
    ) -> bytes:
        """The answer to the body; what the server refuses of it is left out from then on, one thing at a time."""
        while True:
            sent = body()
            try:
                return await call_with_retries(lambda: self._client.post(path, sent), policy, deadline, phase)  # noqa: B023
            except ParameterUnsupported as refused:
                if not self._do_without(refused.name, sent):
                    raise ProviderMisconfigured("The model provider refuses the request.", phase=phase) from None
                log.warning("provider_parameter_dropped", phase=phase, parameter=refused.name)

    def _do_without(self, name: str, sent: dict[str, Any]) -> bool:
        """Whether there is something left to try, by what this request had sent: others may have learnt since."""
        if name == "response_format" and name in sent:
            used = _FORMATS.index(sent[name]["type"])
            self._format = max(self._format, used + 1)
            return True
        if name in sent:
            self._dropped.add(name)
            return True
        return False

    def _chat_body(self, messages: Sequence[Message], shape: AnswerShape, max_tokens: int) -> dict[str, Any]:
        strict = self._format == 0
        body = {
            "model": self.chat_model,
            "messages": list(messages) if strict else [shape.told, *messages],
            "temperature": self._temperature,
            "max_completion_tokens": max_tokens,
        }
        if self._format < len(_FORMATS):
            body["response_format"] = shape.strict if strict else {"type": "json_object"}
        # The older name of the limit, for servers that know no other.
        older = {"max_tokens": max_tokens} if "max_completion_tokens" in self._dropped else {}
        return self._without_dropped(body) | older

    def _embedding_body(self, texts: Sequence[str]) -> dict[str, Any]:
        return self._without_dropped(
            {
                "model": self.embedding_model,
                "input": list(texts),
                "encoding_format": "base64",
                "dimensions": self._dimensions,
            }
        )

    def _without_dropped(self, body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name not in self._dropped}


def _completion(received: bytes, default_model: str, phase: str) -> Completion:
    """A 200 is still untrusted: each step down to the text checks what it finds."""
    answer = _json_object(received)
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise InvalidOutput("no_choices", len(received))
    message = choices[0].get("message")
    if not isinstance(message, dict):
        raise InvalidOutput("no_message", len(received))
    reason = choices[0].get("finish_reason")
    if message.get("refusal") or reason == "content_filter":
        raise ProviderRefused(phase=phase)
    if reason == "length":
        raise InvalidOutput("cut_off", len(received))
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise InvalidOutput("no_content", len(received))
    usage = answer.get("usage") if isinstance(answer.get("usage"), dict) else {}
    model = answer.get("model")
    return Completion(
        content,
        model if isinstance(model, str) and model else default_model,
        _count(usage, "prompt_tokens"),
        _count(usage, "completion_tokens"),
    )


def _vectors(received: bytes, expected: int, dimensions: int) -> Vectors:
    answer = _json_object(received)
    data = answer.get("data")
    if not isinstance(data, list) or len(data) != expected:
        raise InvalidOutput("wrong_number_of_vectors", len(received))
    try:
        arrays = [_array(entry["embedding"]) for entry in data]
    except (KeyError, TypeError, ValueError):
        raise InvalidOutput("unreadable_vector", len(received)) from None
    if any(array.shape != (dimensions,) or not np.isfinite(array).all() for array in arrays):
        raise InvalidOutput("wrong_vector", len(received))
    return Vectors([unit(array) for array in arrays], _count(answer.get("usage"), "prompt_tokens"))


def _array(embedding: str | list[float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Base64 of little-endian float32 as asked for, or the list of numbers that some servers send anyway."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
    return np.asarray(embedding, dtype=np.float32)


def unit(array: np.ndarray[Any, np.dtype[np.float32]]) -> HalfVector:
    """The vector scaled to length 1, which keeps half precision at its best; a zero vector stays zero."""
    length = float(np.linalg.norm(array))
    return HalfVector((array / length if length else array).astype(np.float16))


def _json_object(received: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(received)
    except orjson.JSONDecodeError:
        raise InvalidOutput("not_json", len(received)) from None
    if not isinstance(answer, dict):
        raise InvalidOutput("not_an_object", len(received))
    return answer


def _count(usage: Any, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and value >= 0 else 0
