"""The parts of the running service, which live as long as the process and are passed down from one place."""

from dataclasses import dataclass

from app.access.credentials import Credentials
from app.access.meter import Meter
from app.db.audit_log import AuditLog
from app.db.engine import Database
from app.extraction.embedding import Embedder
from app.extraction.once import OncePerKey
from app.extraction.pipeline import Pipeline
from app.extraction.sweep import Sweep
from app.extraction.timings_log import TimingsLog
from app.llm.provider import Provider
from app.metrics import Metrics
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """Built by `app.main.open_parts`."""

    settings: Settings
    db: Database
    provider: Provider
    embedder: Embedder
    pipeline: Pipeline
    once: OncePerKey
    sweep: Sweep
    timings_log: TimingsLog
    audit_log: AuditLog
    credentials: Credentials
    meter: Meter
    metrics: Metrics
