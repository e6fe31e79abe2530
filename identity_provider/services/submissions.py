"""What becomes of a person's answers: an account, a linked record, a case, or one account out of two."""

from __future__ import annotations

from datetime import datetime

from identity_provider.domain.absence import FurtherAnswers
from identity_provider.domain.errors import EmailInUse, IllegalMove
from identity_provider.domain.lookup import LookupReason, LookupStatus, Nothing, pending
from identity_provider.models import Journey, User
from identity_provider.services import (
    accounts,
    journey_standing,
    journeys,
    kept_lookups,
    lookups,
    statements,
    support_tickets,
    trn_links,
)
from identity_provider.services.audit import SYSTEM
from identity_provider.services.register_search import Search


def submit(journey: Journey, search: Search | None, *, now: datetime) -> None:
    """The person checked the answers and sent them off; `search` is what the register said, if it was to be asked.

    The caller has made sure that the register was asked about these answers (`lookups.is_about`).
    No account is made yet when the record belongs to another account: the person may be about to prove that it is
    theirs.
    """
    if _meet_own_account(journey) and not accounts.is_who_says(_known(journey), journey):
        # What was said here, and found for it, is not of the person whose account it is: it goes on as theirs.
        journeys.become(journey, _known(journey), now=now)
        return
    if search is not None and _is_to_be_asked(journey, search):
        # Nobody is taken for a person without a record before they were asked what may have gone wrong.
        kept_lookups.keep(search, user_id=journey.user_id, journey_id=journey.id)
        journey.nothing_near = True
        return
    # Whoever stood before "we could not find your record" and sends answers off anew was asked again.
    asked_again = journey_standing.may_try_again(journey)
    journey.submissions += 1
    journey.submitted_at = now
    holder = trn_links.holder_of(search.trn) if search and search.trn else None
    if search and holder is not None and holder.is_live and journey.user is None:
        kept_lookups.keep(search, user_id=None, journey_id=journey.id, said=statements.said_in(journey))
        journey.trn_holder_id = holder.id
        return
    user = _account(journey, now=now)
    if asked_again:
        user.asked_again_at = now
    if search is not None:
        _conclude(journey, user, search, now=now)


def search_again(journey: Journey, search: Search, *, now: datetime) -> None:
    """The register was asked anew because a known person signed in: what they stated before may be enough now."""
    if journey.user is None or not lookups.is_about(search, journey):
        return
    _conclude(journey, journey.user, search, now=now)
    journey.nothing_near = isinstance(search.answer, Nothing)
    if lookups.is_to_be_asked(journey.user, search):
        journey.submitted_at = None
    if journey.user.trn is not None and search.trn is not None:
        journey.submitted_at = now


def note_silent(journey: Journey, search: Search) -> None:
    """A search while the answers came in: it can end the questions, and decides nothing."""
    kept_lookups.keep(search, user_id=journey.user_id, journey_id=journey.id)
    if lookups.is_about(search, journey):
        journey.matched_trn = search.trn
        journey.nothing_near = isinstance(search.answer, Nothing)


def go_on(journey: Journey, *, now: datetime) -> None:
    """Nothing was found, and the person has nothing to correct: from here the helpdesk takes over, if at all."""
    user = _known(journey)
    journey.went_on_at = now
    user.asked_again_at = now
    if kept_lookups.found_nothing(journey):
        lookups.settle_nothing(user, now=now)
    lookups.open_case_if_wanted(user, journey.client, journey, now=now)


def give_up_holder(journey: Journey, *, now: datetime) -> None:
    """The record is linked to an account whose address the person cannot use: a question for the helpdesk."""
    user = _account(journey, now=now)
    journey.no_access_to_holder = True
    journey.went_on_at = now
    trn_links.stand_at(user, pending(LookupReason.STATED_TRN_CONFLICTS), actor=SYSTEM, now=now)
    lookups.open_case_if_wanted(user, journey.client, journey, now=now)


def addresses(journey: Journey) -> list[str]:
    """The proved addresses that the person chooses from."""
    other = journey_standing.other_account(journey)
    mine = journey.email if journey_standing.is_address_proved(journey) else None
    return list(dict.fromkeys(address for address in (mine, other and other.email) if address))


def keep_address(journey: Journey, email: str, *, now: datetime) -> User:
    """Both addresses were proved and one was chosen: one account remains, and the journey goes on as its."""
    survivor = journey_standing.other_account(journey)
    if survivor is not None:
        survivor = accounts.held(survivor.id)
    if survivor is None or not journey_standing.is_other_proved(journey) or email not in addresses(journey):
        raise IllegalMove("both addresses are to be proved first")
    if not survivor.is_live:
        raise journeys.AccountLocked
    accounts.address_proved(survivor, now=now)
    # Whoever has an account at an address that this person proved is this person.
    mine = journey.user or accounts.by_address(journey.email or "")
    try:
        accounts.make_one(survivor, mine, email=email, now=now)
    except (EmailInUse, IllegalMove):
        # Both accounts point at records, or the address was taken meanwhile: nothing is moved without the helpdesk.
        accounts.make_one(survivor, None, email=survivor.email, now=now)
    journeys.become(journey, survivor, now=now)
    kept_lookups.give_to(journey)
    return survivor


def _conclude(journey: Journey, user: User, search: Search, *, now: datetime) -> None:
    kept_lookups.keep(search, user_id=user.id, journey_id=journey.id, said=statements.said_in(journey))
    holder = lookups.settle(user, search, now=now)
    if holder is not None and holder.is_live:
        journey.trn_holder_id = holder.id
        journey.submitted_at = journey.submitted_at or now
    elif user.lookup_status is LookupStatus.FOUND:
        support_tickets.resolve_by_match(user, now)
    elif (
        journey.submitted_at is None or journey_standing.may_try_again(journey) or lookups.is_to_be_asked(user, search)
    ):
        # They are still being asked: that is no case for people yet.
        return
    else:
        lookups.open_case_if_wanted(user, journey.client, journey, now=now, fault=search.is_fault)


def _is_to_be_asked(journey: Journey, search: Search) -> bool:
    denied = journey.has_trn is False and journey.has_qts is False
    complete = FurtherAnswers.of(journey.further_answers).is_complete
    return isinstance(search.answer, Nothing) and denied and not complete and not journey_standing.is_step_up(journey)


def _meet_own_account(journey: Journey) -> bool:
    """Whether another tab has made the account of this address meanwhile. Raises AccountLocked."""
    was_unknown = journey.user is None
    if was_unknown and journey.email is not None:
        there = accounts.by_address(journey.email)
        journey.user = accounts.held(there.id) if there else None
        journey.user_id = there.id if there else None
        if journey.user is not None and journey.email_proved_at is not None:
            accounts.address_proved(journey.user, now=journey.email_proved_at)
    if journey.user is not None and not journey.user.is_live:
        raise journeys.AccountLocked
    return was_unknown and journey.user is not None


def _account(journey: Journey, *, now: datetime) -> User:
    user = journey.user
    if user is None:
        user, made = accounts.create(journey, now=now)
        journey.user_id, journey.user, journey.made_user = user.id, user, made
        kept_lookups.give_to(journey)
        if made:
            return user
    elif journey.made_user:
        accounts.state_identity(user, journey, now=now)
    accounts.keep_statements(user, journey, now=now)
    return user


def _known(journey: Journey) -> User:
    if journey.user is None:
        raise IllegalMove("nobody is known in this journey yet")
    return journey.user
