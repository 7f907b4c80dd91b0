"""Drives the variants in turn, several rounds, and takes medians and ratios."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from statistics import median

from benchmarks.load import Load, Outcome, read_outcome, write_load
from benchmarks.processes import PROJECT, Server, clean_environment, python
from benchmarks.stage import SEQUENTIAL, SERVICE, Stage

# What is compared, by name of the outcome's figure.
FIGURES = ("throughput", "p50_ms", "p95_ms", "main_cpu_ms", "tree_cpu_ms", "main_bytes", "tree_bytes")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of loads: how many in flight, and how long the model takes."""

    in_flight: int
    chat_s: float = 0.25
    seconds: float = 5.0
    rounds: int = 3

    @property
    def label(self) -> str:
        return f"{self.in_flight} in flight, model {self.chat_s * 1000:.0f} ms"


@dataclass(slots=True)
class Measured:
    """The outcomes of one variant under one setting, a round each."""

    setting: Setting
    variant: str
    outcomes: list[Outcome] = field(default_factory=list)

    def figure(self, name: str) -> float | None:
        """The median over the rounds; None where a round has none."""
        found = [getattr(outcome, name) for outcome in self.outcomes]
        return None if None in found or not found else median(found)

    @property
    def errors(self) -> int:
        return sum(sum(outcome.errors.values()) for outcome in self.outcomes)

    @property
    def completed(self) -> int:
        return sum(outcome.completed for outcome in self.outcomes)


class Field:
    """The variants that take part, started once each, and the numbers of the visits that were posted so far."""

    def __init__(self, stage: Stage, variants: Sequence[str], servers: dict[str, Server]) -> None:
        self.stage, self.variants, self._servers = stage, variants, servers
        self._first = 1000

    def server(self, variant: str) -> Server:
        """Of a variant that runs all the time: any but the sequential one."""
        return self._servers[variant]

    @contextmanager
    def also(self, variant: str) -> Iterator[None]:
        """One more variant while the block runs."""
        with self.stage.variant(variant) as server:
            self._servers[variant] = server
            yield
        del self._servers[variant]

    @contextmanager
    def anew(self, variant: str) -> Iterator[None]:
        """The variant in a new process beside its old one, and measured there, while the block runs."""
        old = self._servers[variant]
        with self.also(variant):
            yield
        self._servers[variant] = old

    def compare(self, setting: Setting, variants: Sequence[str], progress: Progress) -> list[Measured]:
        """All variants under one setting, in turn within each round."""
        self.stage.set_latency(setting.chat_s)
        measured = [Measured(setting, variant) for variant in variants]
        for round_number in range(setting.rounds):
            for one in measured:
                progress(f"{setting.label}: {one.variant}, round {round_number + 1}")
                one.outcomes.append(self.measure(one.variant, load_of(setting)))
        return measured

    def measure(self, variant: str, load: Load) -> Outcome:
        """One load on one variant; the sequential one is started anew, since it works on what others gave up on."""
        with ExitStack() as stack:
            anew = variant == SEQUENTIAL
            server = stack.enter_context(self.stage.variant(variant)) if anew else self.server(variant)
            if anew:
                load = replace(load, longest_warm_up_s=load.warm_up_s, drain_s=0.0)
            outcome = drive(replace(load, url=server.url, pid=server.pid or None, first=self._first))
        self._first += outcome.sent
        return outcome


@contextmanager
def field_of(stage: Stage, variants: Sequence[str], urls: Sequence[str] = ()) -> Iterator[Field]:
    """Starts the variants; the services at `urls` run already, and are compared under their addresses."""
    with ExitStack() as stack:
        # The floor answers what the service did, which is started first.
        started = sorted(set(variants) - {SEQUENTIAL}, key=SERVICE.__ne__)
        servers = {name: stack.enter_context(stage.variant(name)) for name in started}
        yield Field(stage, [*variants, *urls], servers | {url: Server(url, 0) for url in urls})


def load_of(setting: Setting) -> Load:
    """Warm until each of those in flight has been answered at least once."""
    latency_s = setting.chat_s + 0.05
    return Load("", setting.in_flight, setting.seconds, warm_up_s=max(1.0, 1.5 * latency_s), spread_s=latency_s)


def drive(load: Load) -> Outcome:
    """Carries the load out in a process of its own."""
    done = subprocess.run(  # noqa: S603
        python("benchmarks.driver"), input=write_load(load), capture_output=True, cwd=PROJECT, env=clean_environment()
    )
    if done.returncode:
        raise RuntimeError(f"the driver failed: {done.stderr.decode()[-2000:]}")
    return read_outcome(done.stdout)
