"""The outside world falls away in mid-journey: nobody is stopped, nothing is decided by silence, nothing is lost."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from tests.kit.browser import PageMaker
from tests.kit.places import open_place
from tests.kit.sandbox import RunningSandbox
from tests.kit.visitor import Visitor


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    """The sandbox with the DQT API as its register, so that the register can fall silent too."""
    with open_place() as place, RunningSandbox(place, "--register", "api") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    yield running
    for name in ("mailbox", "zendesk", "dqt_api"):
        running.fault(name, "ok")


@pytest.mark.parametrize("mode", ["down", "slow", "garbage", "rate_limited"])
def test_a_register_that_does_not_answer_is_pending_and_asked_again(
    sandbox: RunningSandbox, open_page: PageMaker, mode: str
) -> None:
    record = {"down": "grace", "slow": "kate", "garbage": "winston", "rate_limited": "bartholomew"}[mode]
    visitor = Visitor.known(open_page(), sandbox, f"{record}@example.com")
    visitor.begin()
    visitor.walk(until="national-insurance-number")
    sandbox.fault("dqt_api", mode)
    visitor.walk()
    visitor.go_on("Continue to Register for an NPQ (sample)")
    shown = visitor.claims()
    assert (shown["trn_lookup_status"], shown["trn_lookup_reason"]) == ("Pending", "register_unavailable")
    assert shown["trn"] == "not given"

    # The worker asks again by itself: nobody signs in meanwhile.
    sandbox.fault("dqt_api", "ok")
    assert sandbox.wait_until(lambda: sandbox.lookup_status(visitor.email) == "Found")
    visitor.begin("qts")
    assert visitor.claims()["trn_lookup_status"] == "Found"


@pytest.mark.parametrize(
    ("mode", "birthday"),
    [("down", "1968-01-30"), ("lost_reply", "1971-05-02"), ("rate_limited", "1974-08-19"), ("html", "1977-11-23")],
)
def test_a_helpdesk_that_fails_keeps_nobody_waiting_and_has_one_ticket_in_the_end(
    sandbox: RunningSandbox, open_page: PageMaker, mode: str, birthday: str
) -> None:
    sandbox.fault("zendesk", mode)
    # Of each mode another person: with one birthday they would be asked whether they are one another.
    says = {"first_name": "Wilhelmina", "last_name": f"Oddsocks {mode}", "date_of_birth": birthday, "has_qts": True}
    visitor = Visitor(open_page(), sandbox, f"{mode}@example.com", says)
    visitor.begin()
    visitor.walk()
    found = re.search(r"GAI-\w+", visitor.page.text)
    assert found, visitor.page.text
    time.sleep(2)
    sandbox.fault("zendesk", "ok")
    assert sandbox.wait_until(lambda: tickets_naming(sandbox, found[0]) == 1)
    time.sleep(7)
    assert tickets_naming(sandbox, found[0]) == 1


def test_a_mail_provider_that_is_down_delays_the_code_only(sandbox: RunningSandbox, open_page: PageMaker) -> None:
    sandbox.fault("mailbox", "down")
    visitor = Visitor.known(open_page(), sandbox, "returning.teacher@example.com")
    visitor.begin()
    visitor.answers["email"]()
    visitor.go_on()
    assert visitor.step == "code"
    sandbox.fault("mailbox", "ok")
    visitor.walk()
    assert visitor.claims()["trn_lookup_status"] == "Found"
    assert len(sandbox.mail(visitor.email)) == 1


def test_a_worker_and_a_mailbox_that_are_killed_in_mid_journey_are_missed_by_nobody(
    sandbox: RunningSandbox, open_page: PageMaker
) -> None:
    visitor = Visitor.known(open_page(), sandbox, "returning.teacher@example.com")
    visitor.begin()
    sandbox.kill("worker", "mailbox")
    visitor.answers["email"]()
    visitor.go_on()
    assert visitor.step == "code"
    assert sandbox.wait_until(lambda: sandbox.answers("mailbox"))
    visitor.codes = 0
    visitor.walk()
    assert visitor.claims()["trn_lookup_status"] == "Found"


def tickets_naming(sandbox: RunningSandbox, reference: str) -> int:
    return sum(reference in str(ticket) for ticket in sandbox.tickets())
