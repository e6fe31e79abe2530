"""The sample services: a real client library that believes nothing it should not, and says what went wrong."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import html5lib
import pytest
import requests
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from identity_provider.sandbox.relying_pages import SampleService
from identity_provider.sandbox.relying_service import COOKIE, Relying, create_relying_service
from tests.kit.stand_ins import free_port
from tests.sandbox.tiny_provider import CLAIMS, SUBJECT, TinyProvider

BASE = "http://localhost:8001"
KEY_OF_A_STRANGER = RSAKey.generate_key(2048, {"kid": "first"})


@pytest.fixture
def provider() -> Iterator[TinyProvider]:
    running = TinyProvider(free_port())
    running.start()
    yield running
    running.stop()


def services_of(issuer: str) -> FlaskClient:
    services = tuple(
        SampleService(slug, name, client_id, f"{client_id}-secret", awards=slug == "npq")
        for slug, name, client_id in [("npq", "NPQ", "register-for-npq"), ("qts", "QTS", "apply-for-qts")]
    )
    totp_secrets = {"admin@example.com": "JBSWY3DPEHPK3PXP" * 2}
    app = create_relying_service(Relying(BASE, issuer, services, "http://localhost:8002/", totp_secrets))
    return app.test_client()


@pytest.fixture
def visitor(provider: TinyProvider) -> FlaskClient:
    return services_of(provider.issuer)


def there_and_back(visitor: FlaskClient, to_provider: TestResponse) -> TestResponse:
    """Follow the redirect to the provider and the one back."""
    assert to_provider.status_code == 302
    answer = requests.get(to_provider.location, allow_redirects=False, timeout=60)
    return visitor.get(answer.headers["Location"].removeprefix(BASE), base_url=BASE)


def sign_in(visitor: FlaskClient, slug: str = "npq", query: str = "") -> TestResponse:
    return there_and_back(visitor, visitor.get(f"/{slug}/sign-in{query}", base_url=BASE))


def claim(page: TestResponse, name: str) -> str | None:
    found = re.search(rf'<dd data-claim="{name}">(.*?)</dd>', page.text)
    return found[1] if found else None


def test_a_person_signs_in_and_sees_what_the_service_was_told(visitor: FlaskClient, provider: TinyProvider) -> None:
    back = sign_in(visitor)
    assert back.location == f"{BASE}/npq/account"
    page = visitor.get("/npq/account", base_url=BASE)
    assert claim(page, "sub") == SUBJECT
    assert claim(page, "trn") == "0100105"
    assert claim(page, "trn_lookup_status") == "Found"
    assert "Siobhán O&#39;Shaughnessy" in page.text
    [asked] = provider.asked
    assert asked["scope"] == "openid profile email trn"
    assert asked["code_challenge_method"] == "S256"
    assert asked["client_id"] == "register-for-npq"


def test_the_way_to_the_account_leads_back_and_signing_out_there_ends_the_session_here(
    visitor: FlaskClient, provider: TinyProvider
) -> None:
    sign_in(visitor)
    page = visitor.get("/npq/account", base_url=BASE).text
    link = html.unescape(re.findall(r'href="([^"]*/account\?client_id[^"]*)"', page)[0])
    asked = parse_qs(urlsplit(link).query)
    assert asked["redirect_uri"] == [f"{BASE}/npq/account"]
    assert visitor.get(asked["sign_out_uri"][0], base_url=BASE).location == f"{BASE}/signed-out"
    assert visitor.get("/npq/account", base_url=BASE).location == f"{BASE}/npq/sign-in"


def test_a_claim_that_was_not_sent_is_not_made_up(visitor: FlaskClient, provider: TinyProvider) -> None:
    provider.userinfo = {"sub": SUBJECT}
    provider.lies = {"trn": None, "trn_lookup_status": "Pending"}
    sign_in(visitor)
    page = visitor.get("/npq/account", base_url=BASE)
    assert claim(page, "trn_lookup_status") == "Pending"


def test_the_second_service_is_another_client(visitor: FlaskClient, provider: TinyProvider) -> None:
    sign_in(visitor, "npq")
    assert visitor.get("/qts/account", base_url=BASE).location == f"{BASE}/qts/sign-in"
    sign_in(visitor, "qts")
    assert provider.asked[1]["client_id"] == "apply-for-qts"
    assert claim(visitor.get("/qts/account", base_url=BASE), "sub") == SUBJECT


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "http://localhost:1"},
        {"aud": "somebody-else"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
    ],
    ids=["issuer", "audience", "nonce", "expired"],
)
def test_an_id_token_that_lies_signs_nobody_in(
    visitor: FlaskClient, provider: TinyProvider, lie: dict[str, Any]
) -> None:
    provider.lies = lie
    assert sign_in(visitor).status_code == 400
    assert visitor.get("/npq/account", base_url=BASE).status_code == 302


def test_a_token_signed_by_a_stranger_signs_nobody_in(visitor: FlaskClient, provider: TinyProvider) -> None:
    provider.signing_key = KEY_OF_A_STRANGER
    assert sign_in(visitor).status_code == 400


def test_userinfo_of_somebody_else_signs_nobody_in(visitor: FlaskClient, provider: TinyProvider) -> None:
    provider.userinfo = {**CLAIMS, "sub": "another"}
    assert "wrong_subject" in sign_in(visitor).text


@pytest.mark.parametrize("issuer", ["http://localhost:1", ""])
def test_an_answer_from_another_issuer_is_refused(visitor: FlaskClient, provider: TinyProvider, issuer: str) -> None:
    """RFC 9207: the way to notice a mix-up of providers."""
    provider.answers = {"iss": issuer}
    assert "wrong_issuer" in sign_in(visitor).text


def test_an_answer_that_nobody_asked_for_is_refused(visitor: FlaskClient, provider: TinyProvider) -> None:
    page = visitor.get(f"/npq/callback?code=x&state=y&iss={provider.issuer}", base_url=BASE)
    assert page.status_code == 400
    assert "used already, or started in another browser" in page.text


def test_an_error_is_told_in_plain_words_with_a_way_to_try_again(visitor: FlaskClient, provider: TinyProvider) -> None:
    provider.answers = {"error": "access_denied", "error_description": "The <person> left"}
    page = sign_in(visitor)
    assert page.status_code == 400
    assert "You came back without signing in" in page.text
    assert 'href="/npq/sign-in"' in page.text
    assert "The &lt;person&gt; left" in page.text
    assert provider.issuer in page.text


def test_when_the_provider_does_not_answer_it_says_so(provider: TinyProvider) -> None:
    visitor = services_of(f"http://localhost:{free_port()}")
    page = visitor.get("/npq/sign-in", base_url=BASE)
    assert page.status_code == 503
    assert "has a problem at the moment" in page.text


def test_the_provider_may_begin_a_sign_in(visitor: FlaskClient, provider: TinyProvider) -> None:
    """OpenID Connect Core 1.0, section 4: with a hint, and back to the page that was asked for."""
    query = {
        "iss": provider.issuer,
        "login_hint": "siobhan@example.com",
        "target_link_uri": f"{BASE}/npq/account?from=x",
    }
    for method in (visitor.get, visitor.post):
        sent = {"query_string": query} if method == visitor.get else {"data": query}
        back = there_and_back(visitor, method("/npq/initiate-login", base_url=BASE, **sent))
        assert back.location == f"{BASE}/npq/account?from=x"
        assert provider.asked[-1]["login_hint"] == "siobhan@example.com"


@pytest.mark.parametrize(
    "changed", [{"iss": "http://localhost:1"}, {"target_link_uri": "http://localhost:8001.example.com/"}]
)
def test_nobody_else_may_begin_one_nor_send_the_person_elsewhere(
    visitor: FlaskClient, provider: TinyProvider, changed: dict[str, str]
) -> None:
    query = {"iss": provider.issuer, "target_link_uri": f"{BASE}/npq/account"} | changed
    assert visitor.get("/npq/initiate-login", query_string=query, base_url=BASE).status_code == 400


def test_what_a_tester_adds_is_passed_on_and_nothing_else(visitor: FlaskClient, provider: TinyProvider) -> None:
    sign_in(visitor, query="?prompt=login&trn_token=abc&redirect_uri=http://evil.example")
    [asked] = provider.asked
    assert (asked["prompt"], asked["trn_token"]) == ("login", "abc")
    assert asked["redirect_uri"] == f"{BASE}/npq/callback"


def test_signing_out_here_signs_out_there(visitor: FlaskClient, provider: TinyProvider) -> None:
    sign_in(visitor)
    answer = visitor.post("/npq/sign-out", base_url=BASE)
    there = urlsplit(answer.location)
    told = parse_qs(there.query)
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{provider.issuer}/signout"
    assert told["post_logout_redirect_uri"] == [f"{BASE}/signed-out"]
    assert told["id_token_hint"][0].count(".") == 2
    assert visitor.get("/npq/account", base_url=BASE).status_code == 302
    assert visitor.post("/npq/sign-out", base_url=BASE).location == f"{BASE}/signed-out"


def test_its_cookie_is_its_own_and_small(visitor: FlaskClient) -> None:
    """All ports of localhost share their cookies."""
    sign_in(visitor)
    cookie = visitor.get_cookie(COOKIE, domain="localhost")
    assert cookie is not None
    assert len(cookie.value) < 1_000
    assert COOKIE != "session"


def test_by_another_name_of_this_machine_it_sends_you_to_its_own(visitor: FlaskClient) -> None:
    answer = visitor.get("/npq/?a=1", base_url="http://127.0.0.1:8001")
    assert answer.location == f"{BASE}/npq/?a=1"


def test_the_pages_are_valid_html_with_one_heading(visitor: FlaskClient, provider: TinyProvider) -> None:
    provider.answers = {"error": "access_denied"}
    failed = sign_in(visitor).text
    provider.answers = {}
    sign_in(visitor)
    paths = ["/", "/people", "/npq/", "/npq/account", "/qts/", "/signed-out"]
    for page in [failed, *(visitor.get(path, base_url=BASE).text for path in paths)]:
        html5lib.HTMLParser(strict=True).parse(page)
        assert page.count("<h1>") == 1
        assert '<html lang="en">' in page


def test_the_people_to_try_and_the_present_staff_code_are_listed(visitor: FlaskClient) -> None:
    page = visitor.get("/people", base_url=BASE).text
    assert "returning.teacher@example.com" in page
    assert re.search(r'<strong data-totp="admin@example.com">\d{6}</strong>', page)


def test_only_the_provider_of_npqs_awards_them_and_only_to_who_is_signed_in(visitor: FlaskClient) -> None:
    chosen = {"qualification": "NPQH"}
    assert visitor.post("/npq/award", base_url=BASE, data=chosen).location == f"{BASE}/npq/account"
    assert visitor.post("/qts/award", base_url=BASE, data=chosen).status_code == 404
    sign_in(visitor, "qts")
    assert "Record the award" not in visitor.get("/qts/account", base_url=BASE).text


def test_an_award_that_is_refused_is_shown_as_refused(visitor: FlaskClient) -> None:
    """The tiny provider has no API: what it answers is told, and nothing is made of it."""
    sign_in(visitor, "npq")
    assert "Record the award" in visitor.get("/npq/account", base_url=BASE).text
    page = visitor.post("/npq/award", base_url=BASE, data={"qualification": "NPQH"})
    assert (page.status_code, "The award was not recorded" in page.text) == (502, True)
    again = visitor.post("/npq/award", base_url=BASE, data={"qualification": "PGCE"})
    assert again.location == f"{BASE}/npq/account"
