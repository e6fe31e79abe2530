"""Authorization parameters that clients leave with us before they send a person (RFC 9126)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update

from identity_provider.db import db
from identity_provider.models import AuthorizationRequest, Journey, PushedRequest
from identity_provider.services.authorizations import BROWSER_PURPOSE
from identity_provider.vault import new_secret, vault

LIFETIME = timedelta(seconds=90)
PREFIX = "urn:ietf:params:oauth:request_uri:"

_PURPOSE = "pushed_request"


def keep(client_id: str, parameters: Mapping[str, str], *, now: datetime) -> str:
    """Keep the parameters, and return the request_uri that stands for them."""
    reference = PREFIX + new_secret()
    db.session.execute(
        insert(PushedRequest).values(
            reference_hmac=vault.keyed_hash(_PURPOSE, reference),
            client_id=client_id,
            parameters=dict(parameters),
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return reference


def mark_of(reference: str) -> str:
    """What an authorization request that was made from this reference is known by; it does not tell the reference."""
    return vault.keyed_hash(_PURPOSE, reference).hex()


def journey_from(reference: str, client_id: str, browser: str, *, now: datetime) -> Journey | None:
    """The journey that this browser began with the reference, while it is not answered: a reload leads back to it."""
    marks = [each.hex() for each in vault.keyed_hashes(_PURPOSE, reference)]
    return db.session.scalars(
        select(Journey)
        .join(AuthorizationRequest, AuthorizationRequest.id == Journey.authorization_request_id)
        .where(
            Journey.browser_hmac.in_(vault.keyed_hashes(BROWSER_PURPOSE, browser)),
            AuthorizationRequest.client_id == client_id,
            func.jsonb_extract_path_text(AuthorizationRequest.parameters, "pushed").in_(marks),
            AuthorizationRequest.answered_at.is_(None),
            AuthorizationRequest.expires_at > now,
        )
    ).first()


def use(reference: str, client_id: str, *, now: datetime) -> dict[str, str] | None:
    """The parameters, once; None when they are another client's, too old or were used."""
    return db.session.execute(
        update(PushedRequest)
        .where(
            PushedRequest.reference_hmac.in_(vault.keyed_hashes(_PURPOSE, reference)),
            PushedRequest.client_id == client_id,
            PushedRequest.expires_at > now,
            PushedRequest.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(PushedRequest.parameters)
    ).scalar_one_or_none()
