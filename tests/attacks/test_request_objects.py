"""Attacks by signed requests (design page oidc.md, cases 11, 12, 43 and 58): RFC 9101, RFC 8725."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from joserfc.jws import JWSRegistry
from werkzeug.test import TestResponse

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db
from identity_provider.models import AuthorizationRequest
from identity_provider.oidc.client_authentication import ASSERTION_TYPE
from identity_provider.oidc.client_jwt import SKEW
from tests.builders import a_user
from tests.kit.provider import CALLBACK, a_browser_of, a_relying_party
from tests.kit.relying_party import Asked, RelyingParty
from tests.kit.signing import EC, ED, FOREIGN, PUBLIC, RSA, RSA_FOR_ANYTHING, part, signed

Claims = dict[str, Any]


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, jwks=PUBLIC)


@pytest.fixture
def asked(service: RelyingParty) -> Asked:
    return service.ask()


@pytest.fixture
def said(service: RelyingParty, asked: Asked, clock: ManualClock) -> Claims:
    """What a good request object says: the request itself, and whom it is from and for."""
    now = int(clock.now().timestamp())
    inside: Claims = dict(parse_qsl(urlsplit(asked.path).query))
    return inside | {"iss": service.client_id, "aud": "http://localhost", "exp": now + 60, "nbf": now, "iat": now}


def send(app: Flask, service: RelyingParty, token: str, **beside: str) -> TestResponse:
    query = {"client_id": service.client_id, "request": token} | beside
    return app.test_client().get(f"/connect/authorize?{urlencode(query)}")


def accepted(answer: TestResponse) -> bool:
    return answer.status_code == 303 and answer.location.startswith("/sign-in/")


def error_in(service: RelyingParty, answer: TestResponse) -> str:
    assert answer.status_code == 303, answer.text
    sent_back = service.answer_in(answer.location)
    assert sent_back["iss"] == "http://localhost"
    return sent_back["error"]


def stored() -> AuthorizationRequest:
    return db.session.query(AuthorizationRequest).one()


@pytest.mark.parametrize("sign", [(EC, "ES256"), (RSA, "PS256"), (ED, "Ed25519")])
@pytest.mark.parametrize("typ", ["oauth-authz-req+jwt", "JWT"])
def test_a_signed_request_signs_a_person_in(
    app: Flask, service: RelyingParty, asked: Asked, said: Claims, sign: tuple[Any, str], typ: str
) -> None:
    token = signed(said, *sign, typ=typ)
    browser = a_browser_of(app, a_user(trn="1234567"))
    answer = browser.get(f"/connect/authorize?{urlencode({'client_id': service.client_id, 'request': token})}")
    assert service.finish(answer.location, asked).userinfo["trn"] == "1234567"


def test_numbers_and_the_claims_parameter_stand_as_json(app: Flask, service: RelyingParty, said: Claims) -> None:
    """RFC 9101 4: numbers as numbers, objects as objects."""
    wanted = {"userinfo": {"email": {"essential": True}}}
    assert accepted(send(app, service, signed(said | {"max_age": 600, "claims": wanted, "aud": ["http://localhost"]})))
    assert stored().max_age == 600
    assert stored().parameters["claims"] == {"userinfo": ["email"]}


def test_11_what_stands_beside_the_object_is_ignored(app: Flask, service: RelyingParty, said: Claims) -> None:
    """Case 11: RFC 9101 6.3; also parameters that the object does not hold at all."""
    beside = {
        "redirect_uri": "https://evil.example/",
        "state": "theirs",
        "nonce": "theirs",
        "scope": "openid offline_access",
        "prompt": "none",
        "code_challenge": "x" * 43,
        "login_hint": "victim@example.com",
        "response_mode": "form_post",
    }
    assert accepted(send(app, service, signed(said), **beside))
    kept = stored()
    assert (kept.redirect_uri, kept.state, kept.nonce) == (CALLBACK, said["state"], said["nonce"])
    assert (kept.scope, kept.prompt, kept.code_challenge) == (said["scope"], "", said["code_challenge"])
    assert (kept.login_hint, kept.response_mode) == (None, "query")


def test_11_the_signature_survives_the_way_around_for_the_cookies(
    app: Flask, service: RelyingParty, said: Claims
) -> None:
    """A form posted from elsewhere comes again as a GET: with the object, not with what was in it."""
    answer = app.test_client().post(
        "/connect/authorize",
        data={"client_id": service.client_id, "request": signed(said)},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 303
    assert parse_qsl(urlsplit(answer.location).query) == [
        ("client_id", service.client_id),
        ("request", signed_in(answer)),
    ]


def signed_in(answer: TestResponse) -> str:
    return dict(parse_qsl(urlsplit(answer.location).query))["request"]


CHANGES: list[Callable[[Claims], Claims]] = [
    lambda said: said | {"iss": "somebody"},
    lambda said: {name: each for name, each in said.items() if name != "iss"},
    lambda said: said | {"aud": "https://other.example"},
    lambda said: said | {"aud": ["https://other.example"]},
    lambda said: said | {"aud": {"http://localhost": 1}},
    lambda said: {name: each for name, each in said.items() if name != "aud"},
    lambda said: said | {"exp": said["iat"] - int(SKEW.total_seconds())},
    lambda said: said | {"exp": "soon"},
    lambda said: said | {"exp": None},
    lambda said: said | {"nbf": said["iat"] + 61},
    lambda said: said | {"iat": said["iat"] + 61},
    lambda said: said | {"client_id": "somebody"},
    lambda said: said | {"request": "a.b.c"},
    lambda said: said | {"request_uri": "https://npq.example.org/request"},
    lambda said: said | {"state": ["a", "b"]},
    lambda said: said | {"state": True},
    lambda said: said | {"scope": {"openid": True}},
    lambda said: said | {"login_hint": None},
]


@pytest.mark.parametrize("change", CHANGES)
def test_11_an_object_that_says_what_it_must_not(
    app: Flask, service: RelyingParty, said: Claims, change: Callable[[Claims], Claims]
) -> None:
    """Case 11: expired, wrong aud or iss, nested; nothing is stored, and the service hears of it with its state."""
    answer = send(app, service, signed(change(said)), redirect_uri=CALLBACK)
    assert error_in(service, answer) == "invalid_request_object"
    assert db.session.query(AuthorizationRequest).count() == 0


@pytest.mark.parametrize(
    "name",
    ["x", "state", "nonce", "login_hint", "redirect_uri", "trn_token", "id_token_hint", "scope", "x\ud800"],
)
def test_21_half_of_a_character_is_refused_and_breaks_nothing(
    app: Flask, service: RelyingParty, said: Claims, name: str
) -> None:
    """Case 21: JSON carries what no text holds, and neither a page nor the database takes it."""
    token = escaped(said | {name: "a\ud800"})
    assert send(app, service, token).status_code == 400
    assert service.authenticated("/connect/par", {"request": token}).json["error"] == "invalid_request"


def test_21_half_of_a_character_makes_no_assertion(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, number=2, jwks=PUBLIC, auth_method="private_key_jwt", scopes=("openid", "user:read"))
    me, now = service.client_id, int(clock.now().timestamp())
    assertion = escaped({"iss": me, "sub": me, "aud": "http://localhost", "exp": now + 60, "jti": "\ud800"})
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    assert service.http.call("POST", "/connect/token", form).json["error"] == "invalid_client"


@pytest.mark.parametrize("value", [True, None, 1.5, [1], {"a": 1}])
def test_11_what_nobody_defined_is_ignored_inside_too(
    app: Flask, service: RelyingParty, said: Claims, value: object
) -> None:
    """RFC 6749 3.1; a parameter that we know has to be what it is to be."""
    assert accepted(send(app, service, signed(said | {"x": value})))
    assert not accepted(send(app, service, signed(said | {"state": value})))


def escaped(claims: Claims) -> str:
    """Signed as libraries do not: with every character that is not ASCII escaped."""
    text = f"{part({'alg': 'ES256', 'kid': EC.kid})}.{part(claims)}"
    return f"{text}.{urlsafe_b64encode(JWSRegistry.algorithms['ES256'].sign(text.encode(), EC)).decode().rstrip('=')}"


def test_11_the_state_inside_goes_back_with_an_error(app: Flask, service: RelyingParty, said: Claims) -> None:
    """Case 11: the signature holds, so the object's own redirect URI and state are the client's."""
    answer = send(app, service, signed(said | {"aud": "x"}), state="theirs", redirect_uri="https://evil.example/")
    assert error_in(service, answer) == "invalid_request_object"
    assert service.answer_in(answer.location)["state"] == said["state"]


def test_11_a_signed_redirect_uri_must_be_registered_too(app: Flask, service: RelyingParty, said: Claims) -> None:
    """Case 11 and 1: a page, no redirect."""
    answer = send(app, service, signed(said | {"redirect_uri": "https://evil.example/"}), redirect_uri=CALLBACK)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_11_signatures_that_prove_nothing(app: Flask, service: RelyingParty, said: Claims) -> None:
    """Case 11: none, our or the client's public key as a secret, foreign keys, keys brought along: never a 500."""
    to_sign = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(said)}"
    ours = app.test_client().get("/.well-known/jwks").data
    by_public_key = [
        urlsafe_b64encode(hmac.new(secret, to_sign.encode(), hashlib.sha256).digest()).decode().rstrip("=")
        for secret in (RSA.as_pem(private=False), ours)
    ]
    attempts = [
        f"{part({'alg': 'none'})}.{part(said)}.",
        f"{part({'alg': 'None'})}.{part(said)}.",
        f"{part({'alg': ['none']})}.{part(said)}.",
        f"{part({})}.{part(said)}.",
        *(f"{to_sign}.{signature}" for signature in by_public_key),
        signed(said, FOREIGN),
        signed(said, EC, kid="another"),
        signed(said, EC, kid="rsa"),
        signed(said, FOREIGN, kid=None),
        signed(said, RSA_FOR_ANYTHING, "RS256"),  # registered for PS256
        signed(said, FOREIGN, jwk=dict(FOREIGN.as_dict(private=False))),
        signed(said, EC, jku="https://evil.example/keys"),
        signed(said, EC, x5u="https://evil.example/chain"),
        signed(said)[:-6] + "AAAAAA",
        "a.b.c.d.e",
        "..",
        "é.é.é",
        "junk",
    ]
    for attempt in attempts:
        answer = send(app, service, attempt, redirect_uri=CALLBACK, state="beside")
        assert error_in(service, answer) == "invalid_request_object", attempt
        assert service.answer_in(answer.location)["state"] == "beside"
        assert send(app, service, attempt, redirect_uri="https://evil.example/").status_code == 400


def test_11_only_the_registered_algorithm(app: Flask, said: Claims) -> None:
    """Case 11: `request_object_signing_alg` (RFC 8725 3.1)."""
    picky = a_relying_party(app, number=7, jwks=PUBLIC, request_object_algorithm="PS256")
    said = said | {"iss": picky.client_id, "client_id": picky.client_id}
    assert accepted(send(app, picky, signed(said, RSA, "PS256")))
    answer = send(app, picky, signed(said, EC), redirect_uri=CALLBACK)
    assert error_in(picky, answer) == "invalid_request_object"


def test_11_another_response_type_beside_the_object(app: Flask, service: RelyingParty, said: Claims) -> None:
    """Case 11: OpenID Connect Core 6.1, it must be the same; the client's id too, or no key of it would fit."""
    assert accepted(send(app, service, signed(said), response_type="code"))
    answer = send(app, service, signed(said), response_type="token", redirect_uri=CALLBACK)
    assert error_in(service, answer) == "invalid_request_object"
    other = a_relying_party(app, number=8, jwks=PUBLIC)
    answer = send(app, other, signed(said), redirect_uri=CALLBACK)
    assert error_in(other, answer) == "invalid_request_object"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": -1}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"id_token_hint": "junk"}, "invalid_request"),
        ({"nonce": "x" * 600}, None),
        ({"state": "\0"}, None),
    ],
)
def test_11_every_other_rule_holds_inside(
    app: Flask, service: RelyingParty, said: Claims, change: Claims, error: str | None
) -> None:
    """Case 11: a signature makes nothing right that would be wrong without one."""
    answer = send(app, service, signed(said | change))
    if error is None:
        assert (answer.status_code, "Location" in answer.headers) == (400, False)
    else:
        assert error_in(service, answer) == error


def test_11_repetition_is_refused_beside_an_object_too(app: Flask, service: RelyingParty, said: Claims) -> None:
    """Case 4: RFC 6749 3.1."""
    query = urlencode([("client_id", service.client_id), ("request", signed(said)), ("request", signed(said))])
    assert error_in(service, app.test_client().get(f"/connect/authorize?{query}")) == "invalid_request"


@pytest.mark.parametrize("alg", ["none", "ES256"])
def test_12_a_client_without_keys_is_told_that_objects_are_not_for_it(app: Flask, said: Claims, alg: str) -> None:
    """Case 12: aloud, whatever signed it; OpenID Connect Core 3.1.2.6."""
    keyless = a_relying_party(app, number=9)
    token = signed(said) if alg == "ES256" else f"{part({'alg': 'none'})}.{part(said)}."
    answer = app.test_client().get(keyless.ask(request=token).path)
    assert error_in(keyless, answer) == "request_not_supported"


@pytest.mark.parametrize(
    "uri", ["https://npq.example.org/request.jwt", "https://169.254.169.254/", "file:///etc/passwd", "urn:x:y"]
)
def test_12_a_reference_is_never_fetched(app: Flask, service: RelyingParty, uri: str) -> None:
    """Cases 12 and 13: not even for a client with keys."""
    answer = app.test_client().get(service.ask(request_uri=uri).path)
    assert error_in(service, answer) == "request_uri_not_supported"


def test_12_an_object_and_a_reference_at_once(app: Flask, service: RelyingParty, said: Claims) -> None:
    """RFC 9101 5: one of them."""
    answer = send(app, service, signed(said), request_uri="https://npq.example.org/r", redirect_uri=CALLBACK)
    assert error_in(service, answer) == "invalid_request"


def test_43_a_request_object_is_no_client_assertion(app: Flask, clock: ManualClock) -> None:
    """Case 43: refused for its type, and where it hides that, for the missing subject."""
    service = a_relying_party(app, number=5, jwks=PUBLIC, auth_method="private_key_jwt", scopes=("openid", "user:read"))
    now = int(clock.now().timestamp())
    request = {"iss": service.client_id, "aud": "http://localhost", "exp": now + 60, "jti": "x", "scope": "openid"}
    good = request | {"sub": service.client_id}
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
    for attempt in (signed(request), signed(good, typ="oauth-authz-req+jwt")):
        reply = service.http.call("POST", "/connect/token", form | {"client_assertion": attempt})
        assert (reply.status, reply.json["error"]) == (400, "invalid_client")
    assert service.http.call("POST", "/connect/token", form | {"client_assertion": signed(good)}).status == 200


def test_43_a_client_assertion_is_no_request_object(app: Flask, service: RelyingParty, said: Claims) -> None:
    """Case 43, the other way round."""
    for attempt in (signed(said, typ="client-authentication+jwt"), signed(said | {"sub": service.client_id})):
        answer = send(app, service, attempt, redirect_uri=CALLBACK)
        assert error_in(service, answer) == "invalid_request_object"


@pytest.mark.parametrize("name", ["nbf", "iat"])
@pytest.mark.parametrize(("ahead", "good"), [(10, True), (61, False), (3_600, False)])
def test_58_clocks_may_differ_a_little(
    app: Flask, service: RelyingParty, said: Claims, name: str, ahead: int, good: bool
) -> None:
    """Case 58: ten seconds in the future are accepted, more than sixty are not."""
    answer = send(app, service, signed(said | {name: said["iat"] + ahead}), redirect_uri=CALLBACK)
    assert accepted(answer) is good


def test_58_an_object_that_was_good_expires(
    app: Flask, service: RelyingParty, said: Claims, clock: ManualClock
) -> None:
    """Case 11 and 58."""
    assert accepted(send(app, service, signed(said)))
    clock.advance(timedelta(seconds=60) + SKEW)
    assert error_in(service, send(app, service, signed(said))) == "invalid_request_object"
