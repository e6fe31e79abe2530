"""`make bench`: run every benchmark of this package, one after the other, each in a process of its own."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run them all; the exit code tells whether each came to its end."""
    names = sorted(
        each.name
        for each in pkgutil.iter_modules([str(Path(__file__).parent)])
        if each.name[0] != "_" and not each.ispkg
    )
    commands = {name: [sys.executable, "-m", f"benchmarks.{name}"] for name in names}
    failed = [name for name, command in commands.items() if subprocess.run(command, check=False).returncode]
    for name in failed:
        print(f"benchmarks.{name} failed", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
