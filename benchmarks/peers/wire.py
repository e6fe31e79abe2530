"""A thrifty HTTP/1.1 client: one kept connection, so that the driver's core is not what is measured."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=]+)=([^;\r]*)", re.IGNORECASE)
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


class Unexpected(RuntimeError):
    """A server answered something that it should not: what is measured would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    head: bytes
    body: bytes

    @property
    def location(self) -> str:
        found = _LOCATION.search(self.head)
        if found is None:
            raise Unexpected(f"no redirect: {self.status} {self.body[:500]!r}")
        return found[1].decode()

    @property
    def cookies(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in _COOKIE.findall(self.head)}

    def expect(self, status: int) -> Answer:
        if self.status != status:
            raise Unexpected(f"{self.status} instead of {status}: {self.body[:500]!r}")
        return self


@dataclass
class Wire:
    """One connection to one server; opened anew when the server has closed it."""

    port: int
    _socket: socket.socket | None = field(default=None, repr=False)

    def get(self, path: str, headers: str = "") -> Answer:
        return self._send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{headers}\r\n".encode())

    def post(self, path: str, form: str, headers: str = "") -> Answer:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{FORM}Content-Length: {len(form)}\r\n{headers}"
        return self._send(f"{head}\r\n{form}".encode())

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, request: bytes) -> Answer:
        for _ in range(2):
            try:
                return self._exchange(request)
            except (BrokenPipeError, ConnectionResetError):
                self.close()  # a kept connection that the server had given up, as after so many requests
        return self._exchange(request)

    def _exchange(self, request: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        received = self._receive(b"")
        while (end := received.find(b"\r\n\r\n")) < 0:
            received = self._receive(received)
        head, body = received[: end + 2], received[end + 4 :]
        length = _LENGTH.search(head)
        if length is None:
            raise Unexpected(f"a body without a length: {head!r}")
        while len(body) < int(length[1]):
            body = self._receive(body)
        if b"\r\nconnection: close" in head.lower():
            self.close()
        return Answer(int(head[9:12]), head, body)

    def _receive(self, so_far: bytes) -> bytes:
        more = self._socket.recv(65_536) if self._socket else b""
        if not more:
            raise ConnectionResetError
        return so_far + more
