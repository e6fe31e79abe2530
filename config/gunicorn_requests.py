"""How much of a request has arrived, and when that is all that is worth waiting for."""

from __future__ import annotations

import re
from typing import Any

_ONE_PIECE = 8_190
_LENGTH = re.compile(rb"\ncontent-length:[\t ]*([0-9]{1,9})[\t ]*(?=\r\n)")
_EXPECTS = re.compile(rb" http/1\.1\r\n(?:.*\n)??expect:[\t ]*100-continue[\t ]*\r\n", re.DOTALL)
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")


def following(head: bytes, longest: int) -> int:
    """How many bytes of body to wait for: none of chunks, none where no length is plainly told or it is too much.

    Those are refused unread.
    """
    small = head.lower()
    if b"\ncontent-length" not in small or b"\ntransfer-encoding" in small:
        return 0
    lengths = _LENGTH.findall(small)
    length = int(lengths[0]) if len(lengths) == 1 else 0
    return length if length <= longest else 0


class Arriving:
    """What a connection has sent of its next request."""

    def __init__(self, received: bytes, deadline: float) -> None:
        self.received: bytes | bytearray = received
        self.deadline = deadline
        self.head: int | None = None
        self.end = 0
        self._looked = 0

    def add(self, piece: bytes) -> None:
        """Take what came. The first piece, which mostly is all, is not copied."""
        if not self.received:
            self.received = piece
        else:
            if isinstance(self.received, bytes):
                self.received = bytearray(self.received)
            self.received += piece

    def is_whole(self, cfg: Any, longest: int) -> bool:
        """Whether there is nothing more to wait for: all is here, or gunicorn's parser will refuse what is."""
        if self.head is None:
            found = self.received.find(b"\r\n\r\n", max(0, self._looked - 3))
            if found < 0:
                return self._is_hopeless(cfg)
            self.head = found + 4
            self.end = self.head + following(bytes(self.received[: self.head]), longest)
        return len(self.received) >= self.end

    def _is_hopeless(self, cfg: Any) -> bool:
        """RFC 9112, 2.2: gunicorn refuses a bare line feed, and too much, without waiting for the end."""
        begun, self._looked = self._looked, len(self.received)
        line, fields, field = cfg.limit_request_line, cfg.limit_request_fields, cfg.limit_request_field_size
        if _BARE_LINE_FEED.search(self.received, begun):
            return True
        if self._looked > min(line or 8_190, 8_190) + 2 and b"\r\n" not in self.received[: line + 4]:
            return True
        return bool(self._looked > (fields or 32_768) * ((field or 8_190) + 2) + 8_190)

    def expects_a_word(self) -> bool:
        """Whether the client keeps its body back until it is told to go on (RFC 9110, 10.1.1)."""
        return self.head is not None and _EXPECTS.search(bytes(self.received[: self.head]).lower()) is not None

    def pieces(self) -> list[bytes]:
        """All of it; where it is long its head alone, and then the rest."""
        if len(self.received) <= _ONE_PIECE or not self.head:
            return [bytes(self.received)] if self.received else []
        whole = memoryview(self.received)
        return [piece for piece in (bytes(whole[: self.head]), bytes(whole[self.head :])) if piece]
