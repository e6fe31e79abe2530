"""`flask worker`: runs jobs until it is told to stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import click
from flask import current_app
from flask.cli import with_appcontext
from procrastinate import PsycopgConnector

from config.logging import configure_logging
from identity_provider.kit.app import settings
from identity_provider.queue import DEFAULT, WEBHOOKS, queue

# What a worker would take now: due, and not behind an earlier or a running job of the same lock.
_IS_ANY_DUE = """
SELECT EXISTS (
    SELECT FROM procrastinate_jobs job
    WHERE job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs before
        WHERE before.lock = job.lock AND (
            before.status = 'doing'
            OR (before.status = 'todo' AND (before.priority, -before.id) > (job.priority, -job.id))
        )
    )
) AS due
"""


@click.command("worker")
@click.option(
    "--concurrency", default=4, show_default=True, type=click.IntRange(1, 1_000), help="How many jobs run side by side."
)
@click.option("--until-idle", is_flag=True, help="Stop once there is nothing to do.")
@with_appcontext
def worker(concurrency: int, until_idle: bool) -> None:
    """Run jobs: emails, tickets, repeated lookups, cleaning up. Stops gracefully on SIGTERM and Ctrl-C."""
    configure_logging(settings().log_level)
    current_app.logger.info("worker_started")
    run(concurrency=concurrency, until_idle=until_idle)


def run(*, concurrency: int = 4, until_idle: bool = False) -> None:
    """Run jobs in this process, in the application's context."""
    address = settings().database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    connector = PsycopgConnector(conninfo=address, min_size=1, max_size=2 * concurrency + 4)
    with queue.replace_connector(connector):
        asyncio.run(_until_idle(concurrency) if until_idle else _without_end(concurrency))


async def _until_idle(concurrency: int) -> None:
    """One round after another: a round ends when no job waits, while the last ones still run and may add further."""
    async with queue.open_async():
        due = True
        while due:
            await queue.run_worker_async(
                concurrency=concurrency,
                wait=False,
                listen_notify=False,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
            due = (await queue.connector.execute_query_one_async(_IS_ANY_DUE))["due"]


async def _without_end(concurrency: int) -> None:
    """Two workers side by side: services that are slow to take messages never keep a code or a ticket waiting."""
    async with queue.open_async():
        beside = asyncio.create_task(_work(WEBHOOKS, concurrency, install_signal_handlers=False))
        try:
            await _work(DEFAULT, concurrency)
        finally:
            beside.cancel()
            with suppress(asyncio.CancelledError):
                await beside


async def _work(queue_name: str, concurrency: int, *, install_signal_handlers: bool = True) -> None:
    await queue.run_worker_async(
        queues=[queue_name],
        concurrency=concurrency,
        fetch_job_polling_interval=1.0,
        delete_jobs="successful",
        shutdown_graceful_timeout=20,
        install_signal_handlers=install_signal_handlers,
    )
