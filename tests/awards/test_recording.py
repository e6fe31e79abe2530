"""PUT /api/v1/users/{id}/awards: once and again, corrected, withdrawn, and only of one's own people."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from identity_provider.adapters.memory import MemoryMailer
from identity_provider.db import db, transaction
from identity_provider.models import Award, Client, User
from identity_provider.services import award_codes, awards, consents, merging, service_uses, subjects
from identity_provider.services.award_codes import Looking
from identity_provider.services.merging import Choice
from tests.api.callers import Caller, a_caller
from tests.awards.recorded import BORN, a_code, an_award, anew
from tests.builders import NOW, a_client, a_staff_user, a_user
from tests.console.agents import audited
from tests.test_jobs import work

SENT = {"qualification": "NPQH", "providerName": "Example College", "awardedOn": "2026-02-28"}


@pytest.fixture
def caller(app: Flask) -> Caller:
    return a_caller(app, "awards:write")


def somebody_of(caller: Caller, **values: Any) -> User:
    user = a_user(**values)
    with transaction():
        service_uses.note(user.id, caller.id, now=NOW)
    return user


def put(caller: Caller, user: User | str, sent: Any = SENT, reference: str = "A-1") -> TestResponse:
    named = user if isinstance(user, str) else user.id
    return caller.call("PUT", f"/users/{named}/awards/{reference}", sent)


def at_once(call: Callable[[int], int], times: int) -> list[int]:
    """What so many threads got that began together."""
    start = Barrier(times)

    def wait_and_call(number: int) -> int:
        start.wait()
        return call(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(wait_and_call, range(times)))


def code_of(answer: TestResponse) -> tuple[int, int | None]:
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, (answer.json or {}).get("errorCode")


def test_an_award_is_recorded_once_however_often_it_is_sent(app: Flask, caller: Caller, mailer: MemoryMailer) -> None:
    user = somebody_of(caller)
    first, again = put(caller, user), put(caller, user)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json is not None
    assert first.json | SENT == first.json
    assert (first.json["userId"], first.json["withdrawnUtc"]) == (str(user.id), None)
    assert [each.actor_id for each in audited("award_recorded")] == [caller.id]
    work()
    [told] = mailer.sent
    assert "Headship" in told.text
    assert f"/account/awards/{db.session.query(Award).one().id}" in told.text


def test_something_else_under_the_same_reference_corrects_the_award(app: Flask, caller: Caller) -> None:
    user = somebody_of(caller)
    put(caller, user)
    answer = put(caller, user, SENT | {"qualification": "NPQSL", "awardedOn": "2026-03-01"})
    assert answer.status_code == 200
    [award] = db.session.query(Award).all()
    assert (award.qualification, award.awarded_on.isoformat()) == ("NPQSL", "2026-03-01")
    [change] = audited("award_corrected")
    assert (change.before["qualification"], change.after["qualification"]) == ("NPQH", "NPQSL")


def test_an_award_is_withdrawn_with_a_reason_and_restored(app: Flask, caller: Caller) -> None:
    user = somebody_of(caller)
    put(caller, user)
    address = f"/users/{user.id}/awards/A-1/withdrawal"
    for _ in range(2):
        told: Any = caller.call("PUT", address, {"reason": "Recorded by mistake"}).json
        assert (told["withdrawalReason"], told["withdrawnUtc"] is None) == ("Recorded by mistake", False)
    assert len(audited("award_withdrawn")) == 1
    assert code_of(put(caller, user)) == (409, 10013)
    restored: Any = caller.call("DELETE", address).json
    assert (restored["withdrawalReason"], restored["withdrawnUtc"]) == (None, None)
    assert put(caller, user).status_code == 200


def test_what_is_not_an_award_is_refused_field_by_field(app: Flask, caller: Caller) -> None:
    user = somebody_of(caller)
    for sent, wrong in (
        (SENT | {"qualification": "PGCE"}, "qualification"),
        (SENT | {"qualification": 7}, "qualification"),
        (SENT | {"providerName": " "}, "providerName"),
        (SENT | {"awardedOn": "2026-03-03"}, "awardedOn"),
        (SENT | {"awardedOn": "1899-12-31"}, "awardedOn"),
    ):
        answer = put(caller, user, sent)
        assert code_of(answer) == (400, 10004)
        assert list((answer.json or {})["errors"]) == [wrong]
    assert code_of(put(caller, user, reference="%20")) == (400, 10004)
    assert code_of(put(caller, user, reference="a" * 101)) == (400, 10004)
    assert db.session.query(Award).count() == 0


def test_a_service_knows_only_who_signed_in_to_it(app: Flask, caller: Caller) -> None:
    """A stranger and nobody look alike: nobody finds out by this who has an account."""
    stranger, erased = a_user(), somebody_of(caller, erased_at=NOW)
    answers = [put(caller, each) for each in (stranger, str(uuid4()), erased)]
    assert [code_of(each) for each in answers] == [(404, 10003)] * 3
    listed = caller.get(f"/users/{stranger.id}/awards")
    assert code_of(listed) == (404, 10003)


def test_another_services_awards_are_neither_read_nor_touched(app: Flask, caller: Caller) -> None:
    award = an_award()
    with transaction():
        service_uses.note(award.user_id, caller.id, now=NOW)
    address = f"/users/{award.user_id}/awards/{award.provider_reference}"
    assert caller.get(f"/users/{award.user_id}/awards").json == {"awards": []}
    assert code_of(caller.call("PUT", f"{address}/withdrawal", {"reason": "envy"})) == (404, 10011)
    assert code_of(caller.call("DELETE", f"{address}/withdrawal")) == (404, 10011)
    assert put(caller, award.user, reference=award.provider_reference).status_code == 201
    assert anew(award).qualification == "NPQSL"


def test_a_reference_is_one_award_of_one_person(app: Flask, caller: Caller) -> None:
    put(caller, somebody_of(caller))
    assert code_of(put(caller, somebody_of(caller))) == (409, 10012)


def test_of_two_calls_at_once_with_one_reference_one_is_taken(app: Flask, caller: Caller) -> None:
    """For two people: the rows that are locked are different ones, so the index decides."""
    people = [somebody_of(caller), somebody_of(caller)]
    answers = at_once(lambda number: put(caller, people[number]).status_code, len(people))
    assert sorted(answers) == [201, 409]
    assert db.session.query(Award).count() == 1


def test_of_many_calls_at_once_for_one_person_one_records(app: Flask, caller: Caller) -> None:
    user = somebody_of(caller)
    answers = at_once(lambda _: put(caller, user).status_code, 8)
    assert sorted(answers) == [200] * 7 + [201]
    assert len(audited("award_recorded")) == 1


def test_who_stopped_sharing_gets_no_new_award_but_the_old_one_can_be_withdrawn(app: Flask, caller: Caller) -> None:
    user = somebody_of(caller)
    put(caller, user)
    with transaction():
        service_uses.forget(user.id, caller.id)
    assert code_of(put(caller, user, reference="A-2")) == (404, 10003)
    address = f"/users/{user.id}/awards/A-1/withdrawal"
    assert caller.call("PUT", address, {"reason": "Failed the assessment"}).status_code == 200


def test_a_pairwise_service_names_people_as_it_knows_them(app: Flask) -> None:
    uri = "https://pairwise.example.org/callback"
    client = a_client(subject_type="pairwise", sector_identifier="pairwise.example.org", redirect_uris=[uri])
    user = a_user()
    with transaction():
        service_uses.note(user.id, client.id, now=NOW)
        subject = subjects.subject_for(client, user.id, now=NOW)
        assert awards.holder_known_as(subject, client=client).id == user.id
        with pytest.raises(awards.NoSuchHolder):
            awards.holder_known_as(str(user.id), client=client)


def test_awards_follow_the_person_into_the_account_that_remains_and_back(app: Flask, caller: Caller) -> None:
    survivor, other = a_user(), somebody_of(caller)
    own = an_award(survivor)
    put(caller, other)
    staff = a_staff_user()
    with transaction():
        choice = Choice(survivor.email, None, "one person")
        row = merging.merge(survivor.id, other.id, choice, staff=staff, now=NOW)
    held = {each.provider_reference for each in awards.held_by(survivor)}
    assert held == {own.provider_reference, "A-1"}
    assert put(caller, other).status_code == 200, "the old subject still names them"
    with transaction():
        merging.undo(row.id, staff=staff, reason="two people", now=NOW)
    assert [each.provider_reference for each in awards.held_by(other)] == ["A-1"]
    assert [each.id for each in awards.held_by(survivor)] == [own.id]


def test_a_check_of_a_merged_persons_award_asks_for_the_survivors_birthday(app: Flask, caller: Caller) -> None:
    survivor, other = a_user(), a_user(date_of_birth=BORN.replace(year=1990))
    award = an_award(other)
    _, shown = a_code(award)
    with transaction():
        merging.merge(survivor.id, other.id, Choice(survivor.email, None, "one"), staff=a_staff_user(), now=NOW)
    with transaction():
        assert award_codes.check(shown, BORN, Looking(), now=NOW) is not None


def test_withdrawing_consent_hides_the_person_from_a_service_run_by_others(app: Flask) -> None:
    client = a_client(first_party=False)
    award = an_award(client=client)
    with transaction():
        consents.withdraw(award.user, client.id, now=NOW)
    db.session.expire_all()
    assert client.id not in service_uses.of(award.user_id)
    with transaction(), pytest.raises(awards.NoSuchHolder):
        awards.record(award.user, "new", awards.said_of(award), client=db.session.get_one(Client, client.id), now=NOW)
