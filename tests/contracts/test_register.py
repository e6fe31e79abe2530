"""What every TeacherRegister does, whichever it is: in memory, our replica, or the DQT API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import psycopg
import pytest

from identity_provider.adapters import dqt_calls
from identity_provider.adapters.dqt_api import DqtApi
from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.adapters.memory import MemoryRegister
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.ports import TeacherRegister
from matching.blocking import counted_names, person_keys
from matching.matcher import DefiniteMatch, PotentialMatches, match
from matching.memory import InMemoryRegister
from matching.policy import Policy
from matching.questions import ask
from matching.records import ROWS_PER_KEY, CandidateQuestion, PersonDetails, RecordStatus, TeachingRecord
from matching.statements import prepare
from tests.kit import stand_ins
from tests.kit.database import TestCluster
from tests.kit.registers import TODAY, import_now, register_database, write_register
from tests.kit.stand_ins import StandIn

ANNE = TeachingRecord(
    "1000001",
    "Anne-Marie",
    "Jane",
    "O'Brien",
    (),
    ("Walsh", "Kerr"),
    date(1985, 3, 4),
    "AB123456C",
    "p1@example.com",
    has_open_alert=False,
)
JOSE = TeachingRecord(
    "1000002", "José", "", "García", date_of_birth=date(1990, 11, 12), has_qts=True, has_open_alert=False
)
EMILY = TeachingRecord(
    "1000003", "Emily", "", "Carter", (), (), date(1992, 6, 7), "CE123456A", "family@example.com", has_open_alert=True
)
GRACE = replace(EMILY, trn="1000004", first_name="Grace", nino="CE123457B", has_open_alert=False)
MERGED = replace(ANNE, trn="1000007", nino="", email="", status=RecordStatus.MERGED, merged_into="1000001")
CLOSED = TeachingRecord(
    "1000008", "Harold", "", "Finch", (), (), date(1960, 2, 3), "CH123456A", status=RecordStatus.DEACTIVATED
)
TWICE_MERGED = replace(
    MERGED,
    trn="1000009",
    last_name="Kerr",
    previous_last_names=(),
    merged_into="1000007",
    date_of_birth=date(1985, 3, 5),
)
NOT_BORN = TeachingRecord("1000010", "Olu", "", "Adeyemi", email="olu@example.com")
CROWDED_DAY = date(1970, 1, 1)
CROWD = [
    TeachingRecord(f"2{number:06d}", "Joan", "", "Doe", date_of_birth=CROWDED_DAY) for number in range(ROWS_PER_KEY + 1)
]
RECORDS = [ANNE, JOSE, EMILY, GRACE, MERGED, CLOSED, TWICE_MERGED, NOT_BORN, *CROWD]


@dataclass(frozen=True)
class Subject:
    """A register, and how to make it fall silent."""

    register: TeacherRegister
    silence: Callable[[], None]


@pytest.fixture(scope="module")
def register_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_register(tmp_path_factory.mktemp("register") / "register.csv", RECORDS)


@pytest.fixture(scope="module")
def replica_url(cluster: TestCluster, register_file: Path) -> str:
    url = register_database(cluster, "register_contract")
    import_now(url, register_file)
    return url


@pytest.fixture(scope="module")
def api_process(tmp_path_factory: pytest.TempPathFactory, register_file: Path) -> Iterator[StandIn]:
    with stand_ins.dqt_api(tmp_path_factory.mktemp("dqt-api"), register_file) as running:
        yield running


@pytest.fixture
def api(api_process: StandIn) -> Iterator[DqtApi]:
    """With more patience than any machine needs."""
    register = DqtApi(api_process.url, stand_ins.DQT_API_KEY, seconds=120)
    yield register
    api_process.fail("ok")
    register.close()


@pytest.fixture
def hasty_api(api_process: StandIn) -> Iterator[DqtApi]:
    """With a second's, for a register that would take ten minutes."""
    register = DqtApi(api_process.url, stand_ins.DQT_API_KEY, seconds=1.0)
    api_process.fail("slow", seconds=600)
    yield register
    api_process.fail("ok")
    register.close()


@pytest.fixture
def replica(replica_url: str) -> Iterator[DqtReplica]:
    register = DqtReplica(replica_url)
    yield register
    register.close()
    with psycopg.connect(replica_url.replace("+psycopg", "")) as database:
        database.execute("UPDATE register_generations SET current = true")


@pytest.fixture(params=["memory", "replica", "api"])
def subject(request: pytest.FixtureRequest) -> Subject:
    match request.param:
        case "memory":
            memory = MemoryRegister(list(RECORDS))
            return Subject(memory, lambda: setattr(memory, "down", True))
        case "replica":
            url: str = request.getfixturevalue("replica_url")
            return Subject(request.getfixturevalue("replica"), lambda: half_load(url))
        case _:
            process: StandIn = request.getfixturevalue("api_process")
            return Subject(request.getfixturevalue("api"), lambda: process.fail("down"))


@pytest.fixture
def register(subject: Subject) -> TeacherRegister:
    return subject.register


@pytest.fixture(params=["memory", "replica", "snapshot"])
def searched_by_keys(request: pytest.FixtureRequest) -> TeacherRegister:
    """Registers that look up every key: the API searches by what was stated instead."""
    if request.param == "memory":
        return InMemoryRegister(RECORDS)
    replica: DqtReplica = request.getfixturevalue("replica")
    return replica if request.param == "replica" else replica.snapshot()


def half_load(url: str) -> None:
    """As during the very first import: tables with rows in them, and no generation that is current."""
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        database.execute("UPDATE register_generations SET current = false")


def keys(*asked: str) -> CandidateQuestion:
    return CandidateQuestion(PersonDetails(), asked)


def question(person: PersonDetails) -> CandidateQuestion:
    statement = prepare(person, TODAY)
    return ask(statement, person_keys(statement, TODAY))


def trns(records: Sequence[TeachingRecord]) -> set[str]:
    return {record.trn for record in records}


def stated(record: TeachingRecord, **changes: object) -> PersonDetails:
    person = PersonDetails(first_name=record.first_name, last_name=record.last_name, date_of_birth=record.date_of_birth)
    return replace(person, **changes)  # type: ignore[arg-type]  # the fields of PersonDetails


def test_a_record_is_found_by_its_trn_with_all_that_it_holds(register: TeacherRegister) -> None:
    (found,) = register.find_by_identifiers("1000001", "")
    assert replace(found, has_qts=None) == replace(ANNE, has_qts=None)


def test_what_a_service_must_know_of_a_teacher_comes_with_the_record(register: TeacherRegister) -> None:
    (jose,) = register.find_by_identifiers("1000002", "")
    (emily,) = register.find_by_identifiers("1000003", "")
    assert (jose.has_qts, jose.has_open_alert, emily.has_open_alert) == (True, False, True)


def test_a_trn_that_nobody_has_is_an_empty_answer(register: TeacherRegister) -> None:
    assert register.find_by_identifiers("7654321", "") == ()


def test_a_merged_record_comes_with_its_survivor(register: TeacherRegister) -> None:
    found = {record.trn: record for record in register.find_by_identifiers("1000007", "")}
    assert found.keys() == {"1000007", "1000001"}
    assert (found["1000007"].status, found["1000007"].merged_into) == (RecordStatus.MERGED, "1000001")
    assert found["1000007"].last_name == "O'Brien"


def test_a_merger_is_followed_once(register: TeacherRegister) -> None:
    assert "1000001" not in trns(register.find_by_identifiers("1000009", ""))


def test_a_deactivated_record_is_there_to_be_compared(register: TeacherRegister) -> None:
    (found,) = register.find_by_identifiers("1000008", "")
    assert (found.status, found.first_name, found.date_of_birth) == (
        RecordStatus.DEACTIVATED,
        "Harold",
        date(1960, 2, 3),
    )


def test_a_person_is_among_the_candidates_by_name_and_birthday(register: TeacherRegister) -> None:
    answer = register.find_candidates(question(stated(EMILY)))
    assert {"1000003", "1000004"} <= trns(answer.records)


def test_a_person_is_among_the_candidates_by_a_previous_name(register: TeacherRegister) -> None:
    answer = register.find_candidates(question(stated(ANNE, last_name="Walsh")))
    assert "1000001" in trns(answer.records)


def test_a_register_that_falls_silent_never_says_that_nobody_was_found(subject: Subject) -> None:
    assert subject.register.find_by_identifiers("1000001", "")
    subject.silence()
    with pytest.raises(RegisterUnavailable):
        subject.register.find_by_identifiers("7654321", "")
    with pytest.raises(RegisterUnavailable):
        subject.register.find_candidates(question(stated(ANNE)))
    with pytest.raises(RegisterUnavailable):
        match(stated(ANNE, trn="1000001"), subject.register, Policy.DEFAULT, TODAY)


def test_the_matcher_reaches_the_same_outcome_with_any_register(register: TeacherRegister) -> None:
    by_trn = match(stated(ANNE, trn="1000001"), register, Policy.DEFAULT, TODAY)
    by_nino = match(stated(ANNE, nino="AB 12 34 56 C"), register, Policy.DEFAULT, TODAY)
    closed = match(stated(CLOSED, trn="1000008"), register, Policy.DEFAULT, TODAY)
    assert isinstance(by_trn, DefiniteMatch)
    assert isinstance(by_nino, DefiniteMatch)
    assert by_trn.record.trn == by_nino.record.trn == "1000001"
    assert isinstance(closed, PotentialMatches)


def test_a_national_insurance_number_finds_its_record_whatever_its_suffix(searched_by_keys: TeacherRegister) -> None:
    assert trns(searched_by_keys.find_by_identifiers("", "AB123456")) == {"1000001"}
    assert trns(searched_by_keys.find_candidates(keys("n:AB123456")).records) == {"1000001"}


def test_everybody_born_on_a_day_is_a_candidate(searched_by_keys: TeacherRegister) -> None:
    answer = searched_by_keys.find_candidates(keys("d:19920607"))
    assert trns(answer.records) == {"1000003", "1000004"}
    assert (answer.capped_keys, answer.complete) == ((), True)


def test_an_email_finds_everybody_who_shares_it(searched_by_keys: TeacherRegister) -> None:
    assert trns(searched_by_keys.find_candidates(keys("e:family@example.com")).records) == {"1000003", "1000004"}
    assert trns(searched_by_keys.find_candidates(keys("e:olu@example.com")).records) == {"1000010"}


@pytest.mark.parametrize("key", ["d:19700101", "y:1970:joan:doe"])
def test_a_key_that_too_many_share_is_cut_off_and_reported(searched_by_keys: TeacherRegister, key: str) -> None:
    answer = searched_by_keys.find_candidates(keys("d:19920607", key))
    assert answer.capped_keys == (key,)
    assert ROWS_PER_KEY <= len(answer.records) <= ROWS_PER_KEY + 3
    assert {"1000003", "1000004"} <= trns(answer.records)


def test_a_merged_candidate_brings_its_survivor(searched_by_keys: TeacherRegister) -> None:
    answer = searched_by_keys.find_candidates(keys("d:19850305"))
    assert trns(answer.records) == {"1000009", "1000007"}


def test_keys_that_nobody_has_are_an_empty_answer(searched_by_keys: TeacherRegister) -> None:
    answer = searched_by_keys.find_candidates(keys("d:19111111", "t:7654321", "n:ZZ000000", "l:19111111:x"))
    assert (answer.records, answer.capped_keys, answer.complete) == ((), (), True)


def test_names_are_counted(searched_by_keys: TeacherRegister) -> None:
    asked = CandidateQuestion(
        PersonDetails(),
        ("t:1000001",),
        ("joan", "emily", "nobody"),
        ("carter", "walsh", "nobody"),
        (("joan", "doe"), ("emily", "carter"), ("emily", "doe")),
        1974,
    )
    counted = searched_by_keys.find_candidates(asked).statistics
    assert counted.first_names == {"joan": ROWS_PER_KEY + 1, "emily": 1, "nobody": 0}
    assert counted.last_names == {"carter": 2, "walsh": 2, "nobody": 0}
    assert counted.last_names_counted == sum(len(counted_names(record).last_names) for record in RECORDS)
    assert counted.pairs == {("joan", "doe"): ROWS_PER_KEY + 1, ("emily", "carter"): 0, ("emily", "doe"): 0}
    whenever = searched_by_keys.find_candidates(replace(asked, birth_year=None)).statistics
    assert whenever.pairs[("emily", "carter")] == 1
    too_old = searched_by_keys.find_candidates(replace(asked, birth_year=1976)).statistics
    assert too_old.pairs[("joan", "doe")] == 0


def test_the_size_is_the_number_of_records(searched_by_keys: TeacherRegister) -> None:
    assert searched_by_keys.size == len(RECORDS)


@pytest.mark.parametrize("fault", ["down", "rate_limited", *["garbage"] * 5])  # which comes in five kinds
def test_a_failing_api_is_never_an_empty_answer(api: DqtApi, api_process: StandIn, fault: str) -> None:
    api_process.fail(fault)
    with pytest.raises(RegisterUnavailable):
        api.find_by_identifiers("7654321", "")


def test_a_slow_api_is_no_empty_answer_either_and_is_not_waited_for(hasty_api: DqtApi) -> None:
    with pytest.raises(RegisterUnavailable):
        hasty_api.find_by_identifiers("7654321", "")


def test_after_some_failures_nobody_waits_for_the_api(hasty_api: DqtApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even asked."""
    monkeypatch.setattr(dqt_calls, "SECONDS_OF_PAUSE", 600.0)
    for _ in range(3):
        with pytest.raises(RegisterUnavailable):
            hasty_api.find_by_identifiers("7654321", "")
    with pytest.raises(RegisterUnavailable, match="is given a pause") as caught:
        hasty_api.find_by_identifiers("7654321", "")
    assert caught.value.retry_after is not None


def test_the_api_says_when_to_come_back(api: DqtApi, api_process: StandIn) -> None:
    api_process.fail("rate_limited")
    with pytest.raises(RegisterUnavailable) as caught:
        api.find_by_identifiers("1000001", "")
    assert caught.value.retry_after is not None
    assert 6 <= caught.value.retry_after.total_seconds() <= 7


def test_an_answer_of_the_api_never_proves_absence(api: DqtApi, api_process: StandIn) -> None:
    api_process.fail("empty")
    answer = api.find_candidates(question(stated(ANNE, nino="AB123456C", email="p1@example.com")))
    assert (answer.records, answer.complete) == ((), False)
    assert isinstance(match(stated(ANNE), api, Policy.DEFAULT, TODAY), PotentialMatches)


def test_a_wrong_api_key_is_no_answer(api_process: StandIn) -> None:
    register = DqtApi(api_process.url, "not-the-key")
    with pytest.raises(RegisterUnavailable):
        register.find_by_identifiers("7654321", "")
    register.close()


def test_an_api_that_does_not_exist_is_no_answer() -> None:
    register = DqtApi(f"http://127.0.0.1:{stand_ins.free_port()}", "key")
    with pytest.raises(RegisterUnavailable):
        register.find_by_identifiers("7654321", "")
    register.close()


def test_a_database_that_does_not_exist_is_no_answer(cluster: TestCluster) -> None:
    replica = DqtReplica(cluster.url("register_contract").replace("/register_contract", "/no_such_database"))
    with pytest.raises(RegisterUnavailable):
        _ = replica.size
    with pytest.raises(RegisterUnavailable):
        replica.find_by_identifiers("7654321", "")


def test_a_database_without_our_tables_is_no_answer(cluster: TestCluster) -> None:
    replica = DqtReplica(cluster.url("register_nothing"))
    with pytest.raises(RegisterUnavailable):
        replica.find_by_identifiers("7654321", "")
    replica.close()


def test_a_cut_connection_is_replaced_without_anybody_noticing(replica: DqtReplica, replica_url: str) -> None:
    assert replica.find_by_identifiers("1000001", "")
    with psycopg.connect(replica_url.replace("+psycopg", ""), autocommit=True) as database:
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'register lookup'"
        )
    assert replica.find_by_identifiers("1000001", "")


def test_every_record_can_be_streamed(replica: DqtReplica) -> None:
    assert {record.trn: record for record in replica.records()} == {record.trn: record for record in RECORDS}
