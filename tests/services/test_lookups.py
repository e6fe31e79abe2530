"""Asking the register: every search is kept, and silence stays silence whatever breaks."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import RateLimited, RegisterUnavailable
from identity_provider.domain.lookup import (
    Ambiguous,
    Answer,
    Found,
    LookupReason,
    LookupState,
    LookupStatus,
    Near,
    Nothing,
    Unanswered,
    VerificationLevel,
    pending,
)
from identity_provider.models import Lookup, User
from identity_provider.services import kept_lookups, lookups, rate_limits, trn_links
from identity_provider.services.audit import SYSTEM, Actor
from identity_provider.services.register_search import Impatient, Occasion, Search
from identity_provider.vault import vault
from matching.records import CandidateAnswer, CandidateQuestion, PersonDetails, RecordStatus, TeachingRecord
from tests.builders import ASKED, NOW, a_record, a_user

CONFIRMED = LookupState(LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT)
KATE = PersonDetails(first_name="Kate", last_name="Bush", date_of_birth=date(1985, 3, 4))
STRANGER = a_record("7654321", first_name="Aloysius", last_name="Featherstone", date_of_birth=date(1950, 6, 7), nino="")


def search(person: PersonDetails, register: MemoryRegister, policy: MatchPolicy = MatchPolicy.DEFAULT) -> Search:
    return lookups.look_up(person, register, policy, occasion=Occasion.JOURNEY, now=NOW)


def stating(**more: Any) -> PersonDetails:
    return PersonDetails(first_name="Kate", last_name="Bush", date_of_birth=date(1985, 3, 4), **more)


def test_a_definite_match_is_found_at_the_level_of_the_policy(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    by_nino = stating(nino="AB123456C")
    assert search(by_nino, register).answer == Found("1234567", VerificationLevel.LOW)
    by_both = stating(nino="AB123456C", trn="1234567")
    assert search(by_both, register, MatchPolicy.STRICT).answer == Found("1234567", VerificationLevel.MEDIUM)


def test_names_and_birthday_alone_are_near_at_sign_in(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    assert search(KATE, register).answer == Near(LookupReason.NEAR_MATCH)


def test_two_who_fit_are_ambiguous(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(nino=""), a_record("7654321", nino="")]
    assert search(KATE, register).answer == Ambiguous()


def test_a_stated_trn_is_unknown_or_conflicts(app: Flask, register: MemoryRegister) -> None:
    register.records = [STRANGER]
    assert search(stating(trn="1111111"), register).answer == Near(LookupReason.STATED_TRN_NOT_FOUND)
    assert search(stating(trn="7654321"), register).answer == Near(LookupReason.STATED_TRN_CONFLICTS)


def test_a_closed_record_is_near_never_found(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(status=RecordStatus.DEACTIVATED)]
    assert search(stating(nino="AB123456C"), register).answer == Near(LookupReason.NEAR_MATCH)


def test_nobody_like_the_person_is_nothing(app: Flask, register: MemoryRegister) -> None:
    register.records = [STRANGER]
    assert search(KATE, register).answer == Nothing()


@pytest.mark.parametrize("fault", [RegisterUnavailable("down"), TimeoutError(), KeyError("kate"), ValueError("half")])
def test_whatever_breaks_is_no_answer(app: Flask, fault: Exception) -> None:
    class Broken(MemoryRegister):
        def find_candidates(self, _: CandidateQuestion) -> CandidateAnswer:
            raise fault

    made = search(KATE, Broken([STRANGER]))
    assert (made.answer, made.outcome, made.trn) == (Unanswered(), "unanswered", None)


def test_an_empty_register_has_not_answered_but_half_a_register_has(app: Flask, register: MemoryRegister) -> None:
    assert search(KATE, register).answer == Unanswered()

    class Half(MemoryRegister):
        def find_candidates(self, _: CandidateQuestion) -> CandidateAnswer:
            return CandidateAnswer((), complete=False)

    assert search(KATE, Half([STRANGER])).answer == Near(LookupReason.NEAR_MATCH)


def test_nobody_waits_for_a_slow_register_call_after_call() -> None:
    slow = Impatient(MemoryRegister([STRANGER]), until=monotonic() - 1)
    with pytest.raises(RegisterUnavailable):
        slow.find_by_identifiers("1234567", "")
    with pytest.raises(RegisterUnavailable):
        _ = slow.size


def test_the_register_is_asked_outside_any_transaction(app: Flask, register: MemoryRegister) -> None:
    open_when_asked: list[bool] = []

    class Watched(MemoryRegister):
        def find_candidates(self, _: CandidateQuestion) -> CandidateAnswer:
            open_when_asked.append(db.session().in_transaction())
            return CandidateAnswer(())

    user_id = a_user(last_name="Bush").id
    lookups.look_up_again(user_id, Watched([STRANGER]), NOW)
    assert set(open_when_asked) == {False}


def test_a_search_is_kept_with_its_reason_and_what_was_asked_is_sealed(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    with transaction():
        user = a_user()
        kept_lookups.keep(search(stating(nino="AB123456C"), register), user_id=user.id, journey_id=None)
    row = db.session.scalars(select(Lookup)).one()
    assert (row.outcome, row.trn, row.policy, row.occasion) == ("match", "1234567", "Default", "journey")
    assert row.weights_version
    assert row.explanation["candidates"][0]["trn"] == "1234567"
    asked = json.loads(vault.unseal(row.asked_encrypted, "lookup"))
    assert (asked["nino"], asked["date_of_birth"]) == ("AB123456C", "1985-03-04")
    sealed = ("asked_encrypted", "sentences_sealed")
    plain = repr([getattr(row, column.key) for column in inspect(Lookup).columns if column.key not in sealed])
    assert [said for said in ("AB123456C", "123456", "Kate", "Bush", "kate", "bush", "1985") if said in plain] == [
        "123456"  # of the TRN that was found
    ]
    assert {each["field"] for each in row.explanation["candidates"][0]["fields"]} >= {"first_name", "nino"}
    assert "Same date of birth (1985-03-04)" in " ".join(kept_lookups.sentences_in(row)["1234567"])


def test_who_was_told_there_is_nothing_is_linked_when_the_record_appears(app: Flask, register: MemoryRegister) -> None:
    user = a_user(last_name="Bush", stated_trn="1234567", stated_has_trn=True)
    register.records = [STRANGER]
    lookups.look_up_again(user.id, register, NOW)
    assert user.lookup_reason is LookupReason.STATED_TRN_NOT_FOUND
    register.records = [a_record(), STRANGER]
    lookups.look_up_again(user.id, register, NOW)
    assert (user.trn, user.lookup_reason) == ("1234567", LookupReason.MATCHED)


def test_looking_again_leaves_the_linked_the_merged_and_the_settled_alone(app: Flask, register: MemoryRegister) -> None:
    linked, survivor = a_user(trn="1234567"), a_user()
    merged = a_user(merged_into_id=survivor.id)
    for user in (linked, merged):
        lookups.look_up_again(user.id, register, NOW)
    assert db.session.scalars(select(Lookup)).all() == []


def test_a_record_that_somebody_else_holds_leaves_the_person_pending(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    a_user(trn="1234567")
    user = a_user(last_name="Bush", stated_trn="1234567", stated_has_trn=True)
    lookups.look_up_again(user.id, register, NOW)
    assert (user.lookup_status, user.lookup_reason) == (LookupStatus.PENDING, LookupReason.STATED_TRN_CONFLICTS)


def a_search(answer: Answer) -> Search:
    words = {
        Found: "match",
        Nothing: "none",
        Unanswered: "unanswered",
        Ambiguous: "ambiguous",
        Near: "not_determinable",
    }
    return Search(answer, words[type(answer)], "x", Occasion.JOB, MatchPolicy.DEFAULT, NOW, 1, KATE)


SOME_ANSWERS: list[Answer] = [Unanswered(), Nothing(), Ambiguous(), Near(LookupReason.NEAR_MATCH)]


@pytest.mark.parametrize("answers", list(itertools.product(SOME_ANSWERS, repeat=3)))
def test_whatever_came_before_nobody_is_none_unless_the_last_answer_was_empty(
    app: Flask, answers: tuple[Answer, ...]
) -> None:
    user = a_user(stated_has_trn=False, stated_has_qts=False, stated_further=ASKED, asked_again_at=NOW)
    with transaction():
        for answer in answers:
            lookups.settle(user, a_search(answer), now=NOW)
    assert (user.lookup_status is LookupStatus.NONE) == (answers[-1] == Nothing())
    if all(isinstance(each, Unanswered) for each in answers):
        assert user.lookup_reason is LookupReason.REGISTER_UNAVAILABLE


def test_before_the_person_was_asked_again_an_empty_answer_is_not_none(app: Flask) -> None:
    user = a_user(stated_has_trn=False, stated_has_qts=False, stated_further=ASKED)
    with transaction():
        lookups.settle(user, a_search(Nothing()), now=NOW)
        assert user.lookup_reason is LookupReason.NOT_LOOKED_UP
        lookups.settle_nothing(user, now=NOW)
    assert user.lookup_status is LookupStatus.NONE


def test_none_that_was_said_before_more_was_asked_stays_until_something_is_found(app: Flask) -> None:
    user = a_user(
        lookup_status=LookupStatus.NONE,
        lookup_reason=LookupReason.NO_RECORD,
        stated_has_trn=False,
        stated_has_qts=False,
        asked_again_at=NOW,
    )
    states = []
    for answer in (Nothing(), Near(LookupReason.NEAR_MATCH), Nothing()):
        with transaction():
            lookups.settle(user, a_search(answer), now=NOW)
        states.append(user.lookup_reason)
    # And it is not said again before the rest was asked.
    assert states == [LookupReason.NO_RECORD, LookupReason.NEAR_MATCH, LookupReason.NOT_LOOKED_UP]


def test_a_link_that_the_helpdesk_ended_is_not_made_again_by_a_search(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    user = a_user(trn="1234567", last_name="Bush", stated_trn="1234567", stated_has_trn=True)
    with transaction():
        state = pending(LookupReason.WITH_HELPDESK)
        trn_links.unlink(user, state, actor=SYSTEM, reason="the wrong person", now=NOW)
    lookups.look_up_again(user.id, register, NOW)
    assert (user.trn, user.lookup_state) == (None, state)


def test_the_worker_says_none_of_nobody_who_was_not_asked_again(app: Flask, register: MemoryRegister) -> None:
    register.records = [STRANGER]
    unasked = a_user(last_name="Bush", stated_has_trn=False, stated_has_qts=False)
    asked = a_user(
        last_name="Bush", stated_has_trn=False, stated_has_qts=False, stated_further=ASKED, asked_again_at=NOW
    )
    for user in (unasked, asked):
        lookups.look_up_again(user.id, register, NOW)
    assert unasked.lookup_state == pending(LookupReason.NOT_LOOKED_UP)
    assert asked.lookup_status is LookupStatus.NONE


class Meanwhile(MemoryRegister):
    """A register during whose answer something else happens."""

    def __init__(self, user_id: UUID, happens: Callable[[User], None]) -> None:
        super().__init__([a_record(), STRANGER])
        self.user_id, self.happens = user_id, happens

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
        with transaction():
            self.happens(db.session.get_one(User, self.user_id))
        return super().find_by_identifiers(trn, nino)


def test_an_answer_about_what_was_stated_before_settles_nothing(app: Flask) -> None:
    user = a_user(last_name="Bush", stated_trn="1234567", stated_has_trn=True)

    def corrected(user: User) -> None:
        user.last_name, user.stated_trn = "Smythe", "1111111"

    with pytest.raises(RegisterUnavailable):
        lookups.look_up_again(user.id, Meanwhile(user.id, corrected), NOW)
    assert (user.trn, user.lookup_reason) == (None, LookupReason.NOT_LOOKED_UP)


@pytest.mark.parametrize(
    "fate",
    [
        lambda user: trn_links.stand_at(user, CONFIRMED, actor=Actor("staff", "1"), now=NOW),
        lambda user: setattr(user, "locked_at", NOW),
    ],
)
def test_the_worker_hears_what_was_decided_while_the_register_was_asked(
    app: Flask, fate: Callable[[User], None]
) -> None:
    user = a_user(last_name="Bush", stated_trn="1234567", stated_has_trn=True)
    lookups.look_up_again(user.id, Meanwhile(user.id, fate), NOW)
    assert user.trn is None
    with transaction():
        trn_links.stand_at(user, CONFIRMED, actor=Actor("staff", "1"), now=NOW)
        assert lookups.settle(user, a_search(Found("1234567", VerificationLevel.LOW)), now=NOW) is None
    assert user.lookup_state == CONFIRMED


@pytest.mark.parametrize("reason", [LookupReason.WITH_HELPDESK, LookupReason.EVIDENCE_UNDER_REVIEW])
@pytest.mark.parametrize("answer", SOME_ANSWERS)
def test_a_search_that_is_not_sure_leaves_what_people_are_deciding(
    app: Flask, reason: LookupReason, answer: Answer
) -> None:
    user = a_user(stated_has_trn=False, stated_has_qts=False)
    with transaction():
        trn_links.stand_at(user, pending(reason), actor=SYSTEM, now=NOW)
        lookups.settle(user, a_search(answer), now=NOW)
    assert user.lookup_state == pending(reason)


def test_searches_are_limited_per_person_and_per_stated_trn(app: Flask) -> None:
    with transaction():
        for number in range(rate_limits.LOOKUPS_PER_STATED_TRN.count):
            lookups.count(f"{number}@example.com", "1234567", now=NOW)
    with pytest.raises(RateLimited), transaction():
        lookups.count("another@example.com", "1234567", now=NOW)
    with transaction():
        for _ in range(rate_limits.LOOKUPS_PER_JOURNEY_EMAIL.count):
            lookups.count("kate@example.com", None, now=NOW)
    with pytest.raises(RateLimited), transaction():
        lookups.count("kate@example.com", None, now=NOW)
