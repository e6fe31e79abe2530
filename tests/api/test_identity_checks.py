"""Providers report identity checks: once, about people of theirs; what confirms makes surer, what differs is asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.change_requests import ChangeKind, ChangeReason, ChangeState
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel, pending
from identity_provider.kit import check_reports
from identity_provider.models import ChangeReport, ChangeRequest, Evidence, IdentityCheck, User
from identity_provider.services import change_requests, change_reviews, evidence, service_uses, statements, trn_links
from identity_provider.services.audit import SYSTEM
from identity_provider.vault import vault
from tests.api.callers import Caller, a_caller
from tests.builders import NOW, a_record, a_staff_user, a_user
from tests.console.agents import audited, messages
from tests.kit.changes import REVIEWER, a_change, asked_for
from tests.kit.outside import OutsideWorld
from tests.test_jobs import work

SEEN = {
    "provider": "Yoti",
    "documentKind": "passport",
    "checkedOn": "2026-03-01",
    "firstName": "KATE",
    "lastName": "Bush",
    "dateOfBirth": "1985-03-04",
    "reference": "check-1",
}


@pytest.fixture
def caller(app: Flask) -> Caller:
    return a_caller(app)


def their(caller: Caller, **values: Any) -> User:
    """Somebody who came from this service."""
    user = a_user(**{"last_name": "Bush", **values})
    with transaction():
        service_uses.note(user.id, caller.id, now=NOW)
    return user


def report(caller: Caller, user: User, status: int = 201, **seen: object) -> dict[str, Any]:
    answer = caller.call("POST", f"/users/{user.id}/identity-checks", SEEN | seen)
    assert answer.status_code == status, answer.text
    assert answer.json is not None
    return dict(answer.json)


def anew(user: User) -> User:
    db.session.rollback()
    return db.session.get_one(User, user.id, populate_existing=True)


def led_to() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(IdentityCheck.led_to)))


def test_a_report_that_confirms_raises_the_level_of_a_link(
    app: Flask, caller: Caller, register: MemoryRegister
) -> None:
    register.records = [a_record("1234567")]
    user = their(caller, trn="1234567")
    assert report(caller, user)["matches"] is True
    assert anew(user).verification_level is VerificationLevel.LOW, "not before the register was asked"
    work()
    assert anew(user).verification_level is VerificationLevel.MEDIUM
    assert led_to() == ["raised"]
    assert [each.after["led_to"] for each in audited("identity_check_weighed")] == ["raised"]


@pytest.mark.parametrize("held", [{"date_of_birth": date(1985, 3, 5)}, {"last_name": "Hall"}, {"first_name": "Ken"}])
def test_a_link_to_a_record_that_says_otherwise_is_not_raised(
    app: Flask, caller: Caller, register: MemoryRegister, held: dict[str, Any]
) -> None:
    register.records = [a_record("1234567", **held)]
    user = their(caller, trn="1234567")
    report(caller, user)
    work()
    assert anew(user).verification_level is VerificationLevel.LOW
    assert led_to() == ["record_differs"]


def test_while_the_register_is_silent_nothing_is_said(app: Flask, caller: Caller, register: MemoryRegister) -> None:
    register.records, register.down = [a_record("1234567")], True
    user = their(caller, trn="1234567")
    report(caller, user)
    work()
    assert led_to() == [""]
    register.down = False
    work()
    assert anew(user).verification_level is VerificationLevel.MEDIUM


def test_a_report_that_confirms_may_find_the_record(app: Flask, caller: Caller, register: MemoryRegister) -> None:
    register.records = [a_record("1234567")]
    user = their(caller, stated_nino_encrypted=vault.seal("AB123456C", statements.NINO_CONTEXT), stated_has_nino=True)
    report(caller, user)
    work()
    found = anew(user)
    assert (found.trn, found.lookup_status, found.verification_level) == (
        "1234567",
        LookupStatus.FOUND,
        VerificationLevel.MEDIUM,
    )
    assert [each.recipient for each in messages("record_found")] == [user.email]


def test_a_verified_name_and_birthday_are_enough_for_a_record_that_nobody_else_fits(
    app: Flask, caller: Caller, register: MemoryRegister
) -> None:
    register.records = [a_record("1234567", last_name="Featherstonehaugh")]
    user = their(caller, last_name="Featherstonehaugh")
    report(caller, user, lastName="Featherstonehaugh")
    work()
    assert (anew(user).trn, anew(user).lookup_reason) == ("1234567", LookupReason.MATCHED)
    register.records.append(a_record("7654321", last_name="Featherstonehaugh"))
    other = their(caller, last_name="Featherstonehaugh")
    report(caller, other, lastName="Featherstonehaugh", reference="check-2")
    work()
    assert anew(other).trn is None, "two fit"


def test_the_same_report_is_kept_once(app: Flask, caller: Caller) -> None:
    user = their(caller)
    first = report(caller, user, lastName="Hall")
    assert report(caller, user, 200, lastName="Hall") == first
    assert db.session.query(IdentityCheck).count() == db.session.query(ChangeRequest).count() == 1
    report(caller, user, 409, lastName="Hull")
    by_header = SEEN | {"reference": "check-2"}
    del by_header["reference"]
    for status in (201, 200):
        answer = caller.app.test_client().post(
            f"/api/v1/users/{user.id}/identity-checks",
            json=by_header,
            headers={"Authorization": f"Bearer {caller.token}", "Idempotency-Key": "check-2"},
        )
        assert answer.status_code == status
    assert report(a_caller_of(app, user), user)["matches"] is True, "another provider's reference is another one"


def a_caller_of(app: Flask, user: User) -> Caller:
    other = a_caller(app, name="Another provider")
    with transaction():
        service_uses.note(user.id, other.id, now=NOW)
    return other


def test_a_correction_changes_nothing_and_a_reviewer_settles_it_in_one_step(app: Flask, caller: Caller) -> None:
    user = their(caller, language="cy")
    told = report(caller, user, lastName="Hall", dateOfBirth="1985-04-03")
    assert told["differs"] == ["lastName", "dateOfBirth"]
    assert anew(user).name.full == "Kate Bush"
    name, born = sorted(db.session.query(ChangeRequest), key=lambda each: each.kind, reverse=True)
    assert sorted(told["changeRequests"]) == sorted([name.reference, born.reference])
    assert (name.state, name.reason, name.wanted_name.full) == (
        ChangeState.SUBMITTED,
        ChangeReason.IDENTITY_CHECK,
        "KATE Hall",
    )
    assert name.language == born.language == "cy", "what was decided is told in the person's language"
    with transaction():
        change_reviews.approve(born.id, staff=a_staff_user(*REVIEWER), now=NOW)
    assert anew(user).date_of_birth == date(1985, 4, 3)


def test_the_dqt_is_shown_the_report_itself(app: Flask, caller: Caller, outside: OutsideWorld) -> None:
    user = their(caller, trn="1234567")
    report(caller, user, lastName="Hall")
    [change] = db.session.query(ChangeRequest)
    with transaction():
        change_reviews.approve(change.id, staff=a_staff_user(*REVIEWER), now=NOW)
    for _ in range(3):  # the document is made, then scanned, then sent
        work()
    [told] = outside.changes.taken
    assert (told.evidence_name, told.last_name) == ("identity-check.pdf", "Hall")
    fetched = app.test_client().get(told.evidence_url.removeprefix("http://localhost"))
    assert fetched.data.startswith(b"%PDF-")


def test_of_two_workers_one_makes_the_report_a_document(
    app: Flask, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(caller, their(caller, trn="1234567"), lastName="Hall")
    with transaction():
        change_reviews.approve(db.session.query(ChangeRequest).one().id, staff=a_staff_user(*REVIEWER), now=NOW)
    told, keep = db.session.query(ChangeReport).one(), evidence.keep

    def while_another_does(*file: Any, **where: Any) -> evidence.KeptFile:
        monkeypatch.undo()
        check_reports.make_exhibit(told)
        return keep(*file, **where)

    monkeypatch.setattr(evidence, "keep", while_another_does)
    check_reports.make_exhibit(told)
    [kept] = db.session.query(Evidence)
    assert told.evidence_id == kept.id


def test_a_correction_of_what_is_under_review_opens_no_second_request(app: Flask, caller: Caller) -> None:
    change = a_change(asked_for("Kate", "Hall"), user=their(caller))
    assert report(caller, change.user, lastName="Hull")["changeRequests"] == []
    assert change_requests.open_of(change.user, ChangeKind.NAME) == change


def test_of_somebody_who_never_came_from_it_a_provider_is_told_nothing(app: Flask, caller: Caller) -> None:
    report(caller, a_user(), 404)
    assert db.session.query(IdentityCheck).count() == 0


def test_a_report_does_not_move_who_is_known_to_have_no_trn(app: Flask, caller: Caller) -> None:
    user = their(caller)
    with transaction():
        trn_links.stand_at(user, pending(LookupReason.WITH_HELPDESK), actor=SYSTEM, now=NOW)
    report(caller, user)
    work()
    assert anew(user).lookup_reason is LookupReason.WITH_HELPDESK
