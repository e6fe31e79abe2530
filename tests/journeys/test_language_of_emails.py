"""Whoever signed in in Welsh is written to in Welsh, also when nobody is at a page: an award, a link, a record."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryMailer
from identity_provider.db import db, transaction
from identity_provider.kit import emails
from identity_provider.models import User
from identity_provider.services import award_codes, awards, erasure, lookups, merging, one_login_links, outbox, passkeys
from identity_provider.services.audit import SYSTEM
from identity_provider.services.one_login_told import Told
from tests.awards.recorded import an_award
from tests.builders import NOW, a_client, a_user
from tests.console.agents import messages
from tests.journeys.travel import EMAIL, Traveller, user_at
from tests.test_jobs import work


def subject_of(kind: str) -> str:
    [message] = messages(kind)
    written = emails.write(message, now=NOW)
    assert written is not None
    return written[0]


@pytest.mark.parametrize(("language", "subject"), [
    ("en", "An award was added to your account"),
    ("cy", "Ychwanegwyd dyfarniad at eich cyfrif"),
])  # fmt: skip
def test_the_language_of_the_last_sign_in_is_the_one_that_is_written_in(
    app: Flask, mailer: MemoryMailer, language: str, subject: str
) -> None:
    a_user(email=EMAIL)
    person = Traveller(app)
    person.set_out(parameters={"ui_locales": language})
    person.prove()
    assert user_at(EMAIL).language == language
    an_award(user_at(EMAIL))
    work()
    assert mailer.to(EMAIL)[0].subject == subject


def test_alerts_about_one_login_and_awards_are_in_the_persons_language(app: Flask) -> None:
    user = a_user(language="cy")
    award = an_award(user)
    with transaction():
        told = one_login_links.connect(user, Told("https://one.example/", "urn:one", user.email), now=NOW)
        one_login_links.end(user, told.id, actor=SYSTEM, but=None, now=NOW)
        awards.withdraw(user, award.provider_reference, "a mistake", client=award.client, now=NOW)
    assert subject_of(one_login_links.LINKED) == "Cysylltwyd GOV.UK One Login â’ch cyfrif"
    assert "One Login" in subject_of(one_login_links.UNLINKED)
    assert subject_of(one_login_links.UNLINKED) != "GOV.UK One Login was disconnected from your account"
    assert subject_of(awards.RECORDED) == "Ychwanegwyd dyfarniad at eich cyfrif"
    assert "award" not in subject_of(awards.WITHDRAWN)
    with transaction():
        outbox.post(award_codes.CHECKED, "checked", to=user.email, payload={"award_id": str(award.id)}, now=NOW)
        lookups.tell_of_record(user, a_client(), now=NOW)
    assert subject_of(award_codes.CHECKED) == "Gwiriodd rhywun eich dyfarniad"
    assert "record" not in subject_of(lookups.RECORD_FOUND)


def test_an_address_that_is_no_accounts_any_more_is_written_to_in_its_persons_language(app: Flask) -> None:
    user = a_user(language="cy")
    with transaction():
        payload = {"kept": False, "user_id": str(user.id)}
        outbox.post(merging.ACCOUNTS_MERGED, "merged", to="gone@example.com", payload=payload, now=NOW)
        outbox.post(merging.ACCOUNTS_PARTED, "parted", to="nobody@example.com", payload={"kept": False}, now=NOW)
        outbox.post(passkeys.ADDED, "added", to=user.email, payload={"staff": True}, now=NOW)
    assert "account" not in subject_of(merging.ACCOUNTS_MERGED)
    assert "account" in subject_of(merging.ACCOUNTS_PARTED)
    assert subject_of(passkeys.ADDED) == "A passkey was added to your account", "the console is in English"


def test_of_somebody_erased_no_language_is_kept(app: Flask) -> None:
    user = a_user(language="cy")
    with transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked", now=NOW)
    assert db.session.get_one(User, user.id).language == "en"
