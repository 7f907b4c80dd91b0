"""The offline provider as an OpenAI-compatible ASGI app: chat completions by rules, embeddings by word vectors."""

import base64
import time
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uuid_utils import uuid7

from app.computing import compute
from app.llm.offline import vectors
from app.llm.offline.prompt_reader import read_prompt
from app.llm.offline.reader import read_visit
from app.llm.offline.visit import SpokenTurn

CHAT_MODEL = "rules-1"


def create_offline_server() -> Starlette:
    """The app; its two models are `rules-1` (chat) and `wordllama-256` (embeddings)."""
    routes = [
        Route("/v1/chat/completions", chat_completions, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        Route("/v1/models", models),
    ]
    return Starlette(routes=routes)


async def chat_completions(request: Request) -> Response:
    """Answers from the transcript in the last user message."""
    try:
        body = orjson.loads(await request.body())
        visit = read_prompt(body["messages"])
    except (ValueError, KeyError, TypeError):
        return _error("This rules engine reads only the prompts of medextract: no transcript was found.")
    said = sum(len(turn.text) for turn in visit.turns)
    content = orjson.dumps(await compute(said, read_visit, visit.turns, visit.custom_categories)).decode()
    return _json(
        {
            "id": f"chatcmpl-{uuid7()}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": CHAT_MODEL,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": content, "refusal": None},
                    "finish_reason": "stop",
                }
            ],
            "usage": _usage(sum(len(str(message["content"])) for message in body["messages"]), len(content)),
        }
    )


async def embeddings(request: Request) -> Response:
    """One vector a text, as base64 of little-endian float32 or as a list of numbers."""
    try:
        body = orjson.loads(await request.body())
        texts = [body["input"]] if isinstance(body["input"], str) else list(body["input"])
        if not texts or not all(isinstance(text, str) for text in texts):
            return _error("input must be a string or a list of strings")
    except (ValueError, KeyError, TypeError):
        return _error("input must be a string or a list of strings")
    found = await compute(sum(map(len, texts)), vectors.embed, texts)
    in_base64 = body.get("encoding_format") == "base64"
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode() if in_base64 else vector.tolist(),
        }
        for index, vector in enumerate(found)
    ]
    usage = _usage(sum(map(len, texts)), 0)
    return _json({"object": "list", "data": data, "model": vectors.MODEL, "usage": usage})


async def models(_request: Request) -> Response:
    listed = [{"id": name, "object": "model", "owned_by": "medextract"} for name in (CHAT_MODEL, vectors.MODEL)]
    return _json({"object": "list", "data": listed})


def _usage(prompt_chars: int, completion_chars: int) -> dict[str, int]:
    """Rules have no tokens: the usual estimate of four characters each, so that dashboards have something to show."""
    prompt, completion = prompt_chars // 4, completion_chars // 4
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _error(message: str) -> Response:
    return _json({"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}, 400)


def load() -> None:
    """Reads dictionaries and vectors now instead of within the first request. Blocking, about half a second."""
    vectors.embed(["load"])
    read_visit([SpokenTurn(1, "Doctor", "clinician", "i want you to take ibuprofen and we will get an x-ray")], [])
