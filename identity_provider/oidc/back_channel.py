"""Telling a service that a session ended (OpenID Connect Back-Channel Logout 1.0); called by the worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from identity_provider.db import transaction
from identity_provider.kit.app import ports, settings
from identity_provider.models import Client
from identity_provider.oidc import claims
from identity_provider.oidc.keys import key_ring
from identity_provider.services import clients, subjects
from identity_provider.vault import new_secret

LIFETIME = timedelta(minutes=2)
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def tell_of_sign_out(client_id: str, user_id: str, session_id: str) -> None:
    """Post a fresh logout token to the service. Raises ServiceUnavailable or ServiceRefused."""
    client = clients.find(client_id)
    if client is None or not client.is_enabled or not client.backchannel_logout_uri:
        return
    with transaction():  # ended before anybody outside is called
        token = logout_token(client, user_id, session_id, now=ports().clock.now())
    ports().services.post_form(client.backchannel_logout_uri, {"logout_token": token})


def logout_token(client: Client, user_id: str, session_id: str, *, now: datetime) -> str:
    """Section 2.4: signed as the service's ID tokens are, short-lived, never with a nonce."""
    body = {
        "iss": settings().issuer,
        "aud": client.id,
        "iat": claims.seconds(now),
        "exp": claims.seconds(now + LIFETIME),
        "jti": new_secret(),
        "sub": subjects.subject_for(client, UUID(user_id), now=now),
        "sid": subjects.session_name(client.id, UUID(session_id)),
        "events": {EVENT: {}},
    }
    return key_ring().sign(body, client.id_token_signed_response_alg, typ="logout+jwt", now=now)
