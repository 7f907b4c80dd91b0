"""What a migration says of a table that holds an organization's rows: who may touch it, and which rows they see."""

import sqlalchemy as sa
from alembic import op

# Owns nothing, so that row-level security holds for it.
APP_ROLE = "medextract_app"

# Set for one transaction by the service; empty, once it was set before, instead of missing. Neither shows any row.
CURRENT_ORGANIZATION = """
CREATE FUNCTION current_organization() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN NULLIF(current_setting('medextract.organization', true), '')::uuid
"""

# Roles belong to the whole server, where migrations of other databases may run at the same moment.
_MAKE_ROLE = sa.text(
    f"""
    DO $$ BEGIN
        IF to_regrole('{APP_ROLE}') IS NULL THEN CREATE ROLE {APP_ROLE} NOLOGIN; END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$
    """
)


# The catalogue is asked first: pg_has_role fails for a role that is not there.
CAN_TAKE_ROLE = sa.text(
    f"SELECT coalesce((SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = '{APP_ROLE}'), false)"  # noqa: S608
)


class RoleMissing(RuntimeError):
    """The role that keeps organizations apart is missing, and the user of DATABASE_URL may not make or take it."""

    def __init__(self) -> None:
        super().__init__(
            f"{self.__doc__} As an administrator of the server, run: CREATE ROLE {APP_ROLE} NOLOGIN (unless it is "
            f"there); GRANT {APP_ROLE} TO that user; then run `medextract migrate` again."
        )


def make_app_role(connection: sa.Connection) -> None:
    """The role the service works as: it owns nothing and may not log in. Raises `RoleMissing`."""
    try:
        with connection.begin_nested():
            if not connection.scalar(CAN_TAKE_ROLE):
                connection.execute(_MAKE_ROLE)
            if not connection.scalar(CAN_TAKE_ROLE):
                connection.execute(sa.text(f"GRANT {APP_ROLE} TO CURRENT_USER"))
    except sa.exc.ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":
            raise
        raise RoleMissing() from None


def protect(table: str, key: str = "organization_id", may: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """A caller's session may do that much with the table, and sees only the rows whose `key` is its organization."""
    if may:
        op.execute(f"GRANT {may} ON {table} TO {APP_ROLE}")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    # In a subselect, so that it is asked once for a statement and not for each row.
    op.execute(f"CREATE POLICY one_organization ON {table} USING ({key} = (SELECT current_organization()))")


def unprotect(table: str) -> None:
    op.execute(f"DROP POLICY one_organization ON {table}")
    op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute(f"REVOKE ALL ON {table} FROM {APP_ROLE}")
