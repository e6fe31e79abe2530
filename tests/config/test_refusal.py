"""Settings that cannot be used end every program in words: no traceback, nothing secret, and a status of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.config.test_settings import GOOD

ROOT = Path(__file__).resolve().parents[2]
BESIDE_PYTHON = Path(sys.executable).parent
PROGRAMS = {
    "a command": [BESIDE_PYTHON / "flask", "--app", "wsgi", "keys", "list"],
    "the doctor": [BESIDE_PYTHON / "flask", "--app", "wsgi", "doctor", "--json"],
    "the worker": [BESIDE_PYTHON / "flask", "--app", "wsgi", "worker"],
    "the server": [Path(sys.executable), "-m", "config.server"],
    "gunicorn": [BESIDE_PYTHON / "gunicorn", "-c", "python:config.gunicorn_settings", "wsgi:create_app()"],
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


@pytest.mark.parametrize("program", [program for program in PROGRAMS if program != "gunicorn"])
def test_numbers_of_the_web_processes_are_told_with_the_other_settings(program: str) -> None:
    done = run(program, WEB_CONCURRENCY="many", WEB_THREADS="0", WEB_PATIENCE="nan", BIND="here:http", PROXY_HOPS="two")
    assert done.returncode == 2
    assert done.stderr.splitlines()[1:] == [
        "  PROXY_HOPS: a whole number",
        "  BIND: HOST:PORT or unix:PATH, several with commas",
        "  WEB_CONCURRENCY: a whole number from 1",
        "  WEB_THREADS: a whole number from 1",
        "  WEB_PATIENCE: a number of seconds, more than 0",
    ]


def test_gunicorn_by_itself_says_the_same_of_what_it_leaves_to_us() -> None:
    done = run("gunicorn", WEB_CONCURRENCY="0", WEB_THREADS="many")
    assert (done.returncode, [each.split(":")[0].strip() for each in done.stderr.splitlines()[1:]]) == (
        2,
        ["WEB_CONCURRENCY", "WEB_THREADS"],
    )


def test_a_directory_for_metrics_that_cannot_be_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    for program in ("the server", "gunicorn"):
        done = run(program, PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "file" / "metrics"))
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert "PROMETHEUS_MULTIPROC_DIR: a directory that can be made, and written to" in done.stderr


def test_the_server_is_gunicorn_in_the_same_process_and_takes_its_options(tmp_path: Path) -> None:
    """An empty number is none: gunicorn by itself falls over it."""
    environment = {"PATH": os.environ["PATH"], **GOOD, "BIND": "127.0.0.1:0", "WEB_CONCURRENCY": ""}
    command = [sys.executable, "-m", "config.server", "--log-level", "info"]
    log = tmp_path / "log"
    with log.open("w") as written:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=written, stdout=written)
    try:
        until = time.monotonic() + 30
        while log.read_text().count("Booting worker") < 2 and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        running.terminate()
        running.wait(30)
    said = log.read_text()
    assert f"({running.pid})" in said, said
    assert said.count("Booting worker") == 2, said
