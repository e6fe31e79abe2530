"""Whoever signed in in Welsh is written to in Welsh, also when nobody is at a page: an award, a link, a record."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryMailer
from identity_provider.db import db, transaction
from identity_provider.kit import emails
from identity_provider.models import User
from identity_provider.services import (
    accounts,
    award_codes,
    awards,
    erasure,
    lookups,
    merging,
    one_login_links,
    outbox,
    passkeys,
    service_edits,
    sign_in_codes,
)
from identity_provider.services.audit import SYSTEM
from identity_provider.services.merging import Choice
from identity_provider.services.one_login_told import Told
from identity_provider.services.service_edits import DetailChanges
from tests.awards.recorded import an_award
from tests.builders import NOW, a_client, a_staff_user, a_user
from tests.console.agents import Agent, messages
from tests.journeys.test_resume import attached, case_of
from tests.journeys.travel import EMAIL, Traveller, user_at
from tests.kit.page import Browser
from tests.test_jobs import work


def subjects_of(kind: str) -> list[str]:
    written = [emails.write(message, now=NOW) for message in messages(kind)]
    return [each[0] for each in written if each is not None]


def subject_of(kind: str) -> str:
    [subject] = subjects_of(kind)
    return subject


def language_of_code() -> str:
    """In which language the newest code is sent."""
    written = emails.write(messages(sign_in_codes.EMAIL_KIND)[-1], now=NOW)
    assert written is not None
    return "en" if "code" in written[0] else "cy"


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


def test_the_farewell_is_in_the_language_that_is_forgotten(app: Flask) -> None:
    with transaction():
        erasure.erase(a_user(language="cy"), actor=SYSTEM, reason="asked", now=NOW)
    assert subject_of(erasure.ACCOUNT_ERASED) not in {"", "Your account was deleted"}


def test_the_old_address_is_told_of_a_new_one_in_the_same_language(app: Flask) -> None:
    user = a_user(language="cy")
    with transaction():
        wanted = DetailChanges(email="new@example.com")
        service_edits.change_details(accounts.held(user.id), wanted, client=a_client(), now=NOW)
    first, second = subjects_of(service_edits.CHANGED)
    assert first == second
    assert "changed" not in first


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_code_is_in_the_language_of_the_page_that_asks_for_it(app: Flask, clock: ManualClock, language: str) -> None:
    user = a_user(email=EMAIL, language="cy" if language == "en" else "en")
    person = Traveller(app)
    person.get("/account/sign-in", ui_locales=language)
    person.submit(email=EMAIL)
    assert language_of_code() == language, "to one's account"
    person.set_out()
    person.submit(email=EMAIL)
    assert language_of_code() == language, "to a service that asks for no language"
    person.set_out(parameters={"ui_locales": "fr cy" if language == "cy" else "de en"})
    person.submit(email=EMAIL)
    assert language_of_code() == language, "to one that asks for others, too"
    browser = Browser(app)
    browser.get("/cookies", ui_locales=language)
    browser.get(attached(case_of(user, a_client(), clock), clock))
    browser.submit("Continue" if language == "en" else "Parhau")
    assert language_of_code() == language, "to where they left off"


def test_staff_read_english_also_who_is_a_teacher_in_welsh(app: Flask) -> None:
    agent = Agent(app)
    a_user(email=agent.member.email, language="cy")
    agent.get("/support")
    agent.submit(email=agent.member.email)
    assert language_of_code() == "en"


@pytest.mark.parametrize(("own", "others", "language"), [(None, NOW, "cy"), (NOW, None, "en"), (None, None, "en")])
def test_two_that_become_one_are_written_to_in_the_language_of_the_last_sign_in(
    app: Flask, own: object, others: object, language: str
) -> None:
    survivor = a_user(last_signed_in_at=own)
    other = a_user(language="cy", last_signed_in_at=others)
    with transaction():
        choice = Choice(survivor.email, None, "same passport")
        row = merging.merge(survivor.id, other.id, choice, staff=a_staff_user(), now=NOW)
    assert len(set(subjects_of(merging.ACCOUNTS_MERGED))) == 1
    db.session.rollback()
    assert db.session.get_one(User, survivor.id, populate_existing=True).language == language
    with transaction():
        db.session.get_one(User, survivor.id).language = "en"
        merging.undo(row.id, staff=a_staff_user(), reason="two people", now=NOW)
    assert len(set(subjects_of(merging.ACCOUNTS_PARTED))) == 2, "each in the language of its own"
