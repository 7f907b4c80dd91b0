"""Phase `llm_extraction`: the one model call, its answer read, and every item checked against what was said."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from app.computing import compute
from app.errors import ProviderInvalidOutput
from app.extraction.answer import Answer, Ledger, read_answer
from app.extraction.context import Context
from app.extraction.fallbacks import ask_in_order
from app.extraction.findings_check import check_findings, expected_findings
from app.extraction.prompt import PROMPT_VERSION, build_prompt, repair_messages
from app.extraction.visit import Visit
from app.extraction.wording import Wording, in_words
from app.llm.answer_cache import AnswerCache, key_of
from app.llm.chat import VISIT_ANSWER, ChatModel, Completion, Message
from app.llm.client import InvalidOutput
from app.llm.provider import Provider
from app.settings import Settings

PHASE = "llm_extraction"
# One answer that cannot be used may be an accident; a second one is the provider's way.
TRIES = 2
LONG_CHARS = 50_000
log = structlog.get_logger()


@dataclass(slots=True)
class Extraction:
    """The checked findings by category, and how they came about."""

    summary: str
    findings: dict[str, list[dict[str, Any]]]
    ledger: Ledger
    model: dict[str, str]
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {"summary": self.summary, **self.findings}


async def extract(
    provider: Provider, visit: Visit, context: Context, settings: Settings, deadline: float, wording: Wording
) -> Extraction:
    """Raises a provider problem; a usable answer with nothing in it is an honest empty extraction.

    `wording` is told the words that are found, as soon as they can be expected and as soon as they are sure.
    """
    messages, most_tokens = build_prompt(visit, context.sops, context.examples), settings.llm_max_output_tokens

    async def ask(model: ChatModel, until: float) -> tuple[Answer, list[Completion], bool]:
        if provider.answers.is_on:
            return await _ask_or_remember(provider.answers, model, visit, messages, most_tokens, until)
        return *await _ask(model, visit, messages, most_tokens, until), False

    (answer, completions, remembered), model = await ask_in_order(provider.models, ask, deadline)
    spent = [] if remembered else completions
    served = {"provider": model.provider, "name": completions[-1].model, "prompt_version": PROMPT_VERSION}
    if model is not provider.models[0]:
        log.warning("fallback_served", phase=PHASE, model=model.name)
        provider.note_fallback(model)
    wording.expected.set_result(in_words({"summary": answer.summary, **expected_findings(visit, answer)}))
    await asyncio.sleep(0)  # whoever waits for them begins now, before the check
    extraction = Extraction(
        summary=answer.summary,
        findings=await compute(len(visit.text), check_findings, visit, answer),
        ledger=answer.ledger,
        model=served | ({"served_from": "cache"} if remembered else {}),
        prompt_tokens=sum(completion.prompt_tokens for completion in spent),
        completion_tokens=sum(completion.completion_tokens for completion in spent),
    )
    wording.found.set_result(in_words(extraction.as_dict()))
    return extraction


async def _ask_or_remember(
    answers: AnswerCache, model: ChatModel, visit: Visit, messages: Sequence[Message], max_tokens: int, deadline: float
) -> tuple[Answer, list[Completion], bool]:
    """Each request reads the answer for itself: what it makes of it is its own."""

    async def ask() -> list[Completion]:
        return (await _ask(model, visit, messages, max_tokens, deadline))[1]

    key = key_of(visit.clinician.organization_id, model, messages, VISIT_ANSWER, max_tokens)
    completions, remembered = await answers.shared(key, deadline, ask)
    return await _read(completions[-1].content, _custom_names(visit)), completions, remembered


async def _ask(
    model: ChatModel, visit: Visit, messages: Sequence[Message], max_tokens: int, deadline: float
) -> tuple[Answer, list[Completion]]:
    """The first usable answer in two tries: a cut-off one is asked for again with more room, others with the reason."""
    completions: list[Completion] = []
    asked = messages
    for _ in range(TRIES):
        try:
            completions.append(await model.complete(asked, VISIT_ANSWER, max_tokens, deadline, PHASE))
            return await _read(completions[-1].content, _custom_names(visit)), completions
        except InvalidOutput as invalid:
            log.warning("model_answer_unusable", phase=PHASE, reason=invalid.reason, size_bytes=invalid.size_bytes)
            asked, max_tokens, reason = _second_try(messages, max_tokens, invalid)
    raise ProviderInvalidOutput(f"The model's answer was not usable twice ({reason}).", phase=PHASE)


def _custom_names(visit: Visit) -> frozenset[str]:
    return frozenset(category.name for category in visit.custom_categories)


async def _read(content: str, custom_names: frozenset[str]) -> Answer:
    """A long answer in a thread, so that it holds up nobody; a usual one is read sooner than handed over."""
    if len(content) < LONG_CHARS:
        return read_answer(content, custom_names)
    return await asyncio.to_thread(read_answer, content, custom_names)


def _second_try(
    messages: Sequence[Message], max_tokens: int, invalid: InvalidOutput
) -> tuple[Sequence[Message], int, str]:
    if invalid.reason == "cut_off":
        return messages, max_tokens * 2, invalid.reason
    return repair_messages(messages, invalid.reason), max_tokens, invalid.reason
