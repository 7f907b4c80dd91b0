"""The tables of access: API keys and sessions as hashes, and what each has used of its limits."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, Integer, LargeBinary, Table, Text, Uuid

from app.db.tables import metadata, owner_columns, record_id

# Readable to the system alone: a caller's session has no rights here.
api_keys = Table(
    "api_keys",
    metadata,
    record_id(),
    Column("organization_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False, index=True),
    *owner_columns(required=False),
    Column("public_id", Text, nullable=False, unique=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("requests_per_minute", Integer),
    Column("tokens_per_day", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)

sessions = Table(
    "sessions",
    metadata,
    record_id(),
    Column("organization_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False, index=True),
    *owner_columns(required=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    # A session ends with the key that it was opened with; None for one of a bearer token.
    Column("key_id", Uuid, ForeignKey("api_keys.id", ondelete="CASCADE"), index=True),
    Column("role", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

# One row for each caller and minute or day (UTC) in which it asked for something.
usage = Table(
    "usage",
    metadata,
    Column("organization_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("started_at", DateTime(timezone=True), primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Index(None, "period", "started_at"),
)
