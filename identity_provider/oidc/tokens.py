"""Making tokens: opaque ones, JWTs for the API that reads them, and ID tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Response, jsonify

from identity_provider.domain.access import MatchPolicy
from identity_provider.kit.app import ports, settings
from identity_provider.models import Client, User
from identity_provider.oidc import claims
from identity_provider.oidc.keys import key_ring
from identity_provider.services import nino_checks, signing_keys, statements, subjects
from identity_provider.services.grants import ACCESS_TOKEN_LIVES, Granted, new_access_token
from identity_provider.vault import new_secret

ID_TOKEN_LIVES = timedelta(minutes=5)
JWT_SCOPE = "dqt:read"


def acr() -> str:
    """The authentication context class of every sign-in here: a one-time code to a proved address."""
    return f"{settings().issuer}/acr/one-time-code"


def access_token(client: Client, user: User | None, scope: str, now: datetime, granted: Granted | None = None) -> str:
    """Opaque; a JWT (RFC 9068) when the DQT API is to read it, or for a client whose APIs ask for one.

    Either is known here by its HMAC, so that it can be revoked.
    """
    for_dqt = user is not None and JWT_SCOPE in scope.split()
    if not for_dqt and client.access_token_format != "jwt":
        return new_access_token()
    body: dict[str, Any] = {
        "iss": settings().issuer,
        "sub": subjects.subject_for(client, user.id, now=now) if user else client.id,
        "aud": settings().issuer,
        "client_id": client.id,
        "iat": claims.seconds(now),
        "exp": claims.seconds(now + ACCESS_TOKEN_LIVES),
        "jti": new_secret(),
        "scope": scope,
    }
    if granted is not None:
        body |= _authentication(granted)
    if user is not None and for_dqt and (trn := claims.trn_of(user, client.match_policy)) is not None:
        body["trn"] = trn
    return key_ring().sign(body, signing_keys.DEFAULT_ALGORITHM, typ="at+jwt", now=now)


def userinfo_answer(client: Client, told: Mapping[str, Any], now: datetime) -> Response:
    """JSON, or a signed JWT for a service that registered an algorithm (OpenID Connect Core 5.3.2)."""
    algorithm = client.userinfo_signed_response_alg
    if algorithm is None:
        return jsonify(told)
    body = {**told, "iss": settings().issuer, "aud": client.id}
    return Response(key_ring().sign(body, algorithm, now=now), mimetype="application/jwt")


def _authentication(granted: Granted) -> dict[str, Any]:
    """When and how the person proved who they are (OpenID Connect Core 2; RFC 9068 2.2.1)."""
    return {"auth_time": claims.seconds(granted.auth_time), "acr": acr(), "amr": granted.amr}


def id_token(client: Client, user: User, granted: Granted, token: Mapping[str, Any], now: datetime) -> str:
    """OpenID Connect Core 2 and 3.1.3.6; `aud` is a string, which some services compare as one."""
    algorithm = client.id_token_signed_response_alg
    asked = granted.claims_request.get("id_token")
    about = person_claims(client, user, granted, "id_token", token["scope"])
    if asked:
        about = claims.only(about, asked)
    body = (
        about
        | _authentication(granted)
        | {
            "iss": settings().issuer,
            "aud": client.id,
            "iat": claims.seconds(now),
            "exp": claims.seconds(now + ID_TOKEN_LIVES),
            "sid": str(granted.session_id),
            "at_hash": claims.half_hash(token["access_token"], algorithm),
        }
    )
    if granted.nonce is not None:
        body["nonce"] = granted.nonce
    return key_ring().sign(body, algorithm, now=now)


def person_claims(client: Client, user: User, granted: Granted, place: str, scope: str | None = None) -> dict[str, Any]:
    """What this client is told about this person, in the `userinfo` answer or the `id_token`."""
    audience = claims.Audience(
        scopes=frozenset((scope or granted.scope).split()),
        allowed_scopes=frozenset(client.scopes),
        match_policy=client.match_policy,
        asked=frozenset(granted.claims_request.get(place, ())),
    )
    return claims.about(_person(client, user), audience)


def _person(client: Client, user: User) -> claims.Person:
    subject = subjects.subject_for(client, user.id, now=ports().clock.now())
    nino = statements.nino_of(user) if client.match_policy is MatchPolicy.STRICT else None
    return claims.Person(
        user,
        subject,
        subjects.earlier_subjects(client, user),
        nino=str(nino) if nino else None,
        nino_matches=nino is not None and nino_checks.is_on_record(user, nino),
    )
