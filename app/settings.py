"""The settings, read once from the environment or `.env` and passed down."""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError


def _postgresql(url: SecretStr) -> SecretStr:
    try:
        parts = make_url(url.get_secret_value())
        valid = parts.drivername in ("postgres", "postgresql", "postgresql+asyncpg")
        valid = valid and "@" not in f"{parts.host}{parts.database}"  # where the rest of a password with one ends up
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        valid = False
    if not valid:
        raise ValueError("must look like postgresql://user:password@host/database, with marks in the password as %40")
    return url


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("must look like https://host/v1")
    return url


def _header_safe(key: SecretStr) -> SecretStr:
    """Whatever else is in a key, it has to travel in an HTTP header (RFC 9110, section 5.5)."""
    value = key.get_secret_value()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be one line of ASCII characters without spaces")
    return key


def _model_names(names: str) -> str:
    """Comma-separated, as they are asked."""
    given = [name.strip() for name in names.split(",")]
    if not all(given) or len(set(given)) < len(given) or OFFLINE in given[:-1]:
        raise ValueError("must be different names with commas between, `offline` only as the last: nothing follows it")
    return ",".join(given)


OFFLINE = "offline"
Role = Literal["integration", "clinician", "ops", "admin"]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """All there is to configure. Names in capitals are environment variables; `.env.template` explains each."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    # Storage
    database_url: Annotated[SecretStr, AfterValidator(_postgresql)] | None = None
    data_dir: Path = Path(".data")
    db_pool_size: Count | None = None
    db_max_overflow: Annotated[int, Field(ge=0)] = 0
    db_pool_timeout_s: Seconds = 2.0
    db_pool_recycle_s: Count = 3600
    db_statement_timeout_s: Seconds = 15.0

    # Model provider
    llm_provider: Literal["offline", "openai"] = "offline"
    openai_api_key: Annotated[SecretStr, AfterValidator(_header_safe)] | None = None
    openai_base_url: Annotated[str, AfterValidator(_web_address)] | None = None
    llm_model: str = "gpt-4.1-mini"
    llm_fallbacks: Annotated[str, AfterValidator(_model_names)] | None = None
    llm_temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 0.0
    llm_max_output_tokens: Count = 8000
    llm_attempts: Annotated[int, Field(ge=1, le=3)] = 3
    llm_attempt_timeout_s: Seconds = 30.0
    llm_breaker_failures: Count = 5
    llm_breaker_open_s: Seconds = 15.0
    llm_response_limit_bytes: Count = 2_000_000
    embedding_model: str = "text-embedding-3-small"
    embedding_timeout_s: Seconds = 10.0
    embedding_dimensions: Annotated[int, Field(ge=1, le=4000)] = 256
    request_deadline_s: Seconds = 60.0

    # Keys of clients, and what is put right behind crashes and outages
    idempotency_ttl_s: Annotated[float, Field(ge=60, le=31 * 86400, allow_inf_nan=False)] = 86400.0
    idempotency_wait_s: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 10.0
    sweep_every_s: Seconds = 60.0
    retention_days: Annotated[int, Field(ge=1, le=36500)] | None = None

    # Where `serve` listens
    serve_host: str = "127.0.0.1"
    serve_port: Annotated[int, Field(ge=0, le=65535)] = 8000
    serve_workers: Annotated[int, Field(ge=1, le=256)] = 1
    shutdown_delay_s: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 1.0

    # Access and logs
    auth: Literal["disabled", "keys", "oidc"] = "disabled"
    key_pepper: Annotated[SecretStr, Field(min_length=32)] | None = None
    auth_cache_s: Annotated[float, Field(ge=0, le=300, allow_inf_nan=False)] = 10.0
    session_hours: Annotated[float, Field(gt=0, le=168, allow_inf_nan=False)] = 12.0
    requests_per_minute: Annotated[int, Field(ge=0)] = 0
    tokens_per_day: Annotated[int, Field(ge=0)] = 0
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: Annotated[str, AfterValidator(_web_address)] | None = None
    oidc_organization_claim: str = "organization"
    oidc_role_claim: str = "role"
    oidc_user_claim: str = "email"
    oidc_roles: dict[str, Role] = {role: role for role in get_args(Role)}
    api_docs: bool = True
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Limits on what comes in
    max_transcript_chars: Count = 200_000
    max_notes_chars: Count = 20_000
    max_body_bytes: Count = 2_000_000
    max_upload_bytes: Count = 10_000_000
    body_timeout_s: Seconds = 10.0
    upload_timeout_s: Seconds = 20.0
    max_sops: Count = 50
    max_custom_categories: Count = 20

    # Admission
    extract_at_once: Count | None = None
    extract_line: Annotated[int, Field(ge=0)] | None = None
    extract_wait_s: Seconds = 1.0

    # Answer cache
    answer_cache_ttl_s: Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)] = 0.0
    answer_cache_entries: Count = 256

    # Embedding cache
    embedding_cache_entries: Annotated[int, Field(ge=0)] = 4096
    embedding_cache_rows: Annotated[int, Field(ge=0)] = 100_000
    embedding_cache_days: Annotated[int, Field(ge=1, le=36500)] = 90
    embedding_cache_near_bits: Annotated[int, Field(ge=0, le=3)] = 3

    # Similarity context
    search_timeout_s: Seconds = 2.0
    search_candidates: Count = 20
    search_newest_visits: Count = 2000
    context_token_budget: Annotated[int, Field(ge=0)] = 4000
    context_max_examples: Annotated[int, Field(ge=0)] = 5
    context_min_relevance: Share = 0.35
    context_good_relevance: Share = 0.75
    near_duplicate_overlap: Share = 0.8
    weight_similarity: Share = 0.4
    weight_medical_relevance: Share = 0.3
    weight_extraction_quality: Share = 0.2
    weight_completeness: Share = 0.1

    # Evaluation and review
    evaluation_judge: Literal["none", "llm"] = "none"
    evaluation_timeout_s: Seconds = 5.0
    gold_one_standard_similarity: Share = 0.8
    gold_three_standards_similarity: Share = 0.6
    gold_min_similarity: Share = 0.3
    confidence_high: Share = 0.85
    confidence_medium: Share = 0.6
    review_below_score: Share = 0.7
    review_risk_target: Share = 0.05

    @model_validator(mode="after")
    def _provider_is_complete(self) -> Self:
        if self.llm_provider == "openai" and not (self.openai_api_key or self.openai_base_url):
            raise ValueError(
                "LLM_PROVIDER=openai needs OPENAI_API_KEY, or OPENAI_BASE_URL of a server that asks for none"
            )
        return self

    @property
    def fallbacks(self) -> list[str]:
        """The models to ask when the first does not serve, in order."""
        return self.llm_fallbacks.split(",") if self.llm_fallbacks else []

    @model_validator(mode="after")
    def _fallbacks_are_others(self) -> Self:
        if self.fallbacks and self.llm_provider == OFFLINE:
            raise ValueError("LLM_FALLBACKS needs LLM_PROVIDER=openai: the rules engine has no other to fall back to")
        if self.llm_model in self.fallbacks:
            raise ValueError("LLM_FALLBACKS names the model of LLM_MODEL itself")
        return self

    @model_validator(mode="after")
    def _access_is_complete(self) -> Self:
        if self.auth != "disabled" and self.key_pepper is None:
            raise ValueError(f"AUTH={self.auth} needs KEY_PEPPER, at least 32 random characters (openssl rand -hex 32)")
        if self.auth == "oidc" and not (self.oidc_issuer and self.oidc_audience and self.oidc_jwks_url):
            raise ValueError("AUTH=oidc needs OIDC_ISSUER, OIDC_AUDIENCE and OIDC_JWKS_URL")
        return self

    @model_validator(mode="after")
    def _judge_is_a_model(self) -> Self:
        if self.evaluation_judge == "llm" and self.llm_provider == "offline":
            raise ValueError("EVALUATION_JUDGE=llm needs LLM_PROVIDER=openai: the rules engine judges nobody")
        return self

    @model_validator(mode="after")
    def _weights_sum_to_one(self) -> Self:
        weights = (
            self.weight_similarity,
            self.weight_medical_relevance,
            self.weight_extraction_quality,
            self.weight_completeness,
        )
        if abs(sum(weights) - 1) > 1e-6:
            raise ValueError("the four WEIGHT_ settings must sum to 1")
        return self
