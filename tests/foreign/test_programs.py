"""Relying services in three languages sign a person in against a running provider, and believe nothing forged."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.foreign.programs import LANGUAGES, PYTHON, RUBY, Credentials, Language, a_port, a_program
from tests.foreign.secure import PERSON, SecureSandbox
from tests.kit.tls import Exchange
from tests.kit.walker import Walker


@dataclass
class Service:
    """A program that runs, and the provider that it trusts."""

    language: Language
    address: str
    credentials: Credentials
    secure: SecureSandbox

    def begin(self, person: Walker, *, stop_at: str = "") -> requests.Response:
        """Have the service send the person to the provider."""
        answer = person.get(f"{self.address}/sign-in", stop_at=stop_at)
        return (
            person.submit(stop_at=stop_at) if self.language is RUBY and person.at.startswith(self.address) else answer
        )

    def sign_in(self, person: Walker) -> requests.Response:
        """All the way there and back."""
        self.begin(person)
        assert person.h1 == "What is your email address?"
        return person.sign_in(PERSON)

    def way_back(self, person: Walker) -> str:
        """The address at which the service is about to get its answer."""
        self.begin(person)
        return person.sign_in(PERSON, stop_at=f"{self.address}/callback").headers["Location"]


@pytest.fixture(scope="module", params=LANGUAGES, ids=lambda each: each.name)
def running(request: pytest.FixtureRequest, _running: SecureSandbox) -> Iterator[Service]:
    language: Language = request.param
    if reason := language.missing():
        pytest.skip(reason)
    port = a_port()
    options = [] if language.does_pkce else ["--no-require-pkce"]
    credentials = _running.register(f"http://localhost:{port}", *options)
    with a_program(language, _running.place, port, credentials, _running.trusted) as address:
        yield Service(language, address, credentials, _running)


@pytest.fixture
def service(running: Service, secure: SecureSandbox) -> Service:
    """With a proxy that is honest again after each test."""
    assert secure is running.secure
    return running


def test_a_person_signs_in_stays_known_while_away_and_signs_out(service: Service) -> None:
    person = service.secure.a_person()
    told = service.sign_in(person).json()
    [expected] = [each for each in service.secure.sandbox.told["people"] if each["email"] == PERSON]
    assert (told["email"], told["trn"]) == (PERSON, expected["expected"]["trn"])
    assert told["trn_lookup_status"] == "Found"
    assert told["iss"] == service.secure.issuer
    renewed = person.get(f"{service.address}/refresh").json()
    assert (renewed["renewed"], renewed["sub"]) == (True, told["sub"])
    assert service.begin(person).json()["sub"] == told["sub"], "with a session nobody is asked anything"
    person.get(f"{service.address}/sign-out")
    assert urlsplit(person.at).path == "/connect/signout"
    person.submit()
    assert person.at.partition("?")[0] == f"{service.address}/"
    service.begin(person)
    assert person.h1 == "What is your email address?"


def test_the_request_carries_what_a_careful_service_sends(service: Service) -> None:
    person = service.secure.a_person()
    service.begin(person, stop_at=service.secure.issuer)
    sent = parse_qs(urlsplit(person.answer.headers["Location"]).query)
    assert {"state", "nonce"} <= sent.keys()
    assert ("S256" in sent.get("code_challenge_method", [])) == service.language.does_pkce


def test_an_id_token_that_somebody_changed_is_refused(service: Service) -> None:
    """The attacker makes themselves somebody else on the way from the token endpoint."""

    def change_the_subject(exchange: Exchange) -> None:
        if exchange.path == "/connect/token":
            answer = json.loads(exchange.body)
            header, body, signature = answer["id_token"].split(".")
            said = json.loads(base64.urlsafe_b64decode(body + "=="))
            forged = base64.urlsafe_b64encode(json.dumps(said | {"sub": "somebody-else"}).encode()).decode().rstrip("=")
            answer["id_token"] = f"{header}.{forged}.{signature}"
            exchange.body = json.dumps(answer).encode()

    service.secure.proxy.tamper = change_the_subject
    refused(service.sign_in(service.secure.a_person()))


def test_an_id_token_for_another_request_is_refused(service: Service) -> None:
    """The nonce was changed on the way, so a token with a good signature answers another request."""
    service.secure.proxy.rewrite_target = lambda target: changed(target, "nonce", "one-of-the-attacker")
    refused(service.sign_in(service.secure.a_person()))


def test_an_answer_with_another_state_is_refused(service: Service) -> None:
    person = service.secure.a_person()
    refused(person.get(changed(service.way_back(person), "state", "one-of-the-attacker")))


def test_an_answer_in_another_provider_s_name_is_refused(service: Service) -> None:
    if not service.language.checks_iss:
        pytest.skip("this library has one provider for each callback and does not look at iss")
    person = service.secure.a_person()
    refused(person.get(changed(service.way_back(person), "iss", "https://evil.example")))


def test_another_person_s_code_is_refused(service: Service) -> None:
    """Code injection: by PKCE at the provider, or by the nonce in the service (RFC 9700 4.5)."""
    victim, attacker = service.secure.a_person(), service.secure.a_person()
    [stolen] = parse_qs(urlsplit(service.way_back(victim)).query)["code"]
    refused(attacker.get(changed(service.way_back(attacker), "code", stolen)))


def test_the_provider_sends_nobody_to_an_address_that_is_not_registered(service: Service) -> None:
    elsewhere = f"{service.address}/elsewhere"
    service.secure.proxy.rewrite_target = lambda target: changed(target, "redirect_uri", elsewhere)
    person = service.secure.a_person()
    assert service.begin(person).status_code == 400
    assert person.at.startswith(service.secure.issuer)


def test_the_provider_gives_nothing_for_a_wrong_secret(service: Service) -> None:
    port = a_port()
    options = [] if service.language.does_pkce else ["--no-require-pkce"]
    real = service.secure.register(f"http://localhost:{port}", *options)
    wrong = Credentials(real.client_id, "not-the-secret-of-this-service")
    with a_program(service.language, service.secure.place, port, wrong, service.secure.trusted) as address:
        answer = refused(Service(service.language, address, wrong, service.secure).sign_in(service.secure.a_person()))
    # openid-client tells a 401 with a challenge by a name of its own.
    assert any(words in answer.text for words in ("invalid_client", "OAUTH_WWW_AUTHENTICATE_CHALLENGE")), answer.text


def test_a_provider_whom_the_machine_does_not_trust_is_not_talked_to(secure: SecureSandbox) -> None:
    port = a_port()
    known = secure.register(f"http://localhost:{port}")
    strangers = {"ISSUER": secure.issuer}
    with a_program(PYTHON, secure.place, port, known, strangers) as address:
        assert secure.a_person().get(f"{address}/sign-in").status_code == 500


def refused(answer: requests.Response) -> requests.Response:
    """The service said no, in its own words."""
    assert answer.status_code == 400, (answer.url, answer.text[:500])
    assert "refused" in answer.text or "another provider" in answer.text
    return answer


def changed(address: str, name: str, value: str) -> str:
    """The address with another value for a parameter that it has."""
    parts = urlsplit(address)
    query = {each: values[0] for each, values in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode(query | {name: value})).geturl() if name in query else address
