"""Services that register themselves (RFC 7591), and read, change and remove what they registered (RFC 7592)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.models import Client, InitialAccessToken
from identity_provider.ports import ServiceCaller, ServiceRefused, ServiceUnavailable
from identity_provider.services import audit, client_changes, clients, registration_tokens, subjects
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.clients import ClientRefused, NewClient
from identity_provider.services.registration_metadata import MetadataRefused, Said
from identity_provider.vault import new_secret, vault

PREFIX = "grg_"

_PURPOSE = "registration_access_token"
_ALLOWED = client_changes.ALLOWED_SCOPES
# What must not be in a request that changes a registration (RFC 7592 2.2).
_OURS_TO_SAY = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


class TokenRefused(Exception):
    """The token that was shown is none, or not good (any more); the caller is not told which."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration, with the secrets that are shown this once."""

    client: Client
    token: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


def read_sector(members: dict[str, Any], services: ServiceCaller) -> tuple[str, ...]:
    """What stands at the registration's `sector_identifier_uri`, which is read outside any transaction.

    Raises MetadataRefused. Nothing else that a service names is fetched here, its logo never.
    """
    uri = Said(members).text("sector_identifier_uri")
    if uri is None:
        return ()
    try:
        return subjects.read_sector_document(uri, services)
    except (ServiceRefused, ServiceUnavailable) as refusal:
        raise MetadataRefused(f"sector_identifier_uri: {refusal}") from refusal


def register(
    members: dict[str, Any], sector: tuple[str, ...], initial: InitialAccessToken, *, now: datetime
) -> Registered:
    """Register a service that others run. Raises MetadataRefused and TokenRefused; then the token is not used up."""
    usual = NewClient(
        id=f"dyn-{uuid4().hex}",
        name="",
        require_pkce=initial.require_pkce,
        raise_tickets=False,
        first_party=False,
    )
    wanted = _read(members, usual, tuple(initial.scopes), sector)
    if not registration_tokens.use(initial, now=now):
        raise TokenRefused
    actor = Actor("initial_access_token", str(initial.id), initial.label)
    try:
        client, secret = clients.register(wanted, secret=None, actor=actor, now=now)
    except ClientRefused as refusal:
        raise MetadataRefused(str(refusal)) from refusal
    token = PREFIX + new_secret()
    client.registration = Said(members).remarks() | {_ALLOWED: list(initial.scopes)}
    client.registration_token_hmac = vault.keyed_hash(_PURPOSE, token)
    return Registered(client, token, secret)


def find(client_id: str, token: str) -> Client:
    """The service whose registration this token is for. Raises TokenRefused, after the same work for any reason."""
    client = clients.find(client_id)
    kept = client.registration_token_hmac if client is not None and client.is_enabled else None
    if not vault.recognises(kept or bytes(32), _PURPOSE, token) or client is None or kept is None:
        raise TokenRefused
    return client


def belongs_to_another(client_id: str, token: str) -> bool:
    """Whether this is the token of another registration: good, but not here (RFC 7592 section 2)."""
    hashes = vault.keyed_hashes(_PURPOSE, token)
    owner = db.session.scalar(
        select(Client.id).where(Client.registration_token_hmac.in_(hashes), Client.disabled_at.is_(None))
    )
    return owner is not None and owner != client_id


def change(client: Client, members: dict[str, Any], sector: tuple[str, ...], *, now: datetime) -> str | None:
    """Put another registration in the place of this one, as a whole; returns a secret when it now needs its first.

    What a service cannot say of itself stays as the operator set it, and a scope that was taken away stays away.
    Raises MetadataRefused.
    """
    if any(name in members for name in _OURS_TO_SAY) or members.get("client_id") != client.id:
        raise MetadataRefused("client_id must be there, and what only we can say must not", "invalid_request")
    stated = members.get("client_secret")
    if stated is not None and not (isinstance(stated, str) and clients.knows_secret(client, stated, now=now)):
        raise MetadataRefused("client_secret is not the secret of this client")
    left = client_changes.settings_of(client)
    allowed = tuple(client.registration.get(_ALLOWED, registration_tokens.USUAL_SCOPES))
    wanted = _read(members, left, allowed, sector)
    before = shown(client) | client_changes.facts(client)
    try:
        secret = clients.replace(client, wanted, now=now)
    except ClientRefused as refusal:
        raise MetadataRefused(str(refusal)) from refusal
    client.registration = Said(members).remarks() | {_ALLOWED: list(allowed)}
    audit.record(
        "change_client",
        Subject("client", client.id),
        actor=Actor.of(client),
        now=now,
        change=(before, shown(client) | client_changes.facts(client)),
    )
    return secret


def remove(client: Client, *, now: datetime) -> None:
    """The service wants to be known no more: it is switched off, and its token is dead."""
    clients.disable(client, actor=Actor.of(client), now=now)
    client.registration_token_hmac = None


def shown(client: Client) -> dict[str, Any]:
    """The metadata as they are registered, each with what stands for it here (RFC 7591 3.2.1)."""
    said = {name: value for name, value in client.registration.items() if name != _ALLOWED}
    signs_people_in = "authorization_code" in client.grant_types
    known = said | {
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "grant_types": list(client.grant_types),
        "response_types": ["code"] if signs_people_in else [],
        "scope": " ".join(client.scopes),
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "token_endpoint_auth_signing_alg": client.token_endpoint_auth_signing_alg,
        "subject_type": client.subject_type,
        "sector_identifier_uri": client.sector_identifier_uri,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "userinfo_signed_response_alg": client.userinfo_signed_response_alg,
        "request_object_signing_alg": client.request_object_signing_alg,
        "jwks": client.jwks,
        "jwks_uri": client.jwks_uri,
        "initiate_login_uri": client.initiate_login_uri,
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "backchannel_logout_session_required": bool(client.backchannel_logout_uri),
        "require_auth_time": True,
    }
    return {name: value for name, value in known.items() if value is not None and value != ""}


def _read(members: dict[str, Any], kept: NewClient, allowed: tuple[str, ...], sector: tuple[str, ...]) -> NewClient:
    """What the service says of itself, in the place of what it said before; everything else is the operator's."""
    said = Said(members)
    scopes = said.scopes_of(allowed)
    method = said.text("token_endpoint_auth_method") or "client_secret_basic"
    return replace(
        kept,
        name=said.name,
        redirect_uris=said.redirect_uris,
        post_logout_redirect_uris=said.post_logout_redirect_uris,
        initiate_login_uri=said.text("initiate_login_uri"),
        backchannel_logout_uri=said.text("backchannel_logout_uri"),
        service_url=said.text("client_uri"),
        scopes=scopes,
        grant_types=_grants_of(said.grant_types, scopes),
        auth_method=method,
        require_pkce=kept.require_pkce or method == "none",
        id_token_algorithm=said.text("id_token_signed_response_alg") or "RS256",
        userinfo_algorithm=said.text("userinfo_signed_response_alg"),
        request_object_algorithm=said.text("request_object_signing_alg"),
        assertion_algorithm=said.text("token_endpoint_auth_signing_alg"),
        subject_type=said.text("subject_type") or "public",
        sector_identifier_uri=said.text("sector_identifier_uri"),
        sector_document=sector,
        jwks=said.keys,
        jwks_uri=said.text("jwks_uri"),
    )


def _grants_of(asked: tuple[str, ...], scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Without the scope for it no refresh token is ever given out, and without scopes for services no such token."""
    useless = set() if "offline_access" in scopes else {"refresh_token"}
    if not set(scopes) & set(clients.SERVICE_SCOPES):
        useless.add("client_credentials")
    kept = tuple(grant for grant in asked if grant not in useless)
    if not kept:
        raise MetadataRefused("grant_types: none of these is allowed with the scopes that are allowed")
    return kept
