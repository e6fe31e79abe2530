"""Many questions to the replica at once get the answers that each gets alone."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import psycopg
import pytest

from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.adapters.replica_columns import LINE_END
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.models.register_layout import slipped_trns
from identity_provider.sandbox.people import write_register
from identity_provider.sandbox.people_queries import labelled_queries
from matching import batch
from matching.batch import answer_row, match_many, match_rows, read_person, read_register
from matching.blocking import person_keys, trn_slips
from matching.held import held_by
from matching.matcher import match
from matching.memory import InMemoryRegister
from matching.policy import Policy
from matching.questions import ask
from matching.records import ROWS_PER_KEY, CandidateQuestion, PersonDetails, TeachingRecord
from matching.rows import FIELD_SEPARATOR
from matching.statements import prepare
from tests.kit import registers
from tests.kit.database import TestCluster
from tests.kit.people import a_record
from tests.kit.registers import TODAY, import_now

CROWD = [
    a_record(trn=f"9{n:06d}", first_name="Joan", last_name="Doe", previous_last_names=(), nino="", email="")
    for n in range(ROWS_PER_KEY + 1)
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register of 3,000 people, 300 labelled questions about it, and a crowd born on one day."""
    folder = tmp_path_factory.mktemp("bulk")
    generated = folder / "generated.csv"
    write_register(generated, 3000, 5)
    labelled_queries(generated, folder, 300, 6)
    crowded = {record.trn for record in CROWD}
    people = (record for record in read_register(generated) if record.trn not in crowded)
    registers.write_register(folder / "register.csv", [*people, *CROWD])
    return folder


@pytest.fixture(scope="module")
def replica(cluster: TestCluster, place: Path) -> Iterator[DqtReplica]:
    url = registers.register_database(cluster, "register_bulk")
    import_now(url, place / "register.csv", force=True)
    made = DqtReplica(url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def rows(place: Path) -> list[dict[str, str]]:
    with (place / "queries.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_people_matched_together_get_the_outcomes_that_each_gets_alone(
    replica: DqtReplica, rows: list[dict[str, str]]
) -> None:
    people = list(map(read_person, rows))
    together = match_many(people, replica, Policy.LINKAGE, TODAY)
    assert together == [match(person, replica, Policy.LINKAGE, TODAY) for person in people]
    assert len({type(outcome) for outcome in together}) == 3


def test_a_snapshot_answers_as_the_replica_does(replica: DqtReplica, rows: list[dict[str, str]]) -> None:
    people = list(map(read_person, rows))
    snapshot = replica.snapshot()
    assert snapshot.size == replica.size
    assert match_many(people, snapshot, Policy.LINKAGE, TODAY) == match_many(people, replica, Policy.LINKAGE, TODAY)
    crowded = CandidateQuestion(PersonDetails(), (f"d:{CROWD[0].date_of_birth:%Y%m%d}", "t:9000000"))
    assert snapshot.find_candidates(crowded).capped_keys == replica.find_candidates(crowded).capped_keys != ()
    assert len(snapshot.find_candidates(crowded).records) >= ROWS_PER_KEY
    trn, nino = people[0].trn or "9000001", "AB123456"
    assert set(snapshot.find_by_identifiers(trn, nino)) == set(replica.find_by_identifiers(trn, nino))


def test_records_in_memory_and_lines_of_text_hold_the_same(replica: DqtReplica, rows: list[dict[str, str]]) -> None:
    snapshot, compared = replica.snapshot(), 0
    for person in map(read_person, rows):
        statement = prepare(person, TODAY)
        question = ask(statement, person_keys(statement, TODAY))
        records = sorted(snapshot.find_candidates(question).records, key=lambda record: record.trn)
        for lines in (replica.find_candidates(question).records, replica.find_many([question])[0].records):
            assert sorted(lines, key=lambda record: record.trn) == records
        asked = snapshot.find_candidates(question).records
        ours, text = held_by(asked), held_by(list(asked))
        places = range(len(asked))
        assert list(ours.firsts()) == list(text.firsts())
        assert [set(known) for known in ours.lasts()] == [set(known) for known in text.lasts()]
        assert _by_place(ours.elsewhere(places)) == _by_place(text.elsewhere(places))
        assert (ours.born_on([statement.born], [len(asked)]) == text.born_on([statement.born], [len(asked)])).all()
        assert ours.with_trn(statement.trn) == text.with_trn(statement.trn)
        assert ours.with_nino(statement.nino) == text.with_nino(statement.nino)
        assert ours.with_email(statement.email) == text.with_email(statement.email)
        compared += len(asked)
    assert compared > len(rows)


def _by_place(elsewhere: list[tuple[int, Sequence[str]]]) -> dict[int, set[str]]:
    words: dict[int, set[str]] = {}
    for at, these in elsewhere:
        words.setdefault(at, set()).update(these)
    return words


def test_a_snapshot_stays_as_it_is_when_another_register_is_imported(cluster: TestCluster, tmp_path: Path) -> None:
    url = registers.register_database(cluster, "register_snapshot")
    import_now(url, registers.write_register(tmp_path / "old.csv", [CROWD[0]]))
    replica = DqtReplica(url)
    snapshot = replica.snapshot()
    import_now(url, registers.write_register(tmp_path / "new.csv", CROWD[1:3]), force=True)
    assert (snapshot.size, snapshot.find_by_identifiers(CROWD[0].trn, "")) == (1, (CROWD[0],))
    assert replica.snapshot().size == 2
    replica.close()


def test_records_that_do_not_lie_in_the_order_of_their_birthdays_give_no_snapshot(
    cluster: TestCluster, tmp_path: Path
) -> None:
    """As after a tool that copies tables row by row: somebody would not be found, and be told to have no record."""
    url = registers.register_database(cluster, "register_moved")
    young = replace(CROWD[1], date_of_birth=date(1990, 1, 1))
    import_now(url, registers.write_register(tmp_path / "register.csv", [CROWD[0], young]))
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        database.execute("CREATE TABLE moved AS SELECT * FROM register_gen_1_records ORDER BY date_of_birth DESC")
        database.execute("DROP TABLE register_gen_1_records")
        database.execute("ALTER TABLE moved RENAME TO register_gen_1_records")
    replica = DqtReplica(url)
    with pytest.raises(RegisterUnavailable, match="order"):
        replica.snapshot()
    replica.close()


@pytest.mark.parametrize("sign", [FIELD_SEPARATOR, LINE_END])
def test_a_value_that_holds_a_sign_between_values_gives_no_snapshot(
    cluster: TestCluster, tmp_path: Path, sign: str
) -> None:
    """Its record, or all after it, would have the values of others, and nobody be found by theirs."""
    url = registers.register_database(cluster, f"register_apart_{ord(sign)}")
    import_now(url, registers.write_register(tmp_path / "register.csv", CROWD[:3]))
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        for record, name in zip(CROWD[1:3], (f"Ann{sign}Jane", "Ann"), strict=True):  # whoever is changed comes last
            database.execute("UPDATE register_gen_1_records SET middle_name = %s WHERE trn = %s", (name, record.trn))
    replica = DqtReplica(url)
    with pytest.raises(RegisterUnavailable, match="apart"):
        replica.snapshot()
    replica.close()


def test_a_register_that_cannot_be_read_gives_no_snapshot(cluster: TestCluster) -> None:
    replica = DqtReplica(registers.register_database(cluster, "register_no_snapshot"))
    with pytest.raises(RegisterUnavailable):
        replica.snapshot()
    replica.close()


@pytest.mark.parametrize("read_a_query", [0, 100])
def test_processes_that_ask_the_replica_answer_as_one_with_the_register_in_memory(
    replica: DqtReplica, rows: list[dict[str, str]], place: Path, monkeypatch: pytest.MonkeyPatch, read_a_query: int
) -> None:
    """Whether PostgreSQL is asked, or a snapshot that is read first."""
    monkeypatch.setattr(batch, "RECORDS_READ_A_QUERY", read_a_query)
    memory = InMemoryRegister(read_register(place / "register.csv"))
    alone = [answer_row(row["query_id"], match(read_person(row), memory, Policy.LINKAGE, TODAY)) for row in rows]
    assert list(match_rows(replica, rows, Policy.LINKAGE, TODAY, processes=2)) == alone


def test_a_question_that_meets_a_crowd_is_capped_among_others_as_it_is_alone(replica: DqtReplica) -> None:
    crowded = CandidateQuestion(PersonDetails(), (f"d:{CROWD[0].date_of_birth:%Y%m%d}", "t:9000000"))
    small = CandidateQuestion(PersonDetails(), ("t:9000001",))
    many, few, none = replica.find_many([crowded, small, replace(small, keys=())])
    assert many.capped_keys == replica.find_candidates(crowded).capped_keys == crowded.keys[:1]
    assert [record.trn for record in few.records] == ["9000001"]
    assert not none.records


def test_no_answer_is_no_empty_answer_for_many_either(cluster: TestCluster) -> None:
    empty = DqtReplica(registers.register_database(cluster, "register_bulk_empty"))
    with pytest.raises(RegisterUnavailable):
        empty.find_many([CandidateQuestion(PersonDetails(), ("t:1234567",))])
    empty.close()


def test_records_are_read_from_lines_as_they_were_imported(replica: DqtReplica, place: Path) -> None:
    def by_trn(records: Iterator[TeachingRecord]) -> dict[str, TeachingRecord]:
        return {record.trn: record for record in records}

    assert by_trn(replica.records()) == by_trn(read_register(place / "register.csv"))


def test_trns_one_slip_away_are_the_same_ones_in_columns() -> None:
    stated = ("1234567", "0000001", "9909990", "1122334")
    rows = slipped_trns(np.array(list(map(int, stated)), np.int64)).tolist()
    for trn, row in zip(stated, rows, strict=True):
        assert {f"{number:07d}" for number in row} == {trn, *trn_slips(trn)}
    assert slipped_trns(np.empty(0, np.int64)).size == 0
