"""Debian's mod_auth_openidc guards a page by us: a certified relying party that nobody here wrote."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from tests.foreign import apache
from tests.foreign.programs import Credentials, a_port
from tests.foreign.secure import PERSON, SecureSandbox
from tests.foreign.test_programs import changed
from tests.kit.tls import Exchange
from tests.kit.walker import Walker


@dataclass
class Guarded:
    """A page of Apache's, and the provider that it sends everybody to."""

    address: str
    secure: SecureSandbox

    @property
    def log(self) -> str:
        """What the module wrote about it."""
        return (self.secure.place / f"apache-{urlsplit(self.address).port}" / "error.log").read_text(encoding="utf-8")

    def sign_in(self, person: Walker) -> requests.Response:
        person.get(f"{self.address}/private.html")
        assert person.h1 == "What is your email address?"
        return person.sign_in(PERSON)

    def way_back(self, person: Walker) -> str:
        person.get(f"{self.address}/private.html")
        return person.sign_in(PERSON, stop_at=f"{self.address}/callback").headers["Location"]


@pytest.fixture(scope="module")
def running(_running: SecureSandbox) -> Iterator[Guarded]:
    if reason := apache.missing():
        pytest.skip(reason)
    port = a_port()
    address = f"http://localhost:{port}"
    known = _running.register(address)
    with apache.an_apache(_running.place, port, known, _running.issuer, _running.authority.ca_file):
        yield Guarded(address, _running)


@pytest.fixture
def guarded(running: Guarded, secure: SecureSandbox) -> Guarded:
    """With a proxy that is honest again after each test."""
    assert secure is running.secure
    return running


def test_a_person_signs_in_stays_known_and_signs_out(guarded: Guarded) -> None:
    person = guarded.secure.a_person()
    answer = guarded.sign_in(person)
    assert "Private" in answer.text, (answer.text, guarded.log)
    before = person.get(f"{guarded.address}/callback?info=json").json()
    assert before["id_token"]["iss"] == guarded.secure.issuer
    assert (before["userinfo"]["email"], before["userinfo"]["trn_lookup_status"]) == (PERSON, "Found")
    back, after_all = (quote(f"{guarded.address}/{each}", safe="") for each in ("private.html", ""))
    person.get(f"{guarded.address}/callback?refresh={back}&access_token={quote(before['access_token'])}")
    after = person.get(f"{guarded.address}/callback?info=json").json()
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    person.get(f"{guarded.address}/callback?logout={after_all}")
    assert urlsplit(person.at).path == "/connect/signout"
    person.submit(stop_at=f"{guarded.address}/")
    person.get(f"{guarded.address}/private.html")
    assert person.h1 == "What is your email address?"


def test_it_asks_with_a_challenge_a_state_and_a_nonce(guarded: Guarded) -> None:
    person = guarded.secure.a_person()
    person.get(f"{guarded.address}/private.html", stop_at=guarded.secure.issuer)
    sent = parse_qs(urlsplit(person.answer.headers["Location"]).query)
    assert sent["code_challenge_method"] == ["S256"]
    assert {"state", "nonce"} <= sent.keys()


def test_an_id_token_with_another_signature_is_refused(guarded: Guarded) -> None:
    def spoil(exchange: Exchange) -> None:
        if exchange.path == "/connect/token":
            answer = json.loads(exchange.body)
            signed, _, signature = answer["id_token"].rpartition(".")
            other = bytes(reversed(base64.urlsafe_b64decode(signature + "==")))
            answer["id_token"] = f"{signed}.{base64.urlsafe_b64encode(other).decode().rstrip('=')}"
            exchange.body = json.dumps(answer).encode()

    guarded.secure.proxy.tamper = spoil
    refused(guarded.sign_in(guarded.secure.a_person()))


def test_an_id_token_for_another_request_is_refused(guarded: Guarded) -> None:
    guarded.secure.proxy.rewrite_target = lambda target: changed(target, "nonce", "one-of-the-attacker")
    refused(guarded.sign_in(guarded.secure.a_person()))


def test_an_answer_with_another_state_or_issuer_is_refused(guarded: Guarded) -> None:
    for name, value in (("state", "one-of-the-attacker"), ("iss", "https://evil.example")):
        person = guarded.secure.a_person()
        refused(person.get(changed(guarded.way_back(person), name, value)))


def test_it_gets_nothing_with_a_wrong_secret(guarded: Guarded) -> None:
    secure, port = guarded.secure, a_port()
    address = f"http://localhost:{port}"
    wrong = Credentials(secure.register(address).client_id, "not-the-secret-of-this-service")
    with apache.an_apache(secure.place, port, wrong, secure.issuer, secure.authority.ca_file):
        refused(Guarded(address, secure).sign_in(secure.a_person()))


def refused(answer: requests.Response) -> None:
    """The module's page about an error, and never the private one."""
    assert "Private" not in answer.text
    assert answer.status_code == 400 or "Error" in answer.text, (answer.status_code, answer.url, answer.text[:300])
