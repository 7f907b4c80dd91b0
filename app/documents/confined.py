"""Runs a document parser in a child process that cannot outgrow its memory, its time or its answer."""

import asyncio
import math
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import cast

from app.errors import Overloaded, UnreadableDocument

# Many times what the longest transcript takes as a PDF or Word document.
MEMORY_LIMIT_BYTES = 512_000_000
# How many may be parsed at once: this many times the memory limit is the most that uploads can take from the machine.
_AT_ONCE = 4
# The child's exit status when its output is not the text but the reason why there is none.
REFUSED = 65
_free = asyncio.Semaphore(_AT_ONCE)


async def text_in_child(parser: str, content: bytes, timeout_s: float, max_chars: int) -> str:
    """The document's text, cut behind one character more than `max_chars`.

    Raises `UnreadableDocument`, or `Overloaded` if no child was free within `timeout_s`.
    """
    try:
        await asyncio.wait_for(_free.acquire(), timeout_s)
    except TimeoutError:
        raise Overloaded("Too many files are being read at once.", retry_after_s=timeout_s) from None
    try:
        async with asyncio.timeout(timeout_s):
            return await _parsed(parser, content, timeout_s, max_chars)
    except TimeoutError:
        raise UnreadableDocument("The file takes too long to read.") from None
    finally:
        _free.release()


async def _parsed(parser: str, content: bytes, cpu_s: float, max_chars: int) -> str:
    limits = (str(MEMORY_LIMIT_BYTES), str(math.ceil(cpu_s)), str(max_chars))
    command = (sys.executable, "-m", "app.documents.child", parser, *limits)
    # Run from where `app` lies, it finds `app` also where that is not installed. What parsers say may quote the text.
    place = Path(__file__).parents[2]
    # An empty environment holds no key, password or pepper of the service.
    child = await asyncio.create_subprocess_exec(*command, cwd=place, env={}, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    try:
        told = await _exchange(child, content, limit_bytes=4 * (max_chars + 1))
        status = await child.wait()
    finally:
        await _end(child)
    if status == REFUSED:
        raise UnreadableDocument(told)
    if status != 0:
        raise UnreadableDocument("The file is damaged, or takes too much time or memory to read.")
    return told


async def _exchange(child: Process, content: bytes, limit_bytes: int) -> str:
    """What the child answers; it reads all before it writes."""
    to_child, from_child = cast(asyncio.StreamWriter, child.stdin), cast(asyncio.StreamReader, child.stdout)
    with suppress(BrokenPipeError, ConnectionResetError):  # if it ended early, its exit status tells why
        to_child.write(content)
        await to_child.drain()
    to_child.close()
    try:
        await from_child.readexactly(limit_bytes + 1)
    except asyncio.IncompleteReadError as whole:
        return whole.partial.decode(errors="replace")
    raise UnreadableDocument("The file holds too much.")


async def _end(child: Process) -> None:
    """Also when this task is cancelled, no child stays."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
