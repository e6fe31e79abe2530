"""The sandbox's programs: awaited, mended, and gone when whoever started them is gone."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from identity_provider.sandbox.programs import PortTaken, Program, ProgramFailed, Programs, require_free_ports
from tests.kit.stand_ins import CLONE, free_port
from tests.sandbox.census import (
    SECONDS,
    commands_mentioning,
    members_of_group,
    wait_until_nobody_is_in_group,
    wait_until_nobody_mentions,
)

ENVIRONMENT = {"PATH": os.environ["PATH"]}
PARENT = """
import sys, time
from pathlib import Path
from identity_provider.sandbox.programs import Program, Programs
with Programs(Path(sys.argv[1]), Path(sys.argv[1])) as programs:
    programs.start(Program("sleeper", [sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]], {}))
    print("up", flush=True)
    time.sleep(600)
"""
FALLING_ONCE_TOLD = """
import sys, time
from pathlib import Path
while not Path(sys.argv[1], "fall").exists():
    time.sleep(0.02)
sys.exit("over and over")
"""


def python(code: str, place: Path, name: str = "program", ready: str | None = None) -> Program:
    return Program(name, [sys.executable, "-c", code, str(place)], ENVIRONMENT, ready)


def a_web_server(port: int, place: Path) -> Program:
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(place)]
    return Program("web", command, ENVIRONMENT, ready=f"http://127.0.0.1:{port}/")


def what_is_mended(programs: Programs) -> list[str]:
    """What is started again, once something is; nothing where nothing is for a long while."""
    deadline = time.monotonic() + SECONDS
    while not (mended := programs.mend()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return mended


def mend_on_and_on(programs: Programs) -> None:
    while what_is_mended(programs):
        pass


def pids_mentioning(text: Path) -> list[int]:
    return [int(line.split()[0]) for line in commands_mentioning(text) if "guardian.py" not in line]


def once_it_is_seen(text: Path) -> list[int]:
    deadline = time.monotonic() + SECONDS
    while not (seen := pids_mentioning(text)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(seen) == 1
    return seen


def test_a_program_is_awaited_and_its_output_is_kept_private(tmp_path: Path) -> None:
    port = free_port()
    with Programs(tmp_path / "logs", tmp_path) as programs:
        programs.start(
            a_web_server(port, tmp_path), python("import time; print('hello'); time.sleep(600)", tmp_path, "talker")
        )
        socket.create_connection(("127.0.0.1", port)).close()
    log = tmp_path / "logs" / "web.log"
    assert "GET / " in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert wait_until_nobody_mentions(tmp_path, 0) == []


def test_a_program_that_ends_at_once_is_a_failure_that_quotes_it(tmp_path: Path) -> None:
    dying = python("import sys; sys.exit('no such thing')", tmp_path, ready="http://127.0.0.1:9/")
    with Programs(tmp_path, tmp_path) as programs, pytest.raises(ProgramFailed, match="no such thing"):
        programs.start(dying)


def test_a_stubborn_program_and_its_children_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity_provider.sandbox.programs.WAY_DOWN", ("TERM:0.3",))
    stubborn = (
        "import signal, subprocess, time; "
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "subprocess.Popen(['sleep', '600']); "
        "print('ready', flush=True); "
        "time.sleep(600)"
    )
    with Programs(tmp_path / "logs", tmp_path) as programs:
        programs.start(python(stubborn, tmp_path))
        deadline = time.monotonic() + SECONDS
        while "ready" not in (tmp_path / "logs" / "program.log").read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        [pid] = pids_mentioning(tmp_path)
        assert len(members_of_group(pid)) == 2
    assert wait_until_nobody_is_in_group(pid) == []


def test_what_falls_over_is_started_again(tmp_path: Path) -> None:
    port = free_port()
    with Programs(tmp_path / "logs", tmp_path) as programs:
        programs.start(a_web_server(port, tmp_path))
        assert programs.mend() == []
        [pid] = pids_mentioning(tmp_path)
        os.kill(pid, signal.SIGKILL)
        assert what_is_mended(programs) == ["web"]
        assert once_it_is_seen(tmp_path) != [pid]
        assert programs.mend() == []


def test_what_keeps_falling_over_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity_provider.sandbox.programs.MOST_RESTARTS", 1)
    with Programs(tmp_path / "logs", tmp_path) as programs:
        # Ended before anybody looks it would count as one that never started.
        programs.start(python(FALLING_ONCE_TOLD, tmp_path))
        (tmp_path / "fall").touch()
        with pytest.raises(ProgramFailed, match="over and over"):
            mend_on_and_on(programs)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_parent_is_killed_no_program_is_left(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path], stdout=subprocess.PIPE, text=True, cwd=CLONE
    ) as parent:
        assert parent.stdout is not None
        said = parent.stdout.readline()
        parent.send_signal(number)
    assert said == "up\n"
    assert wait_until_nobody_mentions(tmp_path) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death")
def test_when_a_guardian_is_killed_its_program_goes_too(tmp_path: Path) -> None:
    with Programs(tmp_path / "logs", tmp_path) as programs:
        programs.start(python("import time; time.sleep(600)", tmp_path))
        once_it_is_seen(tmp_path)  # until then there may be two guardians: one is becoming the program
        [guardian] = [line for line in commands_mentioning(tmp_path) if "guardian.py" in line]
        os.kill(int(guardian.split()[0]), signal.SIGKILL)
        assert wait_until_nobody_mentions(tmp_path) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "", "::1"], ids=["here", "everywhere", "IPv6"])
def test_a_port_that_somebody_has_is_named(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    port = free_port()
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError:
            pytest.skip(f"this machine has no {host}")
        door.listen()
        with pytest.raises(PortTaken, match=f"Port {port} is in use.*make run PORT=9000"):
            require_free_ports([free_port(), port])
    require_free_ports([port])
