"""Gunicorn's thread worker, with a shorter way for plain requests.

Gunicorn reads a request's head piece by piece in Python, and passes a kept connection from thread to thread and back
for each request: for what services ask of us most, that cost several times what the answer did. Here a head which one
strict expression matches as a whole is taken from it at once, and a thread waits a moment for the next (for the first,
and for what comes slowly, the main thread waits: config/gunicorn_arrivals.py). Whatever it
does not match (folded lines, underscores in names, repeated fields, chunked bodies, expectations, strange methods or
targets) is gunicorn's own parser's to judge, unchanged. Written against the insides of gunicorn 27:
tests/config/test_gunicorn_worker.py sends the same bytes to both and compares the answers.
"""

from __future__ import annotations

import os
import re
import select
import socket
import time
from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import lru_cache
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any

from gunicorn import util
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http import wsgi
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import TConn

from config import gunicorn_settings
from config.gunicorn_arrivals import PatientParser, PatientWorker
from config.gunicorn_requests import Arriving

LINGER_MILLISECONDS = 5
# A head that one read brought has no line that is longer than gunicorn's limits (8,190 bytes) allow.
_LONGEST_READ = 8_190
# RFC 9112 sections 2.2, 3 and 5; RFC 9110 sections 5.1 and 5.5. Names with underscores are gunicorn's to judge: they
# could pass for others in the environment of WSGI.
_HEAD = re.compile(
    rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/(?!/)[\x21\x22\x24-\x7e]*) HTTP/1\.1\r\n"
    rb"((?:[0-9A-Za-z!#$%&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n"
)
# Headers that stand in answer after answer with the same few values; none of them carries a secret.
_SAME_EVERYWHERE = frozenset(
    {
        *("Cache-Control", "Content-Security-Policy", "Content-Type", "Pragma", "Referrer-Policy"),
        *("Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy"),
        *("Strict-Transport-Security", "Vary", "X-Content-Type-Options", "X-Frame-Options"),
    }
)
_GUNICORNS = frozenset({"TRANSFER-ENCODING", "EXPECT", "UPGRADE", "HTTP2-SETTINGS"})


class PlainRequest(Request):  # type: ignore[misc]  # gunicorn carries no types
    """A request whose head was read at once where it is plain, and by gunicorn where it is not."""

    is_plain = False

    def parse(self, unreader: Any) -> bytes:
        """Read the head; give back what was read beyond it. Raises what gunicorn's parser raises."""
        received: bytes = unreader.read()
        if not received:
            raise StopIteration
        found = _HEAD.match(received) if len(received) <= _LONGEST_READ else None
        if found is None or not self._is_plain(found):
            unreader.unread(received)
            rest: bytes = super().parse(unreader)
            if getattr(unreader, "was_told_to_go_on", False):
                self._expected_100_continue = unreader.was_told_to_go_on = False
            return rest
        self.method = found[1].decode("ascii")
        self.uri = uri = found[2].decode("ascii")
        path, _, query = uri.partition("?")
        self.path, self.query = path, query
        self.fragment = ""
        self.version = (1, 1)
        return received[found.end() :]

    def _is_plain(self, found: re.Match[bytes]) -> bool:
        """Keep its fields, if there is nothing in them to be judged."""
        lines = found[3].decode("latin-1").split("\r\n")
        fields = {}
        for line in lines[:-1]:
            name, _, value = line.partition(":")
            fields[name.upper()] = value.strip(" \t")
        if not len(lines) - 1 == len(fields) <= self.limit_request_fields:
            return False
        if not (_GUNICORNS.isdisjoint(fields) and self._knows_its_scheme(fields)):
            return False
        self.headers = list(fields.items())
        self.is_plain = True
        return True

    def _knows_its_scheme(self, fields: dict[str, str]) -> bool:
        """Take the scheme that a trusted proxy tells, as gunicorn does; two that tell it are gunicorn's to compare."""
        told = [name for name in self.cfg.secure_scheme_headers if name in fields]
        if told:
            believed, _ = self._peer_trusted_for_forwarded()
            if told[0] in believed:
                self.scheme = "https" if fields[told[0]] == believed[told[0]] else "http"
        return len(told) <= 1

    def set_body_reader(self) -> None:
        """Let gunicorn read the body, but for one that came with the head: all of it, and nothing else."""
        beyond = len(self.unreader.buf.getvalue())
        if self.is_plain and _length(self.headers) == beyond:
            self.body = BytesIO(self.unreader.take_buffered())
        else:
            super().set_body_reader()


def _length(headers: list[tuple[str, str]]) -> int | None:
    """Of the body; nothing where it is not plainly told."""
    told = next((value for name, value in headers if name == "CONTENT-LENGTH"), "0")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else None


class PlainParser(PatientParser):
    """One connection's requests."""

    mesg_class = PlainRequest

    def finish_body(self, deadline: float | None = None, max_bytes: int | None = None) -> bool:
        """Read what is left of a body; of one that is here already nothing is left on the wire."""
        if self.mesg is not None and isinstance(self.mesg.body, BytesIO):
            return True
        return bool(super().finish_body(deadline, max_bytes))


class PlainResponse(wsgi.Response):  # type: ignore[misc]
    """Gunicorn's response, its head sent together with the first of its body."""

    headers_sent: bool
    sent: int

    def process_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """Check and keep what the application sends. Raises for what may not stand in a header, as gunicorn does."""
        for name, value in headers:
            if not _is_known_good(name, value):
                super().process_headers([(name, value)])
            else:
                self.headers.append((name, value))

    def write(self, arg: bytes) -> None:
        """Send a piece of the body, and the head before the first."""
        if self.headers_sent or self.upgrade or self._omits_body or len(arg) != self.response_length:
            super().write(arg)
            return
        whole = self._head() + arg
        self.headers_sent = True
        self.sent = len(arg)
        self.sock.sendall(whole)

    def _head(self) -> bytes:
        connection = "close" if self.should_close() else "keep-alive"
        date = _date(int(time.time()))
        own = f"HTTP/1.1 {self.status}\r\nServer: {self.version}\r\nDate: {date}\r\nConnection: {connection}\r\n"
        lines = "".join([f"{name}: {value}\r\n" for name, value in self.headers])
        return f"{own}{lines}\r\n".encode("latin-1")


def _is_known_good(name: str, value: str) -> bool:
    return name in _SAME_EVERYWHERE and _is_good(value)


@lru_cache(maxsize=256)
def _is_good(value: str) -> bool:
    return wsgi.HEADER_VALUE_RE.fullmatch(value) is not None and value == value.strip(" \t")


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


class _Known:
    """Gunicorn's settings, each looked up once: no worker outlives them, and each request asks for a dozen."""

    def __init__(self, cfg: Config) -> None:
        self._cfg = cfg

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._cfg, name)
        setattr(self, name, value)
        return value


class PlainWorker(PatientWorker):
    """Gunicorn's thread worker, patient; a thread that has answered waits a moment for its connection's next request.

    Giving a connection back to the main thread takes a pipe, the poller and a queue: as much as answering. No thread
    waits while a connection stands in line, and one thread never does.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cfg = _Known(self.cfg)
        self._seats = BoundedSemaphore(self.cfg.threads - 1) if self.cfg.threads > 1 else None
        self._base: dict[str, Any] = {}
        self._is_plain_server = False

    def init_process(self) -> None:
        """Make once what every request's environment holds; where more is asked of gunicorn it works alone."""
        own = {"wsgi.multithread": True, "SCRIPT_NAME": "", "SERVER_PROTOCOL": "HTTP/1.1"}
        self._base = wsgi.base_environ(self.cfg) | own
        usual = self.cfg.protocol == "http" and self.cfg.http2_cleartext == "off" and self.cfg.proxy_protocol == "off"
        self._is_plain_server = usual and not self.is_asked_for_more()
        super().init_process()

    def is_asked_for_more(self) -> bool:
        """Whether settings ask for what only gunicorn's own way does."""
        cfg = self.cfg
        limits = (cfg.limit_request_line, cfg.limit_request_field_size)
        hooks = (cfg.settings[name] for name in ("pre_request", "post_request"))
        logs = (self.log.access_log_enabled, cfg.statsd_host, cfg.logconfig, cfg.logconfig_dict, cfg.logconfig_json)
        return (
            bool(cfg.is_ssl or os.environ.get("SCRIPT_NAME"))
            or any((*logs, cfg.errorlog != "-", cfg.logger_class is not Logger))
            or any(0 < limit < _LONGEST_READ for limit in limits)
            or any(hook.get() is not hook.default for hook in hooks)
        )

    def parser_for(self, conn: TConn) -> RequestParser:
        """Ours for all that may be plain."""
        is_ours = self._is_plain_server and isinstance(conn.client, tuple)
        return PlainParser(self.cfg, conn.sock, conn.client) if is_ours else super().parser_for(conn)

    def handle(self, conn: TConn) -> Any:
        """Answer the request that waits, and those that follow it closely."""
        while (outcome := super().handle(conn)) is True and self._another_follows(conn):
            pass
        return outcome

    def _another_follows(self, conn: TConn) -> bool:
        """Whether the next request is here; the main thread sees to one that was begun, or read already."""
        if not (self._is_patient and self.alive) or self._somebody_waits() or conn.parser.unreader.has_more():
            return False
        if conn.sock.left:  # this answer first
            return False
        if self._seats is None or not self._seats.acquire(blocking=False):
            return False
        try:
            waiting = select.poll()
            waiting.register(conn.sock, select.POLLIN)
            if not waiting.poll(LINGER_MILLISECONDS):
                return False
        finally:
            self._seats.release()
        return self._has_come_whole(conn)

    def _has_come_whole(self, conn: TConn) -> bool:
        """Read what is here; also whether the wire has ended, which the parser finds out by itself."""
        try:
            received = conn.sock.recv(_LONGEST_READ, socket.MSG_DONTWAIT)
        except OSError:
            return False
        if received:
            conn.parser.unreader.pieces.append(received)
        return not received or Arriving(received, 0).is_whole(self.cfg, gunicorn_settings.longest_body)

    def _somebody_waits(self) -> bool:
        idle = len(self.keepalived_conns) + len(self._arriving) + len(self._leaving)
        return bool(self.nr_conns - idle > self.cfg.threads)

    def handle_request(self, req: PlainRequest, conn: TConn) -> bool:
        """Answer one request; whether the connection may be kept."""
        if not getattr(req, "is_plain", False):
            return bool(super().handle_request(req, conn))
        response = PlainResponse(req, conn.sock, self.cfg)
        self._count(response)
        try:
            self._answer(self.wsgi, req, conn, response)
        except OSError:
            raise
        except (Exception, SystemExit):
            if response.headers_sent:
                self.log.exception("Error handling request")
                util.close_graceful(conn.sock)
                raise StopIteration from None
            raise
        return not response.should_close()

    def _count(self, response: PlainResponse) -> None:
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        if not self.alive or not self.cfg.keepalive or len(self.keepalived_conns) >= self.max_keepalived:
            response.force_close()

    def _answer(self, app: Callable[..., Any], req: PlainRequest, conn: TConn, response: PlainResponse) -> None:
        answer = app(self._environ(req, conn), response.start_response)
        try:
            if isinstance(answer, wsgi.FileWrapper):
                response.write_file(answer)
            else:
                for piece in answer:
                    response.write(piece)
            response.close()
        finally:
            if hasattr(answer, "close"):
                answer.close()

    def _environ(self, req: PlainRequest, conn: TConn) -> dict[str, Any]:
        environ = self._base | {
            "wsgi.input": req.body,
            "wsgi.url_scheme": req.scheme,
            "gunicorn.socket": conn.sock,
            "REQUEST_METHOD": req.method,
            "RAW_URI": req.uri,
            "PATH_INFO": util.unquote_to_wsgi_str(req.path) if "%" in req.path else req.path,
            "QUERY_STRING": req.query,
            "REMOTE_ADDR": conn.client[0],
            "REMOTE_PORT": str(conn.client[1]),
            "SERVER_NAME": conn.server[0],
            "SERVER_PORT": str(conn.server[1]),
        }
        for name, value in req.headers:
            environ[_key(name)] = value
        return environ


@lru_cache(maxsize=512)
def _key(name: str) -> str:
    return name.replace("-", "_") if name in {"CONTENT-TYPE", "CONTENT-LENGTH"} else "HTTP_" + name.replace("-", "_")
