"""The stops in the support console: signing in, cases and what is refused about them, users, and the other areas."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from unittest.mock import patch
from uuid import uuid4

from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy, StaffRole
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import SupportTicket, TicketComment
from identity_provider.services import browser_sessions, case_work, kept_lookups, lookups, rate_limits, staff_enrolment
from identity_provider.services.audit import SYSTEM
from identity_provider.services.register_search import Occasion
from matching.records import RecordStatus
from tests.builders import NOW, a_client, a_record, a_staff_user, a_user
from tests.console.agents import a_case, newest_code, totp
from tests.tour.guide import World, shows
from tests.tour.passkeys import give_passkey

LOCAL = "127.0.0.1"


@shows(*(f"support/sign_in/{name}.html" for name in ("email", "code", "authenticator")))
def staff_sign_in(world: World) -> None:
    agent = world.newcomer()
    agent.get("/support")
    agent.submit(email="")
    agent.submit(email=agent.member.email)
    agent.submit(code="")
    agent.submit(code="000000")
    agent.submit(code=newest_code(agent.member.email))
    agent.submit(code="000000")
    agent.submit(code=totp())


@shows("support/sign_in/enrolment.html", "support/sign_in/enrol.html")
def staff_set_up_their_app(world: World) -> None:
    newcomer, browser = a_staff_user(), world.visitor()
    with transaction():
        code = staff_enrolment.give_code(newcomer, actor=SYSTEM, now=world.clock.now())
    browser.get("/support")
    browser.submit(email=newcomer.email)
    browser.submit(code=newest_code(newcomer.email))
    browser.submit(code="")
    browser.submit(code=code)
    browser.submit(code="000000")


@shows("support/me/show.html", "support/me/new_passkey.html", "support/step_up.html")
def staff_look_after_their_ways_in(world: World) -> None:
    agent = world.agent()
    give_passkey(agent.member, world.clock.now())
    agent.get("/support/me")
    agent.get("/support/me/passkeys/new")
    agent.post("/support/me/passkeys/new", passkey="{}", name="")
    world.wait(minutes=20)
    agent.get("/support/me/passkeys/new")
    agent.post("/support/me/passkeys/new", name="Bush")
    agent.submit(step_up_code="")


@shows("support/too_many.html")
def staff_try_too_often(world: World) -> None:
    world.exhaust(rate_limits.CODES_PER_IP, f"staff {LOCAL}")
    browser = world.visitor()
    browser.get("/support")
    browser.submit(email="agent@example.com")


@shows("support/forbidden.html", "support/not_found.html", "support/out_of_date.html")
def where_one_may_not_go(world: World) -> None:
    agent = world.agent(StaffRole.VIEWER)
    agent.get("/support/staff")
    agent.get(f"/support/users/{uuid4()}")
    for somebody in (agent, world.visitor()):
        somebody.post("/support/sign-out", token=False)


@shows(*(f"support/cases/{name}.html" for name in ("queue", "search", "case", "confirm_trn", "no_trn", "undo")))
def cases_are_worked_on(world: World) -> None:
    world.register.records = [
        a_record(),
        a_record("7654321", first_name="Catherine", date_of_birth=date(1985, 4, 3), has_open_alert=True),
        a_record("2222222", middle_name="Ann", has_open_alert=False, email="kate@example.com"),
    ]
    service = a_client()
    case = _a_searched_case(world, service.id)
    a_case(reason=LookupReason.CLAIMS_QTS)
    world.wait(days=2)
    agent = world.agent(name="Ada Admin")
    for path in ("", "?status=all&assigned=me&age=3", "?status=resolved", "/search"):
        agent.get(f"/support/cases{path}")
    for text in ("", "Bush", "nobody at all"):
        agent.post("/support/cases/search", q=text)
    _told_in_zendesk(case)
    agent.see(case)
    agent.get("/support/cases?desk=suggested")
    agent.post(f"/support/cases/{case.id}/notes", text="")
    agent.post(f"/support/cases/{case.id}/notes", text="Bush")
    agent.post(f"/support/cases/{case.id}/assignment", to="me", seen="")
    agent.post(f"/support/cases/{case.id}/assignment", to="me", seen=str(uuid4()))
    for trn in ("", "123", "0000000", "7654321", "1234567"):
        agent.post(f"/support/cases/{case.id}/trn/check", trn=trn)
    agent.post(f"/support/cases/{case.id}/trn", trn="1234567", reason="")
    agent.post(f"/support/cases/{case.id}/trn", trn="1234567", reason="Bush")
    agent.get(f"/support/cases/{case.id}/undo")
    agent.post(f"/support/cases/{case.id}/undo", reason="")
    agent.post(f"/support/cases/{case.id}/undo", reason="Bush")
    other = a_case()
    agent.get(f"/support/cases/{other.id}/no-trn")
    agent.post(f"/support/cases/{other.id}/no-trn", reason="")
    agent.post(f"/support/cases/{other.id}/no-trn", reason="Bush")


def _told_in_zendesk(case: SupportTicket) -> None:
    """Its ticket was closed there, with the TRN of a record, of a record that there is not, and a word of theirs."""
    at = NOW
    with transaction():
        case = db.session.get_one(SupportTicket, case.id)
        case.zendesk_ticket_id, case.zendesk_status, case.zendesk_closed_at = 4712, "solved", at
        for number, (text, trns) in enumerate(
            {"**7654321**": ["7654321"], "**9999999**": ["9999999"], "Bush": []}.items()
        ):
            kept = {"zendesk_comment_id": number, "author": "Bush", "from_agent": bool(trns), "public": not trns}
            db.session.add(TicketComment(ticket_id=case.id, text=text, trns=trns, at=at, read_at=at, **kept))


def _a_searched_case(world: World, service_id: str) -> SupportTicket:
    user = a_user(
        last_name="Bush",
        registered_with_client_id=service_id,
        stated_trn="1234567",
        stated_has_qts=True,
        stated_previous_names=[{"first_name": "", "last_name": "Quigley"}],
    )
    case = a_case(user)
    person = lookups.person_of(user)
    for asked in (person, replace(person, last_name="Featherstone", first_name="Aloysius", trn="")):
        search = lookups.look_up(
            asked, world.register, MatchPolicy.DEFAULT, occasion=Occasion.CHECK_ANSWERS, now=world.clock.now()
        )
        with transaction():
            kept_lookups.keep(search, user_id=user.id, journey_id=None)
    return case


@shows("support/cases/case.html", "support/cases/silent.html")
def the_register_does_not_answer_agents(world: World) -> None:
    case, agent = a_case(), world.agent()
    world.register.down = True
    agent.see(case)
    agent.post(f"/support/cases/{case.id}/trn/check", trn="1234567")


@shows("support/cases/not_linkable.html")
def a_record_can_not_be_attached(world: World) -> None:
    world.register.records = [
        a_record("1111111", status=RecordStatus.DEACTIVATED),
        a_record("2222222", status=RecordStatus.MERGED, merged_into="3333333"),
        a_record("3333333"),
    ]
    case, agent = a_case(a_user(last_name="Bush")), world.agent()
    agent.see(case)
    for trn in ("1111111", "2222222", "9999999"):
        agent.post(f"/support/cases/{case.id}/trn/check", trn=trn)
        agent.post(f"/support/cases/{case.id}/trn", trn=trn, reason="Bush")


@shows(*(f"support/cases/{name}.html" for name in ("own", "conflict", "has_trn", "decided", "not_possible")))
def a_decision_is_refused(world: World) -> None:
    world.register.records = [a_record()]
    agent = world.agent()
    holder, case = a_user(trn="1234567"), a_case()
    agent.get(f"/support/cases/{case.id}/conflict/{holder.id}")
    agent.post(f"/support/cases/{case.id}/undo", reason="Bush")
    agent.post(f"/support/cases/{a_case(holder).id}/no-trn", reason="Bush")
    own = a_case(a_user(email=agent.member.email))
    agent.see(own)
    agent.get(f"/support/cases/{own.id}/no-trn")
    colleague = a_staff_user(name="Bob Brown")
    with transaction():
        case_work.confirm_no_trn(case.id, staff=colleague, reason="seen", now=world.clock.now())
    agent.get(f"/support/cases/{case.id}/no-trn")
    agent.see(case)


@shows(*(f"support/users/{name}.html" for name in ("search", "user", "detach", "changed", "open_case")))
def users_are_looked_up(world: World) -> None:
    agent = world.agent()
    service = a_client()
    linked = a_user(trn="1234567", last_name="Bush", registered_with_client_id=service.id, stated_has_nino=False)
    a_user(email="gone@example.com", merged_into_id=linked.id)
    with transaction():
        browser_sessions.begin(linked, amr=["otp"], now=world.clock.now())
    agent.get("/support/users")
    for text in ("", "Bush", "nobody at all"):
        agent.post("/support/users", q=text)
    for user in (linked, a_user(locked_at=world.clock.now())):
        agent.get(f"/support/users/{user.id}")
    agent.get(f"/support/users/{linked.id}/detach")
    agent.post(f"/support/users/{linked.id}/detach", reason="")
    with patch.object(case_work, "detach", side_effect=IllegalMove("somebody was quicker")):
        agent.post(f"/support/users/{linked.id}/detach", reason="Bush")
    agent.post(f"/support/users/{linked.id}/detach", reason="Bush")
    agent.get(f"/support/users/{linked.id}")
    without = a_user(lookup_status=LookupStatus.NONE, lookup_reason=LookupReason.NO_RECORD)
    agent.get(f"/support/users/{without.id}")
    agent.get(f"/support/users/{without.id}/case")
    for reason in ("", "Bush", "again"):
        agent.post(f"/support/users/{without.id}/case", reason=reason)


@shows(
    *(f"support/clients/{name}.html" for name in ("list", "client")),
    *(f"support/staff/{name}.html" for name in ("list", "new", "person", "enrolment")),
    "support/performance/figures.html",
    "support/audit/search.html",
)
def an_administrator_looks_around(world: World) -> None:
    admin = world.agent(StaffRole.ADMINISTRATOR, name="Ada Admin")
    service, colleague = a_client(), a_staff_user(name="Bob Brown")
    _a_searched_case(world, service.id)
    a_user(trn="7654321", registered_with_client_id=service.id)
    for path in ("services", f"services/{service.id}", "staff", "staff/new", f"staff/{admin.member.id}"):
        admin.get(f"/support/{path}")
    admin.post("/support/staff/new", email="", name="")
    admin.post("/support/staff/new", email=colleague.email, name="Bob Brown", roles=["Agent"])
    admin.get(f"/support/staff/{colleague.id}")
    admin.post(f"/support/staff/{colleague.id}/roles")
    admin.post(f"/support/staff/{colleague.id}/enrolment-code")
    with transaction():
        browser_sessions.begin(colleague, amr=["pop", "user", "mfa"], now=world.clock.now())
    admin.get(f"/support/staff/{colleague.id}")
    admin.post(f"/support/staff/{colleague.id}/disable")
    admin.get("/support/performance")
    admin.get("/support/audit")


@shows("support/clients/form.html", "support/clients/secret.html")
def a_service_is_looked_after(world: World) -> None:
    admin, service = world.agent(StaffRole.ADMINISTRATOR), a_client()
    admin.get("/support/services/new")
    admin.get(f"/support/services/{service.id}/edit")
    admin.post(f"/support/services/{service.id}/rotate-secret")
