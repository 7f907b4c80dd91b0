"""Finds an owner's approved visits through an index of their own, newest first, without reading the rest."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A run that is still being written cannot be approved, and is not waited for. One that can is locked, so that an
# approval is either seen here or finds the new row.
_NEW_VECTOR = """
CREATE FUNCTION embedding_tells_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT review->>'status' = 'approved' INTO NEW.approved
    FROM extractions WHERE id = NEW.extraction_id AND state = 'succeeded' FOR SHARE;
    NEW.approved := COALESCE(NEW.approved, false);
    RETURN NEW;
END $$
"""
_NEW_REVIEW = """
CREATE FUNCTION review_reaches_embeddings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE embeddings SET approved = NEW.review->>'status' = 'approved' WHERE extraction_id = NEW.id;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.add_column("embeddings", sa.Column("approved", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(
        "UPDATE embeddings SET approved = true FROM extractions"
        " WHERE extractions.id = embeddings.extraction_id AND extractions.review->>'status' = 'approved'"
    )
    op.create_index(
        "ix_embeddings_approved_visits",
        "embeddings",
        ["user_id", "model", "extraction_id"],
        postgresql_where=sa.text("approved AND kind = 'transcript'"),
    )
    op.create_index(op.f("ix_transcripts_user_id_content_hash"), "transcripts", ["user_id", "content_hash"])
    op.execute(_NEW_VECTOR)
    op.execute(
        "CREATE TRIGGER approval_of_its_run BEFORE INSERT ON embeddings"
        " FOR EACH ROW EXECUTE FUNCTION embedding_tells_approval()"
    )
    op.execute(_NEW_REVIEW)
    op.execute(
        "CREATE TRIGGER approval_for_its_vectors AFTER UPDATE OF review ON extractions FOR EACH ROW"
        " WHEN ((OLD.review->>'status' = 'approved') IS DISTINCT FROM (NEW.review->>'status' = 'approved')"
        " AND (OLD.review->>'status' = 'approved' OR NEW.review->>'status' = 'approved'))"
        " EXECUTE FUNCTION review_reaches_embeddings()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER approval_for_its_vectors ON extractions")
    op.execute("DROP FUNCTION review_reaches_embeddings()")
    op.execute("DROP TRIGGER approval_of_its_run ON embeddings")
    op.execute("DROP FUNCTION embedding_tells_approval()")
    op.drop_index(op.f("ix_transcripts_user_id_content_hash"), table_name="transcripts")
    op.drop_index("ix_embeddings_approved_visits", table_name="embeddings")
    op.drop_column("embeddings", "approved")
