"""What a command prints is its answer: scripts read it, and the log stands beside it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

from flask import Flask

from config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def run(app: Flask, *command: str) -> subprocess.CompletedProcess[str]:
    """The command as an operator starts it, on the database of this test."""
    settings: Settings = app.extensions["settings"]
    environment = os.environ | {
        "ISSUER": settings.issuer,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEYS": ",".join(settings.secret_keys),
        "ENCRYPTION_KEYS": ",".join(base64.b64encode(key).decode() for key in settings.encryption_keys),
        "SANDBOX": "true",
        "MAIL_TRANSPORT": "memory",
        "REGISTER": "memory",
        "EVIDENCE_STORE_URL": "memory://",
    }
    words = [sys.executable, "-m", "flask", "--app", "wsgi", *command]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600)


def test_a_command_logs_beside_what_it_answers(app: Flask) -> None:
    done = run(app, "doctor", "--json")
    assert {"database", "migrations"} <= {each["name"] for each in json.loads(done.stdout)}
    assert "alembic.runtime.migration" in {json.loads(line)["logger"] for line in done.stderr.splitlines()}


def test_the_worker_logs_to_standard_output_as_the_web_processes_do(app: Flask) -> None:
    done = run(app, "worker", "--until-idle")
    assert done.returncode == 0
    assert "worker_started" in {json.loads(line)["event"] for line in done.stdout.splitlines()}
