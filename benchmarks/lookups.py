"""How long an import and a lookup take: a generated register in an embedded PostgreSQL, against a plain SELECT.

python -m benchmarks lookups [--full] [--records 300000] [--lookups 1000]
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import psycopg
import sqlalchemy as sa

from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.db import Base
from identity_provider.models import RegisterBatch, RegisterGeneration, RegisterImport, RegisterReject
from identity_provider.sandbox.people import write_register
from identity_provider.sandbox.postgres import EmbeddedPostgres
from identity_provider.sandbox.run import ROOM_FOR_A_REGISTER
from identity_provider.services.register_import import ImportOptions, import_register
from matching.blocking import person_keys
from matching.matcher import match
from matching.policy import Policy
from matching.questions import ask
from matching.records import CandidateQuestion, PersonDetails, TeachingRecord
from matching.statements import prepare

TODAY = date(2026, 3, 2)
SEED = 1

Item = TypeVar("Item")


def main() -> None:
    """Build, import, look up, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--lookups", type=int, default=1_000)
    parser.add_argument("--import-only", action="store_true", help="stop after the import")
    parser.add_argument("--full", action="store_true", help="3,000,000 records")
    asked = parser.parse_args()
    asked.records = 3_000_000 if asked.full else asked.records
    print(f"Register lookups: {asked.records:,} records, {os.cpu_count()} cores")
    with database() as url, tempfile.TemporaryDirectory() as place:
        file = Path(place) / "register.csv"
        timed("generate", asked.records, lambda: write_register(file, asked.records, SEED))
        timed("import, with keys and indexes", asked.records, lambda: load(url, file))
        if asked.import_only:
            return
        replica = DqtReplica(url)
        measure(url, replica, some_of(replica, asked.lookups))
        replica.close()


@contextmanager
def database() -> Iterator[str]:
    """A cluster for this run, with the tables that an import needs."""
    place = Path(tempfile.mkdtemp(prefix="gai-bench-"))
    place.chmod(0o711)  # as root the server runs under another account
    try:
        with EmbeddedPostgres(place / "pg", options=ROOM_FOR_A_REGISTER) as postgres:
            postgres.create_database("bench")
            url = postgres.url("bench")
            engine = sa.create_engine(url)
            models = (RegisterImport, RegisterBatch, RegisterReject, RegisterGeneration)
            Base.metadata.create_all(engine, tables=[Base.metadata.tables[each.__tablename__] for each in models])
            engine.dispose()
            yield url
    finally:
        shutil.rmtree(place)


def timed(what: str, records: int, work: Callable[[], object]) -> None:
    """Print how long it took, and how many records a second that is."""
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    print(f"  {what:<34} {seconds:8.1f} s  {records / seconds:10,.0f} records/s")


def load(url: str, file: Path) -> None:
    """Import as `flask register import` does."""
    options = ImportOptions(workers=os.cpu_count() or 1)
    import_register(url, file, options, lambda: datetime.now(UTC), lambda *_: None)


def some_of(replica: DqtReplica, count: int) -> list[TeachingRecord]:
    """Records from all over the register."""
    step = max(replica.size // count, 1)
    found = [record for at, record in enumerate(replica.records()) if at % step == 0]
    random.Random(SEED).shuffle(found)
    return found[:count]


def measure(url: str, replica: DqtReplica, records: Sequence[TeachingRecord]) -> None:
    """Each kind of question, twice over the same records: the first pass only warms the caches."""
    named = [stated(record, identified=False) for record in records]
    identified = [stated(record, identified=True) for record in records]
    questions = [question(person) for person in named]
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as plain:
        peer = percentiles(range(len(records)), lambda at: select_one(plain, at + 2))
        show("peer: SELECT by primary key", peer, peer)
        show("identifiers", percentiles(records, lambda r: replica.find_by_identifiers(r.trn, r.nino[:8])), peer)
        show("candidates, one round trip", percentiles(questions, replica.find_candidates), peer)
        for name, people in (("match by TRN or NINO", identified), ("match by names and birthday", named)):
            show(name, percentiles(people, lambda person: match(person, replica, Policy.LINKAGE, TODAY)), peer)
    found = sum(len(replica.find_candidates(asked).records) for asked in questions) / len(questions)
    keys = sum(len(asked.keys) for asked in questions) / len(questions)
    print(f"  {found:.0f} candidates for {keys:.0f} keys on average")
    print(f"  this process held at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def select_one(plain: psycopg.Connection[tuple[object, ...]], number: int) -> object:
    """The simplest question that a database can be asked over the same tables."""
    return plain.execute("SELECT * FROM register_gen_1_records WHERE id = %s", (number,), prepare=True).fetchone()


def stated(record: TeachingRecord, *, identified: bool) -> PersonDetails:
    """What somebody with this record might type."""
    return PersonDetails(
        first_name=record.first_name,
        last_name=record.last_name,
        date_of_birth=record.date_of_birth,
        trn="" if record.nino or not identified else record.trn,
        nino=record.nino if identified else "",
        email=record.email,
    )


def question(person: PersonDetails) -> CandidateQuestion:
    """All keys of a person."""
    statement = prepare(person, TODAY)
    return ask(statement, person_keys(statement, TODAY))


def percentiles(items: Sequence[Item], work: Callable[[Item], object]) -> tuple[float, float, float]:
    """Milliseconds that half, 95 % and 99 % of the calls stay under, warm."""
    for item in items:
        work(item)
    taken = []
    for item in items:
        began = time.perf_counter()
        work(item)
        taken.append(1000 * (time.perf_counter() - began))
    taken.sort()
    p50, p95, p99 = (taken[int(share * (len(taken) - 1))] for share in (0.5, 0.95, 0.99))
    return p50, p95, p99


def show(what: str, found: tuple[float, float, float], peer: tuple[float, float, float]) -> None:
    """One line of figures, with the ratio to the peer's median."""
    p50, p95, p99 = found
    print(f"  {what:<34} p50 {p50:6.2f}  p95 {p95:6.2f}  p99 {p99:6.2f} ms   {p50 / peer[0]:6.1f} x peer")


if __name__ == "__main__":
    main()
