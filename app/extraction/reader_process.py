"""The process that reads visits a second time: texts on its input, readings on its output, each after its length."""

import gc
import pickle
import sys

from app.extraction.second_reader import load, read_again
from app.language.turns import split_turns

LENGTH_BYTES = 4
READY = b"ready\n"


def main() -> None:
    """Ends with its input, so that it does not outlive the service. An empty answer says that reading failed."""
    load()
    gc.freeze()
    told, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    while length := told.read(LENGTH_BYTES):
        answer = _read(told.read(int.from_bytes(length)))
        answers.write(len(answer).to_bytes(LENGTH_BYTES) + answer)
        answers.flush()


def _read(told: bytes) -> bytes:
    try:
        text = told.decode("utf-8", "surrogatepass")
        return pickle.dumps(read_again(text, split_turns(text)), pickle.HIGHEST_PROTOCOL)
    except Exception:  # whatever it is, its message may hold the visit's words
        return b""


if __name__ == "__main__":
    main()
