"""The audit: entries written beside the work, and the append-only chain that they are moved into."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.db.row_security import protect, unprotect

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$
"""


def upgrade() -> None:
    op.create_table("audit_pending", *_columns(), sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_pending")))
    op.create_table(
        "audit_events",
        *_columns(),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_audit_events_organization_id_number")),
    )
    op.create_index(op.f("ix_audit_events_record_id"), "audit_events", ["record_id"])
    protect("audit_pending", may="SELECT, INSERT")
    protect("audit_events", may="SELECT")
    op.execute(REFUSE)
    # For the tables' owner, too; only what is not sealed yet may be moved on.
    _refuse("UPDATE OR DELETE OR TRUNCATE", "audit_events")
    _refuse("UPDATE OR TRUNCATE", "audit_pending")


def downgrade() -> None:
    for table in ("audit_events", "audit_pending"):
        unprotect(table)
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("actor", "role", "action", "kind")),
        sa.Column("record_id", sa.Uuid(), nullable=True),
    ]


def _refuse(changes: str, table: str) -> None:
    op.execute(
        f"CREATE TRIGGER append_only BEFORE {changes} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
