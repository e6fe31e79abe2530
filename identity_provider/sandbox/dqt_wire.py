"""What every call to the stand-in for the DQT API has in common: keys, versions, limits, faults, problems."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from threading import Lock
from typing import Any

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from identity_provider.sandbox.dqt_shapes import VERSIONS
from identity_provider.sandbox.faults import Faults

CALLS_PER_MINUTE = 1_000
GET_PERSON = "GetPerson"
RETRY_AFTER_SECONDS = 7
AS_A_PERSON = "/v3/person/"
MODES = ("down", "slow", "rate_limited", "empty", "garbage", "lost_reply")

# What proxies and half-dead servers answer with: none of it may be taken for "nobody found".
_GARBAGE = (
    (b"<html><head><title>Sign in</title></head><body>Please wait</body></html>", "text/html"),
    (b'{"results":[{"trn":"1234', "application/json"),
    (b"", "application/json"),
    (b"[]", "application/json"),
    (b"{}", "application/json"),
)


class Problem(Exception):
    """An answer that refuses, as application/problem+json."""

    def __init__(self, status: int, title: str, code: int | None = None, headers: Mapping[str, str] | None = None):
        super().__init__(title)
        self.status, self.title, self.code, self.headers = status, title, code, dict(headers or {})

    def as_response(self) -> Response:
        """The problem as it goes over the wire."""
        body: dict[str, Any] = {"title": self.title, "status": self.status}
        if self.code is not None:
            body["errorCode"] = self.code
        return _problem(body, self.status, self.headers)


class Invalid(Exception):
    """A request whose fields are wrong: each with its message."""

    def __init__(self, **errors: str) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors

    def as_response(self) -> Response:
        """The validation problem as it goes over the wire."""
        body = {
            "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
            "title": "One or more validation errors occurred.",
            "status": 400,
            "traceId": "00-sandbox-00",
            "errors": {name: [message] for name, message in self.errors.items()},
        }
        return _problem(body, 400, {})


def no_such_endpoint() -> Problem:
    """The framework's own 404: the address, or the version, is not one of this API's."""
    return Problem(404, "Not Found")


@dataclass
class Gate:
    """Who may call, how often, and which fault is on."""

    keys: Mapping[str, frozenset[str]]
    faults: Faults
    calls_per_minute: int = CALLS_PER_MINUTE
    _calls: deque[float] = field(default_factory=deque)
    _turns: count[int] = field(default_factory=count)
    _lock: Lock = field(default_factory=Lock)

    def guard(self) -> ResponseReturnValue | None:
        """Before each call: None lets it through."""
        self.faults.wait_if_slow()
        if self.faults.is_("down"):
            raise Problem(503, "Service Unavailable")
        if self.faults.is_("garbage"):
            body, kind = _GARBAGE[next(self._turns) % len(_GARBAGE)]
            return Response(body, content_type=kind)
        if request.path.startswith(AS_A_PERSON):
            # The person's own token is looked at by the endpoint.
            self._limit()
            return None
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        roles = self.keys.get(key)
        if scheme.lower() != "bearer" or roles is None:
            return Response(b"", 401)
        g.roles = roles
        self._limit()
        return None

    def _limit(self) -> None:
        now = time.monotonic()
        with self._lock:
            while self._calls and self._calls[0] < now - 60:
                self._calls.popleft()
            self._calls.append(now)
            full = len(self._calls) > self.calls_per_minute
        if full or self.faults.is_("rate_limited"):
            raise Problem(429, "API calls quota exceeded", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def need_role() -> None:
    """Refuse a key that may not read people."""
    if GET_PERSON not in g.roles:
        raise Problem(403, "Forbidden")


def version(since: str = "", until: str = "") -> str:
    """The minor version of this call of v3, which must lie in the endpoint's life."""
    asked = request.headers.get("X-Api-Version", VERSIONS[0])
    if asked not in VERSIONS or asked < since or (until and asked >= until):
        raise no_such_endpoint()
    return asked


def date_argument(name: str) -> date | None:
    """A date of the query, or None when it is not given."""
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(**{name: f"The value '{text}' is not valid."}) from None


def no_cache(response: Response) -> Response:
    """Answers about people are kept nowhere."""
    response.headers["Cache-Control"] = "no-cache, no-store, must-revalidate"
    return response


def _problem(body: dict[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    response.headers.update(headers)
    return response
