"""The OpenAI client, whatever carries it: one attempt at a time, bounded, its errors translated into ours."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx2
import openai
import orjson
from openai import AsyncOpenAI, AsyncStream

from app.errors import (
    Problem,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnavailable,
    TranscriptTooLongForModel,
)
from app.settings import Settings

Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]

IN_PROCESS_URL = "http://offline.invalid/v1"
_TOO_LONG_CODES = {"context_length_exceeded", "string_above_max_length"}


class InvalidOutput(Exception):
    """The provider answered 200 with something unusable; `reason` is a code, and nothing of the answer is kept."""

    def __init__(self, reason: str, size_bytes: int) -> None:
        self.reason, self.size_bytes = reason, size_bytes
        super().__init__(f"{reason} in {size_bytes} bytes")


class ResponseFormatUnsupported(Exception):
    """The server knows no JSON-schema output."""


class ProviderClient:
    """Posts to an OpenAI-compatible server; `app` takes the place of the network with a server in this process."""

    def __init__(self, settings: Settings, app: ASGIApp | None) -> None:
        self._limit = settings.llm_response_limit_bytes
        self._client = AsyncOpenAI(
            api_key=settings.openai_api_key.get_secret_value() if settings.openai_api_key and not app else "none",
            base_url=IN_PROCESS_URL if app else settings.openai_base_url,
            max_retries=0,
            timeout=settings.llm_attempt_timeout_s,
            default_headers={"Content-Type": "application/json"},
            http_client=httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app, raise_app_exceptions=False) if app else None,
                limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
                follow_redirects=False,
                trust_env=app is None,
            ),
        )

    async def post(self, path: str, body: dict[str, Any]) -> bytes:
        """One attempt: the bytes of a 200.

        Raises a `Problem`, whose `retryable` says if another attempt may help; `ResponseFormatUnsupported`; or
        `InvalidOutput` for an answer over the size limit.
        """
        try:
            response = await self._client.post(
                path,
                cast_to=httpx2.Response,
                content=orjson.dumps(body),
                stream=True,
                stream_cls=AsyncStream[Any],
            )
            return await self._read(response)  # type: ignore[arg-type]
        except openai.APIError as error:
            raise _translated(error) from None
        except httpx2.TimeoutException:
            raise ProviderTimeout() from None
        except httpx2.HTTPError:
            raise ProviderUnavailable("The connection to the model provider broke.") from None

    async def _read(self, response: httpx2.Response) -> bytes:
        try:
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > self._limit:
                    raise InvalidOutput("answer_too_large", len(received))
            return bytes(received)
        finally:
            await response.aclose()

    async def close(self) -> None:
        await self._client.close()


def _translated(error: openai.APIError) -> Problem | ResponseFormatUnsupported:
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
    if status in (400, 422) and _mentions(error, "response_format", "json_schema"):
        return ResponseFormatUnsupported()
    return ProviderMisconfigured(f"The model provider answered {status}.")


def _mentions(error: openai.APIStatusError, *words: str) -> bool:
    said = f"{error.param} {error.message}".casefold()
    return any(word in said for word in words)


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds of a `Retry-After` header in its numeric form; the date form is rare and left to the default delay."""
    try:
        return max(0.0, float(response.headers.get("retry-after", "")))
    except ValueError:
        return None
