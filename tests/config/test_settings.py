"""Settings: everything that is wrong is said at once, and nothing unsafe starts."""

from __future__ import annotations

import base64
import re
from dataclasses import fields
from pathlib import Path

import pytest

from config.settings import Settings, SettingsInvalid

GOOD = {
    "ISSUER": "https://identity.example.org",
    "DATABASE_URL": "postgresql://identity@database/identity",
    "SECRET_KEYS": "x" * 43,
    "ENCRYPTION_KEYS": base64.b64encode(bytes(range(32))).decode(),
    "MAIL_TRANSPORT": "smtp",
    "SMTP_URL": "smtp://mail.example.org",
    "SMTP_FROM": "identity@example.org",
}


def problems(**changes: str) -> list[str]:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_environment(GOOD | changes)
    return refused.value.problems


def test_a_complete_environment_is_accepted() -> None:
    settings = Settings.from_environment(GOOD)
    assert settings.database_url.startswith("postgresql+psycopg://")
    assert settings.secure
    assert settings.cookie_name("session") == "__Host-session"


def test_an_empty_environment_is_told_everything_that_is_missing() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_environment({})
    named = {problem.split(":")[0] for problem in refused.value.problems}
    assert named >= {"ISSUER", "DATABASE_URL", "SECRET_KEYS", "ENCRYPTION_KEYS"}


@pytest.mark.parametrize(
    "changes",
    [
        {"ISSUER": "http://identity.example.org"},
        {"ISSUER": "https://identity.example.org/"},
        {"ISSUER": "identity.example.org"},
        {"DATABASE_URL": "sqlite:///identity.db"},
        {"SECRET_KEYS": "short"},
        {"ENCRYPTION_KEYS": base64.b64encode(b"too short").decode()},
        {"ENCRYPTION_KEYS": "not base64!"},
        {"MAIL_TRANSPORT": "pigeon"},
        {"MAIL_TRANSPORT": "memory"},
        {"MAIL_TRANSPORT": "notify"},
        {"TICKET_TRANSPORT": "zendesk"},
        {"REGISTER": "memory"},
        {"REGISTER": "api"},
        {"PROXY_HOPS": "two"},
        {"SANDBOX": "perhaps"},
        {"OUTGOING_CA_FILE": "no/such/file.pem"},
    ],
    ids=str,
)
def test_what_cannot_work_or_is_unsafe_is_refused_by_name(changes: dict[str, str]) -> None:
    [variable] = changes
    refused = problems(**changes)
    assert any(variable.split("_", maxsplit=1)[0] in problem for problem in refused)


@pytest.mark.parametrize(
    "name, text",
    [
        *(
            ("EVIDENCE_STORE_URL", bad)
            for bad in ("/var/lib/evidence", "file:///", "file://evidence", "ftp://a/b", "s3:")
        ),
        ("EVIDENCE_STORE_URL", "memory://"),
        *(
            ("CLAMD_ADDRESS", bad)
            for bad in ("localhost:3310", "tcp://localhost", "unix://", "http://a:1", "tcp://a:b")
        ),
    ],
)
def test_bad_addresses_of_evidence_are_refused(name: str, text: str) -> None:
    assert [each for each in problems(**{name: text}) if each.startswith(f"{name}: ")]


@pytest.mark.parametrize("store", ["file:///srv/evidence", "s3://bucket", "az://container/folder", "gs://bucket"])
@pytest.mark.parametrize("clamd", ["", "unix:///run/clamav/clamd.ctl", "tcp://clamd:3310", "tcp://[::1]:3310"])
def test_good_addresses_of_evidence_are_taken(store: str, clamd: str) -> None:
    settings = Settings.from_environment(GOOD | {"EVIDENCE_STORE_URL": store, "CLAMD_ADDRESS": clamd})
    assert (settings.evidence_store_url, settings.clamd_address) == (store, clamd)


def test_a_sandbox_may_use_http_and_memory() -> None:
    settings = Settings.from_environment(
        GOOD | {"SANDBOX": "true", "ISSUER": "http://localhost:8000", "REGISTER": "memory", "MAIL_TRANSPORT": "memory"}
    )
    assert settings.cookie_name("session") == "session"


def test_no_secret_shows_in_a_repr() -> None:
    shown = repr(Settings.from_environment(GOOD | {"NOTIFY_API_KEY": "a-notify-key", "METRICS_TOKEN": "a-token"}))
    for secret in (GOOD["SECRET_KEYS"], "a-notify-key", "a-token", "identity@database"):
        assert secret not in shown


def test_every_setting_is_documented_on_its_field() -> None:
    source = Path(Settings.__module__.replace(".", "/") + ".py").read_text(encoding="utf-8")
    documented = set(re.findall(r"\b[A-Z][A-Z_]{3,}\b", source.split("class _Reader")[0]))
    assert {each.name.upper() for each in fields(Settings)} <= documented
