"""How far a sign-in has come, and what may follow: read from the journey, and nothing is written.

services/journeys takes the steps; domain/questions decides which comes next.
"""

from __future__ import annotations

from identity_provider.domain import mailboxes
from identity_provider.domain.absence import FurtherAnswers, SchoolWork, Training
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.domain.questions import Answers
from identity_provider.models import Journey, User
from identity_provider.services import authorizations, consents, passkey_offers
from identity_provider.services.clients import TRN_SCOPES

SUBMISSIONS = 3
"""How often the answers of one journey are sent off."""


def wants_trn(journey: Journey) -> bool:
    """Whether the service asked for a TRN this time."""
    return bool(TRN_SCOPES & journey.authorization_request.scopes)


def is_address_proved(journey: Journey) -> bool:
    """Whether somebody proved that they read the mail of the journey's address.

    `email_proved_at` alone says that they proved to be whom the journey is about: a passkey, a connected One Login or a
    session does that too, and none of them says anything of an address that a service or staff wrote into the account.
    """
    user = journey.user
    return journey.email_proved_at is not None and (user is None or user.email_verified_at is not None)


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


def may_look_again(journey: Journey) -> bool:
    """Whether somebody may look at their answers once more before they are sent away as they stand.

    Either they were not proof enough for a strict service, or the service demands a record and the answers have led to
    none: an answer may be wrong, also one of an earlier sign-in.
    """
    user = journey.user
    without = user is not None and user.lookup_status is LookupStatus.NONE
    turned_away = without and wants_record(journey) and not lets_return(journey)
    return (turned_away or is_step_up(journey)) and journey.submissions < SUBMISSIONS


def is_left_to_helpdesk(journey: Journey) -> bool:
    """Whether the record was found, and whose account keeps it is open: its holder's address is out of reach."""
    user = journey.user
    return user is not None and user.lookup_status is LookupStatus.PENDING and journey.no_access_to_holder


def other_account(journey: Journey) -> User | None:
    """The account that may be the person's too: the holder of their record, or the one with their name and birthday."""
    if journey.trn_holder_id is not None and journey.trn_holder_id != journey.user_id:
        return journey.trn_holder
    return journey.existing_account


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
