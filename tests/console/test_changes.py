"""Changes: asked for in the account, and settled by reviewers in the console, once and by nobody about themselves."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.change_requests import ChangeKind, ChangeState
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.evidence import EvidenceState, Refusal
from identity_provider.models import ChangeRequest, Evidence, MessageType, User, WebhookMessage
from identity_provider.services import change_evidence, change_requests, service_uses
from tests.console.agents import an_agent, audited, messages
from tests.journeys.travel import EMAIL
from tests.kit.changes import (
    INFECTED,
    NAME,
    PICTURE,
    a_change,
    a_draft,
    a_file,
    anew,
    asked_for,
    evidence_arrives,
    kate,
    signed_in,
)
from tests.kit.outside import OutsideWorld
from tests.kit.page import Browser
from tests.test_jobs import work
from tests.webhooks.listeners import an_endpoint


def asks_for_a_name(person: Browser) -> Browser:
    person.get(NAME)
    person.submit("Start now")
    person.submit(reason="marriage")
    person.submit(first_name="Kate", last_name="Hall")
    return person


def test_a_name_is_asked_for_and_becomes_theirs(app: Flask) -> None:
    user = kate()
    person = asks_for_a_name(signed_in(app))
    assert person.submit("Upload file").errors == ["Select a file"]
    evidence_arrives(person)
    assert "certificate.png" in person.submit("Continue").text
    page = person.submit("Send request")
    assert page.h1 == "Request sent"
    change = change_requests.sent_by(user)[0]
    assert change.reference in page.text
    work()
    reviewer = an_agent(app, StaffRole.REVIEWER)
    reviewer.get("/support/changes")
    page = reviewer.click(change.reference)
    assert "Hall" in page.text
    assert "1 page" in page.text
    reviewer.click("Approve")
    page = reviewer.submit("Approve the change")
    assert "Approved. The change was made" in page.text
    assert "Kate Bush" in page.text, "what the account said when it was asked, not what it says now"
    db.session.rollback()
    assert db.session.get_one(User, user.id, populate_existing=True).name.full == "Kate Hall"
    assert "Approved" in person.get(f"/account/changes/requests/{change.id}").text
    [view] = audited("change_request_viewed")[:1]
    assert view.subject_id == str(user.id)


def test_services_hear_of_an_approved_change(app: Flask) -> None:
    change = a_change(asked_for("Kate", "Hall"))
    endpoint = an_endpoint()
    with transaction():
        service_uses.note(change.user_id, endpoint.client_id, now=change.created_at)
    reviewer = an_agent(app, StaffRole.REVIEWER)
    reviewer.get(f"/support/changes/{change.id}/approve")
    reviewer.submit("Approve the change")
    db.session.rollback()
    [told] = db.session.query(WebhookMessage)
    assert (told.message_type, told.user_id) == (MessageType.USER_UPDATED, change.user_id)


def test_nothing_is_lost_and_no_step_is_skipped(app: Flask) -> None:
    kate()
    person = signed_in(app)
    assert person.get(f"{NAME}/check").path == NAME
    asks_for_a_name(person)
    assert person.get(f"{NAME}/check").path == f"{NAME}/evidence"
    person = signed_in(app)
    person.get(NAME)
    assert person.submit("Continue your request").path == f"{NAME}/evidence"
    person.get(f"{NAME}/details")
    assert person.page is not None
    assert person.page.form().values["last_name"] == ["Hall"]


def test_a_second_request_is_refused_with_words(app: Flask) -> None:
    change = a_change(asked_for("Kate", "Hall"), user=kate())
    person = signed_in(app)
    assert person.get(NAME).h1 == "You have already asked for this"
    person.get("/account/changes/date-of-birth")
    assert person.post(NAME).h1 == "You have already asked for this"
    assert person.click("View your request").path.endswith(str(change.id))


def test_sending_twice_is_one_request(app: Flask) -> None:
    user = kate()
    a_file(a_draft(asked_for("Kate", "Hall"), user))
    person = signed_in(app)
    person.get(f"{NAME}/check")
    assert person.submit("Send request").h1 == "Request sent"
    person.get("/account/changes/date-of-birth")
    assert person.post(f"{NAME}/check").h1 == "You have already asked for this"
    assert len(change_requests.sent_by(user)) == 1
    assert len(messages("change_submitted")) == 1


def test_files_are_refused_in_words_removed_and_limited(app: Flask, outside: OutsideWorld) -> None:
    user = kate()
    person = asks_for_a_name(signed_in(app))
    outside.cleaner.refuses = Refusal.PASSWORD
    page = evidence_arrives(person)
    assert page.errors == [
        "The selected PDF is protected with a password. Remove the password, or upload a photo of the document"
    ]
    outside.cleaner.refuses = None
    for number in range(5):
        evidence_arrives(person, name=f"page{number}.png")
    assert "up to 5 files" in evidence_arrives(person).errors[0]
    person.submit("Remove page0.png")
    draft = db.session.query(ChangeRequest).one()
    assert len(draft.usable_files) == 4
    assert db.session.query(Evidence).filter_by(state=EvidenceState.GONE).count() == 1
    assert user.id == draft.user_id


def test_better_evidence_is_asked_for_and_sent(app: Flask, clock: ManualClock) -> None:
    change = a_change(asked_for("Kate", "Hall"), user=kate())
    reviewer = an_agent(app, StaffRole.REVIEWER)
    reviewer.get(f"/support/changes/{change.id}")
    reviewer.click("Ask for better evidence")
    assert reviewer.submit("Ask for better evidence").errors == ["Select what is wrong"]
    reviewer.submit("Ask for better evidence", why="unreadable", message="Too dark to read")
    assert reviewer.post(f"/support/changes/{change.id}/approve").status == 409
    clock.advance(timedelta(minutes=5))
    person = signed_in(app)
    assert "Too dark to read" in person.get(f"/account/changes/requests/{change.id}").text
    more = person.click("Send better evidence")
    assert "Remove" not in more.text, "what a reviewer has seen stays"
    assert person.post(more.path, go="continue").errors == ["Select a file"]
    evidence_arrives(person, name="better.png")
    assert person.submit("Send").h1 == "Request sent"
    assert anew(change).state is ChangeState.SUBMITTED


def test_an_infected_file_gives_the_request_back(app: Flask) -> None:
    user = kate()
    a_file(a_draft(asked_for("Kate", "Hall"), user), INFECTED, judged=False)
    with transaction():
        change = change_requests.submit(user.id, ChangeKind.NAME, now=user.created_at)
    reviewer = an_agent(app, StaffRole.REVIEWER)
    assert "Waiting for the virus scanner" in reviewer.get(f"/support/changes/{change.id}").text
    assert reviewer.post(f"/support/changes/{change.id}/approve").status == 409, "nobody has seen it"
    work()
    assert anew(change).state is ChangeState.MORE_EVIDENCE
    assert [each.recipient for each in messages("change_evidence_unsafe")] == [EMAIL]
    assert "did not pass our security check" in signed_in(app).get(f"/account/changes/requests/{change.id}").text


def test_two_reviewers_at_once_the_second_is_told_by_whom(app: Flask) -> None:
    change = a_change(asked_for("Kate", "Hall"))
    first, second = an_agent(app, StaffRole.REVIEWER, name="Ada Admin"), an_agent(app, StaffRole.REVIEWER)
    for reviewer in (first, second):
        reviewer.get(f"/support/changes/{change.id}/approve")
    first.submit("Approve the change")
    page = second.submit("Approve the change")
    assert (page.status, page.h1) == (409, "This request has ended")
    assert "by Ada Admin on 2 March 2026 at 9:00am" in page.text
    assert len(messages("change_approved")) == 1


def test_nobody_sees_the_evidence_or_decides_about_themselves(app: Flask) -> None:
    reviewer = an_agent(app, StaffRole.REVIEWER)
    change = a_change(asked_for("Kate", "Hall"), email=reviewer.member.email)
    file = change.files[0].evidence_id
    for path in ("approve", "reject", "better-evidence", f"files/{file}", f"files/{file}/content"):
        assert reviewer.get(f"/support/changes/{change.id}/{path}").status == 403, path
    assert reviewer.post(f"/support/changes/{change.id}/approve").status == 403
    assert anew(change).state is ChangeState.SUBMITTED
    assert len(audited("own_change_refused")) == 6


def test_a_request_is_claimed_by_one(app: Flask) -> None:
    change = a_change(asked_for(born=date(1985, 4, 3)))
    first, second = an_agent(app, StaffRole.REVIEWER, name="Ada Admin"), an_agent(app, StaffRole.REVIEWER)
    second.get(f"/support/changes/{change.id}")
    first.get(f"/support/changes/{change.id}")
    first.submit("Assign to me")
    page = second.submit("Assign to me")
    assert page.status == 409
    assert "Ada Admin is working on this request." in page.text
    assert change.reference in first.get("/support/changes", assigned="me").text
    assert "No requests." in first.get("/support/changes", assigned="nobody").text


def test_every_view_of_evidence_is_written_down(app: Flask) -> None:
    change = a_change(asked_for("Kate", "Hall"))
    file = change.files[0].evidence_id
    reviewer = an_agent(app, StaffRole.REVIEWER)
    answer = reviewer.client.get(f"/support/changes/{change.id}/files/{file}/content")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PICTURE, "image/png")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    [view] = audited("evidence_viewed")
    assert (view.actor_id, view.subject_id) == (str(reviewer.member.id), str(change.user_id))


@pytest.mark.parametrize("path", ["", "/withdraw", "/sent", "/evidence"])
def test_another_persons_request_does_not_exist(app: Flask, path: str) -> None:
    change = a_change(asked_for("Kate", "Hall"))
    kate()
    person = signed_in(app)
    assert person.get(f"/account/changes/requests/{change.id}{path}").status == 404
    file = change.files[0].evidence_id
    person.get("/account/changes/date-of-birth")
    assert person.post(f"/account/changes/requests/{change.id}/withdraw").status == 404
    person.get("/account/changes/date-of-birth")
    assert person.post(f"/account/changes/requests/{change.id}/evidence/{file}/remove").status == 404
    assert anew(change).state is ChangeState.SUBMITTED


def test_evidence_of_one_request_is_not_seen_through_another(app: Flask) -> None:
    one, two = a_change(asked_for("Kate", "Hall")), a_change(asked_for("Kate", "Hull"))
    reviewer = an_agent(app, StaffRole.REVIEWER)
    assert reviewer.get(f"/support/changes/{one.id}/files/{two.files[0].evidence_id}/content").status == 404
    assert reviewer.get(f"/support/changes/{one.id}/files/{uuid4()}").status == 404


def test_a_file_of_somebody_elses_is_not_removed(app: Flask) -> None:
    theirs = a_change(asked_for("Kate", "Hall"))
    user = kate()
    a_draft(asked_for("Kate", "Hull"), user)
    person = signed_in(app)
    person.get(f"{NAME}/evidence")
    person.post(f"{NAME}/evidence/{theirs.files[0].evidence_id}/remove")
    assert anew(theirs).usable_files != []


def test_nothing_is_uploaded_to_what_was_decided(app: Flask) -> None:
    user = kate()
    change = a_change(asked_for("Kate", "Hall"), user=user)
    with transaction():
        change_requests.withdraw(change.id, user.id, now=change.created_at)
    person = signed_in(app)
    assert person.get(f"/account/changes/requests/{change.id}/evidence").path.endswith(str(change.id))
    with pytest.raises(IllegalMove):
        change_evidence.refuse_more(anew(change))
    assert anew(change).usable_files == [], "withdrawn: the evidence is gone"


def test_who_withdraws_what_is_being_approved_is_told(app: Flask) -> None:
    change = a_change(asked_for("Kate", "Hall"), user=kate())
    person = signed_in(app)
    person.get(f"/account/changes/requests/{change.id}/withdraw")
    reviewer = an_agent(app, StaffRole.REVIEWER)
    reviewer.get(f"/support/changes/{change.id}/approve")
    reviewer.submit("Approve the change")
    page = person.submit("Withdraw request")
    assert (page.status, page.h1) == (409, "This request has ended")
    assert anew(change).state is ChangeState.APPROVED


def test_evidence_goes_thirty_days_after_the_decision_and_undecided_requests_after_ninety(
    app: Flask, clock: ManualClock
) -> None:
    decided, undecided = a_change(asked_for("Kate", "Hall")), a_change(asked_for("Kate", "Hall"))
    draft = a_draft(asked_for("Kate", "Hall"), kate())
    reviewer = an_agent(app, StaffRole.REVIEWER)
    reviewer.get(f"/support/changes/{decided.id}/reject")
    reviewer.submit("Reject the request", why="differs")
    [file] = anew(decided).files
    assert file.evidence.delete_after == clock.now() + timedelta(days=30)
    clock.advance(timedelta(days=91))
    with transaction():
        assert change_evidence.end_what_is_too_old(clock.now()) == 2
    assert anew(undecided).state is ChangeState.LAPSED
    assert anew(undecided).usable_files == []
    assert db.session.get(ChangeRequest, draft.id) is None
    assert len(messages("change_lapsed")) == 1
