"""A circuit breaker for one model of one server: after many failures in a row it is left alone for a while."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from app.errors import ProviderPaused, ProviderTimeout, ProviderUnavailable

# Failures of the server. What it answers (429, 401, a transcript that is too long) shows that it is there.
_FAULTS = (ProviderUnavailable, ProviderTimeout)
log = structlog.get_logger()


class Breaker:
    """Closed, it lets all calls through; open, none; then half-open, exactly one, by which it closes or opens again.

    `on_change` hears "open", "half_open" or "closed". Nygard, Release It!, 2nd edition, chapter 5.
    """

    def __init__(self, target: str, failures: int, open_s: float, on_change: Callable[[str, str], None]) -> None:
        self._target, self._most_failures, self._open_s, self._on_change = target, failures, open_s, on_change
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Around one call: raises `ProviderPaused` instead of letting it through, and judges it by how it ends."""
        is_probe = self._is_let_through_as_probe()
        try:
            yield
        except _FAULTS:
            self._note_fault(is_probe)
            raise
        except Exception:
            self._note_answer(is_probe)
            raise
        else:
            self._note_answer(is_probe)
        finally:
            if is_probe:  # also one that was cancelled, which tells nothing
                self._probing = False

    def refuse_if_open(self) -> None:
        """Raises `ProviderPaused` when a call now would not be let through."""
        left = self.open_for_s()
        if left is not None:
            raise ProviderPaused(retry_after_s=left)

    def open_for_s(self) -> float | None:
        """Seconds until a call may be let through; None when one would be now."""
        if self._opened_at is None:
            return None
        left = self._opened_at + self._open_s - asyncio.get_running_loop().time()
        if left > 0:
            return left
        return 1.0 if self._probing else None

    def _is_let_through_as_probe(self) -> bool:
        self.refuse_if_open()
        if self._opened_at is None:
            return False
        self._probing = True
        self._tell("half_open")
        return True

    def _note_fault(self, is_probe: bool) -> None:
        """A call that began before the breaker opened says nothing new about the server."""
        self._failures += 1
        was_closed = self._opened_at is None
        if is_probe or (was_closed and self._failures >= self._most_failures):
            self._opened_at = asyncio.get_running_loop().time()
            self._tell("open")

    def _note_answer(self, is_probe: bool) -> None:
        if is_probe:
            self._opened_at = None
            self._tell("closed")
        if self._opened_at is None:
            self._failures = 0

    def _tell(self, state: str) -> None:
        told = log.warning if state == "open" else log.info
        told("breaker", target=self._target, state=state)
        self._on_change(self._target, state)
