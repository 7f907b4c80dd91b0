"""The commands of who may do what, and of who did it; they work on the database, beside a running service or not."""

from typing import Annotated, Any
from uuid import UUID

import typer

from app import key_work
from app.db import audit as trail
from app.db.keys import create_organization as create
from app.db.keys import list_organizations as every
from app.db.rows import columns
from app.db.tables import LOCAL_ORGANIZATION
from app.main import open_database
from app.settings import Role
from app.terminal import AsJson, fail, out, print_json, progress, run, settings_for

keys = typer.Typer(no_args_is_help=True, help="API keys: who may call the service, and as whom.")
organizations = typer.Typer(no_args_is_help=True, help="Clinics that share the service and see nothing of each other.")
audit = typer.Typer(no_args_is_help=True, help="Who did what to which record.")
GROUPS = {"keys": keys, "organizations": organizations, "audit": audit}

Organization = Annotated[UUID, typer.Option(help="Id of the organization; the local one if not given.")]
Days = Annotated[float, typer.Option(min=0.001, max=3650, help="How long the key is good for.")]


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="What the key is for; shown in lists.")],
    role: Annotated[Role, typer.Option(help="integration, clinician, ops or admin.")],
    organization: Organization = LOCAL_ORGANIZATION,
    user: Annotated[
        str | None, typer.Option(help="E-mail of the one clinician that a clinician's key acts for.")
    ] = None,
    days: Days = 365,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=0, help="0: no limit; else REQUESTS_PER_MINUTE.")
    ] = None,
    tokens_per_day: Annotated[
        int | None, typer.Option(min=0, help="Of the model; 0: no limit; else TOKENS_PER_DAY.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Makes a key and prints it: this once, since only a hash of it is kept."""
    if (role == "clinician") != (user is not None):
        fail("A clinician's key needs --user, and no other key takes it.")
    limits = {"requests_per_minute": requests_per_minute, "tokens_per_day": tokens_per_day}
    _print_key(run(key_work.create(settings_for("WARNING"), organization, name, role, user, days, limits)), as_json)


@keys.command("list")
def list_keys(
    organization: Annotated[UUID | None, typer.Option(help="Of this one alone.")] = None, as_json: AsJson = False
) -> None:
    """All keys, newest first, without their secrets."""
    found = run(key_work.listed(settings_for("WARNING"), organization))
    if as_json:
        print_json(found)
        return
    for key in found:
        who = f"{key['role']:<12}{key['email'] or '':<28}"
        out.print(
            f"{key['public_id']}  {key['state']:<8}{who}{key['expires_at']:%Y-%m-%d}  {key['name']}", soft_wrap=True
        )


@keys.command("revoke")
def revoke_key(public_id: Annotated[str, typer.Argument(help="As `keys list` shows it.")]) -> None:
    """Ends a key and the sessions opened with it; running services notice within AUTH_CACHE_S seconds."""
    if not run(key_work.revoke(settings_for("WARNING"), public_id)):
        fail("There is no key with that id.")


@keys.command("rotate")
def rotate_key(
    public_id: Annotated[str, typer.Argument(help="As `keys list` shows it.")],
    overlap_hours: Annotated[float, typer.Option(min=0, help="How long the old key stays good.")] = 24,
    days: Days = 365,
    as_json: AsJson = False,
) -> None:
    """Makes a key like that one and prints it; both are good until the overlap ends."""
    made = run(key_work.rotate(settings_for("WARNING"), public_id, overlap_hours, days))
    if made is None:
        fail("There is no live key with that id.")
    _print_key(made, as_json)


def _print_key(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    progress.print(f"Key {made['public_id']} ({made['role']}), good until {made['expires_at']:%Y-%m-%d %H:%M} UTC:")
    typer.echo(made["key"])


@organizations.command("create")
def create_organization(name: str) -> None:
    """Makes one, and prints its id."""
    typer.echo(run(_created(name)))


@organizations.command("list")
def list_organizations() -> None:
    """Their ids and names."""
    for row in run(_organizations()):
        out.print(f"{row['id']}  {row['name']}", highlight=False)


@audit.command("verify")
def verify_audit() -> None:
    """Recomputes every organization's chain; fails at the first entry that was changed, left out or put in.

    Keep the heads somewhere else: only against them a chain that was cut short at its end can be told.
    """
    chains = run(_verified())
    for chain in chains:
        state = "whole" if chain.broken_at is None else f"BROKEN at entry {chain.broken_at}"
        out.print(f"{chain.organization_id}  {chain.entries} entries  {state}  head {chain.head}", soft_wrap=True)
    if any(chain.broken_at for chain in chains):
        fail("The audit was tampered with.")


@audit.command("list")
def list_audit(
    record: Annotated[UUID | None, typer.Option(help="Only of the record with this id.")] = None,
    organization: Organization = LOCAL_ORGANIZATION,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """The last entries, newest first."""
    entries = run(_listed(organization, record, limit))
    if as_json:
        print_json(entries)
        return
    for entry in entries:
        what = f"{entry['action']:<8}{entry['kind']:<14}{entry['record_id'] or '':<38}"
        out.print(f"{entry['number']:>7}  {entry['at']:%Y-%m-%d %H:%M:%S}  {what}{entry['actor']}", soft_wrap=True)


async def _created(name: str) -> UUID:
    async with open_database(settings_for("WARNING")) as db, db.across_organizations() as session:
        return await create(session, name)


async def _organizations() -> list[dict[str, Any]]:
    async with open_database(settings_for("WARNING")) as db, db.across_organizations() as session:
        return [columns(row) for row in await every(session)]


async def _verified() -> list[trail.Chain]:
    async with open_database(settings_for("WARNING")) as db, db.across_organizations() as session:
        await trail.seal(session)
        return [await trail.verify(session, each) for each in await trail.chained_organizations(session)]


async def _listed(organization_id: UUID, record_id: UUID | None, limit: int) -> list[dict[str, Any]]:
    async with open_database(settings_for("WARNING")) as db, db.across_organizations() as session:
        await trail.seal(session)
        rows = await trail.newest(session, organization_id, record_id, limit)
    return [{str(name): value for name, value in columns(row).items() if name != "hash"} for row in rows]
