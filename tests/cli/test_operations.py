"""What operators run: who is held here, what is deleted, whether all is well, and a copy that can be brought back."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import inspect, select, text

from identity_provider.adapters.choice import choose_register
from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.adapters.memory import MemoryDesk, MemoryMailer, MemoryRegister
from identity_provider.cli import backup as backup_commands
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.models import AuditEvent, RateCounter, User
from identity_provider.services import audit, audit_chain, signing_keys
from identity_provider.services.audit import SYSTEM, Subject
from tests.builders import NOW, a_record, a_staff_user, a_user
from tests.kit.database import TestCluster
from tests.kit.outside import OutsideWorld, settings_for
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.registers import write_register
from tests.kit.relying_party import InProcess
from wsgi import create_app


@pytest.fixture
def elsewhere(cluster: TestCluster, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The same service on another, empty database."""
    name = f"elsewhere_{abs(hash(request.node.name)) % 10**8}"
    mailer = MemoryMailer()
    outside = OutsideWorld(mailer=mailer).ports()
    made = create_app(settings_for(cluster.url(name)), outside)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def run(app: Flask, *words: str) -> Result:
    """The command as from a shell, in a context of its own."""
    db.session.remove()
    return app.test_cli_runner().invoke(args=list(words))


class TestUsers:
    @pytest.mark.parametrize("by", ["email", "id", "trn"])
    def test_a_person_is_found_by_what_the_operator_has(self, app: Flask, by: str) -> None:
        user = a_user("1234567")
        shown = run(app, "users", "show", str(getattr(user, by)), "--json")
        facts = json.loads(shown.stdout)
        assert (facts["id"], facts["trn"], facts["trn_lookup_status"]) == (str(user.id), "1234567", "Found")
        assert "user_viewed" in db.session.scalars(select(AuditEvent.action)).all()

    @pytest.mark.parametrize("command", [("show",), ("export",), ("erase", "--reason", "x", "--yes")])
    def test_nobody_is_nobody(self, app: Flask, command: tuple[str, ...]) -> None:
        name, *options = command
        result = run(app, "users", name, "nobody@example.com", *options)
        assert result.exit_code == 1
        assert "there is no such person" in result.stderr

    def test_an_export_is_for_the_operators_eyes_only(self, app: Flask, tmp_path: Path) -> None:
        user, file = a_user(), tmp_path / "export.json"
        assert run(app, "users", "export", user.email, "--out", str(file)).exit_code == 0
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text())["accounts"][0]["email"] == user.email
        assert run(app, "users", "export", user.email, "--out", str(file)).exit_code == 1

    def test_erasing_asks_first_and_says_what_was_done(self, app: Flask) -> None:
        user = a_user()
        refused = run(app, "users", "erase", user.email, "--reason", "asked for it")
        assert refused.exit_code == 1
        assert db.session.get_one(User, user.id).erased_at is None
        done = run(app, "users", "erase", user.email, "--reason", "asked for it", "--yes", "--json")
        assert json.loads(done.stdout) == {"erased": [str(user.id)], "zendesk_tickets": []}
        again = run(app, "users", "erase", str(user.id), "--reason", "asked for it", "--yes")
        assert (again.exit_code, again.stderr.strip()) == (1, "Nobody was erased: erased already")


class TestAudit:
    def test_a_whole_chain_and_a_broken_one(self, app: Flask) -> None:
        _an_old_event()
        with transaction():
            seal = audit_chain.seal_what_has_settled()
        assert seal is not None
        whole = run(app, "audit", "verify", "--head", seal.digest.hex(), "--json")
        assert (whole.exit_code, json.loads(whole.stdout)["holds"]) == (0, True)
        assert run(app, "audit", "verify", "--head", "ab" * 32).exit_code == 1
        with transaction():
            db.session.execute(text("SET LOCAL session_replication_role = replica"))
            db.session.execute(text("UPDATE audit_events SET reason = 'another'"))
        broken = run(app, "audit", "verify")
        assert broken.exit_code == 1
        assert "an event was changed" in broken.stdout

    def test_an_export_is_a_line_for_each_event_and_an_event_itself(self, app: Flask) -> None:
        _an_old_event()
        lines = [json.loads(line) for line in run(app, "audit", "export", "--since", "2026-01-01").stdout.splitlines()]
        assert [each["action"] for each in lines] == ["tried", "audit_exported"]
        assert run(app, "audit", "export", "--until", "2026-01-01").stdout == ""


def test_retention_deletes_what_the_worker_would(app: Flask) -> None:
    with transaction():
        db.session.add(RateCounter(key="x", window_start=NOW, count=1, expires_at=NOW - timedelta(seconds=1)))
    removed = json.loads(run(app, "retention", "run", "--json").stdout)
    assert removed["rate_counters"] == 1
    assert {"grants_and_tokens", "signing_keys", "audit_events"} <= removed.keys()


class TestDoctor:
    def findings(self, app: Flask) -> dict[str, dict[str, str]]:
        return {each["name"]: each for each in json.loads(run(app, "doctor", "--json").stdout)}

    def test_each_fault_is_told_with_how_to_mend_it(
        self, app: Flask, mailer: MemoryMailer, desk: MemoryDesk, register: MemoryRegister
    ) -> None:
        mailer.down = desk.down = register.down = True
        findings = self.findings(app)
        at_fault = {name for name, each in findings.items() if each["state"] == "fault"}
        assert {"mail", "zendesk", "register", "worker", "clock"} <= at_fault
        assert all(each["mend"] for each in findings.values() if each["state"] != "ok")
        assert run(app, "doctor").exit_code == 1

    def test_a_file_of_test_people_is_read_as_its_page_reads_it(
        self, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.findings(app)["people"]["state"] == "ok"
        file = tmp_path / "people.json"
        changed = replace(app.extensions["settings"], test_people_file=str(file))
        monkeypatch.setitem(app.extensions, "settings", changed)
        for content, state in (('{"people": [{"story": "x"}]}', "fault"), ('{"people": [{"email": "a@b"}]}', "ok")):
            file.write_text(content)
            assert self.findings(app)["people"]["state"] == state
        file.unlink()
        assert "It cannot be read" in self.findings(app)["people"]["what"]

    def test_what_is_well_is_said_to_be_well(self, app: Flask) -> None:
        a_staff_user(StaffRole.ADMINISTRATOR)
        with transaction():
            signing_keys.ensure("ES256", now=NOW)
            db.session.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))
        findings = self.findings(app)
        well = {name for name, each in findings.items() if each["state"] == "ok"}
        assert well >= {"database", "migrations", "keys", "register", "mail", "zendesk", "worker", "messages", "audit"}
        assert "staff" in well

    def test_tables_that_are_behind_the_code_are_a_fault(self, app: Flask) -> None:
        with transaction():
            known = db.session.scalars(text("SELECT version_num FROM alembic_version")).one()
            db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        try:
            assert self.findings(app)["migrations"]["state"] == "fault"
        finally:
            with transaction():
                db.session.execute(text("UPDATE alembic_version SET version_num = :known"), {"known": known})

    def test_a_broken_audit_is_a_fault(self, app: Flask) -> None:
        _an_old_event()
        with transaction():
            audit_chain.seal_what_has_settled()
        with transaction():
            db.session.execute(text("SET LOCAL session_replication_role = replica"))
            db.session.execute(text("DELETE FROM audit_events"))
        assert self.findings(app)["audit"]["state"] == "fault"


class TestBackup:
    def test_a_backup_comes_back_whole_in_an_empty_place(self, app: Flask, elsewhere: Flask, tmp_path: Path) -> None:
        user = a_user("1234567")
        service = a_relying_party(app, scope="openid trn offline_access")
        asked = service.ask()
        signed_in = service.finish(a_browser_of(app, user).get(asked.path).location, asked)
        _an_old_event()
        with transaction():
            audit_chain.seal_what_has_settled()
        file = tmp_path / "backup"
        made = run(app, "backup", str(file))
        assert made.exit_code == 0, made.output
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [each.name for each in tmp_path.iterdir()] == ["backup"]
        with elsewhere.app_context():
            back = run(elsewhere, "restore", str(file))
            assert back.exit_code == 0, back.output
            assert db.session.get_one(User, user.id).email == user.email
            there = replace(service, http=InProcess(elsewhere.test_client()))
            used = {"grant_type": "refresh_token", "refresh_token": signed_in.token["refresh_token"]}
            renewed = there.token(used)
            assert renewed.status == 200, renewed.text
            assert there.userinfo(renewed.json["access_token"])["trn"] == "1234567"
            assert audit_chain.verify().holds
            assert audit_chain.verify().seals == 1
            with pytest.raises(Exception, match=r"permission denied|only ever added"), transaction():
                db.session.execute(text("UPDATE audit_events SET reason = 'x'"))

    def test_a_seal_made_while_the_dump_was_made_is_no_fault(
        self, app: Flask, elsewhere: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _an_old_event()
        run_tool = backup_commands._run

        def seal_first(tool: str, *options: str) -> None:
            if tool == "pg_dump":
                with transaction():
                    audit_chain.seal_what_has_settled()
            run_tool(tool, *options)

        monkeypatch.setattr(backup_commands, "_run", seal_first)
        assert run(app, "backup", str(tmp_path / "backup")).exit_code == 0
        with elsewhere.app_context():
            back = run(elsewhere, "restore", str(tmp_path / "backup"))
            assert back.exit_code == 0, back.output
            assert audit_chain.verify().seals == 1

    def test_without_the_register_there_is_no_answer_until_it_is_imported_again(
        self, cluster: TestCluster, tmp_path: Path
    ) -> None:
        """An emptied register that passed for a whole one would tell teachers that they have no record."""
        file = write_register(tmp_path / "register.csv", [a_record("1234567")])
        asked = (
            "match",
            "one",
            "--first-name",
            "Kate",
            "--last-name",
            "Bush",
            "--date-of-birth",
            "1985-03-04",
            "--json",
        )
        with _with_a_replica(cluster, "with_register") as source, source.app_context():
            upgrade()
            assert run(source, "register", "import", str(file)).exit_code == 0
            assert run(source, "backup", "--without-register", str(tmp_path / "backup")).exit_code == 0
        with _with_a_replica(cluster, "without_register") as restored, restored.app_context():
            back = run(restored, "restore", str(tmp_path / "backup"))
            assert back.exit_code == 0, back.output
            silent = run(restored, *asked)
            assert silent.exit_code != 0
            assert "none" not in silent.stdout
            assert run(restored, "register", "import", str(file)).exit_code == 0
            assert json.loads(run(restored, *asked, "--nino", "AB123456C").stdout)["outcome"] == "match"

    def test_what_is_there_is_never_written_over(self, app: Flask, elsewhere: Flask, tmp_path: Path) -> None:
        file = tmp_path / "backup"
        assert run(app, "backup", str(file)).exit_code == 0
        assert run(app, "backup", str(file)).exit_code == 1
        assert "not empty" in run(app, "restore", str(file)).stderr
        with elsewhere.app_context():
            upgrade()
            assert "not empty" in run(elsewhere, "restore", str(file)).stderr

    @pytest.mark.parametrize("lost", ["secret_keys", "encryption_keys"])
    def test_it_is_refused_before_anything_is_written_when_a_key_is_missing(
        self, app: Flask, cluster: TestCluster, tmp_path: Path, lost: str
    ) -> None:
        file = tmp_path / "backup"
        assert run(app, "backup", str(file)).exit_code == 0
        other = {"secret_keys": ("another-key-for-tests-that-is-long-enough",), "encryption_keys": (b"x" * 32,)}
        settings = replace(settings_for(cluster.url(f"other_{lost}")), **{lost: other[lost]})  # type: ignore[arg-type]  # each fits its field
        try:
            stranger = create_app(settings, app.extensions["ports"])
            with stranger.app_context():
                refused = run(stranger, "restore", str(file))
                assert lost.upper() in refused.stderr
                assert not inspect(db.engine).get_table_names()
                db.engine.dispose()
        finally:
            create_app(settings_for(cluster.url("identity")), app.extensions["ports"])  # the vault has its keys again

    @pytest.mark.parametrize("spoil", ["cut", "other"])
    def test_a_file_that_is_no_whole_backup_is_refused(self, elsewhere: Flask, tmp_path: Path, spoil: str) -> None:
        file = tmp_path / "backup"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("manifest.json", json.dumps({"format": "something else"}))
        if spoil == "cut":
            file.write_bytes(file.read_bytes()[:-10])
        with elsewhere.app_context():
            result = run(elsewhere, "restore", str(file))
        assert result.exit_code == 1
        assert "no backup" in result.stderr


def _an_old_event() -> None:
    with transaction():
        audit.record("tried", Subject("user", "1"), actor=SYSTEM, now=NOW)
        db.session.flush()
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        db.session.execute(text("UPDATE audit_events SET recorded_at = clock_timestamp() - interval '2 hours'"))


@contextmanager
def _with_a_replica(cluster: TestCluster, name: str) -> Iterator[Flask]:
    settings = replace(settings_for(cluster.url(name)), register="replica")
    register, mailer = choose_register(settings), MemoryMailer()
    made = create_app(settings, replace(OutsideWorld(mailer=mailer).ports(), register=register))
    try:
        yield made
    finally:
        assert isinstance(register, DqtReplica)
        register.close()
        with made.app_context():
            db.session.remove()
            db.engine.dispose()
