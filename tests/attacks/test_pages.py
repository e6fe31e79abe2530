"""Attacks by way of our pages (design page oidc.md, cases 14, 15, 17, 19, 20, 26): leaks, frames, scripts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from identity_provider.db import db, transaction
from identity_provider.models import Client
from tests.builders import a_client, a_user
from tests.journeys.travel import EMAIL, Traveller, newest_code
from tests.kit.provider import a_browser_of, a_relying_party

SCRIPT = "'\"><script>alert(1)</script>"
RESOURCES = re.compile(r"<(?:script|link|img|iframe|form|object|embed|source)\b[^>]*?(?:src|href|action)=\"([^\"]*)\"")


@pytest.fixture
def pages(app: Flask) -> dict[str, str]:
    """The addresses of pages with something on them, one of which carries a code."""
    service = a_relying_party(app)
    begun = Traveller(app)
    return {
        "sign-in": begun.set_out().path,
        "sign-out": "/connect/signout",
        "error": "/connect/authorize?client_id=nobody",
        "form_post": service.ask(response_mode="form_post").path,
    }


def test_14_no_page_tells_an_address_or_loads_anything_from_elsewhere(app: Flask, pages: dict[str, str]) -> None:
    """Case 14: RFC 9700 4.2.4; the page that carries the code leads nowhere but to the service."""
    browser = a_browser_of(app, a_user(trn="1234567"))
    for name, path in pages.items():
        answer = browser.get(path, follow_redirects=True)
        assert answer.headers["Referrer-Policy"] == "no-referrer", name
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], name
        for address in RESOURCES.findall(answer.text):
            own = not urlsplit(address).netloc
            assert own or (name, address) == ("form_post", "https://npq.example.org/callback"), (name, address)
    with_code = browser.get(pages["form_post"]).text
    assert re.findall(r"<a [^>]*href=\"https?:", with_code) == []


def test_15_nothing_of_ours_is_shown_in_a_frame(app: Flask, pages: dict[str, str]) -> None:
    """Case 15: RFC 9700 4.16; old browsers and new ones are told."""
    browser = a_browser_of(app, a_user(trn="1234567"))
    for path in (*pages.values(), "/support/sign-in", "/nowhere"):
        answer = browser.get(path, follow_redirects=True)
        assert answer.headers["X-Frame-Options"] == "DENY", path
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path


def test_17_what_a_request_or_a_registration_says_is_never_markup(app: Flask) -> None:
    """Case 17: client_name, login_hint, ui_locales, state, and the address itself."""
    person = Traveller(app)
    client = a_client(name=f"Register {SCRIPT}")
    page = person.set_out(client, login_hint=f"a{SCRIPT}@example.com", parameters={"ui_locales": SCRIPT})
    service = a_relying_party(app)
    query = urlencode({"client_id": SCRIPT, "state": SCRIPT, "ui_locales": SCRIPT, "login_hint": SCRIPT})
    shown = [
        page.response,
        app.test_client().get(f"/connect/authorize?{query}"),
        app.test_client().get(f"/connect/signout?{urlencode({'client_id': client.id, 'state': SCRIPT})}"),
        a_browser_of(app, a_user(trn="1234567")).get(f"/connect/signout?{urlencode({'state': SCRIPT})}"),
        a_browser_of(app, a_user(trn="7654321")).get(service.ask(response_mode="form_post", state=SCRIPT).path),
        app.test_client().get(f"/{urlencode({'x': SCRIPT})}"),
    ]
    for answer in shown:
        assert "<script>alert" not in answer.text
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Register &#39;&#34;&gt;&lt;script&gt;" in shown[0].text


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/account//sign-in", "/account/sign-in"),
        ("/connect///authorize", "/connect/authorize"),
        ("//account//sign-in", "/account/sign-in"),
    ],
)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "10.0.0.7"])
def test_16_no_redirect_names_the_host_that_the_request_named(app: Flask, path: str, leads_to: str, host: str) -> None:
    """Case 16: an address spelt with doubled slashes leads to the same path, wherever we are."""
    answer = misspelt(app, path, host=host, query="client_id=x&state=%2F%2F")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{leads_to}?client_id=x&state=%2F%2F"
    assert app.test_client().get("/healthz", headers={"Host": host}).status_code == 200


def misspelt(app: Flask, path: str, *, host: str = "evil.example", query: str = "") -> TestResponse:
    """The answer to a path as it came over the wire: the client would mend it first."""
    as_sent = {"PATH_INFO": path, "RAW_URI": path, "REQUEST_URI": path, "QUERY_STRING": query}
    return app.test_client().get("/", headers={"Host": host}, environ_overrides=as_sent)


def test_16_no_address_misspelt_leads_to_the_host_that_the_request_named(app: Flask) -> None:
    """Case 16: wherever a slash is doubled, missing or too much, of all the addresses that we have."""
    led = 0
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        for spelling in {path.replace("/", "//"), path.rstrip("/"), f"{path}/", "/" + path[1:].replace("/", "//")}:
            answer = misspelt(app, spelling)
            led += answer.status_code == 308
            assert "evil.example" not in str(answer.headers) + answer.text, spelling
            assert not answer.headers.get("Location", "/").startswith("//"), spelling
    assert led > 100


@pytest.mark.parametrize("changes", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}])
def test_19_a_request_that_is_not_understood_bounces_nobody(app: Flask, changes: dict[str, str]) -> None:
    """Case 19: RFC 9700 4.11.2, a page, which leads to no address that the request brought."""
    service = a_relying_party(app)
    answer = app.test_client().get(service.ask(**changes, prompt="none").path)
    assert answer.status_code == 400
    assert "evil.example" not in answer.text + str(answer.headers)


def test_19_a_service_that_was_switched_off_is_led_to_by_nobody(app: Flask) -> None:
    """Case 19: neither with an error nor at the end of a journey."""
    service = a_relying_party(app)
    with transaction():
        client = db.session.get_one(Client, service.client_id)
        client.disabled_at = client.created_at
    answer = app.test_client().get(service.ask(prompt="none").path)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_20_every_redirect_after_a_post_is_a_303(app: Flask) -> None:
    """Case 20: RFC 9700 4.12, a 307 would hand the code that was typed to the service."""
    a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    for name in ("email", "code"):
        typed = EMAIL if name == "email" else newest_code(EMAIL, person.journey_id)
        token = person.here.form().values["csrf_token"][0]
        answer = person.client.post(person.here.path, data={name: typed, "csrf_token": token})
        assert answer.status_code == 303
        person.get(person.step("code"))
    assert person.here.path == person.answer_path


@pytest.fixture
def over_https(app: Flask) -> Iterator[Flask]:
    before = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(before, issuer="https://id.example.org")
    yield app
    app.extensions["settings"] = before


def test_26_cookies_are_for_this_host_over_https_and_for_no_script(over_https: Flask) -> None:
    """Case 26: __Host- can be set by no subdomain and for none; Lax, so that no form of another site carries it."""
    browser = over_https.test_client()
    service = a_relying_party(over_https)
    begun = browser.get(service.ask().path, base_url="https://id.example.org")
    cookies = begun.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        name, attributes = cookie.split("=", 1)[0], {each.strip() for each in cookie.split(";")[1:]}
        assert name.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= attributes
        assert not any(each.startswith("Domain") for each in attributes)
