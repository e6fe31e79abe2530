"""A service that was written for the existing Get an identity, moved here by issuer and credentials only.

It behaves as Register for an NPQ does: paths written into its code, parameters of its own, a scope at the token
endpoint, userinfo read for everything, the users API by id, and webhooks read with keys that must be there.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryServices
from identity_provider.db import db
from identity_provider.models import Client, User
from tests.builders import a_user
from tests.kit.outside import OutsideWorld
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty
from tests.webhooks.listeners import SECRET, an_endpoint, let_the_worker_work, read

OWN = {
    "session_id": "their-own",
    "registration_token": "x",
    "request_email_updates": "yes",
    "trn_token": "",
    "asid": "1",
}
SCOPES = ("openid", "profile", "email", "phone", "trn", "user:read", "user:write", "trn_token:write")


@pytest.fixture
def services(outside: OutsideWorld) -> MemoryServices:
    return outside.services


@pytest.fixture
def npq(app: Flask) -> RelyingParty:
    grants = ("authorization_code", "client_credentials")
    return a_relying_party(app, scope="email openid profile trn", scopes=SCOPES, grant_types=grants)


def call(npq: RelyingParty, path: str, scope: str) -> Any:
    """The users API, with a token of its own."""
    token = npq.token({"grant_type": "client_credentials", "scope": scope}).json["access_token"]
    return npq.http.call("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})


def sign_in(app: Flask, npq: RelyingParty, user: User) -> dict[str, Any]:
    """As the strategy of the service does: the code is exchanged with a scope, and userinfo is read."""
    asked = npq.ask(nonce=None, prompt=None, **OWN)
    code = npq.code_in(a_browser_of(app, user).get(asked.path).location, asked)
    answer = npq.redeem(code, asked.verifier, scope="email openid profile trn")
    assert (answer.status, answer.json["token_type"]) == (200, "Bearer")
    assert isinstance(answer.json["expires_in"], int)
    return npq.userinfo(answer.json["access_token"])


def test_a_person_signs_in_as_before(app: Flask, npq: RelyingParty) -> None:
    user = a_user(trn="0234567", middle_name="Anne", preferred_name="Kate")
    told = sign_in(app, npq, user)
    texts = ("sub", "email", "name", "given_name", "family_name", "middle_name", "preferred_name", "birthdate", "trn")
    assert all(isinstance(told[name], str) for name in texts)
    assert (told["sub"], told["trn"], told["trn_lookup_status"]) == (str(user.id), "0234567", "Found")
    assert (told["name"], told["birthdate"]) == (f"Kate Anne {user.last_name}", "1985-03-04")
    assert told["email_verified"] is True


def test_somebody_without_a_trn_has_no_blank_one(app: Flask, npq: RelyingParty) -> None:
    journey = a_browser_of(app, a_user()).get(npq.ask(**OWN).path)
    assert journey.location.startswith("/sign-in/"), "somebody pending is looked up first"


def test_the_users_api_answers_what_is_read_from_it(app: Flask, npq: RelyingParty) -> None:
    user = a_user(trn="1234567")
    reply = call(npq, f"/users/{user.id}", "user:read")
    assert reply.status == 200
    read_keys = ("userId", "email", "firstName", "lastName", "dateOfBirth", "trn", "mobileNumber", "mergedUserIds")
    assert {name: reply.json[name] for name in read_keys} == {
        "userId": str(user.id),
        "email": user.email,
        "firstName": "Kate",
        "lastName": user.last_name,
        "dateOfBirth": "1985-03-04",
        "trn": "1234567",
        "mobileNumber": None,
        "mergedUserIds": [],
    }
    refused = call(npq, "/users/unknown", "user:read")
    assert refused.status == 400
    assert refused.json["errorCode"] == 10004
    assert "userId" in refused.json["errors"]
    assert npq.http.call("GET", f"/api/v1/users/{user.id}", headers={"Authorization": "Bearer stale"}).status == 401


def test_a_webhook_is_read_with_keys_that_must_be_there(
    app: Flask, npq: RelyingParty, services: MemoryServices
) -> None:
    an_endpoint(db.session.get_one(Client, npq.client_id))
    user = a_user(trn="1234567")
    sign_in(app, npq, user)
    token = npq.token({"grant_type": "client_credentials", "scope": "user:write"}).json["access_token"]
    changed = app.test_client().patch(
        f"/api/v1/users/{user.id}", json={"lastName": "Married"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert changed.status_code == 200
    let_the_worker_work()
    envelope = read(services.messages[0], SECRET)
    told = envelope["message"]["user"]
    # `fetch` in the service: an absent key fails the message, null is fine.
    assert {"userId", "emailAddress", "preferredName", "dateOfBirth", "trn", "trnLookupStatus"} <= set(told)
    assert (told["userId"], envelope["message"]["changes"]) == (str(user.id), {"lastName": "Married"})
    assert json.loads(services.messages[0][2]) == envelope


def test_signing_out_by_client_id_and_address_asks_and_comes_back(app: Flask) -> None:
    npq = a_relying_party(app, post_logout_redirect_uris=("https://npq.example.org/sign-out",))
    query = {"client_id": npq.client_id, "post_logout_redirect_uri": "https://npq.example.org/sign-out"}
    page = a_browser_of(app, a_user(trn="1234567")).get("/connect/signout", query_string=query)
    assert page.status_code == 200
    assert "https://npq.example.org" in page.headers["Content-Security-Policy"]
