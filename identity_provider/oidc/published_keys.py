"""Keys that a service publishes (`jwks_uri`), fetched before its signature is judged and outside any transaction."""

from __future__ import annotations

import structlog
from flask import Request

from config.logging import SECURITY
from identity_provider.db import transaction
from identity_provider.domain.errors import IdentityError
from identity_provider.kit.app import ports
from identity_provider.models import Client
from identity_provider.oidc import client_assertion, client_jwt
from identity_provider.ports import ServiceRefused, ServiceUnavailable
from identity_provider.services import client_keys, clients

log = structlog.get_logger(SECURITY)


class KeysAwaited(IdentityError):
    """The client's keys are being fetched; whether it signed this cannot be said before they are there."""


def fetch_for_assertion(request: Request) -> None:
    """See that the keys of the client which signed this request's assertion are at hand.

    A secret or a public client costs nothing here. Whoever names a client in a forged assertion can make us fetch
    its keys once a minute and no more (attack 56).

    Raises KeysAwaited while another request is fetching them and there are none yet: no failure of the client's.
    """
    assertion = request.form.get("client_assertion")
    if assertion:
        _fetch_or_wait(clients.find(client_assertion.named_client(assertion)), assertion)


def fetch_for_request_object(token: str | None) -> None:
    """The same for a signed request (RFC 9101), as it comes with a browser or is pushed. Raises KeysAwaited."""
    if token:
        try:
            named = str(client_jwt.unverified(token).get("iss"))
        except client_jwt.JwtRefused:
            return
        _fetch_or_wait(clients.find(named), token)


def _fetch_or_wait(client: Client | None, token: str) -> None:
    if fetch_for(client, token) or client is None or not client.is_enabled:
        return
    if client_keys.are_awaited(client, now=ports().clock.now()):
        raise KeysAwaited


def fetch_for(client: Client | None, token: str) -> bool:
    """See that the key that is said to have signed `token` is at hand, if its client publishes it.

    Returns whether it was this call that went for it.

    A failure to fetch is no error here: the signature will be refused for want of a key.
    """
    if client is None or client.jwks_uri is None or not client.is_enabled:
        return False
    now = ports().clock.now()
    with transaction():
        due = client_keys.may_fetch(client.jwks_uri, client_jwt.key_named_in(token), now=now)
    if not due:
        return False
    try:
        document = ports().services.fetch_json(client.jwks_uri)
        with transaction():
            client_keys.keep(client.jwks_uri, document, now=now)
    except (ServiceRefused, ServiceUnavailable) as failure:
        log.warning("client_keys_not_fetched", client_id=client.id, reason=str(failure))
    return True
