"""The list of leaked TRNs in the console: seen, searched, changed after a look at what that does, and warned of."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from identity_provider.kit.app import ports
from identity_provider.models import LeakedTrn
from identity_provider.services import leaked_trns
from identity_provider.services.audit import SYSTEM
from tests.builders import a_record, a_user
from tests.console.agents import Agent, a_case, an_agent, audited
from tests.journeys.travel import count_of

CHANGE = "/support/leaked-trns/change"


@pytest.fixture
def manager(app: Flask) -> Agent:
    return an_agent(app, StaffRole.SERVICE_MANAGER)


def leak(*trns: str) -> None:
    with transaction():
        leaked_trns.add(trns, source="a list", reason="seen", actor=SYSTEM, now=ports().clock.now())


def test_numbers_are_pasted_checked_and_added(app: Flask, manager: Agent) -> None:
    holder = a_user(trn="1234567", last_name="Holder")
    manager.get("/support/leaked-trns")
    manager.click("Add or remove TRNs")
    page = manager.submit(
        "Check what would happen", action="add", numbers="1234567\nRP76/54321\n", source="A news site", reason="Told so"
    )
    assert page.h1 == "Add these TRNs?"
    assert "Users linked to one of them 1" in page.text
    assert count_of(LeakedTrn) == 0, "nothing happens before it is confirmed"
    page = manager.submit("Add them")
    assert "TRNs added: 2." in page.text
    assert "A news site" in page.text
    assert "Kate Holder" in page.links
    assert {each.reason for each in audited("leaked_trn_added")} == {"Told so"}
    assert str(holder.id) in {each.subject_id for each in audited("leaked_trn_viewed")}


def test_numbers_come_from_a_file_and_go_again(app: Flask, manager: Agent) -> None:
    leak("1234567", "7654321")
    manager.get(CHANGE)
    file = (BytesIO("\ufeffTRN,WHY\r\n1234567,x\r\n".encode()), "list.csv")
    page = manager.submit("Check what would happen", action="remove", reason="A mistake", file=file)
    assert page.h1 == "Remove these TRNs?"
    assert "TRNs removed: 1." in manager.submit("Remove them").text
    assert count_of(LeakedTrn) == 1


def test_what_makes_no_sense_is_said_and_nothing_is_changed(app: Flask, manager: Agent) -> None:
    manager.get(CHANGE)
    page = manager.submit("Check what would happen", numbers="")
    assert page.errors == [
        "Select what is to be done", "Enter at least one TRN, or choose a file with them", "Enter a reason",
    ]  # fmt: skip
    page = manager.submit("Check what would happen", action="add", numbers="1234567\nKate\n12", reason="x")
    assert page.errors == [
        "2 lines hold no TRN of 7 digits. Mend or remove lines 2, 3",
        "Enter where they became public, or who told us",
    ]
    page = manager.post(f"{CHANGE}/save", action="add", numbers="1234567", reason="x")
    assert (page.status, count_of(LeakedTrn)) == (422, 0)


def test_of_a_long_list_nothing_is_left_out_in_silence(app: Flask, manager: Agent) -> None:
    manager.get(CHANGE)
    lines = "".join(f"{number},{'x' * 50}\r\n" for number in range(2_000_000, 2_002_000))
    told = {"action": "add", "source": "A news site", "reason": "Told so"}
    file = (BytesIO(lines.encode()), "list.csv")
    page = manager.submit("Check what would happen", numbers="1234567", file=file, **told)
    assert "TRNs given 2001" in page.text, "neither the end of the file nor what was pasted beside it"
    assert "TRNs added: 2001." in manager.submit("Add them").text


def test_one_number_is_searched_for_without_standing_in_an_address(app: Flask) -> None:
    leak("1234567")
    agent = an_agent(app)
    agent.get("/support/leaked-trns")
    assert agent.submit("Search", trn="12/34567").path == "/support/leaked-trns"
    assert "a list" in agent.here.text
    agent.get("/support/leaked-trns")
    assert "This TRN is not on the list." in agent.submit("Search", trn="7654321").text
    assert agent.submit("Search", trn="12").status == 422
    assert "Add or remove TRNs" not in agent.here.links


def test_the_list_can_be_narrowed_to_whom_it_touches(app: Flask, manager: Agent) -> None:
    a_user(trn="1234567")
    leak("1234567", "7654321")
    manager.get("/support/leaked-trns")
    page = manager.get("/support/leaked-trns", show="linked")
    assert "1234567" in page.text
    assert "7654321" not in page.text


def test_users_and_cases_carry_a_warning(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(has_open_alert=False)]
    leak("1234567", "7654321")
    agent = an_agent(app)
    linked = a_user(trn="7654321")
    assert "TRN 7654321 is on the list of leaked numbers" in agent.get(f"/support/users/{linked.id}").text
    case = a_case(a_user(last_name="Bush", stated_trn="1234567"))
    page = agent.see(case)
    assert "The TRN that was given is on the list of leaked numbers" in page.text
    assert "Leaked TRN" in page.text
    page = agent.post(f"/support/cases/{case.id}/trn/check", trn="1234567")
    assert "knowing it proves nothing" in page.text
    assert "Nothing to note" not in agent.see(case).text


@pytest.mark.parametrize("area", ["leaked-trns", "trn-tokens"])
def test_a_page_that_is_far_beyond_the_last_one_is_empty(app: Flask, manager: Agent, area: str) -> None:
    leak("1234567")
    assert manager.get(f"/support/{area}", page="9" * 30).status == 200
