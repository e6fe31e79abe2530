"""What a person reads when a journey cannot go on as they expected; never a dead end."""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue

from identity_provider.domain.errors import RateLimited
from identity_provider.kit.app import settings
from identity_provider.services import third_party_login
from identity_provider.services.journeys import AccountLocked, JourneyOutOfReach
from identity_provider.web.sign_in.steps import bp


@bp.errorhandler(JourneyOutOfReach)
def out_of_reach(error: JourneyOutOfReach) -> ResponseReturnValue:
    """Another browser's, an unknown or an expired journey: where to start again, if we know."""
    client = error.client
    html = render_template(
        "sign_in/out_of_reach.html",
        expired=error.expired,
        client=client,
        service_name=client.name if client else None,
        start_again=third_party_login.start_of(client, settings().issuer) if client else None,
    )
    return html, 410 if error.expired else 400


@bp.errorhandler(AccountLocked)
def locked(_: AccountLocked) -> ResponseReturnValue:
    """The helpdesk has locked the account: whom to ask."""
    journey = g.get("journey")
    service = journey.client.name if journey else None
    return render_template("sign_in/locked.html", service_name=service, support=settings().support_email), 403


@bp.errorhandler(RateLimited)
def too_often(error: RateLimited) -> ResponseReturnValue:
    """Too many codes, tries or answers: when to come back, in words and for software."""
    journey = g.get("journey")
    seconds = max(1, int(error.retry_after.total_seconds()))
    html = render_template(
        "sign_in/too_often.html",
        journey=journey,
        minutes=-(-seconds // 60),
        hours=-(-seconds // 3600),
        service_name=journey.client.name if journey else None,
    )
    return html, 429, {"Retry-After": str(seconds)}
