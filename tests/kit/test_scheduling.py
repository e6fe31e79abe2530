"""What belongs together is run together, and slow servers are not started once per worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.scheduling import CHAINS, unit_of, workers_for
from tests.kit.stand_ins import CLONE

CONFTEST = "from tests.kit.scheduling import pytest_xdist_make_scheduler\n"
SHARING = """
import os
import pytest

@pytest.fixture(scope="module")
def server():
    with open("started", "a") as started:
        started.write("once\\n")

@pytest.mark.parametrize("number", range(8))
def test_it_answers(server, number):
    pass
"""
ALONE = """
import os
import time
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(8))
def test_by_itself(number):
    with open("workers", "a") as workers:
        workers.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
    for _ in range(1_200):
        if len(set(Path("workers").read_text().split())) == 2:
            return
        time.sleep(0.05)
    pytest.fail("no other worker came within a minute")
"""
"""Whoever is first waits for the other: a worker that is quick may otherwise have run them all."""


def test_what_tests_share_is_made_by_one_worker_and_the_others_are_spread(tmp_path: Path) -> None:
    """Of pytest-xdist's own loadgroup, 3.8 with pytest 9.2, every worker starts the server."""
    for name, text in {"conftest.py": CONFTEST, "test_sharing.py": SHARING, "test_alone.py": ALONE}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    run = [sys.executable, "-m", "pytest", "-q", "-p", "xdist.plugin", "-n", "2", "--dist", "loadgroup"]
    subprocess.run(
        [*run, "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        # Other plugins take seconds to load, in each of the three processes.
        env=os.environ | {"PYTHONPATH": str(CLONE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert (tmp_path / "started").read_text(encoding="utf-8") == "once\n"
    assert set((tmp_path / "workers").read_text(encoding="utf-8").split()) == {"gw0", "gw1"}


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("tests/browser/test_crashes.py::test_a[api]", "stories"),
        ("tests/foreign/test_apache.py::test_a[a::b@c]", "programs"),
        ("tests/contracts/test_mailer.py::test_a[memory]", "tests/contracts/test_mailer.py"),
        ("tests/journeys/test_codes.py::test_a[1]", "tests/journeys/test_codes.py::test_a[1]"),
    ],
)
def test_a_test_belongs_to_a_chain_to_its_file_or_to_itself(nodeid: str, unit: str) -> None:
    assert unit_of(nodeid, CLONE) == unit


def test_every_file_that_starts_whole_services_is_in_a_chain() -> None:
    chained = tuple(part for parts in CHAINS.values() for part in parts)
    starting = ("RunningSandbox(", "a_secure_sandbox", "SecureSandbox", "begin(clone")
    files = [path for path in (CLONE / "tests").rglob("test_*.py") if path != Path(__file__)]
    found = [path for path in files if any(each in path.read_text(encoding="utf-8") for each in starting)]
    names = [path.relative_to(CLONE).as_posix() for path in found]
    assert len(names) >= 6
    assert [name for name in names if not name.startswith(chained)] == []


def test_a_chain_names_what_is_there() -> None:
    assert [part for parts in CHAINS.values() for part in parts if not (CLONE / part).exists()] == []


def test_there_are_more_workers_than_processors() -> None:
    assert [workers_for(processors) for processors in (1, 2, 3, 4)] == [2, 3, 5, 6]
