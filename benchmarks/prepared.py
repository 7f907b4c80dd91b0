"""What the service wrote and answered for each sample, so that the floor writes and answers as much."""

import asyncio
from pathlib import Path
from typing import Any

import orjson

from app.extraction.wording import in_words
from benchmarks.raw_http import RawClient
from benchmarks.visits import VISIT_DATE, samples, visit_body

# In the order of the statement that saves a run; the names are the service's, the answer's where they differ.
_COLUMNS = ("model", "extraction", "evaluation", "review", "context", "degraded", "usage", "timings")
_IDS = ("id", "transcript_id", "user_id", "created_at")


class Prepared:
    """One sample's row, as JSON texts, and the answer after its ids, as bytes."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.request = _json({"sop_ids": [], "custom_categories": [], "visit_date": VISIT_DATE})
        self.columns = [_json(answer[name]) for name in _COLUMNS]
        self.timings = self.columns[-1]
        self.embedded = in_words(answer["extraction"])
        rest = {name: value for name, value in answer.items() if name not in _IDS}
        self._rest = b"," + orjson.dumps(rest)[1:]

    def answer(self, run_id: Any, transcript_id: Any, user_id: Any, created_at: Any) -> bytes:
        """The bytes of the answer to one request."""
        ids = dict(zip(_IDS, (str(run_id), str(transcript_id), str(user_id), created_at), strict=True))
        return orjson.dumps(ids)[:-1] + self._rest


async def prepare(url: str, file: Path) -> None:
    """Asks the running service once for each sample, and keeps its answers in `file`; raises `RuntimeError`."""
    answers = []
    async with RawClient(url) as client:
        for at, sample in enumerate(samples()):
            answer = await client.post("/extract", visit_body(at))
            if answer.status != 201:
                raise RuntimeError(f"the service answered {answer.status} to sample {sample.name}")
            answers.append(orjson.loads(answer.body))
    await asyncio.to_thread(file.write_bytes, orjson.dumps(answers))


def read_prepared(file: Path) -> list[Prepared]:
    """One for each sample, by its number."""
    return [Prepared(answer) for answer in orjson.loads(file.read_bytes())]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
