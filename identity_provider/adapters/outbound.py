"""Calls to addresses that somebody else chose, none of which may lead us into our own network (attack 13).

The address is resolved once, judged, and connected to as it was judged, so that a name that changes its mind between
the two (DNS rebinding) gains nothing. The whole call ends in time whatever the other side does, no redirect is
followed, no proxy of the environment is asked, and no more is read than was agreed.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Timer
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from identity_provider.ports import ServiceRefused, ServiceUnavailable

SECONDS_TO_ANSWER = 3.0
LARGEST_ANSWER = 64_000

Resolver = Callable[[str, int], list[str]]

_OURS = {"User-Agent": "get-an-identity", "Accept-Encoding": "identity", "Connection": "close"}
# Judging an address must not wait longer for the name server than the whole call may take.
_RESOLVING = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolving")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. `largest` is how many bytes of an answer are read at most, `seconds` what the whole may take."""

    method: str
    uri: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    seconds: float = SECONDS_TO_ANSWER
    largest: int = LARGEST_ANSWER


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status. The names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def addresses_of(host: str, port: int) -> list[str]:
    """Every address of a host, by the system's resolver. Raises OSError."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Outbound:
    """The one way out to addresses that services registered.

    A sandbox may also call this machine and private networks, those by http too.
    """

    def __init__(self, *, may_call_ourselves: bool = False, resolve: Resolver = addresses_of) -> None:
        self._may_call_ourselves = may_call_ourselves
        self._resolve = resolve

    def call(self, request: Request) -> Answer:
        """Send it and read the answer.

        Raises ServiceRefused for an address that we do not call and an answer that we do not read, and
        ServiceUnavailable when nothing came in time.
        """
        deadline = monotonic() + request.seconds
        parts = _parts_of(request.uri)
        addresses = self._judged_addresses(parts, deadline)
        try:
            with closing(_connected(parts, addresses, deadline)) as connection, _cut_off_at(deadline, connection):
                answer = _exchange(connection, parts, request)
        except (HTTPException, OSError) as silence:
            raise ServiceUnavailable(type(silence).__name__) from silence
        if monotonic() > deadline:
            raise ServiceUnavailable("the answer took too long")
        return answer

    def _judged_addresses(self, parts: SplitResult, deadline: float) -> list[str]:
        """The addresses of the host, when every one of them may be called."""
        if parts.scheme != "https" and not self._may_call_ourselves:
            raise ServiceRefused("only https addresses are called")
        looking = _RESOLVING.submit(self._resolve, parts.hostname or "", _port_of(parts))
        try:
            found = looking.result(timeout=max(deadline - monotonic(), 0))
        except (OSError, UnicodeError, TooLate) as unknown:
            raise ServiceUnavailable("the host has no address") from unknown
        public = [is_public(each) for each in found]
        if not self._may_call_ourselves and not all(public):
            raise ServiceRefused("the host is not on the public internet")
        if parts.scheme != "https" and any(public):
            raise ServiceRefused("only https addresses are called")
        return found


def is_public(address: str) -> bool:
    """Whether an address is on the public internet, also when IPv4 hides in IPv6."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return parsed.is_global and not parsed.is_multicast
    inner = parsed.ipv4_mapped or parsed.sixtofour
    if parsed in _NAT64:
        inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(str(inner))
    # Reserved holds every other form that carries an IPv4 address within, such as ::127.0.0.1.
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_site_local)


def _parts_of(uri: str) -> SplitResult:
    if not uri.isascii() or not uri.isprintable() or " " in uri:
        raise ServiceRefused("the address holds characters that an address must not hold")
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError as broken:
        raise ServiceRefused("this is not an address") from broken
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ServiceRefused("only https addresses are called")
    return parts


def _port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _connected(parts: SplitResult, addresses: list[str], deadline: float) -> socket.socket:
    """A connection to the first address that takes one; over https with the certificate judged by the name."""
    failure: OSError = OSError("no address")
    for address in addresses:
        try:
            left = max(deadline - monotonic(), 0.001)
            plain = socket.create_connection((address, _port_of(parts)), timeout=left)
            break
        except OSError as refused:
            failure = refused
    else:
        raise failure
    if parts.scheme == "http":
        return plain
    # The operating system's authorities, or those of SSL_CERT_FILE: a private one can be trusted that way.
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=parts.hostname, do_handshake_on_connect=False)


@contextmanager
def _cut_off_at(deadline: float, connection: socket.socket) -> Iterator[None]:
    """End the connection at the deadline, under whoever still reads from it.

    The timeout of a socket is for each read: an answer that drips would go on for hours.
    """
    guard = Timer(max(deadline - monotonic(), 0.001), _cut, [connection])
    guard.daemon = True
    guard.start()
    try:
        yield
    finally:
        guard.cancel()


def _cut(connection: socket.socket) -> None:
    # Not the TLS layer's own, which would speak to the other side first; nor for one that just ended by itself.
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _exchange(connection: socket.socket, parts: SplitResult, request: Request) -> Answer:
    if isinstance(connection, ssl.SSLSocket):
        connection.do_handshake()
    http = HTTPConnection(parts.hostname or "", _port_of(parts))
    http.sock = connection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    http.request(request.method, target, request.body, {**_OURS, **request.headers, "Host": parts.netloc})
    with http.getresponse() as answer:
        if answer.getheader("Content-Encoding", "identity").lower() != "identity":
            # We asked for none, so there is nothing to unpack: not even a bomb.
            raise ServiceRefused("the answer is packed")
        body = answer.read(request.largest + 1)
        if len(body) > request.largest:
            raise ServiceRefused("the answer is too large")
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)
