"""Keeps the vectors of texts, by organization, model and digest, with a SimHash to find what hardly differs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

from app.db.row_security import protect, unprotect

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEXED = ("band_0", "band_1", "band_2", "band_3", "created_at")


def upgrade() -> None:
    op.create_table(
        "embedding_cache",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("simhash", sa.BigInteger(), nullable=True),
        sa.Column("band_0", sa.SmallInteger(), nullable=True),
        sa.Column("band_1", sa.SmallInteger(), nullable=True),
        sa.Column("band_2", sa.SmallInteger(), nullable=True),
        sa.Column("band_3", sa.SmallInteger(), nullable=True),
        sa.Column("vector", HALFVEC(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_embedding_cache_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "model", "digest", name=op.f("pk_embedding_cache")),
    )
    for column in INDEXED:
        op.create_index(op.f(f"ix_embedding_cache_{column}"), "embedding_cache", [column])
    protect("embedding_cache", may="SELECT, INSERT, DELETE")


def downgrade() -> None:
    unprotect("embedding_cache")
    op.drop_table("embedding_cache")
