"""Somebody else at the same database: goes ahead until all is done, or until they wait for a row that is held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread, current_thread
from typing import Any

from flask import Flask
from sqlalchemy import event, text

from identity_provider.db import db

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


class SecondParty(Thread):
    """Does its work in another connection; `failed` is what it came to grief by."""

    def __init__(self, app: Flask, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.failed: Exception | None = None
        self._app, self._work = app, work

    def run(self) -> None:
        with self._app.app_context():
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 -- whatever it is, the test is to see it
                self.failed = error

    def go_ahead(self) -> None:
        """Begin, and return when it is done or waits for a row."""
        self.start()
        while self.is_alive() and not self._waits():
            self.join(0.02)

    def _waits(self) -> bool:
        with db.engine.connect() as beside:
            return bool(beside.scalar(_WAITING))


@contextmanager
def just_before(words: str, do: Callable[[], object], *, nth: int = 1) -> Iterator[None]:
    """Do something once, just before this thread sends the nth statement that contains these words."""
    here, seen = current_thread(), [0]

    def hook(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if current_thread() is here and words in statement:
            seen[0] += 1
            if seen[0] == nth:
                do()

    event.listen(db.engine, "before_cursor_execute", hook)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", hook)
    assert seen[0] >= nth, f"{words!r} was in {seen[0]} statements"
