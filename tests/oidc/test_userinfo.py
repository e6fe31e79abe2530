"""Userinfo: complete by itself, by GET and POST, and nothing without a good token (case 46 of oidc.md)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import VerificationLevel
from identity_provider.models import User
from identity_provider.services import statements
from identity_provider.vault import vault
from tests.builders import NOW, a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty, SignedIn

EVERYTHING = "openid profile email phone trn"


def sign_in(app: Flask, service: RelyingParty, person: User, **parameters: str) -> SignedIn:
    asked = service.ask(**parameters)
    return service.finish(a_browser_of(app, person).get(asked.path).location, asked)


@pytest.fixture
def token(app: Flask) -> str:
    return str(sign_in(app, a_relying_party(app), a_user(trn="1234567")).token["access_token"])


def test_every_claim_of_the_granted_scopes_has_its_type(app: Flask) -> None:
    person = a_user(
        trn="0234567",
        email="zoe@example.com",
        first_name="Zoë",
        middle_name="Ann",
        last_name="Müller",
        preferred_name="Zo",
        date_of_birth=date(1985, 3, 4),
        mobile_number="+447700900123",
    )
    userinfo = sign_in(app, a_relying_party(app, scope=EVERYTHING), person).userinfo
    assert userinfo == {
        "sub": str(person.id),
        "name": "Zoë Ann Müller",
        "given_name": "Zoë",
        "middle_name": "Ann",
        "family_name": "Müller",
        "preferred_name": "Zo",
        "birthdate": "1985-03-04",
        "updated_at": int(NOW.timestamp()),
        "email": "zoe@example.com",
        "email_verified": True,
        "phone_number": "+447700900123",
        "phone_number_verified": False,
        "trn": "0234567",
        "trn_lookup_status": "Found",
        "trn_lookup_reason": "matched",
        "trn_verification_level": "Low",
    }


def test_what_has_no_value_is_left_out(app: Flask) -> None:
    userinfo = sign_in(app, a_relying_party(app, scope=EVERYTHING), a_user(date_of_birth=None), prompt="none").userinfo
    assert {"middle_name", "preferred_name", "birthdate", "phone_number", "trn", "previous_user_id"}.isdisjoint(
        userinfo
    )
    assert userinfo["trn_lookup_status"] == "Pending"
    assert None not in userinfo.values()
    assert "" not in userinfo.values()


def test_the_id_token_carries_the_same_claims(app: Flask) -> None:
    signed_in = sign_in(app, a_relying_party(app, scope=EVERYTHING), a_user(trn="1234567"))
    assert signed_in.userinfo.items() <= signed_in.claims.items()


def test_ids_of_merged_accounts_are_a_list(app: Flask) -> None:
    person = a_user(trn="1234567")
    merged = [a_user(merged_into_id=person.id) for _ in range(2)]
    merged.append(a_user(merged_into_id=merged[0].id))
    signed_in = sign_in(app, a_relying_party(app), person)
    for told in (signed_in.userinfo, signed_in.claims):
        assert sorted(told["previous_user_id"]) == sorted(str(each.id) for each in merged)


def test_single_claims_may_be_asked_for_within_what_the_service_may_know(app: Flask) -> None:
    service = a_relying_party(app, scopes=("openid", "email", "trn"), scope="openid")
    wanted = (
        '{"userinfo": {"email": {"essential": true}, "name": null}, "id_token": {"auth_time": {"essential": true}}}'
    )
    signed_in = sign_in(app, service, a_user(trn="1234567", email="a@example.com"), claims=wanted)
    assert signed_in.userinfo == {"sub": signed_in.claims["sub"], "email": "a@example.com"}
    assert "email" not in signed_in.claims
    assert "auth_time" in signed_in.claims


@pytest.mark.parametrize("policy", list(MatchPolicy))
def test_a_trn_is_never_told_by_its_name_without_its_scope(app: Flask, policy: MatchPolicy) -> None:
    """Neither the lookup nor what the service demands of it can be walked around (domain.md, Lookup status)."""
    service = a_relying_party(app, scope="openid", match_policy=policy)
    names = '{"trn": null, "trn_lookup_status": null, "trn_verification_level": null, "ni_number": null}'
    sealed = vault.seal("AB123456C", statements.NINO_CONTEXT)
    person = a_user(trn="1234567", level=VerificationLevel.MEDIUM, stated_nino_encrypted=sealed)
    signed_in = sign_in(app, service, person, claims=f'{{"userinfo": {names}, "id_token": {names}}}')
    assert signed_in.userinfo == {"sub": str(person.id)}
    assert not {"trn", "ni_number", "trn_lookup_status"} & set(signed_in.claims)


def test_a_trn_asked_for_by_name_comes_with_how_the_lookup_stands(app: Flask) -> None:
    service = a_relying_party(app, scope="openid trn")
    wanted = '{"id_token": {"trn": null}}'
    pending = sign_in(app, service, a_user(), claims=wanted, prompt="none").claims
    assert (pending.get("trn"), pending["trn_lookup_status"]) == (None, "Pending")
    assert pending["trn_lookup_reason"] == "not_looked_up"


@pytest.mark.parametrize(
    "claims", ["{", "[]", '{"userinfo": []}', '"x"', "[" * 2_000, '{"id_token": {"sub": {"value": 5}}}']
)
def test_a_claims_parameter_that_is_none_is_refused(app: Flask, claims: str) -> None:
    service = a_relying_party(app)
    answer = app.test_client().get(service.ask(claims=claims).path)
    assert service.answer_in(answer.location)["error"] == "invalid_request"


def test_an_essential_acr_that_no_sign_in_reaches_is_refused(app: Flask) -> None:
    service = a_relying_party(app)
    browser = a_browser_of(app, a_user(trn="1234567"))
    unmet = '{"id_token": {"acr": {"essential": true, "values": ["urn:gold"]}}}'
    assert service.answer_in(browser.get(service.ask(claims=unmet).path).location)["error"] == (
        "unmet_authentication_requirements"
    )
    met = unmet.replace("urn:gold", "http://localhost/acr/one-time-code")
    assert "code" in service.answer_in(browser.get(service.ask(claims=met).path).location)


def test_get_header_and_post_body_all_answer(client: FlaskClient, token: str) -> None:
    header = {"Authorization": f"Bearer {token}"}
    answers = [
        client.get("/connect/userinfo", headers=header),
        client.post("/connect/userinfo", headers=header),
        client.post("/connect/userinfo", data={"access_token": token}),
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert {answer.mimetype for answer in answers} == {"application/json"}


def test_a_person_who_is_locked_out_is_not_told_of_any_more(client: FlaskClient, token: str) -> None:
    with transaction():
        db.session.scalars(db.select(User)).one().locked_at = NOW
    assert status(client, token) == 401


def status(client: FlaskClient, token: Any) -> int:
    return client.get("/connect/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code
