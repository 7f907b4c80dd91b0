"""The command that erases visits; it works on the database, beside a running service or not."""

from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import ColumnElement

from app.db import erasure
from app.extraction.erasure import Erased, erase_user, erase_visits
from app.main import open_database
from app.terminal import fail, out, run, settings_for

ACTOR = "command line"


def erase(
    user: Annotated[str | None, typer.Option(help="A clinician by id, e-mail or external id, with all visits.")] = None,
    transcript: Annotated[UUID | None, typer.Option(help="One visit, by the id of its transcript.")] = None,
    older_than: Annotated[int | None, typer.Option(min=1, help="Visits stored more than so many days ago.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Deletes visits for good: transcripts, runs, reviews, vectors and gold cases with the same text.

    The audit keeps an entry of each. Backups are yours to delete.
    """
    if sum(given is not None for given in (user, transcript, older_than)) != 1:
        raise typer.BadParameter("name one of --user, --transcript and --older-than")
    if not yes:
        typer.confirm("This cannot be undone. Erase?", abort=True, err=True)
    erased = run(_erase_user(user) if user is not None else _erase(_which(transcript, older_than)))
    out.print(f"Erased {erased.visits} visits and {erased.test_cases} gold cases.")


def _which(transcript: UUID | None, older_than: int | None) -> ColumnElement[bool]:
    return erasure.with_id(transcript) if transcript is not None else erasure.older_than(older_than or 0)


async def _erase(which: ColumnElement[bool]) -> Erased:
    async with open_database(settings_for("WARNING")) as db:
        return await erase_visits(db, which, ACTOR)


async def _erase_user(name: str) -> Erased:
    async with open_database(settings_for("WARNING")) as db:
        async with db.across_organizations() as session:
            found = await erasure.find_users(session, name)
        if len(found) != 1:
            fail("There is no such clinician." if not found else "Several clinicians are called that: name one by id.")
        return await erase_user(db, found[0].id, found[0].organization_id, ACTOR)
