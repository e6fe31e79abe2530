"""Whoever sends half a request waits alone: no thread, no stop and no recycling waits with them."""

from __future__ import annotations

import selectors
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn

from config import gunicorn_arrivals, gunicorn_settings
from config.gunicorn_arrivals import PatientParser, PatientWorker
from identity_provider.kit.evidence_files import MOST_UPLOADED
from tests.config.test_gunicorn_worker import (
    CHUNKED,
    GET,
    NEXT,
    PATIENCE,
    POST,
    ask,
    connected,
    everything,
    gunicorn,
    one_answer,
    wait_until_it_listens,
)

OURS = "config.gunicorn_worker.PlainWorker"
HALF_HEAD = b"GET / HTTP/1.1\r\nHost: loc"
HALF_BODY = POST + b"Content-Length: 4000\r\n\r\ngrant_type="
UNREAD = POST.replace(b"/ ", b"/unread ", 1)
HELD_BACK = {
    "half a head": HALF_HEAD,
    "half a body": HALF_BODY,
    "a body held back until the word": POST + b"Expect: 100-continue\r\nContent-Length: 4000\r\n\r\n",
    "chunks that nobody reads": UNREAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a body that is too long to wait for": UNREAD + b"Content-Length: 400000000\r\n\r\nab",
    "an answered client that does not go": GET + b"Connection: close\r\n\r\n",
    "a second request begun": GET + b"\r\n" + HALF_HEAD,
    "nothing": b"",
}


@contextmanager
def opened(port: int, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
    wires: list[socket.socket] = []
    try:
        for _ in range(count):
            wires.append(connected(port))
            wires[-1].sendall(sent)
        yield wires
    finally:
        for wire in wires:
            wire.close()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that waits for longer than any test, with three threads."""
    with gunicorn(OURS, tmp_path_factory.mktemp("patient") / "log", WEB_PATIENCE="600") as (port, _):
        yield port


@pytest.mark.parametrize("name", HELD_BACK)
def test_half_sent_requests_leave_room_for_whole_ones(patient: int, name: str) -> None:
    """An honest request is answered within its two minutes, long before the others are given up."""
    with opened(patient, 60, HELD_BACK[name]):
        for _ in range(3):
            assert ask(patient, GET + b"\r\n").startswith(b"HTTP/1.1 200")


def test_a_request_is_put_together_from_single_bytes(patient: int) -> None:
    with opened(patient, 1, b"") as [wire]:
        for _ in range(2):
            for byte in POST + b"Content-Length: 5\r\n\r\nhello":
                wire.sendall(bytes([byte]))
                time.sleep(0.001)
            assert one_answer(wire).endswith(b"\nb'hello'")


def test_requests_in_a_row_with_bodies_are_answered_in_a_row(patient: int) -> None:
    long = POST + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000
    answers = ask(patient, long + long + POST + b"Content-Length: 5\r\n\r\nhello" + NEXT)
    assert (answers.count(b"HTTP/1.1 200"), answers.count(b"b'hello'")) == (4, 1)
    assert answers.count(b"x" * 100_000) == 2


def test_a_client_that_waits_for_the_word_gets_it_once(patient: int) -> None:
    head = POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
    with opened(patient, 1, head) as [wire]:
        assert wire.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(b"hello")
        answer = everything(wire)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"\nb'hello'")


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"GET / HTTP/1.1\nHost: h", b"400"), (GET + b"X-A: b\nX", b"400"), (b"GET /" + b"a" * 9_000, b"414")],
)
def test_what_gunicorn_refuses_before_its_end_is_refused_at_once(patient: int, sent: bytes, status: bytes) -> None:
    with opened(patient, 1, sent) as [wire]:
        assert wire.recv(65_536).split(b" ")[1] == status


# More than any socket's buffers take.
LONG = POST + b"Content-Length: 8000000\r\n\r\n" + b"x" * 8_000_000
OLD_LONG = LONG.replace(b"HTTP/1.1", b"HTTP/1.0", 1)


@contextmanager
def that_do_not_read(port: int, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """Clients with little room for an answer, who have asked for a long one."""
    wires: list[socket.socket] = []
    try:
        for _ in range(count):
            wires.append(socket.socket())
            wires[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            wires[-1].settimeout(20)
            wires[-1].connect(("127.0.0.1", port))
            wires[-1].sendall(sent)
        yield wires
    finally:
        for wire in wires:
            wire.close()


@pytest.mark.parametrize("sent", [LONG, OLD_LONG], ids=["plain", "as gunicorn answers"])
def test_who_does_not_read_their_answer_leaves_room_for_who_does(patient: int, sent: bytes) -> None:
    with that_do_not_read(patient, 10, sent):
        for _ in range(3):
            assert ask(patient, GET + b"\r\n").startswith(b"HTTP/1.1 200")


def test_who_reads_late_gets_all_of_their_answer_and_the_next_one(patient: int) -> None:
    with that_do_not_read(patient, 1, LONG) as [wire]:
        assert ask(patient, GET + b"\r\n").startswith(b"HTTP/1.1 200")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_000_000)
        wire.sendall(POST + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello")
        answers = everything(wire)
    assert answers.count(b"x" * 8_000_000) == 1
    assert answers.endswith(b"\nb'hello'")


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port and the log of a server that waits for a second."""
    log = tmp_path_factory.mktemp("hasty") / "log"
    with gunicorn(OURS, log, WEB_PATIENCE="1") as (port, _):
        yield port, log


def test_who_does_not_read_in_time_is_parted_from_and_the_log_says_so(hasty: tuple[int, Path]) -> None:
    port, log = hasty
    with that_do_not_read(port, 1, LONG) as [wire]:
        for _ in range(300):
            if "Answers that ip=127.0.0.1 did not read, or not in time: 1" in log.read_text():
                break
            time.sleep(0.1)
        else:
            raise AssertionError(log.read_text())
        with suppress(ConnectionResetError):
            assert len(everything(wire)) < 8_000_000


@pytest.mark.parametrize("sent", [HALF_HEAD, HALF_BODY, GET + b"\r\n" + HALF_HEAD])
def test_who_takes_too_long_is_told_so_and_the_log_too(hasty: tuple[int, Path], sent: bytes) -> None:
    """RFC 9110, 15.5.9."""
    port, log = hasty
    with opened(port, 1, sent) as [wire]:
        last = everything(wire).rpartition(b"HTTP/1.1 ")[2]
    assert last.startswith(b"408 Request Timeout\r\nConnection: close\r\n")
    for _ in range(10 * PATIENCE):
        if "ip=127.0.0.1 that were not whole in time, answered 408: 1" in log.read_text():
            return
        time.sleep(0.1)
    pytest.fail("the log says nothing of it")


def test_who_sends_a_byte_now_and_then_is_told_so_too(hasty: tuple[int, Path]) -> None:
    with opened(hasty[0], 1, HALF_HEAD) as [wire]:
        for _ in range(5 * PATIENCE):
            try:
                wire.sendall(b"a")
            except OSError:
                return
            time.sleep(0.2)
    pytest.fail("it was listened to for two minutes")


def test_who_says_nothing_at_all_is_left_without_a_word(hasty: tuple[int, Path]) -> None:
    with opened(hasty[0], 1, b"") as [wire]:
        assert everything(wire) == b""


def test_a_long_body_on_a_slow_line_is_read(tmp_path: Path) -> None:
    """Six megabytes may take two minutes, where a head may take four seconds: these take five."""
    with (
        gunicorn(OURS, tmp_path / "log", WEB_PATIENCE="4") as (port, _),
        opened(port, 1, POST + b"Content-Length: 6000000\r\n\r\n") as [wire],
    ):
        for _ in range(6):
            time.sleep(0.9)
            wire.sendall(b"x" * 1_000_000)
        wire.shutdown(socket.SHUT_WR)
        assert b"x" * 6_000_000 in everything(wire)


def test_a_thread_that_reads_chunks_gives_them_up(hasty: tuple[int, Path]) -> None:
    with opened(hasty[0], 1, CHUNKED + b"\r\n5\r\nab") as [wire]:
        assert not everything(wire).startswith(b"HTTP/1.1 200")


def test_where_too_many_wait_the_oldest_gives_way(tmp_path: Path) -> None:
    more = {"WEB_PATIENCE": "600", "GUNICORN_CMD_ARGS": "--worker-connections 20"}
    with gunicorn(OURS, tmp_path / "log", **more) as (port, _), opened(port, 60, HALF_HEAD) as wires:
        assert ask(port, GET + b"\r\n").startswith(b"HTTP/1.1 200")
        assert everything(wires[0]).startswith(b"HTTP/1.1 408")


def test_it_stops_though_requests_are_half_sent(tmp_path: Path) -> None:
    with ExitStack() as stack:
        port, running = stack.enter_context(gunicorn(OURS, tmp_path / "log", WEB_PATIENCE="3"))
        for sent in (HALF_HEAD, HALF_BODY, b""):
            stack.enter_context(opened(port, 20, sent))
        assert ask(port, GET + b"\r\n").startswith(b"HTTP/1.1 200")
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 0


def test_a_request_that_has_begun_is_answered_though_it_stops(tmp_path: Path) -> None:
    with gunicorn(OURS, tmp_path / "log", WEB_PATIENCE="600") as (port, running):
        with opened(port, 1, b"") as [kept], opened(port, 1, POST + b"Content-Length: 5\r\n\r\nhe") as [wire]:
            assert ask(port, GET + b"\r\n").startswith(b"HTTP/1.1 200")
            running.send_signal(signal.SIGTERM)
            wait_until_it_keeps_nobody(kept)
            wire.sendall(b"llo")
            assert everything(wire).endswith(b"\nb'hello'")
        assert running.wait(PATIENCE) == 0


def wait_until_it_keeps_nobody(wire: socket.socket) -> None:
    """A worker that is told to stop says so in its next answer, if there still is one."""
    for _ in range(20 * PATIENCE):
        wire.sendall(GET + b"\r\n")
        if b"\r\nConnection: keep-alive\r\n" not in one_answer(wire):
            return
        time.sleep(0.05)
    pytest.fail("it goes on")


def test_a_worker_gives_way_though_requests_are_half_sent(tmp_path: Path) -> None:
    more = {"GUNICORN_CMD_ARGS": "--max-requests 10 --max-requests-jitter 0", "WEB_PATIENCE": "3"}
    with gunicorn(OURS, tmp_path / "log", **more) as (port, running), opened(port, 30, HALF_BODY):
        [worker] = psutil.Process(running.pid).children()
        for _ in range(10):
            ask(port, GET + b"\r\n")
        worker.wait(PATIENCE)
        wait_until_it_listens(port, running, tmp_path / "log")


def test_where_too_much_is_held_the_largest_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunicorn_arrivals, "MOST_HELD", 1_000)
    worker = PatientWorker.__new__(PatientWorker)
    worker.cfg, worker.poller, worker.nr_conns, worker.log = Config(), selectors.DefaultSelector(), 0, Logger(Config())
    worker._arriving, worker._leaving, worker._held, worker._most_arriving = {}, {}, 0, 9
    worker._refused = Counter[str]()
    ends = []
    for size in (300, 500, 10):
        theirs, ours = socket.socketpair()
        conn = TConn(worker.cfg, ours, ("127.0.0.1", 1), ("127.0.0.1", 2))
        conn.parser = PatientParser(worker.cfg, ours, conn.client)
        theirs.sendall(POST + b"Content-Length: 5000\r\n\r\n")
        worker._await_request(conn)
        theirs.sendall(b"x" * size)
        worker._more_arrives(conn, ours)
        theirs.settimeout(0)
        ends.append((theirs, ours))
    theirs, ours = ends[0]
    theirs.sendall(b"x" * 400)
    worker._more_arrives(next(iter(worker._arriving)), ours)
    assert ends[0][0].recv(100).startswith(b"HTTP/1.1 408")
    for theirs, _ in ends[1:]:
        with pytest.raises(BlockingIOError):
            theirs.recv(1)
    assert worker._held == sum(len(each.received) for each in worker._arriving.values())
    worker.poller.close()
    for theirs, ours in ends:
        theirs.close()
        ours.close()


def test_an_upload_of_evidence_is_waited_for() -> None:
    assert gunicorn_settings.longest_body >= MOST_UPLOADED
