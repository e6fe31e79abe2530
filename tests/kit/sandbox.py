"""The whole service with its outside world, as `make run` starts it: for stories that only real parts can tell."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg
import pyotp
import requests
from psycopg import sql

from identity_provider.sandbox.plan import CLAMD_OFFSET, OFFSETS, SMTP_OFFSET
from tests.kit.stand_ins import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600
PATIENCE = 240
"""Seconds for what comes by itself, as a mail or a second try: how long it takes is no part of any test."""


class RunningSandbox:
    """`with RunningSandbox(directory) as sandbox:`; a small register, and a directory of its own."""

    def __init__(self, directory: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._directory = directory
        self._environment = os.environ | dict(environment or {})
        port = free_port(*OFFSETS.values(), SMTP_OFFSET, CLAMD_OFFSET)
        self._command = [
            *(sys.executable, "-m", "identity_provider.sandbox", "--stop-with-parent", "--people", "2000"),
            *("--port", str(port), "--data", str(directory), *options),
        ]
        self._process: subprocess.Popen[str] | None = None
        self.told: dict[str, Any] = {}

    def __enter__(self) -> Self:
        with (self._directory / "run.log").open("w") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not (self._directory / "sandbox.json").exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._directory / "run.log").read_text(encoding="utf-8"))
            time.sleep(0.2)
        self.told = json.loads((self._directory / "sandbox.json").read_text(encoding="utf-8"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE)

    def address(self, name: str) -> str:
        return str(self.told["addresses"][name])

    def mail(self, to: str) -> list[dict[str, Any]]:
        """What the address received, newest first."""
        answer = requests.get(f"{self.address('mailbox')}/messages.json", params={"to": to}, timeout=60)
        return list(answer.json())

    def wait_for_mails(self, to: str, holding: str, *, seconds: float = PATIENCE) -> list[dict[str, Any]]:
        """All messages, once one of them holds these words."""
        arrived = self.wait_until(
            lambda: any(holding in each["subject"] + each["text"] for each in self.mail(to)), seconds=seconds
        )
        assert arrived, self.mail(to)
        return self.mail(to)

    def wait_until(self, true: Callable[[], bool], *, seconds: float = PATIENCE) -> bool:
        """Whether it became true within the time."""
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def codes(self, to: str) -> list[str]:
        """Those that the address received, newest first: a message with a code begins with it."""
        found = (re.match(r"[0-9]{6}\b", each["subject"]) for each in self.mail(to))
        return [each[0] for each in found if each]

    def code_for(self, to: str, *, beyond: int = 0) -> str:
        """The newest code, once there are more than `beyond`."""
        assert self.wait_until(lambda: len(self.codes(to)) > beyond), f"no code for {to}: {self.mail(to)}"
        return self.codes(to)[0]

    def second_factor(self, staff: str) -> str:
        """A code of a step that has not been used: the next one begins within seconds of the last."""
        [secret] = [each["totp_secret"] for each in self.told["staff"] if each["email"] == staff]
        return pyotp.TOTP(secret).now()

    @property
    def database(self) -> str:
        """The address of the provider's database, for psycopg."""
        return str(self.told["environment"]["DATABASE_URL"]).replace("+psycopg", "", 1)

    def lookup_status(self, email: str) -> str:
        """Where the person's lookup stands, read from the provider's database."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute("SELECT lookup_status FROM users WHERE email = %s", [email]).fetchone()
        return row[0] if row else ""

    def answers(self, name: str) -> bool:
        """Whether a part of the sandbox is up."""
        try:
            return requests.get(self.address(name), timeout=60).ok
        except requests.RequestException:
            return False

    def kill(self, *names: str) -> None:
        """End programs of this sandbox as a crash would; its supervisor notices."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children(recursive=True)
        for name in names:
            doomed = [each for each in children if _is_program(each, name)]
            assert doomed, f"no {name} runs"
            for each in doomed:
                each.kill()
            # Until then one that is killed may still answer, or take what is meant for its successor.
            assert self.wait_until(lambda: all(map(_is_dead, doomed))), f"{name} would not die"  # noqa: B023 -- at once

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """Programs that are killed (kill -9) and stay dead for the block: their supervisor sleeps meanwhile."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            self.kill(*names)
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)
        assert self.wait_until(lambda: all(self.answers(name) for name in names)), f"{names} did not come back"

    @contextmanager
    def replica_locked(self) -> Iterator[None]:
        """The replica's tables are there and cannot be read, as while somebody rebuilds them by hand."""
        tables = "SELECT tablename FROM pg_tables WHERE tablename LIKE 'register_gen_%'"
        with psycopg.connect(self.database) as connection:
            held = [sql.Identifier(name) for (name,) in connection.execute(tables)]
            assert held, "there is no replica"
            connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.SQL(", ").join(held)))
            yield
            connection.rollback()

    def fault(self, name: str, mode: str) -> None:
        """Have a part of the outside world misbehave."""
        requests.post(f"{self.address(name)}/_faults", json={"mode": mode}, timeout=60).raise_for_status()

    def tickets(self) -> list[dict[str, Any]]:
        """What Zendesk holds."""
        answer = requests.get(f"{self.address('zendesk')}/tickets.json", timeout=60).json()
        return list(answer["tickets"] if isinstance(answer, dict) else answer)


def _is_dead(process: psutil.Process) -> bool:
    """Also where nobody has buried it yet: its supervisor may be asleep."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _is_program(process: psutil.Process, name: str) -> bool:
    """A program is `… -m identity_provider.sandbox.NAME …` or `… flask --app wsgi NAME`."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return False  # it has just ended by itself
    return f"identity_provider.sandbox.{name}" in words or words[-1:] == [name]
