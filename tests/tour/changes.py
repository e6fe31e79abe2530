"""The stops about changes of name and date of birth: asked for in the account, decided in the console."""

from __future__ import annotations

from datetime import date
from typing import Any

from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.change_requests import ChangeReason, RejectionReason
from identity_provider.models import User
from identity_provider.ports import DetailsOnRecord
from identity_provider.services import change_requests, change_reviews, identity_checks, service_uses
from identity_provider.services.change_reviews import Answer
from identity_provider.services.identity_checks import Verified
from tests.builders import NOW, a_client, a_staff_user, a_user
from tests.journeys.travel import EMAIL, Traveller, newest_code
from tests.kit.changes import REVIEWER, a_change, asked_for, evidence_arrives
from tests.tour.guide import World, shows

NAME, BORN = "/account/changes/name", "/account/changes/date-of-birth"


def _signed_in(world: World, **values: Any) -> tuple[Traveller, User]:
    user = a_user(**{"email": EMAIL, "first_name": "Bush", "last_name": "Bush", **values})
    person = world.traveller()
    person.get("/account/changes")
    person.submit(email=EMAIL)
    person.submit(code=newest_code(EMAIL))
    return person, user


@shows(
    *(f"changes/{name}.html" for name in ("home", "start", "reason", "name", "evidence", "check", "sent", "request")),
    "changes/already_open.html",
    "changes/withdraw.html",
)
def a_name_is_changed(world: World) -> None:
    person, user = _signed_in(world, trn="1234567")
    world.changes.records["1234567"] = DetailsOnRecord("Bush", "", "Bush", None, name_pending=True)
    person.get("/account/changes")
    person.get(NAME)
    person.submit()
    person.submit()
    person.submit(reason="marriage")
    person.submit(first_name="", last_name="")
    person.submit(first_name="Bush", last_name="Bush-Bush")
    evidence_arrives(person, b"", "nothing.png")
    evidence_arrives(person, name="bush.png")
    person.post(f"{NAME}/evidence", go="continue")
    person.submit()
    change = change_requests.sent_by(user)[0]
    person.get(f"/account/changes/requests/{change.id}")
    person.get("/account/changes")
    person.get(NAME)
    person.get(f"/account/changes/requests/{change.id}/withdraw")
    person.submit()


@shows("changes/date_of_birth.html", "changes/decided.html", "changes/more_evidence.html")
def a_birthday_is_corrected(world: World) -> None:
    person, user = _signed_in(world)
    person.get(BORN)
    person.submit()
    person.submit(reason="my_mistake")
    person.submit()
    person.submit(date_of_birth=date(1979, 1, 2))
    evidence_arrives(person)
    person.post(f"{BORN}/evidence", go="continue")
    person.submit()
    change = change_requests.sent_by(user)[0]
    staff = a_staff_user(*REVIEWER)
    with transaction():
        change_reviews.ask_again(
            change.id, Answer(RejectionReason.UNREADABLE, "Bush"), staff=staff, now=world.clock.now()
        )
    person.get(f"/account/changes/requests/{change.id}")
    more = f"/account/changes/requests/{change.id}/evidence"
    person.get(more)
    person.post(more, go="continue")
    world.wait(seconds=5)
    person.get(more)
    evidence_arrives(person, name="bush.png")
    person.post(more, go="continue")
    with transaction():
        change_reviews.reject(change.id, Answer(RejectionReason.DIFFERS, "Bush"), staff=staff, now=world.clock.now())
    person.get(f"/account/changes/requests/{change.id}/withdraw")
    person.get(f"/account/changes/requests/{change.id}")


def _reported(user: User) -> None:
    """A provider has reported on them."""
    service = a_client()
    seen = Verified("Bush", "Bush", NOW.date(), "Bush", "Bush", date(1979, 1, 2))
    with transaction():
        service_uses.note(user.id, service.id, now=NOW)
        identity_checks.report(user, seen, "", client=service, now=NOW)


@shows(
    *(f"support/changes/{name}.html" for name in ("queue", "change", "approve", "reject", "ask_again", "ended")),
    "support/changes/own.html",
    "support/changes/file.html",
    "support/changes/not_possible.html",
)
def a_change_is_reviewed(world: World) -> None:
    reviewer = world.agent(StaffRole.REVIEWER, name="Ada Admin")
    change = a_change(asked_for("Bush", "Bush-Bush", reason=ChangeReason.GENDER), last_name="Bush", trn="1234567")
    other = a_change(asked_for(born=date(1979, 1, 2)), last_name="Bush")
    own = a_change(asked_for("Bush", "Bush-Bush"), last_name="Bush", email=reviewer.member.email)
    _reported(change.user)
    reviewer.get(f"/support/users/{change.user_id}")
    reviewer.get("/support/changes")
    reviewer.get("/support/changes", where="decided")
    shown = change.files[0].evidence_id
    reviewer.get(f"/support/changes/{change.id}/files/{shown}", turn="90", size="200")
    for path in ("", "/approve", "/reject", "/better-evidence"):
        reviewer.get(f"/support/changes/{change.id}{path}")
    reviewer.post(f"/support/changes/{change.id}/assignment", to="me", seen="")
    reviewer.post(f"/support/changes/{change.id}/assignment", to="me", seen="")
    reviewer.post(f"/support/changes/{change.id}/better-evidence")
    reviewer.post(f"/support/changes/{change.id}/better-evidence", why="unreadable", message="Bush")
    reviewer.get(f"/support/changes/{change.id}")
    reviewer.post(f"/support/changes/{change.id}/approve")
    reviewer.post(f"/support/changes/{other.id}/approve")
    reviewer.get(f"/support/changes/{other.id}")
    reviewer.post(f"/support/changes/{other.id}/reject", why="differs")
    reviewer.get(f"/support/changes/{own.id}")
    reviewer.get(f"/support/changes/{own.id}/approve")
