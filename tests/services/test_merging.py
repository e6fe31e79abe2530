"""Two identities of one person become one, as staff decide it, and can be parted again for thirty days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from identity_provider.adapters.memory import MemoryDesk
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.errors import EmailInUse, IllegalMove, OwnAccount, TrnAlreadyLinked
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel, pending
from identity_provider.models import (
    CaseStatus,
    MessageType,
    OneLoginIdentity,
    OutboxMessage,
    Resolution,
    StaffUser,
    SupportTicket,
    User,
    UserMerge,
)
from identity_provider.services import (
    accounts,
    browser_sessions,
    case_work,
    erasure,
    merging,
    one_login_links,
    passkeys,
    support_tickets,
    trn_links,
)
from identity_provider.services.audit import SYSTEM, Actor
from identity_provider.services.merging import Choice, NotMergeable, TrnToChoose
from identity_provider.services.one_login_told import Told
from tests.builders import NOW, a_client, a_staff_user, a_user
from tests.kit.authenticator import Authenticator
from tests.services.test_passkeys import added
from tests.webhooks.listeners import an_endpoint, messages, signed_in_to

LATER = NOW + timedelta(days=3)


def merged(survivor: User, other: User, *, staff: StaffUser | None = None, **chosen: str | None) -> UserMerge:
    values = {"email": survivor.email, "trn": survivor.trn or other.trn, "reason": "same passport"} | chosen
    with transaction():
        return merging.merge(survivor.id, other.id, Choice(**values), staff=staff or a_staff_user(), now=NOW)  # type: ignore[arg-type]  # each value fits its field


def undone(row: UserMerge, *, staff: StaffUser | None = None, now: object = LATER) -> None:
    with transaction():
        merging.undo(row.id, staff=staff or a_staff_user(), reason="two people after all", now=now)  # type: ignore[arg-type]  # a moment


def anew(user: User) -> User:
    db.session.rollback()
    return db.session.get_one(User, user.id, populate_existing=True)


def told() -> set[tuple[str, str, bool]]:
    rows = db.session.query(OutboxMessage).filter(OutboxMessage.kind.in_(["accounts_merged", "accounts_parted"]))
    return {(each.kind, each.recipient, each.payload["kept"]) for each in rows}


@pytest.mark.parametrize(
    ("own", "others"), [("1111111", None), (None, "2222222"), ("1111111", "2222222"), (None, None)]
)
def test_the_survivor_keeps_its_id_and_has_the_one_trn(app: Flask, own: str | None, others: str | None) -> None:
    survivor, other = a_user(own), a_user(others)
    merged(survivor, other, trn=others or own)
    survivor, other = anew(survivor), anew(other)
    assert (survivor.trn, other.trn) == (others or own, None)
    assert (other.merged_into_id, survivor.merged_into_id) == (survivor.id, None)
    for trn in {own, others} - {survivor.trn, None}:
        assert trn_links.holder_of(str(trn)) is None


def test_a_record_moves_as_surely_as_it_was_linked(app: Flask) -> None:
    survivor, other = a_user(), a_user("2222222", VerificationLevel.MEDIUM)
    merged(survivor, other)
    moved = trn_links.live_link_of(anew(survivor))
    assert moved is not None
    assert (moved.level, moved.source) == (VerificationLevel.MEDIUM, LookupReason.MATCHED)
    assert len(other.links) == 1, "the history of both is kept"


def test_the_address_that_was_chosen_signs_in_and_both_are_told(app: Flask) -> None:
    survivor, other = a_user(), a_user()
    first, second = survivor.email, other.email
    merged(survivor, other, email=second)
    assert accounts.by_address(second) == anew(survivor)
    assert accounts.by_address(first) is None
    assert told() == {("accounts_merged", first, False), ("accounts_merged", second, True)}


def test_whoever_is_signed_in_to_what_is_given_up_is_signed_out(app: Flask) -> None:
    survivor, other = a_user(), a_user()
    with transaction():
        _, kept = browser_sessions.begin(survivor, amr=["otp"], now=NOW)
        _, given_up = browser_sessions.begin(other, amr=["otp"], now=NOW)
    merged(survivor, other)
    assert browser_sessions.find(given_up, now=NOW) is None
    assert browser_sessions.find(kept, now=NOW) is not None


def test_cases_of_both_end_and_the_person_gets_their_way_back(app: Flask) -> None:
    holder, asking = a_user("2222222"), a_user()
    with transaction():
        for each in (holder, asking):
            support_tickets.open_case(each, a_client(), None, LookupReason.STATED_TRN_CONFLICTS, NOW)
    merged(asking, holder)
    ended = {each.user_id: each for each in db.session.query(SupportTicket)}
    assert ended[asking.id].resolution is Resolution.TRN_ATTACHED
    assert ended[holder.id].resolution is Resolution.WITHDRAWN
    assert all(each.status is CaseStatus.RESOLVED for each in ended.values())
    assert [each.recipient for each in db.session.query(OutboxMessage).filter_by(kind="trn_attached")] == [asking.email]


@pytest.mark.parametrize("refused", ["same", "merged", "erased", "locked"])
def test_only_two_identities_in_use_are_merged(app: Flask, refused: str) -> None:
    survivor = a_user()
    spoilt = {
        "same": lambda: survivor,
        "merged": lambda: a_user(merged_into_id=survivor.id),
        "erased": lambda: a_user(erased_at=NOW),
        "locked": lambda: a_user(locked_at=NOW),
    }
    with pytest.raises(NotMergeable):
        merged(survivor, spoilt[refused]())


def test_nobody_merges_their_own_account(app: Flask) -> None:
    for own in (0, 1):
        pair = [a_user(), a_user()]
        with pytest.raises(OwnAccount):
            merged(*pair, staff=a_staff_user(email=pair[own].email))


def test_of_two_trns_one_is_chosen_and_it_is_one_of_theirs(app: Flask) -> None:
    survivor, other = a_user("1111111"), a_user("2222222")
    with pytest.raises(TrnToChoose):
        merged(survivor, other, trn=None)
    for wrong in ({"trn": "3333333"}, {"email": "mallory@example.com"}, {"reason": " "}):
        with pytest.raises(IllegalMove):
            merged(survivor, other, staff=None, **wrong)
    assert anew(other).merged_into_id is None


@pytest.mark.parametrize(
    ("own", "others"), [("1111111", None), (None, "2222222"), ("1111111", "2222222"), (None, None)]
)
def test_a_merge_is_undone_to_what_was_before(app: Flask, own: str | None, others: str | None) -> None:
    survivor, other = a_user(own), a_user(others)
    first, second = survivor.email, other.email
    row = merged(survivor, other, trn=others or own, email=second)
    undone(row)
    survivor, other = anew(survivor), anew(other)
    assert (survivor.trn, other.trn) == (own, others)
    assert (survivor.email, other.email) == (first, second)
    assert other.is_live
    assert {("accounts_parted", each, False) for each in (first, second)} <= told()


def a_one_login(user: User, subject: str, at: datetime) -> OneLoginIdentity:
    with transaction():
        return one_login_links.connect(accounts.held(user.id), Told("https://one.example/", subject, ""), now=at)


def test_when_two_are_parted_no_key_or_session_of_one_is_left_at_the_other(app: Flask) -> None:
    survivor, other = a_user(), a_user()
    keys = [added(each, Authenticator()) for each in (survivor, other)]
    own, theirs = a_one_login(survivor, "own", NOW - timedelta(days=1)), a_one_login(other, "theirs", NOW)
    with transaction():
        for key in passkeys.of(survivor):
            key.created_at = NOW - timedelta(days=1)
    row = merged(survivor, other)
    since = NOW + timedelta(days=1)
    with transaction():
        _, secret = browser_sessions.begin(anew(survivor), amr=["pop"], now=since)
    made_since = added(survivor, Authenticator())
    assert made_since is not None
    with transaction():
        made_since.created_at = since
    a_one_login(survivor, "since", since)
    undone(row)
    survivor, other = anew(survivor), anew(other)
    assert [[each.id for each in passkeys.of(one)] for one in (survivor, other)] == [[key.id] for key in keys if key]
    connections = [one_login_links.connections_of(one) for one in (survivor, other)]
    assert [[each.id for each in found] for found in connections] == [[own.id], [theirs.id]]
    assert browser_sessions.find(secret, now=since) is None


def test_keys_of_a_third_account_stay_when_two_others_are_parted(app: Flask) -> None:
    survivor, other, third = a_user(), a_user(), a_user()
    row = merged(survivor, other)
    key = added(third, Authenticator())
    assert key is not None
    with transaction():
        key.created_at = NOW + timedelta(hours=1)
    connection = a_one_login(third, "third", NOW + timedelta(hours=1))
    merged(survivor, third)
    undone(row)
    assert [each.id for each in passkeys.of(anew(survivor))] == [key.id]
    assert [each.id for each in one_login_links.connections_of(anew(survivor))] == [connection.id]


@pytest.mark.parametrize("has_passkey", [True, False])
def test_who_has_passkeys_is_told_that_those_of_both_open_the_one_account(app: Flask, has_passkey: bool) -> None:
    survivor, other = a_user(), a_user()
    if has_passkey:
        added(other, Authenticator())
    merged(survivor, other)
    rows = db.session.query(OutboxMessage).filter_by(kind=merging.ACCOUNTS_MERGED)
    assert [each.payload["passkeys"] for each in rows] == [has_passkey] * 2


@pytest.mark.parametrize("when", [merging.UNDO_FOR, merging.UNDO_FOR + timedelta(days=1)])
def test_after_thirty_days_it_stays(app: Flask, when: timedelta) -> None:
    row = merged(a_user(), a_user())
    with pytest.raises(IllegalMove):
        undone(row, now=NOW + when)


def test_it_is_undone_once(app: Flask) -> None:
    row = merged(a_user(), a_user())
    undone(row)
    with pytest.raises(IllegalMove):
        undone(row)


def test_nobody_gets_an_address_or_a_record_back_that_is_somebody_elses_now(app: Flask) -> None:
    survivor, other = a_user("1111111"), a_user("2222222")
    address = other.email
    row = merged(survivor, other, trn="1111111")
    a_user("2222222")
    with pytest.raises(TrnAlreadyLinked):
        undone(row)
    a_user(email=address)
    with pytest.raises(EmailInUse):
        undone(row)
    assert anew(other).merged_into_id == survivor.id, "nothing of it was done"


def test_a_link_that_was_changed_since_is_not_turned_round(app: Flask) -> None:
    survivor, other = a_user(), a_user("2222222")
    row = merged(survivor, other)
    with transaction():
        trn_links.unlink(anew(survivor), pending(LookupReason.WITH_HELPDESK), actor=SYSTEM, reason="wrong", now=NOW)
    with pytest.raises(IllegalMove):
        undone(row)
    assert anew(survivor).lookup_status is LookupStatus.PENDING


def test_an_identity_may_be_merged_again_after_it_was_parted(app: Flask) -> None:
    survivor, other = a_user(), a_user()
    undone(merged(survivor, other))
    merged(anew(survivor), anew(other))
    assert merging.standing_merge_of(anew(other)) is not None


NO_RECORD = LookupState(LookupStatus.NONE, LookupReason.NO_RECORD)
CONFIRMED = LookupState(LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT)


def standing(state: LookupState, **stated: Any) -> User:
    user = a_user(**stated)
    with transaction():
        trn_links.stand_at(accounts.held(user.id), state, actor=SYSTEM, now=NOW)
    return anew(user)


def looked_up_again() -> set[str]:
    jobs = db.session.execute(text("SELECT args->>'user_id' FROM procrastinate_jobs WHERE task_name = 'look_up_again'"))
    return set(jobs.scalars())


def by_staff(survivor: User, other: User) -> None:
    merged(survivor, other)


def by_the_person(survivor: User, other: User) -> None:
    with transaction():
        accounts.make_one(accounts.held(survivor.id), accounts.held(other.id), email=survivor.email, now=NOW)


@pytest.mark.parametrize("make_one", [by_staff, by_the_person])
@pytest.mark.parametrize("state", [NO_RECORD, CONFIRMED])
def test_of_two_of_whom_one_is_pending_nobody_says_that_there_is_no_record(
    app: Flask, make_one: Callable[[User, User], None], state: LookupState
) -> None:
    survivor = standing(state, stated_has_trn=False, stated_has_qts=False, asked_again_at=NOW)
    other = standing(pending(LookupReason.AMBIGUOUS), stated_has_trn=True, stated_trn="7654321", stated_has_qts=True)
    with transaction():
        case = support_tickets.open_case(other, a_client(), None, LookupReason.AMBIGUOUS, NOW)
    make_one(survivor, other)
    kept = anew(survivor)
    assert kept.lookup_state == pending(LookupReason.AMBIGUOUS)
    assert (kept.stated_trn, kept.stated_has_trn, kept.stated_has_qts) == ("7654321", True, True)
    assert kept.asked_again_at is None, "an empty answer is not the last word on both"
    assert looked_up_again() == {str(survivor.id)}
    assert (case.user_id, case.status) == (survivor.id, CaseStatus.OPEN)


@pytest.mark.parametrize("state", [NO_RECORD, CONFIRMED])
def test_of_two_without_a_record_the_one_person_has_none(app: Flask, state: LookupState) -> None:
    survivor, other = standing(state), standing(state)
    merged(survivor, other)
    assert anew(survivor).lookup_state == state


def test_the_ticket_of_a_case_that_is_moved_is_told_whose_it_is(app: Flask, desk: MemoryDesk) -> None:
    survivor, other = standing(NO_RECORD), standing(pending(LookupReason.AMBIGUOUS))
    with transaction():
        case = support_tickets.open_case(other, a_client(), None, LookupReason.AMBIGUOUS, NOW)
        case.zendesk_ticket_id = desk.open(support_tickets.ticket_for(case, "https://identity.example.org")).id
    undone(merged(survivor, other))
    deliver(desk, support_tickets.COMMENT_KIND)
    assert [words for _, words in desk.told] == [
        f"Two accounts of this person were made one. Case {case.reference} is now of {anew(survivor).email}.",
        f"The two accounts were parted again. Case {case.reference} is now of {anew(other).email}.",
    ]
    assert {ticket.status for ticket in desk.kept.values()} == {"new"}


def deliver(desk: MemoryDesk, kind: str) -> None:
    waiting = select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.created_at)
    for message in db.session.scalars(waiting).all():
        support_tickets.deliver_comment(message, desk, NOW)


def test_what_was_taken_over_is_given_back_and_both_are_looked_for(app: Flask) -> None:
    survivor = standing(NO_RECORD, stated_has_trn=False, stated_has_qts=False)
    other = standing(pending(LookupReason.AMBIGUOUS), stated_has_trn=True, stated_trn="7654321")
    with transaction():
        case = support_tickets.open_case(other, a_client(), None, LookupReason.AMBIGUOUS, NOW)
    undone(merged(survivor, other))
    parted = anew(survivor)
    assert (parted.stated_trn, parted.stated_has_trn) == (None, False), "of two people nobody has the other's TRN"
    assert parted.lookup_status is LookupStatus.PENDING
    assert support_tickets.open_case_of(anew(other)) == case
    assert support_tickets.open_case_of(parted) not in (None, case)


def test_whoever_loses_a_record_by_an_undo_has_a_case(app: Flask) -> None:
    survivor, other = a_user(), a_user("2222222")
    with transaction():
        support_tickets.open_case(survivor, a_client(), None, LookupReason.AMBIGUOUS, NOW)
    undone(merged(survivor, other))
    assert support_tickets.open_case_of(anew(survivor)) is not None
    assert support_tickets.open_case_of(anew(other)) is None


def test_an_undo_proves_no_address_that_nobody_had_proved(app: Flask) -> None:
    survivor, other = a_user(email_verified_at=None), a_user()
    undone(merged(survivor, other, email=other.email))
    assert anew(survivor).email_verified_at is None


def test_after_an_undo_services_hear_of_their_own_people_only(app: Flask) -> None:
    one, two = an_endpoint(a_client()), an_endpoint(a_client())
    survivor, other = signed_in_to(a_user(), one), signed_in_to(a_user(), two)
    merge = merged(survivor, other)
    before = {each.id for each in messages(two)}
    undone(merge)
    back = [each.message_type for each in messages(two) if each.id not in before]
    assert back == [MessageType.USER_UPDATED], "theirs is back"
    heard = len(messages(two)), len(messages(one))
    with transaction():
        accounts.held(survivor.id).preferred_name = "Secret"
    assert (len(messages(two)), len(messages(one))) == (heard[0], heard[1] + 1)


def test_what_was_made_one_with_an_own_account_is_own_too(app: Flask) -> None:
    staff = a_staff_user(StaffRole.ADMINISTRATOR)
    own, other = a_user(email=staff.email), a_user("2222222")
    row = merged(other, own)
    survivor = anew(other)
    for refused in (
        lambda: merging.check(survivor, a_user(), staff),
        lambda: merging.check(a_user(), survivor, staff),
        lambda: undone(row, staff=staff),
        lambda: erasure.erase(survivor, actor=Actor.of(staff), reason="mine", now=NOW),
    ):
        with pytest.raises(OwnAccount):
            refused()
    with pytest.raises(case_work.OwnCase):
        case_work.detach(survivor, staff=staff, reason="mine", now=NOW)
    assert anew(other).erased_at is None
