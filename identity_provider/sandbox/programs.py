"""The sandbox's programs: started together, awaited, restarted when they fall over, stopped together."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from identity_provider.sandbox.guarding import guarded_by

WAY_DOWN = ("TERM:8",)  # then the guardian kills what is left; a job that is cut short runs again
SECONDS_TO_START = 180
MOST_RESTARTS = 5
SECONDS_OF_MEMORY = 60
LAST_WORDS = 10


class PortTaken(RuntimeError):
    """Another program listens where we have to."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use by another program: stop it, or choose others with make run PORT=9000")
        self.port = port


class ProgramFailed(RuntimeError):
    """A program ended, or never became ready; the message ends with its last words."""


@dataclass(frozen=True)
class Program:
    """What to run. `ready` is an address that answers 200 once the program is up; without it, running is enough."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str] = field(repr=False)
    ready: str | None = None


def require_free_ports(ports: Iterable[int]) -> None:
    """Raise PortTaken for the first port that somebody listens on, at any of this machine's addresses."""
    for port in ports:
        if any(_somebody_listens(host, port) for host in ("127.0.0.1", "::1")) or not _we_may_listen(port):
            raise PortTaken(port)


class Programs:
    """The programs that run. All of them end with this object, and with us however we end."""

    def __init__(self, logs: Path, directory: Path) -> None:
        self._logs = logs
        self._directory = directory
        self._running: dict[str, _Running] = {}

    def __enter__(self) -> Self:
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *programs: Program) -> None:
        """Start them side by side and wait until each is ready. Raises ProgramFailed."""
        for program in programs:
            self._launch(program)
        for program in programs:
            self._await(self._running[program.name])

    def stop(self) -> None:
        """Ask all of them to end, then wait for each; the last started is asked first."""
        running = [self._running[name] for name in reversed(self._running)]
        for each in running:
            each.let_go()
        for each in running:
            each.guardian.wait()
        self._running.clear()

    def mend(self) -> list[str]:
        """Start again what fell over, and tell what that was.

        Raises ProgramFailed for a program that keeps falling over.
        """
        fallen = [each for each in self._running.values() if not each.alive and each.rested]
        for each in fallen:
            each.let_go()
            recent = [moment for moment in each.restarts if moment > time.monotonic() - SECONDS_OF_MEMORY]
            if len(recent) >= MOST_RESTARTS:
                raise ProgramFailed(f"{each.program.name} keeps ending.\n{self._last_words(each.program)}")
            self._launch(each.program, restarts=[*recent, time.monotonic()])
        return [each.program.name for each in fallen]

    def _launch(self, program: Program, restarts: list[float] | None = None) -> None:
        with _open_log(self._log(program), anew=restarts is None) as log:
            guardian = subprocess.Popen(
                [*guarded_by(*WAY_DOWN), "--cwd", self._directory, "--", *program.command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(program.environment),
                start_new_session=True,
            )
        self._running[program.name] = _Running(program, guardian, restarts or [])

    def _await(self, running: _Running) -> None:
        address = running.program.ready
        deadline = time.monotonic() + SECONDS_TO_START
        while running.alive and time.monotonic() < deadline:
            if address is None or _answers(address):
                return
            time.sleep(0.05)
        what = "did not become ready" if running.alive else "ended at once"
        raise ProgramFailed(f"{running.program.name} {what}.\n{self._last_words(running.program)}")

    def _log(self, program: Program) -> Path:
        return self._logs / f"{program.name}.log"

    def _last_words(self, program: Program) -> str:
        log = self._log(program)
        lines = log.read_text("utf-8", "replace").splitlines()[-LAST_WORDS:]
        return "\n".join([f"{log} ends with:", *lines])


@dataclass
class _Running:
    program: Program
    guardian: subprocess.Popen[bytes]
    restarts: list[float]

    @property
    def alive(self) -> bool:
        return self.guardian.poll() is None

    @property
    def rested(self) -> bool:
        """Each further restart waits a little longer, so that ports and locks of the last one are free again."""
        return not self.restarts or time.monotonic() - self.restarts[-1] > len(self.restarts)

    def let_go(self) -> None:
        """Close the pipe that the guardian listens to: it takes the program down."""
        if self.guardian.stdin is not None:
            self.guardian.stdin.close()


def _answers(address: str) -> bool:
    """Whether the address answers 200. Asked without any proxy that the environment may name."""
    host, _, path = address.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=2)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _somebody_listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _we_may_listen(port: int) -> bool:
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True


def _open_log(path: Path, *, anew: bool) -> BinaryIO:
    """Open a log that only we can read. The one of the run before is kept beside it."""
    if anew and path.exists():
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")
