"""What is measured on the service alone: repeated texts, memory over many requests, and overload."""

from statistics import median

from benchmarks.comparison import Field, Progress
from benchmarks.goals import Goal, memory_goal, overload_goals, repeat_goal
from benchmarks.load import Load
from benchmarks.stage import SERVICE
from benchmarks.visits import samples

EMBEDDING = "transcript_embedding"
NORMAL_IN_FLIGHT, OVERLOAD = 128, 4.0


def measure_repeats(field: Field, progress: Progress) -> Goal:
    """The embedding phase for texts never seen, and for the same ones again; the model answers at once meanwhile."""
    progress("embedding phase, new texts")
    field.stage.set_latency(chat_s=0.01)
    count = 4 * len(samples())
    load = Load("", requests=count, warm_up_s=0, spread_s=0, with_phases=True)
    new = field.measure(SERVICE, load)
    again = Load("", requests=count, warm_up_s=0, spread_s=0, with_phases=True, talk_seed=1)
    progress("embedding phase, repeated texts")
    field.measure(SERVICE, again)
    repeated = field.measure(SERVICE, again)
    return repeat_goal(median(new.phases_ms[EMBEDDING]), median(repeated.phases_ms[EMBEDDING]))


def measure_memory(field: Field, early: int, late: int, progress: Progress) -> Goal:
    """On a service just started, with providers that answer at once: memory after `early` and after `late` requests."""
    field.stage.set_latency(chat_s=0.0, embedding_s=0.0)
    with field.anew(SERVICE):
        progress(f"memory, the first {early:,} requests")
        first = field.measure(SERVICE, Load("", in_flight=32, requests=early, warm_up_s=0))
        progress(f"memory, up to {late:,} requests")
        rest = field.measure(SERVICE, Load("", in_flight=32, requests=late - early, warm_up_s=0))
    return memory_goal(first, rest)


def measure_overload(field: Field, seconds: float, progress: Progress, in_flight: int = NORMAL_IN_FLIGHT) -> list[Goal]:
    """Normal is a closed loop; four times its throughput then comes in an open loop, whatever is answered."""
    field.stage.set_latency(chat_s=0.25)
    progress("overload: the normal load")
    normal = field.measure(SERVICE, Load("", in_flight, seconds))
    rate = OVERLOAD * normal.throughput
    progress(f"overload: {rate:.0f} requests a second")
    return overload_goals(normal, field.measure(SERVICE, Load("", rate=rate, seconds=seconds, warm_up_s=3.0)))
