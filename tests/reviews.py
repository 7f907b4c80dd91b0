"""A visit to review, and the requests that a reviewer makes."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.conftest import Service
from tests.scripted_provider import Chat, answer, follow_up, medication, todo

TRANSCRIPT = (
    "Doctor: Take ibuprofen 400 mg twice a day for ten days.\r\n"
    "Patient: All right 🙂, will do.\r\n"
    "Doctor: I will order an x-ray of the knee. Come back in two weeks, and ring us if the fever returns.\r\n"
)


def visit_answer() -> Chat:
    """A verified medicine, a contradicted one, an unsupported to-do and a verified follow-up."""
    words = "Take ibuprofen 400 mg twice a day for ten days"
    return answer(
        summary="Ibuprofen, an x-ray, back in two weeks.",
        medication_instructions=[
            medication("ibuprofen", 1, words, dosage="400 mg", frequency="twice a day", duration="ten days"),
            medication("naproxen", 1, words, dosage="500 mg"),
        ],
        clinician_todos=[todo("Order a colonoscopy", 3, "We talked about a colonoscopy yesterday at length")],
        follow_up_tasks=[follow_up("Come back", 3, "Come back in two weeks", due="in two weeks")],
    )


@dataclass
class Reviewer:
    """Reviews one extraction, always from the version that was read last."""

    service: Service
    run: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/extractions/{self.run['id']}"

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        return {item["id"]: item for item in self.run["review"]["items"]}

    def item(self, name: str) -> dict[str, Any]:
        """The item whose main text begins so."""
        keys = ("medication_name", "description", "name", "substance", "value")
        found = [it for it in self.items.values() if any(str(it["item"].get(k, "")).startswith(name) for k in keys)]
        assert len(found) == 1, name
        return found[0]

    async def send(self, *decisions: dict[str, Any], **headers: str) -> httpx.Response:
        headers = headers or {"if-match": f'"{self.run["version"]}"'}
        return await self.service.client.patch(self.path, json={"decisions": list(decisions)}, headers=headers)

    async def decide(self, *decisions: dict[str, Any]) -> None:
        """Decisions that have to be taken."""
        self.took(await self.send(*decisions))

    async def post(self, what: str, **headers: str) -> httpx.Response:
        headers = headers or {"if-match": f'"{self.run["version"]}"'}
        return await self.service.client.post(f"{self.path}/{what}", headers=headers)

    async def finish(self) -> None:
        self.took(await self.post("finish"))

    async def reload(self) -> None:
        self.took(await self.service.client.get(self.path))

    def took(self, response: httpx.Response) -> None:
        assert response.status_code == 200, response.text
        assert response.headers["etag"] == f'"{response.json()["version"]}"'
        self.run = response.json()


async def reviewer(service: Service, transcript: str = TRANSCRIPT, **fields: Any) -> Reviewer:
    """A reviewer before a new extraction."""
    told = await service.extract(transcript, visit_date="2026-11-20", **fields)
    found = Reviewer(service, told)
    await found.reload()
    return found


def chosen(quote: str, transcript: str = TRANSCRIPT) -> list[dict[str, Any]]:
    """Words of the transcript as a selection."""
    start = transcript.index(quote)
    return [{"start": start, "end": start + len(quote), "quote": quote}]


def problem(response: httpx.Response) -> tuple[int, str, list[dict[str, str]]]:
    """Status, type and errors."""
    told = response.json()
    return response.status_code, told["type"].removeprefix("urn:medextract:problem:"), told.get("errors", [])
