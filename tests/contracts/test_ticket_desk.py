"""What every TicketDesk does, whichever it is: in memory or Zendesk."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
import responses

from identity_provider.adapters.memory import MemoryDesk
from identity_provider.adapters.zendesk import ZendeskAccount, ZendeskDesk
from identity_provider.ports import NewTicket, TicketDesk, TicketDeskUnavailable, TicketRefused
from tests.kit import stand_ins
from tests.kit.stand_ins import StandIn

FAULTS = ["down", "slow", "rate_limited", "html"]


@dataclass(frozen=True)
class Subject:
    """A desk and a switch for its faults."""

    desk: TicketDesk
    # The same with little patience, for when it does not answer.
    hasty: TicketDesk
    fail: Callable[[str], None]
    # What somebody writes on the ticket's own page, and the status that they leave it in.
    work: Callable[..., None]
    delete: Callable[[int], None]


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with stand_ins.zendesk(tmp_path_factory.mktemp("zendesk")) as running:
        yield running


@pytest.fixture
def mended(zendesk: StandIn) -> Iterator[StandIn]:
    yield zendesk
    zendesk.fail("ok")


@pytest.fixture(params=["memory", "zendesk"])
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param == "memory":
        return in_memory()
    running: StandIn = request.getfixturevalue("mended")
    return Subject(
        real_desk(running), real_desk(running, timeout=1), running.fail, running.work_on, running.delete_ticket
    )


def in_memory() -> Subject:
    desk = MemoryDesk()

    def fail(mode: str) -> None:
        desk.loses_replies = mode == "lost_reply"
        desk.down = mode not in {"ok", "lost_reply"}

    def work(ticket_id: int, comment: str = "", status: str = "open", author: str = "helper") -> None:
        if comment:
            agent = author == "helper"
            desk.write(ticket_id, comment, author="Sam Helper" if agent else "Siobhán", from_agent=agent)
        desk.set_status(ticket_id, status)

    return Subject(desk, desk, fail, work, desk.forget)


def real_desk(running: StandIn, *, timeout: float = 120, **changed: Any) -> ZendeskDesk:
    account = ZendeskAccount(running.url, stand_ins.AGENT, stand_ins.AGENT_TOKEN, case_field_id=360001)
    return ZendeskDesk(replace(account, **changed), timeout=timeout)


def a_ticket(**changed: Any) -> NewTicket:
    return NewTicket(
        **{
            "external_id": str(uuid4()),
            "subject": "[Get an identity] Support request from Siobhán O'Shaughnessy",
            "body": "Name: Siobhán O'Shaughnessy\nStated TRN: none",
            "requester_name": "Siobhán O'Shaughnessy",
            "requester_email": "siobhan@example.com",
            "tags": ("get_an_identity",),
            "case_reference": "ABC-123",
        }
        | changed
    )


def test_a_ticket_is_found_once_it_was_opened_and_not_before(subject: Subject) -> None:
    ticket = a_ticket()
    assert subject.desk.find(ticket.external_id) is None
    opened = subject.desk.open(ticket)
    assert subject.desk.find(ticket.external_id) == opened
    assert (opened.external_id, opened.status) == (ticket.external_id, "new")


def test_opening_the_same_case_again_gives_the_same_ticket(subject: Subject) -> None:
    ticket = a_ticket()
    first = subject.desk.open(ticket)
    assert subject.desk.open(a_ticket(external_id=ticket.external_id, body="Another text")) == first
    assert subject.desk.open(a_ticket()).id != first.id


@pytest.mark.parametrize("external_id", ["a b", "a&b=c", "50%", "x#y", "ü"])
def test_any_external_id_finds_its_own_ticket(subject: Subject, external_id: str) -> None:
    ticket = a_ticket(external_id=external_id)
    opened = subject.desk.open(ticket)
    assert subject.desk.find(external_id) == opened


def test_a_solved_ticket_is_solved(subject: Subject) -> None:
    opened = subject.desk.open(a_ticket())
    subject.desk.comment(opened.id, "The record was attached.", solve=True)
    found = subject.desk.find(opened.external_id)
    assert found is not None
    assert found.status == "solved"


def test_a_comment_alone_solves_nothing(subject: Subject) -> None:
    opened = subject.desk.open(a_ticket())
    subject.desk.comment(opened.id, "Somebody looked at it.")
    found = subject.desk.find(opened.external_id)
    assert found is not None
    assert found.status != "solved"


def test_a_ticket_that_was_solved_by_us_is_opened_again_when_a_decision_is_taken_back(subject: Subject) -> None:
    opened = subject.desk.open(a_ticket())
    subject.desk.comment(opened.id, "The record was attached.", solve=True)
    subject.desk.comment(opened.id, "It was taken back.", reopen=True)
    [found] = subject.desk.tickets([opened.id])
    assert found.status == "open"


def test_tickets_are_asked_for_by_their_numbers_and_a_deleted_one_is_missing(subject: Subject) -> None:
    first, second, third = (subject.desk.open(a_ticket()) for _ in range(3))
    subject.work(first.id, status="pending")
    subject.delete(second.id)
    found = {each.id: each.status for each in subject.desk.tickets([first.id, second.id, 999_999, third.id])}
    assert found == {first.id: "pending", third.id: "new"}
    assert subject.desk.tickets([]) == []


def test_a_comment_changes_the_time_of_the_ticket(subject: Subject) -> None:
    opened = subject.desk.open(a_ticket())
    assert opened.changed_at is not None
    assert opened.changed_at.tzinfo is not None
    time.sleep(0 if isinstance(subject.desk, MemoryDesk) else 1.1)  # Zendesk's times are whole seconds
    subject.work(opened.id, "Looked at it.")
    [found] = subject.desk.tickets([opened.id])
    assert found.changed_at is not None
    assert found.changed_at > opened.changed_at


def test_comments_are_told_with_who_wrote_them(subject: Subject) -> None:
    opened = subject.desk.open(a_ticket(body="Name: **7654321**"))
    subject.desk.comment(opened.id, "From us: **1111111**")
    subject.work(opened.id, "It is **1234567**")
    subject.work(opened.id, "Mine is **2222222**", author="requester")
    written = [(each.text, each.ours, each.from_agent) for each in subject.desk.comments(opened.id)]
    assert written == [
        ("From us: **1111111**", True, False),
        ("It is **1234567**", False, True),
        ("Mine is **2222222**", False, False),
    ]


@pytest.mark.parametrize("mode", FAULTS)
def test_no_answer_is_never_taken_for_no_ticket(subject: Subject, mode: str) -> None:
    opened = subject.desk.open(a_ticket())
    subject.fail(mode)
    desk = subject.hasty if mode == "slow" else subject.desk
    with pytest.raises(TicketDeskUnavailable):
        desk.find(opened.external_id)
    with pytest.raises(TicketDeskUnavailable):
        desk.open(a_ticket())
    with pytest.raises(TicketDeskUnavailable):
        desk.comment(opened.id, "Hello")
    with pytest.raises(TicketDeskUnavailable):
        desk.tickets([opened.id])
    with pytest.raises(TicketDeskUnavailable):
        desk.comments(opened.id)
    subject.fail("ok")
    assert subject.desk.find(opened.external_id) == opened


def test_a_reply_that_was_lost_leaves_one_ticket(subject: Subject) -> None:
    ticket = a_ticket()
    subject.fail("lost_reply")
    with pytest.raises(TicketDeskUnavailable):
        subject.desk.open(ticket)
    subject.fail("ok")
    assert subject.desk.open(ticket) == subject.desk.find(ticket.external_id)


class TestZendesk:
    """What can be seen in the stand-in only."""

    def kept(self, zendesk: StandIn, ticket: NewTicket) -> list[dict[str, Any]]:
        every = requests.get(f"{zendesk.url}/tickets.json", timeout=60).json()
        return [each for each in every if each["external_id"] == ticket.external_id]

    def test_it_keeps_every_field_and_tells_the_requester_nothing(self, mended: StandIn) -> None:
        ticket = a_ticket()
        real_desk(mended).open(ticket)
        [kept] = self.kept(mended, ticket)
        assert kept["subject"] == ticket.subject
        assert kept["requester"] == {"name": ticket.requester_name, "email": ticket.requester_email}
        assert kept["tags"] == ["get_an_identity"]
        assert kept["custom_fields"] == [{"id": 360001, "value": "ABC-123"}]
        assert [(each["body"], each["public"]) for each in kept["comments"]] == [(ticket.body, False)]

    def test_a_requester_without_a_name_is_called_by_the_address(self, mended: StandIn) -> None:
        ticket = a_ticket(requester_name=" ", requester_email="nameless@example.com")
        real_desk(mended).open(ticket)
        assert self.kept(mended, ticket)[0]["requester"]["name"] == "nameless@example.com"

    def test_ten_workers_at_once_open_one_ticket(self, mended: StandIn) -> None:
        ticket = a_ticket()
        with ThreadPoolExecutor(10) as threads:
            opened = list(threads.map(lambda _: real_desk(mended).open(ticket), range(10)))
        assert len({each.id for each in opened}) == 1
        assert len(self.kept(mended, ticket)) == 1

    def test_a_comment_whose_reply_was_lost_stands_there_once(self, mended: StandIn) -> None:
        ticket = a_ticket()
        opened = real_desk(mended).open(ticket)
        mended.fail("lost_reply")
        with pytest.raises(TicketDeskUnavailable):
            real_desk(mended).comment(opened.id, "Solved:  it is\nTRN 7654321", solve=True)
        mended.fail("ok")
        real_desk(mended).comment(opened.id, "Solved:  it is\nTRN 7654321", solve=True)
        [kept] = self.kept(mended, ticket)
        assert len(kept["comments"]) == 2
        assert kept["comments"][1]["public"] is False

    def test_a_rate_limit_is_told_at_once_and_not_slept_through(
        self, mended: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("zenpy.lib.api.sleep", lambda _: pytest.fail("it sleeps"))
        mended.fail("rate_limited")
        with pytest.raises(TicketDeskUnavailable) as refusal:
            real_desk(mended).find("any")
        assert refusal.value.retry_after_seconds == 30

    def test_what_zendesk_itself_refuses_is_refused_for_good(self, mended: StandIn) -> None:
        with pytest.raises(TicketRefused, match="422 RecordInvalid"):
            real_desk(mended).open(a_ticket(body=" "))
        with pytest.raises(TicketRefused, match="404 RecordNotFound"):
            real_desk(mended).comment(999_999, "Hello")

    def test_every_page_of_comments_is_read(self, mended: StandIn) -> None:
        desk, ticket = real_desk(mended), a_ticket()
        opened = desk.open(ticket)
        for number in range(102):
            mended.work_on(opened.id, f"Comment {number}")
        assert [each.text for each in desk.comments(opened.id)] == [f"Comment {number}" for number in range(102)]

    def test_an_agent_who_asks_for_themselves_is_the_requester_and_no_agent(self, mended: StandIn) -> None:
        desk = real_desk(mended)
        opened = desk.open(a_ticket(requester_name="Sam Helper", requester_email="sam.helper@example.com"))
        mended.work_on(opened.id, "Mine is **1234567**")
        assert [each.from_agent for each in desk.comments(opened.id)] == [False]

    def test_no_more_tickets_are_asked_for_at_once_than_zendesk_gives(self, mended: StandIn) -> None:
        with pytest.raises(ValueError, match="100"):
            real_desk(mended).tickets(range(1, 102))

    def test_a_wrong_token_can_be_mended_so_the_ticket_is_not_lost(self, mended: StandIn) -> None:
        with pytest.raises(TicketDeskUnavailable, match="401"):
            real_desk(mended, token="wrong").open(a_ticket())

    def test_tickets_outlive_the_program(self, tmp_path: Path) -> None:
        ticket = a_ticket()
        with stand_ins.zendesk(tmp_path) as running:
            opened = real_desk(running).open(ticket)
        with stand_ins.zendesk(tmp_path) as running:
            assert real_desk(running).find(ticket.external_id) == opened
            assert real_desk(running).open(a_ticket()).id == opened.id + 1

    def test_a_desk_that_is_not_there_is_unavailable(self) -> None:
        with pytest.raises(TicketDeskUnavailable):
            real_desk(StandIn(stand_ins.free_port())).find("any")


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "<html>Please sign in</html>", "status": 200},
        {"body": "<html>Not found</html>", "status": 404},
        {"body": "[]", "status": 200},
        {"body": json.dumps("hello"), "status": 500},
        {"body": json.dumps({"other": 1}), "status": 200},
        {"body": json.dumps({"tickets": None}), "status": 200},
        {"body": "", "status": 200},
    ],
    ids=["a sign-in page", "a proxy's 404", "a list", "a string", "something else", "null", "nothing"],
)
def test_an_answer_that_is_not_zendesks_is_no_answer(answer: dict[str, Any]) -> None:
    with responses.RequestsMock() as network:
        network.get("http://127.0.0.1:1/api/v2/tickets.json", content_type="application/json", **answer)
        with pytest.raises(TicketDeskUnavailable):
            real_desk(StandIn(1)).find("any")


def test_tickets_of_others_are_not_ours() -> None:
    """A proxy that drops the query would show us every ticket."""
    foreign = {"tickets": [{"id": 1, "external_id": "another", "status": "new"}], "next_page": None, "count": 1}
    with responses.RequestsMock() as network:
        network.get("http://127.0.0.1:1/api/v2/tickets.json", json=foreign)
        assert real_desk(StandIn(1)).find("ours") is None


def test_a_number_that_zendesks_editor_made_bold_is_read_as_it_was_typed() -> None:
    written = {"id": 2, "author_id": 7, "public": False, "created_at": "2026-03-02T09:00:00Z"}
    written |= {"body": "It is 1234567, not 7654321", "html_body": "<p>It is <strong>1234567</strong>, not 7654321</p>"}
    opening = {"id": 1, "author_id": 9, "public": False, "created_at": "2026-03-02T08:00:00Z", "body": "Name: Kate"}
    base = "http://127.0.0.1:1/api/v2"
    with responses.RequestsMock() as network:
        network.get(f"{base}/tickets/5/comments.json", json={"comments": [opening, written], "count": 2})
        network.get(f"{base}/tickets/5.json", json={"ticket": {"id": 5, "requester_id": 3, "status": "open"}})
        network.get(f"{base}/users/show_many.json", json={"users": [{"id": 7, "name": "Sam", "role": "admin"}]})
        [read] = real_desk(StandIn(1)).comments(5)
    assert (read.text, read.from_agent) == ("It is **1234567**, not 7654321", True)
