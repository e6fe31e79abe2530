"""Counting tries: every worker sees the count, and a new window begins with none."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import text

from identity_provider.db import db, transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.services.rate_limits import Limit, count
from tests.builders import NOW

LIMIT = Limit("tries", 3, timedelta(minutes=10))


def test_the_fourth_try_of_three_is_refused_until_the_window_ends(app: Flask) -> None:
    for _ in range(3):
        with transaction():
            count(LIMIT, "somebody", now=NOW)
    with pytest.raises(RateLimited) as refused, transaction():
        count(LIMIT, "somebody", now=NOW)
    assert timedelta(0) < refused.value.retry_after <= LIMIT.per
    with transaction():
        count(LIMIT, "somebody", now=NOW + refused.value.retry_after)
        count(LIMIT, "somebody else", now=NOW)


def test_the_table_names_nobody(app: Flask) -> None:
    with transaction():
        count(LIMIT, "kate@example.com", now=NOW)
    assert "kate" not in str(db.session.execute(text("SELECT key FROM rate_counters")).scalar_one())


def test_tries_at_the_same_moment_are_all_counted(app: Flask) -> None:
    refused: list[bool] = []

    def attempt() -> None:
        with app.app_context():
            try:
                with transaction():
                    count(LIMIT, "somebody", now=NOW)
                refused.append(False)
            except RateLimited:
                refused.append(True)

    threads = [Thread(target=attempt) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(refused) == [False] * 3 + [True] * 7
