"""The application's own impatience, taken from it where it is no part of a test.

A service gives a lock up after five seconds, and an open transaction in which nothing is asked after thirty. A test
on a busy machine may take as long between two statements, or to let twelve threads through one lock. The worker's
rounds go by the wall clock: at some minutes of the hour they would be among what a test has it do, at others not.
"""

from __future__ import annotations

from typing import Any

import pytest
from procrastinate.periodic import PeriodicRegistry
from sqlalchemy import Engine, event

from identity_provider.adapters import replica_connections, typesetting
from identity_provider.queue import queue
from identity_provider.services import lookups, one_login, one_login_sign_outs, prohibitions

LONG = 240.0
_PATIENT = (
    "SET lock_timeout = '240s'; SET statement_timeout = '240s';"
    " SET idle_in_transaction_session_timeout = 0; SET transaction_timeout = 0"
)


def be_patient(engine: Engine) -> None:
    """Let connections that are made from now on wait, and whoever wants one."""
    engine.pool._timeout = LONG  # type: ignore[attr-defined]  # of every pool that has a limit

    @event.listens_for(engine, "connect")
    def allow_more(connection: Any, _record: object) -> None:
        was, connection.autocommit = connection.autocommit, True  # in a transaction it would be taken back
        connection.execute(_PATIENT)
        connection.autocommit = was


def be_patient_with_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let who is asked for a record, or a document, take longer than any person would wait."""
    for service in (lookups, one_login, one_login_sign_outs, prohibitions):
        monkeypatch.setattr(service, "PATIENCE_SECONDS", LONG)
    monkeypatch.setattr(typesetting, "SECONDS", LONG)
    for name in ("SECONDS_TO_CONNECT", "SECONDS_FOR_A_TURN"):
        monkeypatch.setattr(replica_connections, name, int(LONG))
    monkeypatch.setitem(replica_connections._SETTINGS, "statement_timeout", "240s")
    monkeypatch.setitem(replica_connections._SETTINGS, "lock_timeout", "240s")


ROUNDS = queue.periodic_registry
"""What the worker does by the wall clock, for the tests that are about it."""


def keep_rounds_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker of this process do what was asked for and nothing else, whatever time it is."""
    monkeypatch.setattr(queue, "periodic_registry", PeriodicRegistry())  # type: ignore[no-untyped-call]
