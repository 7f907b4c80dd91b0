"""Every failure that a caller can see: one class, one status, one problem type (RFC 9457)."""

from dataclasses import dataclass
from typing import Any, ClassVar

PROBLEM_TYPE_BASE = "urn:medextract:problem:"


@dataclass(frozen=True, slots=True)
class InvalidField:
    """Where a body is wrong: a JSON pointer (RFC 6901) and a stable code. Never the value itself."""

    pointer: str
    code: str


class Problem(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False
    # How the log takes it, where that does not follow from the status.
    level: ClassVar[str | None] = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        phase: str | None = None,
        retry_after_s: float | None = None,
        errors: tuple[InvalidField, ...] = (),
        headers: dict[str, str] | None = None,
        version: int | None = None,
    ) -> None:
        self.detail = detail or (self.__doc__ or self.title).strip()
        self.phase = phase
        self.retry_after_s = retry_after_s
        self.errors = errors
        self.headers = headers or {}
        self.version = version
        super().__init__(self.detail)

    def body(self, instance: str | None = None) -> dict[str, Any]:
        """The `application/problem+json` members; `instance` is the request id."""
        members: dict[str, Any] = {
            "type": PROBLEM_TYPE_BASE + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "retryable": self.retryable,
        }
        if self.phase:
            members["phase"] = self.phase
        if self.version is not None:
            members["version"] = self.version
        if self.errors:
            members["errors"] = [{"pointer": error.pointer, "code": error.code} for error in self.errors]
        return members


class BadRequest(Problem):
    """The request cannot be read."""

    status, slug, title = 400, "bad-request", "Bad request"


class Unauthorized(Problem):
    """A valid API key or bearer token is needed: Authorization: Bearer, or the session cookie of the pages."""

    status, slug, title = 401, "unauthorized", "Unauthorized"

    def __init__(self) -> None:
        """Always the same: an answer must not tell an unknown key from one that has expired."""
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="medextract"'})


class Forbidden(Problem):
    """This credential's role does not allow that."""

    status, slug, title = 403, "forbidden", "Forbidden"


class NotFound(Problem):
    """There is nothing here under that id."""

    status, slug, title = 404, "not-found", "Not found"


class KeyInvalid(Problem):
    """An Idempotency-Key is one text of 1 to 255 printable ASCII characters."""

    status, slug, title = 400, "idempotency-key-invalid", "Idempotency-Key invalid"


class SopNotFound(Problem):
    """One of the SOP ids is unknown or switched off."""

    status, slug, title = 404, "sop-not-found", "SOP not found"


class MethodNotAllowed(Problem):
    """This path does not take that method."""

    status, slug, title = 405, "method-not-allowed", "Method not allowed"


class BodyTimeout(Problem):
    """The body did not arrive in time."""

    status, slug, title = 408, "body-timeout", "Request timeout"


class Conflict(Problem):
    """The record has changed, or one like it exists already."""

    status, slug, title = 409, "conflict", "Conflict"


class ReviewFinished(Problem):
    """The review is signed; reopen it to decide anew."""

    status, slug, title = 409, "review-finished", "Review finished"


class ReviewIncomplete(Problem):
    """Findings that are contradicted or unsupported have to be decided first."""

    status, slug, title = 409, "review-incomplete", "Review incomplete"


class VersionMismatch(Problem):
    """Someone else has changed this record since you read it."""

    status, slug, title = 412, "version-mismatch", "Version mismatch"


class KeyInUse(Problem):
    """A request with this Idempotency-Key is still being worked on; ask again."""

    status, slug, title, retryable = 409, "idempotency-key-in-use", "Idempotency-Key in use", True


class BodyTooLarge(Problem):
    """The body is over the byte limit."""

    status, slug, title = 413, "body-too-large", "Content too large"


class UnsupportedMediaType(Problem):
    """This content type or encoding is not taken here."""

    status, slug, title = 415, "unsupported-media-type", "Unsupported media type"


class InvalidRequest(Problem):
    """The body does not have the shape asked for."""

    status, slug, title = 422, "invalid-request", "Invalid request"


class KeyReused(Problem):
    """This Idempotency-Key was used for another request."""

    status, slug, title = 422, "idempotency-key-reused", "Idempotency-Key reused"


class TranscriptEmpty(Problem):
    """The transcript holds no words."""

    status, slug, title = 422, "transcript-empty", "Transcript empty"


class TranscriptTooLong(Problem):
    """The transcript is over the character limit."""

    status, slug, title = 422, "transcript-too-long", "Transcript too long"


class InvalidCharacter(Problem):
    """The text holds a character that cannot be stored."""

    status, slug, title = 422, "invalid-character", "Invalid character"


class UnreadableDocument(Problem):
    """The file cannot be read as a document with text."""

    status, slug, title = 422, "unreadable-document", "Unreadable document"


class TranscriptTooLongForModel(Problem):
    """The model's context is too short for this transcript."""

    status, slug, title = 422, "transcript-too-long-for-model", "Transcript too long for the model"
    level = "warning"


class VersionRequired(Problem):
    """Say in If-Match which version of the record you have read."""

    status, slug, title = 428, "version-required", "Version required"


class TooManyRequests(Problem):
    """This credential has asked too often in the last minute."""

    status, slug, title, retryable = 429, "too-many-requests", "Too many requests", True


class BudgetSpent(Problem):
    """This credential has spent its model tokens of the day (UTC)."""

    status, slug, title, retryable = 429, "budget-spent", "Budget spent", True


class ProviderInvalidOutput(Problem):
    """The model's answer was not usable, after a repair attempt."""

    status, slug, title = 502, "provider-invalid-output", "Invalid model output"


class ProviderRefused(Problem):
    """The model declined to answer."""

    status, slug, title = 502, "provider-refused", "Model refused"


class ProviderMisconfigured(Problem):
    """The model provider rejects our credentials, model name or request."""

    status, slug, title = 502, "provider-misconfigured", "Provider misconfigured"


class ProviderUnavailable(Problem):
    """The model provider cannot be reached or fails."""

    status, slug, title, retryable = 503, "provider-unavailable", "Provider unavailable", True


class ProviderPaused(Problem):
    """The model provider failed again and again, and is left alone for a while."""

    status, slug, title, retryable = 503, "provider-paused", "Provider paused", True
    level = "info"


class ProviderRateLimited(Problem):
    """The model provider limits our rate."""

    status, slug, title, retryable = 503, "provider-rate-limited", "Provider rate-limited", True


class StorageUnavailable(Problem):
    """The database cannot be reached or fails."""

    status, slug, title, retryable = 503, "storage-unavailable", "Storage unavailable", True


class TransactionLost(StorageUnavailable):
    """The database cut the transaction off; nothing of it was kept, unless that happened while it was committed."""


class RunInterrupted(Problem):
    """The service ended, or lost its database, before the run was finished."""

    status, slug, title, retryable = 503, "run-interrupted", "Run interrupted", True


class StorageFull(Problem):
    """The database has no room left."""

    status, slug, title, retryable = 503, "storage-full", "Storage full", True
    level = "critical"


class Overloaded(Problem):
    """Too much is going on at once; try again shortly."""

    status, slug, title, retryable = 503, "overloaded", "Overloaded", True
    level = "warning"


class Stopping(Problem):
    """The service is about to stop, and takes no more work."""

    status, slug, title, retryable = 503, "stopping", "Stopping", True
    level = "info"


class ProviderTimeout(Problem):
    """The model provider did not answer before the deadline."""

    status, slug, title, retryable = 504, "provider-timeout", "Provider timeout", True
