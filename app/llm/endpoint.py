"""One model behind one path of a server: what the server does not take of a request is left out from then on."""

from collections.abc import Callable
from typing import Any

import orjson
import structlog

from app.errors import ProviderMisconfigured
from app.llm.breaker import Breaker
from app.llm.client import InvalidOutput, ParameterUnsupported, ProviderClient
from app.llm.retry import RetryPolicy, call_with_retries

# How an answer's shape is asked for, best first; after the last it is only told in the prompt.
FORMATS = ("json_schema", "json_object")
log = structlog.get_logger()


class Endpoint:
    """Posts bodies until one is taken, within the deadline, if the breaker lets it."""

    def __init__(self, client: ProviderClient, path: str, policy: RetryPolicy, breaker: Breaker) -> None:
        self.breaker = breaker
        self._client, self._path, self._policy = client, path, policy
        # What the server turned out not to take: how far down `FORMATS`, and which parameters.
        self.format = 0
        self.dropped: set[str] = set()

    async def post(self, body: Callable[[], dict[str, Any]], deadline: float, phase: str) -> bytes:
        """The answer to the body, which is made anew when the server refuses a part of it, one thing at a time."""
        while True:
            sent = self._without_dropped(body())
            try:
                return await self._tried(sent, deadline, phase)
            except ParameterUnsupported as refused:
                if not self._do_without(refused.name, sent):
                    raise ProviderMisconfigured("The model provider refuses the request.", phase=phase) from None
                log.warning("provider_parameter_dropped", phase=phase, parameter=refused.name)

    async def _tried(self, body: dict[str, Any], deadline: float, phase: str) -> bytes:
        return await call_with_retries(
            lambda: self._client.post(self._path, body), self._policy, self.breaker, deadline, phase
        )

    def _do_without(self, name: str, sent: dict[str, Any]) -> bool:
        """Whether there is something left to try, by what this request had sent: others may have learnt since."""
        if name == "response_format" and name in sent:
            used = FORMATS.index(sent[name]["type"])
            self.format = max(self.format, used + 1)
            return True
        if name in sent:
            self.dropped.add(name)
            return True
        return False

    def _without_dropped(self, body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name not in self.dropped} if self.dropped else body


def json_object(received: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(received)
    except orjson.JSONDecodeError:
        raise InvalidOutput("not_json", len(received)) from None
    if not isinstance(answer, dict):
        raise InvalidOutput("not_an_object", len(received))
    return answer


def count(usage: Any, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and value >= 0 else 0
