"""The public keys of services: which may be registered, where they are kept, and how often they are fetched."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.models import Client, FetchedKeys
from identity_provider.ports import ServiceRefused

# Not fetched more often, whoever asks for a key that we do not know (attack 56).
SELDOM = timedelta(minutes=1)
# Whoever went for a key set is back by then, with or without it.
FETCHED_WITHIN = timedelta(seconds=10)
# Fetched anew before it is used, when it is older.
FRESH_FOR = timedelta(minutes=10)
# Not believed any more when it could not be fetched for so long: a key that was withdrawn must die.
LONGEST_BELIEVED = timedelta(hours=1)

_MOST_KEYS = 20
_SMALLEST_RSA_BYTES = 256
# What signs by each algorithm (RFC 7518 3.1, RFC 9864).
_KINDS = {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "Ed25519": ("OKP", "Ed25519")}


def problem_with(jwks: object) -> str | None:
    """What forbids this key set to be registered: it must hold public keys, and nothing but."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not 0 < len(keys) <= _MOST_KEYS:
        return f"this is not a JSON Web Key Set of 1 to {_MOST_KEYS} keys"
    if any(_is_weak(each) for each in keys):
        return "an RSA key needs 2048 bits"
    if not all(_is_usable(each) for each in keys):
        return "public RSA, EC or OKP keys only"
    return None


def fitting(keys: Iterable[object], algorithm: str, kid: str | None) -> list[dict[str, Any]]:
    """The keys that may verify this algorithm, and bear this id when one is named.

    Never a secret, a key for encryption or one of another algorithm (RFC 8725 3.1).
    """
    kind, curve = _KINDS[algorithm]
    return [
        each
        for each in keys
        if isinstance(each, dict)
        and each.get("kty") == kind
        and (curve is None or each.get("crv") == curve)
        and each.get("alg", algorithm) == algorithm
        and each.get("use", "sig") == "sig"
        and (kid is None or each.get("kid") == kid)
    ]


def known(client: Client, *, now: datetime) -> list[dict[str, Any]]:
    """The client's keys as far as we have them; see `may_fetch` for those that it publishes somewhere."""
    if client.jwks_uri is None:
        return list((client.jwks or {}).get("keys", []))
    found = db.session.execute(
        select(FetchedKeys.keys).where(
            FetchedKeys.uri == client.jwks_uri, FetchedKeys.fetched_at > now - LONGEST_BELIEVED
        )
    ).scalar_one_or_none()
    return found or []


def may_fetch(uri: str, kid: str | None, *, now: datetime) -> bool:
    """Whether the caller is to fetch the key set now: it is stale, or lacks the key; at most once a minute.

    One UPDATE claims the right, so that of any number of workers one fetches.
    """
    row = db.session.execute(select(FetchedKeys.keys, FetchedKeys.fetched_at).where(FetchedKeys.uri == uri)).first()
    is_fresh = row is not None and row.fetched_at is not None and row.fetched_at > now - FRESH_FOR
    if row is not None and is_fresh and (kid is None or any(each.get("kid") == kid for each in row.keys)):
        return False
    claimed = db.session.execute(
        insert(FetchedKeys)
        .values(uri=uri, keys=[], tried_at=now)
        .on_conflict_do_update(
            index_elements=[FetchedKeys.uri],
            set_={"tried_at": now},
            # A clock that was ahead once must not keep us from fetching for ever.
            where=or_(FetchedKeys.tried_at <= now - SELDOM, FetchedKeys.tried_at > now + SELDOM),
        )
        .returning(FetchedKeys.uri)
    ).first()
    return claimed is not None


def are_awaited(client: Client, *, now: datetime) -> bool:
    """Whether nothing is known of the client's keys but that somebody went for them a moment ago."""
    if client.jwks_uri is None or known(client, now=now):
        return False
    tried_at = db.session.scalar(select(FetchedKeys.tried_at).where(FetchedKeys.uri == client.jwks_uri))
    return tried_at is not None and abs(now - tried_at) < FETCHED_WITHIN


def keep(uri: str, document: object, *, now: datetime) -> None:
    """Believe a key set that was fetched, as far as it holds public keys that are strong enough.

    Raises ServiceRefused for what is no key set, and then what was believed before still is.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise ServiceRefused("the document is no JSON Web Key Set")
    usable = [each for each in keys[:_MOST_KEYS] if _is_usable(each)]
    db.session.execute(update(FetchedKeys).where(FetchedKeys.uri == uri).values(keys=usable, fetched_at=now))


def _is_usable(jwk: object) -> bool:
    if not isinstance(jwk, dict) or jwk.get("kty") not in ("RSA", "EC", "OKP") or _is_weak(jwk):
        return False
    try:
        key = JWKRegistry.import_key(jwk)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return False
    return not key.is_private


def _is_weak(jwk: object) -> bool:
    """Whether an RSA modulus is shorter than 2048 bits (RFC 7518 3.3)."""
    return (
        isinstance(jwk, dict) and jwk.get("kty") == "RSA" and len(str(jwk.get("n", ""))) * 3 // 4 < _SMALLEST_RSA_BYTES
    )
