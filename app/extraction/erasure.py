"""Erases visits for good, on request or by age: after it no table holds a trace of them, and the audit says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import audit, erasure
from app.db.caller import Caller
from app.db.embedding_cache import forget_texts
from app.db.engine import Database
from app.db.rows import AnyRow
from app.extraction.wording import in_words

# Visits in one transaction: few enough that nobody waits long for a lock.
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Erased:
    """How many visits went, and how many gold cases that held the same text."""

    visits: int
    test_cases: int


async def erase_visits(db: Database, which: ColumnElement[bool], actor: str) -> Erased:
    """Batch after batch until none is left; `which` is a condition of `app.db.erasure`, `actor` is for the audit."""
    visits = test_cases = 0
    while True:
        async with db.across_organizations() as session:
            batch = await _erase_batch(session, which, actor)
        visits, test_cases = visits + batch.visits, test_cases + batch.test_cases
        if batch.visits < AT_ONCE:
            return Erased(visits, test_cases)


async def erase_user(db: Database, user_id: UUID, organization_id: UUID, actor: str) -> Erased:
    """The clinician's visits, SOPs, and then the clinician."""
    erased = await erase_visits(db, erasure.of_user(user_id), actor)
    async with db.across_organizations() as session:
        await erasure.delete_user(session, user_id)
        await audit.record(session, _caller(organization_id, actor), "delete", "users", user_id)
    return erased


async def _erase_batch(session: AsyncConnection, which: ColumnElement[bool], actor: str) -> Erased:
    visits = await erasure.find_visits(session, which, AT_ONCE)
    if not visits:
        return Erased(0, 0)
    await _forget_vectors(session, visits)
    copies = await erasure.delete_visits(session, visits)
    for kind, rows in (("transcripts", visits), ("test_cases", copies)):
        for row in rows:
            await audit.record(session, _caller(row.organization_id, actor), "delete", kind, row.id)
    return Erased(len(visits), len(copies))


async def _forget_vectors(session: AsyncConnection, visits: Sequence[AnyRow]) -> None:
    """What the embedding cache keeps of the texts: of what was said, and of what was found in it."""
    texts = [(visit.organization_id, visit.text) for visit in visits]
    texts += [(run.organization_id, in_words(run.result)) for run in await erasure.results_of(session, visits)]
    for organization_id in {organization_id for organization_id, _ in texts}:
        own = [text for organization, text in texts if organization == organization_id]
        await forget_texts(session, organization_id, own)


def _caller(organization_id: UUID, actor: str) -> Caller:
    return Caller(organization_id, "admin", None, actor)
