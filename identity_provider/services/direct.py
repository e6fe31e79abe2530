"""Statements that run at every sign-in and every call of a service: one round trip each, and a transaction each.

They are written in SQLAlchemy Core, so that the models say what columns there are, compiled once, and handed to the
driver. Executing them through the session would cost four times as much: a connection's checks, BEGIN, COMMIT and
rows that nobody needs as objects (design page oidc.md, "Cost").
"""

from __future__ import annotations

import select
from collections import deque
from typing import Any, cast

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import ColumnElement, Engine, Interval, event, literal_column
from sqlalchemy.dialects.postgresql import psycopg as postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import Executable

from identity_provider.db import UtcDateTime, db

Driver = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]


def looked_at(column: Any) -> ColumnElement[Any]:
    """A column of a row that was found otherwise, in words that lead to no index.

    While a table has no statistics the planner takes any index of a column that is compared for as good as the
    unique one, and walks over everything of a service instead of to one row.
    """
    if isinstance(column.type, UtcDateTime):
        return cast("ColumnElement[Any]", column + literal_column("interval '0'", Interval()))
    return cast("ColumnElement[Any]", column.concat(literal_column("''")))


class Connections:
    """Connections of one database that commit each statement; as many as threads use at once.

    A connection that the server closed is noticed before it is used, without a round trip: an idle one has nothing
    to say but its end.
    """

    def __init__(self, engine: Engine) -> None:
        self._open = engine.raw_connection
        self._idle: deque[tuple[Driver, select.poll]] = deque()

    def execute(self, text: str, values: dict[str, Any]) -> Cursor:
        """Run one statement on a connection of one's own, and commit it."""
        connection, news = self._take()
        try:
            return connection.execute(text, values)
        finally:
            if not connection.closed:
                self._idle.append((connection, news))

    def close(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            self._idle.pop()[0].close()

    def _take(self) -> tuple[Driver, select.poll]:
        while True:
            try:
                connection, news = self._idle.pop()
            except IndexError:
                connection, news = open_apart(self._open), select.poll()
                news.register(connection.fileno(), select.POLLIN)
                return connection, news
            if not news.poll(0):
                return connection, news
            connection.close()


class Statement:
    """One statement, compiled. Its parameters are named by `bindparam`."""

    def __init__(self, statement: Executable) -> None:
        compiled = statement.compile(dialect=postgresql.dialect())  # type: ignore[attr-defined, no-untyped-call]  # every statement compiles
        self.text = str(compiled)
        values: dict[str, Any] = dict(compiled.params)
        # What the statement itself says, and what is to be given each time.
        self.fixed = {name: value for name, value in values.items() if value is not None}
        self.parameters = frozenset(values) - frozenset(self.fixed)

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        """Run it, and give the first row that it returns."""
        return self._execute(values).fetchone()

    def run(self, **values: Any) -> None:
        """Run it for its effect."""
        self._execute(values)

    def _execute(self, values: dict[str, Any]) -> Cursor:
        """Inside transaction() it is a part of that; else it is a transaction of its own.

        Raises what SQLAlchemy would raise, without what was asked.
        """
        try:
            if db.session.registry.has() and db.session().info.get("in_transaction"):
                return _of_transaction().execute(self.text, self.fixed | values)
            return connections().execute(self.text, self.fixed | values)
        except psycopg.Error as error:
            raise DBAPIError.instance(self.text, None, error, psycopg.Error, hide_parameters=True) from error


def open_apart(open_pooled: Any) -> Driver:
    """A connection with the settings of the pool's, that is not the pool's any more and commits each statement."""
    pooled = open_pooled()
    connection: Driver = pooled.driver_connection
    pooled.detach()
    connection.autocommit = True
    connection.execute(_BY_INDEX)
    set_json_loads(orjson.loads, connection)
    return connection


def connections() -> Connections:
    """Those of the application's database."""
    engine = db.engine
    found = _CONNECTIONS.get(engine)
    if found is None:
        found = _CONNECTIONS.setdefault(engine, Connections(engine))
    return found


# Every statement here goes by an index: planned once, and never as the size that a table has today suggests.
_BY_INDEX = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off"

_CONNECTIONS: dict[Engine, Connections] = {}


@event.listens_for(Engine, "engine_disposed")
def _close_connections(engine: Engine) -> None:
    gone = _CONNECTIONS.pop(engine, None)
    if gone is not None:
        gone.close()


def _of_transaction() -> Driver:
    session = db.session()
    session.flush()
    driver: Driver = session.connection().connection.driver_connection  # type: ignore[assignment]  # there is no other
    return driver
