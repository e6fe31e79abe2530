"""One sign-in, from a checked authorization request until the person goes back to the service."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.domain.errors import IdentityError
from identity_provider.domain.questions import Question, next_question
from identity_provider.models import AuthorizationRequest, BrowserSession, Client, Journey, User
from identity_provider.services import accounts, audit, authorizations, journey_standing, passkey_offers, trn_tokens
from identity_provider.services.audit import Actor, Subject
from identity_provider.vault import vault

LIFETIME = timedelta(hours=2)
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
    The journey's key never changes, so a row that points at it (the worker opens a case, and holds the person) need not
    wait for it. Raises JourneyOutOfReach when it was deleted meanwhile.
    """
    journey = _held_alone(journey)
    if journey.user_id is not None:
        accounts.held(journey.user_id)
    return journey


def held_with_other(journey: Journey) -> Journey:
    """`held`, and with it the other account that may be the person's: for the step that makes one of the two.

    The accounts are held in the order of their ids, as staff do who merge them (merging.py): neither waits for the
    other in a circle.
    """
    journey = _held_alone(journey)
    mine = journey.user or accounts.by_address(journey.email or "")
    accounts.hold_all({each.id for each in (mine, journey_standing.other_account(journey)) if each is not None})
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
        accounts.address_proved(user, now=now)
    if user is not None and not journey.made_user:
        _recognise(journey, user, now=now)
    return user


def ask_again(journey: Journey) -> None:
    """What opened the account is not enough for what follows: a code to its address is to be entered."""
    journey.email_proved_at = None
    # The code begins another session, and what a service demands has to be shown in that one.
    journey.passkey_proved_at = None


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


def prove_other(journey: Journey) -> None:
    """The code that went to the other account's address came back: the person can read its mail too."""
    other = journey_standing.other_account(journey)
    if other is not None:
        journey.other_proved_id, journey.other_proved_address = other.id, other.email


def close_those_of(browser: str, *, now: datetime, but: UUID | None = None, but_of: UUID | None = None) -> None:
    """End what is half done in this browser: whoever comes next reads nothing of it.

    `but` is the journey to keep, and `but_of` the person whose own ones are kept.
    """
    _close_in(
        browser,
        Journey.id != but if but is not None else true(),
        Journey.user_id.is_distinct_from(but_of) if but_of is not None else true(),
        now=now,
    )


def close_of_others(browser: str, person: User, *, now: datetime, but: UUID | None = None) -> None:
    """End what somebody else has half done in this browser, where no session says any more who that was.

    Theirs may have run out an hour before, or they have no account yet: this person reads nothing of what they said,
    nor goes on with it. A journey in which nobody has proved an address is nobody's.
    """
    anothers = or_(
        and_(Journey.user_id.is_not(None), Journey.user_id != person.id),
        and_(Journey.user_id.is_(None), Journey.email_proved_at.is_not(None), Journey.email != person.email),
    )
    _close_in(browser, anothers, Journey.id != but if but is not None else true(), now=now)


def finish(journey: Journey, *, now: datetime) -> None:
    """Nothing is left to ask or to say: the person goes back to the service."""
    journey.completed_at = journey.completed_at or now


def _close_in(browser: str, *which: ColumnElement[bool], now: datetime) -> None:
    ours = Journey.browser_hmac.in_(vault.keyed_hashes(BROWSER_PURPOSE, browser))
    half_done = (Journey.completed_at.is_(None), Journey.expires_at > now)
    db.session.execute(update(Journey).where(ours, *half_done, *which).values(expires_at=now))


def _held_alone(journey: Journey) -> Journey:
    lock = {"of": Journey, "key_share": True}
    found = db.session.get(Journey, journey.id, with_for_update=lock, populate_existing=True)
    if found is None:
        # Its person was erased since this request found it.
        raise JourneyOutOfReach(journey.client)
    return found


def _recognise(journey: Journey, user: User, *, now: datetime) -> None:
    if journey.user_id != user.id:
        person_changed(journey)  # what was found was found for answers that are not this person's
    journey.user_id = user.id
    journey.user = user
    journey.submitted_at = None
    accounts.recall_statements(journey, user)
    if next_question(journey_standing.answers_of(journey, user)) is Question.CHECK_ANSWERS:
        # Nothing was asked in this journey, so nothing is to be checked.
        journey.submitted_at = now
