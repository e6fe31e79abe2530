"""Authorization parameters that clients leave with us before they send a person (RFC 9126)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import insert, update

from identity_provider.db import db
from identity_provider.models import PushedRequest
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
