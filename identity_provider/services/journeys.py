"""One sign-in, from a checked authorization request until the person goes back to the service."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, true, update
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.domain import mailboxes
from identity_provider.domain.absence import FurtherAnswers, SchoolWork, Training
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import IdentityError
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.domain.questions import Answers, Question, next_question
from identity_provider.models import AuthorizationRequest, BrowserSession, Client, Journey, User
from identity_provider.services import accounts, audit, authorizations, consents, passkey_offers, trn_tokens
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.clients import TRN_SCOPES
from identity_provider.vault import vault

LIFETIME = timedelta(hours=2)
SUBMISSIONS = 3
BROWSER_PURPOSE = authorizations.BROWSER_PURPOSE


class JourneyOutOfReach(IdentityError):
    """There is no such journey in this browser, or it has expired; `client` is where to start again, if known."""

    def __init__(self, client: Client | None, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "not in this browser")
        self.client = client
        self.expired = expired


class AccountLocked(IdentityError):
    """The helpdesk has locked the account of this address: nobody signs in to it."""


def begin(request: AuthorizationRequest, browser: str, now: datetime) -> Journey:
    """The journey that answers this authorization request, bound to the browser; the same one when it is asked again.

    `browser` is the secret of the browser's cookie. Raises JourneyOutOfReach when another browser has begun it.
    """
    db.session.execute(
        insert(Journey)
        .values(
            browser_hmac=vault.keyed_hash(BROWSER_PURPOSE, browser),
            authorization_request_id=request.id,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        .on_conflict_do_nothing(index_elements=[Journey.authorization_request_id])
    )
    journey = db.session.scalars(select(Journey).where(Journey.authorization_request_id == request.id)).one()
    if not is_bound_to(journey, browser):
        raise JourneyOutOfReach(request.client)
    return journey


def find(journey_id: UUID, browser: str, now: datetime) -> Journey:
    """The journey, if it belongs to this browser and has time left. Raises JourneyOutOfReach."""
    journey = db.session.get(Journey, journey_id)
    if journey is None:
        raise JourneyOutOfReach(None)
    if not is_bound_to(journey, browser):
        raise JourneyOutOfReach(journey.client)
    if now >= journey.expires_at:
        raise JourneyOutOfReach(journey.client, expired=True)
    return journey


def held(journey: Journey) -> Journey:
    """The journey and its person as they are now, held until the transaction ends.

    Of two clicks the second one waits here; and nothing that an agent or the worker decided meanwhile is overwritten.
    """
    journey = db.session.get_one(Journey, journey.id, with_for_update={"of": Journey}, populate_existing=True)
    if journey.user_id is not None:
        accounts.held(journey.user_id)
    return journey


def is_bound_to(journey: Journey, browser: str) -> bool:
    """Whether the journey was begun in the browser that holds this secret."""
    return vault.recognises(journey.browser_hmac, BROWSER_PURPOSE, browser)


def may_enter_signed_in(journey: Journey, session: BrowserSession) -> bool:
    """Whether the session at the browser is proof enough for the service, and its person the one that it means."""
    request = journey.authorization_request
    return (
        session.user is not None
        and journey.email is None
        and (journey.keeps_account is True or not authorizations.wants_choice(request))
        and authorizations.is_recent_enough(request, session)
        and passkey_offers.may_enter(request, session, now=request.created_at)
        and authorizations.is_meant_for(request, session.user)
        and not trn_tokens.means_somebody_else(request, session.user, now=request.created_at)
    )


def choose_account(journey: Journey, *, signed_in: bool) -> None:
    """The person said whether to go on with the account that is signed in here, or with another one."""
    if signed_in and journey.email is not None:
        drop_address(journey)
    journey.keeps_account = signed_in


def enter_signed_in(journey: Journey, user: User, *, by_passkey: bool, now: datetime) -> None:
    """Somebody who is signed in already needs no code: the journey is theirs from its first page.

    `by_passkey` is whether they signed in with one.
    """
    journey.email_proved_at = now
    journey.passkey_proved_at = now if by_passkey else None
    _recognise(journey, user, now=now)


def enter_by_passkey(journey: Journey, user: User, *, now: datetime) -> None:
    """The person showed a passkey in place of a code, and is who the journey is about.

    Raises AccountLocked; JourneyOutOfReach when the journey is somebody else's, or the account is part of another one.
    """
    if user.locked_at is not None:
        raise AccountLocked
    if not user.is_live or journey.user_id not in {None, user.id}:
        raise JourneyOutOfReach(journey.client)
    journey.passkey_proved_at = now
    if journey.user_id is None or journey.email_proved_at is None:
        journey.email_proved_at = now
        _recognise(journey, user, now=now)


def change_address(journey: Journey, email: str) -> None:
    """Take an address that is to be proved. Another one than before makes what was proved void."""
    if email == journey.email:
        return
    drop_address(journey)
    journey.email = email


def note_sign_in(journey: Journey, user: User, *, now: datetime) -> None:
    """Write down that the person proved who they are, for their own history and for the audit."""
    audit.record("signed_in", Subject("user", user.id), actor=Actor.of(user), now=now, reason=journey.client.id)


def drop_address(journey: Journey) -> None:
    """The person wants another address than this one."""
    journey.email = None
    journey.email_proved_at = None
    journey.shared_mailbox_accepted = None
    person_changed(journey)
    answers_changed(journey)


def prove_address(journey: Journey, *, now: datetime) -> User | None:
    """The code that went to the journey's address came back: returns the account to sign in to, if there is one.

    Raises AccountLocked.
    """
    if journey.email is None:
        raise JourneyOutOfReach(journey.client)
    user = journey.user or accounts.by_address(journey.email)
    if user is not None and user.email != journey.email:
        # The account was reached by this address when the journey began, and is no more.
        raise JourneyOutOfReach(journey.client)
    if user is not None and not user.is_live:
        raise AccountLocked
    journey.email_proved_at = now
    if user is not None:
        user.email_verified_at = user.email_verified_at or now
    if user is not None and not journey.made_user:
        _recognise(journey, user, now=now)
    return user


def become(journey: Journey, user: User, *, now: datetime) -> None:
    """The person turned out to have an account already, and proved its address: the journey goes on as theirs."""
    journey.made_user = False
    journey.email_proved_at = now
    _recognise(journey, user, now=now)


def person_changed(journey: Journey) -> None:
    """What the register is asked about is no longer what it was asked about: nothing is known of the record."""
    journey.matched_trn = None
    journey.nothing_near = False
    journey.trn_holder_id = None
    journey.no_access_to_holder = False


def answers_changed(journey: Journey) -> None:
    """The answers are no longer the ones that were sent off."""
    journey.submitted_at = None


def identity_changed(journey: Journey, *, offer: bool) -> None:
    """Name or birthday is another one: another account with the same may be theirs, and is offered once.

    `offer` is False for who has tried too many names: then nothing is said about other accounts.
    """
    if journey.existing_account_declined is True or journey.user_id is not None:
        return
    other = accounts.namesake(journey) if offer else None
    journey.existing_account_id = other.id if other else None
    journey.existing_account = other
    journey.existing_account_declined = None


def other_account(journey: Journey) -> User | None:
    """The account that may be the person's too: the holder of their record, or the one with their name and birthday."""
    if journey.trn_holder_id is not None and journey.trn_holder_id != journey.user_id:
        return journey.trn_holder
    return journey.existing_account


def prove_other(journey: Journey) -> None:
    """The code that went to the other account's address came back: the person can read its mail too."""
    other = other_account(journey)
    if other is not None:
        journey.other_proved_id, journey.other_proved_address = other.id, other.email


def is_other_proved(journey: Journey) -> bool:
    """Whether the address proved is the one of the other account that is meant now: no proof opens another one."""
    other = other_account(journey)
    proved = (journey.other_proved_id, journey.other_proved_address)
    return other is not None and proved == (other.id, other.email)


def facts(journey: Journey) -> tuple[object, ...]:
    """Every answer, for telling whether one has changed."""
    return (
        journey.email,
        journey.first_name,
        journey.middle_name,
        journey.last_name,
        journey.has_previous_names,
        [tuple(each.items()) for each in journey.previous_names],
        journey.preferred_name,
        journey.date_of_birth,
        journey.has_nino,
        journey.nino_encrypted,
        journey.has_trn,
        journey.stated_trn,
        journey.has_qts,
        journey.training_provider,
        tuple(journey.further_answers.items()),
    )


def close_those_of(browser: str, *, now: datetime, but: UUID | None = None) -> None:
    """End what is half done in this browser: whoever comes next reads nothing of it. `but` is the journey to keep."""
    db.session.execute(
        update(Journey)
        .where(
            Journey.browser_hmac.in_(vault.keyed_hashes(BROWSER_PURPOSE, browser)),
            Journey.completed_at.is_(None),
            Journey.expires_at > now,
            Journey.id != but if but is not None else true(),
        )
        .values(expires_at=now)
    )


def finish(journey: Journey, *, now: datetime) -> None:
    """Nothing is left to ask or to say: the person goes back to the service."""
    journey.completed_at = journey.completed_at or now


def wants_trn(journey: Journey) -> bool:
    """Whether the service asked for a TRN this time."""
    return bool(TRN_SCOPES & journey.authorization_request.scopes)


def wants_record(journey: Journey) -> bool:
    """Whether the person's record is to be searched for in this journey."""
    user = journey.user
    if not wants_trn(journey):
        return False
    if user is None:
        return True
    if user.lookup_status is LookupStatus.FAILED:
        return False
    return journey.made_user or user.trn is None or is_step_up(journey)


def is_step_up(journey: Journey) -> bool:
    """Whether a service that wants more proof meets somebody who was linked with less (domain.md, "Step-up")."""
    user = journey.user
    return (
        user is not None
        and not journey.made_user
        and user.verification_level is VerificationLevel.LOW
        and journey.client.match_policy is MatchPolicy.STRICT
        and wants_trn(journey)
    )


def lets_return(journey: Journey) -> bool:
    """Whether the service takes the person back as they stand."""
    return journey.user is not None and authorizations.may_return(journey.authorization_request, journey.user)


def may_try_again(journey: Journey) -> bool:
    """Whether the person may still correct their answers after nothing was found."""
    user = journey.user
    return (
        user is not None
        and user.trn is None
        and wants_record(journey)
        and 0 < journey.submissions < SUBMISSIONS
        and journey.went_on_at is None
        and user.lookup_reason is not LookupReason.REGISTER_UNAVAILABLE
    )


def may_prove_more(journey: Journey) -> bool:
    """Whether somebody whose answers were not proof enough for a strict service may look at them once more."""
    return is_step_up(journey) and journey.submissions < SUBMISSIONS


def answers_of(journey: Journey, signed_in: User | None) -> Answers:
    """The journey in the words of domain/questions, given who is signed in at this browser."""
    has_account = journey.user_id is not None
    further = FurtherAnswers.of(journey.further_answers)
    return Answers(
        choose_account=_is_choice_open(journey, signed_in),
        another_account=_not(journey.keeps_account),
        has_email=journey.email is not None,
        proved=journey.email_proved_at is not None
        and (not has_account or (signed_in is not None and signed_in.id == journey.user_id)),
        has_account=has_account,
        known_account=has_account and not journey.made_user,
        shared_mailbox=journey.email is not None and mailboxes.is_shared(journey.email),
        shared_mailbox_accepted=journey.shared_mailbox_accepted,
        has_name=bool(journey.first_name and journey.last_name),
        has_previous_names=journey.has_previous_names,
        has_preferred_name=bool(journey.preferred_name),
        has_date_of_birth=journey.date_of_birth is not None,
        existing_account=journey.existing_account_id is not None and not has_account,
        existing_account_is_mine=_not(journey.existing_account_declined),
        other_address_proved=is_other_proved(journey),
        wants_record=wants_record(journey),
        step_up=is_step_up(journey),
        matched=journey.matched_trn is not None,
        has_nino=journey.has_nino,
        has_trn=journey.has_trn,
        has_qts=journey.has_qts,
        has_training_provider=journey.training_provider is not None,
        nothing_near=journey.nothing_near,
        has_other_names=None if further.other_names is None else bool(further.other_names),
        has_teacher_training=None if further.training is None else further.training is not Training.NO,
        has_training_details=further.training_where is not None,
        has_school_work=None if further.school_work is None else further.school_work is not SchoolWork.NO,
        submitted=journey.submitted_at is not None,
        trn_in_use=_is_contested(journey),
        may_try_again=may_try_again(journey),
        has_something_to_say=_has_something_to_say(journey),
        outcome_seen=journey.outcome_seen_at is not None,
        one_login_waits=has_account and journey.one_login_attempt_id is not None,
        passkey_due=passkey_offers.is_due(journey),
        consent_due=journey.user is not None and consents.is_due(journey.authorization_request, journey.user),
        barred=journey.barred is not None,
    )


def _recognise(journey: Journey, user: User, *, now: datetime) -> None:
    if journey.user_id != user.id:
        person_changed(journey)  # what was found was found for answers that are not this person's
    journey.user_id = user.id
    journey.user = user
    journey.submitted_at = None
    accounts.recall_statements(journey, user)
    if next_question(answers_of(journey, user)) is Question.CHECK_ANSWERS:
        # Nothing was asked in this journey, so nothing is to be checked.
        journey.submitted_at = now


def _has_something_to_say(journey: Journey) -> bool:
    if journey.user is None or not wants_trn(journey):
        return False
    return journey.submissions > 0 or not lets_return(journey)


def _is_contested(journey: Journey) -> bool:
    contested = journey.trn_holder_id is not None and journey.trn_holder_id != journey.user_id
    return contested and not journey.no_access_to_holder


def _is_choice_open(journey: Journey, signed_in: User | None) -> bool:
    asked = authorizations.wants_choice(journey.authorization_request)
    return asked and signed_in is not None and journey.user_id is None and journey.email_proved_at is None


def _not(declined: bool | None) -> bool | None:
    return None if declined is None else not declined
