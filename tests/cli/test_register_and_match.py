"""The commands that fill the register and ask the matcher, on a database of their own."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner
from flask_migrate import upgrade
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from identity_provider.adapters.choice import choose_register
from identity_provider.adapters.dqt_api import DqtApi
from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.adapters.memory import MemoryMailer, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.models import AuditEvent, RegisterGeneration
from identity_provider.services import leaked_trns
from identity_provider.services.audit import SYSTEM
from identity_provider.services.register_followup import LOOK_EVERYBODY_UP_AGAIN
from matching.records import RecordStatus, TeachingRecord
from tests.builders import NOW
from tests.kit.database import TestCluster
from tests.kit.outside import OutsideWorld, settings_for
from tests.kit.registers import write_register
from wsgi import create_app

ANN = TeachingRecord("1000001", "Ann", "", "Featherstone", (), ("Ash",), date(1980, 2, 3), "AB123456C")
BOB = TeachingRecord("1000002", "Robert", "", "Quill", date_of_birth=date(1975, 7, 8))
SHUT = replace(BOB, trn="1000003", last_name="Shutt", status=RecordStatus.DEACTIVATED)


@pytest.fixture(scope="module")
def own_app(cluster: TestCluster) -> Iterator[Flask]:
    settings = replace(settings_for(cluster.url("commands")), register="replica")
    register = choose_register(settings)
    assert isinstance(register, DqtReplica)
    mailer = MemoryMailer()
    app = create_app(settings, replace(OutsideWorld(mailer=mailer).ports(), register=register))
    with app.app_context():
        upgrade()
    yield app
    register.close()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def register_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_register(tmp_path_factory.mktemp("files") / "register.csv", [ANN, BOB, SHUT])


@pytest.fixture
def empty(own_app: Flask) -> FlaskCliRunner:
    return own_app.test_cli_runner()


@pytest.fixture
def without_register(empty: FlaskCliRunner, own_app: Flask) -> Iterator[FlaskCliRunner]:
    """As before the first import."""
    with own_app.app_context():
        db.session.execute(update(RegisterGeneration).values(current=False))
        db.session.commit()
        yield empty
        db.session.execute(update(RegisterGeneration).values(current=True))
        db.session.commit()


@pytest.fixture
def runner(empty: FlaskCliRunner, register_file: Path) -> FlaskCliRunner:
    done = empty.invoke(args=["register", "import", str(register_file), "--json"])
    assert done.exit_code == 0, done.output
    return empty


def facts(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_without_a_register_nothing_is_said_about_anybody(without_register: FlaskCliRunner, tmp_path: Path) -> None:
    empty = without_register
    assert empty.invoke(args=["register", "stats"]).exit_code == 1
    asked = empty.invoke(args=["match", "one", "--first-name", "Ann", "--last-name", "Featherstone"])
    assert (asked.exit_code, asked.stdout) == (3, "")
    assert "the register did not answer" in asked.stderr
    (tmp_path / "queries.csv").write_text("query_id,first_name,last_name,date_of_birth\n1,Ann,,\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    assert empty.invoke(args=["match", "batch", str(tmp_path / "queries.csv"), "--out", str(out)]).exit_code == 3
    assert not out.exists()


def test_an_import_is_told_in_json_and_in_the_audit(runner: FlaskCliRunner, own_app: Flask) -> None:
    found = facts(runner.invoke(args=["register", "stats", "--json"]))
    assert (found["records"], found["active"], found["deactivated"], found["with_nino"]) == (3, 2, 1, 1)
    with own_app.app_context():
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "register.imported")).first()
        assert event is not None
        assert event.after["file"] == "register.csv"
    assert "records" in runner.invoke(args=["register", "stats"]).stdout


def test_what_follows_a_new_register_is_there_although_the_old_tables_cannot_be_dropped(
    runner: FlaskCliRunner, register_file: Path, own_app: Flask
) -> None:
    held = facts(runner.invoke(args=["register", "stats", "--json"]))["generation"]
    with own_app.app_context(), transaction():
        db.session.execute(text(f"CREATE VIEW somebodys AS TABLE register_gen_{held}_records"))
        db.session.execute(text("DELETE FROM procrastinate_jobs"))
    try:
        with capture_logs() as logs:
            done = facts(runner.invoke(args=["register", "import", str(register_file), "--json"]))
        assert [each["event"] for each in logs] == ["old_register_not_dropped"]
        with own_app.app_context():
            events = select(AuditEvent).where(AuditEvent.subject_id == str(done["generation"]))
            assert [each.action for each in db.session.scalars(events)] == ["register.imported"]
            waiting = text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo'")
            assert db.session.scalars(waiting).all() == [LOOK_EVERYBODY_UP_AGAIN]
    finally:
        with own_app.app_context(), transaction():
            db.session.execute(text("DROP VIEW somebodys"))


def test_where_it_cannot_be_written_down_that_it_is_searched_it_is_not(
    runner: FlaskCliRunner, register_file: Path, own_app: Flask
) -> None:
    held = facts(runner.invoke(args=["register", "stats", "--json"]))["generation"]
    with own_app.app_context(), transaction():
        db.session.execute(text("ALTER TABLE audit_events RENAME TO away"))
    try:
        failed = runner.invoke(args=["register", "import", str(register_file)])
        assert (failed.exit_code, "Start the same import again" in failed.stderr) == (2, True)
        assert facts(runner.invoke(args=["register", "stats", "--json"]))["generation"] == held
    finally:
        with own_app.app_context(), transaction():
            db.session.execute(text("ALTER TABLE away RENAME TO audit_events"))
    assert facts(runner.invoke(args=["register", "import", str(register_file), "--json"]))["resumed"] is True


def test_a_register_keyed_by_other_code_is_to_be_imported_again(
    runner: FlaskCliRunner, register_file: Path, own_app: Flask
) -> None:
    def told_by_doctor() -> dict[str, str]:
        findings = json.loads(runner.invoke(args=["doctor", "--json"]).stdout)
        found: dict[str, str] = next(each for each in findings if each["name"] == "register")
        return found

    assert told_by_doctor()["state"] == "ok"
    with own_app.app_context(), transaction():
        db.session.execute(update(RegisterGeneration).values(keys_version=0))
    found = told_by_doctor()
    assert (found["state"], "register import FILE" in found["mend"]) == ("fault", True)
    assert "Import the register again." in runner.invoke(args=["register", "stats"]).stdout
    assert facts(runner.invoke(args=["register", "stats", "--json"]))["import_again"] is True
    assert runner.invoke(args=["register", "import", str(register_file)]).exit_code == 0
    assert told_by_doctor()["state"] == "ok"
    assert "Import the register again." not in runner.invoke(args=["register", "stats"]).stdout


def test_a_refused_file_has_an_exit_code_of_its_own(runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    refused = runner.invoke(args=["register", "import", str(path)])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "The register is as it was" in refused.stderr


def test_rejected_lines_are_printed_with_their_numbers(runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = write_register(tmp_path / "register.csv", [ANN, replace(BOB, trn="x"), BOB, SHUT])
    done = runner.invoke(args=["register", "import", str(path)])
    assert done.exit_code == 0
    assert "line 3: trn: not a TRN" in done.stderr
    assert "3 records are searched now" in done.stdout


def test_one_person_is_matched_and_told_why(runner: FlaskCliRunner) -> None:
    stated = ["--first-name", "Ann", "--last-name", "Featherstone", "--date-of-birth", "1980-02-03", "--trn", "1000001"]
    found = facts(runner.invoke(args=["match", "one", *stated, "--policy", "Default", "--json"]))
    assert (found["outcome"], found["trn"], found["policy"]) == ("match", "1000001", "Default")
    told = runner.invoke(args=["match", "one", *stated]).stdout
    assert "Outcome: match" in told
    assert "Same date of birth" in told


def test_a_person_nobody_resembles_is_told_apart_from_one_who_cannot_be_placed(runner: FlaskCliRunner) -> None:
    nobody = ["--first-name", "Zenobia", "--last-name", "Winterbourne", "--date-of-birth", "1991-09-09"]
    closed = ["--first-name", "Robert", "--last-name", "Shutt", "--date-of-birth", "1975-07-08"]
    assert facts(runner.invoke(args=["match", "one", *nobody, "--json"]))["outcome"] == "none"
    assert facts(runner.invoke(args=["match", "one", *closed, "--json"]))["outcome"] == "not_determinable"


def test_what_keeps_somebody_from_a_link_is_told(runner: FlaskCliRunner) -> None:
    """Robert Quill, with the National Insurance number of Ann."""
    stated = ["--first-name", "Robert", "--last-name", "Quill", "--date-of-birth", "1975-07-08", "--nino", "AB123456C"]
    found = facts(runner.invoke(args=["match", "one", *stated, "--json"]))
    said = "The National Insurance number given is that of another record."
    assert (found["outcome"], found["rule"]) == ("not_determinable", "names_and_birthday")
    assert {"block": "stated_nino_is_another_record", "sentence": said} in found["blocked_by"]
    assert f"Against a link: {said}" in runner.invoke(args=["match", "one", *stated]).stdout


@pytest.mark.parametrize("processes", [1, 2])
def test_a_file_of_people_is_matched_and_scored(runner: FlaskCliRunner, tmp_path: Path, processes: int) -> None:
    queries, out, truth = tmp_path / "queries.csv", tmp_path / "out.csv", tmp_path / "truth.csv"
    queries.write_text(
        "query_id,first_name,middle_name,last_name,previous_last_name,date_of_birth,trn,nino,email\n"
        "Q1,Ann,,Ash,,1980-02-03,,AB123456C,\n"
        "Q2,Zenobia,,Winterbourne,,1991-09-09,,,\n",
        encoding="utf-8",
    )
    truth.write_text(
        "query_id,class,ident,in_register,truth_trn,expected,acceptable,note\n"
        "Q1,exact,nino,1,1000001,match,,\nQ2,absent,none,0,,none,,\n",
        encoding="utf-8",
    )
    done = runner.invoke(args=["match", "batch", str(queries), "--out", str(out), "--processes", str(processes)])
    assert done.exit_code == 0, done.output
    with out.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["query_id"], row["outcome"], row["trn"]) for row in rows] == [
        ("Q1", "match", "1000001"),
        ("Q2", "none", ""),
    ]
    report = facts(runner.invoke(args=["match", "evaluate", str(out), str(truth), "--json"]))
    assert report["everything"]["coverage"]["rate"] == 1.0
    assert "exact" in runner.invoke(args=["match", "evaluate", str(out), str(truth)]).stdout


def test_in_a_file_of_people_a_leaked_trn_shows_nothing_whatever_the_file_says(
    runner: FlaskCliRunner, own_app: Flask, tmp_path: Path
) -> None:
    queries, out = tmp_path / "queries.csv", tmp_path / "out.csv"
    queries.write_text(
        "query_id,first_name,last_name,date_of_birth,trn,trn_leaked\n"
        "Q1,Ann,Featherstone,1980-02-03,10/00001,no\n"
        "Q2,Robert,Quill,1975-07-08,1000002,yes\n",
        encoding="utf-8",
    )
    with own_app.app_context(), transaction():
        leaked_trns.add(["1000001"], source="a list", reason="seen", actor=SYSTEM, now=NOW)
    done = runner.invoke(args=["match", "batch", str(queries), "--out", str(out), "--policy", "Default"])
    assert done.exit_code == 0, done.output
    with own_app.app_context(), transaction():
        leaked_trns.remove(["1000001"], reason="the test is over", actor=SYSTEM, now=NOW)
    with out.open(encoding="utf-8") as lines:
        found = [(row["outcome"], row["trn"], row["reason"]) for row in csv.DictReader(lines)]
    assert found[0] == ("not_determinable", "", "stated_trn_leaked")
    assert found[1][:2] == ("match", "1000002")


def test_files_that_do_not_go_together_are_a_message_and_not_a_trace(
    runner: FlaskCliRunner, register_file: Path
) -> None:
    scored = runner.invoke(args=["match", "evaluate", str(register_file), str(register_file)])
    assert scored.exit_code == 1
    assert "do not go together" in scored.stderr
    asked = runner.invoke(args=["match", "batch", str(register_file), "--out", str(register_file.with_name("out"))])
    assert asked.exit_code == 2


HEAD = b"query_id,first_name,last_name,date_of_birth,outcome,trn\n"
UNREADABLE = [
    (HEAD + b"Q1,Ann,Ash,1980-02-03,none,\nQ2,Si\xe2n,Ash,1980-02-03\n", "line 3: not UTF-8; save the file as UTF-8"),
    (HEAD + b"Q1,Ann,A\0sh,1980-02-03\n", "line 2: a NUL character"),
    (HEAD + b'\nQ1,Ann,"' + b"x" * 140_000 + b"\n", "line 3: a field of more than 131,072 characters"),
]


@pytest.mark.parametrize(("content", "told"), UNREADABLE)
def test_a_file_that_cannot_be_read_is_one_line_with_its_name_and_its_line(
    runner: FlaskCliRunner, tmp_path: Path, register_file: Path, content: bytes, told: str
) -> None:
    bad, out = tmp_path / "bad.csv", tmp_path / "out.csv"
    bad.write_bytes(content)
    for status, args in [
        (2, ["batch", str(bad), "--out", str(out)]),
        (1, ["evaluate", str(bad), str(bad)]),
        (1, ["estimate", str(register_file), str(bad)]),
    ]:
        done = runner.invoke(args=["match", *args])
        assert (done.exit_code, done.stdout) == (status, ""), args
        assert done.stderr.startswith(f"Error: {bad}, {told}")
        assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv"]


def test_files_with_a_byte_order_mark_are_matched_scored_and_imported(
    runner: FlaskCliRunner, tmp_path: Path, register_file: Path
) -> None:
    queries, out, truth = tmp_path / "queries.csv", tmp_path / "out.csv", tmp_path / "truth.csv"
    queries.write_bytes(b"\xef\xbb\xbf" + HEAD + b"Q1,Ann,Ash,3/2/1980\r\n")
    truth.write_bytes(
        b"\xef\xbb\xbfquery_id,class,in_register,truth_trn,expected,acceptable\r\nQ1,exact,1,1000001,match,\r\n"
    )
    done = runner.invoke(args=["match", "batch", str(queries), "--out", str(out)])
    assert (done.exit_code, done.stdout) == (0, "1 rows written to out.csv\n"), done.output
    out.write_bytes(b"\xef\xbb\xbf" + out.read_bytes())
    report = facts(runner.invoke(args=["match", "evaluate", str(out), str(truth), "--json"]))
    assert report["everything"]["coverage"]["rate"] == 1.0
    marked = tmp_path / "register.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + register_file.read_bytes())
    assert facts(runner.invoke(args=["register", "import", str(marked), "--json"]))["records"] == 3


def test_a_register_that_is_not_utf8_is_refused_by_its_name(runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = write_register(tmp_path / "register.csv", [replace(ANN, first_name="Siân")])
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    refused = runner.invoke(args=["register", "import", str(path)])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1] == (
        f"Not imported: {path}: the file holds no record (line 2: first_name: not UTF-8; save the file as UTF-8). "
        "The register is as it was."
    )


def test_the_settings_choose_the_register(cluster: TestCluster) -> None:
    settings = settings_for(cluster.url("commands"))
    assert isinstance(choose_register(settings), MemoryRegister)
    api = choose_register(replace(settings, register="api", dqt_api_url="https://dqt.example", dqt_api_key="key"))
    assert isinstance(api, DqtApi)
