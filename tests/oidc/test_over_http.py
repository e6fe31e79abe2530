"""The provider under a real HTTP server: a client library that nobody here wrote, and many redemptions at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from identity_provider.db import db, transaction
from identity_provider.models import AccessToken, AuthorizationRequest, Grant
from identity_provider.services import browser_sessions, clients, grants
from identity_provider.services.audit import SYSTEM
from tests.builders import a_user
from tests.kit.provider import EVERYTHING, a_relying_party, complete_journey
from tests.kit.relying_party import OverHttp
from tests.kit.served import a_running_provider

ROUNDS = 100
AT_ONCE = 16


@pytest.fixture
def provider(app: Flask) -> Iterator[tuple[Flask, str]]:
    with a_running_provider(app) as running:
        yield running


def a_signed_in_cookie(trn: str = "1234567") -> tuple[str, str]:
    """A new person's id and the secret of their session, begun just now."""
    person = a_user(trn=trn)
    with transaction():
        _, secret = browser_sessions.begin(person, amr=["otp"], now=datetime.now(UTC))
    return str(person.id), secret


def a_service(issuer: str, secret: str, callback: str) -> Flask:
    """A relying service on Authlib's Flask client: discovery, PKCE, state, nonce, ID token validation."""
    service = Flask("relying_service")
    service.secret_key = "for the service's own cookie in this test"
    oauth: Any = OAuth(service)
    oauth.register(
        "identity",
        client_id="authlib-service",
        client_secret=secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email trn offline_access", "code_challenge_method": "S256"},
    )

    @service.get("/sign-in")
    def sign_in() -> ResponseReturnValue:
        answer: ResponseReturnValue = oauth.identity.authorize_redirect(callback)
        return answer

    @service.get("/callback")
    def signed_in() -> ResponseReturnValue:
        token = oauth.identity.authorize_access_token()
        fetched = oauth.identity.userinfo(token=token)
        return jsonify(claims=token["userinfo"], userinfo=fetched)

    return service


def test_authlib_s_client_signs_somebody_in(provider: tuple[Flask, str]) -> None:
    _, issuer = provider
    callback = "http://localhost/callback"
    new = clients.NewClient(id="authlib-service", name="S", redirect_uris=(callback,), scopes=EVERYTHING)
    with transaction():
        _, secret = clients.register(new, secret=None, actor=SYSTEM, now=datetime.now(UTC))
    assert secret is not None
    person, cookie = a_signed_in_cookie()
    service = a_service(issuer, secret, callback).test_client()
    to_us = service.get("/sign-in").headers["Location"]
    back = requests.get(to_us, cookies={"session": cookie}, allow_redirects=False, timeout=60)
    assert back.status_code == 303, back.text
    parts = urlsplit(back.headers["Location"])
    answer = service.get(f"{parts.path}?{parts.query}").get_json()
    assert answer["claims"]["sub"] == answer["userinfo"]["sub"] == person
    assert answer["claims"]["trn"] == answer["userinfo"]["trn"] == "1234567"
    assert answer["claims"]["trn_lookup_status"] == "Found"


def test_36_of_many_redemptions_at_once_exactly_one_succeeds(app: Flask, provider: tuple[Flask, str]) -> None:
    """Case 36 of oidc.md: two workers, real threads, PostgreSQL; the others get invalid_grant, never 500."""
    running, issuer = provider
    service = a_relying_party(running)
    person = a_user(trn="1234567")
    with transaction():
        session, _ = browser_sessions.begin(person, amr=["otp"], now=datetime.now(UTC))
    with a_running_provider(app) as (_, another), ThreadPoolExecutor(AT_ONCE) as pool:
        workers = [replace(service, http=OverHttp(each)) for each in (issuer, another)]
        for _ in range(ROUNDS):
            code = _a_code(service.client_id, service.redirect_uri, session)
            waiting = [pool.submit(workers[number % 2].redeem, code, None) for number in range(AT_ONCE)]
            replies = [each.result() for each in waiting]
            assert Counter(reply.status for reply in replies) == {200: 1, 400: AT_ONCE - 1}
            assert {reply.json["error"] for reply in replies if reply.status == 400} == {"invalid_grant"}
    assert db.session.query(AccessToken).count() == ROUNDS
    assert db.session.query(Grant).filter(Grant.revoked_at.is_(None)).count() == 0


def test_27_of_many_tabs_that_end_a_journey_at_once_one_gets_the_code(provider: tuple[Flask, str]) -> None:
    """Case 27 of oidc.md: the others are led to where the service begins."""
    running, issuer = provider
    service = a_relying_party(running)
    person = a_user(trn="1234567")
    for _ in range(ROUNDS // 10):
        begun = requests.get(issuer + service.ask(prompt="login").path, allow_redirects=False, timeout=60)
        with transaction():
            _, secret = browser_sessions.begin(person, amr=["otp"], now=datetime.now(UTC))
        path = complete_journey(begun.headers["Location"], person, now=datetime.now(UTC))
        cookies = {"browser": begun.cookies["browser"], "session": secret}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = [pool.submit(_open, issuer + path, cookies) for _ in range(AT_ONCE)]
            answers = [each.result() for each in waiting]
        assert Counter(answer.status_code for answer in answers) == {303: 1, 200: AT_ONCE - 1}
        assert db.session.query(Grant).count() == 1
        with transaction():
            db.session.execute(db.delete(Grant))


def _open(address: str, cookies: dict[str, str]) -> requests.Response:
    return requests.get(address, cookies=cookies, allow_redirects=False, timeout=60)


def _a_code(client_id: str, redirect_uri: str, session: Any) -> str:
    asked = AuthorizationRequest(client_id=client_id, redirect_uri=redirect_uri, scope="openid", parameters={})
    with transaction():
        return grants.issue_code(asked, session, now=datetime.now(UTC))
