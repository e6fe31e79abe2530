"""Our worker answers as gunicorn's own does, byte for byte: only sooner."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from hypothesis import given
from hypothesis import strategies as st

from config.gunicorn_worker import PlainRequest, PlainWorker
from tests.kit.stand_ins import CLONE, free_port

HOST = b"Host: localhost\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
POST = b"POST / HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"
NEXT = b"GET /next HTTP/1.1\r\n" + HOST + b"\r\n"

ASKED = {
    "nothing special": GET + b"\r\n",
    "a query and a path that is not ASCII": b"GET /%c3%a9%2fx%ff?q=%c3%a9&r HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw bytes in the path": "GET /é HTTP/1.1\r\n".encode() + HOST + b"\r\n",
    "NUL in the path": b"GET /%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "an absolute target": b"GET http://elsewhere/x?y HTTP/1.1\r\n" + HOST + b"\r\n",
    "an authority for a target": b"GET elsewhere:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "two slashes": b"GET //elsewhere/x HTTP/1.1\r\n" + HOST + b"\r\n",
    "a fragment": b"GET /x#y HTTP/1.1\r\n" + HOST + b"\r\n",
    "dots": b"GET /a/../b;c HTTP/1.1\r\n" + HOST + b"\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT elsewhere:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method in small letters": b"get / HTTP/1.1\r\n" + HOST + b"\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n",
    "HEAD": b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "HTTP/1.0 kept": b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\n" + HOST + b"\r\n",
    "HTTP/2.0": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": GET + b"Host: elsewhere\r\n\r\n",
    "a forwarded scheme": GET + b"X-Forwarded-Proto: https\r\n\r\n",
    "another forwarded scheme": GET + b"X-Forwarded-Proto: gopher\r\n\r\n",
    "two forwarded schemes": GET + b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n\r\n",
    "addresses passed on": GET + b"X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n\r\n",
    "addresses twice": GET + b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n",
    "an address passed on under a false name": GET
    + b"X-Forwarded-For: 192.0.2.1\r\nX_Forwarded_For: 192.0.2.6\r\n\r\n",
    "only under a false name": GET + b"X_Forwarded_For: 192.0.2.6\r\n\r\n",
    "a script's name": GET + b"SCRIPT_NAME: /x\r\n\r\n",
    "a length under a false name": POST + b"Content-Length: 2\r\nContent_Length: 5\r\n\r\nab",
    "two authorizations": GET + b"Authorization: a\r\nAuthorization: b\r\n\r\n",
    "two cookies": GET + b"Cookie: a=1\r\ncookie: b=2\r\n\r\n",
    "two types": POST + b"Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 1\r\n\r\nx",
    "a folded line": GET + b"X-A: a\r\n b\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "a bare line feed in the head": b"GET / HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n",
    "a bare carriage return": GET + b"X-A: a\rX-B: b\r\n\r\n",
    "NUL in a header": GET + b"X-A: a\0b\r\n\r\n",
    "control characters in a header": GET + b"X-A: a\x01\x7fb\r\n\r\n",
    "high bytes in a header": GET + b"X-A: a\xe9\xffb\r\n\r\n",
    "blanks around a value": GET + b"X-A: \t a b\t \r\n\r\n",
    "an empty value": GET + b"X-A:\r\n\r\n",
    "a blank before the colon": GET + b"X-A : b\r\n\r\n",
    "brackets in a name": GET + b"X(A): b\r\n\r\n",
    "no colon": GET + b"XA\r\n\r\n",
    "no name": GET + b": b\r\n\r\n",
    "an empty line first": b"\r\n" + GET + b"\r\n",
    "a line that is too long": b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header that is too long": GET + b"X-A: " + b"a" * 9_000 + b"\r\n\r\n",
    "as many fields as may be": GET + b"".join(b"X-%d: a\r\n" % number for number in range(59)) + b"\r\n",
    "too many fields": GET + b"".join(b"X-%d: a\r\n" % number for number in range(60)) + b"\r\n",
    "a body": POST + b"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
    "a long body": POST + b"Content-Length: 20000\r\n\r\n" + b"x" * 20_000,
    "a body that ends too soon": POST + b"Content-Length: 50\r\n\r\nhello",
    "no length": POST + b"\r\n",
    "an empty length": POST + b"Content-Length: \r\n\r\n",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\nab",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "two equal lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\nab",
    "a superscript length": POST + b"Content-Length: \xb2\r\n\r\nab",
    "chunks": CHUNKED + b"\r\n3\r\nabc\r\n0\r\n\r\n",
    "chunks and a length": CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n" + NEXT,
    "a length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "chunks twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunks of another kind": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks under a false name": POST + b"Content-Length: 2\r\nTransfer_Encoding: chunked\r\n\r\nab",
    "an expectation": POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\nab",
    "another expectation": POST + b"Content-Length: 2\r\nExpect: miracles\r\n\r\nab",
    "an upgrade": GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "the end of the connection": GET + b"Connection: close\r\n\r\n" + NEXT,
    "two requests in a row": GET + b"\r\n" + NEXT,
    "a request behind a body": POST + b"Content-Length: 5\r\n\r\nhello" + NEXT,
    "a request behind a body that nobody reads": POST.replace(b"/ ", b"/unread ", 1)
    + b"Content-Length: 5\r\n\r\nhello"
    + NEXT,
    "a body that nobody reads": POST.replace(b"/ ", b"/unread ", 1) + b"Content-Length: 5\r\n\r\nhello",
    **{
        f"{method} {path}": f"{method} {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n" + NEXT
        for method in ("GET", "HEAD")
        for path in (
            *("/pieces", "/too-much", "/no-content", "/moved", "/file", "/split"),
            *("/failing", "/failing-late"),
        )
    },
}
PATIENCE = 120
"""Seconds for whatever the server does by itself: none of them is a measure of it."""
UNHURRIED = "--keep-alive 600 --timeout 600 --graceful-timeout 600"
"""No connection is given up, and no worker, because this machine is busy. What is to end sooner ends for a reason."""
_DATE = re.compile(rb"\r\nDate: [^\r]+")


@contextmanager
def gunicorn(worker_class: str, log: Path, **more: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The server under our settings, in front of an echo; its port and its process."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "python:config.gunicorn_settings",
        "--worker-class",
        worker_class,
    ]
    environment = os.environ | {"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "1", "WEB_THREADS": "3"} | more
    environment["GUNICORN_CMD_ARGS"] = f"{UNHURRIED} {more.get('GUNICORN_CMD_ARGS', '')}"
    with log.open("wb") as said:
        running = subprocess.Popen([*command, "tests.kit.echo"], cwd=CLONE, env=environment, stdout=said, stderr=said)
    try:
        wait_until_it_listens(port, running, log)
        yield port, running
    finally:
        with suppress(psutil.NoSuchProcess):  # at once, whatever is still open
            master = psutil.Process(running.pid)
            for each in (*master.children(), master):
                each.kill()
        running.wait(PATIENCE)


def wait_until_it_listens(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(10 * PATIENCE):
        try:
            if ask(port, GET + b"\r\n"):
                return
        except OSError:
            pass
        assert running.poll() is None, log.read_text("utf-8", "replace")
        time.sleep(0.1)
    pytest.fail(f"it does not listen: {log.read_text('utf-8', 'replace')}")


def ask(port: int, sent: bytes) -> bytes:
    """Send, say that no more will come, and give everything that is answered but for the time of day."""
    with connected(port) as wire:
        # Who refuses may have answered and gone before we say that this was all.
        with suppress(OSError):
            wire.sendall(sent)
            wire.shutdown(socket.SHUT_WR)
        return _DATE.sub(b"", everything(wire))


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def one_answer(wire: socket.socket) -> bytes:
    """An answer with its body, in however many pieces it comes; less where the server ends it."""
    answered = b""
    while (end := answered.find(b"\r\n\r\n")) < 0 or len(answered) < end + 4 + _length_in(answered[:end]):
        piece = wire.recv(65_536)
        if not piece:
            break
        answered += piece
    return answered


def _length_in(head: bytes) -> int:
    told = re.search(rb"\r\nContent-Length: ([0-9]+)", head)
    return int(told[1]) if told else 0


def everything(wire: socket.socket) -> bytes:
    answered = b""
    try:
        while piece := wire.recv(65_536):
            answered += piece
    except ConnectionResetError:
        pass  # the server closed while some of what was sent lay unread
    return answered


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Of our worker and of gunicorn's."""
    place = tmp_path_factory.mktemp("gunicorn")
    with ExitStack() as stack:
        ours, _ = stack.enter_context(gunicorn("config.gunicorn_worker.PlainWorker", place / "ours.log"))
        its_own, _ = stack.enter_context(gunicorn("gthread", place / "its_own.log"))
        yield ours, its_own


@pytest.mark.parametrize("name", ASKED)
def test_the_answer_is_gunicorn_s_own(ports: tuple[int, int], name: str) -> None:
    ours, its_own = ports
    assert ask(ours, ASKED[name]) == ask(its_own, ASKED[name])


def test_an_address_passed_on_under_a_false_name_reaches_nobody(ports: tuple[int, int]) -> None:
    """RFC 9110, 17.10: in the environment of WSGI the two names would be one."""
    assert b"192.0.2.6" not in ask(ports[0], ASKED["an address passed on under a false name"])


def test_a_kept_connection_answers_again_and_again_and_after_a_while(ports: tuple[int, int]) -> None:
    with connected(ports[0]) as wire:
        for pause in (0, 0, 0, 0.1, 0, 0.1):
            time.sleep(pause)
            wire.sendall(POST + b"Content-Length: 5\r\n\r\nhello")
            assert one_answer(wire).endswith(b"\nb'hello'")


def test_a_body_that_comes_after_its_head_is_read(ports: tuple[int, int]) -> None:
    with connected(ports[0]) as wire:
        wire.sendall(POST + b"Content-Length: 10\r\n\r\n")
        for piece in (b"hello", b"again"):
            time.sleep(0.1)
            wire.sendall(piece)
        assert one_answer(wire).endswith(b"\nb'helloagain'")


def test_connections_that_say_nothing_leave_room_for_those_that_do(ports: tuple[int, int]) -> None:
    """There are three threads, and more connections that were answered once and are kept."""
    with ExitStack() as stack:
        wires = [stack.enter_context(connected(ports[0])) for _ in range(9)]
        for _ in range(3):
            for wire in wires:
                wire.sendall(GET + b"\r\n")
            for wire in wires:
                assert one_answer(wire).startswith(b"HTTP/1.1 200")


def test_a_worker_that_is_killed_comes_back(tmp_path: Path) -> None:
    with gunicorn("config.gunicorn_worker.PlainWorker", tmp_path / "log") as (port, running):
        [worker] = psutil.Process(running.pid).children()
        worker.kill()
        worker.wait(PATIENCE)
        wait_until_it_listens(port, running, tmp_path / "log")


def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    with gunicorn("config.gunicorn_worker.PlainWorker", tmp_path / "log") as (_, running):
        [worker] = psutil.Process(running.pid).children()
        running.kill()
        worker.wait(PATIENCE)


def test_it_stops_when_it_is_told_though_a_connection_is_kept(tmp_path: Path) -> None:
    with ExitStack() as stack:
        port, running = stack.enter_context(gunicorn("config.gunicorn_worker.PlainWorker", tmp_path / "log"))
        wire = stack.enter_context(connected(port))
        wire.sendall(GET + b"\r\n")
        assert b"\r\nConnection: keep-alive\r\n" in one_answer(wire)
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 0, "it was to wait neither for the connection nor for its patience to end"


def test_a_worker_that_has_answered_enough_says_so_and_gives_way(tmp_path: Path) -> None:
    more = {"GUNICORN_CMD_ARGS": "--max-requests 20 --max-requests-jitter 0"}
    with gunicorn("config.gunicorn_worker.PlainWorker", tmp_path / "log", **more) as (port, running):
        [worker] = psutil.Process(running.pid).children()
        with connected(port) as wire:
            answers: list[bytes] = []
            while not answers or b"keep-alive" in answers[-1]:
                wire.sendall(GET + b"\r\n")
                answers.append(one_answer(wire))
        assert b"\r\nConnection: close\r\n" in answers[-1]
        worker.wait(PATIENCE)
        wait_until_it_listens(port, running, tmp_path / "log")


CONFIG = Config()
CONFIG.set("limit_request_fields", 6)
NAMES = ["Host", "host", "Cookie", "Content-Length", "content-length", "Content_Length", "Content-Type", "Expect"]
NAMES += ["Transfer-Encoding", "Connection", "X-Forwarded-Proto", "X-Forwarded-Ssl", "X_A", "X-A", "X A", "", "X-A\t"]
VALUES = [
    "",
    "a",
    " a ",
    "\ta",
    "0",
    "2",
    "+2",
    "2, 2",
    "\xb2",
    "chunked",
    "close",
    "keep-alive",
    "https",
    "on",
    "\x00",
]
VALUES += ["a\rb", "a\nb", "a\r\n b", "\xe9", "100-continue", "a:b"]
LINES = st.tuples(st.sampled_from(NAMES), st.sampled_from([":", ": ", " :", ""]), st.sampled_from(VALUES)).map("".join)
TARGETS = st.sampled_from(["/", "/a?b", "/a?b?c", "//a", "/a#b", "*", "a:1", "http://a/b", "/%00", "/\xe9", "/a b", ""])
METHODS = st.sampled_from(["GET", "POST", "HEAD", "get", "CONNECT", "OPTIONS", "G", "G@T"])
ENDS = st.sampled_from(["\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r"])


@given(
    line=st.tuples(METHODS, TARGETS, st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2"])).map(" ".join),
    fields=st.lists(st.tuples(LINES, ENDS).map("".join), max_size=8),
    body=st.sampled_from(["", "ab", "0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"]),
)
def test_whatever_is_sent_is_read_as_gunicorn_reads_it(line: str, fields: list[str], body: str) -> None:
    sent = f"{line}\r\n{''.join(fields)}\r\n{body}".encode("latin-1")
    assert read(PlainRequest, sent) == read(Request, sent)


def read(kind: Any, sent: bytes) -> object:
    """What a parser makes of it, or why it refuses."""
    unreader = IterUnreader([sent])
    try:
        found = kind(CONFIG, unreader, ("127.0.0.1", 1))
        body = found.body.read()
    except Exception as refusal:  # noqa: BLE001 -- whatever it is, it must be the same
        return type(refusal)
    facts = (found.method, found.uri, found.path, found.query, found.fragment, found.version, found.scheme)
    return (*facts, found.headers, found.should_close(), found._expected_100_continue, body, unreader.take_buffered())


@pytest.mark.parametrize(
    ("asked", "sent", "status"),
    [
        ("--limit-request-line 100", b"GET /" + b"a" * 300 + b" HTTP/1.1\r\nHost: h\r\n\r\n", b"414"),
        ("--limit-request-field_size 100", GET + b"X: " + b"a" * 300 + b"\r\n\r\n", b"431"),
    ],
)
def test_a_stricter_limit_is_kept(tmp_path: Path, asked: str, sent: bytes, status: bytes) -> None:
    with gunicorn("config.gunicorn_worker.PlainWorker", tmp_path / "log", GUNICORN_CMD_ARGS=asked) as (port, _):
        assert ask(port, sent).split(b" ")[1] == status


def look_on(worker: object, req: object) -> None:
    """A hook, as an operator may set one."""


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("accesslog", "-"), ("errorlog", os.devnull), ("statsd_host", "localhost:8125"), ("limit_request_line", 100),
        ("limit_request_field_size", 100), ("pre_request", look_on), ("syslog", True),
    ],
)  # fmt: skip
def test_what_only_gunicorn_does_is_left_to_it(setting: str, value: object) -> None:
    """Access lines, counts, hooks and stricter limits are told by its own way only."""
    worker = PlainWorker.__new__(PlainWorker)
    config = Config()
    config.set("limit_request_line", 8_190)
    worker.cfg, worker.log = config, Logger(config)
    assert not worker.is_asked_for_more()
    config.set(setting, value)
    if setting != "errorlog":  # which would open the file
        worker.log = Logger(config)
    try:
        assert worker.is_asked_for_more()
    finally:
        close_logs()


def close_logs() -> None:
    """Close what gunicorn's loggers write to: the next one only forgets it, with its socket to syslog open."""
    for logger in map(logging.getLogger, ("gunicorn.error", "gunicorn.access")):
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
