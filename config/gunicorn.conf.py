"""Gunicorn's settings; each can be overridden by GUNICORN_CMD_ARGS."""

import os

from config.logging import configure_logging

bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 30
graceful_timeout = 20
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 8_190
limit_request_fields = 60
control_socket_disable = True
accesslog = None  # the application writes one line per request, without query strings
loglevel = "warning"


def post_fork(server: object, worker: object) -> None:  # noqa: ARG001
    """Each worker logs as the application does."""
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
