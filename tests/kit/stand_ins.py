"""The sandbox's stand-ins as tests use them: real programs on ports that happen to be free."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from identity_provider.sandbox.programs import Program, Programs

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

    def fail(self, mode: str, seconds: float = 30) -> None:
        """Turn a fault on, or off with `ok`."""
        answer = requests.post(f"{self.url}/_faults", json={"mode": mode, "seconds": seconds}, timeout=5)
        answer.raise_for_status()

    def work_on(self, ticket_id: int, comment: str = "", status: str = "open", author: str = "helper") -> None:
        """Somebody writes on a ticket's own page of the Zendesk stand-in, and leaves it in this status."""
        form = {"comment": comment, "status": status, "author": author}
        requests.post(f"{self.url}/agent/tickets/{ticket_id}", form, timeout=5).raise_for_status()

    def delete_ticket(self, ticket_id: int) -> None:
        """Somebody deletes a ticket there."""
        requests.post(f"{self.url}/agent/tickets/{ticket_id}/delete", timeout=5).raise_for_status()

    def messages(self, to: str) -> list[dict[str, str]]:
        """What a mailbox has for an address, newest first."""
        answer: list[dict[str, str]] = requests.get(f"{self.url}/messages.json", {"to": to}, timeout=5).json()
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


def free_port(*also: int) -> int:
    """A port that nobody listens on, nor on those at the given distances from it.

    Below the range from which the system takes ports for outgoing connections: one of those could come in between.
    """
    while True:
        port = 12_000 + secrets.randbelow(18_000)
        if all(_is_free(port + distance) for distance in (0, *also)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) != 0
