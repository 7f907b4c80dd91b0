"""Who acts: the organization and the clinician whose records are in reach, the role, and the name for the audit."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Table, true

from app.db.tables import LOCAL_ORGANIZATION
from app.settings import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """`user_id` is the clinician that the caller is bound to, None for one that acts for the whole organization.

    `actor` says who it was in the audit: `key:` or `oidc:` with what was presented, or `local` without credentials.
    """

    organization_id: UUID
    role: Role
    user_id: UUID | None
    actor: str

    def may_reach(self, table: Table) -> ColumnElement[bool]:
        """The condition that a row of `table` is the caller's to see and to change."""
        own = table.c.organization_id == self.organization_id
        return own & (table.c.user_id == self.user_id if self.user_id else true())


LOCAL_CALLER = Caller(LOCAL_ORGANIZATION, "admin", None, "local")
