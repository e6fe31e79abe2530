"""The queue and the page of a case: what is seen at a glance, and who is working on what."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import MatchPolicy, StaffRole
from identity_provider.domain.lookup import LookupReason
from identity_provider.models import Delivery
from identity_provider.services import kept_lookups, lookups, statements, support_tickets
from identity_provider.services.register_search import Occasion
from identity_provider.vault import vault
from matching.comparisons import Field, Level
from matching.evidence import FieldComparison
from matching.explain import Meaning, meaning, sentence
from matching.records import RecordStatus
from support_console.cases.comparison import FIELDS
from support_console.cases.sentences import MEANINGS, SENTENCES
from tests.builders import NOW, a_record, a_user
from tests.console.agents import a_case, an_agent, anew, audited, messages
from tests.kit.page import Browser, Page


def listed(page: Page) -> list[str]:
    """The references on the page, from top to bottom."""
    return [text for text in page.links if text.startswith("GAI-")]


def test_the_oldest_case_comes_first(app: Flask, clock: ManualClock) -> None:
    old = a_case()
    clock.advance(timedelta(days=4))
    new = a_case()
    page = an_agent(app).get("/support/cases")
    assert listed(page) == [old.reference, new.reference]
    assert "4 days" in page.text
    assert "2 open" in page.text
    assert "1 older than 3 days" in page.text


def test_the_queue_is_narrowed_by_what_stands_in_the_address(app: Flask, clock: ManualClock) -> None:
    near, ambiguous = a_case(), a_case(reason=LookupReason.AMBIGUOUS)
    clock.advance(timedelta(days=2))
    other = a_case(name="Another service")
    agent = an_agent(app)
    agent.see(other)
    agent.submit("Assign to me")
    with transaction():
        support_tickets.resolve_by_match(near.user, clock.now())
    found = {
        "": [ambiguous, other],
        "?status=resolved": [near],
        "?status=all": [near, ambiguous, other],
        "?reason=ambiguous": [ambiguous],
        f"?service={other.client_id}": [other],
        "?assigned=me": [other],
        "?assigned=nobody": [ambiguous],
        "?age=1": [ambiguous],
        "?status=nonsense&reason=nonsense&age=nonsense&page=nonsense": [near, ambiguous, other],
    }
    for query, cases in found.items():
        page = agent.get(f"/support/cases{query}")
        assert sorted(listed(page)) == sorted(case.reference for case in cases), query


def test_the_form_of_the_filters_keeps_what_was_chosen(app: Flask) -> None:
    case, agent = a_case(reason=LookupReason.AMBIGUOUS), an_agent(app)
    agent.get("/support/cases")
    page = agent.submit("Filter", reason="ambiguous", assigned="nobody")
    assert page.query["reason"] == "ambiguous"
    assert listed(page) == [case.reference]
    assert page.form("Filter").values["reason"] == ["ambiguous"]


def test_a_long_queue_has_pages(app: Flask, clock: ManualClock) -> None:
    cases = []
    for _ in range(27):
        cases.append(a_case())
        clock.advance(timedelta(seconds=1))
    agent = an_agent(app)
    assert listed(agent.get("/support/cases")) == [case.reference for case in cases[:25]]
    assert listed(agent.click("Next")) == [case.reference for case in cases[25:]]
    assert listed(agent.get("/support/cases?page=99")) == [case.reference for case in cases[25:]]


@pytest.mark.parametrize(
    "said",
    ["Katarzyna Kowalska", "kowalska", "Kowalksa", "KATARZYNA", "katarzyna kowalsak", "Kasia Kowalska", "Kowalska K"],
)
def test_a_case_is_found_by_a_name_with_slips(app: Flask, said: str) -> None:
    case = a_case(a_user(first_name="Katarzyna", last_name="Kowalska", preferred_name="Kasia Kowalska"))
    a_case(a_user(first_name="Peter", last_name="Jones"))
    agent = an_agent(app)
    agent.get("/support/cases")
    page = agent.submit("Search", q=said)
    assert listed(page) == [case.reference]
    assert page.query == {}, "a name never stands in an address"


def test_a_case_is_found_by_anything_that_identifies_it(app: Flask) -> None:
    case = a_case(a_user(email="kate@example.com", stated_trn="1234567"))
    with transaction():
        support_tickets.lock(case.id).zendesk_ticket_id = 8812
    a_case()
    agent = an_agent(app)
    for said in (
        "kate@example.com",
        "KATE@example.com ",
        "1234567",
        "RP12/34567",
        "8812",
        "#8812",
        case.reference,
        case.reference.lower(),
        case.reference.replace("-", " "),
        case.reference.replace("-", ""),
    ):
        agent.get("/support/cases")
        assert listed(agent.submit("Search", q=said)) == [case.reference], said


@pytest.mark.parametrize("said", ["'; DROP TABLE users; --", "%", "_", "\\", "\u202eetaK", "李", "9" * 30, "GAI-"])
def test_whatever_is_searched_for_is_answered_in_words(app: Flask, said: str) -> None:
    a_case()
    agent = an_agent(app)
    agent.get("/support/cases")
    page = agent.submit("Search", q=said)
    assert (page.status, "No cases." in page.text) == (200, True)


def test_an_empty_search_is_refused_beside_its_box(app: Flask) -> None:
    agent = an_agent(app)
    agent.get("/support/cases")
    page = agent.submit("Search", q=" ")
    assert (page.status, page.errors) == (422, ["Enter something to search for"])
    assert agent.get("/support/cases/search").status == 200


def test_the_statement_stands_beside_the_candidates(app: Flask, register: MemoryRegister) -> None:
    register.records = [
        a_record("1234576", first_name="Catherine", email="kate@old.example", has_open_alert=True),
        a_record("7654321", first_name="Walter", last_name="Smith", date_of_birth=None, nino=""),
        a_record("2222222", last_name="Busch", nino="", status=RecordStatus.DEACTIVATED),
    ]
    user = a_user(
        last_name="Bush", stated_trn="1234567", stated_nino_encrypted=vault.seal("AB123456C", statements.NINO_CONTEXT)
    )
    page = an_agent(app).see(a_case(user))
    assert "Same date of birth" in page.text
    assert "First name is a short or other form." in page.text
    assert "Open alert" in page.text
    assert "Record closed" in page.text
    for word in ("Same", "Close", "Different", "Missing"):
        assert word in page.text, word
    assert "ends in 56C" in page.text
    assert "AB123456C" not in page.response.text
    assert page.text.index("1234576") < page.text.index("2222222"), "the best comes first"
    assert not [each for each in page.forms if each.values.get("trn") == ["2222222"]], "a closed record is no choice"


def test_candidates_are_computed_anew_whenever_the_page_is_opened(app: Flask, register: MemoryRegister) -> None:
    case, agent = a_case(a_user(last_name="Bush")), an_agent(app)
    assert "No record resembles what they said" in agent.see(case).text
    register.records = [a_record()]
    assert "TRN 1234567" in agent.see(case).text


def test_a_case_can_be_read_when_the_comparison_itself_breaks(
    app: Flask, register: MemoryRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("kate@example.com")

    monkeypatch.setattr(register, "find_candidates", broken, raising=False)
    page = an_agent(app).see(a_case(a_user(last_name="Bush")))
    assert page.status == 200
    assert "did not answer" in page.text


def test_every_view_of_a_persons_data_is_written_down(app: Flask) -> None:
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    agent.get(f"/support/users/{case.user_id}")
    for action in ("case_viewed", "user_viewed"):
        (seen,) = audited(action)
        assert (seen.actor_id, seen.subject_id) == (str(agent.member.id), str(case.user_id))


def test_earlier_searches_are_shown_with_their_reasons(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(), a_record("7654321")]
    case = a_case(a_user(last_name="Bush"))
    person = lookups.person_of(case.user)
    search = lookups.look_up(person, register, MatchPolicy.DEFAULT, occasion=Occasion.CHECK_ANSWERS, now=NOW)
    with transaction():
        kept_lookups.keep(search, user_id=case.user_id, journey_id=None)
    page = an_agent(app).see(case)
    assert "After the answers were checked" in page.text
    assert search.reason.replace("_", " ").capitalize() in page.text


def test_a_claim_is_visible_to_everybody(app: Flask) -> None:
    case, ada, bob = a_case(), an_agent(app, name="Ada First"), an_agent(app, name="Bob Second")
    ada.see(case)
    ada.submit("Assign to me")
    assert "With you." in ada.here.text
    assert "The case is yours." in ada.here.text
    page = bob.see(case)
    assert "Ada First is working on this case" in page.text
    bob.submit("Take over from Ada First")
    assert anew(case).assigned_to_id == bob.member.id
    ada.see(case)
    assert "Bob Second is working on this case" in ada.here.text
    bob.submit("Give the case back")
    assert anew(case).assigned_to_id is None


def test_a_claim_on_a_page_that_is_out_of_date_is_refused(app: Flask) -> None:
    case, ada, bob = a_case(), an_agent(app, name="Ada First"), an_agent(app)
    bob.see(case)
    ada.see(case)
    ada.submit("Assign to me")
    page = bob.submit("Assign to me")
    assert (page.status, "The case has changed since you opened it" in page.text) == (409, True)
    assert anew(case).assigned_to_id == ada.member.id


def test_notes_are_kept_with_their_author_and_lines(app: Flask) -> None:
    case, agent = a_case(), an_agent(app, name="Ada First")
    agent.see(case)
    page = agent.submit("Add note", text="Called.\r\n\r\n<b>No</b> answer.")
    assert "Ada First" in page.text
    assert "Note added." in page.text
    assert "<b>No</b> answer." in page.text
    assert [note.text for note in anew(case).notes] == ["Called.\n\n<b>No</b> answer."]
    assert agent.submit("Add note", text="").errors == ["Enter a note"]


def test_a_viewer_sees_and_cannot_act(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    page = an_agent(app, StaffRole.VIEWER).see(a_case(a_user(last_name="Bush")))
    assert "1234567" in page.text
    assert {button[0] for form in page.forms for button in form.buttons} == {"Sign out"}


def test_a_name_is_never_taken_for_markup(app: Flask) -> None:
    case = a_case(a_user(first_name="<script>alert(1)</script>", last_name='"><img src=x>'))
    agent = an_agent(app)
    assert "<script>alert" not in agent.see(case).response.text
    assert "<script>alert" not in agent.get("/support/cases").response.text


def test_lists_of_people_are_written_down_too(app: Flask) -> None:
    case = a_case(a_user(first_name="Katarzyna"))
    agent = an_agent(app)
    agent.submit("Search", q="Katarzyna")
    agent.get("/support/users")
    agent.submit("Search", q="Katarzyna")
    assert audited("cases_listed")[-1].after == {"cases": [case.reference]}
    assert audited("cases_searched")[-1].after == {"cases": [case.reference]}
    assert audited("users_searched")[-1].after == {"users": [str(case.user_id)]}


def test_sentences_leave_out_the_values_that_the_rows_show(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(date_of_birth=date(1985, 4, 3))]
    agent, case = an_agent(app), a_case(a_user(last_name="Bush"))
    for page in (agent.see(case), agent.submit("Check record 1234567")):
        assert "Same first name." in page.text
        assert "Day and month of birth are swapped." in page.text
        assert "(kate" not in page.text
        assert "(1985" not in page.text


def test_another_address_says_nothing_and_is_not_called_missing(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(email="kate@old.example")]
    page = an_agent(app).see(a_case(a_user(last_name="Bush")))
    assert "kate@old.example Says nothing" in page.text


def test_a_trn_that_nobody_gave_is_not_called_missing(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    page = an_agent(app).see(a_case(a_user(last_name="Bush", stated_has_trn=True)))
    assert "TRN Not given 1234567 Not given" in page.text
    assert "Missing" not in page.text.split("TRN Not given", 1)[1].split("National Insurance", 1)[0]


def test_two_records_that_nothing_compared_tells_apart_are_called_so(app: Flask, register: MemoryRegister) -> None:
    agent, case = an_agent(app), a_case(a_user(last_name="Bush"))
    register.records = [a_record("1234567"), a_record("7654321")]
    assert "These two records agree in everything compared" in agent.see(case).text
    register.records = [a_record("1234567"), a_record("7654321", first_name="Catherine")]
    assert "These two records agree" not in agent.see(case).text


def test_whoever_knows_that_they_have_a_trn_but_not_which_is_quoted_so(app: Flask) -> None:
    agent = an_agent(app)
    for has_one, words in ((True, "They are not sure of it"), (False, "They say that they have none")):
        page = agent.see(a_case(a_user(stated_has_trn=has_one, stated_has_nino=True)))
        assert f"Stated TRN {words}" in page.text


def test_of_a_national_insurance_number_that_was_not_given_the_answer_is_quoted(app: Flask) -> None:
    page = an_agent(app).see(a_case(a_user(stated_has_nino=False)))
    assert "National Insurance number No, or they do not know it" in page.text
    assert "They say that they have none" not in page.text


@pytest.mark.parametrize("address", ["/support/no-such-page", "/support"])
def test_what_goes_wrong_in_the_console_is_said_in_its_own_layout(app: Flask, address: str) -> None:
    page = Browser(app).post(address) if address == "/support" else Browser(app).get(address)
    assert page.status in {404, 405, 400}
    assert "Support console" in page.response.text
    assert "Cookies" not in page.links
    assert "Cookies" in Browser(app).get("/no-such-page").links


def test_of_a_ticket_that_will_never_come_nobody_says_not_yet(app: Flask) -> None:
    settings, agent = app.extensions["settings"], an_agent(app)
    app.extensions["settings"] = replace(settings, ticket_transport="memory")
    try:
        case = a_case()
        assert "No Zendesk ticket yet." in agent.see(case).text
        with transaction():
            messages("zendesk_open")[0].settle(Delivery.GIVEN_UP, NOW)
        assert "Zendesk refused the ticket of this case" in agent.see(case).text
        assert "This case has no Zendesk ticket" in agent.see(a_case(raise_tickets=False)).text
        app.extensions["settings"] = replace(settings, ticket_transport="none")
        assert "This case has no Zendesk ticket" in agent.see(a_case()).text
    finally:
        app.extensions["settings"] = settings


def test_every_comparison_that_the_matcher_explains_is_said_to_agents_without_its_values() -> None:
    kinds = [(field, level) for field in FIELDS for level in Level]
    values = (("s", "h"), ("same", "same"))  # of which a level means what it says
    explained = {
        kind: sentence(compared)
        for kind in kinds
        for compared in (FieldComparison(*kind, 1.0, *value) for value in values)
        if meaning(compared) is None
    }
    assert len(explained) == len(kinds)
    for kind, said in explained.items():
        if "differs (" not in said and said:
            assert SENTENCES[kind] == re.sub(r" \(.*\)(?=\.$)", "", said), kind
        elif kind in SENTENCES:
            assert kind[1] is Level.DIFFERENT


SEVERAL_MEANINGS = [
    (Meaning.FURTHER_NAMES, Field.FIRST_NAME, Level.PART, "lisa", "lisa"),
    (Meaning.BROTHERS_SHARE, Field.FIRST_NAME, Level.SIMILAR, "mohammed", "mohammed"),
    (Meaning.LOST_LETTERS, Field.FIRST_NAME, Level.INITIAL, "huong", "hng"),
    (Meaning.ONE_IN_COMMON, Field.MIDDLE_NAME, Level.SAME, "roseanne", "rose"),
    (Meaning.CROSSWISE, Field.MIDDLE_NAME, Level.SAME, "molly", "lynda"),
    (Meaning.ANOTHER_DECADE, Field.DATE_OF_BIRTH, Level.ONE_DIGIT, "2001-05-17", "1991-05-17"),
    (Meaning.YEAR_ALONE, Field.DATE_OF_BIRTH, Level.TWO_PARTS, "1984-01-01", "1984-05-17"),
    (Meaning.MERGED, Field.TRN, Level.SAME, "7654321", "7654321"),
]


@pytest.mark.parametrize(("meant", "field", "level", "stated", "held"), SEVERAL_MEANINGS)
def test_agents_read_what_a_level_means_of_these_values(
    meant: Meaning, field: Field, level: Level, stated: str, held: str
) -> None:
    said = sentence(FieldComparison(field, level, 1.0, stated, held), "1234567")
    assert MEANINGS[meant] == re.sub(r" \(.*\)(?=\.$)", "", said)
    assert {each[0] for each in SEVERAL_MEANINGS} == set(Meaning) == MEANINGS.keys()
