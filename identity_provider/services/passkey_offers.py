"""When a person on their way to a service is asked for a passkey: a service demands one, or one is offered, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from identity_provider.domain.authentication import PROOF_OF_POSSESSION
from identity_provider.domain.features import Feature
from identity_provider.models import AuthorizationRequest, BrowserSession, Journey, User
from identity_provider.services import authorizations, browser_sessions, features, passkeys

ASKED_AGAIN_AFTER = timedelta(days=180)
"""Who said "not now" is left alone for so long."""


def may_enter(request: AuthorizationRequest, session: BrowserSession, *, now: datetime) -> bool:
    """Whether a journey may begin with this session.

    Where a passkey is demanded and was not shown, one is perhaps to be added: that takes a recent sign-in.
    """
    return authorizations.is_strong_enough(request, session) or browser_sessions.is_recent(session, now=now)


def is_demanded(journey: Journey) -> bool:
    """Whether the service takes nothing but a passkey, and none was shown."""
    return authorizations.needs_passkey(journey.authorization_request) and journey.passkey_proved_at is None


def is_due(journey: Journey) -> bool:
    """Whether the page about passkeys waits."""
    return journey.user is not None and (is_demanded(journey) or _is_offered(journey, journey.user))


def decline(journey: Journey, *, now: datetime) -> None:
    """The person wants none now. What a service demands cannot be declined: they go back to it without."""
    journey.passkey_possible = False
    if journey.user is not None:
        journey.user.passkey_declined_at = now


def added(journey: Journey) -> None:
    """The person has one now: there is nothing left to offer."""
    journey.passkey_possible = False


def was_shown(amr: list[str]) -> bool:
    """Whether somebody signed in with a passkey."""
    return PROOF_OF_POSSESSION in amr


def _is_offered(journey: Journey, user: User) -> bool:
    if not journey.passkey_possible or journey.passkey_proved_at is not None:
        return False
    if not features.is_on(Feature.PASSKEYS, journey.client):
        return False
    declined = user.passkey_declined_at
    if declined is not None and journey.created_at - declined < ASKED_AGAIN_AFTER:
        return False
    return not passkeys.has_any(user)
