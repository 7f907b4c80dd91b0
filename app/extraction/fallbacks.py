"""Asks the models in order until one serves, each within its share of the time that is left."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from app.errors import (
    ProviderInvalidOutput,
    ProviderPaused,
    ProviderRateLimited,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from app.llm.chat import ChatModel
from app.settings import OFFLINE

Served = TypeVar("Served")
# What another model may do better. A rejected key or model name is for the operator to mend, and a transcript that is
# too long for the caller to know.
_ANOTHER_MAY_SERVE = (
    ProviderInvalidOutput,
    ProviderPaused,
    ProviderRateLimited,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
# The share of what is left that a model may take when another comes behind it; the rules engine needs a second or two.
_SHARE_BEFORE_A_MODEL, _SHARE_BEFORE_RULES = 0.5, 0.9
log = structlog.get_logger()


async def ask_in_order(
    models: Sequence[ChatModel], ask: Callable[[ChatModel, float], Awaitable[Served]], deadline: float
) -> tuple[Served, ChatModel]:
    """What the first model that serves gave, and that model; raises the last one's problem when none does."""
    for place, model in enumerate(models):
        following = models[place + 1 :]
        try:
            return await ask(model, _until(following, deadline)), model
        except _ANOTHER_MAY_SERVE as problem:
            if not following:
                raise
            log.warning("model_did_not_serve", model=model.name, problem=problem.slug, next=following[0].name)
    raise AssertionError("there is a first model")


def _until(following: Sequence[ChatModel], deadline: float) -> float:
    """When a model must have answered, so that there is time for the ones behind it."""
    if not following:
        return deadline
    now = asyncio.get_running_loop().time()
    share = _SHARE_BEFORE_RULES if following[0].provider == OFFLINE else _SHARE_BEFORE_A_MODEL
    return now + share * (deadline - now)
