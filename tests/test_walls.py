"""The second wall between organizations: row-level security, with the code's own scoping left out."""

import asyncio
import uuid
from uuid import UUID

import pytest
from pgvector import HalfVector
from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.engine import URL

from app.db import migrate
from app.db.arrivals import Arrival, find_arrival
from app.db.embeddings import save_vectors
from app.db.engine import Database
from app.db.extractions import save_result
from app.db.row_security import APP_ROLE, RoleMissing
from app.db.tables import LOCAL_ORGANIZATION, extractions, metadata, organizations, transcripts, users
from app.db.users import Clinician
from app.errors import Conflict, Problem, StorageUnavailable
from app.language.fingerprint import fingerprint_of, normalised
from tests.conftest import Service, connection_to, fresh_database, new_user, running_service, settings_for

# Tables without an organization's data, each with the reason why anybody's session may do what it is granted there.
OPEN_TABLES = {"alembic_version": "the schema's revision; the service's role has no rights in it"}

OUTCOME = dict.fromkeys(("result", "evaluation", "review", "context", "degraded", "usage", "timings", "vectors_due_at"))
OUTCOME |= {"model": {"name": "stolen"}}


async def other_organization(db: Database) -> UUID:
    """A second organization with a clinician of its own."""
    async with db.across_organizations() as session:
        created = insert(organizations).values(name="other").returning(organizations.c.id)
        return UUID(str(await session.scalar(created)))


async def test_every_table_is_behind_the_wall(offline: Service) -> None:
    """A new table that holds no organization's data goes on the list, with its reason; any other needs a policy."""
    async with offline.parts.db.across_organizations() as session:
        unprotected = await session.scalars(
            text(
                "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
                " AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND EXISTS"
                " (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))"
            )
        )
    assert set(unprotected.all()) == set(OPEN_TABLES)


async def test_a_session_sees_no_row_of_another_organization(offline: Service) -> None:
    await offline.extract()
    other = await other_organization(offline.parts.db)
    async with offline.parts.db.read(other) as session:
        for name, table in metadata.tables.items():
            if await session.scalar(select(func.has_table_privilege(name, "SELECT"))):
                key = table.c.id if table is organizations else table.c.organization_id
                assert set(await session.scalars(select(key))) <= {other}, name


async def test_a_single_query_sees_its_organization_alone_and_leaves_no_name(offline: Service) -> None:
    """Whatever the plan, and on one connection in turn; the same query without a name sees nothing afterwards."""
    await offline.extract()
    db = offline.parts.db
    other = await other_organization(db)
    query = select(users.c.organization_id).where(users.c.id != bindparam("nobody", type_=users.c.id.type))
    nobody = {"nobody": uuid.uuid4()}
    for organization in (other, LOCAL_ORGANIZATION, other):
        seen = {row.organization_id for row in await db.single(organization).execute(query, nobody)}
        assert seen == ({LOCAL_ORGANIZATION} if organization == LOCAL_ORGANIZATION else set())
    async with db._transaction("BEGIN") as session:
        assert (await session.execute(query, nobody)).all() == []


async def test_an_arrival_is_told_of_its_organization_alone(offline: Service) -> None:
    """The same clinician and the same text, known to one organization, and asked for by both in turn."""
    user, said = new_user(), " ".join(uuid.uuid4().hex for _ in range(500))
    run = await offline.extract(said, user=user)
    review = await offline.client.patch(f"/extractions/{run['id']}", json={"status": "approved"})
    assert review.status_code == 200, review.text
    db, embedder = offline.parts.db, offline.parts.embedder
    await embedder.cache.flush()
    other, text = await other_organization(db), embedder.cache.asked(fingerprint_of(normalised(said)))
    for organization in (other, LOCAL_ORGANIZATION, other, LOCAL_ORGANIZATION):
        clinician = Clinician(organization, email=user["email"])
        told = await find_arrival(db.single(organization), clinician, None, embedder.model, text, within_s=5)
        if organization == other:
            assert told == Arrival(None, None, has_cases=False, has_visits=False)
        else:
            assert (str(told.user_id), told.has_visits) == (run["user_id"], True)
            assert told.remembered is not None


async def test_a_single_change_reaches_its_organization_alone_and_leaves_no_name(offline: Service) -> None:
    """Neither finds another's run nor writes one into it, and on the same connection nothing is visible afterwards."""
    run = await offline.extract()
    db = offline.parts.db
    other = await other_organization(db)
    assert not await save_result(db.change(), other, UUID(run["id"]), OUTCOME)
    row = {
        "id": uuid.uuid4(),
        "kind": "transcript",
        "model": "m",
        "vector": HalfVector([1.0]),
        "user_id": UUID(run["user_id"]),
    }
    row |= {"transcript_id": UUID(run["transcript_id"]), "extraction_id": UUID(run["id"])}
    with pytest.raises(Conflict):
        await save_vectors(db.change(), other, [row])
    stored = await offline.get(f"/extractions/{run['id']}")
    assert stored["model"] == run["model"]
    assert await save_result(db.change(), LOCAL_ORGANIZATION, UUID(run["id"]), OUTCOME)
    assert (await offline.get(f"/extractions/{run['id']}"))["model"] == {"name": "stolen"}
    async with db._transaction("BEGIN") as session:
        assert (await session.execute(select(transcripts.c.id).limit(1))).all() == []


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_a_single_change_names_its_organization_before_it_looks_for_rows(offline: Service, mode: str) -> None:
    """Whatever the plan. Were it otherwise, it would find nothing, and be done again in a transaction."""
    db = offline.parts.db
    run = await offline.extract()
    for other_ways in ((), ("indexscan", "bitmapscan"), ("seqscan",)):
        async with db._transaction("BEGIN") as session:
            await session.execute(text(f"SET LOCAL plan_cache_mode = {mode}"))
            for way in other_ways:
                await session.execute(text(f"SET LOCAL enable_{way} = off"))
            assert await save_result(session, LOCAL_ORGANIZATION, UUID(run["id"]), OUTCOME), other_ways


async def test_without_an_organization_there_is_nothing(offline: Service) -> None:
    """Also on a connection that was another's before: the setting ends with its transaction."""
    await offline.extract()
    db = offline.parts.db
    async with db._transaction("BEGIN") as session:
        assert await session.scalar(text("SELECT current_user")) == APP_ROLE
        assert (await session.execute(select(transcripts.c.id).limit(1))).all() == []
    with pytest.raises(Problem):
        async with db._transaction("BEGIN") as session:
            await session.execute(insert(users).values(organization_id=LOCAL_ORGANIZATION, email="x@clinic.example"))


async def test_a_session_changes_nothing_of_another_organization(offline: Service) -> None:
    run = await offline.extract()
    db = offline.parts.db
    other = await other_organization(db)
    async with db.write(other) as session:
        changed = await session.execute(update(extractions).values(state="failed").returning(extractions.c.id))
        assert changed.all() == []
    assert (await offline.get(f"/extractions/{run['id']}"))["state"] == "succeeded"
    with pytest.raises(StorageUnavailable):
        async with db.write(other) as session:
            await session.execute(insert(users).values(organization_id=LOCAL_ORGANIZATION, email="x@clinic.example"))


async def test_a_row_cannot_hang_on_another_organizations_clinician(offline: Service) -> None:
    """Foreign keys look past row-level security, so that they hold the organization themselves."""
    run = await offline.extract()
    db = offline.parts.db
    other = await other_organization(db)
    stolen = {"user_id": UUID(run["user_id"]), "text": "Doctor: hello", "content_hash": "0"}
    with pytest.raises(Conflict):
        async with db.write(other) as session:
            await session.execute(insert(transcripts).values(stolen))


async def test_a_reading_session_cannot_write(offline: Service) -> None:
    with pytest.raises(StorageUnavailable, match="25006"):
        async with offline.parts.db.read(LOCAL_ORGANIZATION) as session:
            await session.execute(insert(users).values(organization_id=LOCAL_ORGANIZATION, email="x@clinic.example"))


async def test_a_database_user_who_may_make_no_roles(server_url: URL) -> None:
    """Told what to ask the administrator for; after that, the service works as an owner that is no superuser."""
    owner = f"owner_{uuid.uuid4().hex[:12]}"
    async with fresh_database(server_url, migrated=False) as url, connection_to(url) as administrator:
        await administrator.execute(text("CREATE EXTENSION vector"))
        await administrator.execute(text(f"CREATE ROLE {owner} LOGIN"))
        await administrator.execute(text(f'ALTER DATABASE "{url.database}" OWNER TO {owner}'))
        own = url.set(username=owner)
        try:
            with pytest.raises(RoleMissing, match=f"GRANT {APP_ROLE} TO"):
                await asyncio.to_thread(migrate.upgrade, own)
            await administrator.execute(text(f"GRANT {APP_ROLE} TO {owner}"))
            await asyncio.to_thread(migrate.upgrade, own)
            await _works_behind_the_wall(own)
            await administrator.execute(text(f"REVOKE {APP_ROLE} FROM {owner}"))
            with pytest.raises(RoleMissing):
                async with running_service(settings_for(own)):
                    pass
        finally:
            await administrator.execute(text(f"REASSIGN OWNED BY {owner} TO CURRENT_USER"))
            await administrator.execute(text(f"DROP OWNED BY {owner}"))
            await administrator.execute(text(f"DROP ROLE {owner}"))


async def _works_behind_the_wall(url: URL) -> None:
    async with running_service(settings_for(url)) as service:
        run = await service.extract()
        assert (await service.get(f"/extractions/{run['id']}"))["state"] == "succeeded"
        other = await other_organization(service.parts.db)
        async with service.parts.db.read(other) as session:
            assert (await session.execute(select(transcripts.c.id))).all() == []
