"""Signing out at a service's request: cases 52 and 53 of oidc.md."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from identity_provider.adapters.memory import ManualClock
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty, SignedIn

GOODBYE = "https://npq.example.org/sign-out"
CONFIRM = "/connect/signout/confirm"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, post_logout_redirect_uris=(GOODBYE,))


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return a_browser_of(app, a_user(trn="1234567"))


@pytest.fixture
def signed_in(service: RelyingParty, visitor: FlaskClient) -> SignedIn:
    asked = service.ask()
    return service.finish(visitor.get(asked.path).location, asked)


def press_the_button(visitor: FlaskClient, page: TestResponse) -> TestResponse:
    """Send the page's form as it stands."""
    fields = {name: unescape(value) for name, value in HIDDEN.findall(page.text)}
    assert f'action="{CONFIRM}"' in page.text
    return visitor.post(CONFIRM, data=fields)


def is_signed_in(service: RelyingParty, visitor: FlaskClient) -> bool:
    answer = visitor.get(service.ask(prompt="none").path)
    return "code" in service.answer_in(answer.location)


def sends_itself(page: TestResponse) -> bool:
    return "send-form.js" in page.text


def test_a_hint_of_this_session_makes_the_form_send_itself_and_leads_back_with_state(
    service: RelyingParty, visitor: FlaskClient, signed_in: SignedIn
) -> None:
    query = {"id_token_hint": signed_in.token["id_token"], "post_logout_redirect_uri": GOODBYE, "state": "s&1"}
    page = visitor.get("/connect/signout", query_string=query)
    assert sends_itself(page)
    assert "form-action 'self' https://npq.example.org;" in page.headers["Content-Security-Policy"]
    assert is_signed_in(service, visitor)
    back = press_the_button(visitor, page)
    assert (back.status_code, back.location) == (303, f"{GOODBYE}?state=s%261")
    assert not is_signed_in(service, visitor)


def test_client_id_and_address_are_enough_after_a_question(
    service: RelyingParty, visitor: FlaskClient, signed_in: SignedIn
) -> None:
    """What Register for an NPQ sends."""
    query = {"client_id": service.client_id, "post_logout_redirect_uri": GOODBYE}
    page = visitor.get("/connect/signout", query_string=query)
    assert not sends_itself(page)
    assert press_the_button(visitor, page).location == GOODBYE


def test_a_bare_address_is_enough_only_for_a_service_with_the_setting(app: Flask, visitor: FlaskClient) -> None:
    a_relying_party(app, post_logout_redirect_uris=(GOODBYE,))
    refused = visitor.get("/connect/signout", query_string={"post_logout_redirect_uri": GOODBYE})
    assert refused.status_code == 400
    bare = "https://aytq.example.org/sign-out"
    a_relying_party(app, number=2, post_logout_redirect_uris=(bare,), bare_post_logout_redirect=True)
    page = visitor.get("/connect/signout", query_string={"post_logout_redirect_uri": bare})
    assert press_the_button(visitor, page).location == bare


def test_nothing_at_all_signs_out_after_a_question(service: RelyingParty, visitor: FlaskClient) -> None:
    done = press_the_button(visitor, visitor.get("/connect/signout"))
    assert done.status_code == 200
    assert "You are signed out" in done.text
    assert not is_signed_in(service, visitor)


def test_signing_out_ends_what_was_granted_in_the_session(
    service: RelyingParty, visitor: FlaskClient, signed_in: SignedIn
) -> None:
    """Case 44: no refresh, and no access, after logout."""
    press_the_button(visitor, visitor.get("/connect/signout"))
    headers = {"Authorization": f"Bearer {signed_in.token['access_token']}"}
    assert service.http.call("GET", "/connect/userinfo", headers=headers).status == 401


def test_somebody_who_is_not_signed_in_goes_straight_back(app: Flask, service: RelyingParty) -> None:
    query = {"client_id": service.client_id, "post_logout_redirect_uri": GOODBYE}
    assert app.test_client().get("/connect/signout", query_string=query).location == GOODBYE
    assert "You are signed out" in app.test_client().get("/connect/signout").text


def test_52_an_expired_hint_is_good(
    app: Flask, service: RelyingParty, visitor: FlaskClient, signed_in: SignedIn, clock: ManualClock
) -> None:
    """Case 52."""
    clock.advance(timedelta(minutes=30))
    query = {"id_token_hint": signed_in.token["id_token"], "post_logout_redirect_uri": GOODBYE}
    assert press_the_button(visitor, visitor.get("/connect/signout", query_string=query)).location == GOODBYE


@pytest.mark.parametrize(
    "address", [GOODBYE + "?x=1", GOODBYE + "/", "https://evil.example/", "javascript:alert(1)", "\\"]
)
def test_52_an_address_that_is_not_registered_is_never_gone_to(
    app: Flask, service: RelyingParty, visitor: FlaskClient, address: str
) -> None:
    """Case 52: a page with a way on, signed in or not."""
    query = {"client_id": service.client_id, "post_logout_redirect_uri": address}
    for each in (visitor, app.test_client()):
        page = each.get("/connect/signout", query_string=query)
        assert page.status_code == 400
        assert "Location" not in page.headers
    page = visitor.get("/connect/signout", query_string=query)
    assert press_the_button(visitor, page).status_code == 200


@pytest.mark.parametrize("hint", ["junk", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "a.b.c"])
def test_52_a_forged_hint_is_an_error_and_signs_nobody_out(
    service: RelyingParty, visitor: FlaskClient, hint: str
) -> None:
    """Case 52: alg none, foreign signature."""
    query = {"id_token_hint": hint, "client_id": service.client_id, "post_logout_redirect_uri": GOODBYE}
    page = visitor.get("/connect/signout", query_string=query)
    assert page.status_code == 400
    assert not sends_itself(page)
    assert is_signed_in(service, visitor)


def test_52_another_service_s_hint_or_address(
    app: Flask, service: RelyingParty, visitor: FlaskClient, signed_in: SignedIn
) -> None:
    """Case 52."""
    other = a_relying_party(app, number=2)
    mixed = {"id_token_hint": signed_in.token["id_token"], "client_id": other.client_id}
    assert visitor.get("/connect/signout", query_string=mixed).status_code == 400
    theirs = {"client_id": other.client_id, "post_logout_redirect_uri": GOODBYE}
    assert visitor.get("/connect/signout", query_string=theirs).status_code == 400


def test_53_a_get_or_a_form_from_elsewhere_signs_nobody_out(service: RelyingParty, visitor: FlaskClient) -> None:
    """Case 53: an image, a prefetch, and a form without our token."""
    visitor.get("/connect/signout")
    assert visitor.post("/connect/signout", data={"client_id": service.client_id}).status_code == 200
    assert visitor.post(CONFIRM, data={"client_id": service.client_id}).status_code == 400
    assert visitor.get(CONFIRM).status_code == 405
    assert is_signed_in(service, visitor)


def test_53_a_hint_of_an_earlier_session_asks_first(app: Flask, service: RelyingParty, signed_in: SignedIn) -> None:
    """Somebody else sits at the visitor now."""
    other = a_browser_of(app, a_user(trn="7654321"))
    page = other.get("/connect/signout", query_string={"id_token_hint": signed_in.token["id_token"]})
    assert not sends_itself(page)
    assert page.headers["Cache-Control"] == "no-store"
