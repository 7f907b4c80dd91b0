"""The load driver, a process of its own: posts visits, takes the times, and looks at what the server uses."""

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Sequence
from statistics import quantiles
from time import perf_counter

import orjson
import uvloop

from benchmarks.consumption import Consumption, consumption
from benchmarks.load import Load, Outcome, read_load
from benchmarks.raw_http import Answer, RawClient
from benchmarks.visits import visit_body

PATH = "/extract"
# A server that hangs must not keep the benchmark.
LONGEST_S = 600.0
# After an error or a refusal, or one in flight would ask without end.
PAUSE_S = 0.05


class Driver:
    """Carries out one load."""

    def __init__(self, load: Load) -> None:
        self._load, self._next = load, load.first
        self._client = RawClient(load.url, load.headers)
        self._measuring = self._done = False
        self._answered = 0
        self._latencies_ms: list[float] = []
        self._errors: Counter[str] = Counter()
        self._bodies: list[bytes] = []
        self._all_answered, self._enough = asyncio.Event(), asyncio.Event()

    async def run(self) -> Outcome:
        sending = asyncio.create_task(self._arrive() if self._load.rate else self._keep_in_flight())
        await self._warm_up()
        begun, before = perf_counter(), self._consumption()
        self._measuring = True
        await _within(self._load.seconds if self._load.requests is None else LONGEST_S, self._enough)
        self._measuring = False
        ended, after = perf_counter(), self._consumption()
        await self._drain(sending)
        return self._outcome(ended - begun, before, after)

    async def _warm_up(self) -> None:
        """Until the load is steady: each of those in flight has been answered, if that comes in time."""
        await asyncio.sleep(self._load.warm_up_s)
        if self._load.warm_up_s:
            await _within(self._load.longest_warm_up_s, self._all_answered)

    async def _drain(self, sending: "asyncio.Task[None]") -> None:
        """Lets those under way end, so that the server is at rest for whoever is measured next; in bounded time."""
        self._done = True
        await asyncio.wait({sending}, timeout=self._load.drain_s)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        self._client.close()

    async def _keep_in_flight(self) -> None:
        async with asyncio.TaskGroup() as group:
            for at in range(self._load.in_flight):
                group.create_task(self._one_after_another(self._load.spread_s * at / self._load.in_flight))

    async def _one_after_another(self, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        while not self._done:
            await self._request()

    async def _arrive(self) -> None:
        """Evenly, as many a second as asked for, however many are still under way."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        async with asyncio.TaskGroup() as group:
            while self._load.rate and not self._done:
                due += 1 / self._load.rate
                await asyncio.sleep(due - loop.time())
                group.create_task(self._request())

    async def _request(self) -> None:
        body = visit_body(self._next, self._load.talk_seed, self._load.clinician)
        self._next += 1
        begun = perf_counter()
        try:
            answer = await self._client.post(PATH, body)
        except OSError as error:
            self._note_error(type(error).__name__)
            await asyncio.sleep(PAUSE_S)
        else:
            self._note(answer, (perf_counter() - begun) * 1000)
            if answer.status != 201:
                await asyncio.sleep(PAUSE_S)

    def _note(self, answer: Answer, latency_ms: float) -> None:
        self._answered += 1
        if self._answered == self._load.in_flight:
            self._all_answered.set()
        if answer.status != 201:
            self._note_error(str(answer.status))
        elif self._measuring:
            self._latencies_ms.append(latency_ms)
            if self._load.with_phases:
                self._bodies.append(answer.body)
            if len(self._latencies_ms) == self._load.requests:
                self._enough.set()

    def _note_error(self, what: str) -> None:
        if self._measuring:
            self._errors[what] += 1
            if self._errors.total() == self._load.requests:  # whatever comes now, the answers will not
                self._enough.set()

    def _consumption(self) -> Consumption | None:
        return consumption(self._load.pid) if self._load.pid else None

    def _outcome(self, seconds: float, before: Consumption | None, after: Consumption | None) -> Outcome:
        completed = len(self._latencies_ms)
        p50_ms, p95_ms = percentiles(self._latencies_ms)
        used: tuple[float | None, float | None, int | None, int | None] = (None, None, None, None)
        if before and after and completed:
            main_ms = (after.main_cpu_s - before.main_cpu_s) * 1000 / completed
            tree_ms = (after.tree_cpu_s - before.tree_cpu_s) * 1000 / completed
            used = (main_ms, tree_ms, after.main_bytes, after.tree_bytes)
        phases_ms = phases_of(self._bodies)
        errors, sent = dict(self._errors), self._next - self._load.first
        return Outcome(completed, errors, completed / seconds, p50_ms, p95_ms, *used, sent, phases_ms)


async def _within(seconds: float, event: asyncio.Event) -> None:
    """Until the event, or until the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def percentiles(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The 50th and the 95th."""
    if len(values) < 2:
        return (values[0], values[0]) if values else (None, None)
    cuts = quantiles(values, n=20, method="inclusive")
    return cuts[9], cuts[18]


def phases_of(bodies: Sequence[bytes]) -> dict[str, list[float]]:
    """Milliseconds by phase, from the timings that answers carry."""
    found: dict[str, list[float]] = {}
    for body in bodies:
        for phase, taken in orjson.loads(body)["timings"]["phases"].items():
            found.setdefault(phase, []).append(taken["ms"])
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(uvloop.run(Driver(read_load(sys.stdin.buffer.readline())).run())))
