"""The authorization endpoint (OpenID Connect Core 3.1.2): checked, then answered at once or after a journey."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from authlib.oauth2.base import OAuth2Error
from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from identity_provider.db import db, transaction
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_exempt
from identity_provider.kit.session import browser_secret, current_session, signed_in_now
from identity_provider.models import AuthorizationRequest, BrowserSession, Client, Journey
from identity_provider.oidc import answers, issue, published_keys, pushed, request_objects
from identity_provider.oidc.blueprint import bp
from identity_provider.oidc.checks import AFTER_REDIRECT, BEFORE_REDIRECT
from identity_provider.oidc.sent import SentRequest
from identity_provider.services import authorizations, consents, grants, journeys

# What servers and proxies take for sure.
_LONGEST_ADDRESS = 6_000


@bp.route("/connect/authorize", methods=["GET", "POST"])
@open_to(Audience.ANYONE)
@csrf_exempt("services send people here from elsewhere (OpenID Connect Core 3.1.2.1); it changes nothing")
def authorize() -> ResponseReturnValue:
    """Check a request completely, then answer it or begin a journey."""
    now = ports().clock.now()
    sent = SentRequest.read(request, now)
    try:
        if journey := pushed.begun(sent):
            return redirect(f"/sign-in/{journey.id}", code=303)
        sent = pushed.restore(sent)
        published_keys.fetch_for_request_object(sent.get("request"))
        request_objects.open_in(sent)
        for check in (*BEFORE_REDIRECT, *AFTER_REDIRECT):
            check(sent)
    except OAuth2Error as refusal:
        return answers.refuse(sent, refusal)
    return _come_again_with_cookies(sent) or _answer_or_begin(sent.accepted(), now)


@bp.get("/connect/authorize/<uuid:request_id>/answer")
@open_to(Audience.TRAVELLER)
def answer(request_id: UUID) -> ResponseReturnValue:
    """The end of a journey: hand the code to the service, once."""
    asked, journey = _of_this_browser(request_id)
    session = current_session()
    now = ports().clock.now()
    if asked.answered_at is not None or now >= asked.expires_at:
        return answers.start_again(asked.client)
    if journey.completed_at is None:
        return redirect(f"/sign-in/{journey.id}", code=303)
    if session is None or session.user_id is None or session.user_id != journey.user_id:
        return answers.start_again(asked.client)
    return _answer(asked, journey, session, now)


@bp.get("/connect/authorize/<uuid:request_id>/refuse")
@open_to(Audience.TRAVELLER)
def refuse(request_id: UUID) -> ResponseReturnValue:
    """The person goes back to the service without what it asked for: it gets an error, once."""
    asked, journey = _of_this_browser(request_id)
    if not asked.client.is_enabled:
        return answers.start_again(asked.client)
    return _refuse(asked, issue.refusal_of(asked, journey), ports().clock.now())


def _come_again_with_cookies(sent: SentRequest) -> ResponseReturnValue | None:
    """For a form posted from the service's own page: our SameSite=Lax cookies come with a GET only.

    Without them the person would seem a stranger, and a new browser cookie would cut off journeys in other tabs.
    """
    if request.method != "POST" or request.headers.get("Sec-Fetch-Site") != "cross-site" or sent.was_pushed:
        return None
    address = f"{request.path}?{urlencode(sent.beside or sent.parameters)}"
    return redirect(address, code=303) if len(address) <= _LONGEST_ADDRESS else None


def _answer_or_begin(asked: AuthorizationRequest, now: datetime) -> ResponseReturnValue:
    session = signed_in_now()
    hindrance = authorizations.hindrance(asked, session)
    silent = "none" in asked.prompt.split()
    barred = issue.bars(asked.client, session.user) if session is not None and hindrance is None else None
    if session is not None and hindrance is None and barred is None:
        return answers.give_code(asked, grants.issue_code(asked, session, now=now))
    if hindrance is not None and silent:
        return answers.give_error(asked, hindrance.value, "The person has to be asked something first")
    if barred is not None and silent:
        refusal = issue.refusal_for(barred)
        return answers.give_error(asked, refusal.error, refusal.description)
    with transaction():
        asked.client = db.session.get_one(Client, asked.client_id)  # what the process keeps must not get into a session
        db.session.add(asked)
        db.session.flush()
        journey = journeys.begin(asked, browser_secret(), now=now)
    return redirect(f"/sign-in/{journey.id}", code=303)


def _answer(
    asked: AuthorizationRequest, journey: Journey, session: BrowserSession, now: datetime
) -> ResponseReturnValue:
    """What the service demands is asked anew at this moment, whatever the journey believed."""
    if session.user is None or not asked.client.is_enabled:
        return answers.start_again(asked.client)
    right_person = authorizations.is_meant_for(asked, session.user)
    if not right_person or not authorizations.is_recent_enough(asked, session):
        return _refuse(asked, issue.Refusal("login_required", issue.NOT_THIS_PERSON), now)
    if not authorizations.is_strong_enough(asked, session):
        return _refuse(asked, issue.UNMET, now)
    if not authorizations.may_return(asked, session.user):
        return _refuse(asked, issue.Refusal("access_denied", issue.NO_TRN_YET), now)
    if consents.is_due(asked, session.user):
        return redirect(f"/sign-in/{journey.id}", code=303)
    barred = issue.bars(asked.client, session.user)
    if barred is not None:
        with transaction():
            journeys.held(journey).barred = barred
        return redirect(f"/sign-in/{journey.id}", code=303)
    with transaction():
        code = grants.issue_code(asked, session, now=now) if authorizations.claim_answer(asked, now=now) else None
    return answers.give_code(asked, code) if code else answers.start_again(asked.client)


def _refuse(asked: AuthorizationRequest, refusal: issue.Refusal, now: datetime) -> ResponseReturnValue:
    with transaction():
        claimed = authorizations.claim_answer(asked, now=now)
    if not claimed:
        return answers.start_again(asked.client)
    return answers.give_error(asked, refusal.error, refusal.description)


def _of_this_browser(request_id: UUID) -> tuple[AuthorizationRequest, Journey]:
    """The request and this browser's journey for it; 404 for any other browser (attack 27)."""
    asked = authorizations.find(request_id)
    journey = authorizations.journey_of(asked, browser_secret()) if asked else None
    if asked is None or journey is None:
        abort(404)
    return asked, journey
