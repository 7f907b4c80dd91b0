"""A run as the API shows it, whether it has just ended or comes from the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.db.rows import AnyRow
from app.extraction.context import Context
from app.extraction.context_selection import Example
from app.extraction.llm_extraction import Extraction


def outcome_of(extraction: Extraction, evaluation: dict[str, Any] | None, context: Context) -> dict[str, Any]:
    """The columns of a finished run."""
    return {
        "model": extraction.model,
        "result": extraction.as_dict(),
        "evaluation": evaluation,
        "review": review_of(evaluation),
        "context": context_of(context),
        "degraded": context.degraded,
        "usage": {
            "prompt_tokens": extraction.prompt_tokens,
            "completion_tokens": extraction.completion_tokens,
            "embedding_tokens": context.embedding_tokens,
        },
    }


def review_of(evaluation: dict[str, Any] | None) -> dict[str, Any]:
    """Whether a person must look at it; what could not be evaluated, a person must."""
    if evaluation is None:
        return {"status": "pending", "reasons": ["evaluation_missing"]}
    reasons = evaluation["review_reasons"]
    return {"status": "pending" if reasons else "not_required", "reasons": reasons}


def context_of(context: Context) -> dict[str, Any]:
    """What entered the prompt beside the transcript."""
    visits = [_example("transcript_id", e) for e in context.examples if e.candidate.kind == "visit"]
    cases = [_example("test_case_id", e) for e in context.examples if e.candidate.kind == "test_case"]
    return {"sops": _sops(context.sops), "visits": visits, "test_cases": cases}


def as_answer(run: Mapping[str, Any]) -> dict[str, Any]:
    """The body of `POST /extract` and `GET /extractions/{id}`, from the columns of a run."""
    return {
        "id": str(run["id"]),
        "transcript_id": str(run["transcript_id"]),
        "user_id": str(run["user_id"]),
        "created_at": run["created_at"].isoformat().replace("+00:00", "Z"),
        "state": run["state"],
        "model": run["model"],
        "extraction": run["result"],
        "evaluation": run["evaluation"],
        "review": run["review"],
        "context": run["context"],
        "degraded": run["degraded"] or [],
        "usage": run["usage"],
        "timings": run["timings"],
        "problem": run.get("problem"),
        "version": run.get("version", 1),
    }


def _sops(sops: Sequence[AnyRow]) -> list[dict[str, str]]:
    return [{"id": str(sop.id), "title": sop.title} for sop in sops]


def _example(id_name: str, example: Example) -> dict[str, Any]:
    return {
        id_name: str(example.candidate.id),
        "similarity": round(example.candidate.similarity, 4),
        "relevance": round(example.relevance, 4),
    }
