"""The sandbox's stand-ins as tests use them: real programs on ports that happen to be free."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import requests

from identity_provider.sandbox.programs import PortTaken, Program, Programs, require_free_ports

CLONE = Path(__file__).parents[2]
NOTIFY_KEY = "tests-00000000-0000-4000-8000-000000000001-00000000-0000-4000-8000-000000000002"
EMAIL_TEMPLATE = "00000000-0000-4000-8000-000000000003"
SMS_TEMPLATE = "00000000-0000-4000-8000-000000000004"
AGENT = "agent@example.com"
AGENT_TOKEN = "a-token-for-tests"
DQT_API_KEY = "an-api-key-for-tests"


@dataclass(frozen=True)
class StandIn:
    """One that runs."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, mode: str, seconds: float = 600) -> None:
        """Turn a fault on, or off with `ok`."""
        answer = requests.post(f"{self.url}/_faults", json={"mode": mode, "seconds": seconds}, timeout=60)
        answer.raise_for_status()

    def work_on(self, ticket_id: int, comment: str = "", status: str = "open", author: str = "helper") -> None:
        """Somebody writes on a ticket's own page of the Zendesk stand-in, and leaves it in this status."""
        form = {"comment": comment, "status": status, "author": author}
        requests.post(f"{self.url}/agent/tickets/{ticket_id}", form, timeout=60).raise_for_status()

    def delete_ticket(self, ticket_id: int) -> None:
        """Somebody deletes a ticket there."""
        requests.post(f"{self.url}/agent/tickets/{ticket_id}/delete", timeout=60).raise_for_status()

    def messages(self, to: str) -> list[dict[str, str]]:
        """What a mailbox has for an address, newest first."""
        answer: list[dict[str, str]] = requests.get(f"{self.url}/messages.json", {"to": to}, timeout=60).json()
        return answer


@contextmanager
def mailbox(place: Path) -> Iterator[StandIn]:
    with _running("mailbox", place, free_port(10)) as stand_in:
        yield stand_in


@contextmanager
def zendesk(place: Path, **settings: str) -> Iterator[StandIn]:
    state = str(place / "zendesk.json")
    with _running("zendesk", place, free_port(), "--state", state, **settings) as stand_in:
        yield stand_in


@contextmanager
def dqt_api(place: Path, register: Path) -> Iterator[StandIn]:
    with _running("dqt_api", place, free_port(), "--register", str(register)) as stand_in:
        yield stand_in


@contextmanager
def clamd(place: Path) -> Iterator[StandIn]:
    """Its own door is eight beyond its page."""
    with _running("clamd", place, free_port(8)) as stand_in:
        yield stand_in


@contextmanager
def _running(name: str, place: Path, port: int, *arguments: str, **settings: str) -> Iterator[StandIn]:
    stand_in = StandIn(port)
    command = [sys.executable, "-m", f"identity_provider.sandbox.{name}", "--port", str(port), *arguments]
    environment = {
        "PATH": os.environ["PATH"],
        "NOTIFY_API_KEY": NOTIFY_KEY,
        "NOTIFY_EMAIL_TEMPLATE_ID": EMAIL_TEMPLATE,
        "NOTIFY_SMS_TEMPLATE_ID": SMS_TEMPLATE,
        "ZENDESK_EMAIL": AGENT,
        "ZENDESK_TOKEN": AGENT_TOKEN,
        "DQT_API_KEY": DQT_API_KEY,
        **settings,
    }
    with Programs(place / "logs", CLONE) as programs:
        programs.start(Program(name, command, environment, ready=f"{stand_in.url}/_faults"))
        yield stand_in


FIRST_PORT, STEP, LAST_PORT = 12_000, 20, 30_000
"""Ports are given in rows of twenty, each row to one caller: a sandbox needs fifteen from its first on."""
MOST_CLAIMS = 100
_claims: deque[socket.socket] = deque()


def free_port(*also: int) -> int:
    """A port that nobody listens on, nor on those at the given distances (below twenty) from it.

    No other test is given one of them meanwhile, in another worker or in another clone's run: their row is ours for as
    long as we hold the UDP door of its first number, which nothing else opens and the system closes when we end. To
    look only whether somebody listens would let two that start a server at once choose the same.
    """
    assert all(0 <= distance < STEP for distance in also)
    rows = range(FIRST_PORT, _last_port(), STEP)
    while True:
        port = secrets.choice(rows)
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            require_free_ports([port + distance for distance in (0, *also)])
        except (OSError, PortTaken):
            claim.close()
            continue
        _claims.append(claim)
        # Whoever asked so long ago listens by now, or is gone; the doors of a process are limited.
        if len(_claims) > MOST_CLAIMS:
            _claims.popleft().close()
        return port


@cache
def _last_port() -> int:
    """Below the range from which the system takes ports for outgoing connections: one of those could come in between.

    Where that leaves too few, as with a range that begins at 1024, the risk is taken.
    """
    try:
        begins = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return LAST_PORT
    return min(begins, LAST_PORT) if begins >= FIRST_PORT + 100 * STEP else LAST_PORT
