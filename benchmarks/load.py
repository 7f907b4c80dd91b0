"""What one load is and what came of it, as both sides of the driver's process know it."""

from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Load:
    """One measurement: `in_flight` requests at a time (closed loop), or `rate` a second, come what may (open loop).

    Figures are taken for `seconds`, or if `requests` is given until so many were answered, or so many failed. Before,
    it warms up for `warm_up_s` and until all in flight were answered once, if need be `longest_warm_up_s` more; after,
    those under way have `drain_s` to end. The first requests are spread over `spread_s`, so that they do not stay in
    step. With `talk_seed` every visit of one sample has the same words, with `clinician` all are of one. `pid` is the
    server's main process.
    """

    url: str
    in_flight: int = 1
    seconds: float = 5.0
    warm_up_s: float = 1.0
    longest_warm_up_s: float = 10.0
    spread_s: float = 0.3
    drain_s: float = 10.0
    requests: int | None = None
    first: int = 0
    talk_seed: int | None = None
    clinician: int | None = None
    rate: float | None = None
    pid: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    with_phases: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one load: requests that ended inside the window, theirs in milliseconds, and what the server used for each."""

    completed: int
    errors: dict[str, int]
    throughput: float
    p50_ms: float | None
    p95_ms: float | None
    main_cpu_ms: float | None
    tree_cpu_ms: float | None
    main_bytes: int | None
    tree_bytes: int | None
    sent: int
    phases_ms: dict[str, list[float]] = field(default_factory=dict)


def write_load(load: Load) -> bytes:
    return orjson.dumps(load)


def read_load(line: bytes) -> Load:
    return Load(**orjson.loads(line))


def read_outcome(line: bytes) -> Outcome:
    found: dict[str, Any] = orjson.loads(line)
    return Outcome(**found)
