"""The child process that parses one document: bytes on its input, UTF-8 text or a reason on its output."""

import sys
from collections.abc import Callable
from contextlib import suppress

from app.documents.confined import REFUSED
from app.errors import UnreadableDocument

try:
    import resource
except ImportError:  # Windows knows no such limits
    resource = None  # type: ignore[assignment]


def main(parser: str, memory_bytes: str, cpu_s: str, max_chars: str) -> int:
    """The exit status: 0 with the text on the output, or `REFUSED` with the reason."""
    _limit(int(memory_bytes), int(cpu_s))
    text_of = _parser(parser)
    try:
        status, told = 0, text_of(sys.stdin.buffer.read())[: int(max_chars) + 1]
    except UnreadableDocument as refusal:
        status, told = REFUSED, refusal.detail
    except MemoryError:
        status, told = REFUSED, "The file takes too much memory to read."
    except Exception:  # a parser that meets a hostile file may raise anything, with the file's text in it
        status, told = REFUSED, "The file is damaged."
    # PDF text may hold halves of surrogate pairs: two that belong together become one character, others a mark.
    whole = told.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    sys.stdout.buffer.write(whole.encode())
    return status


def _limit(memory_bytes: int, cpu_s: int) -> None:
    if resource is None:
        return
    _lower(resource.RLIMIT_CORE, 0, 0)  # a core file would hold the patient's text
    _lower(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)
    with suppress(ValueError, OSError):  # macOS knows this limit but will not set it
        _lower(resource.RLIMIT_AS, memory_bytes, memory_bytes)


def _lower(kind: int, soft: int, hard: int) -> None:
    """Only root may raise a limit that the service itself runs under."""
    most = resource.getrlimit(kind)[1]
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(kind, (soft, hard))


def _parser(name: str) -> Callable[[bytes], str]:
    """Imports only what it needs, since each file waits for it."""
    if name == "pdf":
        from app.documents.pdf import text_of_pdf

        return text_of_pdf
    from app.documents.word import text_of_word

    return text_of_word


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
