"""The settings and the template that explains them say the same, and what cannot work is refused at the start."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.settings import Settings
from tests.conftest import PROJECT

SECRETS = {"openai_api_key": "sk-xylophone", "database_url": "postgresql://u:xylophone@h/d"}
TEMPLATE = PROJECT / ".env.template"


def template_names() -> list[str]:
    return re.findall(r"^([A-Z_0-9]+)=", TEMPLATE.read_text(), re.MULTILINE)


def test_the_template_names_every_setting_once_and_no_other() -> None:
    assert template_names() == [name.upper() for name in Settings.model_fields]


def test_the_template_holds_the_defaults() -> None:
    assert Settings(_env_file=TEMPLATE) == Settings(_env_file=None)


def test_each_default_is_written_out() -> None:
    """Empty stands only for what has no value."""
    given = dict(re.findall(r"^([A-Z_0-9]+)=(.*)$", TEMPLATE.read_text(), re.MULTILINE))
    for name, field in Settings.model_fields.items():
        assert (given[name.upper()] == "") is (field.default is None), name


def test_environment_and_file_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("MAX_SOPS=7\nLLM_MODEL=from-file\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("LLM_MODEL", "from-environment")
    settings = Settings(_env_file=file)
    assert (settings.max_sops, settings.llm_model) == (7, "from-environment")


@pytest.mark.parametrize(
    "wrong",
    [
        {"llm_provider": "openai"},
        {"llm_provider": "other"},
        {"weight_similarity": 0.5},
        {"weight_similarity": -0.1, "weight_completeness": 0.6},
        {"near_duplicate_overlap": 1.5},
        {"llm_fallbacks": "offline"},
        {"llm_fallbacks": "a,,b", "llm_provider": "openai", "openai_api_key": "k"},
        {"llm_fallbacks": "a,a", "llm_provider": "openai", "openai_api_key": "k"},
        {"llm_fallbacks": "offline,a", "llm_provider": "openai", "openai_api_key": "k"},
        {"llm_fallbacks": "gpt-4.1-mini", "llm_provider": "openai", "openai_api_key": "k"},
        {"llm_breaker_failures": 0},
        {"llm_attempts": 0},
        {"llm_attempts": 4},
        {"request_deadline_s": 0},
        {"db_pool_size": 0},
        {"max_transcript_chars": -1},
        {"log_format": "xml"},
        {"auth": "off"},
        {"embedding_dimensions": 4001},
        {"request_deadline_s": "inf"},
        {"request_deadline_s": "nan"},
        {"db_statement_timeout_s": 1e9},
        {"llm_temperature": "nan"},
        {"confidence_high": "nan"},
        {"serve_port": 65536},
        {"serve_port": -1},
        {"openai_base_url": "notaurl"},
        {"openai_base_url": "ftp://host/v1"},
        {"openai_base_url": "https://"},
        {"openai_base_url": "http://host:port/v1"},
        {"openai_base_url": "http://host:99999/v1"},
        {"openai_base_url": "http://ho st/v1"},
        {"openai_base_url": "http://host/v1\n"},
        {"openai_api_key": "sk-one\nsk-two"},
        {"openai_api_key": "sk-ä"},
        {"openai_api_key": "sk one"},
        {"database_url": "garbage"},
        {"database_url": "mysql://host/database"},
        {"database_url": "postgresql+psycopg://host/database"},
        {"database_url": "postgresql://user:p@ss@host/database"},
        {"database_url": "postgresql://user:p@ss/w:rd@host/database"},
    ],
    ids=str,
)
def test_senseless_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, **wrong)


@pytest.mark.parametrize(
    "right",
    [
        {"openai_base_url": "http://localhost:11434/v1"},
        {"openai_base_url": "https://[::1]:8443/v1/"},
        {"openai_api_key": "sk-proj_4/x+=="},
        {"database_url": "postgres://host/database"},
        {"database_url": "postgresql://user:p%40ss%2Fw%3Ard@host:5433/database"},
        {"database_url": "postgresql+asyncpg://user@/database?host=/run/postgresql"},
        {"serve_port": 0},
        {"request_deadline_s": 3600},
    ],
    ids=str,
)
def test_sensible_settings_are_taken(right: dict[str, object]) -> None:
    settings = Settings(_env_file=None, **right)
    for name, value in right.items():
        taken = getattr(settings, name)
        assert (taken.get_secret_value() if isinstance(taken, SecretStr) else taken) == value


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_sops": "x"},
        {"openai_api_key": "xylophone\n"},
        {"database_url": "mysql://u:xylophone@h/d"},
        {"openai_base_url": "https://u:xylophone@h:x/"},
    ],
    ids=str,
)
def test_a_refusal_shows_no_secret(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, **{**SECRETS, **wrong})
    assert "xylophone" not in str(refused.value)
    assert "xylophone" not in repr(Settings(_env_file=None, **SECRETS))
