"""What is asked when a visit arrives, in one query: whose it is, its text's vector, and what there is to search in."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy import ColumnElement, Select, Subquery, Uuid, bindparam, func, literal_column, select, true

from app.db.embedding_cache import EXACT_OR_NEAR, NO_TEXT, lookup
from app.db.single import SingleQuery
from app.db.tables import embeddings, test_cases
from app.db.users import USER_ID, Clinician
from app.language.fingerprint import Fingerprint


@dataclass(frozen=True, slots=True)
class Arrival:
    """`user_id` is None for a newcomer; `remembered` is a vector and whether it is that of a text that hardly differs.

    Where `has_cases` or `has_visits` is false, a search among gold cases or own visits would find nothing.
    """

    user_id: UUID | None
    remembered: tuple[HalfVector, bool] | None = None
    has_cases: bool = True
    has_visits: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """A text whose vector may be in the table, under the name of the model that made it."""

    fingerprint: Fingerprint
    model: str
    near_bits: int


async def find_arrival(
    session: SingleQuery, clinician: Clinician, owner_id: UUID | None, model: str, text: Text | None, within_s: float
) -> Arrival:
    """`owner_id` is the clinician's id where it is known; raises `StorageUnavailable` if it takes longer."""
    organization_id = clinician.organization_id
    values = {**clinician.keys(), "owner_id": owner_id, "searched_model": model}
    values |= lookup(organization_id, text.model, text.fingerprint, text.near_bits) if text else NO_TEXT
    (row,) = await session.execute(_ARRIVAL, values, within_s)
    remembered = None if row.vector is None else (row.vector, row.bits >= 0)
    return Arrival(row.user_id, remembered, row.has_cases, row.has_visits)


def _arrival() -> Select[*tuple[Any, ...]]:
    known = bindparam("owner_id", type_=Uuid)
    who = select(func.coalesce(known, USER_ID.scalar_subquery()).label("user_id")).subquery("who")
    remembered = EXACT_OR_NEAR.lateral("remembered")
    found = select(who.c.user_id, remembered.c.vector, remembered.c.bits, _has_cases(), _has_visits(who))
    return found.select_from(who.outerjoin(remembered, true()))


def _has_cases() -> ColumnElement[bool]:
    own = test_cases.c.organization_id == bindparam("organization_id")
    model = test_cases.c.embedding_model == bindparam("searched_model")
    return select(literal_column("1")).where(own, model, test_cases.c.is_active).exists().label("has_cases")


def _has_visits(who: Subquery) -> ColumnElement[bool]:
    own = embeddings.c.user_id == who.c.user_id
    model = embeddings.c.model == bindparam("searched_model")
    # As in the search itself, so that the partial index fits.
    approved = embeddings.c.approved & (embeddings.c.kind == literal_column("'transcript'"))
    return select(literal_column("1")).where(own, model, approved).exists().label("has_visits")


_ARRIVAL = _arrival()
