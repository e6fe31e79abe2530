"""python -m config.server: gunicorn with our settings for it, once everything that is set has been looked at.

Gunicorn reads WEB_CONCURRENCY while it is still being loaded, and falls with a traceback where that is no number:
started from here it is never asked to. What follows goes to it as its own options.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from config.refusal import refuse
from config.sandbox import environment
from config.serving import serving
from config.settings import Settings, SettingsInvalid

_GUNICORN = ("--config", "python:config.gunicorn_settings", "--no-control-socket", "wsgi:create_app()")


def main() -> NoReturn:
    """Become gunicorn; or say what cannot be used, and end with status 2."""
    try:
        Settings.from_environment(environment())
    except SettingsInvalid as unusable:
        refuse(unusable.problems)
    # An empty one is none to us, and no number to gunicorn.
    count = {"WEB_CONCURRENCY": str(serving(os.environ)[0].web_concurrency)}
    # Rather the program than its module: it starts itself anew from its own name (signal USR2).
    beside = Path(sys.executable).with_name("gunicorn")
    program = [str(beside)] if beside.exists() else [sys.executable, "-m", "gunicorn"]
    os.execve(program[0], [*program, *_GUNICORN, *sys.argv[1:]], os.environ | count)  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main()
