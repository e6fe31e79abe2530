"""The tests stand in one order whatever the hash seed: pytest-xdist runs nothing when two of its workers differ."""

from __future__ import annotations

import os
import subprocess
import sys
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
    first, second = ([line for line in each.communicate()[0].splitlines() if "::" in line] for each in running)
    assert first
    apart = [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
    assert apart == []
    assert len(first) == len(second)
