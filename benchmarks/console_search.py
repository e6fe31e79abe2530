"""How long the console takes to find people by what an agent knows of them: part of a name, slips, address or TRN.

python -m benchmarks.console_search [--full] [--users 100000] [--rounds 3]

`--full` fills the table with 1,000,000 people, by COPY, whose names are as common as in the census of the United
States. Each text is searched for the first time after the server was restarted, so that nothing of the table is in its
memory ("first"), and then again ("next", the median). Beside the time by the clock stand the milliseconds of this
process's processor and those that its statements took. The target is that no search takes 200 ms.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from flask_migrate import upgrade
from sqlalchemy import event, text

from benchmarks._measures import line, title
from identity_provider.db import db
from support_console import people
from tests.kit.database import TestCluster
from tests.kit.outside import settings_for
from wsgi import create_app

MOST_MS = 200.0
MEMORY = {"shared_buffers": "512MB", "maintenance_work_mem": "512MB", "max_wal_size": "4GB"}
COLUMNS = (
    "id, email, first_name, middle_name, last_name, preferred_name, stated_previous_names, trn, lookup_status,"
    " lookup_reason, verification_level, created_at, updated_at"
)
SEARCHES = (
    ("a common surname", "Smith"),
    ("a rare surname", "Featherston"),
    ("a first name", "Siobhan"),
    ("both names", "Mary Johnson"),
    ("both names, rare", "Siobhan Featherston"),
    ("a slip in both", "Maryy Jhonson"),
    ("a slip in a rare one", "Fetherstone"),
    ("the beginning", "Feath"),
    ("two common words", "James Smith"),
    ("three words", "Mary Ann Johnson"),
    ("nobody", "Xzqvwy Qqqqq"),
    ("an email address", "person4711@example.com"),
    ("a TRN", "1000042"),
)


@dataclass
class Spent:
    """What one search took, in milliseconds; and how many it found."""

    clock: float = 0.0
    processor: float = 0.0
    server: float = 0.0
    statements: int = 0
    found: int = 0


class Names:
    """Names as often as they are in the census (the public-domain lists of the package `names`)."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._first = [self._list("dist.female.first"), self._list("dist.male.first")]
        self._last = self._list("dist.all.last")

    def pair(self) -> tuple[str, str]:
        """A first name and a surname."""
        return self._one(self._random.choice(self._first)), self._one(self._last)

    def _one(self, of: tuple[list[str], list[float]]) -> str:
        names, reached = of
        return names[min(bisect(reached, self._random.random() * reached[-1]), len(names) - 1)]

    @staticmethod
    def _list(name: str) -> tuple[list[str], list[float]]:
        rows = [each.split() for each in files("names").joinpath(name).read_text(encoding="ascii").splitlines()]
        return [row[0].capitalize() for row in rows], [float(row[2]) for row in rows]


def rows(users: int, seed: int = 2026) -> Iterator[tuple[Any, ...]]:
    """People: every second one linked to a record."""
    names, made = Names(seed), random.Random(seed)
    for number in range(users):
        first, last = names.pair()
        linked = (f"{1_000_000 + number:07d}"[:7], "Found", "matched", "Low") if number % 2 == 0 else _NOT_LINKED
        at = "2026-01-01T00:00:00Z"
        key = UUID(int=made.getrandbits(128), version=4)
        yield (key, f"person{number}@example.com", first, "", last, first, "[]", *linked, at, at)


_NOT_LINKED = (None, "Pending", "near_match", None)


def fill(url: str, users: int) -> None:
    """Put them there; the indexes of names are made afterwards, which takes a fifth of the time."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'users' AND indexname LIKE 'ix_%'")
        indexes = [each[0] for each in cursor.fetchall()]
        for each in indexes:
            cursor.execute(f"DROP INDEX {each.split()[2]}")
        with cursor.copy(f"COPY users ({COLUMNS}) FROM STDIN") as copy:
            for row in rows(users):
                copy.write_row(row)
        for each in indexes:
            cursor.execute(each)
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE users")


def search(words: str) -> Spent:
    """Find, as the console does it."""
    spent, begun = Spent(), list[float]()

    def begins(*_execution: Any) -> None:
        begun.append(time.perf_counter())

    def ends(*_execution: Any) -> None:
        spent.server += (time.perf_counter() - begun.pop()) * 1000
        spent.statements += 1

    event.listen(db.engine, "before_cursor_execute", begins)
    event.listen(db.engine, "after_cursor_execute", ends)
    clock, processor = time.perf_counter(), time.process_time()
    spent.found = len(people.find(words))
    spent.clock = (time.perf_counter() - clock) * 1000
    spent.processor = (time.process_time() - processor) * 1000
    event.remove(db.engine, "before_cursor_execute", begins)
    event.remove(db.engine, "after_cursor_execute", ends)
    db.session.rollback()
    db.session.remove()
    return spent


def measure(what: str, words: str, rounds: int, first: Spent) -> bool:
    """Print a search; whether it was quick enough."""
    later = [search(words) for _ in range(rounds)]
    next_ms = median(each.clock for each in later)
    met = max(first.clock, next_ms) < MOST_MS
    took = f"{first.clock:.0f} / {next_ms:.0f} ms"
    within = f"cpu {median(each.processor for each in later):.0f}, server {median(each.server for each in later):.0f}"
    line(f"{what}: {words}", took, f"{within}, in {first.statements}", f"{first.found} found", met=met)
    return met


def main() -> int:
    """Fill, search, print; the exit code tells whether every search was quick enough."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="1,000,000 people")
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    users = 1_000_000 if given.full else given.users
    with TestCluster(MEMORY) as cluster:
        url = cluster.url("search")
        app = create_app(settings_for(url))
        with app.app_context():
            upgrade()
            fill(url, users)
            db.engine.dispose()
            cluster.restart()
            db.session.execute(text("SELECT 1"))
            db.session.remove()
            title(f"Search among {users:,} people (first / next, by the clock)")
            met = [measure(what, words, given.rounds, search(words)) for what, words in SEARCHES]
            db.engine.dispose()
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
