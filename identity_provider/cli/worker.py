"""`flask worker`: runs jobs until it is told to stop."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext
from procrastinate import PsycopgConnector

from identity_provider.kit.app import settings
from identity_provider.queue import queue


@click.command("worker")
@click.option("--concurrency", default=4, show_default=True, help="How many jobs run side by side.")
@click.option("--until-idle", is_flag=True, help="Stop once there is nothing to do.")
@with_appcontext
def worker(concurrency: int, until_idle: bool) -> None:
    """Run jobs: emails, tickets, repeated lookups, cleaning up. Stops gracefully on SIGTERM and Ctrl-C."""
    current_app.logger.info("worker_started")
    run(concurrency=concurrency, until_idle=until_idle)


def run(*, concurrency: int = 4, until_idle: bool = False) -> None:
    """Run jobs in this process, in the application's context."""
    address = settings().database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    connector = PsycopgConnector(conninfo=address, min_size=1, max_size=concurrency + 2)
    with queue.replace_connector(connector):
        queue.run_worker(
            concurrency=concurrency,
            wait=not until_idle,
            listen_notify=not until_idle,
            fetch_job_polling_interval=1.0,
            delete_jobs="successful",
            shutdown_graceful_timeout=20,
            install_signal_handlers=not until_idle,
        )
