"""TRN tokens: a service vouches for whose record an address is (domain.md, "TRN token").

A token opens nothing by itself: without the code that goes to its address it does nothing at all. Nor does one for a
TRN that was put on the list of leaked numbers since it was made.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.features import Feature
from identity_provider.domain.values import Trn
from identity_provider.models import AuthorizationRequest, TrnToken, User
from identity_provider.services import audit, features, leaked_trns
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.clients import TRN_SCOPES
from identity_provider.services.persons import Person
from identity_provider.vault import new_secret, vault

LIFETIME = timedelta(days=30)
PREFIX = "gtt_"
_PURPOSE = "trn_token"


def make(trn: Trn, email: str, *, actor: Actor, now: datetime, reason: str = "") -> tuple[TrnToken, str]:
    """Make a token for an address (in lower case) and a TRN; returns the row, and the token, which is shown once."""
    token = PREFIX + new_secret()
    row = TrnToken(
        token_hmac=vault.keyed_hash(_PURPOSE, token),
        email=email,
        trn=trn.digits,
        made_by=f"{actor.type}:{actor.id}",
        created_at=now,
        expires_at=now + LIFETIME,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "trn_token_made",
        Subject("trn_token", row.id),
        actor=actor,
        now=now,
        reason=reason,
        change=({}, {"trn": trn.digits, "email": email}),
    )
    return row, token


def revoke(row: TrnToken, *, reason: str, actor: Actor, now: datetime) -> None:
    """End a token that nobody has used. Raises IllegalMove for one that is used or over, or without a reason."""
    held = db.session.get_one(TrnToken, row.id, with_for_update=True, populate_existing=True)
    if not held.is_good(now) or not reason.strip():
        raise IllegalMove("only a token that is still good is revoked, and with a reason")
    held.revoked_at, held.revoked_by = now, f"{actor.type}:{actor.id}"
    audit.record("trn_token_revoked", Subject("trn_token", held.id), actor=actor, now=now, reason=reason)


def of_request(request: AuthorizationRequest, *, now: datetime, hold: bool = False) -> TrnToken | None:
    """The token that came with an authorization request, if it is still good and the service asked for a TRN.

    Anything else that stands in the parameter is as good as nothing: the sign-in goes on without it. `hold` keeps
    whoever brings the same token in another browser waiting until the transaction ends.
    """
    sent = request.parameters.get("trn_token")
    if not sent or not TRN_SCOPES & request.scopes or not features.is_on(Feature.TRN_TOKENS, request.client_id):
        return None
    hashes = vault.keyed_hashes(_PURPOSE, str(sent))
    found = select(TrnToken).where(TrnToken.token_hmac.in_(hashes))
    if hold:
        found = found.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalar(found)
    return row if row is not None and row.is_good(now) and not is_of_leaked(row) else None


def is_of_leaked(row: TrnToken) -> bool:
    """Whether its TRN is on the list of leaked numbers, other than by the will of who made it.

    Staff who make one for a number that is on the list are warned, and make sure in another way whose it is.
    """
    listed_at = leaked_trns.listed_at(row.trn)
    return listed_at is not None and (listed_at > row.created_at or not row.made_by.startswith("staff:"))


def is_to_be_used(request: AuthorizationRequest, user: User | Person, *, now: datetime) -> bool:
    """Whether a session at the browser is no reason to answer at once: the token may still change something.

    It may when it is for the person's own address and they have no other TRN, and when it is for an address that
    is to be proved first.
    """
    token = of_request(request, now=now)
    if token is None:
        return False
    return token.email != user.email or user.trn in (None, token.trn)


def means_somebody_else(request: AuthorizationRequest, user: User, *, now: datetime) -> bool:
    """Whether the token is for another address than the one that is signed in: it has to be proved first."""
    token = of_request(request, now=now)
    return token is not None and token.email != user.email
