"""A sign-in to a service, and to one's own account, by way of GOV.UK One Login."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from identity_provider.db import db, transaction
from identity_provider.domain.authentication import BY_ONE_LOGIN
from identity_provider.domain.errors import RateLimited
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.languages import current_language, speak
from identity_provider.kit.requests import visitor
from identity_provider.kit.session import browser_secret, current_session, current_user
from identity_provider.kit.session import sign_in as begin_session
from identity_provider.models import Journey, OneLoginAttempt, OneLoginPurpose, User
from identity_provider.services import (
    accounts,
    audit,
    journey_codes,
    journey_standing,
    journeys,
    lookups,
    one_login,
    one_login_facts,
    one_login_journeys,
    one_login_links,
    rate_limits,
    submissions,
    trn_token_use,
)
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.journey_codes import CodeFor
from identity_provider.services.one_login_journeys import Arrival
from identity_provider.services.one_login_links import AnotherAccount
from identity_provider.services.one_login_told import Proved, Told
from identity_provider.services.register_search import Occasion
from identity_provider.services.trn_token_use import AddressUnproved
from identity_provider.web.one_login import account
from identity_provider.web.one_login.trips import CALLBACK, Reason, Stopped, bp, come_back, set_out


@bp.post("/one-login/<uuid:journey_id>")
@open_to(Audience.TRAVELLER)
def start(journey_id: UUID) -> ResponseReturnValue:
    """Leave a journey for One Login."""
    journey = _found(journey_id)
    wants_identity = request.form.get("purpose") == OneLoginPurpose.IDENTITY
    return set_out(OneLoginPurpose.IDENTITY if wants_identity else OneLoginPurpose.SIGN_IN, journey=journey)


@bp.post("/one-login/account")
@open_to(Audience.ANYONE)
def sign_in() -> ResponseReturnValue:
    """Leave for One Login to sign in to one's own account."""
    return set_out(OneLoginPurpose.SIGN_IN)


@bp.get(CALLBACK)
@open_to(Audience.ANYONE)
def callback() -> ResponseReturnValue:
    """Somebody comes back from One Login."""
    try:
        attempt, told = come_back()
    except Stopped as nothing:
        if nothing.reason is Reason.OVER and nothing.attempt is not None and nothing.attempt.journey_id is not None:
            # A second click, or Back: the journey goes on where it stands.
            return redirect(f"/sign-in/{nothing.attempt.journey_id}", 303)
        raise
    if attempt.journey_id is not None:
        return _into_journey(attempt, attempt.journey_id, told)
    if attempt.user_id is not None:
        return account.arrived(attempt, told)
    return _into_account(attempt, told)


@bp.errorhandler(journeys.JourneyOutOfReach)
def out_of_reach(_error: journeys.JourneyOutOfReach) -> ResponseReturnValue:
    """Another browser's journey, or one that ran out: its own pages say what can be done."""
    attempt = one_login.of_browser(request.args.get("state", ""), browser_secret())
    journey_id = (request.view_args or {}).get("journey_id") or (attempt.journey_id if attempt else None)
    return redirect(f"/sign-in/{journey_id}", 303)


@bp.errorhandler(RateLimited)
def too_often(limited: RateLimited) -> ResponseReturnValue:
    """When to come back, in words and for software."""
    seconds = max(1, int(limited.retry_after.total_seconds()))
    html = render_template("one_login/too_often.html", minutes=-(-seconds // 60))
    return html, 429, {"Retry-After": str(seconds)}


def _into_journey(attempt: OneLoginAttempt, journey_id: UUID, told: Told) -> ResponseReturnValue:
    now = ports().clock.now()
    offer = told.proved is not None and _may_look_for_namesake(told)
    try:
        with transaction():
            journey = journeys.held(_found(journey_id))
            attempt = db.session.get_one(OneLoginAttempt, attempt.id)
            arrival = one_login_journeys.arrive(journey, attempt, told, current_user(), now=now)
            _take(journey, arrival, told.proved, offer_namesake=offer)
    except AnotherAccount as clash:
        raise Stopped(Reason.ANOTHER_ACCOUNT, attempt) from clash
    except journeys.AccountLocked as locked:
        raise Stopped(Reason.LOCKED, attempt) from locked
    if arrival is Arrival.PROVE_ADDRESS:
        _send_code(journey)
    _use_trn_token(journey)
    _look_for_record(journey)
    return redirect(f"/sign-in/{journey_id}", 303)


def _found(journey_id: UUID) -> Journey:
    """The journey of this browser, in the language that its service asked for."""
    journey = journeys.find(journey_id, browser_secret(), ports().clock.now())
    speak(str(journey.authorization_request.parameters.get("ui_locales", "")))
    return journey


def _take(journey: Journey, arrival: Arrival, proved: Proved | None, *, offer_namesake: bool) -> None:
    """Sign them in when they are known; write down what was proved of who is here, or fill it in for who is new."""
    now, user = ports().clock.now(), journey.user
    if arrival is Arrival.SIGNED_IN and user is not None:
        _sign_in(journey, user)
    elif arrival is Arrival.GOES_ON and user is not None:
        one_login_journeys.settle(journey, user, current_session(), now=now)
    elif user is None and proved is not None:
        one_login_journeys.fill_in(journey, proved, offer_namesake=offer_namesake)


def _sign_in(journey: Journey, user: User) -> None:
    now, told = ports().clock.now(), one_login_journeys.told_in(journey)
    session = begin_session(user, amr=list(BY_ONE_LOGIN), client_id=journey.client.id, journey_id=journey.id)
    if told is not None and told.authenticated_at is not None:
        # When they proved who they are is for One Login to say: it may have been before they came here.
        session.authenticated_at = told.authenticated_at
    journeys.note_sign_in(journey, user, now=now)
    one_login_journeys.settle(journey, user, session, now=now)


def _use_trn_token(journey: Journey) -> None:
    """Link the person who is signed in to the record that their service vouched for, if their address is proved.

    If it is not, a code is sent, and the token waits for it; where none may be sent, it stays unused.
    """
    now = ports().clock.now()
    if journey.user is None or journey.email_proved_at is None or current_user() != journey.user:
        return
    step = trn_token_use.next_step(journey, ports().register, now=now)
    if isinstance(step, AddressUnproved):
        _have_address_proved(journey)
    elif step is not None:
        with transaction():
            trn_token_use.use(journeys.held(journey), step, now=now)


def _look_for_record(journey: Journey) -> None:
    """Search anew: what was proved may be enough. No register, and no limit, keeps anybody from going on.

    Of somebody new a match ends the questions; of who is signed in it decides.
    """
    user, now, proved = journey.user, ports().clock.now(), one_login_facts.speaks_of(journey)
    if journey.date_of_birth is None or not journey_standing.wants_record(journey):
        return
    signed_in = current_user() is not None and journey.email_proved_at is not None
    if (user is None and not proved) or (user is not None and not signed_in):
        return
    if journey_standing.is_step_up(journey) and not proved:
        return
    person = lookups.person_of_journey(journey)
    try:
        with transaction():
            lookups.count(person.email, person.trn, now=now)
    except RateLimited:
        return
    policy, register = journey.client.match_policy, ports().register
    search = lookups.look_up(person, register, policy, occasion=Occasion.ONE_LOGIN, now=now, proved=proved)
    with transaction():
        journey = journeys.held(journey)
        if user is None:
            submissions.note_silent(journey, search)
        else:
            submissions.search_again(journey, search, now=now)


def _into_account(attempt: OneLoginAttempt, told: Told) -> ResponseReturnValue:
    """Sign in to one's own account, which a One Login opens once it is connected, and never by its address."""
    now, person = ports().clock.now(), one_login_links.person_of(told)
    if person is None:
        raise Stopped(Reason.NOT_CONNECTED, attempt)
    if not person.is_live:
        raise Stopped(Reason.LOCKED, attempt)
    with transaction():
        session = begin_session(person, amr=list(BY_ONE_LOGIN))
        session.authenticated_at = told.authenticated_at or now
        one_login_links.note_session(session, told, now=now)
        about = Subject("user", person.id)
        audit.record("signed_in", about, actor=Actor.of(person), now=now, reason="own account")
    return redirect(url_for("one_login.connections"), 303)


def _send_code(journey: Journey) -> None:
    """Send a code to the address that is to be proved, unless too many were sent: its page offers another one."""
    if _may_send_code(journey):
        with transaction():
            journey_codes.send(
                journeys.held(journey), CodeFor.SIGN_IN, locale=current_language(), now=ports().clock.now()
            )


def _have_address_proved(journey: Journey) -> None:
    if _may_send_code(journey):
        with transaction():
            now = ports().clock.now()
            trn_token_use.ask_for_code(journeys.held(journey), locale=current_language(), now=now)


def _may_send_code(journey: Journey) -> bool:
    """Whether a code may go to the journey's address; it is counted."""
    address = journey_codes.address_of(journey, CodeFor.SIGN_IN)
    try:
        with transaction():
            journey_codes.count_sending(address, visitor(), now=ports().clock.now())
    except RateLimited:
        return False
    return True


def _may_look_for_namesake(told: Told) -> bool:
    """Whether this person may be told of another account, as when they type a name themselves."""
    try:
        with transaction():
            rate_limits.count(accounts.NAMESAKES_PER_ADDRESS, told.email, now=ports().clock.now())
    except RateLimited:
        return False
    return True
