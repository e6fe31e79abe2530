"""Gunicorn's settings; each can be overridden by GUNICORN_CMD_ARGS."""

import gc
import os
from pathlib import Path

from gunicorn.arbiter import Arbiter
from prometheus_client import multiprocess

from config.logging import configure_logging
from config.refusal import numbers_of, refuse
from config.sandbox import environment
from config.settings import Settings, SettingsInvalid

_counts = numbers_of(int, "a whole number from 1", {"WEB_CONCURRENCY": 2, "WEB_THREADS": 4})

bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "config.gunicorn_worker.PlainWorker"  # gthread, with a shorter way for plain requests
workers = _counts["WEB_CONCURRENCY"]
threads = _counts["WEB_THREADS"]
timeout = 30
graceful_timeout = 20
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 8_190
limit_request_fields = 60
control_socket_disable = True
# Ours, not gunicorn's (config/gunicorn_arrivals.py). Seconds within which a request's head must have come; its body has
# as many, and one more for each 50 kB. Bodies longer than the longest (bytes) are handed on unread, to be refused.
patience = numbers_of(float, "a number of seconds", {"WEB_PATIENCE": 10.0})["WEB_PATIENCE"]
longest_body = 32_000_000
sendfile = False  # it would wait for who reads slowly, past config/gunicorn_answers.py
accesslog = None  # the application writes one line per request, without query strings
loglevel = "warning"


def post_fork(server: object, worker: object) -> None:  # noqa: ARG001
    """Each worker logs as the application does."""
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"))


def post_worker_init(worker: object) -> None:  # noqa: ARG001
    """What is loaded by now stays: the collector need not look through it again, nor after every few objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def on_starting(server: Arbiter) -> None:
    """Nothing is started with settings that cannot be used: each worker would meet them anew, and die of them.

    Metrics begin anew: files of a former run would be counted twice. The directory itself stays its owner's.
    """
    if server.app.app_uri.startswith("wsgi:"):  # ours; the settings are not those of another application
        try:
            Settings.from_environment(environment())
        except SettingsInvalid as unusable:
            refuse(unusable.problems)
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if directory:
        Path(directory).mkdir(parents=True, exist_ok=True)
        for left in Path(directory).glob("*.db"):
            left.unlink()


def child_exit(server: object, worker: object) -> None:  # noqa: ARG001
    """A worker's gauges go with it."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(getattr(worker, "pid", 0))
