"""Importing a register: whole or not at all, resumable, refused when it lost much."""

from __future__ import annotations

import gzip
import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.services.register_facts import register_facts, rejected_lines
from identity_provider.services.register_import import (
    IMPORT_LOCK,
    ImportOptions,
    ImportRefused,
    ImportRunning,
    import_register,
)
from identity_provider.services.register_loading import LINES_PER_BATCH
from matching.blocking import counted_names, person_keys, sound
from matching.memory import InMemoryRegister
from matching.questions import ask
from matching.records import ROWS_PER_ANSWER, CandidateQuestion, PersonDetails, RecordStatus, TeachingRecord
from matching.statements import prepare
from tests.kit.database import TestCluster
from tests.kit.registers import COLUMNS, NOW, TODAY, import_now, register_database, write_register

_NUMBERS = itertools.count()
CLONE = Path(__file__).parents[2]


@pytest.fixture
def url(cluster: TestCluster) -> str:
    return register_database(cluster, f"register_import_{next(_NUMBERS)}")


@pytest.fixture
def replica(url: str) -> Iterator[DqtReplica]:
    register = DqtReplica(url)
    yield register
    register.close()


def some_records(count: int, first: int = 1) -> list[TeachingRecord]:
    """Made-up people with enough likeness among them to share keys."""
    given, family = ("Ann", "Joan", "Mary", "Siân", "Kate"), ("Smith", "O'Dea", "Jones-Lee", "García")
    return [
        TeachingRecord(
            trn=f"{number:07d}",
            first_name=given[number % 5],
            last_name=family[number % 4],
            previous_last_names=("Brown", "Green") if number % 3 == 0 else (),
            date_of_birth=date(1960, 1, 1) + timedelta(days=number % 9000) if number % 50 else None,
            nino=f"AB{number:06d}C" if number % 2 else "",
            email=f"p{number // 2}@example.com" if number % 7 else "",
        )
        for number in range(first, first + count)
    ]


def write_rows(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def tables(url: str) -> set[str]:
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        rows = database.execute("SELECT relname FROM pg_class WHERE relname ~ '^register_gen_[0-9]' AND relkind = 'r'")
        return {name.removeprefix("register_gen_") for (name,) in rows}


def stop_when(phase: str, done: int) -> Callable[[str, int, int], None]:
    """As if somebody pressed Ctrl-C at that moment."""
    seen = itertools.count(1)

    def watch(now_in: str, at: int, total: int) -> None:
        if now_in == phase and next(seen) >= done:
            raise KeyboardInterrupt

    return watch


def question(record: TeachingRecord) -> CandidateQuestion:
    person = PersonDetails(
        record.first_name,
        last_name=record.last_name,
        date_of_birth=record.date_of_birth,
        trn=record.trn,
        nino=record.nino,
        email=record.email,
    )
    statement = prepare(person, TODAY)
    return ask(statement, person_keys(statement, TODAY))


def test_the_replica_answers_every_question_as_the_register_in_memory_does(
    url: str, replica: DqtReplica, tmp_path: Path
) -> None:
    records = some_records(3000)
    import_now(url, write_register(tmp_path / "register.csv", records))
    memory = InMemoryRegister(records)
    for record in records[::25]:
        asked = question(record)
        ours, theirs = replica.find_candidates(asked), memory.find_candidates(asked)
        assert ours.statistics == theirs.statistics
        assert ours.capped_keys == theirs.capped_keys
        assert sorted(ours.records, key=repr) == sorted(theirs.records, key=repr)
        assert set(replica.find_by_identifiers(record.trn, record.nino[:8])) == {record}


def test_several_processes_load_what_one_does(url: str, replica: DqtReplica, tmp_path: Path) -> None:
    count = 4 * LINES_PER_BATCH + 7
    rows = [f"{number:07d},Ann,{'Margaret ' * 20},Smith,,1980-01-01,,,active,,,," for number in range(1, count + 1)]
    result = import_now(url, write_rows(tmp_path / "register.csv", *rows), workers=2)
    assert (result.records, result.rejected, replica.size) == (count, 0, count)
    counted = replica.find_candidates(CandidateQuestion(PersonDetails(), (), ("ann",), ("smith",), (("ann", "smith"),)))
    assert counted.statistics.first_names == {"ann": count}
    assert counted.statistics.pairs == {("ann", "smith"): count}


def test_a_compressed_file_with_a_byte_order_mark_and_columns_in_another_order_is_read(
    url: str, replica: DqtReplica, tmp_path: Path
) -> None:
    path = tmp_path / "register.csv.gz"
    content = (
        "\ufeffmerged_into,status,email,nino,date_of_birth,previous_last_names,last_name,middle_name,first_name,trn,x\r\n"
        ',,A@Example.com,ab 12 34 56 c,1980-02-03,Brown; Green|Grey,"Smith, Jr",,Ann,42,ignored\r\n'
    )
    path.write_bytes(gzip.compress(content.encode()))
    import_now(url, path)
    (found,) = replica.find_by_identifiers("0000042", "AB123456")
    assert (found.last_name, found.previous_last_names) == ("Smith, Jr", ("Brown", "Green", "Grey"))
    assert (found.nino, found.email, found.status) == ("AB123456C", "A@Example.com", RecordStatus.ACTIVE)
    assert (found.has_qts, found.has_open_alert) == (None, None), "a file that does not say leaves them unknown"


def test_what_is_no_record_is_rejected_with_its_line_and_reason(url: str, tmp_path: Path) -> None:
    good = "1000001,Ann,,Smith,,1980-01-01,,,active,,,,"
    path = write_rows(
        tmp_path / "register.csv",
        good,
        "12345678,Ann,,Smith,,1980-01-01,,,active,,,,",
        ",Ann,,Smith,,1980-01-01,,,active,,,,",
        "1000004,,,,,1980-01-01,,,active,,,,",
        "1000005,Ann,,Smith,,31/12/1980,,,active,,,,",
        "1000006,Ann,,Smith,,2999-01-01,,,active,,,,",
        "1000007,Ann,,Smith,,1980-01-01,,,asleep,,,,",
        "1000008,Ann,,Smith,,1980-01-01,,,active,1000001,,,",
        "1000009,Ann,,Smith",
        good,
        "1000011,Ann,,Smith,,1980-01-01,,,active,,,perhaps,",
    )
    result = import_now(url, path, force=True)
    assert result.records == 1
    assert rejected_lines(url, result.generation) == [
        (3, "trn: not a TRN"),
        (4, "trn: missing"),
        (5, "first_name and last_name: both missing"),
        (6, "date_of_birth: not a date, YYYY-MM-DD"),
        (7, "date_of_birth: before 1900 or after today"),
        (8, "status: none of active, merged, deactivated"),
        (9, "merged_into: the record's status is not merged"),
        (10, "4 columns instead of 13"),
        (11, "trn: also on line 2"),
        (12, "has_qts: neither true nor false"),
    ]


def test_a_line_that_repeats_a_trn_leaves_no_trace(url: str, replica: DqtReplica, tmp_path: Path) -> None:
    first = TeachingRecord("1000001", "Ann", "", "Smith", date_of_birth=date(1980, 1, 1), nino="AB123456C")
    again = replace(first, first_name="Beatrice", last_name="Jones", nino="CE123456C")
    import_now(url, write_register(tmp_path / "register.csv", [first, again]))
    assert replica.find_by_identifiers("1000001", "") == (first,)
    assert replica.find_by_identifiers("", "CE123456") == ()
    names = counted_names(again)
    counted = replica.find_candidates(CandidateQuestion(PersonDetails(), (), names.first_names, names.last_names))
    assert counted.statistics.first_names == {"beatrice": 0}
    assert counted.statistics.last_names == {"jones": 0}


@pytest.mark.parametrize(("phase", "done"), [("loading", 1), ("loading", 2), ("building", 1), ("building", 4)])
def test_an_interrupted_import_is_never_searched_and_goes_on_where_it_stood(
    url: str, replica: DqtReplica, tmp_path: Path, phase: str, done: int
) -> None:
    records = some_records(2 * LINES_PER_BATCH + 10)
    path = write_register(tmp_path / "register.csv", records)
    with pytest.raises(KeyboardInterrupt):
        import_register(url, path, ImportOptions(workers=0), lambda: NOW, stop_when(phase, done))
    with pytest.raises(RegisterUnavailable):
        replica.find_by_identifiers("0000001", "")
    result = import_now(url, path)
    assert (result.resumed, result.records, replica.size) == (True, len(records), len(records))
    memory = InMemoryRegister(records)
    asked = question(records[7])
    assert replica.find_candidates(asked).statistics == memory.find_candidates(asked).statistics


STUCK_IN_THE_MIDDLE = """
import itertools, sys, time
from pathlib import Path
from identity_provider.services.register_import import ImportOptions, import_register
from tests.kit.registers import NOW
seen = itertools.count(1)
def watch(phase, at, total):
    if phase == "loading" and next(seen) == 2:
        print("stuck", flush=True)
        time.sleep(600)
if __name__ == "__main__":
    import_register(sys.argv[1], Path(sys.argv[2]), ImportOptions(workers=2), lambda: NOW, watch)
"""


def test_an_import_that_was_killed_goes_on_when_it_is_started_again(url: str, tmp_path: Path) -> None:
    records = some_records(5 * LINES_PER_BATCH)
    path = write_register(tmp_path / "register.csv", records)
    command = [sys.executable, "-c", STUCK_IN_THE_MIDDLE, url, str(path)]
    with subprocess.Popen(command, cwd=CLONE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "stuck\n"
        killed.send_signal(signal.SIGKILL)
    assert batches(url) > 0
    assert register_facts(url)["generation"] is None
    result = resumed_once_the_dead_are_gone(url, path)
    assert (result.resumed, result.records, result.rejected) == (True, len(records), 0)


def batches(url: str) -> int:
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        row = database.execute("SELECT count(*) FROM register_batches").fetchone()
        return int(row[0]) if row else 0


def resumed_once_the_dead_are_gone(url: str, path: Path) -> Any:
    """The server needs a moment to notice that a client was killed, and holds its lock until then."""
    for _ in range(2_400):
        try:
            return import_now(url, path)
        except ImportRunning:
            time.sleep(0.05)
    raise AssertionError("the lock of a dead import was never freed")


def test_a_newer_file_replaces_the_register_while_lookups_go_on(url: str, replica: DqtReplica, tmp_path: Path) -> None:
    files = [write_register(tmp_path / f"{n}.csv", some_records(400 + n)) for n in range(4)]
    import_now(url, files[0])
    asked = question(some_records(1)[0])
    seen: list[int] = []
    stop = threading.Event()

    def look_up() -> None:
        while not stop.is_set():
            found = replica.find_candidates(asked)
            assert "0000001" in {record.trn for record in found.records}
            seen.append(replica.size)

    def see_more(*_: object) -> None:
        """The import goes on once somebody looked up something since."""
        looked = len(seen)
        for _turn in range(6_000):
            if len(seen) > looked or not lookups.is_alive():
                return
            time.sleep(0.02)

    lookups = threading.Thread(target=look_up)
    lookups.start()
    try:
        for file in files[1:]:
            import_register(url, file, ImportOptions(workers=0), lambda: NOW, see_more)
            see_more()
    finally:
        stop.set()
        lookups.join()
    assert len(seen) > 20
    assert replica.find_candidates(asked).records
    facts = register_facts(url)
    assert facts["records"] == 403
    assert [each["state"] for each in facts["imports"]] == ["current", "replaced", "replaced", "replaced"]
    assert tables(url) == {"4_records", "4_keys", "4_names"}


def test_a_file_for_another_import_gives_the_unfinished_one_up(url: str, tmp_path: Path) -> None:
    first = write_register(tmp_path / "first.csv", some_records(2 * LINES_PER_BATCH))
    with pytest.raises(KeyboardInterrupt):
        import_register(url, first, ImportOptions(workers=0), lambda: NOW, stop_when("loading", 1))
    result = import_now(url, write_register(tmp_path / "second.csv", some_records(50)))
    assert (result.records, result.resumed) == (50, False)
    assert tables(url) == {"2_records", "2_keys", "2_names"}


def test_a_file_that_lost_many_records_is_refused_unless_forced(url: str, replica: DqtReplica, tmp_path: Path) -> None:
    import_now(url, write_register(tmp_path / "whole.csv", some_records(100)))
    half = write_register(tmp_path / "half.csv", some_records(50))
    with pytest.raises(ImportRefused, match="50 records, the register 100"):
        import_now(url, half)
    assert replica.find_by_identifiers("0000099", "")
    import_now(url, half, force=True)
    assert not replica.find_by_identifiers("0000099", "")


def test_a_file_with_many_rejects_is_refused(url: str, tmp_path: Path) -> None:
    rows = [f"{n},Ann,,Smith,,1980-01-01,,,active,,,," if n % 2 else "x" for n in range(1, 41)]
    with pytest.raises(ImportRefused, match="20 of 40 lines were rejected"):
        import_now(url, write_rows(tmp_path / "register.csv", *rows))
    assert register_facts(url)["imports"][0]["state"] == "refused"
    assert tables(url) == set()


@pytest.mark.parametrize("content", [b"", b"trn,first_name\n1,Ann\n", (",".join(COLUMNS) + "\n").encode()])
def test_a_file_that_is_no_register_is_refused(url: str, replica: DqtReplica, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(content)
    with pytest.raises(ImportRefused):
        import_now(url, path)
    with pytest.raises(RegisterUnavailable):
        replica.find_by_identifiers("0000001", "")


def test_a_compressed_file_that_ends_early_is_refused(url: str, tmp_path: Path) -> None:
    whole = write_register(tmp_path / "register.csv", some_records(500)).read_bytes()
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(whole)[:-200])
    with pytest.raises(ImportRefused, match="cannot be read to its end"):
        import_now(url, cut)


def test_two_imports_take_turns(url: str, tmp_path: Path) -> None:
    path = write_register(tmp_path / "register.csv", some_records(5))
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (IMPORT_LOCK,))
        with pytest.raises(ImportRunning):
            import_now(url, path)
    assert import_now(url, path).records == 5


def test_a_generation_that_is_still_being_read_is_left_to_the_next_import(
    url: str, replica: DqtReplica, tmp_path: Path
) -> None:
    files = [write_register(tmp_path / f"{n}.csv", some_records(400 + n)) for n in range(3)]
    import_now(url, files[0])
    reading = replica.records()
    next(reading)
    import_now(url, files[1])
    assert replica.find_by_identifiers("0000401", "")
    assert tables(url) == {f"{n}_{table}" for n in (1, 2) for table in ("records", "keys", "names")}
    reading.close()
    import_now(url, files[2])
    assert tables(url) == {"3_records", "3_keys", "3_names"}


@pytest.mark.parametrize("kind", ["d", "l"])
def test_an_answer_that_would_be_too_long_says_whose_records_it_may_lack(
    url: str, replica: DqtReplica, tmp_path: Path, kind: str
) -> None:
    days = [date(1980, 1, 1) + timedelta(days=number) for number in range(8)]
    people = [
        TeachingRecord(f"{500 * at + number + 1:07d}", f"N{number}", "", "Hill", date_of_birth=day)
        for at, day in enumerate(days)
        for number in range(500)
    ]
    import_now(url, write_register(tmp_path / "register.csv", people))
    keys = {day: f"{kind}:{day:%Y%m%d}" + (f":{sound('hill')}" if kind == "l" else "") for day in days}
    answer = replica.find_candidates(CandidateQuestion(PersonDetails(), tuple(keys.values())))
    assert len(answer.records) == ROWS_PER_ANSWER
    whole = {day for day, key in keys.items() if key not in answer.capped_keys}
    assert ROWS_PER_ANSWER // 500 - 1 <= len(whole) <= ROWS_PER_ANSWER // 500
    assert {record.trn for record in people if record.date_of_birth in whole} <= {r.trn for r in answer.records}
