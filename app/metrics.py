"""What Prometheus scrapes: requests, phases, degradations and tokens; labels hold codes, never text."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import MutexValue, ValueClass

from app.timings import PHASES, Timings

# From a primary-key query to a model call at its deadline.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One registry an app, so that several apps can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "medextract_requests_total", "Requests by route and status.", ("route", "status"), registry=self.registry
        )
        self.duration = Histogram(
            "medextract_request_seconds", "Whole requests.", ("route",), buckets=_BUCKETS, registry=self.registry
        )
        self.phases = Histogram(
            "medextract_phase_seconds", "Phases of an extraction.", ("phase",), buckets=_BUCKETS, registry=self.registry
        )
        self.degraded = Counter(
            "medextract_degraded_total", "Parts that an answer went without.", ("what",), registry=self.registry
        )
        self.tokens = Counter("medextract_tokens_total", "Tokens spent.", ("kind",), registry=self.registry)
        self.fallbacks = Counter(
            "medextract_fallbacks_total", "Answers by a fallback model.", ("model",), registry=self.registry
        )
        self.breaker_open = Gauge(
            "medextract_breaker_open",
            "1 while a model is left alone.",
            ("target",),
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        self.embedding_cache = Counter(
            "medextract_embedding_cache_total", "Vectors looked up, by where.", ("tier",), registry=self.registry
        )
        self.embedding_cache_evicted = Counter(
            "medextract_embedding_cache_evicted_total", "Vectors deleted for room or age.", registry=self.registry
        )
        self.answer_cache = Counter(
            "medextract_answer_cache_total", "Answers looked up, by outcome.", ("outcome",), registry=self.registry
        )
        self.extractions_in_flight = Gauge(
            "medextract_extractions_in_flight",
            "Extractions at work.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.extractions_waiting = Gauge(
            "medextract_extractions_waiting",
            "Extractions in line for a place.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.extractions_refused = Counter(
            "medextract_extractions_refused_total", "Extractions refused for want of one.", registry=self.registry
        )
        for tier in ("memory", "table", "near", "miss"):
            self.embedding_cache.labels(tier)
        # All of them now, so that a phase that never ran shows as zero, not as missing.
        self._of_phase = {phase: self.phases.labels(phase) for phase in PHASES}

    def count_request(self, route: str, status: int, timings: Timings) -> None:
        self.requests.labels(route, str(status)).inc()
        self.duration.labels(route).observe(timings.elapsed_ms() / 1000)
        for name, phase in timings.phases.items():
            self._of_phase[name].observe(phase.ms / 1000)

    def count_extraction(self, answer: Mapping[str, Any]) -> None:
        for what in answer["degraded"]:
            self.degraded.labels(what).inc()
        for kind, spent in answer["usage"].items():
            self.tokens.labels(kind.removesuffix("_tokens")).inc(spent)

    def note_breaker(self, target: str, state: str) -> None:
        """Half-open counts as open: all calls but one are still refused."""
        self.breaker_open.labels(target).set(state != "closed")

    def exposition(self) -> bytes:
        """The text format that Prometheus reads; of all processes together, where several serve."""
        if ValueClass is MutexValue:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
