"""What is done on the stand-in's own pages is told as Zendesk tells it: signed, tried again, or lost on request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
import requests

from identity_provider.adapters.zendesk import ZendeskAccount, ZendeskDesk
from identity_provider.ports import NewTicket
from tests.kit import stand_ins
from tests.kit.stand_ins import StandIn

SECRET = "the-sandboxs-webhook-secret"


@dataclass
class Listener:
    """Somebody at the webhook's address; answers with these statuses, then 204."""

    port: int
    heard: Queue[tuple[dict[str, str], bytes]] = field(default_factory=Queue)
    answers: list[int] = field(default_factory=list)

    def next(self) -> dict[str, Any]:
        """The next message, whose signature is good."""
        headers, body = self.heard.get(timeout=120)
        stamp = headers["X-Zendesk-Webhook-Signature-Timestamp"]
        expected = base64.b64encode(hmac.new(SECRET.encode(), stamp.encode() + body, hashlib.sha256).digest())
        assert headers["X-Zendesk-Webhook-Signature"].encode() == expected
        told: dict[str, Any] = json.loads(body)
        return told


@pytest.fixture
def listener() -> Iterator[Listener]:
    here = Listener(stand_ins.free_port())

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            here.heard.put((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(here.answers.pop(0) if here.answers else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", here.port), Takes) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield here
        server.shutdown()


@pytest.fixture
def zendesk(tmp_path: Path, listener: Listener) -> Iterator[StandIn]:
    told = {"ZENDESK_WEBHOOK_URL": f"http://127.0.0.1:{listener.port}/webhook", "ZENDESK_WEBHOOK_SECRET": SECRET}
    with stand_ins.zendesk(tmp_path, **told) as running:
        yield running


def a_ticket(zendesk: StandIn) -> int:
    desk = ZendeskDesk(ZendeskAccount(zendesk.url, stand_ins.AGENT, stand_ins.AGENT_TOKEN))
    return desk.open(NewTicket("case", "A request", "Name: Siobhán", "Siobhán", "siobhan@example.com")).id


def test_a_comment_and_a_change_of_status_are_told_one_after_the_other(zendesk: StandIn, listener: Listener) -> None:
    number = a_ticket(zendesk)
    zendesk.work_on(number, "It is **1234567**", status="solved")
    first, second = listener.next(), listener.next()
    assert [each["type"] for each in (first, second)] == [
        "zen:event-type:ticket.comment_added",
        "zen:event-type:ticket.status_changed",
    ]
    assert first["subject"] == f"zen:ticket:{number}"
    assert (first["event"]["comment"]["body"], second["detail"]["status"]) == ("It is **1234567**", "SOLVED")
    page = requests.get(f"{zendesk.url}/agent/tickets/{number}", timeout=60).text
    assert "Internal note by Sam Helper" in page


def test_a_message_that_is_not_taken_is_sent_again(zendesk: StandIn, listener: Listener) -> None:
    listener.answers = [503]
    zendesk.work_on(a_ticket(zendesk), "Hello")
    assert listener.next()["id"] == listener.next()["id"]


def test_webhooks_can_be_lost_on_request(zendesk: StandIn, listener: Listener) -> None:
    number = a_ticket(zendesk)
    zendesk.fail("no_webhooks")
    zendesk.work_on(number, "Nobody hears this")
    zendesk.fail("ok")
    zendesk.work_on(number, "Somebody hears this")
    assert listener.next()["event"]["comment"]["body"] == "Somebody hears this"
    with pytest.raises(Empty):
        listener.heard.get_nowait()


def test_a_closed_ticket_takes_no_comment(zendesk: StandIn) -> None:
    number = a_ticket(zendesk)
    zendesk.work_on(number, status="solved")
    zendesk.work_on(number, status="closed")
    answer = requests.post(f"{zendesk.url}/agent/tickets/{number}", {"comment": "Too late"}, timeout=60)
    assert answer.status_code == 422
