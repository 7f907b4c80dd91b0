"""The seam where errors of the driver become our own; nothing of the statement or its values goes along."""

import asyncpg
from sqlalchemy import exc
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi

from app.errors import Conflict, Overloaded, Problem, StorageFull, StorageUnavailable, TransactionLost

# The same once more may go well: connections that were ended or broke, deadlocks and serialization failures.
_LOST = {"57P01", "57P02", "08000", "08003", "08006", "40001", "40P01", None}


class translated:  # noqa: N801 - reads as a verb where it is used
    """Around whatever speaks with the database."""

    def __enter__(self) -> None: ...

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and (problem := _problem(error)) is not None:
            raise problem from None


def _problem(error: BaseException) -> Problem | None:
    if isinstance(error, exc.TimeoutError):
        return Overloaded("No database connection became free in time.", retry_after_s=1)
    if isinstance(error, exc.IntegrityError | asyncpg.IntegrityConstraintViolationError):
        return Conflict()
    if isinstance(error, exc.DBAPIError):
        return _storage_problem(sqlstate(error))
    # The second is what the pool raises when a connection cannot be opened.
    if isinstance(error, asyncpg.PostgresError | AsyncAdapt_asyncpg_dbapi.Error):
        return _storage_problem(error.sqlstate)
    if isinstance(error, ConnectionError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return TransactionLost("The connection to the database broke.", retry_after_s=1)
    return StorageUnavailable(retry_after_s=1) if isinstance(error, OSError | TimeoutError) else None


def _storage_problem(state: str | None) -> StorageFull | StorageUnavailable:
    if state == "53100":
        return StorageFull()
    told = f"The database answered with SQLSTATE {state}." if state else None
    return (TransactionLost if state in _LOST else StorageUnavailable)(told, retry_after_s=1)


def sqlstate(error: exc.DBAPIError) -> str | None:
    """The SQLSTATE of a driver error, if it has one."""
    return getattr(error.orig, "sqlstate", None)
