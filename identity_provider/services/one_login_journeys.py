"""A sign-in by way of GOV.UK One Login: who is known goes on at once, anybody else proves which account is theirs.

The address that One Login names opens nothing here: whoever reads its mail proves that by a code of ours, as everybody
does (attack 35), and only then the One Login is connected. Where it has another address than the account, its person
is asked first: somebody else may be signed in to One Login at a computer that people share.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

import structlog

from config.logging import SECURITY
from identity_provider.db import db
from identity_provider.models import BrowserSession, Journey, OneLoginAttempt, User
from identity_provider.services import (
    authorizations,
    identity_checks,
    journey_standing,
    journeys,
    one_login,
    one_login_facts,
    one_login_links,
    trn_tokens,
)
from identity_provider.services.one_login_links import AnotherAccount
from identity_provider.services.one_login_told import Proved, Told

log = structlog.get_logger(SECURITY)


class Arrival(Enum):
    """What comes next for somebody who is back from One Login."""

    # Their One Login opens the journey's account: they are to be signed in to it.
    SIGNED_IN = auto()
    # A code is to go to the address that they have to prove.
    PROVE_ADDRESS = auto()
    GOES_ON = auto()


def arrive(journey: Journey, attempt: OneLoginAttempt, told: Told, signed_in: User | None, *, now: datetime) -> Arrival:
    """Take what One Login told into a held journey. `signed_in` is who is signed in at the browser.

    Raises AnotherAccount when it opens an account that is not meant here, and AccountLocked.
    """
    person = one_login_links.person_of(told)
    if person is not None and not person.is_live:
        raise journeys.AccountLocked
    if journey.user_id is not None and person is not None and person.id != journey.user_id:
        raise AnotherAccount
    journey.one_login_attempt_id = attempt.id
    one_login.keep(attempt, told)
    if journey.user is not None and signed_in is not None and signed_in.id == journey.user_id:
        return Arrival.GOES_ON
    if person is not None:
        return _known(journey, person, told, now=now)
    return _unknown(journey, told)


def proves_recently_enough(journey: Journey, told: Told) -> bool:
    """Whether the service may take their sign-in at One Login for one of now (OpenID Connect Core 3.1.2.1).

    One Login may have asked them nothing, since they were signed in there already: then it was not a fresh proof.
    """
    request = journey.authorization_request
    demanding = authorizations.wants_fresh_proof(request) or request.max_age is not None
    return not demanding or (told.authenticated_at is not None and told.authenticated_at >= request.created_at)


def settle(journey: Journey, user: User, session: BrowserSession | None, *, now: datetime) -> None:
    """The person proved that this account is theirs: their One Login opens it from now on.

    One with another address, or with one that nobody has proved here, waits for their word, unless it is connected
    already; one that opens another account is left alone.
    """
    attempt, told = _waiting(journey)
    if attempt is None or told is None:
        journey.one_login_attempt_id = None
        return
    known = one_login_links.person_of(told)
    if known is not None and known.id != user.id:
        log.warning("one_login_of_another_account", user_id=str(user.id))
        _forget(journey, attempt, now=now)
    elif known is not None or (
        told.email in (user.email, journey.email) and journey_standing.is_address_proved(journey)
    ):
        _connect(journey, attempt, told, user, session, now=now)


def answer(journey: Journey, session: BrowserSession | None, *, connect: bool, now: datetime) -> None:
    """The person of a held journey said whether the One Login that they came by shall open their account."""
    attempt, told = _waiting(journey)
    if attempt is None or told is None or journey.user is None:
        journey.one_login_attempt_id = None
    elif connect:
        _connect(journey, attempt, told, journey.user, session, now=now)
    else:
        _forget(journey, attempt, now=now)


def told_in(journey: Journey) -> Told | None:
    """What One Login told in this journey, while it waits."""
    return _waiting(journey)[1]


def fill_in(journey: Journey, proved: Proved, *, offer_namesake: bool) -> None:
    """Answer the questions about name and birthday with what was proved: nobody is asked what is known."""
    journey.first_name, journey.middle_name, journey.last_name = (
        proved.first_name,
        proved.middle_name,
        proved.last_name,
    )
    journey.date_of_birth = proved.date_of_birth
    journey.preferred_name = None
    if proved.previous and not journey.previous_names:
        journey.has_previous_names, journey.previous_names = True, proved.previous_names[:2]
    journeys.person_changed(journey)
    journeys.answers_changed(journey)
    journeys.identity_changed(journey, offer=offer_namesake)


def _known(journey: Journey, person: User, told: Told, *, now: datetime) -> Arrival:
    request = journey.authorization_request
    meant = authorizations.is_meant_for(request, person)
    if not meant or trn_tokens.means_somebody_else(request, person, now=request.created_at):
        journey.one_login_attempt_id = None
        raise AnotherAccount
    if proves_recently_enough(journey, told):
        journeys.enter_signed_in(journey, person, by_passkey=False, now=now)
        return Arrival.SIGNED_IN
    if journey.user is None:
        journeys.change_address(journey, person.email)
    return Arrival.PROVE_ADDRESS


def _unknown(journey: Journey, told: Told) -> Arrival:
    if journey.user is not None:
        return Arrival.PROVE_ADDRESS
    if journey.email_proved_at is not None:
        return Arrival.GOES_ON
    if not told.email:
        return Arrival.GOES_ON
    journeys.change_address(journey, told.email)
    return Arrival.PROVE_ADDRESS


def _waiting(journey: Journey) -> tuple[OneLoginAttempt | None, Told | None]:
    if journey.one_login_attempt_id is None:
        return None, None
    attempt = db.session.get(OneLoginAttempt, journey.one_login_attempt_id)
    return attempt, one_login.told_of(attempt) if attempt is not None else None


def _connect(
    journey: Journey,
    attempt: OneLoginAttempt,
    told: Told,
    user: User,
    session: BrowserSession | None,
    *,
    now: datetime,
) -> None:
    try:
        one_login_links.connect(user, told, now=now)
    except AnotherAccount:
        # Connected to somebody else by a moment's difference.
        log.warning("one_login_of_another_account", user_id=str(user.id))
        _forget(journey, attempt, now=now)
        return
    if session is not None:
        one_login_links.note_session(session, told, now=now)
    if told.proved is not None:
        identity_checks.take_in(one_login_facts.record(user, told.proved, now=now), user, now=now)
    _forget(journey, attempt, now=now)


def _forget(journey: Journey, attempt: OneLoginAttempt, *, now: datetime) -> None:
    one_login.settle(attempt, now=now)
    journey.one_login_attempt_id = None
