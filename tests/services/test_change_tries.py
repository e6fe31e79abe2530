"""What is open at the DQT is taken for ours only when it is, and of workers at the same change one tries at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.adapters.memory_changes import MemoryChanges
from identity_provider.db import db, transaction
from identity_provider.domain.change_requests import Happening, ReportState
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.lookup import LookupReason, pending
from identity_provider.models import ChangeEvent
from identity_provider.ports import ChangeNotTaken, ChangeRefused, DetailChange, DetailsOnRecord
from identity_provider.services import accounts, change_reports, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW
from tests.kit.outside import OutsideWorld
from tests.kit.reporting import HELD, TRN, a_dqt, approved, deliver, report_of
from tests.test_jobs import work


@pytest.fixture
def dqt(app: Flask, outside: OutsideWorld) -> MemoryChanges:
    return a_dqt(app, outside)


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
