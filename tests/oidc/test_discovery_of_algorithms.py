"""What the provider's description says of algorithms, methods and subjects is what it takes, no more and no less."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from identity_provider.adapters.memory import ManualClock
from identity_provider.oidc.client_authentication import ASSERTION_TYPE
from identity_provider.services.clients import ClientRefused
from tests.kit.provider import CALLBACK, a_relying_party
from tests.kit.signing import part

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
KEYS: dict[str, Key | None] = {
    "none": None,
    "HS256": OctKey.import_key(b"a-secret-that-both-might-know-of-us-two"),
    "RS256": RSA,
    "RS512": RSA,
    "PS256": RSA,
    "PS384": RSA,
    "ES256": ECKey.generate_key("P-256", {"kid": "p256"}),
    "ES384": ECKey.generate_key("P-384", {"kid": "p384"}),
    "ES256K": ECKey.generate_key("secp256k1", {"kid": "k1"}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}
PUBLIC = {
    "keys": [
        dict(key.as_dict(private=False))
        for key in {id(each): each for each in KEYS.values() if each is not None}.values()
        if not isinstance(key, OctKey)
    ]
}


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    said: dict[str, Any] = app.test_client().get("/.well-known/openid-configuration").get_json()
    return said


def sign(said: dict[str, Any], algorithm: str) -> str:
    """By any algorithm, also those that we would never use."""
    key = KEYS[algorithm]
    if key is None:
        return f"{part({'alg': 'none'})}.{part(said)}."
    header = {"alg": algorithm} | ({"kid": key.kid} if key.kid else {})
    return jws.serialize_compact(header, json.dumps(said), key, algorithms=[algorithm])


@pytest.mark.parametrize("algorithm", KEYS)
def test_request_objects(app: Flask, document: dict[str, Any], clock: ManualClock, algorithm: str) -> None:
    service = a_relying_party(app, jwks=PUBLIC)
    now = int(clock.now().timestamp())
    said = {"iss": service.client_id, "aud": "http://localhost", "exp": now + 60, "response_type": "code"}
    said |= {"redirect_uri": CALLBACK, "scope": "openid", "code_challenge": "x" * 43, "code_challenge_method": "S256"}
    beside = {"client_id": service.client_id, "redirect_uri": CALLBACK, "request": sign(said, algorithm)}
    answer = app.test_client().get(f"/connect/authorize?{urlencode(beside)}")
    taken = answer.location.startswith("/sign-in/")
    assert taken is (algorithm in document["request_object_signing_alg_values_supported"])
    assert document["request_parameter_supported"] is True


@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.parametrize("endpoint", ["token", "revocation", "introspection"])
def test_client_assertions(
    app: Flask, document: dict[str, Any], clock: ManualClock, algorithm: str, endpoint: str
) -> None:
    service = a_relying_party(app, redirect_uris=(), scopes=("user:read",), auth_method="private_key_jwt", jwks=PUBLIC)
    me, now = service.client_id, int(clock.now().timestamp())
    said = {"iss": me, "sub": me, "aud": "http://localhost", "exp": now + 60, "jti": "x"}
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": sign(said, algorithm)}
    form |= {"grant_type": "client_credentials"} if endpoint == "token" else {"token": "x"}
    reply = service.http.call("POST", f"/connect/{endpoint}", form)
    listed = document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
    assert (reply.status == 200) is (algorithm in listed), reply.text


@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.parametrize(
    ("setting", "listed"),
    [
        ("id_token_algorithm", "id_token_signing_alg_values_supported"),
        ("userinfo_algorithm", "userinfo_signing_alg_values_supported"),
        ("request_object_algorithm", "request_object_signing_alg_values_supported"),
        ("assertion_algorithm", "token_endpoint_auth_signing_alg_values_supported"),
    ],
)
def test_what_may_be_registered(
    app: Flask, document: dict[str, Any], algorithm: str, setting: str, listed: str
) -> None:
    try:
        a_relying_party(app, jwks=PUBLIC, **{setting: algorithm})
        taken = True
    except ClientRefused:
        taken = False
    assert taken is (algorithm in document[listed])


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "client_secret_jwt", "none"])
@pytest.mark.parametrize("endpoint", ["token", "revocation", "introspection"])
def test_methods_of_authentication(app: Flask, document: dict[str, Any], method: str, endpoint: str) -> None:
    listed = document[f"{endpoint}_endpoint_auth_methods_supported"]
    try:
        service = a_relying_party(app, auth_method=method)
    except ClientRefused:
        assert method not in listed
        return
    form = {"grant_type": "authorization_code", "code": "x"} if endpoint == "token" else {"token": "x"}
    reply = service.authenticated(f"/connect/{endpoint}", form)
    recognised = reply.status == 200 or reply.json["error"] == "invalid_grant"
    assert recognised is (method in listed), reply.text


@pytest.mark.parametrize("kind", ["public", "pairwise", "ephemeral"])
def test_subject_types(app: Flask, document: dict[str, Any], kind: str) -> None:
    try:
        a_relying_party(app, subject_type=kind)
        taken = True
    except ClientRefused:
        taken = False
    assert taken is (kind in document["subject_types_supported"])


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_code_challenge_methods(app: Flask, document: dict[str, Any], method: str) -> None:
    service = a_relying_party(app)
    answer = app.test_client().get(service.ask(code_challenge_method=method).path)
    assert answer.location.startswith("/sign-in/") is (method in document["code_challenge_methods_supported"])


@pytest.mark.parametrize("prompt", ["none", "login", "consent", "select_account", "create"])
def test_prompts(app: Flask, document: dict[str, Any], prompt: str) -> None:
    """What is not listed is ignored: the request goes on as if nothing had been asked."""
    service = a_relying_party(app)
    answer = app.test_client().get(service.ask(prompt=prompt).path)
    assert answer.location.startswith("/sign-in/") is (prompt != "none")
    assert (prompt == "create") is (prompt not in document["prompt_values_supported"])
