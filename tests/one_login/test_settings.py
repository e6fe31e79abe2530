"""The settings for GOV.UK One Login, and what the doctor says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from config.one_login import algorithms_of, host_of
from config.settings import Settings, SettingsInvalid
from identity_provider.adapters.choice import choose_broker
from tests.config.test_settings import GOOD
from tests.kit.one_login import OneLoginNearby, a_private_key, pem_of

KEY = pem_of(a_private_key())
ON = {
    "ONE_LOGIN_ISSUER": "https://oidc.account.gov.uk/",
    "ONE_LOGIN_CLIENT_ID": "abc",
    "ONE_LOGIN_PRIVATE_KEY": KEY,
    "ONE_LOGIN_IDENTITY_DID": "did:web:identity.account.gov.uk",
}


def problems(**changes: str) -> list[str]:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_environment(GOOD | ON | changes)
    return refused.value.problems


def test_it_is_off_unless_it_is_set_up() -> None:
    assert choose_broker(Settings.from_environment(GOOD)) is None


def test_it_is_on_with_its_settings_and_derives_who_says_who_people_are() -> None:
    broker = choose_broker(Settings.from_environment(GOOD | ON))
    assert broker is not None
    assert broker.terms.identity_issuer == "https://identity.account.gov.uk/"
    assert broker.terms.id_token_algorithm == "ES256"


def test_the_key_may_be_a_file_or_stand_on_one_line(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(KEY, encoding="utf-8")
    for text in (str(file), KEY.replace("\n", "\\n")):
        settings = Settings.from_environment(GOOD | ON | {"ONE_LOGIN_PRIVATE_KEY": text})
        assert algorithms_of(settings.one_login_private_key) == ("ES256",)
        assert KEY.splitlines()[1] not in repr(settings)


@pytest.mark.parametrize(
    "changes",
    [
        {"ONE_LOGIN_ISSUER": ""},
        {"ONE_LOGIN_ISSUER": "http://oidc.account.gov.uk/"},
        {"ONE_LOGIN_ISSUER": "https://oidc.account.gov.uk/?x=1"},
        {"ONE_LOGIN_CLIENT_ID": ""},
        {"ONE_LOGIN_PRIVATE_KEY": ""},
        {"ONE_LOGIN_PRIVATE_KEY": "/nowhere.pem"},
        {"ONE_LOGIN_IDENTITY_DID": "did:key:z6Mk"},
        {"ONE_LOGIN_IDENTITY_DID": "did:web:identity.account.gov.uk:users"},
        {"ONE_LOGIN_IDENTITY_ISSUER": "http://identity.account.gov.uk/"},
        {"ONE_LOGIN_IDENTITY_DID": "", "ONE_LOGIN_IDENTITY_ISSUER": "https://identity.account.gov.uk/"},
        {"ONE_LOGIN_ID_TOKEN_ALGORITHM": "HS256"},
    ],
    ids=str,
)
def test_settings_that_can_not_work_are_refused_at_start(changes: dict[str, str]) -> None:
    assert all(each.startswith("ONE_LOGIN_") for each in problems(**changes))


def test_only_keys_that_are_strong_enough_sign() -> None:
    def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    assert algorithms_of(pem(rsa.generate_private_key(65537, 2048))) == ("PS256", "RS256")
    assert algorithms_of(pem(rsa.generate_private_key(65537, 1024))) == ()  # noqa: S505 -- that is the point
    assert algorithms_of(pem(ec.generate_private_key(ec.SECP384R1()))) == ()


def test_a_did_names_a_host_and_a_port() -> None:
    assert host_of("did:web:localhost%3A8005") == "localhost:8005"
    assert host_of("did:web:evil.example/x") == ""


def examined(app: Flask) -> dict[str, str]:
    said = app.test_cli_runner().invoke(args=["doctor", "--json"]).stdout
    found: dict[str, str] = next(each for each in json.loads(said) if each["name"] == "one-login")
    return found


def test_the_doctor_asks_it_for_what_it_publishes(app: Flask, one_login: OneLoginNearby) -> None:
    assert examined(app)["state"] == "ok"


def test_the_doctor_says_that_it_is_down(app: Flask, one_login: OneLoginNearby) -> None:
    one_login.misbehave("down")
    assert examined(app)["state"] == "fault"
