"""Run one command and take it down when whoever asked for it is gone: `python guardian.py … -- COMMAND`.

Our standard input is a pipe whose other end only the parent holds. When the parent ends, however
it ends, the kernel closes that end and we stop the command: this works after `kill -9`, on Linux
and on macOS alike. Should somebody kill *us* instead, Linux signals the command in our place.

Runs by path under `python -I -S`, so it may import nothing but the standard library.
"""

import argparse
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

PR_SET_PDEATHSIG = 1
STOP_REQUESTS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


@dataclass(frozen=True)
class Blow:
    """One step of the way down: a signal, and how long we wait for it to work."""

    signal: signal.Signals
    patience: float

    @classmethod
    def parse(cls, text: str) -> "Blow":
        name, _, seconds = text.partition(":")
        return cls(signal.Signals[f"SIG{name}"], float(seconds))


def main() -> int:
    orders = _parser().parse_args()
    wake_up = _listen_for_signals()
    with subprocess.Popen(
        orders.command,
        stdin=subprocess.DEVNULL,
        user=orders.user,
        group=orders.group,
        extra_groups=None if orders.user is None else [],
        cwd=orders.cwd,
        pass_fds=orders.keep_fd,
        process_group=0,
        preexec_fn=_die_with(os.getpid(), orders.stop[0].signal),  # noqa: PLW1509 - this program has one thread
    ) as child:
        _wait_for_an_end(child, wake_up)
        _take_down(child, orders.stop)
    for directory in orders.sweep:
        shutil.rmtree(directory, ignore_errors=True)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Run COMMAND for as long as our standard input stays open.")
    parser.add_argument("--stop", type=Blow.parse, action="append", required=True, metavar="SIGNAL:SECONDS")
    parser.add_argument("--user", type=int)
    parser.add_argument("--group", type=int)
    parser.add_argument("--cwd")
    parser.add_argument("--keep-fd", type=int, action="append", default=[])
    parser.add_argument("--sweep", action="append", default=[], metavar="DIR", help="remove it at the end")
    parser.add_argument("command", nargs="+")
    return parser


def _listen_for_signals() -> int:
    """Turn signals into bytes on a pipe, so that one `select` can wait for everything."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *STOP_REQUESTS):
        signal.signal(number, _only_wake_up)
    return reading


def _only_wake_up(_number: int, _frame: FrameType | None) -> None:
    """Exist, so that the signal is neither ignored (children would inherit that) nor fatal."""


def _die_with(guardian: int, number: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != guardian:  # killed between fork and prctl: nobody would tell us any more
            os._exit(1)

    return ask_the_kernel


def _wait_for_an_end(child: "subprocess.Popen[bytes]", wake_up: int) -> None:
    lifeline = sys.stdin.fileno()
    while child.poll() is None:
        ready, _, _ = select.select([lifeline, wake_up], [], [])
        if lifeline in ready and not os.read(lifeline, 1):
            return
        if wake_up in ready and STOP_REQUESTS.intersection(os.read(wake_up, 64)):
            return


def _take_down(child: "subprocess.Popen[bytes]", blows: list[Blow]) -> None:
    for blow in blows:
        if child.poll() is not None:
            break
        child.send_signal(blow.signal)
        _wait(child, blow.patience)
    _kill_the_rest(child.pid)


def _wait(child: "subprocess.Popen[bytes]", patience: float) -> None:
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        return


def _kill_the_rest(group: int) -> None:
    """Whatever the command left in its process group goes too, and so does a command that would not stop."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says "not permitted" of a group of zombies
        return


if __name__ == "__main__":
    sys.exit(main())
