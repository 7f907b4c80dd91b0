"""A request's hold on its Idempotency-Key: the run that the key stands for, and a paid answer not stored yet."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import idempotency_keys
from app.db.idempotency_keys import Key
from app.errors import KeyInUse
from app.extraction.save import Paid


@dataclass(slots=True)
class Claim:
    """`unsaved` is set when the model was paid and the database could not be written."""

    key: Key
    owner: UUID
    unsaved: Paid | None = None

    async def link(self, session: AsyncConnection, run_id: UUID) -> None:
        """In the transaction that opens the run, so that there is never a run without its key."""
        if not await idempotency_keys.link_run(session, self.key, self.owner, run_id):
            raise KeyInUse(retry_after_s=1)
