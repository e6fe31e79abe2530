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
    ("name", "text"),
    [
        ("ISSUER", "https://[identity.example.org"),
        ("ISSUER", "https://identity.example.org:port"),
        ("DATABASE_URL", "postgresql://identity@database:port/identity"),
        ("DATABASE_URL", "postgresql://"[:-2]),
        ("ENCRYPTION_KEYS", "ä" * 44),
        ("PROXY_HOPS", "9" * 5_000),
        ("PROXY_HOPS", "-1"),
        ("SMTP_URL", "mail.example.org:25"),
        ("SMTP_URL", "smtp://user:pa#ss@mail.example.org"),
        ("SMTP_URL", "smtp://mail.example.org:mail"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "https://mail.example.org"),
        ("SMTP_FROM", "identity"),
        ("SMTP_FROM", "Get an identity <@example.org>"),
        ("ZENDESK_URL", "example.zendesk.com"),
        ("DQT_API_URL", "https://[dqt"),
        ("NOTIFY_BASE_URL", "notify"),
        ("EVIDENCE_STORE_URL", "s3://[bucket"),
        ("CLAMD_ADDRESS", "tcp://[::"),
        ("ONE_LOGIN_ISSUER", "https://[one-login"),
        ("ONE_LOGIN_PRIVATE_KEY", "\0"),
        ("TEST_PEOPLE_FILE", "no/such/file.json"),
        ("TEST_PEOPLE_FILE", __file__),
    ],
)
def test_what_is_malformed_is_told_in_one_line_that_begins_with_its_name(name: str, text: str) -> None:
    more = {"ONE_LOGIN_ISSUER": "https://one-login.example", "ONE_LOGIN_CLIENT_ID": "us"}
    found = problems(**(more if name.startswith("ONE_LOGIN") else {}) | {name: text})
    assert len([each for each in found if each.startswith(f"{name}: ")]) == 1
    assert not any("\n" in each for each in found)


def test_each_setting_that_a_choice_needs_is_told_by_itself() -> None:
    found = problems(TICKET_TRANSPORT="zendesk", CHANGE_REPORTS="api", SMTP_URL="", SMTP_FROM="")
    named = [each.split(":")[0] for each in found]
    assert named == [
        *("SMTP_URL", "SMTP_FROM", "ZENDESK_URL", "ZENDESK_EMAIL", "ZENDESK_TOKEN", "DQT_API_URL", "DQT_API_KEY")
    ]


@pytest.mark.parametrize(
    "good",
    [
        {"SMTP_URL": "smtps://user:pa%23ss@mail.example.org:465/", "SMTP_FROM": "Get an identity <id@example.org>"},
        {"SMTP_URL": "smtp://[::1]:25"},
        {"DATABASE_URL": "postgresql:///identity?host=/run/postgresql"},
        {"DATABASE_URL": "postgres://identity:pa%40ss@db.example.org:5432/identity?sslmode=verify-full"},
    ],
    ids=str,
)
def test_what_can_be_used_is_taken(good: dict[str, str]) -> None:
    Settings.from_environment(GOOD | good)


def test_a_file_of_people_is_looked_at_before_anybody_is_shown_it(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    for content in ("[", "[]", '{"people": {}}', "\xff"):
        file.write_bytes(content.encode("latin-1"))
        assert [each for each in problems(TEST_PEOPLE_FILE=str(file)) if each.startswith("TEST_PEOPLE_FILE: ")]
    file.write_text('{"people": []}')
    assert Settings.from_environment(GOOD | {"TEST_PEOPLE_FILE": str(file)}).test_people_file == str(file)


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
