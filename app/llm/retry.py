"""The one retry loop around provider calls: a deadline of our own, Retry-After honoured, never past the deadline."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from app.errors import Problem, ProviderTimeout
from app.llm.breaker import Breaker

Result = TypeVar("Result")
BACKOFF_S = 0.25
# What a client is told after a failure whose end nobody knows.
RETRY_LATER_S = 5.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `attempts` calls of `attempt_timeout_s` seconds each."""

    attempts: int
    attempt_timeout_s: float


def deadline_in(seconds: float) -> float:
    """A deadline on the running loop's clock."""
    return asyncio.get_running_loop().time() + seconds


async def call_with_retries(
    call: Callable[[], Awaitable[Result]], policy: RetryPolicy, breaker: Breaker, deadline: float, phase: str
) -> Result:
    """The result of the first attempt that succeeds.

    A `Problem` that is not retryable, and any other exception, ends the loop at once; so do a breaker that is open and
    a delay that would reach past the deadline. The problem raised names the phase.
    """
    for attempt in range(1, policy.attempts + 1):
        try:
            with breaker.attempt():
                return await _one_attempt(call, policy.attempt_timeout_s, deadline)
        except Problem as problem:
            problem.phase = phase
            delay = _delay(problem, attempt)
            left = deadline - asyncio.get_running_loop().time()
            is_over = not problem.retryable or attempt == policy.attempts or breaker.open_for_s() is not None
            if is_over or delay >= left:
                _tell_when_to_retry(problem)
                raise
            log.warning("provider_retry", phase=phase, attempt=attempt, problem=problem.slug, delay_s=round(delay, 3))
            await asyncio.sleep(delay)
    raise AssertionError("the loop returns or raises")


async def _one_attempt(call: Callable[[], Awaitable[Result]], timeout_s: float, deadline: float) -> Result:
    """The SDK's timeouts do not bound a slow drip, and an in-process transport ignores them: this one does."""
    try:
        async with asyncio.timeout_at(min(deadline, asyncio.get_running_loop().time() + timeout_s)):
            return await call()
    except TimeoutError:
        raise ProviderTimeout() from None


def _tell_when_to_retry(problem: Problem) -> None:
    if problem.retryable and problem.retry_after_s is None:
        problem.retry_after_s = RETRY_LATER_S


def _delay(problem: Problem, attempt: int) -> float:
    """What the provider asks for, else exponential back-off with full jitter (AWS Architecture Blog, 2015)."""
    if problem.retry_after_s is not None:
        return problem.retry_after_s
    jitter = random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing
    return float(BACKOFF_S * 2**attempt * jitter)
