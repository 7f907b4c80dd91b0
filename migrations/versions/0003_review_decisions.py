"""Decisions on single findings, the version of a review, and what was signed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.db.row_security import protect, unprotect

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.add_column("extractions", sa.Column("reviewed", JSONB, nullable=True))
    op.add_column("extractions", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "review_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), server_default=sa.text("current_organization()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("extraction_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("before", JSONB, nullable=True),
        sa.Column("after", JSONB, nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["extraction_id"], ["extractions.id"], name=op.f("fk_review_decisions_extraction_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "organization_id"],
            ["users.id", "users.organization_id"],
            name=op.f("fk_review_decisions_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decisions")),
    )
    op.create_index(
        op.f("ix_review_decisions_extraction_id_version_place"),
        "review_decisions",
        ["extraction_id", "version", "place"],
        unique=True,
    )
    op.create_index(op.f("ix_review_decisions_user_id"), "review_decisions", ["user_id"], unique=False)
    protect("review_decisions", may="SELECT, INSERT")


def downgrade() -> None:
    unprotect("review_decisions")
    op.drop_index(op.f("ix_review_decisions_user_id"), table_name="review_decisions")
    op.drop_index(op.f("ix_review_decisions_extraction_id_version_place"), table_name="review_decisions")
    op.drop_table("review_decisions")
    op.drop_column("extractions", "version")
    op.drop_column("extractions", "reviewed")
