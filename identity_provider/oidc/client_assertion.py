"""private_key_jwt: a client proves itself by a JWT that it signed (RFC 7523 section 3; OpenID Connect Core 9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.kit.app import settings
from identity_provider.models import Client, UsedAssertion
from identity_provider.oidc.checks import well_formed
from identity_provider.oidc.client_jwt import SKEW, Expected, JwtRefused, begins_too_late, moment, read, unverified
from identity_provider.vault import vault

LONGEST_LIFE = timedelta(minutes=5)

_TYPES = frozenset({"jwt", "client-authentication+jwt"})
_LONGEST_JTI = 255


def named_client(assertion: str) -> str:
    """The client that an assertion names, before anything of it is believed; empty when it can not be read."""
    try:
        return str(unverified(assertion).get("sub", ""))
    except JwtRefused:
        return ""


def check(assertion: str, client: Client, *, now: datetime) -> None:
    """Believe the assertion of this client, once. Raises JwtRefused.

    Its use is written down in the caller's transaction, so a replay is refused by every worker (RFC 7523 3, 7).
    """
    said = read(assertion, client, Expected(_TYPES, client.token_endpoint_auth_signing_alg), now=now)
    expires = _check_claims(said, client, now)
    _use_once(client, said["jti"], expires)


def _check_claims(said: dict[str, Any], client: Client, now: datetime) -> datetime:
    # A request object has no subject, so that it can not be shown here as an assertion (attack 43).
    if said.get("iss") != client.id or said.get("sub") != client.id:
        raise JwtRefused("issuer or subject")
    # One string: an assertion for many audiences could be shown to us by another of them (FAPI 2.0 5.3.2.1).
    if said.get("aud") not in (settings().issuer, f"{settings().issuer}/connect/token"):
        raise JwtRefused("audience")
    jti = said.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI or not well_formed.is_text(jti):
        raise JwtRefused("jti")
    expires = moment(said.get("exp"))
    if expires is None or not now - SKEW < expires <= now + LONGEST_LIFE + SKEW:
        raise JwtRefused("exp")
    if late := begins_too_late(said, now=now):
        raise JwtRefused(late)
    return expires


def _use_once(client: Client, jti: str, expires: datetime) -> None:
    key = vault.keyed_hash("client_assertion", f"{client.id}\0{jti}")
    added = db.session.execute(
        insert(UsedAssertion)
        .values(key=key, expires_at=expires + SKEW)
        .on_conflict_do_nothing()
        .returning(UsedAssertion.key)
    ).first()
    if added is None:
        raise JwtRefused("replayed")
