"""Idempotency keys, and what the sweep looks for: runs that a crash left, and runs without their vectors."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.db.row_security import protect, unprotect

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("extractions", sa.Column("vectors_due_at", TIME, nullable=True))
    op.execute(
        "UPDATE extractions SET vectors_due_at = now()"
        " WHERE state = 'succeeded' AND degraded ?| ARRAY['embedding', 'similarity']"
    )
    op.create_index(
        "ix_extractions_running", "extractions", ["created_at"], postgresql_where=sa.text("state = 'running'")
    )
    op.create_index(
        "ix_extractions_vectors_due",
        "extractions",
        ["vectors_due_at"],
        postgresql_where=sa.text("vectors_due_at IS NOT NULL"),
    )
    _create_keys()
    protect("idempotency_keys")


def downgrade() -> None:
    unprotect("idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index("ix_extractions_vectors_due", table_name="extractions")
    op.drop_index("ix_extractions_running", table_name="extractions")
    op.drop_column("extractions", "vectors_due_at")


def _create_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("organization_id", sa.Uuid(), server_default=sa.text("current_organization()"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("actor", "name", "fingerprint")),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("lease_until", TIME, nullable=False),
        sa.Column("extraction_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "actor", "name", name=op.f("pk_idempotency_keys")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_idempotency_keys_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["extraction_id"], ["extractions.id"], name=op.f("fk_idempotency_keys_extraction_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_idempotency_keys_extraction_id"), "idempotency_keys", ["extraction_id"])
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])
