"""Logs hold nothing that names a person or could be used to be one."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from config.logging import configure_logging, redact


@pytest.mark.parametrize(
    "text",
    [
        "kate.bush@example.com",
        "born 1985-03-04 somewhere",
        "TRN 1234567",
        "AB123456C",
        "AB 12 34 56 C",
        "GET /callback?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    ],
)
def test_personal_data_and_credentials_are_taken_out_of_any_text(text: str) -> None:
    redacted = redact(text)
    for part in ("kate", "1985", "1234567", "3456", "Splx", "af0i", "eyJhbGci"):
        assert part not in redacted


def test_a_moment_and_a_reference_stay_readable() -> None:
    assert redact("2026-03-02T09:00:00Z request 5f0c1a2b3c4d5e6f") == "2026-03-02T09:00:00Z request 5f0c1a2b3c4d5e6f"


def test_a_line_is_json_and_libraries_are_redacted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.StringIO()
    monkeypatch.setattr("sys.stdout", output)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        configure_logging("INFO")
        structlog.get_logger("ours").info("signed_in", email="kate@example.com", user="u-1")
        logging.getLogger("a.library").warning("sent to %s", "kate@example.com")
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["signed_in", "sent to [email]"]
    assert lines[0]["email"] == "[redacted]"
    assert lines[0]["user"] == "u-1"
