"""The version of a register's keys: what other code keyed is searched, and never says that somebody is not in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import LookupReason, Near
from identity_provider.models.register_layout import KEYS_VERSION
from identity_provider.services import register_import
from identity_provider.services.register_facts import register_facts
from identity_provider.services.register_import import ImportOptions, import_register
from identity_provider.services.register_search import read
from matching.batch import match_many
from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch, PotentialMatches, Reason, match
from matching.policy import Policy
from matching.records import BulkRegister, PersonDetails, TeachingRecord
from tests.kit.database import TestCluster
from tests.kit.registers import NOW, TODAY, import_now, register_database, write_register
from tests.services import keys_of_records

_NUMBERS = itertools.count()

ANN = TeachingRecord("1000001", "Ann", "", "Featherstone", date_of_birth=date(1980, 2, 3), nino="AB123456C")
STRANGER = PersonDetails("Aloysius", last_name="Quill", date_of_birth=date(1975, 7, 8))
STATED_ANN = PersonDetails("Ann", last_name="Featherstone", date_of_birth=date(1980, 2, 3), trn="1000001")

WHAT_TO_DO = """
What records are found by is not what it was. Registers that were imported before do not have these keys. Raise
KEYS_VERSION in identity_provider/models/register_layout.py, so that they are known for that, then accept the keys:
    python -m tests.services.keys_of_records
and say in CHANGELOG.md that the register must be imported again.
"""


@pytest.fixture
def url(cluster: TestCluster, tmp_path: Path) -> str:
    """A database with a register of one person in it."""
    made = register_database(cluster, f"register_keys_{next(_NUMBERS)}")
    import_now(made, write_register(tmp_path / "register.csv", [ANN]))
    return made


@pytest.fixture
def replica(url: str) -> Iterator[DqtReplica]:
    made = DqtReplica(url)
    yield made
    made.close()


def keyed_by(url: str, version: int) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        database.execute("UPDATE register_generations SET keys_version = %s", (version,))


def alone(person: PersonDetails, register: DqtReplica) -> MatchOutcome:
    return match(person, register, Policy.LINKAGE, TODAY)


def together(person: PersonDetails, register: BulkRegister) -> MatchOutcome:
    return match_many([person], register, Policy.LINKAGE, TODAY)[0]


def in_memory(person: PersonDetails, register: DqtReplica) -> MatchOutcome:
    return together(person, register.snapshot())


def test_whoever_changes_what_records_are_found_by_raises_the_version() -> None:
    assert len(keys_of_records.records()) == 60
    assert keys_of_records.describe() == keys_of_records.SNAPSHOT.read_text(encoding="utf-8"), WHAT_TO_DO


def test_other_keys_are_not_accepted_under_the_same_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "keys.txt"
    monkeypatch.setattr(keys_of_records, "SNAPSHOT", kept)
    assert keys_of_records.accept() == ""
    kept.write_text(changed := kept.read_text(encoding="utf-8").replace("smith", "smyth"), encoding="utf-8")
    assert "raise KEYS_VERSION" in keys_of_records.accept()
    assert kept.read_text(encoding="utf-8") == changed


@pytest.mark.parametrize("version", [0, KEYS_VERSION + 1])
@pytest.mark.parametrize("ask", [alone, together, in_memory])
def test_a_register_keyed_by_other_code_tells_nobody_that_there_is_no_record(
    url: str, replica: DqtReplica, ask: Callable[[PersonDetails, DqtReplica], MatchOutcome], version: int
) -> None:
    keyed_by(url, version)
    outcome = ask(STRANGER, replica)
    assert isinstance(outcome, PotentialMatches)
    assert outcome.reason is Reason.REGISTER_INCOMPLETE
    assert read(outcome, MatchPolicy.DEFAULT)[0] == Near(LookupReason.NEAR_MATCH), "their case is seen by an agent"
    assert isinstance(ask(STATED_ANN, replica), DefiniteMatch), "whom it does find is found"


@pytest.mark.parametrize("ask", [alone, together, in_memory])
def test_once_it_is_imported_again_the_same_register_says_so(
    url: str, replica: DqtReplica, tmp_path: Path, ask: Callable[[PersonDetails, DqtReplica], MatchOutcome]
) -> None:
    keyed_by(url, 0)
    assert isinstance(ask(STRANGER, replica), PotentialMatches)
    assert register_facts(url)["import_again"] is True
    import_now(url, tmp_path / "register.csv")
    assert isinstance(ask(STRANGER, replica), NoMatch)
    facts = register_facts(url)
    assert (facts["keys_version"], facts["import_again"]) == (KEYS_VERSION, False)


def test_an_import_that_other_code_began_is_not_gone_on_with(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    path = write_register(tmp_path / "more.csv", [ANN, ANN])
    with monkeypatch.context() as other_code:
        other_code.setattr(register_import, "KEYS_VERSION", KEYS_VERSION + 1)
        with pytest.raises(KeyboardInterrupt):
            import_register(url, path, ImportOptions(workers=0), lambda: NOW, stop)
    assert import_now(url, path).resumed is False
    assert [each["state"] for each in register_facts(url)["imports"]] == ["current", "abandoned", "replaced"]
