"""Gold test cases: a transcript with the extraction that a person expects from it, found by likeness."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy import Select, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.caller import Caller
from app.db.engine import Reading
from app.db.nearness import as_long
from app.db.pages import fetch_page
from app.db.rows import AnyRow
from app.db.tables import test_cases

_HIDDEN = ("organization_id", "user_id", "vector", "embedding_model", "content_hash")
_SHOWN = [column for column in test_cases.c if column.name not in _HIDDEN]


def _similar_cases() -> Select[*tuple[Any, ...]]:
    vector = bindparam("vector", type_=test_cases.c.vector.type)
    distance = test_cases.c.vector.cosine_distance(vector)
    query = select(test_cases.c.id, test_cases.c.transcript, test_cases.c.expected, (1 - distance).label("similarity"))
    query = query.where(
        test_cases.c.organization_id == bindparam("organization_id"),
        test_cases.c.is_active,
        test_cases.c.embedding_model == bindparam("model"),
        as_long(test_cases.c.vector, vector),
        test_cases.c.content_hash != bindparam("content_hash"),
    )
    return query.order_by(distance).limit(bindparam("limit"))


_SIMILAR_CASES = _similar_cases()


async def find_similar_cases(
    session: Reading, organization_id: UUID, model: str, vector: HalfVector, content_hash: str, limit: int
) -> Sequence[AnyRow]:
    """The organization's active cases nearest to `vector` by cosine, nearest first; the same text is left out."""
    values = {
        "organization_id": organization_id,
        "model": model,
        "vector": vector,
        "content_hash": content_hash,
        "limit": limit,
    }
    return (await session.execute(_SIMILAR_CASES, values)).all()


async def find_test_case(session: AsyncConnection, caller: Caller, case_id: UUID) -> AnyRow | None:
    query = select(*_SHOWN).where(test_cases.c.id == case_id, caller.may_reach(test_cases))
    return (await session.execute(query)).one_or_none()


async def list_test_cases(
    session: AsyncConnection, caller: Caller, cursor: UUID | None, limit: int
) -> tuple[Sequence[AnyRow], UUID | None]:
    query = select(*_SHOWN).where(caller.may_reach(test_cases))
    return await fetch_page(session, query, test_cases, cursor, limit)


async def create_test_case(session: AsyncConnection, values: dict[str, Any]) -> AnyRow:
    return (await session.execute(insert(test_cases).values(values).returning(*_SHOWN))).one()


async def update_test_case(
    session: AsyncConnection, caller: Caller, case_id: UUID, values: dict[str, Any]
) -> AnyRow | None:
    own = update(test_cases).where(test_cases.c.id == case_id, caller.may_reach(test_cases))
    return (await session.execute(own.values(values).returning(*_SHOWN))).one_or_none()


async def delete_test_case(session: AsyncConnection, caller: Caller, case_id: UUID) -> bool:
    own = delete(test_cases).where(test_cases.c.id == case_id, caller.may_reach(test_cases))
    return (await session.execute(own.returning(test_cases.c.id))).one_or_none() is not None
