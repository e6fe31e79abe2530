"""The provider behind a proxy that ends TLS, reached by a browser without scripts that trusts a private authority."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
import requests

from identity_provider.services import rate_limits
from tests.foreign.programs import a_port
from tests.foreign.secure import PERSON, SecureSandbox


def test_a_sign_in_without_a_script_goes_there_and_back(secure: SecureSandbox) -> None:
    person = secure.a_person()
    person.get(f"{secure.sandbox.address('relying_service')}/npq/sign-in")
    assert person.at.startswith(f"{secure.issuer}/sign-in/")
    person.sign_in(PERSON)
    assert urlsplit(person.at).path == "/npq/account"
    assert PERSON in person.answer.text


def test_its_cookies_are_of_this_host_only_and_for_https_only(secure: SecureSandbox) -> None:
    """Case 26 of oidc.md: no subdomain and no plain http can set or read them."""
    person = secure.a_person()
    person.get(f"{secure.sandbox.address('relying_service')}/npq/sign-in")
    person.sign_in(PERSON)
    ours = {each.name: each for each in person.session.cookies if each.name != "sample_services"}
    assert {"__Host-browser", "__Host-session"} <= ours.keys()
    for name, cookie in ours.items():
        assert name.startswith("__Host-"), name
        assert (cookie.secure, cookie.path, cookie.domain_specified) == (True, "/", False), name
        assert cookie.has_nonstandard_attr("HttpOnly"), name
        assert cookie.get_nonstandard_attr("SameSite") == "Lax", name


def test_every_address_that_it_tells_is_the_public_one(secure: SecureSandbox) -> None:
    ca_file = str(secure.authority.ca_file)
    address = f"{secure.issuer}/.well-known/openid-configuration"
    answer = requests.get(address, headers={"X-Forwarded-Host": "evil.example"}, verify=ca_file, timeout=60)
    told = answer.json()
    assert told["issuer"] == secure.issuer
    assert {value.startswith(f"{secure.issuer}/") for name, value in told.items() if name.endswith("_endpoint")} == {
        True
    }
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_the_visitor_is_whom_the_nearest_proxy_names_whatever_the_visitor_says(secure: SecureSandbox) -> None:
    """The seventh code in ten minutes is refused to this visitor, and what they say of themselves changes nothing."""
    while True:
        window, address = this_window(), f"limited-{this_window()}@example.com"
        statuses = [ask_for_a_code(secure, address, claimed=f"192.0.2.{number}") for number in range(7)]
        if this_window() == window:  # otherwise some of them were counted in the next ten minutes: all of them go there
            break
    assert statuses == [*[200] * 6, 429]
    other = secure.a_person()
    other.get(f"{secure.sandbox.address('relying_service')}/npq/sign-in")
    assert other.submit(email=address).status_code == 200


def this_window() -> int:
    """The ten minutes, by the clock of this machine, in which codes are counted together."""
    return int(time.time() // rate_limits.CODES_PER_ADDRESS.per.total_seconds())


def ask_for_a_code(secure: SecureSandbox, address: str, *, claimed: str) -> int:
    """As a visitor of one address who claims to be another; gives the status."""
    person = secure.a_person()
    secure.proxy.visitor = "203.0.113.7"
    person.session.headers["X-Forwarded-For"] = claimed
    person.get(f"{secure.sandbox.address('relying_service')}/npq/sign-in")
    return person.submit(email=address).status_code


def test_a_browser_that_does_not_know_the_authority_refuses_to_come(secure: SecureSandbox) -> None:
    stranger = requests.Session()
    stranger.trust_env = False
    with pytest.raises(requests.exceptions.SSLError):
        stranger.get(f"{secure.issuer}/healthz", timeout=60)


def test_the_suite_s_clients_are_registered_as_the_page_says(secure: SecureSandbox) -> None:
    """docs/certification.md: a confidential client may waive PKCE, and is then answered without it."""
    base = f"http://localhost:{a_port()}"
    known = secure.register(base, "--no-require-pkce")
    person = secure.a_person()
    request = f"client_id={known.client_id}&redirect_uri={base}/callback&response_type=code&scope=openid&state=a"
    person.get(f"{secure.issuer}/connect/authorize?{request}")
    location = person.sign_in(PERSON, stop_at=base).headers["Location"]
    assert "code=" in location
    assert "state=a" in location
