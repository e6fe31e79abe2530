"""TLS for tests: a private authority, and a reverse proxy that ends TLS before a server that speaks http."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "localhost"
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "server", "date"})
_SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True)
class Authority:
    """Files in PEM: the authority's certificate, which clients trust, and a server's chain with its key."""

    ca_file: Path
    server_file: Path


def make_authority(place: Path) -> Authority:
    """An authority that nobody else knows, and a certificate of it for this machine's own names."""
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("An authority for tests")
    ca = _certificate(ca_name, ca_name, ca_key)
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(
        _SIGNS, critical=True
    )
    known_as = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = (
        _certificate(_name(HOST), ca_name, server_key)
        .add_extension(x509.SubjectAlternativeName(known_as), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    made = Authority(place / "ca.pem", place / "server.pem")
    made.ca_file.write_bytes(_pem(ca.sign(ca_key, hashes.SHA256())))
    secret = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made.server_file.write_bytes(_pem(server.sign(ca_key, hashes.SHA256())) + secret)
    return made


@dataclass
class Exchange:
    """One answer on its way back; what a test changes here is what the client gets."""

    path: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class TlsProxy(ThreadingHTTPServer):
    """Ends TLS, and says for whom it asks in X-Forwarded-For and -Proto, as an operator's proxy does.

    A test may also have it lie: `rewrite_target` changes what is asked for, `tamper` what is answered.
    """

    daemon_threads = True

    def __init__(self, port: int, backend_port: int, authority: Authority) -> None:
        super().__init__(("127.0.0.1", port), _Forwarding)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(authority.server_file)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.backend_port = backend_port
        # Whom the provider is told that it talks to; limits are counted by that.
        self.visitor = "198.51.100.1"
        self.be_honest()

    @property
    def address(self) -> str:
        return f"https://{HOST}:{self.server_port}"

    def be_honest(self) -> None:
        """Pass everything on as it is."""
        self.rewrite_target: Callable[[str], str] = lambda target: target
        self.tamper: Callable[[Exchange], None] = lambda _: None

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or that does not trust us, is nothing to write about."""


@contextmanager
def tls_proxy(port: int, backend_port: int, authority: Authority) -> Iterator[TlsProxy]:
    """A proxy until the block ends."""
    with TlsProxy(port, backend_port, authority) as proxy:
        thread = Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Forwarding(BaseHTTPRequestHandler):
    server: TlsProxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def do_HEAD(self) -> None:
        self._forward()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names it so
        """Write nothing."""

    def _forward(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        # Appended to what the visitor claims, as most proxies do: only the last one is ours.
        chain = ", ".join([*self.headers.get_all("X-Forwarded-For", []), self.server.visitor])
        sent |= {"X-Forwarded-For": chain, "X-Forwarded-Proto": "https", "Connection": "close"}
        backend = http.client.HTTPConnection("127.0.0.1", self.server.backend_port, timeout=120)
        try:
            body = self.rfile.read(length) if length else None
            backend.request(self.command, self.server.rewrite_target(self.path), body, sent)
            answer = backend.getresponse()
            exchange = Exchange(self.path.partition("?")[0], answer.status, answer.getheaders(), answer.read())
        finally:
            backend.close()
        self.server.tamper(exchange)
        self._answer(exchange)

    def _answer(self, exchange: Exchange) -> None:
        self.send_response(exchange.status)
        for name, value in exchange.headers:
            if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(exchange.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(exchange.body)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
