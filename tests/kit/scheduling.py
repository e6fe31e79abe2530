"""Who runs what when the tests run on several workers (`pytest -n auto --dist loadgroup`), and what is begun first.

pytest-xdist's own loadgroup can not be relied on: 3.8 writes a test's group where pytest 9.2 no longer reads it
(pytest-xdist issue 1386), and without a word spreads every group over all workers. Each of them then starts the same
servers again. What belongs together is therefore told from where a test stands.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED = 'scope="module"'
"""How a file says that its tests share what is slow to make."""

CHAINS: dict[str, tuple[str, ...]] = {
    "stories": (
        "tests/browser/test_crashes.py",
        "tests/browser/test_outages.py",
        "tests/browser/test_stories.py",
    ),
    "programs": (
        "tests/foreign/",
        "tests/sandbox/test_other_users.py",
        "tests/sandbox/test_run.py",
    ),
}
"""Tests that run one after the other, from the beginning on. Each of these files starts a dozen processes and waits for
them: all beside one another they would starve each other, beside tests that calculate they cost little time. As two
chains they end before the others do; a third would have three services start at once."""


def unit_of(nodeid: str, root: Path) -> str:
    """What one worker runs as a whole: a chain, a file whose tests share something, or the test by itself."""
    path = nodeid.partition("::")[0]
    chain = next((name for name, parts in CHAINS.items() if path.startswith(parts)), None)
    return chain or (path if _shares(root / path) else nodeid)


@cache
def _shares(file: Path) -> bool:
    return SHARED in file.read_text(encoding="utf-8")


class ChainsFirst(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Units to whoever is free: chains first, then files that share something, then single tests as collected."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid, self.config.rootpath)

    def _assign_work_unit(self, node: Any) -> None:
        for chain in reversed([name for name in CHAINS if name in self.workqueue]):
            self.workqueue.move_to_end(chain, last=False)
        super()._assign_work_unit(node)


def workers_for(processors: int) -> int:
    """How many workers keep these processors busy: about a third of a worker's time is waiting for others."""
    return processors + (processors + 1) // 2


def processors() -> int:
    """The processors that we may use. xdist would count cores, which are half as many where each counts for two."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ChainsFirst | None:
    """Take the place of the loadgroup that xdist has."""
    return ChainsFirst(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """What `-n auto` means; the environment may say otherwise, as in xdist."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else workers_for(processors())
