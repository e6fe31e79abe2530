"""How a process that cannot run as it is set says so: a line for each setting, no traceback, and exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

USAGE = 2
"""The exit status of a command that was asked for what cannot be, as a shell's own commands have it."""


def refuse(problems: Sequence[str]) -> NoReturn:
    """Say what has to be mended, and end the process. Never what a setting holds: it may be a secret."""
    lines = ["The service cannot start with these settings:", *(f"  {each}" for each in problems), ""]
    sys.stderr.write("\n".join(lines))
    sys.exit(USAGE)
