"""Commands typed by hand find the sandbox of their clone, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

from config.sandbox import environment


def a_running_sandbox(place: Path) -> Path:
    running = place / "sandbox.json"
    running.write_text(json.dumps({"environment": {"DATABASE_URL": "postgresql://sandbox", "LOG_LEVEL": "INFO"}}))
    return running


def test_a_command_without_settings_is_given_the_sandboxs(tmp_path: Path) -> None:
    found = environment({"LOG_LEVEL": "ERROR"}, a_running_sandbox(tmp_path))
    assert found == {"DATABASE_URL": "postgresql://sandbox", "LOG_LEVEL": "ERROR"}


def test_a_service_with_settings_of_its_own_never_looks_at_the_sandbox(tmp_path: Path) -> None:
    running = a_running_sandbox(tmp_path)
    for name in ("DATABASE_URL", "ISSUER"):
        assert environment({name: "mine"}, running) == {name: "mine"}


def test_where_no_sandbox_runs_the_environment_is_all_there_is(tmp_path: Path) -> None:
    assert environment({"LOG_LEVEL": "ERROR"}, tmp_path / "sandbox.json") == {"LOG_LEVEL": "ERROR"}
