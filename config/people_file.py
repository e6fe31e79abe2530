"""The file of people to try a service with: that it is there and is one, which is asked before anybody is shown it."""

from __future__ import annotations

import json
from pathlib import Path


def holds_people(path: str) -> bool:
    """Whether the file can be read and is a JSON object with a list `people`. What each has to be, the doctor says."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and isinstance(content.get("people"), list)
