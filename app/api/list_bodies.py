"""What lists show of runs, and what operators see of them, as the OpenAPI document describes it."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.api.bodies import PhaseStatistics, ProblemBody, ReviewBody, TimingsBody

State = Literal["running", "succeeded", "failed"]


class RunSummary(BaseModel):
    """A run as a list shows it; what a failed or running one does not have is null."""

    id: UUID
    transcript_id: UUID
    user_id: UUID
    created_at: datetime
    visit_date: date | None
    state: State
    version: int
    model: dict[str, str] | None
    review: ReviewBody | None
    confidence: Literal["high", "medium", "low"] | None
    overall_score: float | None
    summary: str | None
    counts: dict[str, int] | None = Field(description="How many findings each list of the extraction holds.")
    degraded: list[str]
    total_ms: float | None
    problem: ProblemBody | None


class SummaryPage(BaseModel):
    items: list[RunSummary]
    next_cursor: UUID | None


class FoundVisit(RunSummary):
    similarity: float = Field(description="The cosine with what was looked for.")


class FoundVisits(BaseModel):
    """Nearest first; one a transcript, with its newest run."""

    items: list[FoundVisit]


class TimingsBucket(BaseModel):
    """What happened in one part of the window, from `start` on."""

    start: datetime
    runs: int
    failed: int
    degraded: dict[str, int] = Field(description="How many answers went without what.")
    problems: dict[str, int] = Field(description="How many runs failed of what, by problem type.")
    prompt_tokens: int
    completion_tokens: int
    embedding_tokens: int
    phases: list[PhaseStatistics]


class SlowRun(BaseModel):
    id: UUID
    created_at: datetime
    state: State
    total_ms: float


class TimingsHistory(BaseModel):
    """The window in equal parts, oldest first."""

    window_s: int
    bucket_s: float
    buckets: list[TimingsBucket]
    slowest: list[SlowRun]


class RunTimings(BaseModel):
    """One run as operators see it, without what was said in it."""

    id: UUID
    created_at: datetime
    state: State
    model: dict[str, str] | None
    degraded: list[str]
    usage: dict[str, int] | None
    timings: TimingsBody | None
    problem: ProblemBody | None
