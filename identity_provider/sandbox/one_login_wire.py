"""GOV.UK One Login's side of the wire: discovery, token and userinfo endpoints as its documentation has them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from identity_provider.sandbox.faults import Faults
from identity_provider.sandbox.one_login_people import OneLoginPerson
from identity_provider.sandbox.one_login_tokens import CORE_IDENTITY, ID_TOKEN, MISBEHAVIOURS, Tokens

CLAIM = "https://vocab.account.gov.uk/v1/coreIdentityJWT"
RETURN_CODE = "https://vocab.account.gov.uk/v1/returnCode"
AUTHORIZE_ERRORS = ("access_denied", "temporarily_unavailable", "server_error")
MODES = (*MISBEHAVIOURS, *AUTHORIZE_ERRORS, "userinfo:sub", "invalid_grant", "down", "slow", "garbage")
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["PS256", "RS256", "ES256"]


@dataclass(frozen=True)
class OneLoginClient:
    """Us, as One Login knows us."""

    client_id: str
    public_key: str = field(repr=False)  # PEM
    redirect_uris: tuple[str, ...]
    back_channel_logout_uri: str = ""


@dataclass
class Visits:
    """What is going on: requests that wait for somebody to say who they are, codes, access tokens, and who is in."""

    waiting: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, tuple[dict[str, str], OneLoginPerson]] = field(default_factory=dict)
    bearers: dict[str, tuple[dict[str, str], OneLoginPerson]] = field(default_factory=dict)
    signed_in: dict[str, OneLoginPerson] = field(default_factory=dict)
    assertions: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock, repr=False)


class TokenError(Exception):
    """An answer of the token endpoint other than tokens."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description

    def as_response(self) -> ResponseReturnValue:
        """In the shape of RFC 6749, section 5.2."""
        return jsonify(error=self.error, error_description=self.description), self.status


def wire(tokens: Tokens, client: OneLoginClient, visits: Visits, faults: Faults) -> Blueprint:
    """What software asks of it."""
    api = Blueprint("wire", __name__)
    base = tokens.issuer.rstrip("/")
    api.register_error_handler(TokenError, TokenError.as_response)

    @api.before_request
    def misbehave() -> ResponseReturnValue | None:
        return _misbehave(faults)

    @api.get("/.well-known/openid-configuration")
    def discovery() -> ResponseReturnValue:
        return _cacheable(_metadata(tokens, base))

    @api.get("/.well-known/jwks.json")
    def keys() -> ResponseReturnValue:
        return _cacheable(tokens.signers.published())

    @api.get("/.well-known/did.json")
    def did() -> ResponseReturnValue:
        return _cacheable(tokens.signers.did_document(tokens.did))

    @api.post("/token")
    def token() -> ResponseReturnValue:
        _check_assertion(client, visits, f"{base}/token", tokens)
        asked, person = _redeemed(visits, client, faults)
        bearer, sid = secrets.token_urlsafe(32), secrets.token_urlsafe(20)
        visits.bearers[bearer], visits.signed_in[sid] = (asked, person), person
        id_token = tokens.id_token(person, asked["nonce"], _half_hash(bearer), sid, _wrong_in(ID_TOKEN, faults))
        return jsonify({"access_token": bearer, "token_type": "Bearer", "expires_in": 180, "id_token": id_token})

    @api.get("/userinfo")
    def userinfo() -> ResponseReturnValue:
        return _userinfo(tokens, visits, faults)

    return api


def _misbehave(faults: Faults) -> ResponseReturnValue | None:
    """One Login wants to know who calls; and may be told to be slow, broken, or no One Login at all."""
    if not request.headers.get("User-Agent"):
        abort(403)
    faults.wait_if_slow()
    if faults.is_("down"):
        abort(503)
    return Response("<!doctype html><title>Sorry</title>") if faults.is_("garbage") else None


def _wrong_in(token: str, faults: Faults) -> str:
    """What is to be wrong in this token, if anything."""
    return faults.mode.removeprefix(f"{token}:") if faults.mode.startswith(f"{token}:") else ""


def _userinfo(tokens: Tokens, visits: Visits, faults: Faults) -> ResponseReturnValue:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if bearer not in visits.bearers:
        return Response(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    asked, person = visits.bearers[bearer]
    subject = "urn:fdc:gov.uk:2022:somebody-else" if faults.is_("userinfo:sub") else person.subject
    said: dict[str, Any] = {"sub": subject, "email": person.email, "email_verified": person.email_verified}
    claims = json.loads(asked.get("claims", "{}")).get("userinfo", {})
    if "P2" in asked["vtr"] and CLAIM in claims:
        said |= _identity(tokens, person, faults)
    return jsonify(said)


def _identity(tokens: Tokens, person: OneLoginPerson, faults: Faults) -> dict[str, Any]:
    if not person.proved or faults.is_(f"{CORE_IDENTITY}:missing"):
        return {RETURN_CODE: [{"code": person.return_code}]}
    return {CLAIM: tokens.core_identity(person, _wrong_in(CORE_IDENTITY, faults))}


def _redeemed(visits: Visits, client: OneLoginClient, faults: Faults) -> tuple[dict[str, str], OneLoginPerson]:
    form = request.form
    with visits.lock:
        found = visits.codes.pop(form.get("code", ""), None)
    if found is None or faults.is_("invalid_grant") or form.get("grant_type") != "authorization_code":
        raise TokenError(400, "invalid_grant", "Invalid grant")
    asked, person = found
    if form.get("redirect_uri") != asked["redirect_uri"] or asked["redirect_uri"] not in client.redirect_uris:
        raise TokenError(400, "invalid_grant", "Invalid redirect_uri")
    verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if base64.urlsafe_b64encode(verifier).decode().rstrip("=") != asked.get("code_challenge"):
        raise TokenError(400, "invalid_grant", "PKCE verification failed")
    return asked, person


def _check_assertion(client: OneLoginClient, visits: Visits, audience: str, tokens: Tokens) -> None:
    """Who calls? `private_key_jwt`, each assertion once."""
    refused = TokenError(401, "invalid_client", "Client authentication failed")
    if request.form.get("client_assertion_type") != _ASSERTION:
        raise refused
    try:
        claims = jwt.decode(request.form.get("client_assertion", ""), _key(client), algorithms=_ALGORITHMS).claims
    except (JoseError, ValueError) as broken:
        raise refused from broken
    ours = claims.get("iss") == claims.get("sub") == client.client_id
    if not ours or claims.get("aud") not in (audience, tokens.issuer) or not claims.get("jti"):
        raise refused
    with visits.lock:
        if claims["jti"] in visits.assertions:
            raise refused
        visits.assertions.add(claims["jti"])


def _key(client: OneLoginClient) -> RSAKey | ECKey:
    is_rsa = isinstance(load_pem_public_key(client.public_key.encode()), RSAPublicKey)
    return RSAKey.import_key(client.public_key) if is_rsa else ECKey.import_key(client.public_key)


def _metadata(tokens: Tokens, base: str) -> dict[str, Any]:
    return {
        "issuer": tokens.issuer,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/userinfo",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "end_session_endpoint": f"{base}/logout",
        "trustmarks": tokens.trustmark,
        "scopes_supported": ["openid", "email", "phone"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": _ALGORITHMS,
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "ui_locales_supported": ["en", "cy"],
        "subject_types_supported": ["pairwise"],
        "claims_supported": ["sub", "email", "email_verified", CLAIM, RETURN_CODE],
        "request_uri_parameter_supported": False,
        "backchannel_logout_supported": True,
    }


def _cacheable(document: dict[str, Any]) -> Response:
    response = jsonify(document)
    response.headers["Cache-Control"] = "max-age=3600, private"
    return response


def _half_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode().rstrip("=")
