"""Settings that cannot be used end every program in words: no traceback, nothing secret, and a status of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.test_settings import GOOD

ROOT = Path(__file__).resolve().parents[2]
BESIDE_PYTHON = Path(sys.executable).parent
PROGRAMS = {
    "a command": [BESIDE_PYTHON / "flask", "--app", "wsgi", "keys", "list"],
    "the doctor": [BESIDE_PYTHON / "flask", "--app", "wsgi", "doctor", "--json"],
    "the worker": [BESIDE_PYTHON / "flask", "--app", "wsgi", "worker"],
    "the server": [BESIDE_PYTHON / "gunicorn", "-c", "python:config.gunicorn_settings", "wsgi:create_app()"],
}


def run(program: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "BIND": "127.0.0.1:0", **GOOD, **changes}
    command = [str(each) for each in PROGRAMS[program]]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_says_what_is_wrong_line_by_line_and_ends(program: str) -> None:
    secret = "pa#ss-that-nobody-reads"
    done = run(
        program, SMTP_URL=f"smtp://user:{secret}@mail", DATABASE_URL="mysql://x", SECRET_KEYS="short", PROXY_HOPS="two"
    )
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert [each.split(":")[0].strip() for each in said[1:]] == [
        "DATABASE_URL",
        "SECRET_KEYS",
        "PROXY_HOPS",
        "SMTP_URL",
    ]
    assert "Traceback" not in done.stderr
    assert secret not in done.stderr
    assert done.stdout == ""


def test_the_server_says_which_numbers_of_its_own_are_none() -> None:
    done = run("the server", WEB_CONCURRENCY="0", WEB_THREADS="many")
    assert (done.returncode, [each.split(":")[0].strip() for each in done.stderr.splitlines()[1:]]) == (
        2,
        ["WEB_CONCURRENCY", "WEB_THREADS"],
    )
    assert run("the server", WEB_PATIENCE="nan").returncode == 2
