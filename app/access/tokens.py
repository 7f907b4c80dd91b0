"""The secrets that are handed out: how they look, and what is stored of them."""

import hmac
import re
import secrets
from dataclasses import dataclass

_KEY = re.compile(r"mx_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class KeyToken:
    """An API key: the id names it in lists, logs and the audit; the secret, 256 random bits, is shown once."""

    public_id: str
    secret: str

    def __str__(self) -> str:
        return f"mx_{self.public_id}_{self.secret}"


def new_key() -> KeyToken:
    return KeyToken("".join(secrets.choice(_ID_CHARACTERS) for _ in range(12)), secrets.token_urlsafe(32))


def as_key(token: str) -> KeyToken | None:
    """The key that the text is, by its form."""
    parts = _KEY.fullmatch(token)
    return KeyToken(*parts.groups()) if parts else None


def new_session_token() -> str:
    return secrets.token_urlsafe(32)


def stored_hash(token: str, pepper: str) -> bytes:
    """HMAC-SHA256: without the pepper, which is not in the database, a stolen table helps nobody to guess."""
    return hmac.digest(pepper.encode(), token.encode(), "sha256")
