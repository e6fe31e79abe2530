"""`make run`: from nothing to a running service in the foreground, and to nothing again."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from identity_provider.sandbox import telling
from identity_provider.sandbox.keys import Keys
from identity_provider.sandbox.plan import CLAMD_OFFSET, CLONE, DATABASE, PEOPLE, Addresses, Plan
from identity_provider.sandbox.postgres import EmbeddedPostgres, PostgresUnusable
from identity_provider.sandbox.preparing import PreparationFailed, prepare
from identity_provider.sandbox.programs import PortTaken, ProgramFailed, Programs, require_free_ports

HIGHEST_PORT = 65_535 - CLAMD_OFFSET
SECONDS_FOR_STRANGERS = 4
SECONDS_FOR_PREDECESSORS = 60
SECONDS_BETWEEN_LOOKS = 0.5

ROOM_FOR_A_REGISTER = {"shared_buffers": "512MB"}
"""With 128 MB, the default, a lookup in a register of 3,000,000 reads most of its pages anew from the system."""


class AlreadyRunning(RuntimeError):
    """The sandbox of this clone is up already."""


class ToldToStop(Exception):
    """Ctrl-C, `kill`, or the terminal was closed."""


def main() -> int:
    arguments = _parser().parse_args()
    signal.signal(signal.SIGHUP, _stop)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    parent = os.getppid() if arguments.stop_with_parent else None
    try:
        _run(arguments, parent)
    except ToldToStop:
        click.echo("Stopped.")
    except (AlreadyRunning, PortTaken, PostgresUnusable, PreparationFailed, ProgramFailed) as reason:
        click.echo(f"\n{reason}", err=True)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make run", description="Run the service and an outside world for it.")
    parser.add_argument("--port", type=_port, default=8000, help="the provider's; the others follow (default 8000)")
    parser.add_argument("--data", type=Path, default=CLONE / ".data", help="where everything is kept")
    parser.add_argument("--people", type=int, default=PEOPLE, help=f"how many to make up (default {PEOPLE:,})")
    parser.add_argument("--register", choices=("replica", "api"), default="replica", help="which one the service asks")
    parser.add_argument(
        "--issuer",
        default=os.environ.get("SANDBOX_ISSUER", ""),
        help="the public address when a proxy that ends TLS stands before the provider (default: SANDBOX_ISSUER)",
    )
    parser.add_argument("--stop-with-parent", action="store_true", help="stop when the program that started us ends")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"a number between 1 and {HIGHEST_PORT}")
    return int(text)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # impatience would leave things half stopped
    raise ToldToStop


def _run(arguments: argparse.Namespace, parent: int | None) -> None:
    began = time.monotonic()
    addresses, data = Addresses(arguments.port), arguments.data.absolute()
    data.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_only_one(data))
        was_killed = telling.was_not_retracted(data)
        _wait_for_free_ports(addresses, SECONDS_FOR_PREDECESSORS if was_killed else SECONDS_FOR_STRANGERS)
        _tell("Starting PostgreSQL")
        postgres = stack.enter_context(EmbeddedPostgres(data / "postgres", options=ROOM_FOR_A_REGISTER))
        keys = Keys.kept_in(data / "secrets.json")
        chosen = (arguments.people, arguments.register, arguments.issuer.rstrip("/"))
        plan = Plan(addresses, data, keys, postgres.url(DATABASE), *chosen)
        prepare(plan, postgres, _tell)
        programs = stack.enter_context(Programs(data / "logs", CLONE))
        _tell("Starting the service and its outside world")
        programs.start(*plan.outside_world(), *plan.provider())
        telling.announce(plan)
        stack.callback(telling.retract, plan)
        click.echo(f"Ready after {time.monotonic() - began:.1f} seconds.\n\n{telling.table(plan)}\n")
        _watch(postgres, programs, parent)


def _tell(words: str) -> None:
    click.echo(f"{words} ...")


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                "The sandbox of this clone is running already: stop it first, or run another one from another clone."
            ) from None
        yield


def _wait_for_free_ports(addresses: Addresses, seconds: float) -> None:
    """What is left of a sandbox that was killed needs a moment to go, on a busy machine a long one."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            require_free_ports(addresses.ports)
        except PortTaken:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _watch(postgres: EmbeddedPostgres, programs: Programs, parent: int | None) -> None:
    """Mend what falls over, until we are told to stop."""
    while parent is None or os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        if not postgres.alive:
            click.echo("PostgreSQL ended unexpectedly: starting it again.")
            postgres.stop()
            postgres.start()
        for name in programs.mend():
            click.echo(f"{name} ended unexpectedly: started again. Its log is .data/logs/{name}.log.")
