"""The whole path on real parts, in Chromium: two origins, real processes, every page checked by axe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.browser import CheckedPage, PageMaker
from tests.kit.places import open_place
from tests.kit.sandbox import RunningSandbox
from tests.kit.visitor import Visitor

pytestmark = pytest.mark.xdist_group("sandbox")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with open_place() as place, RunningSandbox(place, 28_100) as running:
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
            {"first_name": "Xanthippe", "last_name": f"Quillfeather-{'ab'[number]}", "date_of_birth": "1993-08-02"},
        )
        visitor.begin()
        visitor.walk()
        page.shot(f"outcome-{number}")
        visitor.go_on(f"Continue to {service_name(sandbox)}")
        assert visitor.claims()["trn_lookup_status"] == "None"


def test_an_agent_attaches_the_trn_and_the_person_picks_up_where_they_left_off(
    sandbox: RunningSandbox, open_page: PageMaker
) -> None:
    person = Visitor(
        open_page(),
        sandbox,
        "ros@example.com",
        {"first_name": "Rosalind", "last_name": "Thistlewood", "date_of_birth": "1983-08-14", "has_qts": True},
    )
    person.begin()
    person.walk()
    reference = person.page.raw.locator("main").get_by_text("GAI-").first.inner_text()
    person.page.shot("pending")
    letters = len(sandbox.mail(person.email))

    agent = sign_in_to_the_console(sandbox, open_page(), "agent@example.com")
    agent.goto(f"{sandbox.address('support')}/cases")
    agent.raw.get_by_role("link", name="Rosalind Thistlewood").first.click()
    agent.check()
    agent.shot("case")
    assert "9000107" in agent.text
    assert "9000108" in agent.text
    agent.raw.locator("[name='trn'][type='text'], [name='trn']:not([type])").first.fill("9000107")
    agent.raw.get_by_role("button", name="Check this TRN").click()
    agent.check()
    agent.shot("confirm")
    agent.raw.locator("textarea[name='reason']").fill("Confirmed by telephone with the school")
    agent.raw.get_by_role("button", name="Attach").click()
    agent.check()

    link = next(
        word for word in sandbox.wait_for_mail(person.email, beyond=letters)["text"].split() if "/resume/" in word
    )
    person.letters = len(sandbox.mail(person.email))
    person.page.goto(link)
    person.go_on("Continue")
    person.walk()
    assert person.at_service, person.page.text
    shown = person.claims()
    assert (shown["trn"], shown["trn_lookup_status"], shown["trn_lookup_reason"]) == ("9000107", "Found", "support")
    assert any(ticket["status"] == "solved" for ticket in sandbox.tickets()), reference


def sign_in_to_the_console(sandbox: RunningSandbox, page: CheckedPage, email: str) -> CheckedPage:
    """Email, the code from the mailbox, the code of the authenticator."""
    letters = len(sandbox.mail(email))
    page.goto(sandbox.address("support"))
    answer(page, "email", email)
    answer(page, "code", sandbox.code_for(email, beyond=letters))
    answer(page, "code", sandbox.second_factor(email))
    return page


def answer(page: CheckedPage, name: str, text: str) -> None:
    page.raw.locator(f"main [name='{name}']").fill(text)
    with page.raw.expect_navigation(wait_until="load"):
        page.raw.locator("main form button").first.click()
    page.check()


def service_name(sandbox: RunningSandbox) -> str:
    return str(sandbox.told["clients"][0]["name"])
