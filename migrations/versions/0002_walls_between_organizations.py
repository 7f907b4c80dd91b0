"""Row-level security: every row of a clinic names its organization, and the service's role sees one at a time."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.db.row_security import CURRENT_ORGANIZATION, make_app_role, protect, unprotect

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OWNED = ("sops", "transcripts", "extractions", "embeddings")


def upgrade() -> None:
    make_app_role(op.get_bind())
    op.execute(CURRENT_ORGANIZATION)
    op.create_unique_constraint(op.f("uq_users_id_organization_id"), "users", ["id", "organization_id"])
    for table in OWNED:
        _name_the_organization(table)
    op.add_column("test_cases", sa.Column("user_id", sa.Uuid(), nullable=True))
    _hang_on_user("test_cases")
    op.drop_index(op.f("ix_extractions_created_at"), table_name="extractions")
    op.create_index(op.f("ix_extractions_organization_id_created_at"), "extractions", ["organization_id", "created_at"])
    protect("organizations", key="id")
    for table in ("users", "test_cases", *OWNED):
        protect(table)


def downgrade() -> None:
    for table in ("organizations", "users", "test_cases", *OWNED):
        unprotect(table)
    op.drop_index(op.f("ix_extractions_organization_id_created_at"), table_name="extractions")
    op.create_index(op.f("ix_extractions_created_at"), "extractions", ["created_at"])
    for table in OWNED:
        op.drop_constraint(op.f(f"fk_{table}_user_id"), table)
        op.drop_column(table, "organization_id")
        op.create_foreign_key(op.f(f"fk_{table}_user_id"), table, "users", ["user_id"], ["id"], ondelete="CASCADE")
    op.drop_column("test_cases", "user_id")
    op.drop_constraint(op.f("uq_users_id_organization_id"), "users")
    op.execute("DROP FUNCTION current_organization()")


def _name_the_organization(table: str) -> None:
    op.add_column(table, sa.Column("organization_id", sa.Uuid(), nullable=True))
    op.execute(
        f"UPDATE {table} SET organization_id = users.organization_id FROM users WHERE users.id = {table}.user_id"  # noqa: S608
    )
    op.alter_column(table, "organization_id", nullable=False, server_default=sa.text("current_organization()"))
    op.drop_constraint(op.f(f"fk_{table}_user_id"), table)
    _hang_on_user(table)


def _hang_on_user(table: str) -> None:
    """A row and its clinician are of one organization, whatever the code does."""
    columns = ["user_id", "organization_id"]
    op.create_foreign_key(
        op.f(f"fk_{table}_user_id"), table, "users", columns, ["id", "organization_id"], ondelete="CASCADE"
    )
