"""Calls to the DQT API: every one ends within its deadline, and whatever is no clear answer is no answer.

Raises RegisterUnavailable for timeouts, refused keys, 429 (with its Retry-After), 5xx, bodies that are no JSON, and
answers that this API does not give. After a few failures in a row it fails at once for some seconds, so that a slow
register does not hold up every sign-in (circuit breaker).
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter

from identity_provider.domain.errors import RegisterUnavailable

LARGEST_BODY = 2_000_000
SECONDS_TO_CONNECT = 2.0
CALLS_AT_ONCE = 16
FAILURES_BEFORE_A_PAUSE = 3
SECONDS_OF_PAUSE = 5.0
LONGEST_RETRY_AFTER = 120.0
ANSWERS = frozenset({200, 204, 308, 404, 410})

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Call:
    """One GET: `version` pins the minor version of v3."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A clear answer: one of ANSWERS, with its JSON."""

    status: int
    body: dict[str, Any]
    location: str = ""


class Breaker:
    """Fails at once for a while after failures in a row, and for as long as a 429 asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_until = 0.0

    def check(self) -> None:
        """Raises RegisterUnavailable during a pause."""
        left = self._closed_until - time.monotonic()
        if left > 0:
            raise RegisterUnavailable("the DQT API is given a pause", timedelta(seconds=left))

    def succeeded(self) -> None:
        """An answer came: failures are counted anew."""
        with self._lock:
            self._failures = 0

    def failed(self, pause: float = 0.0) -> None:
        """No answer came, and none is wanted for `pause` seconds."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES_BEFORE_A_PAUSE:
                pause = max(pause, SECONDS_OF_PAUSE)
                self._failures = 0
            self._closed_until = max(self._closed_until, time.monotonic() + pause)


@dataclass
class _Workshop:
    """The threads of one process, and a session for each of them."""

    owner: int = field(default_factory=os.getpid)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(CALLS_AT_ONCE, "dqt-api"))
    local: threading.local = field(default_factory=threading.local)
    sessions: list[requests.Session] = field(default_factory=list)


class DqtCalls:
    """One DQT API and our key to it."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._breaker = Breaker()
        self._workshop = _Workshop()

    def gather(self, calls: Sequence[Call], deadline: float) -> list[Reply]:
        """Make all calls side by side. Raises RegisterUnavailable unless each is answered before the deadline."""
        self._breaker.check()
        if self._workshop.owner != os.getpid():
            self._workshop = _Workshop()
        futures = [self._workshop.threads.submit(self._one, call, deadline) for call in calls]
        wait(futures, timeout=max(deadline - time.monotonic(), 0.0))
        return [self._result(future) for future in futures]

    def close(self) -> None:
        """End the threads and close their connections."""
        self._workshop.threads.shutdown(wait=True, cancel_futures=True)
        for session in self._workshop.sessions:
            session.close()

    def _result(self, future: Future[Reply]) -> Reply:
        if not future.done():
            # The thread gives up by itself, at the deadline or when its socket times out.
            future.cancel()
            self._breaker.failed()
            raise RegisterUnavailable("the DQT API took too long")
        return future.result()

    def _one(self, call: Call, deadline: float) -> Reply:
        self._breaker.check()
        try:
            reply = self._fetch(call, deadline)
        except (requests.RequestException, OSError, ValueError, RecursionError) as error:
            self._breaker.failed()
            raise RegisterUnavailable(f"the DQT API gave no answer: {type(error).__name__}") from error
        self._breaker.succeeded()
        return reply

    def _fetch(self, call: Call, deadline: float) -> Reply:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline passed before the call was made")
        with self._session().get(
            self._base_url + call.path,
            params=list(call.query),
            headers={"X-Api-Version": call.version} if call.version else {},
            timeout=(min(SECONDS_TO_CONNECT, left), left),
            allow_redirects=False,
            stream=True,
        ) as response:
            self._refuse_what_is_no_answer(response)
            body = _read(response, deadline)
            return Reply(response.status_code, _json(body, response), response.headers.get("Location", ""))

    def _refuse_what_is_no_answer(self, response: requests.Response) -> None:
        if response.status_code in ANSWERS:
            return
        if response.status_code == requests.codes.too_many_requests:
            pause = _retry_after(response)
            self._breaker.failed(pause)
            raise RegisterUnavailable("the DQT API asks for fewer calls", timedelta(seconds=pause))
        self._breaker.failed()
        raise RegisterUnavailable(f"the DQT API answered {response.status_code}")

    def _session(self) -> requests.Session:
        local = self._workshop.local
        session: requests.Session | None = getattr(local, "session", None)
        if session is None:
            session = local.session = requests.Session()
            session.mount(self._base_url, HTTPAdapter(pool_maxsize=2, max_retries=0))
            session.auth = self._sign  # not a plain header: requests would let a .netrc entry replace that
            session.headers["Accept"] = "application/json"
            self._workshop.sessions.append(session)
        return session

    def _sign(self, call: requests.PreparedRequest) -> requests.PreparedRequest:
        call.headers["Authorization"] = f"Bearer {self._api_key}"
        return call


def _read(response: requests.Response, deadline: float) -> bytes:
    """The body, unless it comes too slowly or is too long."""
    body = b""
    for chunk in response.iter_content(None):
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError("the body came too slowly")
        if len(body) > LARGEST_BODY:
            raise ValueError("the body is longer than any answer")
    return body


def _json(body: bytes, response: requests.Response) -> dict[str, Any]:
    """The object in the body. Raises ValueError for everything else, but a redirect and 204 need none."""
    if response.status_code in {204, 308}:
        return {}
    if "json" not in response.headers.get("Content-Type", ""):
        raise ValueError("the answer is no JSON")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("the answer is no JSON object")  # noqa: TRY004 -- what is wrong is a value from outside
    return found


def _retry_after(response: requests.Response) -> float:
    """How long a 429 asks us to wait; both spellings of the window's reset are known (dqt-api.md, A1.2)."""
    for name, read in (
        ("Retry-After", _seconds),
        ("Retry-After", _http_date),
        ("X-RateLimit-Reset", _iso_date),
        ("X-Rate-Limit-Reset", _iso_date),
    ):
        try:
            return min(max(read(response.headers[name]), 1.0), LONGEST_RETRY_AFTER)
        except (KeyError, ValueError, TypeError, OverflowError):  # a date without a zone, a year beyond all
            continue
    return SECONDS_OF_PAUSE


_seconds: Callable[[str], float] = float


def _http_date(text: str) -> float:
    return (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()


def _iso_date(text: str) -> float:
    moment = datetime.fromisoformat(text.strip()[:19]).replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()
