"""Relying services: registered, found, recognised by their secrets, and switched off."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import any_, literal, select
from sqlalchemy.orm import Session, selectinload

from identity_provider.db import db
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.domain.errors import IdentityError
from identity_provider.models import Client, ClientSecret
from identity_provider.services import audit, client_keys, revocations, subjects
from identity_provider.services.changes import CLIENTS, changes
from identity_provider.services.signing_keys import ALGORITHMS
from identity_provider.vault import new_secret, vault

PERSON_SCOPES = ("openid", "profile", "email", "phone", "offline_access", "trn", "dqt:read")
SERVICE_SCOPES = ("user:read", "user:write", "trn_token:write", "identity:verify", "awards:write")
# `get-an-identity:support` is not among them: nothing at issue checks that somebody is staff, so nobody gets it.
SCOPES = PERSON_SCOPES + SERVICE_SCOPES
TRN_SCOPES = frozenset({"trn", "dqt:read"})
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
ACCESS_TOKEN_FORMATS = ("opaque", "jwt")
DEFAULT_SCOPES = ("openid", "profile", "email", "phone", "trn")

# A service changes over within this time; then the secret before the newest one is refused.
OLD_SECRET_LIVES = timedelta(days=30)

_PURPOSE = "client_secret"
_WITH_SECRET = frozenset({"client_secret_basic", "client_secret_post"})
_LONGEST_NAME = 200
_LONGEST_URI = 2_000
# RFC 1035 2.3.4, without the dot at its end.
_LONGEST_HOST = 253
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
# What HTTP Basic carries alike whether a client form-encodes it or not (RFC 6749 2.3.1): most do not, though they must.
_SECRET = re.compile(r"[A-Za-z0-9._~-]{16,500}\Z")


class ClientRefused(IdentityError):
    """The registration says something that a relying service must not have; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """What a service is registered with (domain.md, "Per-client settings")."""

    id: str
    name: str
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    initiate_login_uri: str | None = None
    backchannel_logout_uri: str | None = None
    service_url: str | None = None
    scopes: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    auth_method: str = "client_secret_basic"
    require_pkce: bool = True
    require_nonce: bool = False
    id_token_algorithm: str = "RS256"
    userinfo_algorithm: str | None = None
    request_object_algorithm: str | None = None
    assertion_algorithm: str | None = None
    access_token_format: str = "opaque"
    subject_type: str = "public"
    sector_identifier_uri: str | None = None
    # What stands at that address: read it with subjects.read_sector_document.
    sector_document: tuple[str, ...] = ()
    jwks: dict[str, Any] | None = field(default=None, repr=False)
    jwks_uri: str | None = None
    may_introspect: bool = False
    trn_requirement: TrnRequirement = TrnRequirement.OPTIONAL
    match_policy: MatchPolicy = MatchPolicy.DEFAULT
    raise_tickets: bool = True
    bare_post_logout_redirect: bool = False
    block_prohibited: bool = False
    # One of our own family: people are not asked whether it may know what it is registered for.
    first_party: bool = True


def find(client_id: str) -> Client | None:
    """The client of this id, also when it is disabled; None for anything that can not be an id."""
    return db.session.get(Client, client_id) if _CLIENT_ID.match(client_id) else None


def known(client_id: str) -> Client | None:
    """As `find`, from what this process keeps: to be read only, and never to be put into a session."""
    if not _CLIENT_ID.match(client_id):
        return None
    held: Client | None = changes().kept(CLIENTS, client_id)
    if held is not None:
        return held
    stamp = changes().stamp(CLIENTS)
    with Session(db.engine, expire_on_commit=False) as session:
        read = session.get(Client, client_id, options=[selectinload(Client.secrets)])
        session.expunge_all()
    if read is not None:
        changes().keep(CLIENTS, client_id, read, stamp)
    return read


def register(new: NewClient, *, secret: str | None, actor: audit.Actor, now: datetime) -> tuple[Client, str | None]:
    """Register a service; returns it with its secret, which is shown once. A public client has none.

    Raises ClientRefused.
    """
    if find(new.id) is not None:
        raise ClientRefused(f"id: there is a client {new.id} already")
    client = Client(id=new.id, **columns_of(new), created_at=now, updated_at=now)
    db.session.add(client)
    db.session.flush()
    audit.record("register_client", audit.Subject("client", client.id), actor=actor, now=now)
    return client, _add_secret(client, secret, now) if new.auth_method in _WITH_SECRET else None


def replace(client: Client, new: NewClient, *, now: datetime) -> str | None:
    """Put other settings in the place of a service's own; returns its secret when it had none so far and needs one.

    A service that is not recognised by a secret any more keeps none, and what it was granted with a scope that it
    loses ends now. So does what nobody was asked about, when it is not one of our own family any more.
    Raises ClientRefused, and then nothing changed.
    """
    lost, was_ours = set(client.scopes), client.first_party
    for name, value in columns_of(new).items():
        setattr(client, name, value)
    client.updated_at = now
    lost -= set(client.scopes)
    if lost:
        revocations.with_scopes(client.id, lost, now=now)
    if was_ours and not client.first_party:
        revocations.without_consent(client.id, now=now)
    if new.auth_method not in _WITH_SECRET:
        client.secrets.clear()
    return _add_secret(client, None, now) if new.auth_method in _WITH_SECRET and not client.secrets else None


def columns_of(new: NewClient) -> dict[str, Any]:
    """What a registration comes to, column by column, all but the id. Raises ClientRefused."""
    _check(new)
    return {
        "name": new.name,
        "service_url": new.service_url,
        "redirect_uris": list(new.redirect_uris),
        "post_logout_redirect_uris": list(new.post_logout_redirect_uris),
        "initiate_login_uri": new.initiate_login_uri,
        "backchannel_logout_uri": new.backchannel_logout_uri,
        "scopes": list(_scopes_of(new)),
        "grant_types": list(_grants_of(new)),
        "token_endpoint_auth_method": new.auth_method,
        "require_pkce": new.require_pkce,
        "require_nonce": new.require_nonce,
        **_protocol_settings(new),
        "may_introspect": new.may_introspect,
        "trn_requirement": new.trn_requirement,
        "match_policy": new.match_policy,
        "raise_tickets": new.raise_tickets,
        "bare_post_logout_redirect": new.bare_post_logout_redirect,
        "block_prohibited": new.block_prohibited,
        "first_party": new.first_party,
    }


def rotate_secret(client: Client, *, actor: audit.Actor, now: datetime) -> str:
    """Give a client a new secret; the newest one before it stays good for a while, so that nobody is cut off.

    Raises ClientRefused for a client that has no secret.
    """
    if client.token_endpoint_auth_method not in _WITH_SECRET:
        raise ClientRefused("auth-method: this client does not use a secret")
    for each in tuple(client.secrets):
        # The newest is the one that has no end yet, whatever a clock that went back says of when it was made.
        if each.expires_at is None:
            each.expires_at = now + OLD_SECRET_LIVES
        else:
            client.secrets.remove(each)
    audit.record("rotate_client_secret", audit.Subject("client", client.id), actor=actor, now=now)
    return _add_secret(client, None, now)


def disable(client: Client, *, actor: audit.Actor, now: datetime) -> None:
    """Switch a service off: nobody is sent to it, its secrets and all its tokens are dead, also its own."""
    client.disabled_at = client.disabled_at or now
    client.updated_at = now
    revocations.of_client(client.id, now=now)
    audit.record("disable_client", audit.Subject("client", client.id), actor=actor, now=now)


def knows_secret(client: Client | None, secret: str, *, now: datetime) -> bool:
    """Whether this is a live secret of the client.

    The work is the same for an unknown client as for a known one, and any text may be asked (attack 39).
    """
    stored = [each for each in client.secrets if each.expires_at is None or now < each.expires_at] if client else []
    hashes = [each.secret_hmac for each in stored] or [bytes(32)]
    recognised = any([vault.recognises(each, _PURPOSE, secret) for each in hashes])
    return recognised and client is not None and client.is_enabled


def owner_of_bare_address(uri: str | None) -> Client | None:
    """The one service with the setting for it that registered this address to return to after sign-out.

    domain.md: a bare registered URI is enough only for clients that have the setting.
    """
    if not uri:
        return None
    registered = literal(uri) == any_(Client.post_logout_redirect_uris)
    owners = db.session.scalars(select(Client).where(Client.bare_post_logout_redirect, registered)).all()
    return owners[0] if len(owners) == 1 else None


def is_loopback(uri: str) -> bool:
    """Whether a URI leads to the person's own machine by a loopback IP literal (RFC 8252 7.3)."""
    try:
        return ipaddress.ip_address(urlsplit(uri).hostname or "").is_loopback
    except ValueError:
        return False


def check_uri(what: str, uri: str) -> None:
    """Absolute, without fragment or user, https unless it leads to this very machine (RFC 6749 3.1.2; RFC 9700 2.1).

    Raises ClientRefused; `what` names the field.
    """
    if not uri.isascii() or not uri.isprintable() or " " in uri or "\\" in uri:
        raise ClientRefused(f"{what}: the address {uri!r} holds characters that none must hold")
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as broken:
        raise ClientRefused(f"{what}: this is not an address: {uri}") from broken
    if len(host) > _LONGEST_HOST or len(uri) > _LONGEST_URI:
        raise ClientRefused(f"{what}: the address {uri[:80]}... is too long")
    if parts.scheme not in {"https", "http"} or not host or "#" in uri or "@" in parts.netloc:
        raise ClientRefused(f"{what}: the address {uri} must be an absolute https one without a fragment")
    if parts.scheme == "http" and host != "localhost" and not is_loopback(uri):
        raise ClientRefused(f"{what}: the address {uri} must begin with https:// unless it leads to this machine")


def _add_secret(client: Client, secret: str | None, now: datetime) -> str:
    secret = secret or new_secret()
    if not _SECRET.match(secret):
        raise ClientRefused("secret: 16 or more of the characters A-Z a-z 0-9 . _ ~ - are needed")
    client.secrets.append(ClientSecret(secret_hmac=vault.keyed_hash(_PURPOSE, secret), created_at=now))
    return secret


def _scopes_of(new: NewClient) -> tuple[str, ...]:
    return new.scopes or DEFAULT_SCOPES


def _grants_of(new: NewClient) -> tuple[str, ...]:
    if new.grant_types:
        return new.grant_types
    grants = ["authorization_code"] if new.redirect_uris else []
    if "offline_access" in new.scopes:
        grants.append("refresh_token")
    if set(SERVICE_SCOPES) & set(new.scopes):
        grants.append("client_credentials")
    return tuple(grants)


def _protocol_settings(new: NewClient) -> dict[str, Any]:
    """How the service is spoken with: subjects, algorithms and keys."""
    pairwise = new.subject_type == "pairwise"
    return {
        "subject_type": new.subject_type,
        "sector_identifier": subjects.sector_of(new.redirect_uris, new.sector_identifier_uri) if pairwise else None,
        "sector_identifier_uri": new.sector_identifier_uri,
        "id_token_signed_response_alg": new.id_token_algorithm,
        "userinfo_signed_response_alg": new.userinfo_algorithm,
        "request_object_signing_alg": new.request_object_algorithm,
        "token_endpoint_auth_signing_alg": new.assertion_algorithm,
        "access_token_format": new.access_token_format,
        "jwks": new.jwks,
        "jwks_uri": new.jwks_uri,
    }


def _check(new: NewClient) -> None:
    if not _CLIENT_ID.match(new.id):
        raise ClientRefused("id: letters, digits, dot, underscore and hyphen, 100 at most")
    if not new.name.strip() or len(new.name) > _LONGEST_NAME:
        raise ClientRefused(f"name: a service needs a name that people recognise, {_LONGEST_NAME} characters at most")
    _check_words("scope", _scopes_of(new), SCOPES)
    _check_words("grant", _grants_of(new), GRANT_TYPES)
    _check_words("auth-method", (new.auth_method,), AUTH_METHODS)
    _check_authentication(new)
    _check_protocol(new)
    for uri in (*new.redirect_uris, *new.post_logout_redirect_uris):
        check_uri("redirect-uri", uri)
    for name in ("initiate_login_uri", "backchannel_logout_uri", "service_url", "jwks_uri", "sector_identifier_uri"):
        uri = getattr(new, name)
        if uri is not None:
            check_uri(name.replace("_", "-"), uri)


def _check_authentication(new: NewClient) -> None:
    grants = _grants_of(new)
    if not grants:
        raise ClientRefused("redirect-uri: one is needed to sign people in, or a scope for services")
    if "authorization_code" in grants and not new.redirect_uris:
        raise ClientRefused("redirect-uri: at least one is needed to sign people in")
    if new.auth_method == "none" and (not new.require_pkce or "client_credentials" in grants):
        raise ClientRefused("auth-method: a public client needs PKCE and can not act for itself")
    if new.auth_method == "private_key_jwt" and not (new.jwks or new.jwks_uri):
        raise ClientRefused("jwks: the client's public keys are needed for private_key_jwt")
    if new.jwks is not None and new.jwks_uri is not None:
        raise ClientRefused("jwks: the keys are registered or published, not both")
    if new.jwks is not None and (problem := client_keys.problem_with(new.jwks)):
        raise ClientRefused(f"jwks: {problem}")


def _check_protocol(new: NewClient) -> None:
    """The algorithms that we have, and a sector that is what it says (OpenID Connect Core 8.1)."""
    signing = (new.id_token_algorithm, new.userinfo_algorithm, new.request_object_algorithm, new.assertion_algorithm)
    _check_words("signing algorithm", tuple(each for each in signing if each is not None), ALGORITHMS)
    _check_words("access-token-format", (new.access_token_format,), ACCESS_TOKEN_FORMATS)
    _check_words("subject-type", (new.subject_type,), subjects.SUBJECT_TYPES)
    if new.request_object_algorithm is not None and not (new.jwks or new.jwks_uri):
        raise ClientRefused("request-object-signing-alg: signed requests need the client's public keys")
    if new.sector_identifier_uri is not None and not set(new.redirect_uris) <= set(new.sector_document):
        raise ClientRefused("sector-identifier-uri: the document there does not list every redirect URI")
    is_pairwise = new.subject_type == "pairwise"
    if is_pairwise and set(new.scopes) & {"user:read", "user:write", "identity:verify"}:
        raise ClientRefused("subject-type: the API names people by their public subject")
    if is_pairwise and subjects.sector_of(new.redirect_uris, new.sector_identifier_uri) is None:
        raise ClientRefused("subject-type: redirect URIs of one host are needed, or a sector-identifier-uri")


def _check_words(what: str, words: tuple[str, ...], known: tuple[str, ...]) -> None:
    for word in words:
        if word not in known:
            raise ClientRefused(f"{what}: the value {word} is not one of {', '.join(known)}")
