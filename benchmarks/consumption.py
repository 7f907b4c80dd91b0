"""What a server costs: CPU seconds and resident memory of its main process, and of it with all its children."""

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Consumption:
    """CPU seconds since the start, and resident bytes now; `tree` counts the process and all below it."""

    main_cpu_s: float
    tree_cpu_s: float
    main_bytes: int
    tree_bytes: int


def consumption(pid: int) -> Consumption:
    """Raises `psutil.NoSuchProcess` for a server that has ended."""
    main = psutil.Process(pid)
    children = [figures for child in main.children(recursive=True) if (figures := _figures(child))]
    own = main.cpu_times()
    ended_cpu_s = own.children_user + own.children_system
    main_cpu_s, main_bytes = own.user + own.system, main.memory_info().rss
    return Consumption(
        main_cpu_s=main_cpu_s,
        tree_cpu_s=main_cpu_s + ended_cpu_s + sum(cpu_s for cpu_s, _ in children),
        main_bytes=main_bytes,
        tree_bytes=main_bytes + sum(size for _, size in children),
    )


def _figures(process: psutil.Process) -> tuple[float, int] | None:
    """With what the process's own ended children used; None for one that has just ended itself."""
    try:
        return sum(process.cpu_times()[:4]), process.memory_info().rss
    except psutil.NoSuchProcess:
        return None
