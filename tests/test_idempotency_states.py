"""Any sequence of requests under a few keys, whatever the model does: a key stands for its first success alone."""

from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from tests.conftest import Service, running_service, scripted_settings
from tests.fuzzing.length import TIMES
from tests.scripted_provider import Reply, ScriptedProvider, answer, content, failure
from tests.test_idempotency import kind, new_key

OUTCOMES: dict[str, Reply] = {
    "fine": answer(),
    "outage": failure(500),
    "misconfigured": failure(401),
    "unusable": content("no JSON"),
    "refused": content(None, refusal="no"),
}


class Sent(NamedTuple):
    """One request: which of the keys, which of the bodies, and what the model does if it is asked."""

    key: int
    body: int
    outcome: str


SENT = st.builds(Sent, st.integers(0, 2), st.integers(0, 1), st.sampled_from([*OUTCOMES, "fine"]))


@given(requests=st.lists(SENT, min_size=2, max_size=12))
@settings(max_examples=10 * TIMES, deadline=None, suppress_health_check=list(HealthCheck))
async def test_a_key_stands_for_its_first_success(database_url: URL, requests: list[Sent]) -> None:
    own = scripted_settings(database_url, llm_attempts=1, llm_breaker_failures=1000)
    async with running_service(own, ScriptedProvider()) as service:
        keys = [new_key() for _ in range(3)]
        taken: dict[int, tuple[int, str]] = {}
        for sent in requests:
            await follow(service, keys, taken, sent)


async def follow(service: Service, keys: list[dict[str, str]], taken: dict[int, tuple[int, str]], sent: Sent) -> None:
    """Sends the request and compares with the model, which is what each taken key stands for: a body and a run."""
    service.provider.script(OUTCOMES[sent.outcome])
    calls = len(service.provider.chats)
    body = {"transcript": f"Doctor: Hello number {sent.body}.", "user": {"external_id": "dr-states"}}
    response = await service.client.post("/extract", json=body, headers=keys[sent.key])
    if sent.key in taken:
        assert len(service.provider.chats) == calls, "a key that is taken costs no model call"
        if taken[sent.key][0] == sent.body:
            assert (response.status_code, response.json()["id"]) == (201, taken[sent.key][1])
        else:
            assert kind(response) == (422, "idempotency-key-reused")
    elif sent.outcome == "fine":
        assert (response.status_code, len(service.provider.chats)) == (201, calls + 1)
        taken[sent.key] = sent.body, response.json()["id"]
    else:
        assert response.status_code in (502, 503)
        assert len(service.provider.chats) > calls, "a failure leaves its key free"
