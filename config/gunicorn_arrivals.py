"""Requests that are still on their way take no thread of a worker.

Gunicorn hands a new connection to a thread at once, and the thread waits for head and body for as long as the client
likes: eight connections that send half a request stop two workers of four threads. Here the main thread, which polls
connections anyway, reads a request until it is whole, as nginx does with proxy_request_buffering, and only then wakes
a thread. What takes too long is told 408 (RFC 9110, 15.5.9). Connections that we end are drained in the same place:
gunicorn waits up to two seconds for each, and for nothing else meanwhile. So is the rest of an answer sent to who reads
it slowly (config/gunicorn_answers.py).
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from config import gunicorn_settings
from config.gunicorn_answers import AnsweringSocket
from config.gunicorn_requests import Arriving

# A line of 50 kB/s sends 10 MB of evidence in three and a half minutes.
SLOWEST_BODY = 50_000
# What one worker holds of unfinished requests before the oldest, or the largest, must go.
MOST_ARRIVING = 400
MOST_HELD = 128_000_000
_ONE_READ = 65_536
_LINGER = 2.0
_BETWEEN_LOOKS = 0.25
# What is not here once the answer is written is not worth a thread.
_DRAIN = 0.02
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Received(SocketUnreader):  # type: ignore[misc]  # gunicorn carries no types
    """Reads what the main thread has read, and then the wire, for as long as anybody is given."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.pieces: deque[bytes] = deque()
        self.was_told_to_go_on = False
        self.drains_until: float | None = None

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Give the next piece. Raises TimeoutError where the client keeps it back."""
        if self.pieces:
            return self.pieces.popleft()
        if self.drains_until is not None:
            return self._what_is_here(max(self.drains_until - time.monotonic(), 0.0), size_hint)
        if self.sock.gettimeout() is None:
            self.sock.settimeout(gunicorn_settings.patience)
        piece: bytes = super().chunk(size_hint)
        return piece

    def _what_is_here(self, seconds: float, size_hint: int | None) -> bytes:
        """Give what has come, however late it is read, or what comes within these seconds. Raises TimeoutError."""
        self.sock.settimeout(seconds)
        try:
            piece: bytes = super().chunk(size_hint)
        except BlockingIOError:
            raise TimeoutError from None
        return piece

    def take_left(self) -> bytes:
        """Whatever was read and not used: the beginning of the next request."""
        left: bytes = b"".join((self.take_buffered(), *self.pieces))
        self.pieces.clear()
        return left

    def has_more(self) -> bool:
        """Whether something was read and not used."""
        return bool(self.pieces or self.buf.getbuffer().nbytes)


class PatientParser(RequestParser):  # type: ignore[misc]
    """One connection's requests, read from what has arrived."""

    def __init__(self, cfg: Any, source: socket.socket, source_addr: Any) -> None:
        super().__init__(cfg, source, source_addr)
        self.unreader = Received(source)

    def finish_body(self, deadline: float | None = None, max_bytes: int | None = None) -> bool:
        """Read what is left of a body, if it is here: no thread waits for a body that nobody wants.

        A thread that was kept from its processor meanwhile still reads it, up to gunicorn's own deadline.
        """
        if deadline is None:
            return bool(super().finish_body(deadline, max_bytes))
        self.unreader.drains_until = time.monotonic() + _DRAIN
        try:
            return bool(super().finish_body(deadline, max_bytes))
        finally:
            self.unreader.drains_until = None


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's thread worker, whose threads are woken for whole requests only. Not where it ends TLS itself."""

    alive: bool
    cfg: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arriving: dict[TConn, Arriving] = {}
        self._leaving: dict[TConn, float] = {}
        self._reading: dict[TConn, Future[Any]] = {}
        self._unread = Counter[str]()
        self._held = 0
        self._next_look = 0.0
        self._refused = Counter[str]()
        self._most_arriving = max(1, min(MOST_ARRIVING, self.worker_connections // 2))
        self._is_patient = False

    def init_process(self) -> None:
        """See whether connections carry plain HTTP/1, which is all that is waited for here."""
        usual = self.cfg.protocol == "http" and self.cfg.http2_cleartext == "off" and self.cfg.proxy_protocol == "off"
        self._is_patient = usual and not self.cfg.is_ssl
        super().init_process()

    def parser_for(self, conn: TConn) -> RequestParser:
        """What reads a connection's requests."""
        return PatientParser(self.cfg, conn.sock, conn.client)

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, and wait for its first request."""
        if not self._is_patient:
            super().accept(listener)
            return
        try:
            client, address = listener.accept()
        except OSError as refusal:
            if refusal.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        conn = TConn(self.cfg, AnsweringSocket(client), address, listener.getsockname())
        conn.data_ready = True
        conn.parser = self.parser_for(conn)
        self._await_request(conn)

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """A kept connection's next request begins."""
        if not self._is_patient:
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Keep the connection of an answered request, or end it, without waiting, once its answer is sent."""
        if not self._is_patient:
            super().finish_request(conn, fs)
        elif conn.sock.left and not fs.cancelled() and fs.exception() is None:
            self._await_reader(conn, fs)
        elif fs.cancelled() or fs.exception() is not None or not fs.result():
            self._part(conn)
        elif conn.parser.unreader.has_more():
            self._await_request(conn, conn.parser.unreader.take_left())
        else:
            super().finish_request(conn, fs)

    def _await_request(self, conn: TConn, received: bytes = b"") -> None:
        arriving = Arriving(received, time.monotonic() + gunicorn_settings.patience)
        conn.sock.settimeout(0)
        if self._read(conn, arriving):
            self._take_up(conn, arriving)
            return
        if len(self._arriving) >= self._most_arriving:
            self._dismiss(next(iter(self._arriving)), self._close)
        self._arriving[conn] = arriving
        self._held += len(arriving.received)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._more_arrives, conn))

    def _more_arrives(self, conn: TConn, _: socket.socket) -> None:
        arriving = self._arriving.get(conn)
        if arriving is None:  # dismissed since the poller saw it
            return
        before = len(arriving.received)
        is_whole = self._read(conn, arriving)
        self._held += len(arriving.received) - before
        if is_whole:
            self._forget(conn)
            self._take_up(conn, arriving)
        elif self._held > MOST_HELD:
            self._dismiss(max(self._arriving, key=lambda each: len(self._arriving[each].received)), self._close)

    def _read(self, conn: TConn, arriving: Arriving) -> bool:
        """Take what has come; whether a thread shall see to it. The end of the wire is the end of waiting."""
        had_head = arriving.head is not None
        if arriving.received and not had_head and arriving.is_whole(self.cfg, gunicorn_settings.longest_body):
            return True
        try:
            piece = conn.sock.recv(_ONE_READ)
        except (BlockingIOError, InterruptedError):
            piece = None
        except OSError:
            piece = b""
        if piece == b"":
            return True
        if piece:
            arriving.add(piece)
            if arriving.is_whole(self.cfg, gunicorn_settings.longest_body):
                return True
        if arriving.head is not None and not had_head:
            self._await_body(conn, arriving, arriving.end - arriving.head)
        return False

    def _await_body(self, conn: TConn, arriving: Arriving, length: int) -> None:
        arriving.deadline = time.monotonic() + gunicorn_settings.patience + length / SLOWEST_BODY
        if arriving.expects_a_word():
            conn.parser.unreader.was_told_to_go_on = True
            with suppress(OSError):
                conn.sock.send(_CONTINUE)

    def _take_up(self, conn: TConn, arriving: Arriving) -> None:
        if arriving.received:
            conn.parser.unreader.pieces.extend(arriving.pieces())
            self.enqueue_req(conn)
        else:
            self._close(conn)

    def _forget(self, conn: TConn) -> Arriving:
        arriving = self._arriving.pop(conn)
        self._held -= len(arriving.received)
        self._stop_polling(conn)
        return arriving

    def _stop_polling(self, conn: TConn) -> None:
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _dismiss(self, conn: TConn, end: Callable[[TConn], None]) -> None:
        """Tell a client that has begun a request that it took too long; part from one that has not."""
        arriving = self._forget(conn)
        if not arriving.received:
            self._close(conn)
            return
        self._refused[conn.client[0] if isinstance(conn.client, tuple) else ""] += 1
        with suppress(OSError):
            util.write_error(conn.sock, 408, "Request Timeout", "")
        end(conn)

    def _await_reader(self, conn: TConn, answered: Future[Any]) -> None:
        conn.sock.settimeout(0)
        self._reading[conn] = answered
        self.poller.register(conn.sock, selectors.EVENT_WRITE, partial(self._more_is_read, conn))
        if sum(each.sock.left for each in self._reading) > MOST_HELD:
            self._give_up(max(self._reading, key=lambda each: each.sock.left))

    def _more_is_read(self, conn: TConn, _: socket.socket) -> None:
        answered = self._reading.get(conn)
        if answered is None:  # given up since the poller saw it
            return
        try:
            conn.sock.push()
        except OSError:
            self._give_up(conn)
            return
        if not conn.sock.left:
            del self._reading[conn]
            self._stop_polling(conn)
            self.finish_request(conn, answered)

    def _give_up(self, conn: TConn) -> None:
        del self._reading[conn]
        self._stop_polling(conn)
        self._unread[conn.client[0] if isinstance(conn.client, tuple) else ""] += 1
        self._close(conn)

    def _part(self, conn: TConn) -> None:
        """End a connection; what still comes is read for a moment, or the answer might be lost (RFC 9112, 9.6)."""
        try:
            conn.sock.settimeout(0)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        self._leaving[conn] = time.monotonic() + _LINGER
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))

    def _drain(self, conn: TConn, _: socket.socket) -> None:
        if conn not in self._leaving:
            return
        with suppress(BlockingIOError, InterruptedError):
            try:
                more = conn.sock.recv(_ONE_READ)
            except ConnectionError:
                more = b""
            if not more:
                self._see_off(conn)

    def _see_off(self, conn: TConn) -> None:
        del self._leaving[conn]
        self._stop_polling(conn)
        self._close(conn)

    def _close(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """End what has waited for too long; gunicorn asks for it after every round of events."""
        super().murder_pending()
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _BETWEEN_LOOKS
        for conn, arriving in list(self._arriving.items()):
            if not self.alive and not arriving.received:
                arriving.deadline = min(arriving.deadline, now + STOP_KEEPALIVE_LINGER)
            if arriving.deadline <= now:
                self._dismiss(conn, self._part)
        for conn, deadline in list(self._leaving.items()):
            if deadline <= now:
                self._see_off(conn)
        self._part_from_slow_readers(now)
        for address, times in self._refused.items():
            self.log.warning("Requests from ip=%s that were not whole in time, answered 408: %d", address, times)
        self._refused.clear()

    def _part_from_slow_readers(self, now: float) -> None:
        for conn in [each for each in self._reading if each.sock.is_too_slow(now)]:
            self._give_up(conn)
        for address, times in self._unread.items():
            self.log.warning("Answers that ip=%s did not read, or not in time: %d", address, times)
        self._unread.clear()
