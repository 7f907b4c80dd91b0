"""`medextract demo`: the service on a free port, a sample visit posted over HTTP, and the answer for a person."""

from typing import Any

import httpx
from rich.console import Console

from app import samples
from app.console import print_answer
from app.serving import running
from app.settings import Settings

_USER = {"email": "dr.lee@clinic.example", "name": "Dr Lee"}
_VISIT_DATE = "2026-11-20"


async def run_demo(settings: Settings, out: Console, progress: Console) -> None:
    """Raises `httpx.HTTPError` when the service does not answer as it should."""
    progress.print("Starting PostgreSQL and the service…")
    settings = settings.model_copy(update={"auth": "disabled"})  # on a loopback address, for as long as the demo runs
    async with running(settings) as url, _client(url, settings) as client:
        progress.print(f"Service at {url}. Posting a visit and an SOP to it…")
        sop = await _sample_sop(client)
        body: dict[str, Any] = {
            "transcript": samples.demo_visit(),
            "user": _USER,
            "visit_date": _VISIT_DATE,
            "sop_ids": [sop["id"]],
        }
        response = await client.post("/extract", json=body)
        response.raise_for_status()
        progress.print(f"POST /extract answered {response.status_code} ({len(response.content):,} bytes of JSON).")
        out.print(f"\n[bold]A visit of {len(body['transcript'].split())} words[/], read with the SOP “{sop['title']}”")
        print_answer(response.json(), out)


def _client(url: str, settings: Settings) -> httpx.AsyncClient:
    """Without the proxies of the machine, which are not for its own loopback address."""
    return httpx.AsyncClient(base_url=url, timeout=settings.request_deadline_s, trust_env=False)


async def _sample_sop(client: httpx.AsyncClient) -> dict[str, Any]:
    """The sample SOP as the service has it; an earlier demo may have left it there."""
    sample = samples.sops()[0]
    stored = (await client.get("/sops", params={"limit": 100})).raise_for_status().json()["items"]
    known = next((sop for sop in stored if sop["title"] == sample["title"]), None)
    if known is not None:
        return dict(known)
    created = await client.post("/sops", json={**sample, "user": _USER})
    return dict(created.raise_for_status().json())
