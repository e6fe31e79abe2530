"""Attacks on sessions, forms and pages (design page oidc.md, cases 14 to 17, 20, 22 to 26, 46, 53)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from config.settings import Settings
from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.kit import session
from identity_provider.models import BrowserSession, Grant, Journey
from identity_provider.services import browser_sessions
from tests.builders import NOW, a_client, a_record, a_user
from tests.journeys.travel import EMAIL, TOKEN, Traveller, count_of, newest_code
from tests.kit.html import find_all, parse
from tests.kit.page import Browser
from tests.kit.provider import a_browser_of, a_relying_party, complete_journey

PERSONAL = ("/connect/signout", "/support/sign-in")


def on_the_way(app: Flask) -> Traveller:
    """Somebody who stands at the box for the code."""
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    return person


def test_14_no_page_tells_others_where_somebody_is_or_loads_from_elsewhere(app: Flask) -> None:
    """Case 14: no referrer, and nothing in a page of a sign-in that another site would be asked for."""
    person = on_the_way(app)
    person.submit(code=newest_code(EMAIL))
    for page in person.visited:
        assert page.response.headers["Referrer-Policy"] == "no-referrer"
        if page.location:
            continue
        document = parse(page.response.text)
        loaded = [each.get("src") or "" for each in find_all(document, "script", "img", "iframe")]
        loaded += [each.get("href") or "" for each in find_all(document, "link")]
        assert [each for each in loaded if not each.startswith(("/", "data:"))] == []


@pytest.mark.parametrize("address", ["/", *PERSONAL, "/connect/authorize", "/nowhere"])
def test_15_no_page_may_be_framed(app: Flask, address: str) -> None:
    """Case 15: sign-in, consent, sign-out and error pages alike (RFC 9700 4.16)."""
    answer = app.test_client().get(address)
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_15_the_pages_of_a_journey_may_not_be_framed(app: Flask) -> None:
    """Case 15: the ones where a click would matter most."""
    for page in on_the_way(app).visited:
        assert page.response.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in page.response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example;proto=https"}],
)
def test_16_no_header_of_the_request_makes_an_address_of_ours(app: Flask, headers: dict[str, str]) -> None:
    """Case 16: what we tell of ourselves comes from the settings."""
    service = a_relying_party(app)
    browser = a_browser_of(app, a_user(trn="1234567"))
    told = browser.get("/.well-known/openid-configuration", headers=headers)
    assert told.status_code == 400 or "evil" not in told.text
    answer = browser.get(service.ask().path, headers=headers)
    assert answer.status_code in {303, 400}
    assert "evil" not in answer.text + answer.headers.get("Location", "")


@pytest.mark.parametrize("parameter", ["login_hint", "ui_locales", "state", "display", "acr_values"])
def test_17_nothing_that_a_request_says_becomes_markup(app: Flask, parameter: str) -> None:
    """Case 17: on the way through a journey, and on the page about a request that is refused."""
    markup = "\"'><script>alert(1)</script>"
    service = a_relying_party(app)
    person = Browser(app)
    pages = [person.get(service.ask(**{parameter: markup}).path)]
    pages.append(person.get(service.ask(**{parameter: markup, "redirect_uri": "https://evil.example/"}).path))
    pages.append(person.get(service.ask(client_id=markup).path))
    for page in pages:
        assert "<script>alert" not in page.response.text
        assert "script-src 'self';" in page.response.headers["Content-Security-Policy"]


def test_17_a_service_s_name_is_text(app: Flask) -> None:
    """Case 17: a name with markup in it is shown as it is written."""
    person = Traveller(app)
    page = person.set_out(a_client(name="<b onmouseover=alert(1)>Acme</b>"))
    assert "<b onmouseover" not in page.response.text


def test_20_after_a_form_with_a_credential_the_browser_goes_on_with_get(app: Flask) -> None:
    """Case 20: 303 after the code and after the address; 307 would post the code to the next page (RFC 9700 4.12)."""
    a_user(email=EMAIL, trn="1234567")
    person = on_the_way(app)
    person.submit(code=newest_code(EMAIL))
    posts = [page for page in person.visited if page.response.request.method == "POST"]
    assert len(posts) == 2
    assert {page.status for page in posts} == {303}


def test_22_a_request_from_another_site_changes_nothing_for_who_is_signed_in(app: Flask) -> None:
    """Case 22: a form of another site makes a journey at most; it neither signs in nor out, nor grants anything."""
    service = a_relying_party(app)
    browser = a_browser_of(app, a_user(trn="1234567"))
    parts = parse_qs(urlsplit(service.ask(prompt="login").path).query)
    sent = {name: values[0] for name, values in parts.items()}
    answer = browser.post("/connect/authorize", data=sent, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in/")
    assert count_of(Grant) == 0
    assert count_of(BrowserSession, BrowserSession.ended_at.is_(None)) == 1


@pytest.mark.parametrize("token", ["", "0" * 64, None])
def test_23_no_form_of_ours_is_answered_without_its_token(app: Flask, token: str | None) -> None:
    """Case 23: address, code, sign-out; a token of another browser is none."""
    person = on_the_way(app)
    code, other = newest_code(EMAIL), Traveller(app, "o" * 43)
    other.set_out()
    stolen = other.page.form().values["csrf_token"][0] if token is None and other.page else token
    for address in (person.step("email"), person.step("code"), "/connect/signout/confirm"):
        answer = person.client.post(address, data={"csrf_token": stolen, "email": "x@example.com", "code": code})
        assert answer.status_code == 400, address
    assert person.journey.email == EMAIL
    assert person.journey.email_proved_at is None


def test_24_an_attacker_s_journey_is_none_in_the_victim_s_browser(app: Flask) -> None:
    """Case 24: login CSRF; the attacker's half-done sign-in, sent as a link, signs the victim in to nothing."""
    a_user(email=EMAIL, trn="1234567")
    attacker, victim = on_the_way(app), Traveller(app, "v" * 43)
    for address in (attacker.step("code"), attacker.step("email"), f"/sign-in/{attacker.journey_id}"):
        assert victim.get(address).h1 == "You need to start again"
    assert victim.post(attacker.step("code"), code=newest_code(EMAIL)).status == 400
    attacker.submit(code=newest_code(EMAIL))
    assert victim.get(attacker.answer_path).status == 404
    assert victim.client.get_cookie("session") is None
    assert count_of(Grant) == 1, "the attacker's own"


def test_24_what_the_service_sent_comes_back_untouched(app: Flask) -> None:
    """Case 24: the service's own state and nonce are what it recognises its browser by."""
    service = a_relying_party(app)
    person, browser = a_user(trn="1234567"), app.test_client()
    asked = service.ask()
    path = complete_journey(browser.get(asked.path).location, person)
    cookie = a_browser_of(app, person).get_cookie("session")
    assert cookie is not None
    browser.set_cookie("session", cookie.value)
    signed_in = service.finish(browser.get(path).location, asked)
    assert signed_in.claims["nonce"] == asked.nonce


def test_25_a_session_that_was_planted_is_worth_nothing_after_sign_in(app: Flask, clock: ManualClock) -> None:
    """Case 25: the secret changes at sign-in, at every further proof and at sign-out; the old one is dead at once."""
    user = a_user(email=EMAIL, trn="1234567")
    person = on_the_way(app)
    person.client.set_cookie("session", "p" * 43)
    person.submit(code=newest_code(EMAIL))
    first = secret_of(person)
    assert first != "p" * 43
    clock.advance(timedelta(minutes=1))
    person.set_out(prompt="login")
    person.prove()
    second = secret_of(person)
    assert second != first
    service = a_relying_party(app)
    for dead in ("p" * 43, first):
        browser = app.test_client()
        browser.set_cookie("session", dead)
        assert browser.get(service.ask().path).headers["Location"].startswith("/sign-in/")
    person.get("/connect/signout")
    person.submit()
    browser = app.test_client()
    browser.set_cookie("session", second)
    assert browser.get(service.ask().path).headers["Location"].startswith("/sign-in/")
    assert count_of(BrowserSession, BrowserSession.user_id == user.id, BrowserSession.ended_at.is_(None)) == 0


def test_26_the_cookie_is_a_random_number_and_the_row_decides(app: Flask) -> None:
    """Case 26: nothing is read out of the cookie; without its row it opens nothing."""
    user = a_user(email=EMAIL, trn="1234567")
    person = on_the_way(app)
    person.submit(code=newest_code(EMAIL))
    cookie = person.client.get_cookie("session")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert len(cookie.value) >= 43
    assert str(user.id) not in cookie.value
    db.session.rollback()
    session = db.session.scalars(select(BrowserSession)).one()
    assert cookie.value.encode() not in session.secret_hmac


def test_26_over_https_the_cookies_are_of_this_host_only(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 26: the prefix __Host- and Secure, so no subdomain and no plain http can set or read one."""
    settings: Settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", replace(settings, issuer="https://identity.example.org"))
    answer = app.test_client().get(a_relying_party(app).ask().path, base_url="https://identity.example.org")
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


def test_27_an_answered_journey_gives_no_second_code(app: Flask) -> None:
    """Case 27: opening the address again, in the same browser, leads to the service and carries nothing."""
    service = a_relying_party(app)
    person, browser = a_user(trn="1234567"), app.test_client()
    path = complete_journey(browser.get(service.ask().path).location, person)
    cookie = a_browser_of(app, person).get_cookie("session")
    assert cookie is not None
    browser.set_cookie("session", cookie.value)
    assert "code=" in browser.get(path).headers["Location"]
    again = browser.get(path)
    assert "code=" not in again.headers.get("Location", "") + again.text
    assert count_of(Grant) == 1


def test_48_ids_in_addresses_cannot_be_guessed(app: Flask) -> None:
    """Case 48: of a journey and a request nothing counts up, and a near miss is any other miss."""
    first, second = on_the_way(app).journey_id, on_the_way(app).journey_id
    assert {each.version for each in (first, second)} == {4}
    browser = app.test_client()
    near = str(first)[:-1] + ("0" if str(first)[-1] != "0" else "1")
    missed = [browser.get(f"/sign-in/{each}/email") for each in (near, "00000000-0000-4000-8000-000000000000")]
    assert [each.status_code for each in missed] == [400, 400]
    assert len({without_reference(each.text) for each in missed}) == 1
    assert count_of(Journey) == 2


@pytest.mark.parametrize("address", [*PERSONAL, "/sign-in/00000000-0000-4000-8000-000000000000"])
def test_46_no_personal_page_is_kept_by_anybody(app: Flask, address: str) -> None:
    """Case 46: nor is it told apart by an ETag."""
    answer = app.test_client().get(address)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_53_after_signing_out_back_shows_nothing(app: Flask) -> None:
    """Case 53: what was on the screen was never to be kept, and asking for it again needs a new sign-in."""
    a_user(email=EMAIL, trn="1234567")
    person = on_the_way(app)
    person.submit(code=newest_code(EMAIL))
    seen = [page for page in person.visited if page.status == 200]
    assert {page.response.headers["Cache-Control"] for page in seen} == {"no-store"}
    person.get("/connect/signout")
    person.submit()
    for page in seen:
        assert EMAIL not in person.get(page.path).response.text


def test_57_a_sign_in_leaves_no_code_cookie_or_statement_in_the_logs(
    app: Flask, capsys: pytest.CaptureFixture[str], register: MemoryRegister
) -> None:
    """Case 57: nor does an error on the way; what is logged has the path, never what was typed."""
    register.records = [a_record()]
    person = Traveller(app)
    person.set_out(login_hint=EMAIL)
    person.submit(email=EMAIL)
    code = newest_code(EMAIL)
    person.post(person.step("code"), code="999999" if code != "999999" else "888888")
    person.get(person.step("code"))
    person.submit(code=code)
    person.say_who(first="Xanthippe", last="Quillfeather")
    person.say_more(nino="AB123456C", trn="1234567")
    person.check()
    captured = capsys.readouterr()
    logs = captured.out + captured.err
    assert person.step("code") in logs
    assert "code_refused" in logs
    for secret in (EMAIL, code, person.secret, secret_of(person), "Quillfeather", "AB123456C", "1985-03-04", "1234567"):
        assert secret not in logs


def secret_of(person: Traveller) -> str:
    cookie = person.client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def without_reference(html: str) -> str:
    """The page without what differs from one request to the next."""
    return re.sub(r"[0-9a-f]{16,64}|[0-9a-f-]{36}", "", html)


def test_24_whoever_comes_next_keeps_only_the_journey_in_which_they_sign_in(app: Flask) -> None:
    """Case 24: what was half done here by nobody known yet may be the last person's, but for the page they stand on."""
    here, elsewhere = on_the_way(app), on_the_way(app)
    with transaction():
        _, secret = browser_sessions.begin(a_user(), amr=["otp"], now=NOW)
    with app.test_request_context(headers={"Cookie": f"browser={TOKEN}; session={secret}"}), transaction():
        session.sign_in(a_user(), amr=["otp"], journey_id=here.journey_id)
    assert (here.journey.expires_at > NOW, elsewhere.journey.expires_at > NOW) == (True, False)
