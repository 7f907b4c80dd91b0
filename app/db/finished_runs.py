"""Saves a finished run in one statement: its result and its vectors, or neither."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Executable

from app.db.embeddings import MOST_VECTORS, new_vectors, vector_values
from app.db.extractions import SAVE_RESULT, result_values
from app.db.single import SingleChange


async def save_run(
    change: SingleChange,
    organization_id: UUID,
    run_id: UUID,
    outcome: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    within_s: float,
) -> bool:
    """Whether the run was found; its vectors are saved in any case. Raises `StorageUnavailable` if it takes longer.

    `outcome` is as `extractions.save_result` takes it, `rows` are as `embeddings.save_vectors` does.
    """
    values = result_values(organization_id, run_id, outcome) | vector_values(organization_id, rows)
    return (await change.execute(_STATEMENTS[len(rows)], values, within_s)).scalar() is not None


def _saving(number: int) -> Executable:
    return SAVE_RESULT.add_cte(new_vectors(number).cte("new_vectors"))


_STATEMENTS = {number: _saving(number) for number in range(1, MOST_VECTORS + 1)}
