"""`make bench`: the parts of this package, each in a process of its own.

usage: python -m benchmarks [PART ...] [--full] [--list]
       python -m benchmarks PART --records 1000000 ...        (one part takes options of its own)

Every module here whose name has no underscore in front is a part, and is registered by being there. A part may take
`--full` for the size that its targets speak of; without it, it is small enough for a laptop. It prints each figure with
its target and the ratio to a peer, and exits with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys
from pathlib import Path

ALSO = {"import": ("lookups", "--import-only")}
"""Names for a piece of a part."""


def parts() -> list[str]:
    """Every part by its name."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(each.name for each in found if each.name[0] != "_" and not each.ispkg)


def main() -> int:
    """Run the parts one after the other; the exit code tells whether each came to its end and met its targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", help=f"of {', '.join([*parts(), *ALSO])}; all when none is named")
    parser.add_argument("--list", action="store_true", help="name the parts and stop")
    given, options = parser.parse_known_args()
    if given.list:
        print("\n".join([*parts(), *ALSO]))
        return 0
    unknown = set(given.part) - {*parts(), *ALSO}
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    failed = [name for name in given.part or parts() if _run(name, options)]
    for name in failed:
        print(f"\n{name}: a target was missed, or it did not come to its end", file=sys.stderr)
    return int(bool(failed))


def _run(name: str, options: list[str]) -> int:
    module, *fixed = ALSO.get(name, (name,))
    knows_full = '"--full"' in (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    passed = [option for option in options if option != "--full" or knows_full]
    command = [sys.executable, "-m", f"benchmarks.{module}", *fixed, *passed]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
