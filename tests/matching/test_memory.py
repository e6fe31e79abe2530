"""The register in memory: answers as the protocol says."""

from datetime import date

import pytest

from matching import memory, records
from matching.memory import InMemoryRegister
from matching.records import CandidateQuestion, RecordStatus
from tests.kit.people import ALEX, a_person, a_record, a_register

OLD = a_record(trn="0000042", status=RecordStatus.MERGED, merged_into=ALEX.trn, nino="CE111111A", email="")


def question(*keys: str, **more: object) -> CandidateQuestion:
    return CandidateQuestion(a_person(), keys, **more)  # type: ignore[arg-type]  # the fields of a question


def test_an_unknown_identifier_finds_nothing() -> None:
    assert a_register(ALEX).find_by_identifiers("0000001", "XX000000") == ()
    assert a_register(ALEX).find_by_identifiers("", "") == ()


def test_identifiers_find_their_records_once() -> None:
    assert a_register(ALEX).find_by_identifiers(ALEX.trn, "AB123456") == (ALEX,)


def test_a_merged_record_comes_with_its_survivor() -> None:
    register = a_register(ALEX, OLD)
    assert set(register.find_by_identifiers(OLD.trn, "")) == {OLD, ALEX}
    assert set(register.find_by_identifiers("", "CE111111")) == {OLD, ALEX}
    assert set(register.find_candidates(question("n:CE111111")).records) == {OLD, ALEX}


def test_keys_find_the_union_of_their_records() -> None:
    sister = a_record(trn="7654321", first_name="Beatrice", nino="", email="")
    answer = a_register(ALEX, sister).find_candidates(question("d:19840517", "t:1234567", "t:0000001"))
    assert {record.trn for record in answer.records} == {ALEX.trn, sister.trn}
    assert answer.complete
    assert answer.capped_keys == ()


def test_a_key_that_too_many_share_is_cut_off_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "ROWS_PER_KEY", 10)
    crowd = [a_record(trn=f"{number:07d}", nino="", email="") for number in range(1, 21)]
    answer = InMemoryRegister(crowd).find_candidates(question("d:19840517"))
    assert len(answer.records) == 10
    assert answer.capped_keys == ("d:19840517",)


def test_an_answer_is_never_larger_than_its_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "ROWS_PER_ANSWER", 5)
    crowd = [a_record(trn=f"{n:07d}", date_of_birth=date(1960, 1, 1 + n), nino="", email="") for n in range(1, 21)]
    keys = [f"d:196001{day:02d}" for day in range(2, 22)]
    answer = InMemoryRegister(crowd).find_candidates(question(*keys))
    assert len(answer.records) <= 5 + records.ROWS_PER_KEY
    assert answer.capped_keys == tuple(keys[5:])


def test_names_are_counted_with_their_parts_and_previous_names() -> None:
    double = a_record(trn="7654321", last_name="Featherstone-Smythe", nino="", email="")
    asked = question(
        first_names=("alexandra", "zebedee"),
        last_names=("featherstone", "okafor", "quill"),
        name_pairs=(("alexandra", "featherstone"), ("zebedee", "quill")),
        birth_year=1986,
    )
    found = a_register(ALEX, double, others=0).find_candidates(asked).statistics
    assert found.first_names == {"alexandra": 2, "zebedee": 0}
    assert found.last_names == {"featherstone": 2, "okafor": 2, "quill": 0}
    assert found.pairs == {("alexandra", "featherstone"): 2, ("zebedee", "quill"): 0}


def test_namesakes_of_another_age_are_not_counted_unless_no_year_is_known() -> None:
    register = a_register(ALEX, a_record(trn="7654321", date_of_birth=date(1950, 1, 1)), others=0)
    pair = ("alexandra", "featherstone")
    near = register.find_candidates(question(name_pairs=(pair,), birth_year=1984))
    ever = register.find_candidates(question(name_pairs=(pair,)))
    assert (near.statistics.pairs[pair], ever.statistics.pairs[pair]) == (1, 2)


def test_an_empty_register_answers() -> None:
    register = InMemoryRegister([])
    assert register.size == 0
    assert register.find_candidates(question("d:19840517", name_pairs=(("a", "b"),))).records == ()
