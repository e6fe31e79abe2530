"""ClamAV's daemon over its socket (clamd(8), "COMMANDS"). Called from the worker only: it may take seconds.

Anything but a clear "OK" is no "OK": what was cut off, garbled, too large or late makes the file wait.
"""

from __future__ import annotations

import re
import socket
import time
from contextlib import suppress
from urllib.parse import urlsplit

from identity_provider.ports import ScannerUnavailable, ScanVerdict

SECONDS = 30.0
_CHUNK = 65_536
_LONGEST_REPLY = 4_096
_FOUND = re.compile(r"stream: (.{1,200}) FOUND", re.ASCII)


class Clamd:
    """A FileScanner at `unix:///PATH` or `tcp://HOST:PORT`."""

    def __init__(self, address: str, *, seconds: float = SECONDS) -> None:
        self._address = urlsplit(address)
        self._seconds = seconds

    def scan(self, content: bytes) -> ScanVerdict:
        """What the daemon finds in the content. Raises ScannerUnavailable."""
        reply = self._ask(b"zINSTREAM\0", content)
        if reply == "stream: OK":
            return ScanVerdict(None)
        if found := _FOUND.fullmatch(reply):
            return ScanVerdict(found[1])
        raise ScannerUnavailable(f"the scanner answered {reply[:100]!r}")

    def version(self) -> str:
        """Program, number of the signatures, and their day, between slashes. Raises ScannerUnavailable."""
        reply = self._ask(b"zVERSION\0")
        if not reply.startswith("ClamAV"):
            raise ScannerUnavailable(f"the scanner answered {reply[:100]!r}")
        return reply

    def _ask(self, command: bytes, content: bytes | None = None) -> str:
        deadline = time.monotonic() + self._seconds
        try:
            with self._connect() as connection:
                # One that breaks off has said why, as a rule (a file beyond its StreamMaxLength): so read on.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(command)
                    if content is not None:
                        _send(connection, content, deadline)
                return _reply(connection, deadline)
        except OSError as silence:
            raise ScannerUnavailable(f"the scanner does not answer: {type(silence).__name__}") from silence

    def _connect(self) -> socket.socket:
        if self._address.scheme == "tcp":
            return socket.create_connection((self._address.hostname, self._address.port), timeout=self._seconds)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(self._seconds)
        try:
            connection.connect(self._address.path)
        except OSError:
            connection.close()
            raise
        return connection


def _send(connection: socket.socket, content: bytes, deadline: float) -> None:
    """Pieces with their length before them, and an empty one at the end."""
    for start in range(0, len(content), _CHUNK):
        piece = content[start : start + _CHUNK]
        connection.settimeout(_left(deadline))
        connection.sendall(len(piece).to_bytes(4, "big") + piece)
    connection.sendall(bytes(4))


def _reply(connection: socket.socket, deadline: float) -> str:
    """What stands before the NUL that ends a reply; without one it was cut off."""
    reply = b""
    while b"\0" not in reply:
        connection.settimeout(_left(deadline))
        more = connection.recv(_LONGEST_REPLY)
        reply += more
        if not more or len(reply) > _LONGEST_REPLY:
            raise ScannerUnavailable("the scanner's answer does not end")
    return reply.partition(b"\0")[0].decode("utf-8", "replace")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
