"""Vectors that were paid for once: kept by a digest of the text, and found again for texts that hardly differ."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import BIT, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.engine import Reading
from app.db.tables import embedding_cache
from app.language.fingerprint import Fingerprint, fingerprint_of, normalised

# Four bands of 16 bits: what differs in three bits at most agrees in a whole band (the pigeonhole principle).
MOST_BITS = 3
# Of the number of words, by which two texts may differ and still count as nearly the same.
_LENGTH_SLACK = 0.02
_ROW = embedding_cache.c
_BANDS = ("band_0", "band_1", "band_2", "band_3")


async def find_vector(
    session: Reading, organization_id: UUID, model: str, text: Fingerprint, near_bits: int
) -> tuple[HalfVector, bool] | None:
    """The vector of the text itself or else of the nearest that differs in up to `near_bits`; and whether it is that.

    One statement over indexes alone, so that a text nobody knows costs a fraction of a millisecond.
    """
    is_near = text.simhash is not None and near_bits > 0
    asked = lookup(organization_id, model, text, near_bits)
    found = (await session.execute(EXACT_OR_NEAR if is_near else _EXACT, asked)).one_or_none()
    return (found.vector, found.bits >= 0) if found else None


def lookup(organization_id: UUID, model: str, text: Fingerprint, near_bits: int) -> dict[str, Any]:
    """The values of `EXACT_OR_NEAR`; to a text that is too short to have one, none is near."""
    slack = int(text.words * _LENGTH_SLACK)
    asked = {"organization_id": organization_id, "model": model, "digest": text.digest, "near_bits": near_bits}
    if text.simhash is None or not near_bits:
        return asked | _NOTHING_NEAR
    asked |= {"fewest": text.words - slack, "most": text.words + slack}
    return asked | {"simhash": _signed(text.simhash, 64), **_bands_of(text.simhash)}


def _exact() -> Select[tuple[HalfVector, int]]:
    return select(_ROW.vector, literal(-1).label("bits")).where(_own(), _ROW.digest == bindparam("digest"))


def _near() -> Select[tuple[HalfVector, int]]:
    bits = func.bit_count(cast(_ROW.simhash.op("#")(bindparam("simhash", type_=BigInteger)), BIT(64)))
    same_band = or_(*(_ROW[name] == bindparam(name) for name in _BANDS))
    return select(_ROW.vector, bits.label("bits")).where(
        _own(),
        same_band,
        bits <= bindparam("near_bits"),
        _ROW.words.between(bindparam("fewest"), bindparam("most")),
    )


def _own() -> ColumnElement[bool]:
    return (_ROW.organization_id == bindparam("organization_id")) & (_ROW.model == bindparam("model"))


# Built once: to put them together takes longer than to run them.
_EXACT = _exact()
EXACT_OR_NEAR = union_all(_exact(), _near()).order_by("bits").limit(1)
_NOTHING_NEAR = dict.fromkeys((*_BANDS, "simhash", "fewest", "most"))
# The values for no text at all, which no row is like.
NO_TEXT = _NOTHING_NEAR | dict.fromkeys(("model", "digest", "near_bits"))


def row_of(organization_id: UUID, model: str, text: Fingerprint, vector: HalfVector) -> dict[str, Any]:
    """What `add_vectors` takes."""
    bands = dict.fromkeys(_BANDS) if text.simhash is None else _bands_of(text.simhash)
    return {
        "organization_id": organization_id,
        "model": model,
        "digest": text.digest,
        "words": text.words,
        "simhash": None if text.simhash is None else _signed(text.simhash, 64),
        **bands,
        "vector": vector,
    }


async def add_vectors(session: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """In one order everywhere, so that two replicas that add the same texts do not wait for each other in a circle."""
    ordered = sorted(rows, key=lambda row: (str(row["organization_id"]), row["digest"]))
    # Row by row, since one statement for all would be compiled anew for each number of rows.
    await session.execute(insert(embedding_cache).on_conflict_do_nothing(), ordered)


async def forget_texts(session: AsyncConnection, organization_id: UUID, texts: Iterable[str]) -> None:
    """Deletes what is kept of these texts, whatever the model and the white space."""
    digests = [fingerprint_of(normalised(text)).digest for text in texts]
    own = delete(embedding_cache).where(_ROW.organization_id == organization_id)
    await session.execute(own.where(_ROW.digest.in_(digests)))


async def evict(session: AsyncConnection, most_rows: int, most_days: int, at_once: int) -> int:
    """How many of the oldest rows were deleted: those over the age, and those beyond the newest `most_rows`."""
    created = _ROW.created_at
    beyond = select(created).order_by(created.desc()).offset(most_rows).limit(1).scalar_subquery()
    too_old = datetime.now(UTC) - timedelta(days=most_days)
    key = tuple_(*embedding_cache.primary_key.columns)
    oldest = select(*embedding_cache.primary_key.columns).where((created < too_old) | (created <= beyond))
    gone = delete(embedding_cache).where(key.in_(oldest.order_by(created).limit(at_once)))
    return len((await session.execute(gone.returning(_ROW.words))).all())


def _bands_of(simhash: int) -> dict[str, int]:
    return {name: _signed(simhash >> 16 * place & 0xFFFF, 16) for place, name in enumerate(_BANDS)}


def _signed(value: int, bits: int) -> int:
    """The database's integers have a sign."""
    return value - (1 << bits) if value >> (bits - 1) else value
