"""`make run`, as whoever cloned the repository sees it: from nothing to a running service, and to nothing again."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from identity_provider.sandbox.plan import CLAMD_OFFSET, OFFSETS, SMTP_OFFSET
from tests.kit.places import open_place
from tests.kit.stand_ins import CLONE, free_port
from tests.sandbox.census import commands_mentioning, wait_until_nobody_mentions

LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", ".data", "test-results", "__pycache__", ".*_cache", ".hypothesis")
SECONDS_TO_START = 240
EVERY_DOOR = (*OFFSETS.values(), SMTP_OFFSET, CLAMD_OFFSET)


@dataclass
class Run:
    """One `make run` in a clone."""

    clone: Path
    port: int
    program: subprocess.Popen[str]
    said: str = ""

    def wait_until_ready(self) -> None:
        assert self.program.stdout is not None
        for line in self.program.stdout:
            self.said += line
            if line.startswith("  For scripts"):
                return
        pytest.fail(f"it ended with {self.program.wait()} and said:\n{self.said}")

    def end(self, number: signal.Signals) -> None:
        self.program.send_signal(number)
        rest, _ = self.program.communicate(timeout=240)
        self.said += rest

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.clone / ".data" / "sandbox.json").read_text("utf-8"))
        return told


def begin(clone: Path, port: int) -> Run:
    command = [sys.executable, "-m", "identity_provider.sandbox", "--port", str(port), "--people", "300"]
    program = subprocess.Popen(command, cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return Run(clone, port, program)


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    """A copy of the working tree, in a place with a space in its name that every account can enter."""
    with open_place() as place:
        shutil.copytree(CLONE, place / "a clone", ignore=LEFT_OUT)
        yield place / "a clone"
        assert wait_until_nobody_mentions(place) == []


@pytest.fixture(scope="module")
def run(clone: Path) -> Iterator[Run]:
    running = begin(clone, free_port(*EVERY_DOOR))
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.end(signal.SIGTERM)


def test_everything_answers_at_the_addresses_that_are_told(run: Run) -> None:
    for name in ("relying_service", "mailbox", "zendesk", "one_login"):
        assert requests.get(run.told["addresses"][name], timeout=60).status_code == 200
    issuer = run.told["issuer"]
    metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=60).json()
    assert metadata["issuer"] == issuer == f"http://localhost:{run.port}"
    assert requests.get(f"{run.told['addresses']['dqt_api']}/", timeout=60).status_code < 500
    with socket.create_connection((run.told["smtp"]["host"], run.told["smtp"]["port"]), timeout=60) as smtp:
        assert smtp.recv(100).startswith(b"220")
    assert all(address in run.said for address in run.told["addresses"].values())


def test_scripts_are_told_what_they_need_and_nobody_else_is(run: Run) -> None:
    for name in ("sandbox.json", "secrets.json"):
        assert stat.S_IMODE((run.clone / ".data" / name).stat().st_mode) == 0o600
    services = {each["client_id"]: each["trn_requirement"] for each in run.told["clients"]}
    assert services == {
        "register-for-npq": "Optional",
        "apply-for-qts": "RequiredIfHeld",
        "apply-for-a-teaching-job": "Required",
    }
    assert [each["initiate_login_uri"] is None for each in run.told["clients"]] == [False, False, True]
    assert all(each["client_secret"] and each["redirect_uris"] for each in run.told["clients"])
    assert "admin@example.com" in {each["email"] for each in run.told["staff"] if each["totp_secret"]}
    [returning] = [each for each in run.told["people"] if each["email"] == "returning.teacher@example.com"]
    assert returning["expected"]["trn_lookup_status"] == "Found"


def test_commands_find_the_running_sandbox_by_themselves(run: Run) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "clients", "list"],
        check=True,
        capture_output=True,
        text=True,
        cwd=run.clone,
        env={"PATH": os.environ["PATH"]},
    )
    registered = {each["client_id"]: each["redirect_uris"] for each in json.loads(listed.stdout)}
    assert registered == {each["client_id"]: each["redirect_uris"] for each in run.told["clients"]}


def test_a_second_one_in_the_same_clone_is_refused_in_one_sentence(run: Run) -> None:
    second = begin(run.clone, free_port(*EVERY_DOOR))
    said, _ = second.program.communicate(timeout=240)
    assert second.program.returncode == 1
    assert "is running already" in said
    assert "Traceback" not in said
    assert requests.get(f"{run.told['issuer']}/readyz", timeout=60).status_code == 200


@pytest.mark.parametrize("name", ["worker", "mailbox"])
def test_what_is_killed_comes_back(run: Run, name: str) -> None:
    word = "flask --app wsgi worker" if name == "worker" else f"sandbox.{name} --port"
    victims = pids_of(run, word)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + SECONDS_TO_START
    while not (successors := pids_of(run, word) - victims) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert successors


def pids_of(run: Run, word: str) -> set[int]:
    """The programs of this clone with the word in their command line: their guardians name the directory."""
    guardians = [line for line in commands_mentioning(run.clone) if "guardian.py" in line and word in line]
    children = subprocess.run(["ps", "-ax", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {line.split()[0] for line in guardians}
    return {int(line.split()[0]) for line in children.splitlines() if line.split()[1] in parents}


class TestAlone:
    """Each of these begins in a fresh clone and ends what it started."""

    @pytest.fixture
    def lone_clone(self, clone: Path) -> Iterator[Path]:
        """Another clone with nothing in it yet, so that `run` may go on."""
        twin = clone.with_name("a twin")
        shutil.copytree(clone, twin, ignore=LEFT_OUT)
        yield twin
        assert wait_until_nobody_mentions(twin) == []
        shutil.rmtree(twin)

    def test_it_runs_beside_another_clones_and_any_end_leaves_nothing(self, lone_clone: Path, run: Run) -> None:
        port = free_port(*EVERY_DOOR)
        first = begin(lone_clone, port)
        first.wait_until_ready()
        assert requests.get(f"{first.told['issuer']}/readyz", timeout=60).status_code == 200
        assert requests.get(f"{run.told['issuer']}/readyz", timeout=60).status_code == 200
        secret = first.told["clients"][0]["client_secret"]
        first.end(signal.SIGKILL)

        second = begin(lone_clone, port)
        second.wait_until_ready()
        assert "Making a register" not in second.said
        assert second.told["clients"][0]["client_secret"] == secret
        second.end(signal.SIGINT)
        assert second.program.returncode == 0
        assert second.said.endswith("Stopped.\n")
        assert not (lone_clone / ".data" / "sandbox.json").exists()

        layout = lone_clone / "identity_provider" / "models" / "register_layout.py"
        layout.write_text(re.sub(r"(?m)^KEYS_VERSION = \d+", "KEYS_VERSION = 999", layout.read_text("utf-8")), "utf-8")
        upgraded = begin(lone_clone, port)
        upgraded.wait_until_ready()
        assert "Making a register" in upgraded.said, "one that other code keyed is not searched as if it were ours"
        upgraded.end(signal.SIGINT)

    def test_a_taken_port_is_named_in_one_sentence_and_nothing_is_left(self, lone_clone: Path) -> None:
        port = free_port(*EVERY_DOOR)
        with socket.socket() as door:
            door.bind(("127.0.0.1", port + 2))
            door.listen()
            refused = begin(lone_clone, port)
            said, _ = refused.program.communicate(timeout=240)
        assert refused.program.returncode == 1
        assert said.strip() == (
            f"Port {port + 2} is in use by another program: stop it, or choose others with make run PORT=9000"
        )
        assert not (lone_clone / ".data" / "postgres").exists()
