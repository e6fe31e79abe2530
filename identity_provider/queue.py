"""The job queue: jobs are written to PostgreSQL in the caller's transaction and run by the worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from procrastinate import App, BaseRetryStrategy, RetryDecision, SyncPsycopgConnector
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from identity_provider.db import db
from identity_provider.ports import MessageRefused, TicketRefused

# Opened by nobody: jobs are deferred through the caller's own connection, and the worker brings its connector.
queue = App(connector=SyncPsycopgConnector())

# Jobs are written through a connector of their own: the worker's is asynchronous and cannot use our connections.
_writer = JobManager(SyncPsycopgConnector())


DEFAULT = "default"
WEBHOOKS = "webhooks"
"""Deliveries to services, which may be slow, wait in a queue of their own: no code or ticket waits behind them."""

_EAGER_TRIES = 120
_PATIENT_TRIES = 1_600


class Patience(BaseRetryStrategy):
    """Every few seconds for ten minutes, every minute for a day, then every quarter of an hour, without end."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again: what was refused is not, and silence is never taken for an answer."""
        if isinstance(exception, MessageRefused | TicketRefused):
            return None
        asked_for = getattr(exception, "retry_after_seconds", None)
        waits = ((_EAGER_TRIES, 5), (_PATIENT_TRIES, 60))
        wait = asked_for or next((seconds for tries, seconds in waits if job.attempts < tries), 900)
        return RetryDecision(retry_in={"seconds": wait})


def defer(
    task: str, *, at: datetime | None = None, key: str | None = None, queue_name: str = DEFAULT, **arguments: str
) -> None:
    """Have `task` run once this transaction has committed, at `at` or as soon as may be.

    `key` names what is to be done: while such a job waits, a second one is not added. Arguments are ids only: no
    code, name or address may stand in them (they are readable in the jobs table).
    """
    connection = db.session.connection()
    if key is not None and _is_waiting(connection, task, key):
        return
    driver = connection.connection.driver_connection
    job = configure_task(name=task, job_manager=_writer, connection=driver, queue=queue_name, schedule_at=at, lock=key)
    job.defer(**arguments)


def _is_waiting(connection: Any, task: str, key: str) -> bool:
    found = connection.exec_driver_sql(
        "SELECT 1 FROM procrastinate_jobs WHERE task_name = %s AND lock = %s AND status = 'todo' LIMIT 1",
        (task, key),
    )
    return found.first() is not None
