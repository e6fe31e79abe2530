"""Two users of one machine: each runs a sandbox, at the same time and in turn in one clone, and nothing is left."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from identity_provider.sandbox.quarters import Account
from tests.kit.places import open_place
from tests.kit.stand_ins import CLONE, free_port
from tests.sandbox.census import wait_until_nobody_mentions
from tests.sandbox.test_run import EVERY_DOOR, LEFT_OUT, Run

ROOT = os.geteuid() == 0
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"

pytestmark = pytest.mark.skipif(
    not ROOT, reason="NOT RUN: only root can start a sandbox as another user of this machine"
)


@pytest.fixture(scope="module")
def somebody() -> Account:
    """An ordinary user that every system has."""
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with open_place() as path:
        yield path
        assert wait_until_nobody_mentions(path) == []


@pytest.fixture(scope="module")
def python(place: Path, somebody: Account) -> Path:
    """An interpreter that everybody may run, with the packages of this one."""
    system = shutil.which(VERSION, path="/usr/local/bin:/usr/bin")
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    if system is None or not somebody.can("/bin/ls", packages):
        pytest.skip(f"NOT RUN: there is no {VERSION} with these packages here that an ordinary user can run")
    subprocess.run([system, "-m", "venv", "--without-pip", place / "venv"], check=True)
    [own] = place.glob(f"venv/lib/{VERSION}/site-packages")
    (own / "packages-of-the-tests.pth").write_text(f"{packages}\n", encoding="utf-8")
    return place / "venv" / "bin" / "python"


def a_clone(place: Path, name: str, owner: Account | None) -> Path:
    clone = place / name
    shutil.copytree(CLONE, clone, ignore=LEFT_OUT)
    if owner is not None:
        for path in (clone, *clone.rglob("*")):
            os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
    return clone


def begin(clone: Path, python: Path, user: Account | None) -> Run:
    """`make run`, by this user or by ourselves."""
    port = free_port(*EVERY_DOOR)
    own = {} if user is None else {"user": user.uid, "group": user.gid, "extra_groups": []}
    program = subprocess.Popen(
        [python, "-B", "-m", "identity_provider.sandbox", "--port", str(port), "--people", "300"],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "HOME": str(clone)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **own,  # type: ignore[call-overload]  # typeshed asks for each of them by name
    )
    run = Run(clone, port, program)
    run.wait_until_ready()
    return run


def answers(run: Run) -> bool:
    return requests.get(f"{run.told['issuer']}/readyz", timeout=60).ok


def owners_of_all(directory: Path) -> set[int]:
    """Whose everything is there; what a running server removes meanwhile is nobody's."""
    found = set()
    for folder, folders, files in os.walk(directory):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                found.add(Path(folder, name).lstat().st_uid)
    return found


def test_two_users_run_it_side_by_side_and_leave_nothing(place: Path, python: Path, somebody: Account) -> None:
    ours, theirs = a_clone(place, "ours", None), a_clone(place, "theirs", somebody)
    first = begin(ours, python, None)
    try:
        second = begin(theirs, python, somebody)
        assert (answers(first), answers(second)) == (True, True)
        assert owners_of_all(theirs / ".data") == {somebody.uid}
        second.end(signal.SIGINT)
        assert second.program.returncode == 0, second.said
        assert answers(first)
    finally:
        first.end(signal.SIGTERM)
    assert wait_until_nobody_mentions(place) == []
    for clone in (ours, theirs):
        # Python keeps what it compiled beside the sources, as it does for whoever runs anything here.
        added = {path.name for path in clone.iterdir()} - {path.name for path in CLONE.iterdir()}
        assert added <= {".data", "__pycache__"}
        assert not (clone / ".data" / "sandbox.json").exists()


def test_two_users_run_it_in_turn_in_one_clone(place: Path, python: Path, somebody: Account) -> None:
    clone = a_clone(place, "shared", somebody)
    secrets = []
    for user in (somebody, None):
        run = begin(clone, python, user)
        assert answers(run)
        secrets.append(run.told["clients"][0]["client_secret"])
        run.end(signal.SIGINT)
        assert run.program.returncode == 0, run.said
        assert wait_until_nobody_mentions(clone) == []
    assert len(set(secrets)) == 1, "whoever comes after goes on with what is there"
