"""Reads a medextract prompt back into turns and custom categories: the rules engine answers from the request alone."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from app.language.turns import role_of
from app.llm.offline.visit import SpokenTurn

_TRANSCRIPT = re.compile(r"^<transcript>$\n(.*?)^</transcript>$", re.MULTILINE | re.DOTALL)
_CATEGORIES = re.compile(r"^<custom_categories>$\n(.*?)\n</custom_categories>$", re.MULTILINE | re.DOTALL)
_TURN = re.compile(r"^\[(\d+)\] ([^:\n]*): (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PromptedVisit:
    """What a prompt asks about."""

    turns: list[SpokenTurn]
    custom_categories: list[dict[str, str]]


def read_prompt(messages: list[dict[str, Any]]) -> PromptedVisit:
    """The visit in the last user message; raises `ValueError` where there is none."""
    prompt = next((m["content"] for m in reversed(messages) if m["role"] == "user" and _asks(m["content"])), None)
    if prompt is None:
        raise ValueError("no transcript in any user message")
    transcript = _TRANSCRIPT.search(prompt)
    categories = _CATEGORIES.search(prompt)
    return PromptedVisit(
        turns=[_turn(found) for found in _TURN.finditer(transcript[1] if transcript else "")],
        custom_categories=orjson.loads(categories[1]) if categories else [],
    )


def _asks(content: Any) -> bool:
    return isinstance(content, str) and _TRANSCRIPT.search(content) is not None


def _turn(found: re.Match[str]) -> SpokenTurn:
    speaker = None if found[2] == "?" else found[2]
    return SpokenTurn(int(found[1]), speaker, role_of(speaker), found[3])
