"""Each request has an id, one log line without its query string, and a clean database session afterwards."""

from __future__ import annotations

import os
import time

import structlog
from flask import Flask, Request, Response, g, request

from config.logging import log_request
from identity_provider.kit.app import real_request


def init_requests(app: Flask) -> None:
    """Give every request its id, also when it fails before a view is reached."""
    app.before_request(_begin)
    app.after_request(_finish)


def begin() -> str:
    """Give what happens now an id, which log lines carry."""
    made = os.urandom(8).hex()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=made)
    return made


def log_answered(method: str, path: str, endpoint: str | None, status: int, seconds: float) -> None:
    """The line of one request."""
    log_request(method=method, path=path, endpoint=endpoint, status=status, ms=round(1000 * seconds, 1))


def request_id() -> str:
    """The id that error pages show and log lines carry."""
    if "request_id" not in g:
        g.request_id = begin()
    return str(g.request_id)


def _begin() -> None:
    g.started = time.perf_counter()
    request_id()


def _finish(response: Response) -> Response:
    response.headers.setdefault("X-Request-Id", request_id())
    now = time.perf_counter()
    seconds = now - g.get("started", now)
    asked = real_request()
    log_answered(asked.method, _without_token(asked), asked.endpoint, response.status_code, seconds)
    return response


def visitor() -> str:
    """Where the request comes from, for counting."""
    return request.remote_addr or "unknown"


def _without_token(asked: Request) -> str:
    """The path; of an emailed link, which is a key while it is good, the rule that it follows."""
    rule = asked.url_rule.rule if asked.url_rule is not None else ""
    return rule if "<token>" in rule else asked.path
