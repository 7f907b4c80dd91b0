"""How much each caller asks for: requests a minute and model tokens a day, counted here and summed in the database."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from app.access.credentials import Credential
from app.db import usage
from app.db.engine import Database
from app.db.flushing import Flushed
from app.errors import BudgetSpent, Problem, TooManyRequests

MINUTE_S, DAY_S = 60, 86_400
_PERIODS = {"minute": MINUTE_S, "day": DAY_S}
log = structlog.get_logger()


@dataclass(slots=True)
class _Count:
    """Of one caller in one period: the sum of all workers when last asked, and what this one added since."""

    requests: int = 0
    tokens: int = 0
    new_requests: int = 0
    new_tokens: int = 0


_Key = tuple[UUID, str, str, int]


class Meter(Flushed):
    """Workers hear of each other once a second: so far beyond a limit several of them can go together."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db
        self._counts: dict[_Key, _Count] = {}

    def admit(self, credential: Credential) -> dict[str, str]:
        """Counts a request; the headers that tell what is left. Raises `TooManyRequests`."""
        limit, count = credential.requests_per_minute, self._count(credential, "minute")
        used, left_s = count.requests + count.new_requests, _left_s(MINUTE_S)
        if not limit:
            count.new_requests += 1
            return {}
        headers = {
            "RateLimit-Policy": f'"requests";q={limit};w={MINUTE_S}',
            "RateLimit": f'"requests";r={max(0, limit - used - 1)};t={left_s}',
        }
        if used >= limit:
            raise TooManyRequests(retry_after_s=left_s, headers=headers)
        count.new_requests += 1
        return headers

    def require_budget(self, credential: Credential) -> None:
        """Before a model is asked. Raises `BudgetSpent`; the call that goes beyond the limit is still made."""
        count = self._count(credential, "day")
        if credential.tokens_per_day and count.tokens + count.new_tokens >= credential.tokens_per_day:
            raise BudgetSpent(retry_after_s=_left_s(DAY_S))

    def spend(self, credential: Credential, tokens: int) -> None:
        """What a model call took, all its tokens together."""
        self._count(credential, "day").new_tokens += tokens

    async def flush(self) -> None:
        """Adds what is new to the database's sums, and takes those over; on a database error it goes on counting."""
        self._forget_the_past()
        changed = {key: count for key, count in self._counts.items() if count.new_requests or count.new_tokens}
        if not changed:
            return
        sent = {key: (count.new_requests, count.new_tokens) for key, count in changed.items()}
        try:
            async with self._db.across_organizations() as session:
                sums = await usage.add_usage(session, [_row(key, *new) for key, new in sent.items()])
        except Problem as problem:
            log.warning("usage_not_saved", problem=problem.slug, entries=len(sent))
            return
        for row in sums:
            key = (row.organization_id, row.actor, row.period, int(row.started_at.timestamp()))
            count, (requests, tokens) = changed[key], sent[key]
            count.requests, count.tokens = row.requests, row.tokens
            count.new_requests, count.new_tokens = count.new_requests - requests, count.new_tokens - tokens

    def _count(self, credential: Credential, period: str) -> _Count:
        length, caller = _PERIODS[period], credential.caller
        key = (caller.organization_id, caller.actor, period, int(time.time()) // length * length)
        return self._counts.setdefault(key, _Count())

    def _forget_the_past(self) -> None:
        """A period that has ended is kept until its last counts are written."""
        now = time.time()
        ended = [
            key
            for key, count in self._counts.items()
            if key[3] + _PERIODS[key[2]] < now and not count.new_requests and not count.new_tokens
        ]
        for key in ended:
            del self._counts[key]


def _left_s(length: int) -> int:
    return length - int(time.time()) % length


def _row(key: _Key, requests: int, tokens: int) -> dict[str, Any]:
    organization_id, actor, period, started = key
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=started)
    return {
        "organization_id": organization_id,
        "actor": actor,
        "period": period,
        "started_at": moment,
        "requests": requests,
        "tokens": tokens,
    }
