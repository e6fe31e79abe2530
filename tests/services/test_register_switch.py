"""The switch-over to a new register: what belongs to it is done with it, and what comes after cannot undo it."""

from __future__ import annotations

import itertools
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from identity_provider.services.register_facts import register_facts
from identity_provider.services.register_import import (
    ImportOptions,
    ImportResult,
    ImportRunning,
    Switch,
    import_register,
)
from tests.kit.database import TestCluster
from tests.kit.people import a_record
from tests.kit.registers import NOW, import_now, register_database, write_register

_NUMBERS = itertools.count()


@pytest.fixture
def url(cluster: TestCluster) -> str:
    return register_database(cluster, f"register_switch_{next(_NUMBERS)}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_register(tmp_path / "register.csv", [a_record(trn=f"100000{n}") for n in range(5)])


def execute(url: str, statement: bytes) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        database.execute(statement)


def generations(url: str) -> set[int]:
    """Those of which tables are left."""
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        rows = database.execute(
            "SELECT relname FROM pg_class WHERE relname ~ '^register_gen_[0-9]+_' AND relkind = 'r'"
        )
        return {int(name.split("_")[2]) for (name,) in rows}


def test_old_tables_that_cannot_be_dropped_are_a_warning_and_go_with_the_next_import(url: str, path: Path) -> None:
    import_now(url, path)
    execute(url, b"CREATE VIEW somebodys AS SELECT * FROM register_gen_1_records")
    with capture_logs() as logs:
        result = import_now(url, path)
    assert register_facts(url)["generation"] == result.generation == 2
    assert [each["event"] for each in logs] == ["old_register_not_dropped"]
    assert "DependentObjectsStillExist" in logs[0]["error"]
    assert generations(url) == {1, 2}
    execute(url, b"DROP VIEW somebodys")
    import_now(url, path)
    assert generations(url) == {3}


def test_a_database_that_goes_down_after_the_switch_over_leaves_it_done(url: str, path: Path) -> None:
    def switch_and_cut(switch: Switch, _: ImportResult) -> None:
        with psycopg.connect(url.replace("+psycopg", "")) as database:
            switch(database)
        cut = b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'register import'"
        execute(url, cut + b" AND datname = current_database()")

    with capture_logs() as logs:
        result = import_register(url, path, ImportOptions(workers=0), lambda: NOW, lambda *_: None, switch_and_cut)
    assert register_facts(url)["generation"] == result.generation
    assert [each["event"] for each in logs] == ["old_register_not_dropped"]


def test_where_what_belongs_to_it_fails_there_is_no_switch_over_and_the_import_goes_on_later(
    url: str, path: Path
) -> None:
    def switch_and_fail(switch: Switch, _: ImportResult) -> None:
        with psycopg.connect(url.replace("+psycopg", "")) as database:
            switch(database)
            raise psycopg.errors.DiskFull

    with pytest.raises(psycopg.errors.DiskFull):
        import_register(url, path, ImportOptions(workers=0), lambda: NOW, lambda *_: None, switch_and_fail)
    assert register_facts(url)["generation"] is None
    assert import_now(url, path).resumed is True
    assert register_facts(url)["records"] == 5


def test_an_import_that_another_one_gave_up_meanwhile_does_not_switch_over(url: str, path: Path) -> None:
    """As when the server lost its connection, and with it its turn."""

    def switch_late(switch: Switch, result: ImportResult) -> None:
        execute(url, b"UPDATE register_imports SET state = 'abandoned'")
        with psycopg.connect(url.replace("+psycopg", "")) as database:
            switch(database)

    with pytest.raises(ImportRunning):
        import_register(url, path, ImportOptions(workers=0), lambda: NOW, lambda *_: None, switch_late)
    assert register_facts(url)["generation"] is None
