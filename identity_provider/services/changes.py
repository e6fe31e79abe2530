"""Whether what this process keeps of the database in memory still holds: clients, signing keys, switches.

Every writer's triggers notify (PostgreSQL LISTEN/NOTIFY, a migration). What is kept is trusted only while this
process listens, and for a minute at most, should a connection be dead without anybody knowing.
"""

from __future__ import annotations

import time
from collections import defaultdict
from threading import Event, Lock, Thread
from typing import Any

import psycopg
import structlog
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, Session

from identity_provider.db import db
from identity_provider.models import Client, ClientSecret, FeatureSwitch, SigningKey
from identity_provider.services.direct import Driver, open_apart

CHANNEL = "registry_changed"
CLIENTS, SIGNING_KEYS, FEATURE_SWITCHES = "clients", "signing_keys", "feature_switches"
TRUSTED_SECONDS = 60.0

_KINDS: dict[type[Any], str] = {
    Client: CLIENTS,
    ClientSecret: CLIENTS,
    SigningKey: SIGNING_KEYS,
    FeatureSwitch: FEATURE_SWITCHES,
}
_WAIT_SECONDS = 1.0
_WAITS_BETWEEN_PROOFS = 20
_LONGEST_PAUSE_SECONDS = 10.0

log = structlog.get_logger("changes")


class Changes:
    """What has changed, as far as one process knows of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counts: dict[str, int] = defaultdict(int)
        self._kept: dict[tuple[str, str], tuple[int, float, Any]] = {}
        self._lock = Lock()
        self._stop = Event()
        self.listening = Event()
        Thread(target=self._listen, name="changes", daemon=True).start()

    def stamp(self, kind: str) -> int | None:
        """A number that is another one after each change; None while nobody would tell us of one."""
        return self._counts[kind] if self.listening.is_set() else None

    def note(self, kind: str) -> None:
        """Something of this kind changed. An unknown kind means everything."""
        with self._lock:
            for each in [kind] if kind in _KINDS.values() else [*_KINDS.values()]:
                self._counts[each] += 1

    def kept(self, kind: str, name: str) -> Any | None:
        """What is kept under this name, if it still holds."""
        found = self._kept.get((kind, name))
        if found is None or found[0] != self.stamp(kind) or time.monotonic() > found[1]:
            return None
        return found[2]

    def keep(self, kind: str, name: str, thing: Any, stamp: int | None) -> None:
        """Keep what was read after `stamp` was asked for: what changed in between is then not believed."""
        if stamp is not None:
            self._kept[kind, name] = (stamp, time.monotonic() + TRUSTED_SECONDS, thing)

    def stop(self) -> None:
        """Listen no more."""
        self._stop.set()
        self.listening.clear()

    def _listen(self) -> None:
        """Listen until the end of the process or of the engine; a lost connection is opened anew."""
        pause = 0.1
        while not self._stop.is_set():
            try:
                with open_apart(self._engine.raw_connection) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.note("")  # whatever happened while nobody listened
                    self.listening.set()
                    pause = 0.1
                    self._hear(connection)
            except (psycopg.Error, SQLAlchemyError, OSError) as broken:
                self.listening.clear()
                log.warning("not_listening_for_changes", error=type(broken).__name__)
                self._stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _hear(self, connection: Driver) -> None:
        """Until told to stop; a connection that is dead without saying so is found out."""
        while not self._stop.is_set():
            for _ in range(_WAITS_BETWEEN_PROOFS):
                for notice in connection.notifies(timeout=_WAIT_SECONDS):
                    self.note(notice.payload)
                if self._stop.is_set():
                    return
            connection.execute(f"LISTEN {CHANNEL}")  # does nothing more to one that listens already


def changes() -> Changes:
    """Those of the application's database; listening begins with the first question."""
    engine = db.engine
    found = _CHANGES.get(engine)
    if found is None:
        with _FIRST:
            found = _CHANGES.get(engine)
            if found is None:
                found = _CHANGES[engine] = Changes(engine)
    return found


_CHANGES: dict[Engine, Changes] = {}
_FIRST = Lock()


@event.listens_for(Engine, "engine_disposed")
def _stop_listening(engine: Engine) -> None:
    gone = _CHANGES.pop(engine, None)
    if gone is not None:
        gone.stop()


def note_everywhere(kind: str = "") -> None:
    """Tell every part of this process at once: it does not wait to hear of what it did itself."""
    for each in list(_CHANGES.values()):
        each.note(kind)


@event.listens_for(Session, "after_flush")
def _remember_changes(session: Session, _: object) -> None:
    for thing in (*session.new, *session.dirty, *session.deleted):
        if type(thing) in _KINDS:
            session.info.setdefault("changed_kinds", set()).add(_KINDS[type(thing)])


@event.listens_for(Session, "do_orm_execute")
def _remember_bulk_changes(execution: ORMExecuteState) -> None:
    if execution.is_update or execution.is_delete or execution.is_insert:
        mapper = execution.bind_mapper
        if mapper is not None and mapper.class_ in _KINDS:
            execution.session.info.setdefault("changed_kinds", set()).add(_KINDS[mapper.class_])


@event.listens_for(Session, "after_commit")
def _tell_of_changes(session: Session) -> None:
    for kind in session.info.pop("changed_kinds", ()):
        note_everywhere(kind)
