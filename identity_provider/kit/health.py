"""For operators: is the process alive, can it serve, and how is it doing."""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable, Iterator
from functools import lru_cache

import structlog
from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from identity_provider.db import db, transaction
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports, real_request, settings
from identity_provider.services import backlog, measures, ticket_alarm

bp = Blueprint("health", __name__)
log = structlog.get_logger("health")

REQUESTS = Counter("http_requests", "Requests answered.", ("endpoint", "method", "status"))
SECONDS = Histogram(
    "http_request_seconds",
    "Time to answer.",
    ("endpoint",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def init_health(app: Flask) -> None:
    """Count and time every request."""
    app.register_blueprint(bp)
    app.after_request(_measure)


@bp.get("/healthz")
@open_to(Audience.ANYONE)
def alive() -> Response:
    """The process answers; says nothing of anything behind it."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@open_to(Audience.ANYONE)
def ready() -> Response:
    """The database answers, so requests can be served. Outside services are not asked: none may stop a sign-in."""
    db.session.execute(text("SELECT 1"))
    return Response("ready\n", mimetype="text/plain")


@bp.get("/metrics")
@open_to(Audience.ANYONE)
def metrics() -> Response:
    """Prometheus metrics of all workers, for whoever bears METRICS_TOKEN (nobody needs one in the sandbox)."""
    wanted = f"Bearer {settings().metrics_token}"
    sent = request.headers.get("Authorization", "")
    if settings().metrics_token:
        if not hmac.compare_digest(sent.encode(), wanted.encode()):
            abort(404)
    elif not settings().sandbox:
        abort(404)
    return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


class FromDatabase(Collector):
    """Gauges that the database is asked for: the worker, of which they tell, is another process without /metrics.

    While the database does not answer they are missing, and everything else is told.
    """

    def __init__(self, what: str, read: Callable[[], Iterator[GaugeMetricFamily]]) -> None:
        self._what = what
        self._read = read

    def describe(self) -> list[Metric]:
        """Nothing before it is asked: otherwise each registering would count."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Everything that `read` gives, or nothing."""
        try:
            with transaction():
                gauges = list(self._read())
        except SQLAlchemyError as error:
            log.warning("not_counted", what=self._what, error=type(error).__name__)
            return
        yield from gauges


def _backlogs() -> Iterator[GaugeMetricFamily]:
    waiting = GaugeMetricFamily("backlog_waiting", "What waits to be sent, by kind.", labels=["kind"])
    oldest = GaugeMetricFamily("backlog_oldest_seconds", "How long the oldest of a kind waits.", labels=["kind"])
    for each in backlog.backlogs(ports().clock.now()):
        waiting.add_metric([each.kind], each.waiting)
        oldest.add_metric([each.kind], each.oldest_seconds)
    yield from (waiting, oldest)
    parked = "Messages to services that no try delivered."
    yield GaugeMetricFamily("webhooks_parked", parked, value=backlog.parked_webhooks())


def _tickets() -> Iterator[GaugeMetricFamily]:
    """One gauge for each number that the alarm about missing tickets counts, and one for whether a rule rings."""
    watch = ticket_alarm.look(ports().clock.now(), with_desk=settings().ticket_transport != "none")
    gauge = GaugeMetricFamily("no_ticket_arose", "1 while this rule of the alarm rings.", labels=["rule"])
    for rule in ticket_alarm.Rule:
        gauge.add_metric([rule.value], float(rule in watch.rings))
    yield gauge
    for name, number in watch.as_facts().items():
        yield GaugeMetricFamily(f"tickets_{name}", _EXPLAINED[name], value=number)


_EXPLAINED = {
    "cases_without_ticket": "Open cases older than half an hour without a ticket.",
    "people_without_case": "People who were not found half an hour ago or longer and have no case.",
    "failed_in_window": "People whose search failed in the last day and who are still pending.",
    "failed_before": "The same of the day before.",
    "tickets_in_window": "Tickets that arose in the last day.",
    "services_switched_off": "Services whose tickets are switched off on purpose.",
    "cases_held_back": "Open cases of theirs older than half an hour without a ticket.",
}


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(FromDatabase("tickets", _tickets))
    registry.register(FromDatabase("backlog", _backlogs))
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)
        return registry
    for each in (REQUESTS, SECONDS, *measures.ALL):
        registry.register(each)
    return registry


def _measure(response: Response) -> Response:
    now = time.perf_counter()
    asked = real_request()
    count(asked.endpoint or "none", asked.method, response.status_code, now - g.get("started", now))
    return response


def count(endpoint: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    counter, histogram = _metrics_of(endpoint, method, status)
    counter.inc()
    histogram.observe(seconds)


@lru_cache(maxsize=2_000)
def _metrics_of(endpoint: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(endpoint, method, str(status)), SECONDS.labels(endpoint)
