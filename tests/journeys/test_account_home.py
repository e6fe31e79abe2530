"""The first page of one's own account: what is held, and what is known of a teaching record, never confused."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.db import transaction
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.services import statements, support_tickets
from identity_provider.vault import vault
from tests.builders import NOW, a_client, a_user
from tests.journeys.travel import EMAIL, newest_code
from tests.kit.owners import Owner
from tests.kit.page import Browser


def test_everything_that_is_held_is_shown_and_of_the_national_insurance_number_its_end(app: Flask) -> None:
    page = Owner(
        app,
        email=EMAIL,
        trn="1234567",
        preferred_name="Kitty",
        middle_name="Ann",
        last_name="Bush",
        mobile_number="+447700900123",
        stated_previous_names=[{"first_name": "", "last_name": "Moon"}],
        stated_has_nino=True,
        stated_nino_encrypted=vault.seal("AB123456C", statements.NINO_CONTEXT),
    ).get("/account")
    assert page.h1 == "Your details"
    held = ("Kate Ann Bush", "Kitty", "Moon", "4 March 1985", EMAIL, "1234567", "Ends in 56C")
    assert [each for each in held if each not in page.text] == []
    assert "AB123456C" not in page.text
    ways = ("changes/name", "changes/date-of-birth", "email", "mobile", "preferred-name")
    assert [each for each in ways if f"/account/{each}" not in page.links.values()] == []


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (LookupStatus.PENDING, LookupReason.NOT_LOOKED_UP, "We will look for it when a service needs it"),
        (LookupStatus.PENDING, LookupReason.REGISTER_UNAVAILABLE, "We are still looking"),
        (LookupStatus.PENDING, LookupReason.CLAIMS_QTS, "We are still looking"),
        (LookupStatus.NONE, LookupReason.NO_RECORD, "We looked and found no teaching record for you"),
        (LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT, "confirmed that you do not have a TRN"),
    ],
)
def test_not_knowing_is_never_shown_as_there_being_none(
    app: Flask, status: LookupStatus, reason: LookupReason, words: str
) -> None:
    said = {
        "We do not know it yet": status is LookupStatus.PENDING,
        "found no teaching record": status is LookupStatus.NONE,
        "do not have a TRN": status is LookupStatus.FAILED,
    }
    page = Owner(app, lookup_status=status, lookup_reason=reason).get("/account")
    assert words in page.text
    assert {each: each in page.text for each in said} == said


def test_a_case_is_named_by_its_reference(app: Flask) -> None:
    person = a_user()
    with transaction():
        case = support_tickets.open_case(person, a_client(), None, LookupReason.AMBIGUOUS, NOW)
    assert case.reference in Owner(app, person).get("/account").text


def test_who_signs_in_comes_to_the_page_that_was_asked_for(app: Flask) -> None:
    a_user(email=EMAIL)
    visitor = Browser(app)
    visitor.get("/account/services")
    assert visitor.submit(email="nonsense").errors
    visitor.submit(email=EMAIL)
    assert visitor.submit(code="000000").errors
    visitor.submit("Send another code")
    assert visitor.submit(code=newest_code(EMAIL)).path == "/account/services"
    assert visitor.get("/account/sign-in").path == "/account"


@pytest.mark.parametrize(
    "elsewhere",
    [
        *("https://evil.example/", "//evil.example", "/account//evil.example", "/account/%2fevil", "/accounts"),
        *("/account/../support", "/account/%2e%2e/support", "/support", "/account/\\evil", "/account/%5cevil"),
    ],
)
def test_signing_in_leads_nowhere_else(app: Flask, elsewhere: str) -> None:
    page = Owner(app).get("/account/sign-in", next=elsewhere)
    assert page.location is None
    assert page.path == "/account"
