"""A lock between processes: a file that one of them holds, given back by the system when its process ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Waits until no other process is in a block under the same file. Blocking."""
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
