"""The DQT is told of approved changes once, whatever it does, and followed until it has decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.adapters.memory_changes import MemoryChanges
from identity_provider.db import db, transaction
from identity_provider.domain.change_requests import ChangeState, Happening, ReportState
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.lookup import LookupReason, pending
from identity_provider.kit.app import ports
from identity_provider.kit.evidence_files import signed_url
from identity_provider.models import ChangeEvent, ChangeReport, ChangeRequest
from identity_provider.oidc.keys import key_ring
from identity_provider.ports import ChangeNotTaken, ChangeRefused, DetailChange, DetailsOnRecord
from identity_provider.services import accounts, change_reports, change_reviews, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_staff_user
from tests.kit.changes import PICTURE, REVIEWER, a_change, asked_for
from tests.kit.outside import OutsideWorld
from tests.test_jobs import work

TRN = "1234567"


HELD = DetailsOnRecord("Kate", "", "Bush", date(1985, 3, 4))


@pytest.fixture
def dqt(app: Flask, outside: OutsideWorld) -> MemoryChanges:
    def fetch(url: str) -> None:
        assert app.test_client().get(url.removeprefix("http://localhost")).status_code == 200

    outside.changes.records[TRN] = HELD
    outside.changes.fetch = fetch
    return outside.changes


def approved(**values: Any) -> ChangeRequest:
    change = a_change(asked_for("Kate", "Hall"), **{"trn": TRN, "last_name": "Bush", **values})
    with transaction():
        change_reviews.approve(change.id, staff=a_staff_user(*REVIEWER), now=NOW)
    return change


def report_of(change: ChangeRequest) -> ChangeReport:
    db.session.rollback()
    return db.session.get_one(ChangeReport, change.id, populate_existing=True)


def test_an_approved_change_is_told_with_its_evidence_and_in_the_persons_name(app: Flask, dqt: MemoryChanges) -> None:
    change = approved()
    work()
    [told] = dqt.taken
    assert (told.trn, told.first_name, told.last_name, told.email) == (TRN, "Kate", "Hall", change.user.email)
    path = told.evidence_url.removeprefix("http://localhost")
    fetched = app.test_client().get(path)
    assert (fetched.status_code, fetched.data) == (200, PICTURE)
    claims = key_ring().claims_of(dqt.bearers[0])
    assert claims is not None
    assert (claims["scope"], claims["trn"], claims["iss"]) == ("dqt:read", TRN, "http://localhost")
    assert (report_of(change).state, report_of(change).case_number) == (ReportState.SENT, "TRS-1")


def test_the_link_to_the_evidence_lasts_a_quarter_of_an_hour(
    app: Flask, dqt: MemoryChanges, clock: ManualClock
) -> None:
    approved()
    work()
    clock.advance(timedelta(minutes=16))
    path = dqt.taken[0].evidence_url.removeprefix("http://localhost")
    assert app.test_client().get(path).status_code == 410


def test_somebody_without_a_trn_is_nobody_to_the_dqt(app: Flask, dqt: MemoryChanges) -> None:
    approved(trn=None)
    work()
    assert (dqt.taken, db.session.query(ChangeReport).count()) == ([], 0)


def test_while_the_dqt_is_down_the_approval_stands_and_the_change_waits(app: Flask, dqt: MemoryChanges) -> None:
    dqt.down = True
    change = approved()
    work()
    assert db.session.get_one(ChangeRequest, change.id).state is ChangeState.APPROVED
    assert (report_of(change).state, "do not answer" in report_of(change).last_error) == (ReportState.WAITING, True)
    dqt.down = False
    work()
    assert report_of(change).state is ReportState.SENT


def test_a_lost_reply_sends_nothing_twice(app: Flask, dqt: MemoryChanges) -> None:
    dqt.loses_replies = True
    change = approved()
    work()
    work()
    assert len(dqt.taken) == 1
    assert (report_of(change).state, report_of(change).case_number) == (ReportState.SENT, "")


def test_a_change_of_somebody_elses_is_waited_for(app: Flask, dqt: MemoryChanges) -> None:
    dqt.records[TRN] = DetailsOnRecord("Kate", "", "Bush", date(1985, 3, 4), name_pending=True)
    change = approved()
    work()
    assert (dqt.taken, report_of(change).state) == ([], ReportState.WAITING)
    dqt.records[TRN] = DetailsOnRecord("Kate", "", "Bush", date(1985, 3, 4))
    work()
    assert len(dqt.taken) == 1


def test_a_record_that_says_it_already_is_told_nothing(app: Flask, dqt: MemoryChanges) -> None:
    dqt.records[TRN] = DetailsOnRecord("KATE", "", "Hall", date(1985, 3, 4))
    change = approved()
    work()
    assert (dqt.taken, report_of(change).state) == ([], ReportState.ACCEPTED)


@pytest.mark.parametrize(("accept", "state"), [(True, ReportState.ACCEPTED), (False, ReportState.DECLINED)])
def test_what_the_keepers_decide_is_found_out(
    app: Flask, dqt: MemoryChanges, clock: ManualClock, accept: bool, state: ReportState
) -> None:
    change = approved()
    work()
    assert change_reports.follow(dqt, clock.now()) == 0, "it was asked a moment ago"
    clock.advance(timedelta(hours=2))
    assert change_reports.follow(dqt, clock.now()) == 0
    dqt.decide(dqt.taken[0], accept=accept)
    clock.advance(timedelta(hours=2))
    assert change_reports.follow(dqt, clock.now()) == 1
    assert report_of(change).state is state
    steps = [each.what for each in db.session.query(ChangeEvent).order_by(ChangeEvent.at)]
    assert steps[-2:] == [Happening.REPORTED, Happening(f"register_{state.value}")]


def test_a_refusal_is_shown_and_not_tried_again(app: Flask, dqt: MemoryChanges) -> None:
    dqt.refusal = ChangeRefused("the name is too long")
    change = approved()
    work()
    dqt.refusal = None
    work()
    assert (report_of(change).state, report_of(change).last_error) == (ReportState.REFUSED, "the name is too long")
    assert dqt.taken == []


def test_nothing_is_told_of_a_record_that_is_not_theirs_any_more(app: Flask, dqt: MemoryChanges) -> None:
    change = approved()
    with transaction():
        trn_links.unlink(change.user, pending(LookupReason.NOT_LOOKED_UP), actor=SYSTEM, reason="wrong", now=NOW)
    dqt.records[TRN] = replace(HELD, name_pending=True)
    work()
    assert (dqt.taken, report_of(change).state) == ([], ReportState.REFUSED), "nor is anything waited for"


def test_a_record_about_which_there_is_never_an_answer_keeps_nobody_else_waiting(
    app: Flask, dqt: MemoryChanges, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    dqt.records["7654321"] = DetailsOnRecord("Kate", "", "Bush", date(1985, 3, 4))
    broken = approved()
    work()
    clock.advance(timedelta(minutes=1))
    other = approved(trn="7654321")
    work()
    for each in list(dqt.taken):
        dqt.decide(each, accept=True)
    answers = dqt.details

    def no_answer_about_one(trn: str, *, seconds: float) -> DetailsOnRecord:
        if trn == TRN:
            raise RegisterUnavailable("the DQT API answered 500 for a person")
        return answers(trn, seconds=seconds)

    monkeypatch.setattr(dqt, "details", no_answer_about_one)
    clock.advance(timedelta(hours=2))
    for _ in range(2):
        change_reports.follow(dqt, clock.now())
        clock.advance(timedelta(minutes=10))
    assert (report_of(broken).state, report_of(other).state) == (ReportState.SENT, ReportState.ACCEPTED)


def deliver(change: ChangeRequest, dqt: MemoryChanges, credentials: change_reports.Credentials = str) -> None:
    """What the job does, by a worker of its own."""

    def exhibit(report: ChangeReport, now: datetime) -> change_reports.Exhibit:
        assert report.evidence_id is not None
        return change_reports.Exhibit("certificate.png", signed_url(report.evidence_id, now=now))

    change_reports.deliver(change.id, dqt, credentials, exhibit, ports().clock.now())


def test_what_somebody_else_opens_just_before_is_never_taken_for_ours(app: Flask, dqt: MemoryChanges) -> None:
    fetch = dqt.fetch
    assert fetch is not None

    def fetched_while_another_one_comes_in(url: str) -> None:
        fetch(url)
        dqt.records[TRN] = replace(HELD, name_pending=True)

    dqt.fetch = fetched_while_another_one_comes_in
    change = approved()
    work()
    work()
    assert (dqt.taken, report_of(change).state) == ([], ReportState.WAITING)
    dqt.fetch, dqt.records[TRN] = fetch, HELD
    work()
    assert (len(dqt.taken), report_of(change).case_number) == (1, "TRS-1")


def test_what_is_open_there_after_a_worker_died_is_ours_only_if_our_evidence_was_fetched(
    app: Flask, dqt: MemoryChanges, clock: ManualClock
) -> None:
    def killed(trn: str) -> str:
        raise InterruptedError(trn)

    change = approved()
    with pytest.raises(InterruptedError):
        deliver(change, dqt, killed)
    dqt.records[TRN] = replace(HELD, name_pending=True)
    work()
    assert report_of(change).state is ReportState.WAITING, "it is somebody else's"
    dqt.records[TRN] = HELD
    clock.advance(change_reports.TRY_LASTS)
    work()
    assert (len(dqt.taken), report_of(change).state) == (1, ReportState.SENT)


def test_no_try_begins_beside_one_that_may_be_under_way(
    app: Flask, dqt: MemoryChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, sent_by_first = approved(), dqt.report

    def beside_another_worker(wanted: DetailChange, bearer: str) -> str:
        with pytest.raises(change_reports.NotTakenYet):
            deliver(change, dqt)
        return sent_by_first(wanted, bearer)

    monkeypatch.setattr(dqt, "report", beside_another_worker)
    deliver(change, dqt)
    assert (len(dqt.taken), report_of(change).state) == (1, ReportState.SENT)


def test_an_answer_that_is_older_than_another_try_sends_nothing(
    app: Flask, dqt: MemoryChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, answers = approved(), dqt.details

    def overtaken(trn: str, *, seconds: float) -> DetailsOnRecord:
        old = answers(trn, seconds=seconds)
        monkeypatch.setattr(dqt, "details", answers)
        deliver(change, dqt)
        dqt.decide(dqt.taken[0], accept=False)
        return old

    monkeypatch.setattr(dqt, "details", overtaken)
    with pytest.raises(change_reports.NotTakenYet):
        deliver(change, dqt)
    assert (len(dqt.taken), report_of(change).state) == (1, ReportState.SENT)


def test_of_two_workers_who_find_out_that_it_was_taken_both_say_it_once(
    app: Flask, dqt: MemoryChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, takes = approved(), dqt.report

    def found_out_meanwhile(wanted: DetailChange, bearer: str) -> str:
        number = takes(wanted, bearer)
        deliver(change, dqt)
        assert report_of(change).state is ReportState.SENT
        return number

    monkeypatch.setattr(dqt, "report", found_out_meanwhile)
    deliver(change, dqt)
    assert (len(dqt.taken), report_of(change).case_number) == (1, "TRS-1")
    assert db.session.query(ChangeEvent).filter(ChangeEvent.what == Happening.REPORTED).count() == 1


def test_a_person_who_loses_the_record_while_it_is_asked_about_has_nothing_told(
    app: Flask, dqt: MemoryChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, answers = approved(), dqt.details

    def unlinked_meanwhile(trn: str, *, seconds: float) -> DetailsOnRecord:
        with transaction():
            user = accounts.held(change.user_id)
            trn_links.unlink(user, pending(LookupReason.NOT_LOOKED_UP), actor=SYSTEM, reason="wrong", now=NOW)
        return answers(trn, seconds=seconds)

    monkeypatch.setattr(dqt, "details", unlinked_meanwhile)
    deliver(change, dqt)
    assert (dqt.taken, report_of(change).state) == ([], ReportState.REFUSED)


def test_an_answer_that_is_older_than_a_try_under_way_begins_no_other(
    app: Flask, dqt: MemoryChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    def still_at_it(trn: str) -> str:
        raise InterruptedError(trn)

    change, answers = approved(), dqt.details

    def overtaken(trn: str, *, seconds: float) -> DetailsOnRecord:
        old = answers(trn, seconds=seconds)
        monkeypatch.setattr(dqt, "details", answers)
        with pytest.raises(InterruptedError):
            deliver(change, dqt, still_at_it)
        return old

    monkeypatch.setattr(dqt, "details", overtaken)
    with pytest.raises(change_reports.NotTakenYet):
        deliver(change, dqt)
    assert (dqt.taken, report_of(change).state) == ([], ReportState.WAITING)


def test_a_try_of_which_the_dqt_says_that_it_took_nothing_leaves_nothing_behind(app: Flask, dqt: MemoryChanges) -> None:
    fetch = dqt.fetch
    assert fetch is not None

    def broken_off(url: str) -> None:
        fetch(url)
        raise ChangeNotTaken("the DQT could not fetch the evidence from us")

    dqt.fetch = broken_off
    change = approved()
    work()
    assert (report_of(change).state, "fetch the evidence" in report_of(change).last_error) == (
        ReportState.WAITING,
        True,
    )
    dqt.fetch, dqt.records[TRN] = fetch, replace(HELD, name_pending=True)
    work()
    assert (dqt.taken, report_of(change).state) == ([], ReportState.WAITING), "it is somebody else's"
    dqt.records[TRN] = HELD
    work()
    assert (len(dqt.taken), report_of(change).state) == (1, ReportState.SENT)


def test_that_an_earlier_try_had_its_evidence_fetched_says_nothing_of_the_last_one(
    app: Flask, dqt: MemoryChanges, clock: ManualClock
) -> None:
    def killed(trn: str) -> str:
        raise InterruptedError(trn)

    fetch = dqt.fetch
    assert fetch is not None

    def then_silent(url: str) -> None:
        fetch(url)
        raise RegisterUnavailable("the DQT API gave no answer")

    dqt.fetch = then_silent
    change = approved()
    work()
    clock.advance(change_reports.TRY_LASTS)
    with pytest.raises(InterruptedError):
        deliver(change, dqt, killed)
    dqt.records[TRN] = replace(HELD, name_pending=True)
    work()
    assert (dqt.taken, report_of(change).state) == ([], ReportState.WAITING), "it is somebody else's"


def test_what_another_worker_has_settled_is_not_sent(
    app: Flask, dqt: MemoryChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, answers = approved(), dqt.details

    def overtaken(trn: str, *, seconds: float) -> DetailsOnRecord:
        old = answers(trn, seconds=seconds)
        monkeypatch.setattr(dqt, "details", answers)
        dqt.records[TRN] = replace(HELD, last_name="Hall")
        deliver(change, dqt)
        return old

    monkeypatch.setattr(dqt, "details", overtaken)
    with pytest.raises(change_reports.NotTakenYet):
        deliver(change, dqt)
    assert (dqt.taken, report_of(change).state) == ([], ReportState.ACCEPTED)


def test_who_finds_something_open_there_forgets_nothing_of_a_try_that_began_meanwhile(
    app: Flask, dqt: MemoryChanges, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, answers = approved(), dqt.details

    def sent_meanwhile(trn: str, *, seconds: float) -> DetailsOnRecord:
        monkeypatch.setattr(dqt, "details", answers)
        clock.advance(timedelta(seconds=1))
        dqt.loses_replies = True
        with pytest.raises(change_reports.NotTakenYet):
            deliver(change, dqt)
        return answers(trn, seconds=seconds)

    monkeypatch.setattr(dqt, "details", sent_meanwhile)
    with pytest.raises(change_reports.NotTakenYet):
        deliver(change, dqt)
    work()
    assert (len(dqt.taken), report_of(change).state) == (1, ReportState.SENT)


def test_a_refusal_does_not_overwrite_that_another_worker_found_it_taken(
    app: Flask, dqt: MemoryChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, takes = approved(), dqt.report

    def found_out_meanwhile(wanted: DetailChange, bearer: str) -> str:
        takes(wanted, bearer)
        deliver(change, dqt)
        raise ChangeRefused("the DQT API answered 400")

    monkeypatch.setattr(dqt, "report", found_out_meanwhile)
    deliver(change, dqt)
    assert (len(dqt.taken), report_of(change).state) == (1, ReportState.SENT)


def test_that_somebody_elses_evidence_was_fetched_says_nothing_of_ours(app: Flask, dqt: MemoryChanges) -> None:
    def killed(trn: str) -> str:
        raise InterruptedError(trn)

    dqt.records["7654321"] = HELD
    change = approved()
    with pytest.raises(InterruptedError):
        deliver(change, dqt, killed)
    deliver(approved(trn="7654321"), dqt)
    dqt.records[TRN] = replace(HELD, name_pending=True)
    work()
    assert (len(dqt.taken), report_of(change).state) == (1, ReportState.WAITING)
