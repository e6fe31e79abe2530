"""The sandbox's GOV.UK One Login beside the application of a test, over real HTTP, at the test's own time of day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask

from config.settings import Settings
from identity_provider.adapters.one_login import OneLogin, OneLoginAccount
from identity_provider.ports import BrokerTerms, Ports
from identity_provider.sandbox.one_login import create_one_login
from identity_provider.sandbox.one_login_tokens import Signers, Tokens, did_of
from identity_provider.sandbox.one_login_wire import OneLoginClient
from tests.kit.html import HtmlForm, find_all, parse
from tests.kit.page import Browser, Page
from tests.kit.served import serve
from tests.kit.stand_ins import free_port

CLIENT_ID = "get-an-identity"
LEAVE = "Sign in with GOV.UK One Login"
PROVE = "Prove your identity with GOV.UK One Login"


@lru_cache(maxsize=1)
def signers() -> Signers:
    """One set of keys for the whole run: an RSA key takes a while to make."""
    return Signers.made()


def a_private_key() -> ec.EllipticCurvePrivateKey:
    """A key of ours."""
    return ec.generate_private_key(ec.SECP256R1())


def pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    """As a setting holds it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class OneLoginNearby:
    """The stand-in that runs, and how people get through it."""

    app: Flask
    issuer: str
    terms: BrokerTerms
    private_key: str = field(repr=False)

    @property
    def tokens(self) -> Tokens:
        made: Tokens = self.app.extensions["tokens"]
        return made

    def misbehave(self, mode: str) -> None:
        """Until it is told `ok`."""
        self.app.extensions["faults"].set(mode, 600.0)

    def broker(self, *, seconds: float = 60.0, terms: BrokerTerms | None = None) -> OneLogin:
        """A client of it that knows nothing yet."""
        account = OneLoginAccount(terms or self.terms, self.private_key, sandbox=True)
        return OneLogin(account, seconds=seconds)

    def answers(self, leaving: Page, person: str) -> str:
        """Be somebody there; returns where One Login sends the browser back to."""
        [address] = [href for href in leaving.links.values() if href.startswith(self.issuer)]
        return self.visit(address, person)

    def visit(self, address: str, person: str) -> str:
        """The same with an address that was kept."""
        with self.app.app_context():
            client = self.app.test_client()
            shown = client.get(address)
            if shown.location:
                return str(shown.location)
            assert shown.status_code == 200, shown.text
            [form] = [HtmlForm.read(each) for each in find_all(parse(shown.text), "form")]
            sent = client.post(
                urljoin(address, form.action), data={"waiting": form.values["waiting"], "person": person}
            )
        assert sent.location, sent.text
        return str(sent.location)

    def go_through(self, browser: Browser, person: str, button: str = LEAVE) -> Page:
        """From a page with the button to One Login and back."""
        return self.back(browser, browser.submit(button), person)

    def back(self, browser: Browser, leaving: Page, person: str) -> Page:
        """From the page that leads to One Login, there and back."""
        return browser.get(_path(self.answers(leaving, person)))


@contextmanager
def one_login_beside(app: Flask, *, proves_identity: bool = True) -> Iterator[OneLoginNearby]:
    """Switch One Login on for the application, until the block ends."""
    settings: Settings = app.extensions["settings"]
    ports: Ports = app.extensions["ports"]
    port, key = free_port(), a_private_key()
    issuer = f"http://127.0.0.1:{port}/"
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    client = OneLoginClient(CLIENT_ID, public, (f"{settings.issuer}/one-login/callback",))
    stand_in = create_one_login(client, issuer, ports.clock.now, signers())
    did = did_of(issuer) if proves_identity else ""
    nearby = OneLoginNearby(stand_in, issuer, BrokerTerms(issuer, CLIENT_ID, "ES256", did, issuer), pem_of(key))
    with serve(stand_in, port):
        app.extensions["ports"] = replace(ports, broker=nearby.broker())
        try:
            yield nearby
        finally:
            app.extensions["ports"] = ports


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
