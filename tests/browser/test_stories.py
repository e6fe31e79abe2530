"""The whole path on real parts, in Chromium: two origins, real processes, every page checked by axe."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.kit.browser import CheckedPage, PageMaker
from tests.kit.places import open_place
from tests.kit.sandbox import RunningSandbox
from tests.kit.visitor import Visitor

LEOPOLD = {
    "first_name": "Leopold",
    "last_name": "Vandermeulen-Iqbal",
    "date_of_birth": "1977-06-11",
    "has_qts": True,
}
"""Near a record, but he gives no number: a case."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with open_place() as place, RunningSandbox(place) as running:
        yield running


def test_the_dozen_people_meet_the_outcome_that_the_sandbox_promises(
    sandbox: RunningSandbox, open_page: PageMaker
) -> None:
    for person in sandbox.told["people"]:
        visitor = Visitor.known(open_page(), sandbox, person["email"])
        visitor.begin()
        visitor.walk()
        if not visitor.at_service:
            visitor.go_on(f"Continue to {service_name(sandbox)}")
        shown = visitor.claims()
        expected = {name: value for name, value in person["expected"].items() if value}
        assert {name: shown.get(name) for name in expected} == expected, person["email"]


def test_a_second_sign_in_asks_only_for_the_code_and_with_a_session_nothing(
    sandbox: RunningSandbox, open_page: PageMaker
) -> None:
    first = Visitor.known(open_page(), sandbox, "returning.teacher@example.com")
    first.begin()
    first.walk()
    assert first.seen == ["email", "code"]
    subject = first.claims()["sub"]
    first.begin("qts")
    assert first.at_service
    assert first.claims()["sub"] == subject


def test_the_journey_needs_no_script_and_fits_a_phone(sandbox: RunningSandbox, open_page: PageMaker) -> None:
    for number, page in enumerate((open_page(scripts=False), open_page(width=320))):
        visitor = Visitor(
            page,
            sandbox,
            f"narrow{number}@example.com",
            {"first_name": "Xanthippe", "last_name": "Quillfeather", "date_of_birth": f"199{number}-08-02"},
        )
        visitor.begin()
        visitor.walk()
        page.shot(f"outcome-{number}")
        visitor.go_on(f"Continue to {service_name(sandbox)}")
        assert visitor.claims()["trn_lookup_status"] == "None"


def test_an_npq_is_awarded_shared_and_checked_by_somebody_without_a_trn(
    sandbox: RunningSandbox, open_page: PageMaker
) -> None:
    states = {"first_name": "Xanthippe", "last_name": "Quillfeather", "date_of_birth": "1989-08-02"}
    person = Visitor(open_page(), sandbox, "xanthippe@example.com", states)
    person.begin()
    person.walk()
    person.go_on(f"Continue to {service_name(sandbox)}")
    assert person.claims()["trn_lookup_status"] == "None"
    person.page.raw.select_option("#qualification", "NPQEYL")
    person.page.press("Record the award")
    person.page.click("See it in the account")
    person.page.click("National Professional Qualification (NPQ) for Early Years Leadership")
    with person.page.raw.expect_download() as saved:
        person.page.raw.get_by_role("button", name="Download certificate (PDF)").click()
    assert saved.value.path().read_bytes().startswith(b"%PDF-1.7")
    person.page.press("Make a code")
    person.page.fill("Who is the code for?", "Sunnyside Primary")
    person.page.press("Make a code")
    code = person.page.raw.locator("#award-code").inner_text()

    employer = open_page(width=320)
    employer.goto(f"{sandbox.address('provider')}/check-an-award")
    employer.fill("Code", code.lower().replace("-", " "))
    for part, text in (("Day", "2"), ("Month", "Aug"), ("Year", "1989")):
        employer.fill(part, text)
    employer.fill("Your organisation (optional)", "Sunnyside Primary School")
    employer.press("Check the award")
    assert employer.h1.startswith("This award is valid")
    assert "Xanthippe Quillfeather" in employer.text

    person.page.press("Go back to the award")
    assert "Sunnyside Primary School" in person.page.text
    sandbox.wait_for_mails(person.email, "checked your award")


def test_an_agent_attaches_the_trn_and_the_person_picks_up_where_they_left_off(
    sandbox: RunningSandbox, open_page: PageMaker
) -> None:
    person = Visitor(open_page(), sandbox, "leo@example.com", LEOPOLD)
    person.begin()
    person.walk()
    person.page.shot("pending")
    found = re.search(r"GAI-\w+", person.page.text)
    assert found, person.page.text

    agent = sign_in_to_the_console(sandbox, open_page(), "agent@example.com")
    agent.goto(f"{sandbox.address('support')}/cases")
    agent.click(found[0])
    agent.shot("case")
    agent.press("Check record 9000115")
    agent.raw.locator("[name=reason]").fill("Confirmed by telephone with the school")
    agent.press("Attach this TRN")

    [letter] = [each for each in sandbox.wait_for_mails(person.email, "/resume/") if "/resume/" in each["text"]]
    person.page.goto(next(word for word in letter["text"].split() if "/resume/" in word))
    person.go_on("Continue")
    person.walk()
    assert person.at_service, person.page.text
    shown = person.claims()
    assert (shown["trn"], shown["trn_lookup_status"], shown["trn_lookup_reason"]) == ("9000115", "Found", "support")
    [ticket] = [each for each in sandbox.tickets() if found[0] in json.dumps(each)]
    assert sandbox.wait_until(lambda: ticket_status(sandbox, ticket["id"]) == "solved")


def test_one_login_is_connected_once_opens_the_account_after_and_its_sign_out_ends_the_session(
    sandbox: RunningSandbox, open_page: PageMaker
) -> None:
    philippa = "returning.teacher@example.com"
    first = Visitor(open_page(), sandbox, philippa, {})
    first.begin()
    through_one_login(first, "Sign in as Philippa")
    assert first.step == "code"
    first.walk()
    assert first.at_service, first.page.text
    second = Visitor(open_page(width=320), sandbox, philippa, {})
    second.begin("qts")
    through_one_login(second, "Sign in as Philippa")
    assert second.at_service, second.page.text
    assert second.claims()["trn"] == "9000114"

    account = f"{sandbox.told['issuer']}/account/one-login"
    second.page.goto(account)
    assert philippa in second.page.text
    desk = open_page()
    desk.goto(f"{sandbox.address('one_login')}/")
    with desk.raw.expect_navigation(wait_until="load"):
        desk.raw.get_by_role("button", name="Sign out of One Login").first.click()
    second.page.goto(account)
    assert second.page.path == "/account/sign-in"


def through_one_login(visitor: Visitor, choice: str) -> None:
    """The page between leads there by itself, also without JavaScript."""
    page = visitor.page
    page.raw.get_by_role("button", name="Sign in with GOV.UK One Login").click()
    page.raw.wait_for_url("**/authorize?**")
    page.check()
    with page.raw.expect_navigation(wait_until="load"):
        page.raw.get_by_role("button", name=choice).click()
    page.check()


def sign_in_to_the_console(sandbox: RunningSandbox, page: CheckedPage, email: str) -> CheckedPage:
    """Email, the code from the mailbox, the code of the authenticator."""
    codes = len(sandbox.codes(email))
    page.goto(sandbox.address("support"))
    answer(page, "email", email)
    answer(page, "code", sandbox.code_for(email, beyond=codes))
    answer(page, "code", sandbox.second_factor(email))
    return page


def answer(page: CheckedPage, name: str, text: str) -> None:
    page.raw.locator(f"main [name='{name}']").fill(text)
    with page.raw.expect_navigation(wait_until="load"):
        page.raw.locator("main form button").first.click()
    page.check()


def ticket_status(sandbox: RunningSandbox, ticket_id: int) -> str:
    return next(str(each["status"]) for each in sandbox.tickets() if each["id"] == ticket_id)


def service_name(sandbox: RunningSandbox) -> str:
    return str(sandbox.told["clients"][0]["name"])
