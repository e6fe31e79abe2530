"""How software proves which relying service it is: one method a request, and the registered one only.

Replaces Authlib's, which accepts two methods at once, fails on bytes that are not ASCII and tells an unknown client
from a wrong secret (design page oidc.md, 1, 11 and 13).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

import structlog
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from flask import Request

from config.logging import SECURITY
from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.models import Client
from identity_provider.oidc import client_assertion
from identity_provider.oidc.client_jwt import JwtRefused
from identity_provider.services import clients, measures, rate_limits

log = structlog.get_logger(SECURITY)

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request presents: a method, the client it names, and the proof."""

    method: str
    client_id: str
    proof: str = field(default="", repr=False)


def authenticate(request: Request) -> Client:
    """The client that sent this request.

    Raises InvalidClientError, in the same words and after the same work whatever was wrong; InvalidRequestError
    when two methods are used at once (RFC 6749 2.3); RateLimited after too many failures.
    """
    sent = _read(request)
    client = _proved(sent)
    if client is not None:
        count_accepted(client)
        return client
    log.warning("client_authentication_failed", client_id=sent.client_id[:100], method=sent.method)
    measures.refused(f"client:{sent.method}")
    with transaction():
        _count_failure(request.remote_addr or "", sent.client_id)
    raise _refused(basic=sent.method == "client_secret_basic")


def plainly_proved(authorization: str) -> Client | None:
    """The client of a good Basic header alone; None for anything else, of which nothing is counted or said here."""
    try:
        return _proved(_read_basic(authorization, None))
    except InvalidClientError:
        return None


def named_in(request: Request) -> str | None:
    """The client that a request says it is of, whether or not it proves that."""
    try:
        return _read(request).client_id or None
    except OAuth2Error:
        return None


def count_accepted(client: Client) -> None:
    """Count one client that proved itself, by its method."""
    measures.accepted(f"client:{client.token_endpoint_auth_method}")


def _proved(sent: Credentials) -> Client | None:
    client = clients.known(sent.client_id)
    if _proves(sent, client) and client is not None and client.token_endpoint_auth_method == sent.method:
        return client
    return None


def _count_failure(ip: str, client_id: str) -> None:
    """Raises RateLimited. Nobody is asked this who proves themselves: a stranger cannot shut a service out."""
    now = ports().clock.now()
    rate_limits.count(rate_limits.CLIENT_FAILURES, f"{ip} {client_id}", now=now)
    rate_limits.count(rate_limits.CLIENT_FAILURES_PER_IP, ip, now=now)


def _proves(sent: Credentials, client: Client | None) -> bool:
    match sent.method:
        case "none":
            return client is not None and client.is_public and client.is_enabled
        case "private_key_jwt":
            return client is not None and client.is_enabled and _asserts(sent.proof, client)
        case _:
            return clients.knows_secret(client, sent.proof, now=ports().clock.now())


def _asserts(assertion: str, client: Client) -> bool:
    if client.token_endpoint_auth_method != "private_key_jwt":
        return False
    try:
        with transaction():
            client_assertion.check(assertion, client, now=ports().clock.now())
    except JwtRefused as refusal:
        log.warning("client_assertion_refused", client_id=client.id, reason=str(refusal))
        return False
    return True


def _read(request: Request) -> Credentials:
    header = request.headers.get("Authorization", "")
    form = request.form
    if "client_secret" in request.args or "client_assertion" in request.args:
        raise InvalidRequestError("Credentials must not stand in the address.")
    used = [bool(header), "client_secret" in form, "client_assertion" in form]
    if sum(used) > 1:
        raise InvalidRequestError("Use one method of client authentication at a time.")
    if header:
        return _read_basic(header, form.get("client_id"))
    if "client_secret" in form:
        return Credentials("client_secret_post", form.get("client_id", ""), form["client_secret"])
    if "client_assertion" in form:
        return _read_assertion(form["client_assertion"], form.get("client_assertion_type"), form.get("client_id"))
    return Credentials("none", form.get("client_id", ""))


def _read_basic(header: str, named: str | None) -> Credentials:
    """RFC 7617, with id and secret form-encoded as RFC 6749 2.3.1 wants; ours read the same when they are not."""
    scheme, _, text = header.partition(" ")
    try:
        decoded = base64.b64decode(text.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        decoded = ""
    client_id, colon, secret = decoded.partition(":")
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if not colon or (named is not None and named != client_id):
        raise _refused(basic=True)
    return Credentials("client_secret_basic", client_id, secret)


def _read_assertion(assertion: str, kind: str | None, named: str | None) -> Credentials:
    client_id = client_assertion.named_client(assertion)
    if kind != ASSERTION_TYPE or (named is not None and named != client_id):
        raise _refused(basic=False)
    return Credentials("private_key_jwt", client_id, assertion)


def _refused(*, basic: bool) -> InvalidClientError:
    return InvalidClientError("Client authentication failed.", status_code=401 if basic else 400)
