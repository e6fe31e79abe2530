"""The replica's own connections: apart from the caller's transaction, read only, and impatient."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import exc
from sqlalchemy.pool import QueuePool

from identity_provider.domain.errors import RegisterUnavailable

Connection = psycopg.Connection[tuple[Any, ...]]

SECONDS_TO_CONNECT = 2
SECONDS_FOR_A_TURN = 2.0

_SETTINGS = {
    "statement_timeout": "2s",
    "lock_timeout": "1s",
    "default_transaction_read_only": "on",
    # A pipeline is one transaction: every statement in it sees the generation that the first one saw.
    "default_transaction_isolation": "repeatable read",
    # Lookups are index look-ups whatever the size of the register: plans that change with it would surprise.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "datestyle": "ISO",  # a line holds dates as the server writes them
}


class ConnectionLost(RegisterUnavailable):
    """The database cut a connection that was open: a fresh one may do better."""


class Connections:
    """Lends connections, each to one lookup at a time, and never across a fork."""

    def __init__(self, database_url: str, most: int = 16) -> None:
        self._address = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._most = most
        self._owner = os.getpid()
        self._pool = self._new_pool()

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """A connection for the block. Raises RegisterUnavailable for whatever the database fails to do."""
        if self._owner != os.getpid():
            # What the parent opened is the parent's: closing it here would end its sessions.
            self._owner, self._pool = os.getpid(), self._new_pool()
        try:
            lent = self._pool.connect()
        except (psycopg.Error, exc.TimeoutError) as error:
            raise RegisterUnavailable("the replica's database does not answer") from error
        try:
            yield lent.driver_connection  # type: ignore[misc]  # SQLAlchemy types it as any driver's connection
        except psycopg.Error as error:
            lost = lent.driver_connection is None or lent.driver_connection.closed
            lent.invalidate()
            raise (ConnectionLost if lost else RegisterUnavailable)(
                f"the replica's database failed: {type(error).__name__}"
            ) from error
        except BaseException:
            lent.invalidate()
            raise
        finally:
            lent.close()

    def forget(self) -> None:
        """Close the connections that nobody is using, and begin anew: those in use go to the old pool."""
        forgotten, self._pool = self._pool, self._new_pool()
        forgotten.dispose()

    def _new_pool(self) -> QueuePool:
        # What is returned is outside any transaction (autocommit), so there is nothing to reset.
        return QueuePool(
            self._connect, pool_size=self._most, max_overflow=0, timeout=SECONDS_FOR_A_TURN, reset_on_return=None
        )

    def _connect(self) -> Any:
        connection: Connection = psycopg.connect(
            self._address, autocommit=True, connect_timeout=SECONDS_TO_CONNECT, application_name="register lookup"
        )
        settings = ((sql.Identifier(name), sql.Literal(value)) for name, value in _SETTINGS.items())
        connection.execute(sql.SQL("; ").join(sql.SQL("SET {} = {}").format(*each) for each in settings))
        return connection
