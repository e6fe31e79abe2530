"""The way out to addresses that somebody else chose: what it does not call, follow, read or wait for (case 13)."""

from __future__ import annotations

import gzip
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from identity_provider.adapters.outbound import LARGEST_ANSWER, Answer, Outbound, Request, is_public
from identity_provider.adapters.relying_services import RelyingServices
from identity_provider.ports import ServiceRefused, ServiceUnavailable

BOMB = gzip.compress(b"[" + b" " * 10_000_000 + b"]")
SANDBOX = Outbound(may_call_ourselves=True)


class _Site(ThreadingHTTPServer):
    daemon_threads = True
    seen: list[str]
    # What became of a dripping answer: None while it drips.
    was_cut: bool | None = None
    is_over: Event
    # What a silent one waits for.
    may_end: Event


class _Pages(BaseHTTPRequestHandler):
    """A site on which each path is another trick."""

    server: _Site

    def do_GET(self) -> None:
        self.server.seen.append(f"{self.path} {self.headers['Host']}")
        body = {
            "/keys": b'{"keys": []}',
            "/large": b"[" + b" " * LARGEST_ANSWER + b"]",
            "/packed": BOMB,
            "/deep": b"[" * 50_000,
        }.get(self.path, b"moved")
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "http://127.0.0.1/elsewhere")
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        if self.path not in {"/dripping", "/silent"}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/silent":
            self.server.may_end.wait(120)
        elif self.path == "/dripping":
            self._drip()
        else:
            self.wfile.write(body)

    def _drip(self) -> None:
        try:
            for _ in range(2_400):
                self.wfile.write(b" ")
                time.sleep(0.05)
            self.server.was_cut = False
        except OSError:
            self.server.was_cut = True
        finally:
            self.server.is_over.set()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the standard library's name
        """Say nothing."""


def serve(site: _Site) -> Iterator[_Site]:
    site.seen, site.is_over, site.may_end = [], Event(), Event()
    thread = Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield site
    site.may_end.set()
    site.shutdown()
    thread.join()
    site.server_close()


@pytest.fixture
def site() -> Iterator[_Site]:
    yield from serve(_Site(("127.0.0.1", 0), _Pages))


def get(site: _Site, path: str, *, seconds: float = 60) -> Answer:
    return SANDBOX.call(Request("GET", f"http://127.0.0.1:{site.server_address[1]}{path}", seconds=seconds))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 -- judged, not bound to
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "100::1",
    ],
)
def test_13_what_is_not_the_public_internet(address: str) -> None:
    """Case 13: also where an IPv4 address hides in an IPv6 one; refused before anything is connected to."""
    assert not is_public(address)
    for name in ("plain.example", "mixed.example"):
        found = [address] if name == "plain.example" else ["93.184.216.34", address]
        with pytest.raises(ServiceRefused, match="public internet"):
            Outbound(resolve=lambda *_, found=found: found).call(Request("GET", f"https://{name}/"))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_is_the_public_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "uri",
    [
        "http://public.example/",
        "ftp://public.example/",
        "file:///etc/passwd",
        "gopher://public.example/",
        "//public.example/",
        "https:///path",
        "https://user@public.example/",
        "https://public.example:99999/",
        "https://public.example/ x",
        "https://public.example/\r\nX: 1",
        "https://publić.example/",
        "https://[::1/",
        "",
    ],
)
def test_13_what_is_no_https_address(uri: str) -> None:
    """Case 13: nothing is connected to, though the name leads to the public internet."""
    with pytest.raises(ServiceRefused):
        Outbound(resolve=lambda *_: ["93.184.216.34"]).call(Request("GET", uri))


def test_13_a_sandbox_does_not_speak_plainly_to_the_internet() -> None:
    """Case 13: http is for this machine and private networks of a sandbox."""
    with pytest.raises(ServiceRefused, match="https"):
        Outbound(may_call_ourselves=True, resolve=lambda *_: ["93.184.216.34"]).call(
            Request("GET", "http://a.example/")
        )


def test_13_a_name_is_resolved_once_and_the_judged_address_is_called(site: _Site) -> None:
    """Case 13, DNS rebinding: a second answer of the name server would lead elsewhere, and nobody asks for one."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    outbound = Outbound(may_call_ourselves=True, resolve=lambda *_: answers.pop(0))
    port = site.server_address[1]
    answer = outbound.call(Request("GET", f"http://rebinding.example:{port}/keys"))
    assert (answer.status, answer.body) == (200, b'{"keys": []}')
    assert site.seen == [f"/keys rebinding.example:{port}"]
    assert len(answers) == 1


def test_a_host_that_does_not_take_the_call_at_its_first_address_is_tried_at_the_next(site: _Site) -> None:
    outbound = Outbound(may_call_ourselves=True, resolve=lambda *_: ["::1", "127.0.0.1"])
    assert outbound.call(Request("GET", f"http://two.example:{site.server_address[1]}/keys")).status == 200


def test_13_a_redirect_is_an_answer_like_any_other(site: _Site) -> None:
    """Case 13: never followed."""
    assert get(site, "/moved").status == 302
    assert len(site.seen) == 1


@pytest.mark.parametrize("path", ["/large", "/packed"])
def test_13_too_much_is_not_read_and_nothing_is_unpacked(site: _Site, path: str) -> None:
    """Case 13: 64 kB; a bomb stays packed."""
    with pytest.raises(ServiceRefused):
        get(site, path)


def test_13_silence_does_not_hold_us(site: _Site) -> None:
    """Case 13: nor does it count as an answer."""
    with pytest.raises(ServiceUnavailable):
        get(site, "/silent", seconds=0.3)


def test_13_a_byte_now_and_then_does_not_hold_us(site: _Site) -> None:
    """Case 13: the connection is cut under the answer, which would drip for two minutes more."""
    with pytest.raises(ServiceUnavailable):
        get(site, "/dripping", seconds=0.3)
    assert site.is_over.wait(240)
    assert site.was_cut is True


def test_13_a_slow_name_server_does_not_hold_us() -> None:
    """Case 13: the time for the name counts too."""

    def resolve(*_: object) -> list[str]:
        time.sleep(0.5)
        return ["93.184.216.34"]

    with pytest.raises(ServiceUnavailable):
        Outbound(resolve=resolve).call(Request("GET", "https://slow.example/", seconds=0.05))


def test_13_no_proxy_of_the_environment_is_asked(site: _Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 13: it would connect to whatever the name means to it."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert get(site, "/keys").status == 200


def test_json_is_fetched_and_what_is_none_is_refused(site: _Site) -> None:
    services = RelyingServices(may_call_ourselves=True)
    address = f"http://127.0.0.1:{site.server_address[1]}"
    assert services.fetch_json(f"{address}/keys") == {"keys": []}
    for path in ("/moved", "/text", "/deep"):
        with pytest.raises(ServiceRefused):
            services.fetch_json(address + path)


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[_Site, Path]]:
    """A site over TLS, and the file of the authority that vouches for service.example."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "service.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("service.example"), x509.IPAddress(ip_address("127.0.0.2"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    site = _Site(("127.0.0.1", 0), _Pages)
    site.socket = context.wrap_socket(site.socket, server_side=True)
    for each in serve(site):
        yield each, tmp_path / "cert.pem"


def test_a_certificate_is_judged_by_the_name_and_a_private_authority_may_be_trusted(
    certified: tuple[_Site, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is pinned; who answers there must still prove to be the host (RFC 9525)."""
    site, authority = certified
    port = site.server_address[1]
    outbound = Outbound(may_call_ourselves=True, resolve=lambda *_: ["127.0.0.1"])
    with pytest.raises(ServiceUnavailable):
        outbound.call(Request("GET", f"https://service.example:{port}/keys"))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert outbound.call(Request("GET", f"https://service.example:{port}/keys")).status == 200
    with pytest.raises(ServiceUnavailable):
        outbound.call(Request("GET", f"https://other.example:{port}/keys"))
