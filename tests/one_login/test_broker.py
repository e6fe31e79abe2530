"""The adapter for GOV.UK One Login: what it keeps, for how long, and what it does not believe."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace

import pytest

from identity_provider.adapters.outbound import Answer
from identity_provider.adapters.published import LONGEST, RETRY, SHORTEST, PublishedDocument
from identity_provider.ports import BrokerRefused, BrokerUnavailable
from identity_provider.services import one_login_checks as checks
from tests.builders import NOW
from tests.kit.one_login import OneLoginNearby


class Publisher:
    """Something that publishes a document, and counts how often it is asked."""

    def __init__(self, cache_control: str = "max-age=3600, private") -> None:
        self.asked, self.time, self.down = 0, 0.0, False
        self.body, self.cache_control = b'{"keys": ["a"]}', cache_control

    def fetch(self) -> Answer:
        self.asked += 1
        if self.down:
            raise BrokerUnavailable("down")
        return Answer(200, {"cache-control": self.cache_control}, self.body)

    def document(self) -> PublishedDocument:
        return PublishedDocument(self.fetch, clock=lambda: self.time)


def has(key: str) -> Callable[..., bool]:
    return lambda document: key in document["keys"]


def test_a_document_is_kept_for_as_long_as_it_says() -> None:
    publisher = Publisher()
    document = publisher.document()
    document.get()
    publisher.time = 3599
    document.get(has("a"))
    assert publisher.asked == 1
    publisher.time = 3601
    document.get()
    assert publisher.asked == 2


@pytest.mark.parametrize(
    ("said", "kept"), [("max-age=0", SHORTEST), ("", SHORTEST), ("no-store", SHORTEST), ("max-age=999999999", LONGEST)]
)
def test_what_it_says_is_taken_within_bounds(said: str, kept: float) -> None:
    publisher = Publisher(said)
    document = publisher.document()
    document.get()
    publisher.time = kept - 1
    document.get()
    assert publisher.asked == 1
    publisher.time = kept + 1
    document.get()
    assert publisher.asked == 2


def test_a_key_that_is_not_in_it_is_asked_for_once_a_minute() -> None:
    """However many unknown key ids are shown (attack 56)."""
    publisher = Publisher()
    document = publisher.document()
    for _ in range(20):
        document.get(has("unknown"))
    assert publisher.asked == 1
    publisher.time = SHORTEST + 1
    publisher.body = b'{"keys": ["a", "unknown"]}'
    assert "unknown" in str(document.get(has("unknown")))
    assert publisher.asked == 2


def test_while_it_is_down_the_old_one_is_trusted_for_a_day() -> None:
    publisher = Publisher("max-age=60")
    document = publisher.document()
    document.get()
    publisher.down, publisher.time = True, LONGEST - 1
    assert document.get() == {"keys": ["a"]}
    assert publisher.asked == 2
    publisher.time += RETRY - 1
    with pytest.raises(BrokerUnavailable):
        document.get()
    assert publisher.asked == 2, "nobody else waits for it so soon"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b"[" * 100_000])
def test_what_is_no_document_is_none(body: bytes) -> None:
    publisher = Publisher()
    publisher.body = body
    with pytest.raises(BrokerUnavailable):
        publisher.document().get()


def test_a_discovery_document_of_another_issuer_is_not_believed(one_login: OneLoginNearby) -> None:
    terms = replace(one_login.terms, issuer=one_login.issuer.rstrip("/"))
    with pytest.raises(BrokerRefused):
        one_login.broker(terms=terms).authorization_endpoint()


def test_the_document_of_the_did_that_is_configured_is_the_only_one(one_login: OneLoginNearby) -> None:
    document = one_login.tokens.signers.did_document("did:web:somebody.example")
    with pytest.raises(checks.TokenRefused, match="did"):
        checks.core_identity(
            "e30.e30.e30".replace("e30.", "eyJraWQiOiJkaWQ6d2ViOnNvbWVib2R5LmV4YW1wbGUjayJ9.", 1),
            document,
            checks.Expected(one_login.terms, NOW),
        )


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ({"aud": "us"}, True),
        ({"aud": ["us"]}, True),
        ({"aud": ["us", "others"]}, False),
        ({"aud": ["us", "others"], "azp": "us"}, True),
        ({"aud": "us", "azp": "others"}, False),
        ({"aud": ["others"]}, False),
    ],
)
def test_a_token_for_many_is_for_us_when_it_says_so(
    one_login: OneLoginNearby, said: dict[str, object], holds: bool
) -> None:
    expected = checks.Expected(replace(one_login.terms, client_id="us"), NOW)
    named = {name: check for name, check in checks.ID_TOKEN if name in {"aud", "azp"}}
    assert all(check(said, expected) for check in named.values()) is holds


def test_every_header_that_brings_a_key_along_is_refused(one_login: OneLoginNearby) -> None:
    token = one_login.tokens.logout_token("s")
    keys = one_login.tokens.signers.published()["keys"]
    for name in ("jwk", "jku", "x5u", "x5c", "crit"):
        header = json.dumps({"alg": "ES256", "kid": keys[0]["kid"], name: "x"}).encode()
        spoilt = ".".join([urlsafe_b64encode(header).decode().rstrip("="), *token.split(".")[1:]])
        with pytest.raises(checks.TokenRefused, match="header"):
            checks.logout_token(spoilt, keys, checks.Expected(one_login.terms, NOW))
    assert checks.logout_token(token, keys, checks.Expected(one_login.terms, NOW))["sub"] == "s"
