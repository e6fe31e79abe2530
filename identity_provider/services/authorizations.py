"""Authorization requests: kept while a person signs in, answered once, and what they demand of the answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, update

from identity_provider.db import db
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.authentication import PROOF_OF_POSSESSION
from identity_provider.domain.lookup import LookupStatus, VerificationLevel
from identity_provider.models import AuthorizationRequest, BrowserSession, Client, Journey, User
from identity_provider.services import consents, trn_tokens
from identity_provider.services.clients import TRN_SCOPES
from identity_provider.services.persons import Person, SignedIn
from identity_provider.vault import vault

REQUEST_LIVES = timedelta(hours=2)

BROWSER_PURPOSE = "journey_browser"

NEEDS_PASSKEY = "needs_passkey"
"""Among a request's parameters: the service takes nothing but a passkey."""


class Hindrance(StrEnum):
    """The OAuth error that `prompt=none` is answered with (OpenID Connect Core 3.1.2.6)."""

    LOGIN = "login_required"
    INTERACTION = "interaction_required"
    CONSENT = "consent_required"


def wants_fresh_proof(request: AuthorizationRequest) -> bool:
    """Whether no earlier sign-in will do: `prompt=login`, `max_age=0`."""
    return request.max_age == 0 or "login" in request.prompt.split()


def wants_choice(request: AuthorizationRequest) -> bool:
    """Whether the person is to say which account it shall be, also when one is signed in: `prompt=select_account`."""
    return "select_account" in request.prompt.split()


def needs_passkey(request: AuthorizationRequest) -> bool:
    """Whether the service demands a passkey, by `acr_values` or an essential `acr`."""
    return request.parameters.get(NEEDS_PASSKEY) is True


def session_suffices(request: AuthorizationRequest, session: BrowserSession | SignedIn) -> bool:
    """Whether the person proved who they are recently enough for this request, and as it demands."""
    return is_recent_enough(request, session) and is_strong_enough(request, session)


def is_strong_enough(request: AuthorizationRequest, session: BrowserSession | SignedIn) -> bool:
    """Whether a passkey was shown, if the service demands one."""
    return not needs_passkey(request) or PROOF_OF_POSSESSION in session.amr


def is_recent_enough(request: AuthorizationRequest, session: BrowserSession | SignedIn) -> bool:
    """Whether the person proved who they are recently enough for this request (OpenID Connect Core 3.1.2.1).

    Once a journey has begun, a proof made after the request always is; before, ask `wants_fresh_proof` first.
    `max_age` wants one that was at most so old when the request came.
    """
    signed_in_at = session.authenticated_at
    if signed_in_at is None or session.user_id is None:
        return False
    if signed_in_at >= request.created_at:
        return True
    if wants_fresh_proof(request):
        return False
    return request.max_age is None or request.created_at - signed_in_at <= timedelta(seconds=request.max_age)


def hindrance(request: AuthorizationRequest, session: BrowserSession | SignedIn | None) -> Hindrance | None:
    """What keeps us from answering at once from the session at the browser, if anything."""
    if session is None or session.user is None or wants_fresh_proof(request):
        return Hindrance.LOGIN
    if not session_suffices(request, session) or not is_meant_for(request, session.user):
        return Hindrance.LOGIN
    if wants_choice(request) or not may_return(request, session.user):
        return Hindrance.INTERACTION
    if consents.is_due(request, session.user):
        return Hindrance.CONSENT
    if "none" in request.prompt.split():
        return None
    token_waits = trn_tokens.is_to_be_used(request, session.user, now=request.created_at)
    return Hindrance.INTERACTION if token_waits or not is_settled(request, session.user) else None


def is_meant_for(request: AuthorizationRequest, user: User | Person) -> bool:
    """Whether this is the person that the request's id_token_hint or claims parameter names, if any.

    A service may still know somebody by an identity that was merged into this one.
    """
    subject = request.parameters.get("subject")
    if subject is None or subject == str(user.id):
        return True
    try:
        named = db.session.get(User, UUID(subject))
    except ValueError:
        return False
    while named is not None and named.merged_into_id is not None:
        if named.merged_into_id == user.id:
            return True
        named = db.session.get(User, named.merged_into_id)
    return False


def may_return(request: AuthorizationRequest, user: User | Person) -> bool:
    """Whether the service's demands on the TRN hold; asked anew at the moment of issue."""
    return demands_are_met(request.client, request.scopes, user)


def demands_are_met(client: Client, scopes: frozenset[str], user: User | Person) -> bool:
    """Whether this person, as they stand, may be given to this service with these scopes.

    A `Strict` service that requires a TRN is not content with one of low verification: it would not be handed it.
    """
    if not TRN_SCOPES & scopes:
        return True
    status = user.lookup_status
    too_weak = (
        status is LookupStatus.FOUND
        and client.match_policy is MatchPolicy.STRICT
        and user.verification_level is not VerificationLevel.MEDIUM
    )
    return client.trn_requirement.lets_return(LookupStatus.PENDING if too_weak else status)


def is_settled(request: AuthorizationRequest, user: User | Person) -> bool:
    """Whether nothing could be found or asked that would improve the answer.

    Somebody `Pending` or `None` is looked up again at every sign-in, and a `Strict` service's questions are asked,
    so those go through a journey.
    """
    if not TRN_SCOPES & request.scopes:
        return True
    if user.lookup_status in {LookupStatus.PENDING, LookupStatus.NONE}:
        return False
    strict = request.client.match_policy is MatchPolicy.STRICT
    return not strict or user.verification_level is not VerificationLevel.LOW


def find(request_id: UUID) -> AuthorizationRequest | None:
    """The request, in any state."""
    return db.session.get(AuthorizationRequest, request_id)


def journey_of(request: AuthorizationRequest, browser: str) -> Journey | None:
    """The journey that this browser makes for the request; None for any other browser (attack 27)."""
    return db.session.scalars(
        select(Journey).where(
            Journey.authorization_request_id == request.id,
            Journey.browser_hmac.in_(vault.keyed_hashes(BROWSER_PURPOSE, browser)),
        )
    ).first()


def claim_answer(request: AuthorizationRequest, *, now: datetime) -> bool:
    """Take the right to answer the request; False when it was answered before or is too old."""
    claimed = db.session.execute(
        update(AuthorizationRequest)
        .where(
            AuthorizationRequest.id == request.id,
            AuthorizationRequest.answered_at.is_(None),
            AuthorizationRequest.expires_at > now,
        )
        .values(answered_at=now)
        .returning(AuthorizationRequest.id)
    ).first()
    return claimed is not None
