"""The tables, as SQLAlchemy Core: what is stored, whose it is, and the indexes that the queries need."""

from typing import Any
from uuid import UUID

from pgvector import HalfVector
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    literal_column,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem
from uuid_utils.compat import uuid7

# The organization of a deployment without credentials (AUTH=disabled); the first migration creates it.
LOCAL_ORGANIZATION = UUID("00000000-0000-7000-8000-000000000001")

# None is the database's own NULL, not a JSON null, which every `IS NOT NULL` would take for something.
JSON_OR_NOTHING = JSONB(none_as_null=True)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class HalfVec(HALFVEC):
    """A half-precision vector that crosses the wire in binary: the connection's codec converts, not SQLAlchemy."""

    cache_ok = True

    def bind_processor(self, dialect: object) -> None:
        return None

    def result_processor(self, dialect: object, coltype: object) -> None:
        return None


def encode_halfvec(value: HalfVector) -> bytes:
    return value.to_binary()


def record_id() -> Column[UUID]:
    return Column("id", Uuid, primary_key=True, default=uuid7)


def _organization() -> Column[UUID]:
    """Whose the row is: that of the session that writes it, which row-level security asks for in every statement."""
    return Column("organization_id", Uuid, nullable=False, server_default=func.current_organization())


def owner_columns(*, required: bool = True) -> tuple[SchemaItem, ...]:
    """A clinician of the row's own organization."""
    here, there = ["user_id", "organization_id"], ["users.id", "users.organization_id"]
    return Column("user_id", Uuid, nullable=not required), ForeignKeyConstraint(here, there, ondelete="CASCADE")


def _created() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def _updated() -> Column[object]:
    return Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now(), onupdate=func.now())


organizations = Table("organizations", metadata, record_id(), Column("name", Text, nullable=False), _created())

users = Table(
    "users",
    metadata,
    record_id(),
    Column("organization_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False),
    Column("email", Text),
    Column("external_id", Text),
    Column("name", Text),
    _created(),
    UniqueConstraint("id", "organization_id"),
)
Index("uq_users_organization_email", users.c.organization_id, func.lower(users.c.email), unique=True)
Index("uq_users_organization_external_id", users.c.organization_id, users.c.external_id, unique=True)

sops = Table(
    "sops",
    metadata,
    record_id(),
    _organization(),
    *owner_columns(),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("content", Text, nullable=False),
    Column("category", Text),
    Column("priority", Text, nullable=False, server_default="medium"),
    Column("is_active", Boolean, nullable=False, server_default=true()),
    _created(),
    _updated(),
    Index(None, "user_id", "is_active"),
)

transcripts = Table(
    "transcripts",
    metadata,
    record_id(),
    _organization(),
    *owner_columns(),
    Column("text", Text, nullable=False),
    Column("notes", Text),
    Column("content_hash", Text, nullable=False),
    Column("visit_date", Date),
    _created(),
    Index(None, "user_id", "created_at"),
    Index(None, "user_id", "content_hash"),
)

extractions = Table(
    "extractions",
    metadata,
    record_id(),
    _organization(),
    *owner_columns(),
    Column("transcript_id", Uuid, ForeignKey("transcripts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", Text, nullable=False, server_default="running"),
    Column("request", JSONB, nullable=False),
    Column("model", JSON_OR_NOTHING),
    Column("result", JSON_OR_NOTHING),
    Column("evaluation", JSON_OR_NOTHING),
    Column("review", JSON_OR_NOTHING),
    # What the reviewer signed, null before; `result` stays as the model gave it.
    Column("reviewed", JSON_OR_NOTHING),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("context", JSON_OR_NOTHING),
    Column("degraded", JSON_OR_NOTHING),
    Column("usage", JSON_OR_NOTHING),
    Column("timings", JSON_OR_NOTHING),
    Column("problem", JSON_OR_NOTHING),
    # When the sweep may make the vectors that this run went without; null where none is missing.
    Column("vectors_due_at", DateTime(timezone=True)),
    _created(),
    _updated(),
    Index(None, "user_id", "created_at"),
    Index(None, "organization_id", "created_at"),
    # What the sweep looks for; small, since few runs are in them.
    Index("ix_extractions_running", "created_at", postgresql_where=literal_column("state = 'running'")),
    Index(
        "ix_extractions_vectors_due", "vectors_due_at", postgresql_where=literal_column("vectors_due_at IS NOT NULL")
    ),
)

# No body and no answer: the run that the key stands for holds both.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _organization(),
    Column("actor", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    # The process at work on it, which renews the lease.
    Column("owner", Uuid, nullable=False),
    Column("lease_until", DateTime(timezone=True), nullable=False),
    Column("extraction_id", Uuid, ForeignKey("extractions.id", ondelete="CASCADE"), index=True),
    _created(),
    PrimaryKeyConstraint("organization_id", "actor", "name"),
    ForeignKeyConstraint(["organization_id"], ["organizations.id"], ondelete="CASCADE"),
    Index(None, "created_at"),
)

# Only ever added to: the state of a review is what these say, in the order of (version, place).
review_decisions = Table(
    "review_decisions",
    metadata,
    record_id(),
    _organization(),
    *owner_columns(),
    Column("extraction_id", Uuid, ForeignKey("extractions.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("item_id", Uuid, nullable=False),
    Column("category", Text, nullable=False),
    Column("before", JSON_OR_NOTHING),
    Column("after", JSON_OR_NOTHING),
    Column("seconds", Float),
    Column("actor", Text, nullable=False),
    _created(),
    Index(None, "extraction_id", "version", "place", unique=True),
    Index(None, "user_id"),
)

test_cases = Table(
    "test_cases",
    metadata,
    record_id(),
    Column("organization_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False, index=True),
    *owner_columns(required=False),
    Column("title", Text, nullable=False),
    Column("transcript", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("expected", JSONB, nullable=False),
    Column("embedding_model", Text, nullable=False),
    Column("vector", HalfVec, nullable=False),
    Column("is_active", Boolean, nullable=False, server_default=true()),
    _created(),
    _updated(),
)

# Searched inside one owner by an exact scan: a global approximate index under that filter loses rows.
embeddings = Table(
    "embeddings",
    metadata,
    record_id(),
    _organization(),
    *owner_columns(),
    Column("kind", Text, nullable=False),
    Column("transcript_id", Uuid, ForeignKey("transcripts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("extraction_id", Uuid, ForeignKey("extractions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("model", Text, nullable=False),
    Column("vector", HalfVec, nullable=False),
    # What the run's review says, kept in step by triggers: whoever writes a review cannot forget it.
    Column("approved", Boolean, nullable=False, server_default=false()),
    _created(),
    Index(None, "user_id", "kind", "model"),
)
Index(
    "ix_embeddings_approved_visits",
    embeddings.c.user_id,
    embeddings.c.model,
    embeddings.c.extraction_id,
    postgresql_where=embeddings.c.approved & (embeddings.c.kind == literal_column("'transcript'")),
)


def _audited() -> tuple[Column[Any], ...]:
    """Who did what to which record. No foreign keys: an entry outlives the record, the user and the organization."""
    names = ("actor", "role", "action", "kind")
    return (
        record_id(),
        Column("organization_id", Uuid, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        *(Column(name, Text, nullable=False) for name in names),
        Column("record_id", Uuid),
    )


# Written beside the work, and moved into the chain below within a second.
audit_pending = Table("audit_pending", metadata, *_audited())

# Append-only: a trigger refuses every change. `hash` covers the entry and the hash before it.
audit_events = Table(
    "audit_events",
    metadata,
    *_audited(),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("organization_id", "number"),
    Index(None, "record_id"),
)

# What each text's vector was, for the next time: the text itself is not in it (docs/decisions/0011-embedding-cache.md).
embedding_cache = Table(
    "embedding_cache",
    metadata,
    Column("organization_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("words", Integer, nullable=False),
    Column("simhash", BigInteger),
    *(Column(f"band_{place}", SmallInteger, index=True) for place in range(4)),
    Column("vector", HalfVec, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)
