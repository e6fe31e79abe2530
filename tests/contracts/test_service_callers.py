"""The port ServiceCaller: the real adapter and its memory twin, and what the real one refuses to call."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from identity_provider.adapters.memory import MemoryServices
from identity_provider.adapters.relying_services import RelyingServices
from identity_provider.ports import ServiceCaller, ServiceRefused, ServiceUnavailable


class _Service(ThreadingHTTPServer):
    """A service that answers as it is told to, and keeps what it was sent."""

    answers = 200
    received: list[dict[str, list[str]]]


class _Answering(BaseHTTPRequestHandler):
    server: _Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append(parse_qs(body))
        self.send_response(self.server.answers)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the standard library's name
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[_Service]:
    server = _Service(("127.0.0.1", 0), _Answering)
    server.received = []
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def address(service: _Service) -> str:
    return f"http://127.0.0.1:{service.server_address[1]}/back-channel?a=b"


@pytest.mark.parametrize("caller", [MemoryServices(), RelyingServices(may_call_ourselves=True)])
def test_a_form_arrives(caller: ServiceCaller, service: _Service) -> None:
    caller.post_form(address(service), {"logout_token": "a+b&c"})
    if isinstance(caller, MemoryServices):
        assert caller.told == [(address(service), {"logout_token": "a+b&c"})]
    else:
        assert service.received == [{"logout_token": ["a+b&c"]}]


@pytest.mark.parametrize(
    ("answers", "error"), [(302, ServiceRefused), (400, ServiceRefused), (503, ServiceUnavailable)]
)
def test_only_a_2xx_is_a_yes_and_no_redirect_is_followed(
    service: _Service, answers: int, error: type[Exception]
) -> None:
    service.answers = answers
    with pytest.raises(error):
        RelyingServices(may_call_ourselves=True).post_form(address(service), {})
    assert len(service.received) == 1


def test_a_service_that_is_not_there_may_be_told_later(service: _Service) -> None:
    gone = address(service).replace(str(service.server_address[1]), "1")
    with pytest.raises(ServiceUnavailable):
        RelyingServices(may_call_ourselves=True).post_form(gone, {})
    caller = MemoryServices(down=True)
    with pytest.raises(ServiceUnavailable):
        caller.post_form(gone, {})


INWARDS = [
    "http://service.example/",
    "file:///etc/passwd",
    "https://127.0.0.1/",
    "https://localhost/",
    "https://169.254.169.254/latest/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fd00::1]/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f000001/",
]


@pytest.mark.parametrize("uri", INWARDS)
def test_13_our_own_network_is_never_called(uri: str) -> None:
    """Case 13 of oidc.md: refused before anything is connected to, so the refusal is not a failure to connect."""
    with pytest.raises(ServiceRefused):
        RelyingServices().post_form(uri, {"logout_token": "x"})


def test_13_what_has_no_address_is_not_called(service: _Service) -> None:
    """Case 13: nor is a listener on this machine, whatever scheme it speaks."""
    with pytest.raises((ServiceRefused, ServiceUnavailable)):
        RelyingServices().post_form("https://[fe80::1%25lo]/", {})
    with pytest.raises(ServiceRefused):
        RelyingServices().post_form(address(service).replace("http:", "https:"), {})
    assert service.received == []
