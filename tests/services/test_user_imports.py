"""People from a file: every row is checked first, then run once, and no row does harm to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove, OwnAccount, RegisterUnavailable
from identity_provider.domain.lookup import LookupReason, LookupStatus, pending
from identity_provider.kit.app import ports
from identity_provider.models import StaffUser, User, UserImport, UserImportRow, UserImportState
from identity_provider.services import (
    case_work,
    erasure,
    import_files,
    import_rows,
    leaked_trns,
    lookups,
    retention,
    subject_access,
    trn_links,
    user_imports,
)
from identity_provider.services.audit import SYSTEM, Actor
from identity_provider.services.import_files import Content, RowNote
from identity_provider.services.import_rows import Bringer, Decision
from matching.records import RecordStatus, TeachingRecord
from tests.builders import a_client, a_record, a_staff_user, a_user
from tests.console.agents import audited, messages
from tests.journeys.travel import count_of, user_at
from tests.kit.importing import a_line, checked, done, outcomes, planned, rows_of, uploaded, worked_on
from tests.webhooks.listeners import let_the_worker_work

KATE = "kate@example.com"
CONFIRMED = {"lookup_status": case_work.NO_TRN.status, "lookup_reason": case_work.NO_TRN.reason}


@pytest.fixture(autouse=True)
def of_kate(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]


def state_of(of: UserImport) -> UserImportState:
    db.session.rollback()
    return db.session.get_one(UserImport, of.id, populate_existing=True).state


def test_a_row_with_a_trn_makes_an_account_with_the_names_of_the_record(app: Flask) -> None:
    client = a_client(name="Register for an NPQ")
    made = done(a_line("KATE@example.com", preferred="Katie"), client=client)
    user = user_at(KATE)
    assert (user.name.full, user.preferred_name, user.date_of_birth) == ("Kate Bush", "Katie", date(1985, 3, 4))
    assert (user.trn, user.lookup_status, user.lookup_reason) == ("1234567", LookupStatus.FOUND, LookupReason.IMPORT)
    assert (user.email_verified_at, user.registered_with_client_id) == (None, client.id)
    assert outcomes(made) == [("create", "")]
    assert rows_of(made)[0].user_id == user.id
    (linked,) = audited("trn_linked")
    assert linked.actor_type == "staff"


def test_a_row_without_a_trn_makes_an_account_that_is_still_to_be_looked_up(app: Flask) -> None:
    done(a_line(trn="", first="Zoe", last="Featherstone"))
    user = user_at(KATE)
    assert (user.trn, user.lookup_status, user.lookup_reason) == (
        None, LookupStatus.PENDING, LookupReason.NOT_LOOKED_UP,
    )  # fmt: skip


def test_the_dry_run_changes_nobody_and_says_what_the_run_will_do(app: Flask, register: MemoryRegister) -> None:
    a_user(email="known@example.com", last_name="Bush")
    made = checked(a_line("known@example.com"), a_line("new@example.com", "7654321"), a_line("bad"))
    assert planned(made) == [("link", ""), ("refused", "no_such_record"), ("refused", "email_format")]
    assert state_of(made) is UserImportState.CHECKED
    assert user_at("known@example.com").trn is None
    assert count_of(User) == 1


def test_an_account_that_is_there_is_linked_and_told_and_never_doubled(app: Flask) -> None:
    there = a_user(email=KATE, last_name="Bush", date_of_birth=None)
    made = done(a_line())
    user = user_at(KATE)
    assert (user.id, user.trn, user.date_of_birth) == (there.id, "1234567", date(1985, 3, 4))
    assert outcomes(made) == [("link", "")]
    assert [each.recipient for each in messages(lookups.RECORD_FOUND)] == [KATE]
    again = done(a_line(trn="1234567"))
    assert outcomes(again) == [("unchanged", "")]
    assert rows_of(again)[0].user_id == there.id, "a row that changes nothing names the account that there is"


def test_what_is_missing_is_filled_in_and_what_is_there_stays(app: Flask) -> None:
    a_user(email=KATE, last_name="Bush", trn="1234567", preferred_name="")
    assert outcomes(done(a_line(preferred="Katie"))) == [("update", "")]
    assert outcomes(done(a_line(preferred="Kathleen"))) == [("unchanged", "")]
    assert user_at(KATE).preferred_name == "Katie"


def test_a_row_about_somebody_else_fills_in_nothing(app: Flask) -> None:
    a_user(email=KATE, last_name="Bush", trn="1234567", date_of_birth=None)
    made = done(a_line(trn="", born="25121980", first="Zoe", last="Featherstone"))
    assert outcomes(made) == [("conflict", "account_differs")]
    assert user_at(KATE).date_of_birth is None
    assert outcomes(done(a_line(trn="", first="Kate", last="Bush"))) == [("update", "")]
    assert user_at(KATE).date_of_birth == date(1985, 3, 4)


def test_a_trn_that_somebody_holds_is_never_moved(app: Flask) -> None:
    holder = a_user(trn="1234567", last_name="Holder")
    a_user(email="two@example.com", last_name="Bush")
    made = done(a_line("new@example.com"))
    other = done(a_line("two@example.com"))
    assert (outcomes(made), outcomes(other)) == ([("conflict", "trn_held")], [("conflict", "trn_held")])
    assert trn_links.holder_of("1234567") == holder
    assert count_of(User, User.email == "new@example.com") == 0


def test_what_is_no_sure_thing_is_a_conflict(app: Flask, register: MemoryRegister) -> None:
    register.records = [
        a_record(),
        a_record("2222222", status=RecordStatus.DEACTIVATED),
        a_record("3333333", status=RecordStatus.MERGED, merged_into="1234567"),
        a_record("4444444", first_name="Zoe", last_name="Featherstone"),
    ]
    a_user(email="other@example.com", trn="7654321", last_name="Bush")
    a_user(email="name@example.com", first_name="Aloysius", last_name="Featherstone")
    a_user(email="locked@example.com", last_name="Bush", locked_at=ports().clock.now())
    wanted = {
        a_line("a@example.com", born="05031985"): "born_otherwise",
        a_line("b@example.com", first="Aloysius", last="Featherstone"): "named_otherwise",
        a_line("c@example.com", "2222222"): "record_closed",
        a_line("d@example.com", "3333333"): "record_merged",
        a_line("other@example.com"): "has_other_trn",
        a_line("name@example.com"): "account_differs",
        a_line("locked@example.com"): "account_locked",
        a_line("e@example.com", "", first="Kate", last="Bush"): "namesake",
    }
    for line, note in wanted.items():
        assert planned(checked(line)) == [("conflict", note)], line


def test_a_leaked_trn_and_a_link_that_staff_ended_are_left_to_people(app: Flask) -> None:
    now = ports().clock.now()
    parted = a_user(email=KATE, last_name="Bush", trn="1234567")
    with transaction():
        leads_to = pending(LookupReason.WITH_HELPDESK)
        trn_links.unlink(parted, leads_to, actor=SYSTEM, reason="not theirs", now=now)
    assert planned(checked(a_line())) == [("conflict", "link_was_ended")]
    with transaction():
        leaked_trns.add(["1234567"], source="a list", reason="seen", actor=SYSTEM, now=now)
    assert planned(checked(a_line())) == [("conflict", "trn_leaked")]


def test_a_file_does_not_know_better_than_the_agent_who_confirmed_that_there_is_no_trn(app: Flask) -> None:
    now = ports().clock.now()
    user = a_user(email=KATE, last_name="Bush")
    made = checked(a_line())
    assert planned(made) == [("link", "")]
    with transaction():
        trn_links.stand_at(user, case_work.NO_TRN, actor=Actor.of(a_staff_user()), now=now, reason="asked everywhere")
    assert planned(checked(a_line())) == [("conflict", "no_trn_confirmed")]
    approve(made)
    worked_on(made)
    assert outcomes(made) == [("conflict", "no_trn_confirmed")], "also when it was confirmed since the check"
    assert (user_at(KATE).trn, user_at(KATE).lookup_status) == (None, LookupStatus.FAILED)


def test_what_an_agent_confirms_while_a_row_is_run_is_heard(app: Flask) -> None:
    user, (row,) = a_user(email=KATE, last_name="Bush"), rows_of(checked(a_line()))
    content, bringer = import_files.content_of(row), Bringer(a_client(), Actor.of(a_staff_user()))
    with transaction():
        assert db.session.get_one(User, user.id).lookup_status is LookupStatus.PENDING
        with db.engine.begin() as another:
            another.execute(update(User).where(User.id == user.id).values(**CONFIRMED))
        decision = import_rows.run(content, [a_record()], bringer, now=ports().clock.now())
    assert decision.note is RowNote.NO_TRN_CONFIRMED


def test_a_row_that_is_erased_under_the_workers_hands_keeps_no_other_row_waiting(
    app: Flask, register: MemoryRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = uploaded(a_line(), a_line("zoe@example.com", "", first="Zoe", last="Featherstone"))
    find = register.find_by_identifiers

    def erased_meanwhile(trn: str, nino: str) -> Sequence[TeachingRecord]:
        with transaction():
            db.session.query(UserImportRow).filter_by(import_id=made.id, line=2).delete()
        return find(trn, nino)

    monkeypatch.setattr(register, "find_by_identifiers", erased_meanwhile)
    worked_on(made)
    assert planned(made) == [("create", "")]
    assert state_of(made) is UserImportState.CHECKED


def test_nobody_approves_what_they_brought_themselves(app: Flask) -> None:
    by = a_staff_user()
    made = uploaded(a_line(), staff=by)
    worked_on(made)
    with pytest.raises(OwnAccount), transaction():
        user_imports.approve(made, staff=by, reason="fine", now=ports().clock.now())
    with transaction():
        user_imports.reject(made, staff=by, reason="the wrong file", now=ports().clock.now())
    assert state_of(made) is UserImportState.REJECTED
    assert count_of(User) == 0


def test_nothing_is_run_without_a_reason_before_it_is_checked_or_long_after(app: Flask, clock: ManualClock) -> None:
    early, colleague = uploaded(a_line()), a_staff_user()
    refuse(early, colleague, "fine")
    worked_on(early)
    refuse(early, colleague, " ")
    clock.advance(user_imports.GOOD_FOR + timedelta(days=1))
    refuse(early, colleague, "fine")


def refuse(of: UserImport, staff: StaffUser, reason: str) -> None:
    with pytest.raises(IllegalMove), transaction():
        user_imports.approve(of, staff=staff, reason=reason, now=ports().clock.now())


def test_a_worker_that_was_killed_goes_on_where_it_was(
    app: Flask, register: MemoryRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = some_lines(4)
    made = checked(*lines)
    approve(made)
    run = import_rows.run
    killed_at: list[int] = []

    def killed(row: Content, *more: object, **named: object) -> Decision:
        if row.line == 4 and not killed_at:
            killed_at.append(row.line)
            raise KeyboardInterrupt
        return run(row, *more, **named)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(import_rows, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        worked_on(made)
    assert [outcome for outcome, _ in outcomes(made)] == ["create", "create", None, None]
    worked_on(made)
    assert [outcome for outcome, _ in outcomes(made)] == ["create"] * 4
    assert count_of(User) == 4
    assert state_of(made) is UserImportState.DONE
    worked_on(made)
    assert count_of(User) == 4


def test_an_import_is_stopped_between_two_rows_and_goes_on_later(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_imports, "BATCH", 1)
    lines = some_lines(2)
    made = checked_in_full(*lines)
    approve(made)
    worked_on(made)
    now, colleague = ports().clock.now(), a_staff_user()
    with transaction():
        user_imports.stop(made, staff=colleague, reason="wait", now=now)
    worked_on(made, 3)
    assert [outcome for outcome, _ in outcomes(made)] == ["create", None]
    with transaction():
        user_imports.resume(db.session.get_one(UserImport, made.id), staff=colleague, reason="go on", now=now)
    worked_on(made, 2)
    assert [outcome for outcome, _ in outcomes(made)] == ["create", "create"]
    assert db.session.get_one(UserImport, made.id, populate_existing=True).counts == {"create": 2}


def some_lines(number: int) -> list[str]:
    lasts = ("Featherstone", "Okafor", "Quigley", "Hughes")[:number]
    return [a_line(f"{last}@example.com", "", first="Zoe", last=last) for last in lasts]


def checked_in_full(*lines: str) -> UserImport:
    made = uploaded(*lines)
    worked_on(made, len(lines) + 1)
    return made


def approve(of: UserImport) -> None:
    colleague = a_staff_user()
    with transaction():
        user_imports.approve(of, staff=colleague, reason="fine", now=ports().clock.now())


def test_while_the_register_is_silent_rows_wait_and_are_not_refused(app: Flask, register: MemoryRegister) -> None:
    made = uploaded(a_line())
    register.down = True
    with pytest.raises(RegisterUnavailable):
        worked_on(made)
    assert planned(made) == [(None, "")]
    register.down = False
    worked_on(made)
    assert planned(made) == [("create", "")]


def test_the_worker_takes_an_import_from_its_upload_to_its_end(app: Flask) -> None:
    made = uploaded(a_line())
    let_the_worker_work()
    assert state_of(made) is UserImportState.CHECKED
    approve(db.session.get_one(UserImport, made.id))
    let_the_worker_work()
    assert state_of(made) is UserImportState.DONE


def test_what_a_row_says_is_sealed_and_goes_after_a_while_but_not_the_figures(app: Flask, clock: ManualClock) -> None:
    made = done(a_line())
    assert KATE.encode() not in rows_of(made)[0].content_sealed
    clock.advance(retention.IMPORTS + timedelta(days=1))
    retention.remove_expired(clock.now())
    assert rows_of(made) == []
    assert db.session.get_one(UserImport, made.id, populate_existing=True).counts == {"create": 1}
    assert user_at(KATE).trn == "1234567"


def test_undecided_imports_go_too(app: Flask, clock: ManualClock) -> None:
    made = checked(a_line())
    clock.advance(retention.UNDECIDED_IMPORTS - timedelta(days=1))
    retention.remove_expired(clock.now())
    assert len(rows_of(made)) == 1
    clock.advance(timedelta(days=2))
    retention.remove_expired(clock.now())
    assert rows_of(made) == []


def test_a_person_is_told_of_their_rows_and_they_are_forgotten_with_them(app: Flask) -> None:
    done(a_line())
    checked(a_line(preferred="Katie"))
    user = user_at(KATE)
    told = subject_access.everything_about(user, now=ports().clock.now())["brought_by_a_service"]
    assert [each["said"]["EMAIL_ADDRESS"] for each in told] == [KATE, KATE]
    with transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked for it", now=ports().clock.now())
    assert count_of(UserImportRow) == 0
