"""Messages to services over real HTTP: every status is an answer, and nothing leads into our own network (13)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from identity_provider.adapters.relying_services import RelyingServices
from identity_provider.ports import ServiceRefused, ServiceReply, ServiceUnavailable

HEADERS = {"X-Hub-Signature-256": "ABC"}


class _Listener(ThreadingHTTPServer):
    """A service that answers as it is told to, and keeps what it was sent."""

    status = 200
    body = b""
    extra: dict[str, str]
    received: list[tuple[str, dict[str, str], bytes]]


class _Answering(BaseHTTPRequestHandler):
    server: _Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        for name, value in {"Content-Length": str(len(self.server.body)), **self.server.extra}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the standard library's name
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[_Listener]:
    server = _Listener(("127.0.0.1", 0), _Answering)
    server.received, server.extra = [], {}
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def post(listener: _Listener, **options: Any) -> ServiceReply:
    caller = RelyingServices(may_call_ourselves=True, **options)
    return caller.post_message(
        f"http://127.0.0.1:{listener.server_address[1]}/hooks?a=b", HEADERS, '{"a": "é"}'.encode()
    )


def test_a_message_arrives_as_it_is(listener: _Listener) -> None:
    assert post(listener) == ServiceReply(200)
    ((path, headers, body),) = listener.received
    assert (path, body) == ("/hooks?a=b", '{"a": "é"}'.encode())
    assert (headers["Content-Type"], headers["X-Hub-Signature-256"]) == ("application/json", "ABC")


@pytest.mark.parametrize("status", [204, 302, 401, 404, 429, 500])
def test_every_status_is_an_answer_and_no_redirect_is_followed(listener: _Listener, status: int) -> None:
    listener.status, listener.extra = status, {"Location": "/elsewhere"}
    assert post(listener).status == status
    assert len(listener.received) == 1


@pytest.mark.parametrize(
    ("sent", "read"), [("120", 120), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-5", None), ("9" * 30, None)]
)
def test_the_time_that_is_asked_for_is_read_when_it_is_a_number(
    listener: _Listener, sent: str, read: int | None
) -> None:
    listener.status, listener.extra = 429, {"Retry-After": sent}
    assert post(listener).retry_after_seconds == read


def test_of_an_answer_its_beginning_is_kept_without_what_nobody_can_read(listener: _Listener) -> None:
    listener.body = b"<p>no\x00\x1b[31m\xff good\n" + b"x" * 5_000
    excerpt = post(listener).excerpt
    assert len(excerpt) == 300
    assert excerpt.isprintable()
    assert excerpt.startswith("<p>no [31m")


def test_who_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        caller = RelyingServices(may_call_ourselves=True, patience=0.3)
        with pytest.raises(ServiceUnavailable):
            caller.post_message(uri, HEADERS, b"{}")


@pytest.mark.parametrize(
    "uri",
    [
        "http://service.example/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://169.254.169.254/latest/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "file:///etc/passwd",
    ],
)
def test_13_no_message_goes_into_our_own_network(uri: str) -> None:
    """Case 13 of oidc.md: refused before anything is connected to."""
    with pytest.raises(ServiceRefused):
        RelyingServices().post_message(uri, HEADERS, b"{}")
