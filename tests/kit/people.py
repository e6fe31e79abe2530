"""Builders of people and records for tests of matching; nobody in them exists."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from matching.matcher import MatchOutcome, match
from matching.memory import InMemoryRegister
from matching.policy import Policy
from matching.records import PersonDetails, TeachingRecord

TODAY = date(2026, 11, 22)

ALEX = TeachingRecord(
    trn="1234567",
    first_name="Alexandra",
    middle_name="Rose",
    last_name="Featherstone",
    previous_last_names=("Okafor",),
    date_of_birth=date(1984, 5, 17),
    nino="AB123456C",
    email="alex.featherstone@example.com",
)
"""A record of which every field is filled."""

_FIRST = ("Sarah", "Emma", "Nicola", "James", "Mohammed", "Agnieszka", "Priya", "Gareth", "Helen", "Ngozi")
_LAST = ("Jones", "Smith", "Khan", "Patel", "Hughes", "Kowalska", "Adeyemi", "Thompson", "Walsh", "Begum")


def a_record(**changes: Any) -> TeachingRecord:
    """Make a record like ALEX but for the changes."""
    return replace(ALEX, **changes)


def a_person(record: TeachingRecord = ALEX, /, **changes: Any) -> PersonDetails:
    """Make what the person of a record states by default: names and birthday, no identifier."""
    stated = PersonDetails(
        first_name=record.first_name,
        last_name=record.last_name,
        date_of_birth=record.date_of_birth,
    )
    return replace(stated, **changes)


def a_register(*records: TeachingRecord, others: int = 300) -> InMemoryRegister:
    """Make a register of these records among others, who are always the same."""
    return InMemoryRegister([*records, *strangers(others)])


def strangers(count: int) -> Sequence[TeachingRecord]:
    """Make records of people whose names are common and whose birthdays differ."""
    return [
        TeachingRecord(
            trn=f"{9_000_000 + number:07d}",
            first_name=_FIRST[number % 10],
            last_name=_LAST[number // 10 % 10],
            date_of_birth=date(1950 + number % 50, 1 + number % 12, 1 + number * 7 % 28),
            nino=f"ZX{number:06d}A",
        )
        for number in range(count)
    ]


def outcome_of(person: PersonDetails, *records: TeachingRecord, policy: Policy = Policy.LINKAGE) -> MatchOutcome:
    """Match a person against a register of these records and some strangers."""
    return match(person, a_register(*records), policy, TODAY)
