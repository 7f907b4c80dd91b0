"""The headers of every answer: kept by nobody on the way, taken for nothing else, and framed by no other page."""

_ALWAYS = (
    # Most answers hold what was said in a visit: only one that says otherwise may be kept by others.
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_DATA_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# The page of /docs, which is not ours, has its script within it; the clinician's pages bring a stricter policy along.
_DOCUMENTS_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)


def protect(headers: list[tuple[bytes, bytes]]) -> None:
    """Adds what is missing to headers as ASGI has them (OWASP, REST Security Cheat Sheet); an answer's own stands."""
    given = dict(headers)
    is_page = given.get(b"content-type", b"").startswith(b"text/html")
    policy = _DOCUMENTS_POLICY if is_page else _DATA_POLICY
    headers += [header for header in (*_ALWAYS, policy) if header[0] not in given]
