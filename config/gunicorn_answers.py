"""Answers that are read slowly take no thread of a worker either.

A thread that writes to a client which reads a byte a second waits for as long as that takes. Here it leaves what the
wire does not take at once with the connection, and the main thread, which polls connections anyway, sends the rest
(config/gunicorn_arrivals.py).
"""

from __future__ import annotations

import errno
import select
import socket
import time
from collections import deque
from typing import Any

from config import gunicorn_settings

# A line of 50 kB/s reads 10 MB of evidence in three and a half minutes.
SLOWEST_READER = 50_000
# How far an answer that is written piece by piece may run ahead of its reader before the thread waits for them.
MOST_AHEAD = 1_000_000


class AnsweringSocket(socket.socket):
    """A client's connection, whose `sendall` does not wait: what is left is for `push`, until `is_too_slow`.

    Written to by one thread at a time: by that of the request, and by the main one when the request is over.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.left = 0
        self._pieces: deque[memoryview] = deque()
        self._begun = 0.0
        self._passed = 0

    def sendall(self, data: Any, flags: int = 0, /) -> None:  # noqa: ARG002 -- nobody here sends with flags
        """Send, or keep for later; of an answer in many pieces the thread waits where it has run far ahead.

        Raises BrokenPipeError when its reader is too slow, as if they had gone.
        """
        is_first = not self.left
        self._pieces.append(memoryview(data))
        self.left += len(data)
        self.push()
        if is_first:
            # What the wire took at once says nothing of who reads.
            self._begun, self._passed = time.monotonic(), 0
        while self.left > MOST_AHEAD and not is_first:
            self._wait_for_reader()
            self.push()

    def push(self) -> None:
        """Send as much as the wire takes at once. Raises OSError when the client has gone."""
        if self.gettimeout():
            self.settimeout(None)  # with a time of its own a socket waits before it sends
        while self._pieces:
            piece = self._pieces[0]
            try:
                sent = self.send(piece, socket.MSG_DONTWAIT) if piece else 0
            except (BlockingIOError, InterruptedError):
                return
            self.left -= sent
            self._passed += sent
            if sent == len(piece):
                self._pieces.popleft()
            else:
                self._pieces[0] = piece[sent:]

    def is_too_slow(self, now: float) -> bool:
        """Whether the reader takes less than may be waited for."""
        return now > self._begun + gunicorn_settings.patience + self._passed / SLOWEST_READER

    def _wait_for_reader(self) -> None:
        waiting = select.poll()
        waiting.register(self, select.POLLOUT)
        if not waiting.poll(1_000) and self.is_too_slow(time.monotonic()):
            raise BrokenPipeError(errno.EPIPE, "the answer is not read")
