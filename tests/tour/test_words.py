"""Every visible text comes out of the catalogue: in a pseudo-language each of them stands between brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from babel.dates import get_month_names
from babel.messages.extract import extract_from_dir
from babel.support import NullTranslations
from flask import Flask
from flask_babel import Domain, get_babel

import identity_provider
import support_console
from identity_provider.db import db
from identity_provider.kit import emails
from identity_provider.models import OutboxMessage
from tests.kit.html import parse
from tests.tour.guide import Stop, walk
from tests.tour.stops import EVERY_STOP

PACKAGES = (Path(identity_provider.__file__).parent, Path(support_console.__file__).parent)
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
KEYWORDS = dict.fromkeys(("_", "_l", "N_", "gettext", "lazy_gettext")) | {
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
ENGLISH = {"api/docs.html": "the OpenAPI document, which developers read in the language of its identifiers"}
SPOKEN = ("aria-label", "alt", "title", "placeholder")
MONTHS = "|".join(get_month_names("wide", locale="cy").values())
NAMES = (
    "Kate|Bush|Kate Bush|Walter|Ann|Catherine|Quigley|Ada|Admin|Bob|Brown|Agent|Example College|Register for an NPQ"
    "|Leopold|Vandermeulen-Iqbal"
)
NO_WORDS = re.compile(
    r"^(?:gtt_)?[\w-]{43}$"  # a secret of 32 bytes
    r"|"
    rf"\d{{1,2}} (?:{MONTHS}) \d{{4}}"  # Welsh, so that a date in English is found out
    r"|\d{1,2}:\d\d(?:yb|yh)"
    r"|^Gwall:|Get an identity"
    r"|\S+@\S+\.\S+|\b\w+\.(?:png|pdf)\b"
    r"|\S+@\S+\.\S+|\bpeople\.csv\b"
    r"|https?://\S+"
    r"|\b(?:service|rp)-\d+\b|openid, profile, email, phone, offline_access, trn"
    r"|authorization_code, refresh_token|\bUser(?:Created|Updated|Merged)\b|\bPing\b"
    r"|^(?:openid|profile|email|phone|offline_access|trn|[a-z_]+:[a-z]+|authorization_code|refresh_token|none)$"
    r"|^(?:client_credentials|client_secret_(?:basic|post)|private_key_jwt|(?:RS|PS|ES)\d+|Ed25519|public|pairwise|opaque|jwt)$"
    r"|(?:GAI|CHG)-\w+|TRS-\d+|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{16}\b"
    rf"|\b(?:{NAMES})\d*\b"
    r"|\b[A-Z]{2}\d{6}[A-D]\b|\d[\d.:–-]*"
)
"""What is the same in every language: dates as Welsh writes them, addresses, words of the protocol, ids and names."""


class PseudoTranslations(NullTranslations):
    """Every text that the sources mark, between brackets; any other text as it is."""

    def ugettext(self, message: str) -> str:
        if message == "Error:":
            return "Gwall:"  # which every page test knows as the beginning of a title
        return f"⟦{message}⟧" if message in marked_texts() else message

    def upgettext(self, context: str, message: str) -> str:  # noqa: ARG002 -- as gettext has it
        return self.ugettext(message)

    def ungettext(self, singular: str, plural: str, num: int) -> str:
        return self.ugettext(singular if num == 1 else plural)


class PseudoDomain(Domain):  # type: ignore[misc]  # flask-babel has no types
    """Where flask-babel finds the pseudo-language."""

    def get_translations(self) -> PseudoTranslations:
        return PseudoTranslations()


@cache
def marked_texts() -> frozenset[str]:
    """What pybabel would find in the sources at this moment."""
    found: set[str] = set()
    for package in PACKAGES:
        for _, _, message, _, _ in extract_from_dir(package, METHODS, keywords=KEYWORDS):
            found |= {message} if isinstance(message, str) else set(message)
    return frozenset(found)


@pytest.fixture
def pseudo_app(app: Flask) -> Iterator[Flask]:
    """The application, speaking the pseudo-language."""
    babel = get_babel(app).instance
    real, babel.domain_instance = babel.domain_instance, PseudoDomain()
    yield app
    babel.domain_instance = real


def unmarked(text: str) -> str:
    """What is left of a text without what came out of the catalogue, and without what is no word."""
    rest, before = text.strip(), ""
    while rest != before:
        rest, before = re.sub(r"⟦[^⟦⟧]*⟧", " ", rest), rest
    return " ".join(re.sub(NO_WORDS, " ", rest).split())


def visible(element: Element) -> Iterator[str]:
    """Every text of a page that is seen or read out. `translate="no"` marks identifiers (HTML, "translate")."""
    if element.tag in {"script", "style"} or element.get("translate") == "no":
        return
    yield element.text or ""
    yield from (element.get(name, "") for name in SPOKEN)
    for child in element:
        yield from visible(child)
        yield child.tail or ""


def untranslated(html: str) -> list[str]:
    """The words of a page that no catalogue knows."""
    return [rest for text in visible(parse(html)) if re.search(r"[^\W\d_]", rest := unmarked(text))]


@pytest.mark.parametrize("stop", EVERY_STOP, ids=lambda stop: stop.name)
def test_no_text_of_a_page_or_an_email_is_said_past_the_catalogue(pseudo_app: Flask, stop: Stop) -> None:
    world = walk(stop, pseudo_app, language="cy")
    found = {
        f"{template} {page.path} ({page.status})": words
        for template, page in world.pages()
        if template not in ENGLISH and (words := untranslated(page.response.text))
    }
    for message in db.session.query(OutboxMessage).filter(OutboxMessage.kind.in_(EMAILS)):
        message.payload = {**message.payload, "locale": "cy"}
        written = emails.write(message, now=world.clock.now())
        lines = "\n".join(written).splitlines() if written else []
        left = [unmarked(line) for line in lines if re.search(r"[^\W\d_]", unmarked(line))]
        found |= {f"the email {message.kind}": left} if left else {}
    for message in db.session.query(OutboxMessage).filter(OutboxMessage.kind.in_(TEXTS)):
        message.payload = {**message.payload, "locale": "cy"}
        text = unmarked(emails.write_text(message, now=world.clock.now()) or "")
        found |= {f"the text message {message.kind}": [text]} if re.search(r"[^\W\d_]", text) else {}
    db.session.rollback()
    assert not found, "\n".join(f"{where}: {words}" for where, words in found.items())


EMAILS = tuple(path.stem for path in (PACKAGES[0] / "kit" / "templates" / "emails").glob("*.txt"))
TEXTS = tuple(path.stem for path in (PACKAGES[0] / "kit" / "templates" / "texts").glob("*.txt"))


def test_a_text_that_is_not_marked_would_be_found() -> None:
    body = "<h1>⟦Name⟧ Kate</h1><p aria-label='Here'>4 March 1985, 4 Mawrth 1985</p><i translate=no>trn_linked</i>"
    assert untranslated(f"<!DOCTYPE html><html lang=cy><title>⟦a ⟦b⟧⟧</title>{body}</html>") == ["March ,", "Here"]
