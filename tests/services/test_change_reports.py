"""The DQT is told of approved changes once, whatever it does, and followed until it has decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.adapters.memory_changes import MemoryChanges
from identity_provider.db import db, transaction
from identity_provider.domain.change_requests import ChangeState, Happening, ReportState
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.lookup import LookupReason, pending
from identity_provider.models import ChangeEvent, ChangeReport, ChangeRequest
from identity_provider.oidc.keys import key_ring
from identity_provider.ports import ChangeRefused, DetailsOnRecord
from identity_provider.services import change_reports, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW
from tests.kit.changes import PICTURE
from tests.kit.outside import OutsideWorld
from tests.kit.reporting import HELD, TRN, a_dqt, approved, report_of
from tests.test_jobs import work


@pytest.fixture
def dqt(app: Flask, outside: OutsideWorld) -> MemoryChanges:
    return a_dqt(app, outside)


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
    clock.advance(timedelta(minutes=1))
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
