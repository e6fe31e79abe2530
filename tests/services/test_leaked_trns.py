"""A TRN that became public proves nothing, and nobody but staff can tell that it is on the list."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, text

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import TrnRequirement
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.kit.app import ports
from identity_provider.models import LeakedTrn, Lookup, SupportTicket
from identity_provider.services import leaked_trns, lookups
from identity_provider.services.audit import SYSTEM
from identity_provider.services.leaked_trns import Effect
from tests.builders import a_client, a_record, a_user
from tests.console.agents import audited
from tests.journeys.travel import EMAIL, Traveller, count_of, user_at
from tests.kit.page import Page


def leak(*trns: str) -> int:
    with transaction():
        now = ports().clock.now()
        return leaked_trns.add(trns, source="a public list", reason="seen there", actor=SYSTEM, now=now)


def clear(*trns: str) -> int:
    with transaction():
        return leaked_trns.remove(trns, reason="a mistake", actor=SYSTEM, now=ports().clock.now())


def last_page(app: Flask, email: str, trn: str, requirement: TrnRequirement, first: str = "Kate") -> tuple[Page, Page]:
    """What somebody who states this TRN is shown after their answers, and in the end."""
    person = Traveller(app, (email[0] * 43))
    person.set_out(a_client(trn_requirement=requirement))
    person.prove(email)
    person.say_who(first)
    person.say_more(trn=trn)
    return person.check(), person.submit("Continue without changing anything")


@pytest.mark.parametrize("requirement", list(TrnRequirement))
def test_whoever_states_a_leaked_trn_is_pending_for_every_kind_of_service(
    app: Flask, register: MemoryRegister, requirement: TrnRequirement
) -> None:
    register.records = [a_record(nino="")]
    leak("1234567")
    last_page(app, EMAIL, "1234567", requirement)
    user = user_at(EMAIL)
    assert (user.trn, user.lookup_status, user.lookup_reason) == (None, LookupStatus.PENDING, LookupReason.NEAR_MATCH)
    assert count_of(SupportTicket, SupportTicket.user_id == user.id) == 1
    assert count_of(Lookup, Lookup.reason == "stated_trn_leaked") >= 1


def test_a_stranger_sees_the_same_whether_the_number_is_leaked_or_the_details_are_not_right(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record(nino=""), a_record("7654321", last_name="Featherstone", nino="")]
    leak("1234567")
    leaked = last_page(app, "a@example.com", "1234567", TrnRequirement.OPTIONAL)
    wrong = last_page(app, "b@example.com", "7654321", TrnRequirement.OPTIONAL, "Zoe")
    references = {each.reference for each in db.session.query(SupportTicket)}
    assert len(references) == 2

    def words(page: Page) -> str:
        said = page.text
        alike = [("7654321", "1234567"), ("b@", "a@"), ("Zoe", "Kate"), *((each, "GAI") for each in references)]
        for theirs, ours in alike:
            said = said.replace(theirs, ours)
        return said

    assert [words(each) for each in leaked] == [words(each) for each in wrong]


def test_the_list_is_asked_once_and_only_where_a_trn_was_stated(app: Flask) -> None:
    without, stating = a_user(), a_user(stated_trn="1234567")
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.extend([statement] if "leaked_trns" in statement else [])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        lookups.person_of(without)
        assert asked == []
        lookups.person_of(stating)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) == 1


def test_numbers_are_added_once_and_each_is_written_down(app: Flask) -> None:
    assert (leak("1234567", "7654321"), leak("1234567")) == (2, 0)
    assert sorted(each.subject_id for each in audited("leaked_trn_added")) == ["1234567", "7654321"]
    assert (clear("1234567", "1111111"), count_of(LeakedTrn)) == (1, 1)
    (gone,) = audited("leaked_trn_removed")
    assert (gone.before, gone.reason) == ({"source": "a public list"}, "a mistake")


def test_what_a_change_would_touch_is_counted_before(app: Flask) -> None:
    a_user(trn="1234567")
    a_user(stated_trn="7654321")
    a_user(trn="2222222", stated_trn="2222222")
    leak("1234567")
    assert leaked_trns.effect_of(["1234567", "7654321", "2222222", "3333333"]) == Effect(4, 1, 2, 1)


def test_whoever_stated_a_number_that_is_cleared_is_searched_for_again(app: Flask) -> None:
    waiting = a_user(stated_trn="1234567")
    a_user(trn="7654321", stated_trn="7654321")
    leak("1234567", "7654321")
    clear("1234567", "7654321")
    jobs = db.session.execute(text("SELECT args->>'user_id' FROM procrastinate_jobs")).scalars().all()
    assert jobs == [str(waiting.id)]


def test_nothing_is_added_or_removed_without_saying_why(app: Flask) -> None:
    now = ports().clock.now()
    for source, reason in (("", "x"), ("x", " ")):
        with pytest.raises(IllegalMove), transaction():
            leaked_trns.add(["1234567"], source=source, reason=reason, actor=SYSTEM, now=now)
    with pytest.raises(IllegalMove), transaction():
        leaked_trns.remove(["1234567"], reason=" ", actor=SYSTEM, now=now)


def test_lists_are_read_as_people_bring_them() -> None:
    told = leaked_trns.read('TRN,Name\n1234567,Kate\n"7654321";x\n\nRP12/34567\n12\nabc\n')
    assert told.trns == ("1234567", "7654321")
    assert [line for line, _why in told.unreadable] == [6, 7]
