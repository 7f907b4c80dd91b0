"""How long each phase of one request took: an object that belongs to the request, and the vocabulary of phases."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from app.errors import Problem

# In the order of the story; `context` spans the six after it, `save` the two after it.
PHASES = (
    "context",
    "user_lookup",
    "sop_fetch",
    "transcript_embedding",
    "test_case_search",
    "visit_search",
    "context_selection",
    "open_run",
    "llm_extraction",
    "evaluation",
    "extraction_embedding",
    "save",
    "save_result",
    "save_embeddings",
)
GROUPS = {
    "context": PHASES[1:7],
    "save": ("save_result", "save_embeddings"),
}


@dataclass(slots=True)
class PhaseTiming:
    """One phase: milliseconds since the request began, and how long it took (so far, while it runs)."""

    start_ms: float
    ms: float
    failed: bool = False
    ended: bool = False


@dataclass(slots=True)
class Timings:
    """The phases of one request; `on_phase` hears of each one as it ends."""

    began: float = field(default_factory=perf_counter)
    phases: dict[str, PhaseTiming] = field(default_factory=dict)
    on_phase: Callable[[str, PhaseTiming], None] | None = None

    def phase(self, name: str) -> "_Phase":
        """Times its block under one of `PHASES`, also when the block raises; a problem is told which it was.

        A phase runs once a request.
        """
        if name not in PHASES:
            raise ValueError(f"unknown phase {name}")
        return _Phase(self, name)

    def elapsed_ms(self) -> float:
        return (perf_counter() - self.began) * 1000

    def as_dict(self) -> dict[str, Any]:
        """`{"total_ms", "phases": {name: {"start_ms", "ms"}}}` of the phases that have ended, in order of start."""
        ended = [(name, timing) for name, timing in self.phases.items() if timing.ended]
        ordered = sorted(ended, key=lambda item: item[1].start_ms)
        return {
            "total_ms": round(self.elapsed_ms(), 3),
            "phases": {name: {"start_ms": round(t.start_ms, 3), "ms": round(t.ms, 3)} for name, t in ordered},
        }

    def server_timing(self) -> str:
        """The value of a `Server-Timing` header (W3C Server Timing): durations in milliseconds."""
        entries = [f"{name};dur={timing.ms:.3f}" for name, timing in self.phases.items()]
        return ", ".join([*entries, f"total;dur={self.elapsed_ms():.3f}"])


class _Phase:
    """The block of one phase: a class, since a request has fourteen and a generator takes twice as long."""

    __slots__ = ("_name", "_timing", "_timings")

    def __init__(self, timings: Timings, name: str) -> None:
        self._timings, self._name = timings, name

    def __enter__(self) -> None:
        started = PhaseTiming(self._timings.elapsed_ms(), 0.0)
        self._timing = self._timings.phases[self._name] = started

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        timing, timings = self._timing, self._timings
        timing.ms, timing.ended, timing.failed = timings.elapsed_ms() - timing.start_ms, True, error is not None
        if isinstance(error, Problem):
            error.phase = error.phase or self._name
        if timings.on_phase:
            timings.on_phase(self._name, timing)
