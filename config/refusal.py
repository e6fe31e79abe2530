"""How a process that cannot run as it is set says so: a line for each setting, no traceback, and exit status 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

Number = TypeVar("Number", int, float)

USAGE = 2
"""The exit status of a command that was asked for what cannot be, as a shell's own commands have it."""


def refuse(problems: Sequence[str]) -> NoReturn:
    """Say what has to be mended, and end the process. Never what a setting holds: it may be a secret."""
    lines = ["The service cannot start with these settings:", *(f"  {each}" for each in problems), ""]
    sys.stderr.write("\n".join(lines))
    sys.exit(USAGE)


def numbers_of(kind: Callable[[str], Number], wanted: str, defaults: dict[str, Number]) -> dict[str, Number]:
    """Positive numbers from the environment by name, or their defaults. Ends the process where one is none."""
    found, problems = dict(defaults), []
    for name, default in defaults.items():
        text = os.environ.get(name, "").strip()
        try:
            found[name] = kind(text) if text else default
        except ValueError:
            problems.append(name)
        if not 0 < found[name] < 1_000_000 and name not in problems:
            problems.append(name)
    if problems:
        refuse([f"{name}: {wanted}" for name in problems])
    return found
