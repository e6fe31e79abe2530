"""Where commands find the sandbox that runs in this clone, so that `flask --app wsgi …` needs no settings by hand."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

RUNNING = Path(__file__).parents[1] / ".data" / "sandbox.json"
DECISIVE = ("DATABASE_URL", "ISSUER")


def environment(own: Mapping[str, str] | None = None, running: Path = RUNNING) -> Mapping[str, str]:
    """The process's environment; where that names no service, the settings of the sandbox that runs here as well."""
    mine = os.environ if own is None else own
    if any(mine.get(name) for name in DECISIVE) or not running.exists():
        return mine
    settings: dict[str, str] = json.loads(running.read_text("utf-8"))["environment"]
    return {**settings, **mine}
