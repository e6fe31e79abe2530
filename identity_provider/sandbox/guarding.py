"""How to run a command under the guardian, which takes it down when we are gone."""

from __future__ import annotations

import sys
from pathlib import Path

from identity_provider.sandbox import guardian


def guarded_by(*blows: str) -> list[str | Path]:
    """The beginning of the command line: `blows` are `SIGNAL:SECONDS`, in the order of the way down.

    The guardian must be started with a pipe as its standard input, and in a session of its own: Ctrl-C is for us alone.
    """
    return [sys.executable, "-I", "-S", guardian.__file__, *(word for blow in blows for word in ("--stop", blow))]
