"""The trip to GOV.UK One Login and back, whoever makes it: leaving, coming back, and every way to come back empty."""

from __future__ import annotations

from enum import StrEnum

import structlog
from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from config.logging import SECURITY
from identity_provider.db import transaction
from identity_provider.domain.features import Feature
from identity_provider.kit.app import ports, settings
from identity_provider.kit.languages import current_language
from identity_provider.kit.requests import visitor
from identity_provider.kit.session import browser_secret
from identity_provider.models import Journey, OneLoginAttempt, OneLoginPurpose, User
from identity_provider.ports import BrokerRefused, BrokerUnavailable, IdentityBroker
from identity_provider.services import features, measures, one_login
from identity_provider.services.one_login import NothingProved
from identity_provider.services.one_login_checks import TokenRefused
from identity_provider.services.one_login_told import Told

log = structlog.get_logger(SECURITY)

bp = Blueprint("one_login", __name__, template_folder="templates")

CALLBACK = "/one-login/callback"
_LONGEST = 2_000
_THEIR_TROUBLE = frozenset({"temporarily_unavailable", "server_error"})
_WITHDRAWN = frozenset({"access_denied", "login_required", "interaction_required", "consent_required"})


class Reason(StrEnum):
    """Why somebody comes back from One Login with nothing; each has words of its own on the page."""

    DECLINED = "declined"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    NOT_PROVED = "not_proved"
    ANOTHER_ACCOUNT = "another_account"
    NOT_CONNECTED = "not_connected"
    LOCKED = "locked"
    OVER = "over"


_STATUS = {Reason.UNAVAILABLE: 503, Reason.LOCKED: 403, Reason.ANOTHER_ACCOUNT: 409}


class Stopped(Exception):
    """Nothing came of a trip, and nothing was connected; the page says why and leads back to where it began."""

    def __init__(self, reason: Reason, attempt: OneLoginAttempt | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.attempt = attempt


@bp.before_request
def only_where_it_is_used() -> None:
    """Without settings for One Login there is nothing here."""
    if ports().broker is None:
        abort(404)


def broker() -> IdentityBroker:
    """GOV.UK One Login; 404 where it is not used."""
    return ports().broker or abort(404)


def callback_uri() -> str:
    """Where One Login sends people back to, as it is registered there."""
    return f"{settings().issuer}{CALLBACK}"


def set_out(
    purpose: OneLoginPurpose, *, journey: Journey | None = None, user: User | None = None
) -> ResponseReturnValue:
    """Begin a trip, and show the page that leads there at once. Raises RateLimited.

    A page and no redirect: Chromium holds every redirect after a form to the page's form-action, and over which of
    its addresses One Login will lead is not for us to know.
    """
    now = ports().clock.now()
    if not features.is_on(Feature.ONE_LOGIN, journey.client if journey is not None else None):
        raise Stopped(Reason.UNAVAILABLE)
    purpose = purpose if broker().terms.identity_did else OneLoginPurpose.SIGN_IN
    with transaction():
        one_login.count_trip(visitor(), now=now)
    with transaction():
        leaving = one_login.depart(purpose, browser_secret(), journey=journey, user=user, now=now)
    try:
        address = one_login.address_to_go_to(leaving, broker(), callback_uri(), current_language())
    except (BrokerUnavailable, BrokerRefused) as trouble:
        log.warning("one_login_unavailable", reason=str(trouble))
        measures.refused("one_login")
        attempt = one_login.of_browser(leaving.state, browser_secret())
        raise Stopped(Reason.UNAVAILABLE, attempt) from trouble
    name = journey.client.name if journey is not None else None
    return render_template("one_login/leave.html", address=address, service_name=name)


def come_back() -> tuple[OneLoginAttempt, Told]:
    """Whoever comes back, and what One Login tells of them. Raises Stopped.

    The trip is used up first and for good: what is shown twice, or in another browser, leads nowhere (RFC 9700 4.7).
    """
    state, now = request.args.get("state", "")[:_LONGEST], ports().clock.now()
    try:
        with transaction():
            attempt = one_login.come_back(state, browser_secret(), now=now)
    except one_login.NotThisTrip as nothing:
        raise Stopped(Reason.OVER, one_login.of_browser(state, browser_secret())) from nothing
    try:
        return attempt, _told(attempt)
    except NothingProved as nothing:
        log.warning("one_login_proved_nothing", codes=list(nothing.codes))
        raise Stopped(Reason.NOT_PROVED, attempt) from nothing
    except BrokerUnavailable as silence:
        log.warning("one_login_unavailable", reason=str(silence))
        raise Stopped(Reason.UNAVAILABLE, attempt) from silence
    except (TokenRefused, BrokerRefused) as refusal:
        log.warning("one_login_refused", reason=str(refusal))
        raise Stopped(Reason.REFUSED, attempt) from refusal


@bp.errorhandler(Stopped)
def stopped(nothing: Stopped) -> ResponseReturnValue:
    """Why nothing came of it, and the way back to where the trip began."""
    measures.refused("one_login")
    attempt = nothing.attempt
    journey = attempt.journey if attempt is not None else None
    html = render_template(
        "one_login/stopped.html",
        reason=nothing.reason.value,
        journey=journey,
        retry_url=_again(attempt) if nothing.reason is not Reason.LOCKED else None,
        way_back=_way_back(attempt),
        service_name=journey.client.name if journey is not None else None,
        purpose=attempt.purpose if attempt is not None else OneLoginPurpose.SIGN_IN.value,
    )
    return html, _STATUS.get(nothing.reason, 400)


def _told(attempt: OneLoginAttempt) -> Told:
    asked = request.args
    if asked.get("iss", broker().terms.issuer) != broker().terms.issuer:
        # RFC 9207: the answer is another provider's, shown to us in One Login's name.
        raise TokenRefused("callback", "iss")
    error = asked.get("error", "")
    if error in _THEIR_TROUBLE:
        raise BrokerUnavailable(error)
    if error in _WITHDRAWN:
        log.info("one_login_declined", error=error)
        raise Stopped(Reason.DECLINED, attempt)
    code = asked.get("code", "")
    if error or not code or len(code) > _LONGEST:
        raise TokenRefused("callback", "error" if error else "code")
    return one_login.hear(attempt, code, broker(), callback_uri(), now=ports().clock.now())


def _again(attempt: OneLoginAttempt | None) -> str | None:
    """The form that begins another trip for the same errand."""
    if attempt is None:
        return None
    if attempt.journey_id is not None:
        return url_for("one_login.start", journey_id=attempt.journey_id)
    return url_for("one_login.connect" if attempt.user_id is not None else "one_login.sign_in")


def _way_back(attempt: OneLoginAttempt | None) -> str:
    """Where to go on without One Login."""
    if attempt is not None and attempt.journey_id is not None:
        return f"/sign-in/{attempt.journey_id}"
    return url_for("one_login.connections") if attempt is not None and attempt.user_id else "/account/sign-in"
