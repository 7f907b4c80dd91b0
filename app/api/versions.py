"""The version of a record in HTTP's own words: `ETag` on what is sent, `If-Match` on what changes it (RFC 9110)."""

from typing import Annotated

from fastapi import Header

from app.errors import VersionMismatch, VersionRequired

IfMatch = Annotated[str | None, Header(description="The `ETag` of what you have read, or * for whatever is there.")]


def etag(version: int) -> dict[str, str]:
    """The header of an answer that shows this version."""
    return {"ETag": f'"{version}"'}


def require_version(if_match: str | None, version: int) -> None:
    """Raises `VersionRequired` without the header, `VersionMismatch` if it names other versions."""
    if if_match is None:
        raise VersionRequired(version=version, headers=etag(version))
    named = {tag.strip() for tag in if_match.split(",")}
    if not named & {"*", f'"{version}"'}:
        raise mismatch(version)


def mismatch(version: int) -> VersionMismatch:
    return VersionMismatch(version=version, headers=etag(version))
