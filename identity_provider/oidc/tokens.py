"""Making tokens: opaque ones, JWTs for the API that reads them, and ID tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from flask import Response

from identity_provider.db import transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.authentication import acr_of
from identity_provider.kit.app import ports, settings
from identity_provider.models import Client
from identity_provider.oidc import claims
from identity_provider.oidc.keys import key_ring
from identity_provider.services import clients, nino_checks, signing_keys, statements, subjects
from identity_provider.services.grants import ACCESS_TOKEN_LIVES, Granted, Issued, Presented, new_access_token
from identity_provider.services.persons import Person
from identity_provider.vault import new_secret

ID_TOKEN_LIVES = timedelta(minutes=5)
JWT_SCOPE = "dqt:read"


def jwt_access_token(client: Client, user: Person, issued: Issued, now: datetime) -> str | None:
    """A JWT (RFC 9068) when the DQT API is to read it, or for a client whose APIs ask for one; else None.

    It is known here by its HMAC as an opaque one is, so that it can be revoked.
    """
    for_dqt = JWT_SCOPE in issued.scope.split()
    if not for_dqt and client.access_token_format != "jwt":
        return None
    about = _authentication(issued.granted)
    if for_dqt and (trn := claims.trn_of(user, client.match_policy)) is not None:
        about["trn"] = trn
    return _jwt_for_apis(client, subject_of(client, user.id), issued.scope, about, now)


def service_token(client: Client, scope: str, now: datetime) -> str:
    """The token of a service that acts for itself."""
    if client.access_token_format == "jwt":
        return _jwt_for_apis(client, client.id, scope, {}, now)
    return new_access_token()


def _jwt_for_apis(client: Client, subject: str, scope: str, more: dict[str, Any], now: datetime) -> str:
    body: dict[str, Any] = {
        "iss": settings().issuer,
        "sub": subject,
        "aud": settings().issuer,
        "client_id": client.id,
        "iat": claims.seconds(now),
        "exp": claims.seconds(now + ACCESS_TOKEN_LIVES),
        "jti": new_secret(),
        "scope": scope,
    }
    return key_ring().sign(body | more, signing_keys.DEFAULT_ALGORITHM, typ="at+jwt", now=now)


def subject_of(client: Client, user_id: UUID) -> str:
    """The subject by which this client knows the person; a pairwise one is made at first need."""
    if subjects.sector_of_client(client) is None:
        return str(user_id)
    with transaction():
        return subjects.subject_for(client, user_id, now=ports().clock.now())


def told_of(shown: Presented) -> tuple[Client, dict[str, Any]] | None:
    """The service that holds a token, and what it is told of the person; None when either is not good any more."""
    granted, client = shown.granted, clients.known(shown.client_id)
    if granted is None or not granted.person.is_live or client is None or not client.is_enabled:
        return None
    return client, person_claims(client, granted.person, granted, "userinfo", shown.scope)


def userinfo_answer(client: Client, told: Mapping[str, Any], now: datetime) -> Response:
    """JSON, or a signed JWT for a service that registered an algorithm (OpenID Connect Core 5.3.2)."""
    algorithm = client.userinfo_signed_response_alg
    if algorithm is None:
        return Response(orjson.dumps(told), mimetype="application/json")
    body = {**told, "iss": settings().issuer, "aud": client.id}
    return Response(key_ring().sign(body, algorithm, now=now), mimetype="application/jwt")


def _authentication(granted: Granted) -> dict[str, Any]:
    """When and how the person proved who they are (OpenID Connect Core 2; RFC 9068 2.2.1)."""
    acr = acr_of(granted.amr).under(settings().issuer)
    return {"auth_time": claims.seconds(granted.auth_time), "acr": acr, "amr": granted.amr}


def id_token(client: Client, user: Person, granted: Granted, token: Mapping[str, Any], now: datetime) -> str:
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
            "sid": subjects.session_name(client.id, granted.session_id),
            "at_hash": claims.half_hash(token["access_token"], algorithm),
        }
    )
    if granted.nonce is not None:
        body["nonce"] = granted.nonce
    return key_ring().sign(body, algorithm, now=now)


def person_claims(
    client: Client, user: Person, granted: Granted, place: str, scope: str | None = None
) -> dict[str, Any]:
    """What this client is told about this person, in the `userinfo` answer or the `id_token`."""
    audience = claims.Audience(
        scopes=frozenset((scope or granted.scope).split()),
        allowed_scopes=frozenset(client.scopes),
        match_policy=client.match_policy,
        asked=frozenset(granted.claims_request.get(place, ())),
    )
    return claims.about(_person(client, user), audience)


def _person(client: Client, user: Person) -> claims.Person:
    nino = statements.nino_of(user) if client.match_policy is MatchPolicy.STRICT else None
    return claims.Person(
        user,
        subject_of(client, user.id),
        subjects.earlier_subjects(client, user) if user.merged_ids else (),
        nino=str(nino) if nino else None,
        nino_matches=nino is not None and nino_checks.is_on_record(user, nino),
    )
