"""GOV.UK One Login over HTTP: its discovery, token and userinfo endpoints, and the keys that it publishes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic, time
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from config.one_login import algorithms_of, host_of
from identity_provider.adapters.outbound import Answer, Outbound, Request
from identity_provider.adapters.published import PublishedDocument
from identity_provider.domain.patience import no_later_than
from identity_provider.ports import (
    BrokerRefused,
    BrokerTerms,
    BrokerTokens,
    BrokerUnavailable,
    ServiceRefused,
    ServiceUnavailable,
)
from identity_provider.vault import new_secret

SECONDS_TO_ANSWER = 3.0
ASSERTION_LIVES = 120
"""Seconds; One Login takes five minutes at most."""

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_JSON = {"Accept": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class OneLoginAccount:
    """One Login as it is configured; `private_key` is the PEM of the key that we registered there."""

    terms: BrokerTerms
    private_key: str = field(repr=False)
    sandbox: bool = False


class OneLogin:
    """An IdentityBroker. What it publishes is kept for as long as it says; every call ends in time."""

    def __init__(self, account: OneLoginAccount, *, seconds: float = SECONDS_TO_ANSWER) -> None:
        self._account = account
        self._seconds = seconds
        self._outbound = Outbound(may_call_ourselves=account.sandbox)
        issuer = account.terms.issuer.rstrip("/")
        self._discovery = self._published(lambda: f"{issuer}/.well-known/openid-configuration")
        self._jwks = self._published(lambda: self._endpoint("jwks_uri"))
        host, scheme = host_of(account.terms.identity_did), urlsplit(issuer).scheme
        # Never where a token's key id would lead: only the document of the DID that is configured is trusted.
        self._did = self._published(lambda: f"{scheme}://{host}/.well-known/did.json")

    @property
    def terms(self) -> BrokerTerms:
        """Who it is."""
        return self._account.terms

    def authorization_endpoint(self) -> str:
        """Where people are sent."""
        return self._endpoint("authorization_endpoint")

    def trustmark(self) -> str:
        """The address of what its vectors of trust mean."""
        said = self._metadata().get("trustmarks")
        return said if isinstance(said, str) else f"{self.terms.issuer.rstrip('/')}/trustmark"

    def redeem(self, code: str, verifier: str, redirect_uri: str) -> BrokerTokens:
        """Exchange an authorization code, once."""
        endpoint = self._endpoint("token_endpoint")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._assertion(endpoint),
        }
        said = _object_in(self._call(Request("POST", endpoint, _FORM, urlencode(form).encode())))
        id_token, access_token = said.get("id_token"), said.get("access_token")
        bearer = str(said.get("token_type", "")).lower() == "bearer"
        if not (isinstance(id_token, str) and isinstance(access_token, str) and access_token.isascii() and bearer):
            raise BrokerUnavailable("the answer of the token endpoint lacks a token")
        return BrokerTokens(id_token, access_token)

    def userinfo(self, access_token: str) -> Mapping[str, object]:
        """What it tells of the person."""
        headers = {**_JSON, "Authorization": f"Bearer {access_token}"}
        return _object_in(self._call(Request("GET", self._endpoint("userinfo_endpoint"), headers)))

    def signing_keys(self, kid: str) -> Sequence[object]:
        """The keys for ID tokens and sign-outs."""
        document = self._jwks.get(lambda known: kid in _ids(known.get("keys"), "kid"))
        keys = document.get("keys")
        return keys if isinstance(keys, list) else []

    def identity_document(self, kid: str) -> Mapping[str, object]:
        """The DID document."""
        return self._did.get(lambda known: kid in _ids(known.get("assertionMethod"), "id"))

    def _metadata(self) -> dict[str, object]:
        document = self._discovery.get()
        if document.get("issuer") != self.terms.issuer:
            # OpenID Connect Discovery 4.3: else another provider's keys would be believed.
            raise BrokerRefused("its discovery document names another issuer")
        return document

    def _endpoint(self, name: str) -> str:
        address = self._metadata().get(name)
        if not isinstance(address, str):
            raise BrokerUnavailable(f"its discovery document has no {name}")
        return address

    def _assertion(self, endpoint: str) -> str:
        """Who we are (RFC 7523 section 3), signed by the best algorithm that both sides have."""
        now, client_id = int(time()), self.terms.client_id
        taken = self._metadata().get("token_endpoint_auth_signing_alg_values_supported")
        possible = algorithms_of(self._account.private_key)
        usable = [each for each in possible if not isinstance(taken, list) or each in taken]
        if not usable:
            raise BrokerRefused("it takes no signature of the key that we have")
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": endpoint,
            "jti": new_secret(),
            "iat": now,
            "exp": now + ASSERTION_LIVES,
        }
        kind = ECKey if usable[0] == "ES256" else RSAKey
        key = kind.import_key(self._account.private_key)
        return jwt.encode({"alg": usable[0], "typ": "JWT"}, claims, key, algorithms=usable)

    def _published(self, address: Callable[[], str]) -> PublishedDocument:
        return PublishedDocument(lambda: self._call(Request("GET", address(), _JSON)))

    def _call(self, request: Request) -> Answer:
        """Ask, within what is left of the patience of whoever waits."""
        left = no_later_than(monotonic() + self._seconds) - monotonic()
        if left <= 0:
            raise BrokerUnavailable("no time is left")
        timed = Request(request.method, request.uri, request.headers, request.body, seconds=left)
        try:
            return self._outbound.call(timed)
        except (ServiceUnavailable, ServiceRefused) as silence:
            raise BrokerUnavailable(str(silence)) from silence


def _object_in(answer: Answer) -> dict[str, object]:
    if answer.status in {400, 401, 403}:
        raise BrokerRefused(f"it answered {answer.status}")
    if answer.status != 200:
        raise BrokerUnavailable(f"it answered {answer.status}")
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError) as broken:
        raise BrokerUnavailable("its answer is not JSON") from broken
    if not isinstance(said, dict):
        raise BrokerUnavailable("its answer is no object")
    return said


def _ids(listed: object, name: str) -> set[object]:
    """The ids in a list of keys, of which some may be anything."""
    named = [each.get(name) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {each for each in named if isinstance(each, str)}
