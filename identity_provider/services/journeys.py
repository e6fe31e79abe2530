"""One sign-in, from a checked authorization request until the person goes back to the service."""

from __future__ import annotations

from datetime import datetime, timedelta

from identity_provider.db import db
from identity_provider.models import AuthorizationRequest, Journey
from identity_provider.vault import vault

LIFETIME = timedelta(hours=2)
BROWSER_PURPOSE = "journey_browser"


def begin(request: AuthorizationRequest, browser: str, now: datetime) -> Journey:
    """The journey that answers this authorization request, bound to the browser."""
    journey = Journey(
        browser_hmac=vault.keyed_hash(BROWSER_PURPOSE, browser),
        authorization_request_id=request.id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    db.session.add(journey)
    db.session.flush()
    return journey
