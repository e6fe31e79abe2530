"""The outside world is killed in mid-journey: the person gets through, and the worker finishes what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.kit.browser import PageMaker
from tests.kit.places import open_place
from tests.kit.sandbox import RunningSandbox
from tests.kit.visitor import Visitor

ODDSOCKS = {"first_name": "Wilhelmina", "last_name": "Oddsocks", "date_of_birth": "1968-01-30", "has_qts": True}


@pytest.fixture(scope="module", params=["api", "replica"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    """Once with each kind of register."""
    with open_place() as place, RunningSandbox(place, "--register", request.param) as running:
        yield running


def test_a_register_that_dies_in_mid_journey_leaves_nobody_behind(
    sandbox: RunningSandbox, open_page: PageMaker
) -> None:
    is_api = sandbox.told["environment"]["REGISTER"] == "api"
    visitor = Visitor.known(open_page(), sandbox, "grace@example.com")
    visitor.begin()
    visitor.walk(until="national-insurance-number")
    with sandbox.without("dqt_api") if is_api else sandbox.replica_locked():
        visitor.walk()
        visitor.go_on("Continue to Register for an NPQ (sample)")
        shown = visitor.claims()
        assert (shown["trn_lookup_status"], shown["trn_lookup_reason"]) == ("Pending", "register_unavailable")
        assert shown["trn"] == "not given"
        assert sandbox.lookup_status(visitor.email) == "Pending"

    # The worker asks again by itself: nobody signs in meanwhile.
    assert sandbox.wait_until(lambda: sandbox.lookup_status(visitor.email) == "Found")
    assert sandbox.wait_for_mails(visitor.email, "found your teaching record")
    visitor.begin("qts")
    assert visitor.claims()["trn_lookup_status"] == "Found"


def test_a_helpdesk_that_is_killed_has_one_ticket_in_the_end(sandbox: RunningSandbox, open_page: PageMaker) -> None:
    visitor = Visitor(open_page(), sandbox, "wilhelmina@example.com", ODDSOCKS)
    visitor.begin()
    visitor.walk(until="check-answers")
    with sandbox.without("zendesk"):
        visitor.walk()
        found = re.search(r"GAI-\w+", visitor.page.text)
        assert found, visitor.page.text
        visitor.go_on("Continue to Register for an NPQ (sample)")
        assert visitor.claims()["trn_lookup_status"] == "Pending"

    def naming() -> int:
        return sum(found[0] in str(ticket) for ticket in sandbox.tickets())

    assert sandbox.wait_until(lambda: naming() == 1)


def test_a_mailbox_that_is_killed_delays_the_code_only(sandbox: RunningSandbox, open_page: PageMaker) -> None:
    visitor = Visitor.known(open_page(), sandbox, "returning.teacher@example.com")
    visitor.begin()
    with sandbox.without("mailbox"):
        visitor.answers["email"]()
        visitor.go_on()
        assert visitor.step == "code"
    visitor.codes = 0  # what the mailbox held died with it
    visitor.walk()
    assert visitor.claims()["trn_lookup_status"] == "Found"
    assert len(sandbox.mail(visitor.email)) == 1
