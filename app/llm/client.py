"""The OpenAI client, whatever carries it: one attempt at a time, bounded, its errors translated into ours."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, cast

import httpx2
import openai
import orjson
from openai import AsyncOpenAI
from openai._models import FinalRequestOptions

from app.errors import (
    Problem,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnavailable,
    TranscriptTooLongForModel,
)
from app.llm.network import Answer, ASGIApp, Call, Carrier, InProcess, OverNetwork
from app.settings import Settings

IN_PROCESS_URL = "http://offline.invalid/v1"
_TOO_LONG_CODES = {"context_length_exceeded", "string_above_max_length"}
# Parameters that not every server or model takes.
_OPTIONAL = ("response_format", "temperature", "max_completion_tokens", "dimensions", "encoding_format")
_LATEST_RETRY_S = 3600.0
_TOLD_BY_THE_SDK = ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
_USER_AGENT = f"AsyncOpenAI/Python {openai.__version__}"  # the SDK's, which would name the class below
_UNSAID: dict[str, Any] = {f"X-Stainless-{name}": openai.Omit() for name in _TOLD_BY_THE_SDK}


class InvalidOutput(Exception):
    """The provider answered 200 with something unusable; `reason` is a code, and nothing of the answer is kept."""

    def __init__(self, reason: str, size_bytes: int) -> None:
        self.reason, self.size_bytes = reason, size_bytes
        super().__init__(f"{reason} in {size_bytes} bytes")


class ParameterUnsupported(Exception):
    """The server refuses a request for one of its parameters, which we can do without."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class _OpenAI(AsyncOpenAI):
    """The SDK, which builds a request but for its body once for each address: two thirds of its CPU.

    Where it reaches into the SDK, `tests/test_model_requests.py` says what must hold.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._heads: dict[str, httpx2.Request] = {}

    async def send(self, path: str, body: bytes) -> Answer:
        """Raises the SDK's own errors for all but a 200."""
        options = _options(path).model_copy(update={"content": body})
        return cast(Answer, await self.request(httpx2.Response, options))

    def _build_request(self, options: FinalRequestOptions, *, retries_taken: int = 0) -> httpx2.Request:
        head = self._heads.get(options.url)
        if head is None:
            without_body = options.model_copy(update={"content": b""})
            head = self._heads[options.url] = super()._build_request(without_body, retries_taken=retries_taken)
        return Call(head, cast(bytes, options.content))


class ProviderClient:
    """Posts to an OpenAI-compatible server; `app` takes the place of the network with a server in this process."""

    def __init__(self, settings: Settings, app: ASGIApp | None) -> None:
        self._limit = settings.llm_response_limit_bytes
        transport = InProcess(app, self._limit) if app else OverNetwork(self._limit)
        self._client = _OpenAI(
            api_key=settings.openai_api_key.get_secret_value() if settings.openai_api_key and not app else "none",
            base_url=IN_PROCESS_URL if app else settings.openai_base_url,
            max_retries=0,
            timeout=settings.llm_attempt_timeout_s,
            # Without compression, what is counted is what came; the rest would tell of this machine.
            default_headers={"Accept-Encoding": "identity", "User-Agent": _USER_AGENT, **_UNSAID},
            http_client=Carrier(transport),
        )

    async def post(self, path: str, body: dict[str, Any]) -> bytes:
        """One attempt: the bytes of a 200.

        Raises a `Problem`, whose `retryable` says if another attempt may help; `ParameterUnsupported`; or
        `InvalidOutput` for an answer over the size limit.
        """
        try:
            answer = await self._client.send(path, orjson.dumps(body))
        except openai.APIError as error:
            raise _translated(error) from None
        if len(answer.body) > self._limit:
            raise InvalidOutput("answer_too_large", len(answer.body))
        return answer.body

    async def close(self) -> None:
        await self._client.close()


@lru_cache(maxsize=16)
def _options(path: str) -> FinalRequestOptions:
    """With a key that is never sent; without one the SDK draws one for each call."""
    return FinalRequestOptions.construct(method="post", url=path, idempotency_key="unsent")


def _translated(error: openai.APIError) -> Problem | ParameterUnsupported:
    """The provider's own message may repeat the transcript, so only its class, status and code are looked at."""
    if isinstance(error, openai.APITimeoutError):
        return ProviderTimeout()
    if not isinstance(error, openai.APIStatusError):
        return ProviderUnavailable()
    status = error.status_code
    if status == 429:
        return ProviderRateLimited(retry_after_s=_retry_after(error.response))
    if status >= 500 or status in (408, 409):
        return ProviderUnavailable(f"The model provider answered {status}.", retry_after_s=_retry_after(error.response))
    if status == 413 or error.code in _TOO_LONG_CODES or _mentions(error, "context length", "maximum context"):
        return TranscriptTooLongForModel()
    if status in (400, 422) and (refused := _refused_parameter(error)):
        return ParameterUnsupported(refused)
    return ProviderMisconfigured(f"The model provider answered {status}.")


def _mentions(error: openai.APIStatusError, *words: str) -> bool:
    said = f"{error.param} {error.message}".casefold()
    return any(word in said for word in words)


def _refused_parameter(error: openai.APIStatusError) -> str | None:
    if error.param in _OPTIONAL:
        return error.param
    if _mentions(error, "json_schema", "json_object"):
        return "response_format"
    return next((name for name in _OPTIONAL if _mentions(error, name)), None)


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds that a `Retry-After` header asks for, as a number or a date (RFC 9110, 10.2.3); at most an hour."""
    asked = response.headers.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return None if math.isnan(seconds) else min(max(0.0, seconds), _LATEST_RETRY_S)
