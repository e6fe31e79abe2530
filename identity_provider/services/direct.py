"""Statements that run at every sign-in and every call of a service: one round trip each, and a transaction each.

They are written in SQLAlchemy Core, so that the models say what columns there are, compiled once, and handed to the
driver: prepared once on each connection, and from there to libpq and back in one step. Executing them through the
session would cost four times as much: a connection's checks, BEGIN, COMMIT and rows that nobody needs as objects
(design page oidc.md, "Cost"); and half of what remained were the driver's cursors, each made for one execution.
"""

from __future__ import annotations

import re
import select
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import orjson
import psycopg
from psycopg import abc, adapt
from psycopg.adapt import PyFormat
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.types.json import set_json_loads
from sqlalchemy import ColumnElement, Engine, Interval, event, literal_column
from sqlalchemy.dialects.postgresql import psycopg as postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import Executable

from identity_provider.db import UtcDateTime, db

Row = tuple[Any, ...]
Driver = psycopg.Connection[Row]


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
        self._idle: deque[_Link] = deque()

    def first(self, statement: Statement, values: dict[str, Any]) -> Row | None:
        """Run one statement on a connection of one's own, and commit it; the first row that it returns.

        Raises psycopg.Error.
        """
        link = self._take()
        try:
            return link.first(statement, values)
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidSqlStatementName):
            link.driver.close()  # what is prepared there fits the tables no more, and never will again
            raise
        finally:
            if link.is_alive:
                self._idle.append(link)
            else:
                link.driver.close()

    def close(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            self._idle.pop().driver.close()

    def _take(self) -> _Link:
        while True:
            try:
                link = self._idle.pop()
            except IndexError:
                return _Link(open_apart(self._open))
            if not link.news.poll(0):
                return link
            link.driver.close()


class _Link:
    """One connection: what is prepared on it, and how the values of each statement are written and read there."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.news = select.poll()
        self.news.register(driver.fileno(), select.POLLIN)
        self._transformers: dict[str, abc.Transformer] = {}
        self._prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}

    @property
    def is_alive(self) -> bool:
        return not self.driver.closed and self.driver.pgconn.status == ConnStatus.OK

    def first(self, statement: Statement, values: dict[str, Any]) -> Row | None:
        transformer = self._transformers.get(statement.text)
        if transformer is None:
            transformer = self._transformers[statement.text] = adapt.Transformer.from_context(self.driver)
        written = transformer.dump_sequence([values[name] for name in statement.order], statement.formats)
        types = transformer.types or ()
        name = self._prepared.get((statement.text, types)) or self._prepare(statement, types)
        run = self.driver.pgconn.exec_prepared
        result = self._checked(lambda: run(name, written, transformer.formats))  # type: ignore[arg-type]  # None is NULL
        if result.ntuples == 0:
            return None
        transformer.set_pgresult(result)
        try:
            return transformer.load_row(0, tuple)
        finally:
            transformer.set_pgresult(None)  # it outlives the row, which is about a person

    def _prepare(self, statement: Statement, types: tuple[int, ...]) -> bytes:
        name = f"direct_{len(self._prepared)}".encode()
        self._checked(lambda: self.driver.pgconn.prepare(name, statement.numbered, types))
        self._prepared[statement.text, types] = name
        return name

    def _checked(self, ask: Callable[[], PGresult]) -> PGresult:
        """What the server answers. Raises psycopg.Error; OperationalError when it is gone."""
        try:
            result = ask()
        except MemoryError:  # what libpq says, by saying nothing, on a connection that has ended already
            raise psycopg.OperationalError("the connection is lost") from None
        if result.status in _GOOD:
            return result
        if not self.is_alive:
            raise psycopg.OperationalError("the connection is lost")
        raise error_from_result(result)


_GOOD = {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}
_PLACE = re.compile(r"%(?:\((\w+)\)s|(%))")


class Statement:
    """One statement, compiled. Its parameters are named by `bindparam`."""

    def __init__(self, statement: Executable) -> None:
        compiled = statement.compile(dialect=postgresql.dialect())  # type: ignore[attr-defined, no-untyped-call]  # every statement compiles
        self.text = str(compiled)
        values: dict[str, Any] = dict(compiled.params)
        # What the statement itself says, and what is to be given each time.
        self.fixed = {name: value for name, value in values.items() if value is not None}
        self.parameters = frozenset(values) - frozenset(self.fixed)
        # The same text as libpq wants it, and what its numbers stand for.
        self.order = tuple(dict.fromkeys(name for name, _ in _PLACE.findall(self.text) if name))
        self.formats = [PyFormat.AUTO] * len(self.order)
        self.numbered = _PLACE.sub(self._number, self.text).encode()

    def run(self, **values: Any) -> None:
        """Run it for its effect."""
        self.first(**values)

    def first(self, **values: Any) -> Row | None:
        """Run it, and give the first row that it returns, if it returns any.

        Inside transaction() it is a part of that; else it is a transaction of its own. Raises what SQLAlchemy would
        raise, without what was asked.
        """
        try:
            if db.session.registry.has() and db.session().info.get("in_transaction"):
                cursor = _of_transaction().execute(self.text, self.fixed | values)
                return cursor.fetchone() if cursor.description else None
            return connections().first(self, self.fixed | values)
        except psycopg.Error as error:
            raise DBAPIError.instance(self.text, None, error, psycopg.Error, hide_parameters=True) from error

    def _number(self, place: re.Match[str]) -> str:
        return "%" if place[2] else f"${self.order.index(place[1]) + 1}"


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
