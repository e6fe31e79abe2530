"""The stops of a person who signs in: every question, every way to end, every refusal, and the emailed link."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from identity_provider.db import transaction
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.models import Client, SupportTicket, User
from identity_provider.services import case_work, rate_limits, resume, support_tickets
from tests.builders import a_client, a_record, a_staff_user, a_user
from tests.console.agents import a_case
from tests.journeys.test_no_record import a_stranger
from tests.journeys.test_resume import link_in
from tests.journeys.travel import EMAIL, Traveller, newest_code, wrong_code
from tests.kit.lost_answers import lose_the_answer
from tests.tour.guide import World, shows

LOCAL = "127.0.0.1"
OLD = "kb@oldschool.example.com"


@shows(
    *(f"sign_in/{name}.html" for name in ("email", "code", "name", "previous_names", "preferred_name")),
    *(f"sign_in/{name}.html" for name in ("date_of_birth", "nino", "check_answers", "outcome")),
)
def a_record_is_found(world: World) -> None:
    """Every question is first answered wrongly."""
    world.register.records = [a_record()]
    person = world.traveller()
    person.set_out()
    person.submit(email="")
    person.submit(email="not an address")
    person.submit(email=EMAIL)
    person.submit(code="")
    person.submit(code="letters")
    person.submit(code=wrong_code(EMAIL))
    person.submit(code=newest_code(EMAIL))
    person.submit(first_name="", last_name="")
    person.submit(first_name="Kate", last_name="x" * 201)
    person.post(person.step("name"), first_name="\x01Kate", last_name="Bush")
    person.submit(first_name="Kate", last_name="Bush")
    person.submit()
    person.submit(changed="yes")
    person.submit(changed="no")
    person.submit()
    person.submit(choice="short")
    _dates(person)
    person.submit()
    person.submit(has="yes", number="")
    person.submit(has="yes", number="nonsense")
    person.submit(has="yes", number="AB123456C")
    person.submit()


def _dates(person: Traveller) -> None:
    """Each way in which a date is none."""
    for day, month, year in (
        ("", "", ""),
        ("4", "", ""),
        ("", "3", "1985"),
        ("31", "13", "1985"),
        ("31", "2", "1985"),
        ("4", "3", "85"),
        ("4", "3", "2185"),
        ("4", "3", "1785"),
        ("x", "y", "z"),
        ("4", "3", "1985"),
    ):
        typed: dict[str, Any] = {"day": day, "month": month, "year": year}
        boxes = {f"date_of_birth-{part}": text for part, text in typed.items()}
        person.post(person.step("date-of-birth"), **boxes)


@shows(*(f"sign_in/{name}.html" for name in ("shared_mailbox", "trn", "qts", "training", "no_match", "outcome")))
def nothing_is_found_and_the_helpdesk_takes_over(world: World) -> None:
    world.register.records = [a_stranger()]
    person = world.traveller()
    person.set_out()
    person.prove("office@example.com")
    person.submit()
    person.submit(choice="keep")
    person.say_who(previous="Quigley")
    person.submit(has="no")
    person.submit()
    for number in ("", "123", "0000000", "1111111"):
        person.submit(has="yes", number=number)
    person.submit()
    person.submit(has_qts="yes")
    person.submit(training_provider="x" * 201)
    person.submit(training_provider="Example College")
    person.submit()
    person.post(person.step("no-match"), next="continue")
    person.get(person.step("outcome"))


@shows(*(f"sign_in/{name}.html" for name in ("other_names", "teacher_training", "training_details", "school_work")))
def more_is_asked_of_who_would_have_no_record(world: World) -> None:
    world.register.records = [a_stranger()]
    person = world.traveller()
    person.set_out()
    person.prove()
    person.say_who()
    for fields in ({"has": "no"}, {"has": "no"}, {"has_qts": "no"}):
        person.submit(**fields)
    person.submit()
    person.submit(other_names="yes")
    person.submit(other_names="yes", other_first_name="Ada")
    person.submit()
    person.submit(training="elsewhere")
    person.submit(where="x" * 201)
    person.submit(where="Quigley", when="1999", recognised="no")
    person.submit()
    person.submit(work="other", role="Agent")
    person.get(person.step("teacher-training"))
    person.submit(training="england-or-wales")
    person.submit(where="Example College")
    person.get(person.step("teacher-training"))
    person.submit(training="no")
    person.get(person.step("work-in-schools"))
    person.submit(work="assistant")


@shows("sign_in/no_match.html", "sign_in/outcome.html")
def nothing_is_found_at_all(world: World) -> None:
    world.register.records = [a_stranger()]
    person = world.traveller()
    person.set_out(a_client(trn_requirement=TrnRequirement.REQUIRED))
    person.prove()
    person.say_who()
    person.say_more()
    person.check()
    person.post(person.step("no-match"), next="continue")


@shows("sign_in/outcome.html")
def without_a_helpdesk_or_with_too_little_proof(world: World) -> None:
    world.register.records = [a_stranger()]
    person = world.traveller()
    person.set_out(a_client(raise_tickets=False))
    person.prove()
    person.say_who()
    person.say_more(trn="1111111")
    person.check()
    person.post(person.step("no-match"), next="continue")
    world.register.records = [a_record()]
    linked = a_user(email="linked@example.com", trn="1234567")
    other = world.traveller("c" * 43)
    other.set_out(a_client(match_policy=MatchPolicy.STRICT))
    other.prove(linked.email)
    other.say_more()
    if other.here.path == other.step("check-answers"):
        other.check()
        other.post(other.step("no-match"), next="continue")


@shows("sign_in/outcome.html")
def the_register_is_silent(world: World) -> None:
    world.register.down = True
    person = world.traveller()
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more()
    person.check()


@shows("sign_in/trn_in_use.html", "sign_in/choose_email.html")
def the_record_is_linked_to_another_address(world: World) -> None:
    world.register.records = [a_record()]
    a_user(email=OLD, first_name="Catherine", last_name="Bishop", trn="1234567")
    person = world.traveller()
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(nino="AB123456C")
    person.check()
    for _ in range(5):
        person.post(person.step("trn-in-use"), code=wrong_code(OLD))
    person.get(person.step("trn-in-use"))
    world.wait(minutes=1)
    person.post(person.step("trn-in-use/another-code"))
    person.post(person.step("trn-in-use"), code=newest_code(OLD))
    person.post(person.step("choose-email"), email="")
    person.submit(email=EMAIL)
    for number, tickets in enumerate((True, False)):
        other = world.traveller(str(number) * 43)
        other.set_out(a_client(trn_requirement=TrnRequirement.REQUIRED, raise_tickets=tickets))
        other.prove(f"other{number}@example.com")
        other.say_who()
        if other.here.path == other.step("existing-account"):
            other.submit(mine="no")
        other.say_more(nino="AB123456C")
        other.check()
        other.post(other.step("trn-in-use"), next="no-access")
        assert other.here.path == other.step("outcome")


@shows("sign_in/existing_account.html", "sign_in/existing_account_code.html")
def there_may_be_an_account_already(world: World) -> None:
    world.register.records = [a_stranger()]
    a_user(email=OLD, last_name="Bush")
    person = world.traveller()
    person.set_out()
    person.prove()
    person.say_who()
    person.submit()
    person.submit(mine="yes")
    person.submit(code="")
    person.post(person.step("existing-account-code"), code=wrong_code(OLD))


@shows("sign_in/out_of_reach.html")
def the_journey_is_another_browsers_or_ran_out(world: World) -> None:
    thief = world.visitor()
    thief.get(f"/sign-in/{uuid4()}/name")
    owner = world.traveller()
    owner.set_out(a_client(service_url=None))
    thief.get(f"/sign-in/{owner.journey_id}")
    late = world.traveller("c" * 43)
    late.set_out()
    world.wait(hours=3)
    late.get(late.step("email"))


@shows("sign_in/too_often.html")
def codes_were_asked_for_too_often(world: World) -> None:
    world.exhaust(rate_limits.CODES_PER_IP, f"person {LOCAL}")
    person = world.traveller()
    person.set_out()
    person.submit(email=EMAIL)


@shows("sign_in/too_often.html")
def answers_were_sent_too_often_today(world: World) -> None:
    world.register.records = [a_stranger()]
    person = world.traveller()
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(trn="1111111")
    person.check()
    world.exhaust(rate_limits.SUBMISSIONS_PER_USER, EMAIL)
    person.post(person.step("no-match"), next="change")
    person.post(person.step("check-answers"))


@shows("sign_in/locked.html")
def the_account_is_locked(world: World) -> None:
    a_user(email=EMAIL, locked_at=world.clock.now())
    person = world.traveller()
    person.set_out()
    person.prove()


@shows("kit/code_used.html")
def the_code_was_sent_twice(world: World) -> None:
    a_user(email=EMAIL, trn="1234567")
    person = world.traveller()
    person.set_out()
    person.submit(email=EMAIL)
    asked, wrong, code = person.page, wrong_code(EMAIL), newest_code(EMAIL)
    lose_the_answer(person, code=code)
    person.submit(code=wrong)
    person.page = asked
    person.submit(code=code)


@shows("resume/continue.html", "resume/code.html", "resume/signed_in.html", "resume/over.html")
def the_emailed_link_is_followed(world: World) -> None:
    user, client = a_user(), a_client()
    withdrawn = _link(world, user, client)
    case = resume.last_case_of(user)
    assert case is not None
    with transaction():
        case_work.undo(case.id, staff=a_staff_user(), reason="Wrong", now=world.clock.now())
    world.visitor().get(withdrawn)
    world.wait(minutes=1)
    link = _link(world, user, client)
    person = world.visitor()
    person.get(link)
    person.get(f"{link}?elsewhere=1")
    person.submit()
    person.submit(code="")
    person.submit(code=wrong_code(user.email))
    person.submit(code=newest_code(user.email))
    person.get(link)
    world.visitor().get("/resume/nonsense")


@shows("kit/code_used.html")
def the_answer_to_the_code_of_the_emailed_link_was_lost(world: World) -> None:
    user = a_user()
    person = world.visitor()
    person.get(_link(world, user, a_client()))
    person.submit()
    code = newest_code(user.email)
    lose_the_answer(person, code=code)
    person.submit(code=code)


@shows("resume/code.html")
def the_code_of_the_emailed_link_is_used_up(world: World) -> None:
    user = a_user()
    person = world.visitor()
    person.get(_link(world, user, a_client()))
    person.submit()
    for _ in range(5):
        person.submit(code=wrong_code(user.email))


@shows("resume/too_often.html")
def the_emailed_link_is_followed_too_often(world: World) -> None:
    world.exhaust(rate_limits.CODES_PER_IP, f"person {LOCAL}")
    person = world.visitor()
    person.get(_link(world, a_user(), a_client()))
    person.submit()


@shows("resume/signed_in.html")
def somebody_without_a_trn_is_signed_in_by_the_link(world: World) -> None:
    case, staff = a_case(initiate_login_uri=None), a_staff_user()
    with transaction():
        case_work.confirm_no_trn(case.id, staff=staff, reason="seen", now=world.clock.now())
    person = world.visitor()
    person.get(link_in("no_trn_confirmed", world.clock))
    person.submit()
    person.submit(code=newest_code(case.user.email))


def _link(world: World, user: User, client: Client) -> str:
    """The path of the link in the email to somebody whose record was found."""
    with transaction():
        case: SupportTicket = support_tickets.open_case(user, client, None, user.lookup_reason, world.clock.now())
    with transaction():
        record, staff = a_record(), a_staff_user()
        case_work.attach_trn(case.id, record=record, staff=staff, reason="seen", now=world.clock.now())
    return link_in("trn_attached", world.clock)
