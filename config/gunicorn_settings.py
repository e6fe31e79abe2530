"""Gunicorn's settings; each can be overridden by GUNICORN_CMD_ARGS."""

import gc
import os
from pathlib import Path
from tempfile import TemporaryFile

from gunicorn.arbiter import Arbiter
from prometheus_client import multiprocess

from config.logging import configure_logging
from config.refusal import refuse
from config.sandbox import environment
from config.serving import serving
from config.settings import Settings, SettingsInvalid

_set, _problems = serving(os.environ)
if _problems:
    refuse(_problems)

bind = _set.bind
worker_class = "config.gunicorn_worker.PlainWorker"  # gthread, with a shorter way for plain requests
workers = _set.web_concurrency
threads = _set.web_threads
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
patience = _set.web_patience
longest_body = 32_000_000
sendfile = False  # it would wait for who reads slowly, past config/gunicorn_answers.py
accesslog = None  # the application writes one line per request, without query strings
loglevel = "warning"


def post_fork(server: object, worker: object) -> None:  # noqa: ARG001
    """Each worker logs as the application does."""
    configure_logging(os.environ.get("LOG_LEVEL", "").strip() or "INFO")


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
        try:
            _begin_anew(Path(directory))
        except OSError:
            refuse(["PROMETHEUS_MULTIPROC_DIR: a directory that can be made, and written to"])


def child_exit(server: object, worker: object) -> None:  # noqa: ARG001
    """A worker's gauges go with it."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(getattr(worker, "pid", 0))


def _begin_anew(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for left in directory.glob("*.db"):
        left.unlink()
    with TemporaryFile(dir=directory):
        """It can be written to."""
