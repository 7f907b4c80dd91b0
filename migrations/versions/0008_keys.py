"""API keys, sessions of the pages, and what each caller has used of its limits."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.db.row_security import protect, unprotect

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_keys",
        *_owned("api_keys"),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("requests_per_minute", sa.Integer(), nullable=True),
        sa.Column("tokens_per_day", sa.BigInteger(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_keys_public_id")),
    )
    op.create_index(op.f("ix_api_keys_organization_id"), "api_keys", ["organization_id"])
    op.create_table(
        "sessions",
        *_owned("sessions"),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_sessions_key_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(op.f("ix_sessions_organization_id"), "sessions", ["organization_id"])
    op.create_index(op.f("ix_sessions_key_id"), "sessions", ["key_id"])
    op.create_table(
        "usage",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        _of_organization("usage"),
        sa.PrimaryKeyConstraint("organization_id", "actor", "period", "started_at", name=op.f("pk_usage")),
    )
    op.create_index(op.f("ix_usage_period_started_at"), "usage", ["period", "started_at"])
    for table in ("api_keys", "sessions", "usage"):
        protect(table, may="")


def downgrade() -> None:
    for table in ("usage", "sessions", "api_keys"):
        unprotect(table)
        op.drop_table(table)


def _owned(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    own = sa.ForeignKeyConstraint(
        ["user_id", "organization_id"],
        ["users.id", "users.organization_id"],
        name=op.f(f"fk_{table}_user_id"),
        ondelete="CASCADE",
    )
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        own,
        _of_organization(table),
    )


def _of_organization(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_organization_id")
    return sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=name, ondelete="CASCADE")
