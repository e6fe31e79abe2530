"""Why a code or a refresh token was not exchanged, in words for the team of the service that sent it.

Asked after the statement that decides has refused: the words follow the decision and never make one. Nothing is said
of what belongs to another service; to the service itself its own code's age or use is no secret.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.models import Grant, RefreshToken
from identity_provider.services.grants import AUTHORIZATION_CODE, REFRESH_TOKEN, REUSE_GRACE, Redemption, challenge_of
from identity_provider.vault import vault

UNKNOWN_CODE = "The code is unknown: it was never given to this service, or more than a day ago."
USED_CODE = "The code was used before, so that everything that came of it is revoked."
OTHER_ADDRESS = "The redirect_uri is missing, or not the one of the authorization request."
NO_VERIFIER = "The code_verifier is missing: the authorization request had a code_challenge."
NO_CHALLENGE = "A code_verifier was sent, but the authorization request had no code_challenge."
OTHER_VERIFIER = "The code_verifier does not fit the code_challenge of the authorization request."
OLD_CODE = "The code is older than a minute."
UNKNOWN_TOKEN = "The refresh token is unknown: it was never given to this service, or is long over."
USED_TOKEN = "The refresh token was exchanged before, so that all of its family are revoked."
OLD_TOKEN = "The refresh token has expired."
OLD_GRANT = "What was granted has come to its end, 90 days after the sign-in: begin a new one."
REVOKED = "What was granted is revoked: the person signed out or closed the account, or the grant was ended."


def of_code(sent: Redemption, *, now: datetime) -> str:
    """Why this code was not redeemed (RFC 6749 5.2, RFC 7636 4.6)."""
    grant = db.session.scalar(
        select(Grant).where(
            Grant.code_hmac.in_(vault.keyed_hashes(AUTHORIZATION_CODE, sent.code)), Grant.client_id == sent.client_id
        )
    )
    if grant is None:
        return UNKNOWN_CODE
    if grant.redeemed_at is not None:
        return USED_CODE
    if grant.redirect_uri != sent.redirect_uri:
        return OTHER_ADDRESS
    if grant.code_challenge != challenge_of(sent.verifier):
        return _misfit(grant.code_challenge, sent.verifier)
    return OLD_CODE if grant.code_expires_at <= now else REVOKED


def of_refresh_token(token: str, client_id: str, *, now: datetime) -> str:
    """Why this refresh token was not exchanged (RFC 6749 5.2, 6)."""
    found = db.session.execute(
        select(RefreshToken, Grant.expires_at)
        .join(Grant, Grant.id == RefreshToken.grant_id)
        .where(RefreshToken.token_hmac.in_(vault.keyed_hashes(REFRESH_TOKEN, token)), Grant.client_id == client_id)
    ).first()
    if found is None:
        return UNKNOWN_TOKEN
    presented, granted_until = found
    if presented.rotated_at is not None and presented.rotated_at <= now - REUSE_GRACE:
        return USED_TOKEN
    if presented.expires_at <= now:
        return OLD_TOKEN
    return OLD_GRANT if granted_until <= now else REVOKED


def _misfit(challenge: str | None, verifier: str | None) -> str:
    if verifier is None:
        return NO_VERIFIER
    return NO_CHALLENGE if challenge is None else OTHER_VERIFIER
