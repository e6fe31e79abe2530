"""/api/v1/users as the existing service has it: keys, types, statuses and error codes."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel, pending
from identity_provider.models import AuditEvent, CaseStatus, Resolution, TrnToken, User
from identity_provider.services import leaked_trns, lookups, service_edits, trn_links
from identity_provider.services.audit import SYSTEM
from matching.records import RecordStatus
from tests.api.callers import Caller, a_caller
from tests.builders import NOW, a_client, a_record, a_user
from tests.console.agents import a_case, anew, audited, messages, user_of
from tests.journeys.travel import count_of

LIST_KEYS = {
    "userId",
    "email",
    "firstName",
    "middleName",
    "lastName",
    "preferredName",
    "dateOfBirth",
    "trn",
    "mobileNumber",
    "trnLookupStatus",
}
SINGLE_KEYS = LIST_KEYS | {"created", "registeredWithClientId", "registeredWithClientDisplayName", "mergedUserIds"}


@pytest.fixture
def caller(app: Flask) -> Caller:
    return a_caller(app)


def now_(user: User) -> User:
    db.session.rollback()
    return db.session.get_one(User, user.id, populate_existing=True)


def problem(answer: TestResponse, status: int, code: int | None = None) -> dict[str, Any]:
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json or {}
    assert body["status"] == status
    assert body.get("errorCode") == code, body
    return body


def test_one_person_is_read_as_services_expect(app: Flask, caller: Caller) -> None:
    service = a_client(name="Register for an NPQ")
    user = a_user(trn="0234567", registered_with_client_id=service.id, mobile_number="+447700900000")
    answer = caller.get(f"/users/{user.id}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json is not None
    assert set(answer.json) == SINGLE_KEYS
    assert answer.json == {
        "userId": str(user.id),
        "email": user.email,
        "firstName": "Kate",
        "middleName": None,
        "lastName": user.last_name,
        "preferredName": None,
        "dateOfBirth": "1985-03-04",
        "trn": "0234567",
        "mobileNumber": "+447700900000",
        "trnLookupStatus": "Found",
        "created": "2026-03-02T09:00:00.000Z",
        "registeredWithClientId": service.id,
        "registeredWithClientDisplayName": "Register for an NPQ",
        "mergedUserIds": [],
    }


def test_a_merged_id_answers_with_the_account_that_remains(app: Flask, caller: Caller) -> None:
    survivor, gone = a_user(trn="1234567"), a_user()
    with transaction():
        gone.merged_into_id = survivor.id
    for asked in (gone, survivor):
        told: Any = caller.get(f"/users/{asked.id}").json
        assert (told["userId"], told["mergedUserIds"]) == (str(survivor.id), [str(gone.id)])
    everybody: Any = caller.get("/users").json
    assert [each["userId"] for each in everybody["users"]] == [str(survivor.id)]
    assert caller.call("PATCH", f"/users/{gone.id}", {"firstName": "Ann"}).status_code == 200
    assert (now_(survivor).first_name, now_(gone).first_name) == ("Ann", "Kate")


def test_an_unknown_person_and_an_id_that_is_none(app: Flask, caller: Caller) -> None:
    problem(caller.get(f"/users/{uuid4()}"), 404, 10003)
    body = problem(caller.get("/users/not-an-id"), 400, 10004)
    assert list(body["errors"]) == ["userId"]
    assert {"type", "title", "status", "traceId", "errorCode", "errors"} <= set(body)


def test_the_list_is_paged_ordered_and_filtered(app: Flask, caller: Caller) -> None:
    for first, last in (("Bea", "Young"), ("Ann", "Young"), ("Zoe", "Adams")):
        a_user(first_name=first, last_name=last)
    found = a_user(trn="1234567", last_name="Found")
    page: Any = caller.get("/users", pageNumber="1", pageSize="3").json
    assert page["total"] == 4
    assert [(each["lastName"], each["firstName"]) for each in page["users"]] == [
        ("Adams", "Zoe"), ("Found", "Kate"), ("Young", "Ann"),
    ]  # fmt: skip
    assert all(set(each) == LIST_KEYS for each in page["users"])
    rest: Any = caller.get("/users", pageNumber="2", pageSize="3").json
    assert [each["firstName"] for each in rest["users"]] == ["Bea"]
    only: Any = caller.get("/users", trnLookupStatus="Found,None").json
    assert [each["userId"] for each in only["users"]] == [str(found.id)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pageNumber", "0"), ("pageNumber", "-1"), ("pageNumber", "x"), ("pageSize", "101"), ("pageSize", "0"),
        ("trnLookupStatus", "Lost"), ("pageNumber", "99999999"), ("pageSize", "١"),
    ],
)  # fmt: skip
def test_a_page_that_cannot_be_is_refused(app: Flask, caller: Caller, name: str, value: str) -> None:
    assert list(problem(caller.get("/users", **{name: value}), 400, 10004)["errors"]) == [name]


def test_somebody_pending_is_never_shown_as_without_a_trn(app: Flask, caller: Caller) -> None:
    user = a_user()
    with transaction():
        trn_links.stand_at(user, pending(LookupReason.NEAR_MATCH), actor=SYSTEM, now=NOW)
    told: Any = caller.get(f"/users/{user.id}").json
    assert (told["trn"], told["trnLookupStatus"]) == (None, "Pending")


def test_a_strict_service_is_not_told_a_trn_of_low_verification(app: Flask) -> None:
    strict = a_caller(app, match_policy=MatchPolicy.STRICT)
    low, high = a_user(trn="1234567"), a_user(trn="7654321", level=VerificationLevel.MEDIUM)
    assert [caller_trn(strict, each) for each in (low, high)] == [(None, "Found"), ("7654321", "Found")]


def caller_trn(caller: Caller, user: User) -> tuple[str | None, str]:
    told: Any = caller.get(f"/users/{user.id}").json
    return told["trn"], told["trnLookupStatus"]


def test_reading_is_written_down(app: Flask, caller: Caller) -> None:
    user = a_user()
    caller.get(f"/users/{user.id}")
    caller.get("/users")
    (one,), (listed,) = audited("user_read"), audited("users_read")
    assert (one.actor_type, one.actor_id, one.subject_id) == ("client", caller.id, str(user.id))
    assert listed.after == {"users": [str(user.id)]}


def test_details_are_changed_and_both_addresses_told(app: Flask, caller: Caller) -> None:
    user = a_user(email="old@example.com", middle_name="Anne")
    sent = {"email": "New@Example.com", "firstName": "Catherine", "middleName": None}
    answer = caller.call("PATCH", f"/users/{user.id}", sent)
    assert answer.status_code == 200
    assert answer.json is not None
    assert set(answer.json) == LIST_KEYS
    there = now_(user)
    assert (there.email, there.first_name, there.middle_name, there.last_name) == (
        "new@example.com", "Catherine", "", user.last_name,
    )  # fmt: skip
    assert there.email_verified_at is None, "nobody proved it yet"
    told = messages(service_edits.CHANGED)
    assert {each.recipient for each in told} == {"old@example.com", "new@example.com"}
    (changed,) = audited("name_changed")
    assert (changed.before["first"], changed.after["first"]) == ("Kate", "Catherine")
    assert changed.actor_id == caller.id


def test_nothing_is_done_where_nothing_changes(app: Flask, caller: Caller) -> None:
    user = a_user(email="same@example.com")
    for sent in ({}, {"email": "SAME@example.com", "firstName": "Kate"}):
        assert caller.call("PATCH", f"/users/{user.id}", sent).status_code == 200
    assert messages(service_edits.CHANGED) == []
    assert db.session.query(AuditEvent).filter_by(subject_id=str(user.id)).all() == []


def test_another_name_opens_a_closed_search_again(app: Flask, caller: Caller) -> None:
    user = a_user()
    with transaction():
        trn_links.stand_at(user, LookupState(LookupStatus.NONE, LookupReason.NO_RECORD), actor=SYSTEM, now=NOW)
    caller.call("PATCH", f"/users/{user.id}", {"lastName": "Married"})
    assert now_(user).lookup_status is LookupStatus.PENDING
    jobs = db.session.execute(db.text("SELECT task_name FROM procrastinate_jobs")).scalars().all()
    assert lookups.LOOK_UP_AGAIN in jobs


def test_an_address_of_somebody_else_is_refused(app: Flask, caller: Caller) -> None:
    user, other = a_user(), a_user()
    body = problem(caller.call("PATCH", f"/users/{user.id}", {"email": other.email}), 400, 10004)
    assert list(body["errors"]) == ["email"]
    assert now_(user).email == user.email


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"firstName": ""}, ["firstName"]),
        ({"firstName": "  "}, ["firstName"]),
        ({"firstName": None}, ["firstName"]),
        ({"firstName": 7}, ["firstName"]),
        ({"lastName": "x" * 201}, ["lastName"]),
        ({"lastName": "a\tb"}, ["lastName"]),
        ({"email": "nobody"}, ["email"]),
        ({"email": None, "middleName": "y" * 201}, ["email", "middleName"]),
        ([], ["body"]),
        ("text", ["body"]),
    ],
)
def test_what_is_wrong_is_said_field_by_field(app: Flask, caller: Caller, sent: Any, wrong: list[str]) -> None:
    body = problem(caller.call("PATCH", f"/users/{a_user().id}", sent), 400, 10004)
    assert list(body["errors"]) == wrong


def test_only_json_is_read(app: Flask, caller: Caller) -> None:
    address = f"/users/{a_user().id}"
    problem(caller.call("PATCH", address, data={"firstName": "A"}), 415)
    problem(caller.call("PATCH", address, data="{", content_type="application/json"), 400, 10004)
    deep = '{"firstName": ' + "[" * 100_000
    problem(caller.call("PATCH", address, data=deep, content_type="application/json"), 400, 10004)
    assert (
        caller.call("PATCH", address, data=b'{"firstName": "\\u0000"}', content_type="application/json").status_code
        == 400
    )


def test_a_trn_is_set_once_and_the_person_told(app: Flask, caller: Caller, register: MemoryRegister) -> None:
    register.records = [a_record()]
    user = a_user()
    for _ in range(2):
        answer = caller.call("PUT", f"/users/{user.id}/trn", {"trn": "1234567"})
        assert (answer.status_code, answer.data) == (204, b"")
    there = now_(user)
    assert (there.trn, there.lookup_status, there.lookup_reason) == ("1234567", "Found", "api")
    assert there.verification_level is VerificationLevel.LOW
    (linked,) = audited("trn_linked")
    assert (linked.actor_type, linked.actor_id) == ("client", caller.id)
    (told,) = messages(lookups.RECORD_FOUND)
    assert told.recipient == user.email


def test_a_trn_of_somebody_else_and_another_than_theirs_are_refused(app: Flask, caller: Caller) -> None:
    holder, user = a_user(trn="1234567"), a_user()
    problem(caller.call("PUT", f"/users/{user.id}/trn", {"trn": "1234567"}), 400, 10002)
    problem(caller.call("PUT", f"/users/{holder.id}/trn", {"trn": "7654321"}), 400, 10006)
    problem(caller.call("PUT", f"/users/{holder.id}/trn", {"trn": None}), 400, 10006)
    problem(caller.call("PUT", f"/users/{uuid4()}/trn", {"trn": "7654321"}), 404, 10003)
    assert (now_(holder).trn, now_(user).trn) == ("1234567", None)


def test_no_trn_is_confirmed_and_an_open_case_ends(app: Flask, caller: Caller) -> None:
    case = a_case()
    assert caller.call("PUT", f"/users/{case.user_id}/trn", {"trn": None}).status_code == 204
    ended, person = anew(case), user_of(case)
    assert (ended.status, ended.resolution) == (CaseStatus.RESOLVED, Resolution.NO_TRN)
    assert (person.lookup_status, person.lookup_reason) == (LookupStatus.FAILED, "confirmed_by_support")
    assert caller.call("PUT", f"/users/{person.id}/trn", {"trn": "1234567"}).status_code == 204
    assert user_of(case).trn == "1234567", "a service may be wrong about that"


def test_an_open_case_ends_when_a_service_knows_the_trn(app: Flask, caller: Caller) -> None:
    case = a_case()
    assert caller.call("PUT", f"/users/{case.user_id}/trn", {"trn": "1234567"}).status_code == 204
    assert anew(case).resolution is Resolution.TRN_ATTACHED


@pytest.mark.parametrize("trn", ["123456", "12345678", "RP12/34567", 1234567, "0000000", "123456a", "", "1234567\n"])
def test_what_is_no_trn_is_refused(app: Flask, caller: Caller, trn: object) -> None:
    body = problem(caller.call("PUT", f"/users/{a_user().id}/trn", {"trn": trn}), 400, 10004)
    assert list(body["errors"]) == ["trn"]
    problem(caller.call("PUT", f"/users/{a_user().id}/trn", {}), 400, 10004)


def test_a_record_that_was_merged_or_closed_is_not_linked(app: Flask, caller: Caller, register: MemoryRegister) -> None:
    user = a_user()
    for status in (RecordStatus.MERGED, RecordStatus.DEACTIVATED):
        register.records = [a_record(status=status, merged_into="7654321")]
        problem(caller.call("PUT", f"/users/{user.id}/trn", {"trn": "1234567"}), 400, 10004)
    register.down = True
    assert caller.call("PUT", f"/users/{user.id}/trn", {"trn": "1234567"}).status_code == 204


def test_a_leaked_trn_is_linked_by_the_helpdesk_only_and_is_not_called_leaked(app: Flask, caller: Caller) -> None:
    user, holder = a_user(), a_user(trn="7654321")
    with transaction():
        leaked_trns.add(["1234567", "7654321"], source="a list", reason="seen", actor=SYSTEM, now=NOW)
    body = problem(caller.call("PUT", f"/users/{user.id}/trn", {"trn": "1234567"}), 400, 10004)
    assert body["errors"] == {"trn": ["Only the helpdesk links somebody to this TRN"]}
    assert caller.call("PUT", f"/users/{holder.id}/trn", {"trn": "7654321"}).status_code == 204, "as it is already"
    assert (now_(user).trn, now_(user).lookup_status) == (None, "Pending")
    asked = caller.call("POST", "/trn-tokens", {"trn": "1234567", "email": user.email})
    problem(asked, 400, 10004)
    assert count_of(TrnToken) == 0


def test_somebody_locked_is_left_alone(app: Flask, caller: Caller) -> None:
    user = a_user(locked_at=NOW)
    problem(caller.call("PUT", f"/users/{user.id}/trn", {"trn": "1234567"}), 400, 10004)
