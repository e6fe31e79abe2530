"""The DQT API adapter against servers that misbehave on the wire: each is no answer, and soon."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from identity_provider.adapters import dqt_calls
from identity_provider.adapters.dqt_api import DqtApi
from identity_provider.adapters.dqt_records import read_person
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.services.register_search import Impatient
from matching.records import RecordStatus

PERSON = {"trn": "1000001", "firstName": "Ann", "lastName": "Ash", "dateOfBirth": "1980-01-01"}
SECONDS = 0.6
"""The adapter's patience with a server that does not answer."""
PATIENCE = 120
"""With one that does, and the server's own: how busy this machine is shall decide nothing."""
LONG = 36_000

Serve = Callable[[socket.socket, str], None]


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """A server of one connection after the other, each handed to `serve` with the path that was asked."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.1)
        stop = threading.Event()
        calls: list[threading.Thread] = []

        def accept() -> None:
            while not stop.is_set():
                try:
                    caller, _ = door.accept()
                except TimeoutError:
                    continue
                calls.append(threading.Thread(target=answer, args=(caller,)))
                calls[-1].start()

        def answer(caller: socket.socket) -> None:
            caller.settimeout(PATIENCE)
            with caller:
                try:
                    asked = caller.recv(65_536).decode().split(" ", 2)
                    if len(asked) > 1:
                        serve(caller, asked[1])
                except OSError:
                    return  # the caller went away, as it should

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            stop.set()
            for thread in (accepting, *calls):
                thread.join()


def reply(status: int, body: object = None, **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in (lines | headers).items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content


def always(answer: bytes) -> Serve:
    return lambda caller, _: caller.sendall(answer)


@dataclass
class Slow:
    """A server that answers byte by byte, or not at all, and would go on with it for two minutes."""

    answer: bytes
    given_up: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def __call__(self, caller: socket.socket, _: str) -> None:
        pause = PATIENCE / (len(self.answer) + 1)
        for number in range(len(self.answer)):
            caller.sendall(self.answer[number : number + 1])
            if self.given_up.wait(min(pause, 0.02)):
                return
        self.given_up.wait(PATIENCE)
        if not self.given_up.is_set():
            self.ended.set()


def refused(serve: Serve, seconds: float = PATIENCE) -> RegisterUnavailable:
    """How the adapter takes this server."""
    with serving(serve) as url:
        register = DqtApi(url, "key", seconds=seconds)
        try:
            with pytest.raises(RegisterUnavailable) as caught:
                register.find_by_identifiers("1000001", "")
        finally:
            if isinstance(serve, Slow):
                serve.given_up.set()
            register.close()
    return caught.value


@pytest.mark.parametrize(
    ("said", "alert"),
    [
        ({}, None),
        ({"alerts": None}, None),
        ({"alerts": []}, False),
        ({"alerts": [{"endDate": "2020-01-01"}]}, False),
        ({"alerts": [{"endDate": None}]}, True),
        ({"hasActiveSanctions": False}, False),
        ({"hasActiveSanctions": True}, True),
    ],
)
def test_alerts_that_the_answer_does_not_speak_of_are_unknown(said: dict[str, Any], alert: bool | None) -> None:
    assert read_person(PERSON | said).has_open_alert is alert


def an_alert(name: str | None, category: str | None, ended: str | None = None) -> dict[str, Any]:
    """An alert as version 20240920 and later have it."""
    kind = {"name": name, "alertCategory": {"name": category}}
    return {"alertId": "1", "alertType": kind, "details": None, "startDate": "2020-01-01", "endDate": ended}


PROHIBITION = an_alert("Prohibition by the Secretary of State - misconduct", "Prohibition from teaching")
FLAG = an_alert("Previous name check", "Flag")


@pytest.mark.parametrize(
    ("said", "is_prohibited", "names"),
    [
        ({}, None, ()),
        ({"alerts": []}, None, ()),
        ({"alerts": [PROHIBITION]}, True, ("Prohibition by the Secretary of State - misconduct",)),
        ({"alerts": [FLAG]}, False, ("Previous name check",)),
        (
            {"alerts": [FLAG, PROHIBITION]},
            True,
            ("Previous name check", "Prohibition by the Secretary of State - misconduct"),
        ),
        ({"alerts": [an_alert("Interim order", "GTC Prohibition from teaching")]}, True, ("Interim order",)),
        ({"alerts": [an_alert("Prohibition", "Prohibition from teaching", ended="2021-01-01")]}, None, ()),
        ({"alerts": [an_alert(None, None)]}, None, ()),
        ({"alerts": [FLAG, {"endDate": None}]}, None, ("Previous name check",)),
        ({"alerts": [FLAG, "unreadable"]}, None, ("Previous name check",)),
        ({"alerts": [{"alertType": "Prohibition", "dqtSanctionCode": "T1", "endDate": None}]}, True, ("Prohibition",)),
        ({"alerts": [{"alertType": "Flag", "dqtSanctionCode": "A1", "endDate": None}]}, False, ("Flag",)),
        ({"hasActiveSanctions": True}, None, ()),
        ({"hasActiveSanctions": False}, None, ()),
    ],
)
def test_a_prohibition_is_told_from_other_alerts(
    said: dict[str, Any], is_prohibited: bool | None, names: tuple[str, ...]
) -> None:
    record = read_person(PERSON | said)
    assert (record.has_prohibition, record.open_alerts) == (is_prohibited, names)
    assert record.may_be_prohibited is (record.has_open_alert if is_prohibited is None else is_prohibited)


@pytest.mark.parametrize(
    "serve",
    [
        always(b""),
        always(b"garbage\r\n\r\n"),
        always(reply(200, PERSON)[:-10]),
        always(reply(200, b"<html>", Content_Type="text/html")),
        always(reply(200, b'{"trn": "1000')),
        always(reply(200, [])),
        always(reply(200, {})),
        always(reply(200, {"trn": None})),
        always(reply(200, b" " * (dqt_calls.LARGEST_BODY + 1))),
        always(reply(204)),
        always(reply(302, {}, Location="/v3/persons/1000002")),
        always(reply(308, {})),
        always(reply(308, {}, Location="https://elsewhere.example/")),
        always(reply(400, {})),
        always(reply(401, b"")),
        always(reply(403, {})),
        always(reply(404, {"title": "Not Found", "status": 404})),
        always(reply(404, b"<html>", Content_Type="text/html")),
        always(reply(500, {})),
        always(reply(503, b"")),
    ],
)
def test_what_is_no_clear_answer_is_no_answer(serve: Serve) -> None:
    refused(serve)


@pytest.mark.parametrize(
    "answer",
    [b"", reply(200, {**PERSON, "padding": "x" * 6_000})[:-1], reply(200, {**PERSON, "padding": "x" * 6_000})],
    ids=["never", "drop by drop", "drop by drop to the end"],
)
def test_who_answers_too_slowly_is_given_up_while_they_still_do(answer: bytes) -> None:
    """The patience is for the whole of the answer, not for each of its bytes."""
    slow = Slow(answer)
    refused(slow, seconds=SECONDS)
    assert not slow.ended.is_set()


def test_a_404_that_speaks_of_a_person_is_an_answer() -> None:
    with serving(always(reply(404, {"title": "Person not found", "errorCode": 10001}))) as url:
        register = DqtApi(url, "key", seconds=PATIENCE)
        assert register.find_by_identifiers("1000001", "") == ()
        register.close()


@pytest.mark.parametrize(
    ("name", "value", "seconds"),
    [
        ("Retry-After", "17", 17),
        ("Retry-After", "100000", dqt_calls.LONGEST_RETRY_AFTER),
        ("Retry-After", "soon", dqt_calls.SECONDS_OF_PAUSE),
        ("X-Other", "1", dqt_calls.SECONDS_OF_PAUSE),
    ],
)
def test_a_429_says_for_how_long_to_stay_away(name: str, value: str, seconds: float) -> None:
    error = refused(always(reply(429, {}, **{name: value})))
    assert error.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("Retry-After", lambda moment: format_datetime(moment, usegmt=True)),
        ("X-RateLimit-Reset", datetime.isoformat),
        ("X-Rate-Limit-Reset", lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S.0000000Z}"),
    ],
)
def test_a_429_says_when_to_come_back(
    name: str, write: Callable[[datetime], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for by the clock: of ten hours those minutes matter little that a busy machine takes."""
    monkeypatch.setattr(dqt_calls, "LONGEST_RETRY_AFTER", 2.0 * LONG)
    moment = datetime.now(UTC) + timedelta(seconds=LONG)
    error = refused(always(reply(429, {}, **{name: write(moment)})))
    assert error.retry_after is not None
    assert LONG - 900 <= error.retry_after.total_seconds() <= LONG


def test_during_the_pause_that_a_429_asked_for_nobody_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dqt_calls, "LONGEST_RETRY_AFTER", 2.0 * LONG)
    asked: list[str] = []

    def serve(caller: socket.socket, path: str) -> None:
        asked.append(path)
        caller.sendall(reply(429, {}, Retry_After=str(LONG)))

    with serving(serve) as url:
        register = DqtApi(url, "key", seconds=PATIENCE)
        with pytest.raises(RegisterUnavailable):
            register.find_by_identifiers("1000001", "")
        with pytest.raises(RegisterUnavailable) as caught:
            register.find_by_identifiers("1000001", "")
        register.close()
    assert len(asked) == 1
    assert caught.value.retry_after is not None
    assert LONG - 900 <= caught.value.retry_after.total_seconds() <= LONG


def test_a_merger_is_followed_within_the_api_only_and_without_redirects() -> None:
    asked: list[str] = []

    def serve(caller: socket.socket, path: str) -> None:
        asked.append(path)
        if path.startswith("/v2/teachers/1000007"):
            caller.sendall(reply(200, {**PERSON, "trn": "1000007", "qtsDate": None}))
        elif path.startswith("/v3/persons/1000007"):
            caller.sendall(reply(308, b"", Location="/v3/persons/1000001"))
        else:
            caller.sendall(reply(200, {**PERSON, "qts": {"holdsFrom": "2001-01-01"}, "unknownMember": 1}))

    with serving(serve) as url:
        register = DqtApi(url, "key", seconds=PATIENCE)
        merged, survivor = register.find_by_identifiers("1000007", "")
        register.close()
    assert (merged.status, merged.merged_into, merged.has_qts) == (RecordStatus.MERGED, "1000001", False)
    assert (survivor.status, survivor.has_qts) == (RecordStatus.ACTIVE, True)
    assert len(asked) == 3


def test_our_key_is_not_replaced_by_what_a_netrc_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests.sessions, "get_netrc_auth", lambda _: ("somebody", "else"))
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def listen() -> None:
            caller, _ = door.accept()
            with caller:
                seen.append(caller.recv(65_536))
                caller.sendall(reply(200, PERSON))

        listening = threading.Thread(target=listen)
        listening.start()
        register = DqtApi(f"http://127.0.0.1:{door.getsockname()[1]}", "the-key", seconds=PATIENCE)
        assert register.find_by_identifiers("1000001", "")
        register.close()
        listening.join()
    assert b"Authorization: Bearer the-key\r\n" in seen[0]
    assert b"X-Api-Version: 20260120\r\n" in seen[0]


def test_whoever_waits_with_less_patience_waits_no_longer() -> None:
    """The adapter would wait for ten hours; the person has a third of a second left."""
    slow = Slow(b"")
    with serving(slow) as url:
        register = DqtApi(url, "key", seconds=LONG)
        with pytest.raises(RegisterUnavailable):
            Impatient(register, time.monotonic() + 0.3).find_by_identifiers("1000001", "")
        assert not slow.ended.is_set()
        slow.given_up.set()
        register.close()


@pytest.mark.parametrize(("said", "told"), [({}, False), ({"nationalInsuranceNumber": None}, True)])
def test_a_number_that_is_not_spoken_of_is_not_a_number_that_is_missing(said: dict[str, None], told: bool) -> None:
    assert read_person(PERSON | said).nino_told is told
