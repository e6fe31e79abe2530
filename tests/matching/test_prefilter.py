"""Which records are worth comparing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from matching.prefilter import MOST_COMPARED, Resembling, to_compare, worth_comparing
from matching.records import RecordStatus, TeachingRecord
from matching.statements import Statement, prepare
from tests.kit.people import ALEX, TODAY, a_person, a_record, strangers

STATED = prepare(a_person(trn="1234567", nino="AB123456C", email=ALEX.email), TODAY)
NAMED = prepare(a_person(), TODAY)


def kept(statement: Statement, *records: TeachingRecord) -> list[TeachingRecord]:
    worth = worth_comparing([Resembling(statement, records)])[0]
    return [*worth.contenders, *worth.strangers]


@pytest.mark.parametrize(
    "record",
    [
        ALEX, a_record(last_name="Quill", previous_last_names=()), a_record(first_name="Zoe"),
        a_record(first_name="Sandy", last_name="Quill", previous_last_names=()),
        a_record(first_name="Zoe", middle_name="Alexandra", last_name="Quill", previous_last_names=()),
        a_record(first_name="Featherstone", last_name="Quill", previous_last_names=()),
        a_record(first_name="Alexandar", date_of_birth=date(1984, 5, 18)),
    ],
)  # fmt: skip
def test_what_resembles_is_kept(record: TeachingRecord) -> None:
    assert kept(NAMED, record) == [record]


@pytest.mark.parametrize(
    "same", [{"trn": "1234567"}, {"nino": "AB123456D"}, {"email": "ALEX.featherstone@example.com"}]
)
def test_an_identifier_is_enough(same: dict[str, str]) -> None:
    nobody = {"trn": "7654321", "nino": "", "email": "", "first_name": "Zoe", "last_name": "Quill"}
    record = a_record(**(nobody | {"previous_last_names": (), "date_of_birth": date(1950, 1, 1)} | same))
    assert kept(STATED, record) == [record]


def test_strangers_are_dropped_and_the_order_is_kept() -> None:
    others = [record for record in strangers(100) if record.last_name == "Khan"]
    assert kept(NAMED, *others[:3], ALEX, *others[3:]) == [ALEX]


def test_relatives_born_on_other_days_are_dropped() -> None:
    sister = a_record(first_name="Zoe", date_of_birth=date(1984, 5, 18))
    assert kept(NAMED, sister) == []


def test_of_a_crowd_the_closest_are_kept() -> None:
    crowd = [a_record(trn=f"{n:07d}", date_of_birth=date(1960, 1, 1), nino="") for n in range(1, 2 * MOST_COMPARED)]
    worth = worth_comparing([Resembling(NAMED, [*crowd, ALEX])])[0]
    assert len(worth.contenders) + len(worth.strangers) == MOST_COMPARED
    assert worth.contenders[-1] == ALEX


def test_no_records_are_no_candidates() -> None:
    assert kept(NAMED) == []


def test_who_shares_a_first_name_and_was_born_on_another_day_is_a_stranger() -> None:
    namesake = a_record(trn="7654321", last_name="Quill", previous_last_names=(), date_of_birth=date(1984, 7, 15))
    worth = worth_comparing([Resembling(NAMED, [namesake, ALEX])])[0]
    assert (worth.contenders, worth.strangers) == ([ALEX], [namesake])


def test_nobody_who_holds_a_stated_number_is_a_stranger() -> None:
    record = a_record(last_name="Quill", previous_last_names=(), date_of_birth=date(1984, 7, 15))
    assert worth_comparing([Resembling(STATED, [record])])[0].contenders == [record]


class _Counted(tuple[TeachingRecord, ...]):
    """Records that count how often somebody goes through all of them."""

    times = 0

    def __iter__(self) -> Iterator[TeachingRecord]:
        self.times += 1
        return super().__iter__()


def test_many_merged_records_are_gone_through_as_often_as_one() -> None:
    def times(merged: int) -> int:
        survivors = [a_record(trn=f"2{n:06d}", first_name="Zoe", last_name="Quill", nino="") for n in range(merged)]
        elsewhere = [replace(one, date_of_birth=date(1960, 1, 1), previous_last_names=()) for one in survivors]
        earlier = [
            a_record(trn=f"1{n:06d}", nino="", status=RecordStatus.MERGED, merged_into=one.trn)
            for n, one in enumerate(survivors)
        ]
        records = _Counted([*earlier, *elsewhere])
        (worth,) = to_compare([Resembling(NAMED, records)])
        assert {record.trn for record in worth.contenders} == {record.trn for record in records}
        return records.times

    assert times(30) == times(1)
