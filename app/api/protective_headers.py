"""The headers of every answer: kept by nobody on the way, taken for nothing else, and framed by no other page."""

from starlette.datastructures import MutableHeaders

_ALWAYS = {
    # Most answers hold what was said in a visit: only one that says otherwise may be kept by others.
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
# The page of /docs, which is not ours, has its script within it; the clinician's pages bring a stricter policy along.
_DOCUMENTS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def protect(headers: MutableHeaders) -> None:
    """Adds what is missing (OWASP, REST Security Cheat Sheet); an answer's own header stands."""
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    is_page = headers.get("Content-Type", "").startswith("text/html")
    headers.setdefault("Content-Security-Policy", _DOCUMENTS_POLICY if is_page else _DATA_POLICY)
