"""The scanner's own door: clamd's commands over TCP (clamd(8), "COMMANDS"). It knows one signature, that of EICAR."""

from __future__ import annotations

import re
import socketserver
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from threading import Thread

from identity_provider.sandbox.faults import Faults
from identity_provider.sandbox.serving import HOST

# In two halves, so that no scanner takes this file for what it is about (eicar.org, "Download Anti Malware Testfile").
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MOST_BYTES = 100_000_000
_STREAM = re.compile(rb"stream\r?\n")
_LONGEST_COMMAND = 64


class ClamdServer(socketserver.ThreadingTCPServer):
    """Listens, and keeps count of what it was given."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, faults: Faults) -> None:
        super().__init__((HOST, port), _Conversation)
        self.faults = faults
        self.scanned: list[str] = []


class _Conversation(socketserver.StreamRequestHandler):
    """One connection, one command: `z` ends it with NUL, `n` with a new line, and the answer ends likewise."""

    server: ClamdServer
    timeout = 60

    def handle(self) -> None:
        faults = self.server.faults
        faults.wait_if_slow()
        if faults.is_("down"):
            return
        with suppress(OSError, ValueError):
            ending, command = self._command()
            answer = self._answer(command)
            self.wfile.write(b"\xff\xfe\0 OK OK" if faults.is_("garbage") else answer.encode() + ending)

    def _command(self) -> tuple[bytes, str]:
        ending = {b"z": b"\0", b"n": b"\n"}.get(self.rfile.read(1), b"\n")
        command = b""
        while not command.endswith(ending) and len(command) < _LONGEST_COMMAND:
            read = self.rfile.read(1)
            if not read:
                break
            command += read
        return ending, command.rstrip(ending).decode("ascii", "replace")

    def _answer(self, command: str) -> str:
        match command:
            case "PING":
                return "PONG"
            case "VERSION":
                return version()
            case "INSTREAM":
                return self._scan()
            case _:
                return "UNKNOWN COMMAND"

    def _scan(self) -> str:
        content = b""
        while length := int.from_bytes(self._exactly(4), "big"):
            if len(content) + length > MOST_BYTES or self.server.faults.is_("size_limit"):
                return "INSTREAM size limit exceeded. ERROR"
            content += self._exactly(length)
        verdict = "stream: Eicar-Test-Signature FOUND" if holds_eicar(content) else "stream: OK"
        self.server.scanned.append(verdict)
        return verdict

    def _exactly(self, length: int) -> bytes:
        read = self.rfile.read(length)
        if len(read) < length:
            raise ValueError("the connection was cut off")
        return read


def version() -> str:
    """As clamd says it: its own version, that of its signatures, and their day, which is always today's."""
    return f"ClamAV 1.4.0/1/{datetime.now(UTC):%a %b %e %H:%M:%S %Y}"


def holds_eicar(content: bytes) -> bool:
    """Whether EICAR's string is in there, also where a PDF has packed it."""
    return EICAR in content or any(EICAR in _unpacked(content[each.end() :]) for each in _STREAM.finditer(content))


def start_clamd(port: int, faults: Faults) -> ClamdServer:
    """Listen on a thread of its own."""
    server = ClamdServer(port, faults)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, MOST_BYTES)
    except zlib.error:
        return b""
