"""Keys that a service publishes at its `jwks_uri`: fetched when needed, and never in a storm (cases 13 and 56)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from joserfc.jwk import ECKey, OctKey

from identity_provider.adapters.memory import ManualClock, MemoryServices
from identity_provider.db import db, transaction
from identity_provider.models import Client, FetchedKeys, RateCounter
from identity_provider.oidc.client_authentication import ASSERTION_TYPE
from identity_provider.services import client_keys, retention
from identity_provider.services.client_keys import FETCHED_WITHIN, FRESH_FOR, LONGEST_BELIEVED, SELDOM
from tests.kit.outside import OutsideWorld
from tests.kit.provider import CALLBACK, a_relying_party
from tests.kit.relying_party import RelyingParty, Reply
from tests.kit.signing import EC, FOREIGN, PUBLIC, RSA, part, signed

KEYS = "https://npq.example.org/keys"
NEXT = ECKey.generate_key("P-256", {"kid": "next", "use": "sig"})


@pytest.fixture
def published(outside: OutsideWorld) -> MemoryServices:
    outside.services.documents[KEYS] = PUBLIC
    return outside.services


@pytest.fixture
def service(app: Flask, published: MemoryServices) -> RelyingParty:
    return a_relying_party(app, scopes=("openid", "user:read"), auth_method="private_key_jwt", jwks_uri=KEYS)


class Asserting:
    """Says each time something new, at the time of the clock."""

    def __init__(self, service: RelyingParty, clock: ManualClock) -> None:
        self._service, self._clock, self._count = service, clock, 0
        self.path = "/connect/token"

    def __call__(self, key: Any = EC, alg: str = "ES256", **header: Any) -> Reply:
        self._count += 1
        now = int(self._clock.now().timestamp())
        me = self._service.client_id
        said = {"iss": me, "sub": me, "aud": "http://localhost", "exp": now + 60, "jti": str(self._count)}
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
        assertion = {"client_assertion": signed(said, key, alg, **header)}
        return self._service.http.call("POST", self.path, form | assertion)


@pytest.fixture
def present(service: RelyingParty, clock: ManualClock) -> Asserting:
    return Asserting(service, clock)


def test_keys_are_fetched_once_and_believed_for_a_while(
    present: Asserting, published: MemoryServices, clock: ManualClock
) -> None:
    for _ in range(3):
        assert present().status == 200
    assert present(RSA, "PS256").status == 200
    assert published.fetched == [KEYS]
    clock.advance(FRESH_FOR)
    assert present().status == 200
    assert published.fetched == [KEYS, KEYS]


def test_a_key_that_is_new_is_fetched_and_one_that_was_withdrawn_dies(
    present: Asserting, published: MemoryServices, clock: ManualClock
) -> None:
    assert present().status == 200
    published.documents[KEYS] = {"keys": [dict(NEXT.as_dict(private=False))]}
    assert present(NEXT).json["error"] == "invalid_client"  # fetched a moment ago
    clock.advance(SELDOM)
    assert present(NEXT).status == 200
    assert present(EC).json["error"] == "invalid_client"


def test_56_unknown_key_ids_do_not_make_a_storm(
    present: Asserting, published: MemoryServices, clock: ManualClock
) -> None:
    """Case 56: whatever is sent, the service's keys are fetched once a minute."""
    for number in range(20):
        assert present(FOREIGN, kid=f"unknown-{number}").json["error"] == "invalid_client"
    assert published.fetched == [KEYS]
    clock.advance(SELDOM)
    for number in range(20):
        present(FOREIGN, kid=f"another-{number}")
    assert published.fetched == [KEYS, KEYS]


@pytest.mark.parametrize("path", ["/connect/token", "/connect/revocation", "/connect/introspection", "/connect/par"])
def test_56_nor_do_they_once_the_failures_are_too_many(
    service: RelyingParty, published: MemoryServices, clock: ManualClock, path: str
) -> None:
    """Case 56: a request that is refused for the failures before it takes no fetch back."""
    me = service.client_id
    said = {"iss": me, "sub": me, "aud": "http://localhost", "exp": 9}

    def refused(number: int) -> int:
        forged = signed(said | {"jti": str(number)}, FOREIGN, kid=f"unknown-{number}")
        form = {"grant_type": "client_credentials", "token": "x", "client_assertion": forged}
        return service.http.call("POST", path, form | {"client_assertion_type": ASSERTION_TYPE}).status

    assert [refused(number) for number in range(25)][-1] == 429
    clock.advance(SELDOM + timedelta(seconds=1))
    assert {refused(100 + number) for number in range(5)} == {429}
    assert published.fetched == [KEYS, KEYS]


def test_56_neither_does_a_service_that_does_not_answer(
    present: Asserting, published: MemoryServices, clock: ManualClock
) -> None:
    """Case 56: a failure counts as a try; keys that were believed stay so for an hour, and no longer."""
    assert present().status == 200
    published.down = True
    clock.advance(LONGEST_BELIEVED - timedelta(seconds=1))
    for _ in range(5):
        assert present().status == 200
    assert len(published.fetched) == 2
    clock.advance(FETCHED_WITHIN)
    assert present().json["error"] == "invalid_client"
    assert len(published.fetched) == 2
    published.down = False
    clock.advance(SELDOM)
    assert present().status == 200


def test_56_whoever_comes_while_another_worker_fetches_is_asked_to_come_again(
    present: Asserting, published: MemoryServices, clock: ManualClock
) -> None:
    """Case 56: that is no failure of theirs, and none is counted."""
    with transaction():
        assert client_keys.may_fetch(KEYS, None, now=clock.now())
    for path in (present.path, "/connect/revocation", "/connect/introspection", "/connect/par"):
        present.path = path
        reply = present()
        assert (reply.status, reply.json["error"]) == (503, "temporarily_unavailable")
    assert db.session.query(RateCounter).count() == 0
    present.path = "/connect/token"
    with transaction():
        client_keys.keep(KEYS, PUBLIC, now=clock.now())
    assert present().status == 200
    assert published.fetched == []


def test_a_clock_that_was_ahead_does_not_keep_us_from_fetching(
    present: Asserting, published: MemoryServices, clock: ManualClock
) -> None:
    """Case 58: the moment of the last try is not believed when it lies in the future."""
    clock.advance(timedelta(days=1))
    assert present().status == 200
    clock.advance(timedelta(days=-1))
    published.documents[KEYS] = {"keys": [dict(NEXT.as_dict(private=False))]}
    assert present(NEXT).status == 200


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "keys",
        {},
        {"keys": {}},
        {"keys": [None, 5, {}, {"kty": "EC"}, {"kty": "EC", "crv": "P-256", "x": "!", "y": "!"}]},
        {"keys": [dict(OctKey.generate_key(256, {"kid": "ec"}).as_dict())]},
        {"keys": [dict(EC.as_dict(private=True))]},
        {"keys": [dict(FOREIGN.as_dict(private=False))]},
        {"keys": [dict(EC.as_dict(private=False)) | {"use": "enc"}]},
        {"keys": [dict(EC.as_dict(private=False)) | {"alg": "ES384"}]},
    ],
)
def test_13_what_is_no_set_of_public_keys_proves_nothing(
    present: Asserting, published: MemoryServices, document: object
) -> None:
    """Case 13: whatever stands there, it is invalid_client and never a 500."""
    published.documents[KEYS] = document
    reply = present()
    assert (reply.status, reply.json["error"]) == (400, "invalid_client")


@pytest.mark.parametrize("document", [None, [], "keys", {"error": "maintenance"}, {"keys": {}}])
def test_56_what_is_no_key_set_takes_no_key_away(
    present: Asserting, published: MemoryServices, clock: ManualClock, document: object
) -> None:
    """Case 56: a page that says that it is being worked on is a failed fetch, as no answer is."""
    assert present().status == 200
    published.documents[KEYS] = document
    clock.advance(FRESH_FOR)
    assert present().status == 200
    assert published.fetched == [KEYS, KEYS]
    clock.advance(LONGEST_BELIEVED - FRESH_FOR)
    assert present().json["error"] == "invalid_client"


def test_a_weak_key_proves_nothing(
    present: Asserting, published: MemoryServices, recwarn: pytest.WarningsRecorder
) -> None:
    """RFC 7518 3.3: 2048 bits; here the modulus is cut short."""
    weak = dict(RSA.as_dict(private=False))
    weak["n"] = str(weak["n"])[:171]
    published.documents[KEYS] = {"keys": [weak]}
    assert present(RSA, "PS256").json["error"] == "invalid_client"
    assert db.session.scalars(db.select(FetchedKeys.keys)).one() == []
    assert not recwarn.list


def test_a_signed_request_is_judged_by_published_keys_too(
    app: Flask, published: MemoryServices, clock: ManualClock
) -> None:
    service = a_relying_party(app, number=2, jwks_uri=KEYS)
    now = int(clock.now().timestamp())
    said = {"iss": service.client_id, "aud": "http://localhost", "exp": now + 60, "response_type": "code"}
    said |= {"redirect_uri": CALLBACK, "scope": "openid", "code_challenge": "x" * 43, "code_challenge_method": "S256"}
    query = urlencode({"client_id": service.client_id, "request": signed(said)})
    answer = app.test_client().get(f"/connect/authorize?{query}")
    assert answer.location.startswith("/sign-in/")
    assert service.authenticated("/connect/par", {"request": signed(said)}).status == 201
    assert published.fetched == [KEYS]


def test_56_a_browser_that_brings_a_signed_request_while_keys_are_fetched_comes_again_by_itself(
    app: Flask, published: MemoryServices, clock: ManualClock
) -> None:
    """The person is not sent away with an error of the service's that is none."""
    service = a_relying_party(app, number=2, jwks_uri=KEYS)
    now = int(clock.now().timestamp())
    said = {"iss": service.client_id, "aud": "http://localhost", "exp": now + 60, "response_type": "code"}
    said |= {"redirect_uri": CALLBACK, "scope": "openid", "code_challenge": "x" * 43, "code_challenge_method": "S256"}
    address = f"/connect/authorize?{urlencode({'client_id': service.client_id, 'request': signed(said)})}"
    with transaction():
        assert client_keys.may_fetch(KEYS, None, now=clock.now())
    browser = app.test_client()
    waiting = browser.get(address)
    assert (waiting.status_code, waiting.headers["Refresh"], waiting.mimetype) == (503, "1", "text/html")
    assert service.authenticated("/connect/par", {"request": signed(said)}).status == 503
    with transaction():
        client_keys.keep(KEYS, PUBLIC, now=clock.now())
    assert browser.get(address).location.startswith("/sign-in/")
    assert published.fetched == []


def test_nobody_s_keys_are_fetched_for_a_token_that_names_nobody(app: Flask, published: MemoryServices) -> None:
    """Case 13: only addresses that were registered, and only for clients that have one."""
    service = a_relying_party(app, number=2)
    for token in ("junk", "a.b.c", f"{part({'alg': 'ES256'})}.{part({'iss': 'nobody', 'sub': 'nobody'})}.AA"):
        form = {"client_assertion": token, "client_assertion_type": ASSERTION_TYPE, "grant_type": "client_credentials"}
        assert service.http.call("POST", "/connect/token", form).status == 400
        app.test_client().get(service.ask(request=token).path)
        service.authenticated("/connect/par", {"request": token})
    assert published.fetched == []


def test_no_database_connection_is_held_while_a_service_is_asked(
    app: Flask, service: RelyingParty, outside: OutsideWorld
) -> None:
    """Nothing outside the process is called inside a transaction."""
    held: list[bool] = []

    class Watching(dict[str, object]):
        def __getitem__(self, uri: str) -> object:
            held.append(db.session().in_transaction())
            return super().__getitem__(uri)

    outside.services.documents = Watching({KEYS: PUBLIC})
    assert Asserting(service, outside.clock)().status == 200
    assert held == [False]


def test_key_sets_that_nobody_asks_for_are_forgotten(app: Flask, present: Asserting, clock: ManualClock) -> None:
    assert present().status == 200
    clock.advance(retention.ABANDONED + timedelta(seconds=1))
    assert retention.remove_expired(clock.now())["fetched_keys"] == 1


def test_one_of_any_number_of_workers_fetches(app: Flask, service: RelyingParty, clock: ManualClock) -> None:
    """Case 56: the right to fetch is claimed by one statement."""
    uri = db.session.get_one(Client, service.client_id).jwks_uri
    assert uri is not None
    assert [client_keys.may_fetch(uri, "ec", now=clock.now()) for _ in range(5)] == [True, *[False] * 4]
