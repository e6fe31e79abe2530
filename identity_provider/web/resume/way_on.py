"""Where a person goes once they have confirmed that it is them (domain.md, "Resume")."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from sqlalchemy import select

from identity_provider.db import db
from identity_provider.kit.app import settings
from identity_provider.kit.headers import allow_form_to_lead_to
from identity_provider.kit.session import browser_secret
from identity_provider.models import AuthorizationRequest, Client, Journey, User
from identity_provider.services import journey_standing, journeys, sign_in_codes, third_party_login
from identity_provider.vault import vault


def living_journey(user: User, client: Client | None, *, now: datetime) -> Journey | None:
    """The journey that this browser left unfinished at the service, if its request can still be answered.

    Also one that was finished a moment ago, and never answered: the first click on the same code did that.
    """
    if client is None:
        return None
    return db.session.scalar(
        select(Journey)
        .join(AuthorizationRequest, Journey.authorization_request_id == AuthorizationRequest.id)
        .where(
            Journey.browser_hmac.in_(vault.keyed_hashes(journeys.BROWSER_PURPOSE, browser_secret())),
            Journey.user_id == user.id,
            Journey.completed_at.is_(None) | (Journey.completed_at > now - sign_in_codes.LIFETIME),
            Journey.expires_at > now,
            AuthorizationRequest.client_id == client.id,
            AuthorizationRequest.answered_at.is_(None),
            AuthorizationRequest.expires_at > now,
        )
        .order_by(Journey.created_at.desc())
        .limit(1)
    )


def go_on(journey: Journey, *, now: datetime) -> str:
    """Finish the journey and return the address that answers the service.

    A service that does not take the person as they stand (it demands a TRN, and there is none) is not answered
    yet: the journey's own page says what can be done.
    """
    if not journey_standing.lets_return(journey):
        return f"/sign-in/{journey.id}"
    journeys.finish(journey, now=now)
    return f"/connect/authorize/{journey.authorization_request_id}/answer"


def begin_anew(user: User, client: Client | None) -> str | None:
    """The address at which the service asks us anew, to be answered from our session; None when it has none.

    Third-party initiated login (OpenID Connect Core 1.0, section 4). The hint is an address of a person, so it
    travels only where nobody can read along.
    """
    return third_party_login.address(client, settings().issuer, login_hint=user.email) if client else None


def start_of(client: Client | None) -> str | None:
    """Where the person can begin again by themselves."""
    return third_party_login.start_of(client, settings().issuer) if client else None


def let_forms_lead_on(client: Client | None) -> None:
    """Chromium holds every redirect after a form to the page's form-action: list where this one may end."""
    if client is None:
        return
    for uri in (client.initiate_login_uri, client.service_url, *client.redirect_uris):
        if uri:
            allow_form_to_lead_to(uri)


def arrived_at() -> str:
    """The page for whoever is signed in and has no service to be sent to."""
    return url_for("resume.signed_in")
