"""The commands of who may do what, and of who did it; they work on the database, beside a running service or not."""

from typing import Annotated, Any
from uuid import UUID

import typer

from app.db import audit as trail
from app.db.rows import columns
from app.db.tables import LOCAL_ORGANIZATION
from app.main import open_database
from app.terminal import AsJson, fail, out, print_json, run, settings_for

audit = typer.Typer(no_args_is_help=True, help="Who did what to which record.")

Organization = Annotated[UUID, typer.Option(help="Id of the organization.")]


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


async def _verified() -> list[trail.Chain]:
    async with open_database(settings_for("WARNING")) as db, db.across_organizations() as session:
        await trail.seal(session)
        return [await trail.verify(session, each) for each in await trail.chained_organizations(session)]


async def _listed(organization_id: UUID, record_id: UUID | None, limit: int) -> list[dict[str, Any]]:
    async with open_database(settings_for("WARNING")) as db, db.across_organizations() as session:
        await trail.seal(session)
        rows = await trail.newest(session, organization_id, record_id, limit)
    return [{str(name): value for name, value in columns(row).items() if name != "hash"} for row in rows]
