"""What operators do about evidence: ask whether all is well, take it along, and delete what is due."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.evidence import EvidenceState
from identity_provider.services import evidence
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_user
from tests.cli.test_operations import run
from tests.kit.database import TestCluster
from tests.kit.outside import OutsideWorld, settings_for
from tests.services.test_evidence import PHOTO, row_of, sent
from tests.test_jobs import work
from wsgi import create_app


@pytest.fixture
def other_world() -> OutsideWorld:
    return OutsideWorld()


@pytest.fixture
def elsewhere(cluster: TestCluster, other_world: OutsideWorld, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The same service on another, empty database, with an empty store."""
    name = f"evidence_{abs(hash(request.node.name)) % 10**8}"
    made = create_app(settings_for(cluster.url(name)), other_world.ports())
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def found(app: Flask, name: str) -> dict[str, Any]:
    findings = json.loads(run(app, "doctor", "--json").stdout)
    return next(each for each in findings if each["name"] == name)


def test_the_doctor_keeps_and_deletes_a_file_to_see_that_it_can(app: Flask, outside: OutsideWorld) -> None:
    assert found(app, "evidence")["state"] == "ok"
    assert outside.store.kept == {}
    outside.store.down = True
    at_fault = found(app, "evidence")
    assert at_fault["state"] == "fault"
    assert "EVIDENCE_STORE_URL" in at_fault["mend"]


def test_the_doctor_tells_of_files_that_wait_for_long(app: Flask, outside: OutsideWorld, clock: ManualClock) -> None:
    sent(a_user(), outside)
    assert found(app, "evidence")["state"] == "ok"
    clock.advance(timedelta(hours=2))
    waiting = found(app, "evidence")
    assert (waiting["state"], waiting["what"][:7]) == ("warning", "1 files")


def test_the_doctor_asks_the_scanner_how_old_its_signatures_are(
    app: Flask, outside: OutsideWorld, clock: ManualClock
) -> None:
    assert found(app, "scanner")["state"] == "ok"
    clock.advance(timedelta(days=8))
    assert found(app, "scanner")["state"] == "warning"
    outside.scanner.down = True
    at_fault = found(app, "scanner")
    assert (at_fault["state"], "CLAMD_ADDRESS" in at_fault["mend"]) == ("fault", True)


def test_a_backup_takes_evidence_along_and_a_restore_brings_it_back(
    app: Flask, outside: OutsideWorld, elsewhere: Flask, other_world: OutsideWorld, tmp_path: Path
) -> None:
    photo, gone = sent(a_user(), outside), sent(a_user(), outside)
    work()
    with transaction():
        evidence.delete(gone, NOW)
    made = run(app, "backup", str(tmp_path / "backup"))
    assert made.exit_code == 0, made.output
    assert "1 files of evidence" in made.output
    assert PHOTO not in (tmp_path / "backup").read_bytes()
    with elsewhere.app_context():
        back = run(elsewhere, "restore", str(tmp_path / "backup"))
        assert back.exit_code == 0, back.output
        assert evidence.contents(photo, other_world.store, actor=SYSTEM, now=NOW)[0] == PHOTO


def test_a_backup_without_the_store_is_none_unless_it_is_asked_for(
    app: Flask, outside: OutsideWorld, tmp_path: Path
) -> None:
    sent(a_user(), outside)
    outside.store.down = True
    assert run(app, "backup", str(tmp_path / "backup")).exit_code == 1
    assert list(tmp_path.iterdir()) == []
    assert run(app, "backup", "--without-evidence", str(tmp_path / "backup")).exit_code == 0


def test_nothing_is_restored_while_the_store_is_down(
    app: Flask, outside: OutsideWorld, elsewhere: Flask, other_world: OutsideWorld, tmp_path: Path
) -> None:
    sent(a_user(), outside)
    assert run(app, "backup", str(tmp_path / "backup")).exit_code == 0
    other_world.store.down = True
    with elsewhere.app_context():
        assert run(elsewhere, "restore", str(tmp_path / "backup")).exit_code == 1
        other_world.store.down = False
        assert run(elsewhere, "restore", str(tmp_path / "backup")).exit_code == 0


def test_retention_deletes_what_is_due_and_says_when_it_cannot(
    app: Flask, outside: OutsideWorld, clock: ManualClock
) -> None:
    photo = sent(a_user(), outside)
    clock.advance(timedelta(days=90))
    outside.store.down = True
    assert run(app, "retention", "run").exit_code == 1
    outside.store.down = False
    removed = run(app, "retention", "run", "--json")
    assert json.loads(removed.stdout)["evidence_files"] == 1
    assert (row_of(photo).state, outside.store.kept) == (EvidenceState.GONE, {})
