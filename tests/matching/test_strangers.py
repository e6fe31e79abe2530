"""Records of another day that share a first name only: looked at where they can say something, and nowhere else."""

import csv
from datetime import date
from pathlib import Path

import pytest

from identity_provider.sandbox.people import write_register
from identity_provider.sandbox.people_queries import labelled_queries
from matching import matcher
from matching.batch import match_rows, read_register
from matching.matcher import PotentialMatches, match
from matching.memory import InMemoryRegister
from matching.policy import Policy
from tests.kit.people import TODAY, a_person, a_record, a_register

NAMED_SO = [
    a_record(
        trn=f"32{n:05d}", first_name="Margaret", last_name=f"{'bdfghjklmn'[n % 10]}a{'rstv'[n % 4]}ko", middle_name="",
        previous_last_names=(), nino="", email="", date_of_birth=date(1991, 2, 1 + n % 28),
    )
    for n in range(60)
]  # fmt: skip
"""That make Margaret a common name."""


def shown(first_name: str) -> list[str]:
    """Whom an agent sees where a namesake of that birthday is near, and a newly married one a digit away."""
    near = a_record(
        trn="4000001", first_name="Bernice", middle_name="", last_name="Jones", previous_last_names=(), nino="",
        email="",
    )  # fmt: skip
    married = a_record(
        trn="4000002", first_name=first_name, middle_name="", last_name="Odhiambo", previous_last_names=(), nino="",
        email="", date_of_birth=date(1984, 5, 18),
    )  # fmt: skip
    stated = a_person(first_name=first_name, last_name="Jones", date_of_birth=date(1984, 5, 17))
    outcome = match(stated, a_register(near, married, *NAMED_SO, others=3_000), Policy.LINKAGE, TODAY)
    assert isinstance(outcome, PotentialMatches)
    return [candidate.record.trn for candidate in outcome.candidates]


def test_who_has_a_rare_first_name_is_shown_with_another_birthday_and_last_name() -> None:
    assert set(shown("Thomasina")) == {"4000001", "4000002"}


def test_who_shares_a_common_first_name_is_not_shown_beside_somebody_nearer() -> None:
    assert "4000002" not in shown("Margaret")


def test_nobody_s_outcome_depends_on_them_beside_somebody_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_register(tmp_path / "register.csv", 20_000, 5)
    labelled_queries(tmp_path / "register.csv", tmp_path, 2_000, 5)
    register = InMemoryRegister(read_register(tmp_path / "register.csv"))
    with (tmp_path / "queries.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))

    def outcomes() -> list[tuple[str, str, str, str]]:
        found = match_rows(register, rows, Policy.LINKAGE, TODAY, processes=1)
        return [(row["query_id"], row["outcome"], row["trn"], row["reason"]) for row in found]

    as_they_are = outcomes()
    asked = []

    def always(*_: object) -> bool:
        asked.append(1)
        return True

    monkeypatch.setattr(matcher, "_may_say_something", always)
    assert outcomes() == as_they_are
    assert len(asked) > 60, "else these questions meet no strangers"
