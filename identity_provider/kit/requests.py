"""Each request has an id, one log line without its query string, and a clean database session afterwards."""

from __future__ import annotations

import time
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("request")


def init_requests(app: Flask) -> None:
    """Give every request its id, also when it fails before a view is reached."""
    app.before_request(_begin)
    app.after_request(_finish)


def request_id() -> str:
    """The id that error pages show and log lines carry."""
    if "request_id" not in g:
        g.request_id = uuid4().hex[:16]
    return str(g.request_id)


def _begin() -> None:
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id())


def _finish(response: Response) -> Response:
    response.headers.setdefault("X-Request-Id", request_id())
    log.info(
        "request",
        method=request.method,
        path=request.path,
        endpoint=request.endpoint,
        status=response.status_code,
        ms=round(1000 * (time.perf_counter() - g.get("started", time.perf_counter())), 1),
    )
    return response


def visitor() -> str:
    """Where the request comes from, for counting."""
    return request.remote_addr or "unknown"
