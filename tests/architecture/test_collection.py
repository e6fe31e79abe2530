"""The tests stand in one order whatever the hash seed: pytest-xdist runs nothing when two of its workers differ."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_worker_collects_the_same_tests_in_the_same_order() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", "tests"]
    running = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for seed in ("1", "2")
    ]
    said = [each.communicate()[0] for each in running]
    assert [each.returncode for each in running] == [0, 0], said[0][-2000:]
    first, second = ([line for line in each.splitlines() if "::" in line] for each in said)
    assert first
    apart = [pair for pair in zip_longest(first, second) if pair[0] != pair[1]]
    assert apart[:5] == []
