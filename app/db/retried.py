"""Runs a transaction once more when the database cut it off: what was asked is the same, and nothing of it was kept."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from app.errors import TransactionLost

Result = TypeVar("Result")
log = structlog.get_logger()


async def retried_once(transaction: Callable[[], Awaitable[Result]]) -> Result:
    """The transaction's result; what the second try raises is raised."""
    try:
        return await transaction()
    except TransactionLost as lost:
        log.warning("transaction_retried", reason=lost.detail)
        return await transaction()
