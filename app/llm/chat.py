"""Chat completions of one model, in a JSON schema where its server has that, else with the schema in the prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.errors import ProviderRefused
from app.findings import ANSWER_SCHEMA
from app.llm.client import InvalidOutput
from app.llm.endpoint import FORMATS, Endpoint, count, json_object

Message = dict[str, str]
# The name by which the offline provider answers; an item of its own cannot be confirmed by reading with it again.
RULES_ENGINE = "rules-1"


class AnswerShape:
    """The JSON schema that an answer has to follow, made ready once for both ways of asking for it."""

    def __init__(self, name: str, schema: dict[str, Any]) -> None:
        named = orjson.dumps({"name": name, "strict": True, "schema": schema})
        self.strict = {"type": "json_schema", "json_schema": orjson.Fragment(named)}
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


class ChatModel:
    """One model of one server; `provider` is "openai" or "offline"."""

    def __init__(self, provider: str, name: str, temperature: float, endpoint: Endpoint) -> None:
        self.provider, self.name, self.breaker = provider, name, endpoint.breaker
        self.temperature, self._endpoint = temperature, endpoint

    async def complete(
        self, messages: Sequence[Message], shape: AnswerShape, max_tokens: int, deadline: float, phase: str
    ) -> Completion:
        """One chat completion in the JSON schema of `shape`; servers without schemas get it in the prompt.

        Raises `InvalidOutput` for a 200 that is no finished answer (its reason `cut_off` when the output limit ended
        it), `ProviderRefused`, or another provider problem.
        """
        received = await self._endpoint.post(lambda: self._body(messages, shape, max_tokens), deadline, phase)
        return _completion(received, self.name, phase)

    def _body(self, messages: Sequence[Message], shape: AnswerShape, max_tokens: int) -> dict[str, Any]:
        strict = self._endpoint.format == 0
        body: dict[str, Any] = {
            "model": self.name,
            "messages": list(messages) if strict else [shape.told, *messages],
            "temperature": self.temperature,
            "max_completion_tokens": max_tokens,
        }
        if self._endpoint.format < len(FORMATS):
            body["response_format"] = shape.strict if strict else {"type": "json_object"}
        if "max_completion_tokens" in self._endpoint.dropped:
            body["max_tokens"] = max_tokens  # the older name of the limit, for servers that know no other
        return body


def _completion(received: bytes, default_model: str, phase: str) -> Completion:
    """A 200 is still untrusted: each step down to the text checks what it finds."""
    answer = json_object(received)
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
        count(usage, "prompt_tokens"),
        count(usage, "completion_tokens"),
    )
