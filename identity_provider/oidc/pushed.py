"""Pushed authorization requests (RFC 9126): the parameters come from the client itself, authenticated."""

from __future__ import annotations

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_exempt
from identity_provider.kit.session import browser_secret
from identity_provider.models import Journey
from identity_provider.oidc import client_authentication, published_keys, request_objects
from identity_provider.oidc.blueprint import bp
from identity_provider.oidc.checks import AFTER_REDIRECT, BEFORE_REDIRECT
from identity_provider.oidc.sent import SentRequest
from identity_provider.oidc.server import provider
from identity_provider.services import pushed_requests

_OF_AUTHENTICATION = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


class InvalidRequestUri(OAuth2Error):  # type: ignore[misc]  # Authlib carries no types
    """The reference is unknown, used, too old, or another client's (RFC 9101 section 6.2)."""

    error = "invalid_request_uri"


@bp.post("/connect/par")
@open_to(Audience.CLIENT)
@csrf_exempt("called by software, which proves itself by its own credentials and has no cookie")
def push() -> ResponseReturnValue:
    """Check a request as the authorization endpoint would, keep it, and answer with a reference."""
    now = ports().clock.now()
    provider().refuse_malformed()
    published_keys.fetch_for_assertion(request)
    published_keys.fetch_for_request_object(request.form.get("request"))
    with transaction():
        try:
            client = client_authentication.authenticate(request)
            sent = SentRequest.read(request, now)
            _check(sent, client.id)
        except OAuth2Error as refusal:
            refused: Response = provider().handle_error_response(None, refusal)
            return refused
        kept = {name: value for name, value in sent.parameters.items() if name not in _OF_AUTHENTICATION}
        reference = pushed_requests.keep(client.id, kept, now=now)
    return jsonify(request_uri=reference, expires_in=int(pushed_requests.LIFETIME.total_seconds())), 201


def restore(sent: SentRequest) -> SentRequest:
    """The pushed request that was referred to; what stands beside the reference is ignored (RFC 9126 4).

    Raises InvalidRequestUri. Any other request_uri is left to its check.
    """
    reference = sent.get("request_uri")
    if reference is None or not reference.startswith(pushed_requests.PREFIX):
        return sent
    with transaction():
        kept = pushed_requests.use(reference, sent.get("client_id") or "", now=sent.now)
    if kept is None:
        raise InvalidRequestUri("This request was used already or is too old.")
    mark = pushed_requests.mark_of(reference)
    return SentRequest(kept, frozenset(), sent.now, was_pushed=True, pushed_mark=mark)


def begun(sent: SentRequest) -> Journey | None:
    """The journey that this browser is on already with the pushed request: the login page was loaded again."""
    reference = sent.get("request_uri") or ""
    if not reference.startswith(pushed_requests.PREFIX):
        return None
    return pushed_requests.journey_from(reference, sent.get("client_id") or "", browser_secret(), now=sent.now)


def _check(sent: SentRequest, client_id: str) -> None:
    if sent.get("request_uri") is not None:
        raise InvalidRequestError("A pushed request must not refer to another.")
    sent.parameters = {"client_id": client_id, **sent.parameters}
    if sent.parameters["client_id"] != client_id:
        raise InvalidRequestError("The client_id is another one than that of the credentials.")
    request_objects.open_in(sent)
    for check in (*BEFORE_REDIRECT, *AFTER_REDIRECT):
        check(sent)
