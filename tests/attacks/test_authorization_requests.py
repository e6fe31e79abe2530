"""Attacks on the authorization endpoint (design page oidc.md, cases 1 to 22): the answer that each must get."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from identity_provider.db import db, transaction
from identity_provider.models import AuthorizationRequest, Client, Grant
from tests.builders import a_user
from tests.kit.provider import CALLBACK, a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app)


def open_request(app: Flask, service: RelyingParty, **parameters: str | None) -> TestResponse:
    return app.test_client().get(service.ask(**parameters).path)


def is_page_without_redirect(answer: TestResponse) -> bool:
    return answer.status_code == 400 and "Location" not in answer.headers and b"<h1" in answer.data


def error_of(service: RelyingParty, answer: TestResponse, state: str | None = None) -> str:
    assert answer.status_code == 303, answer.status
    sent_back = service.answer_in(answer.location)
    assert sent_back["iss"] == "http://localhost"
    assert "code" not in sent_back
    if state is not None:
        assert sent_back["state"] == state
    return sent_back["error"]


def test_1_a_redirect_uri_that_is_not_registered(app: Flask, service: RelyingParty) -> None:
    """Case 1: a page, no redirect (RFC 6749 3.1.2.4)."""
    assert is_page_without_redirect(open_request(app, service, redirect_uri="https://evil.example/callback"))


@pytest.mark.parametrize(
    "trick",
    [
        CALLBACK + "/more",
        CALLBACK + "/..",
        CALLBACK + "/%2e%2e",
        CALLBACK + "?next=1",
        CALLBACK + "#fragment",
        CALLBACK + "/",
        "https://npq.example.org:8443/callback",
        "https://npq.example.org:443/callback",
        "https://npq.example.org/Callback",
        "https://NPQ.example.org/callback",
        "https://npq.example.org@evil.example/callback",
        "https://npq.example.org.evil.example/callback",
        "https://evil.example\\@npq.example.org/callback",
        "https://npq.example.org/callback\t",
        "https://npq.example.org/callback\r\nX: 1",
        "https://npq.exаmple.org/callback",  # a Cyrillic letter
        "http://npq.example.org/callback",
        "javascript:alert(1)",
        "data:text/html,hello",
        "//npq.example.org/callback",
        "http://[::1/callback",
        "http://127.0.0.1:99999/callback",
    ],
)
def test_2_redirect_uri_tricks(app: Flask, service: RelyingParty, trick: str) -> None:
    """Case 2: exact string comparison (RFC 9700 2.1)."""
    assert is_page_without_redirect(open_request(app, service, redirect_uri=trick))


@pytest.mark.parametrize(
    ("asked", "accepted"),
    [
        ("http://127.0.0.1:51004/callback", True),
        ("http://127.0.0.1/callback", True),
        ("http://[::1]:51004/callback", False),
        ("http://127.0.0.1:51004/other", False),
        ("http://127.0.0.1:51004/callback?x=1", False),
        ("http://user@127.0.0.1:51004/callback", False),
        ("http://localhost:51004/callback", False),
        ("https://127.0.0.1:51004/callback", False),
        ("http://127.0.0.1.evil.example:51004/callback", False),
        ("http://127.0.0.1:/callback", False),
        ("http://127.0.0.1:51004\t/callback", False),
        ("http://127.0.0.1:51\r\n004/callback", False),
        ("http://127.0.0.1:51004/call\nback", False),
        ("http://127.0.0.1:51004/callback\r\nX: 1", False),
        ("http://127.0.0.1:51004/callback ", False),
        ("http://127.0.0.1:51004\\callback", False),
        ("http://127.0.0.1:５１/callback", False),  # full-width digits
    ],
)
def test_2_a_loopback_address_may_vary_its_port_and_nothing_else(app: Flask, asked: str, accepted: bool) -> None:
    """Case 2: RFC 8252 7.3."""
    service = a_relying_party(app, redirect_uris=("http://127.0.0.1:9000/callback",), auth_method="none")
    answer = open_request(app, service, redirect_uri=asked)
    assert is_page_without_redirect(answer) is not accepted
    assert (answer.status_code == 303) is accepted


def test_the_scope_of_staff_is_granted_to_nobody_who_signs_in(app: Flask, service: RelyingParty) -> None:
    """Not even for a service that was registered with it once."""
    with transaction():
        client = db.session.get_one(Client, service.client_id)
        client.scopes = [*client.scopes, "get-an-identity:support"]
    asked = service.ask(scope="openid get-an-identity:support")
    browser = a_browser_of(app, a_user(trn="1234567"))
    assert service.finish(browser.get(asked.path).location, asked).token["scope"] == "openid"


def test_3_a_missing_redirect_uri(app: Flask, service: RelyingParty) -> None:
    """Case 3: REQUIRED even when one is registered (OpenID Connect Core 3.1.2.1)."""
    assert is_page_without_redirect(open_request(app, service, redirect_uri=None))


@pytest.mark.parametrize("client_id", [None, "", "nobody", "x" * 300, "rp-1'--", "rp-1\u00e9"])
def test_4_an_unknown_or_missing_client(app: Flask, service: RelyingParty, client_id: str | None) -> None:
    """Case 4: the same words whatever was wrong."""
    answer = open_request(app, service, client_id=client_id)
    assert is_page_without_redirect(answer)
    assert b"is not registered with us" in answer.data


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_4_who_or_whereto_said_twice_is_a_page(app: Flask, service: RelyingParty, name: str) -> None:
    """Case 4: RFC 6749 3.1."""
    path = service.ask().path
    assert is_page_without_redirect(app.test_client().get(f"{path}&{name}={getattr(service, name)}"))


@pytest.mark.parametrize("name", ["state", "nonce", "scope", "response_type", "prompt", "unheard_of"])
def test_4_anything_else_said_twice_goes_back_as_an_error(app: Flask, service: RelyingParty, name: str) -> None:
    """Case 4: RFC 6749 3.1."""
    twice = urlencode([(name, "a"), (name, "b")])
    answer = app.test_client().get(f"{service.ask(**{name: None}).path}&{twice}")
    assert error_of(service, answer) == "invalid_request"


@pytest.mark.parametrize(
    ("response_type", "error"),
    [
        (None, "invalid_request"),
        ("token", "unsupported_response_type"),
        ("id_token", "unsupported_response_type"),
        ("code id_token", "unsupported_response_type"),
        ("none", "unsupported_response_type"),
        ("<script>", "unsupported_response_type"),
    ],
)
def test_5_other_flows(app: Flask, service: RelyingParty, response_type: str | None, error: str) -> None:
    """Case 5: no implicit, no hybrid; what was sent is not repeated in the description."""
    asked = service.ask(response_type=response_type)
    answer = app.test_client().get(asked.path)
    assert error_of(service, answer, asked.state) == error
    assert "%3Cscript" not in answer.location


@pytest.mark.parametrize("mode", ["fragment", "query.jwt", "junk"])
def test_6_an_unknown_response_mode(app: Flask, service: RelyingParty, mode: str) -> None:
    """Case 6: refused in the query."""
    answer = open_request(app, service, response_mode=mode)
    assert error_of(service, answer) == "invalid_request"
    assert "#" not in answer.location


def test_6_a_form_post_escapes_what_it_carries(app: Flask, service: RelyingParty) -> None:
    """Case 6 and 17: nothing that a request says becomes markup; the form may end at the service only."""
    path = service.ask(response_mode="form_post", state='"><script>alert(1)</script>').path
    answer = a_browser_of(app, a_user(trn="1234567")).get(path)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text
    assert f'action="{CALLBACK}"' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self' https://npq.example.org;" in policy
    assert "unsafe-inline" not in policy


@pytest.mark.parametrize(
    ("challenge", "method"),
    [
        (None, None),
        (None, "S256"),
        ("x" * 43, None),
        ("x" * 43, "plain"),
        ("x" * 43, "s256"),
        ("x" * 42, "S256"),
        ("x" * 44, "S256"),
        ("x" * 42 + "=", "S256"),
        ("x" * 42 + "\n", "S256"),
    ],
)
def test_7_pkce_that_is_missing_plain_or_malformed(
    app: Flask, service: RelyingParty, challenge: str | None, method: str | None
) -> None:
    """Case 7: RFC 7636 4.4.1, RFC 9700 2.1.1."""
    answer = open_request(app, service, code_challenge=challenge, code_challenge_method=method)
    assert error_of(service, answer) == "invalid_request"


def test_8_silence_without_a_session(app: Flask, service: RelyingParty) -> None:
    """Case 8: OpenID Connect Core 3.1.2.6."""
    assert error_of(service, open_request(app, service, prompt="none")) == "login_required"
    assert error_of(service, open_request(app, service, prompt="none login")) == "invalid_request"


@pytest.mark.parametrize("max_age", ["-1", "1.5", "soon", "١", "1" * 30])
def test_9_a_max_age_that_is_no_number(app: Flask, service: RelyingParty, max_age: str) -> None:
    """Case 9."""
    assert error_of(service, open_request(app, service, max_age=max_age)) == "invalid_request"


@pytest.mark.parametrize("hint", ["junk", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "x" * 7_000])
def test_10_a_forged_hint(app: Flask, service: RelyingParty, hint: str) -> None:
    """Case 10: never trusted."""
    assert error_of(service, open_request(app, service, id_token_hint=hint)) == "invalid_request"


def test_10_a_hint_about_somebody_else_and_one_given_to_another_service(app: Flask, service: RelyingParty) -> None:
    """Case 10: with prompt=none, login_required."""
    somebody, other = a_user(trn="1234567"), a_user(trn="7654321")
    asked = service.ask()
    hint = service.finish(a_browser_of(app, somebody).get(asked.path).location, asked).token["id_token"]
    answer = a_browser_of(app, other).get(service.ask(prompt="none", id_token_hint=hint).path)
    assert error_of(service, answer) == "login_required"
    answer = a_browser_of(app, somebody).get(service.ask(prompt="none", id_token_hint=hint).path)
    assert "code" in service.answer_in(answer.location)
    another = a_relying_party(app, number=2)
    answer = a_browser_of(app, somebody).get(another.ask(prompt="none", id_token_hint=hint).path)
    assert error_of(another, answer) == "invalid_request"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
        ("request_uri", "https://169.254.169.254/latest", "request_uri_not_supported"),
        ("request_uri", "file:///etc/passwd", "request_uri_not_supported"),
        ("registration", "{}", None),
    ],
)
def test_12_request_objects_are_refused_aloud(
    app: Flask, service: RelyingParty, name: str, value: str, error: str | None
) -> None:
    """Cases 11 to 13: never silently ignored, never fetched."""
    answer = open_request(app, service, **{name: value})
    if error is None:
        assert answer.location.startswith("/sign-in/")
    else:
        assert error_of(service, answer) == error


@pytest.mark.parametrize("place", ["state", "error_description", "redirect_uri", "Host"])
def test_16_header_injection(app: Flask, service: RelyingParty, place: str) -> None:
    """Case 16: encoded or refused; the issuer comes from the settings, never from Host."""
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"} if place == "Host" else {}
    parameters = {} if place == "Host" else {place: "x\r\nSet-Cookie: stolen=1"}
    answer = app.test_client().get(service.ask(prompt="none", **parameters).path, headers=headers)
    assert "stolen" not in str(answer.headers.getlist("Set-Cookie"))
    if answer.status_code == 303:
        assert error_of(service, answer) == "login_required"
    assert "evil.example" not in str(answer.headers) + answer.text


def test_18_every_answer_names_its_issuer(app: Flask, service: RelyingParty) -> None:
    """Case 18: mix-up (RFC 9207)."""
    answer = a_browser_of(app, a_user(trn="1234567")).get(service.ask().path)
    assert service.answer_in(answer.location)["iss"] == "http://localhost"


@pytest.mark.parametrize(
    ("name", "length"), [("state", 100_000), ("nonce", 100_000), ("nonce", 513), ("state", 2_049), ("scope", 60_000)]
)
def test_21_oversized_parameters(app: Flask, service: RelyingParty, name: str, length: int) -> None:
    """Case 21: refused at once, nothing stored."""
    value = "a " * (length // 2) if name == "scope" else "x" * length
    answer = open_request(app, service, **{name: value})
    assert answer.status_code in {400, 413, 414}
    assert db.session.query(AuthorizationRequest).count() == 0


def test_21_a_parameter_that_is_too_long_is_told_on_a_page_of_ours(app: Flask, service: RelyingParty) -> None:
    """Case 21: nothing of a request that can not be read is sent on, as docs/onboarding.md tells it."""
    assert is_page_without_redirect(open_request(app, service, login_hint="x" * 2_049))


def test_21_a_long_state_and_nonce_are_echoed_exactly(app: Flask, service: RelyingParty) -> None:
    """Case 21: state up to 2,048 and nonce up to 512 characters."""
    state = "Zoë +&=%/?" + "s" * 2_038
    asked = service.ask(state=state, nonce="n" * 512)
    answer = a_browser_of(app, a_user(trn="1234567")).get(asked.path)
    assert service.answer_in(answer.location)["state"] == state
    code = service.answer_in(answer.location)["code"]
    token = service.redeem(code, asked.verifier).json
    assert service.validate(token["id_token"], nonce="n" * 512)


@pytest.mark.parametrize(
    "query",
    ["&".join(f"p{number}=1" for number in range(5_000)), "state=%00", "state=%ff%fe", "%ff=1", "client_id=%00"],
)
def test_21_too_many_parameters_and_unreadable_bytes(app: Flask, service: RelyingParty, query: str) -> None:
    """Case 21: 400, 413 or 414, never 500."""
    answer = app.test_client().get(f"{service.ask(state=None).path}&{query}")
    assert answer.status_code in {400, 413, 414}


def test_22_a_post_from_elsewhere_works_and_changes_nothing_yet(app: Flask, service: RelyingParty) -> None:
    """Case 22: OpenID Connect Core 3.1.2.1; answered with 303, so the browser goes on with GET (case 20)."""
    browser = app.test_client()
    answer = browser.post(
        "/connect/authorize",
        data=service.ask().path.split("?", 1)[1],
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": "https://npq.example.org"},
    )
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in/")
    assert db.session.query(Grant).count() == 0


def test_27_a_journey_of_another_browser(app: Flask, service: RelyingParty) -> None:
    """Case 27: refused, bound to the cookie."""
    person = a_user(trn="1234567")
    mine, theirs = app.test_client(), a_browser_of(app, person)
    mine.get(service.ask().path)
    request_id = db.session.query(AuthorizationRequest).one().id
    for action in ("answer", "refuse"):
        assert theirs.get(f"/connect/authorize/{request_id}/{action}").status_code == 404
    assert db.session.query(Grant).count() == 0


def test_46_answers_are_not_stored(app: Flask, service: RelyingParty) -> None:
    """Case 46: no-store on every redirect and page of the endpoint; no referrer, no frames (14 and 15)."""
    for answer in (open_request(app, service), open_request(app, service, client_id="nobody")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
