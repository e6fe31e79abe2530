"""Attacks on awards: codes guessed, other people's awards asked for, and what an answer gives away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event

from identity_provider.db import db, transaction
from identity_provider.models import AwardCheck, AwardCode, OutboxMessage
from identity_provider.services import award_codes, awards, rate_limits
from identity_provider.services.award_codes import Looking
from tests.awards.recorded import BORN, a_code, an_award, anew, at_home
from tests.builders import NOW, a_user
from tests.console.agents import audited
from tests.journeys.travel import count_of
from tests.kit.page import Browser, Page

WRONG = date(1970, 1, 1)
ADDRESS = "/check-an-award"


def ask(app: Flask, code: str, born: date = BORN, **said: str) -> Page:
    employer = Browser(app)
    employer.get(ADDRESS)
    return employer.submit(code=code, date_of_birth=born, **said)


def test_the_right_code_and_date_show_name_award_provider_date_and_that_it_was_checked_today(app: Flask) -> None:
    award = an_award(a_user(trn="7654321"))
    _, shown = a_code(award)
    page = ask(app, shown.lower().replace("-", " "), organisation="Hillside School")
    assert (page.status, page.h1) == (200, "This award is valid")
    [look] = db.session.query(AwardCheck).all()
    for told in (
        award.user.name.full, "Senior Leadership", "Example College", "15 January 2026",
        "Checked today, 2 March 2026 at 9:00am", look.reference,
    ):  # fmt: skip
        assert told in page.text
    for private in ("7654321", award.user.email, "4 March 1985", award.provider_reference):
        assert private not in page.response.text
    assert page.response.headers["Cache-Control"] == "no-store"


def test_a_withdrawn_award_is_said_to_be_withdrawn(app: Flask) -> None:
    award = an_award()
    _, shown = a_code(award)
    with transaction():
        awards.withdraw(award.user, award.provider_reference, "Cheated", client=award.client, now=NOW)
    page = ask(app, shown)
    assert (page.status, page.h1) == (200, "This award was withdrawn")
    assert "Do not rely on it" in page.text
    assert "Cheated" not in page.text, "why is between the service and the person"
    assert db.session.query(AwardCheck).one().told_withdrawn


def _expired(code: AwardCode) -> None:
    code.expires_at = NOW


def _revoked(code: AwardCode) -> None:
    code.revoked_at = NOW


def _locked(code: AwardCode) -> None:
    code.locked_at = NOW


def _no_birthday(code: AwardCode) -> None:
    code.award.user.date_of_birth = None


@pytest.mark.parametrize("spoil", [_expired, _revoked, _locked, _no_birthday])
def test_what_is_wrong_cannot_be_told_from_the_answer(app: Flask, spoil: Callable[[AwardCode], None]) -> None:
    code, shown = a_code(an_award())
    no_such = ask(app, "7777-7777-7777-7777")
    wrong_date = ask(app, shown, WRONG)
    with transaction():
        spoil(db.session.get_one(AwardCode, code.id))
    spoiled = ask(app, shown)
    seen = [(each.status, each.errors, each.text) for each in (no_such, wrong_date, spoiled)]
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == 422
    assert count_of(AwardCheck) == 0


def test_five_wrong_dates_lock_a_code_for_good_and_its_holder_learns_of_it(app: Flask) -> None:
    award = an_award()
    code, shown = a_code(award)
    other_code, other = a_code(award)
    for day in range(1, 6):
        ask(app, shown, date(1970, 1, day))
    assert ask(app, shown).status == 422
    assert ask(app, other).status == 200, "the other codes work on"
    assert (anew(code).locked_at, anew(other_code).locked_at) == (NOW, None)
    assert len(audited("award_code_locked")) == 1
    assert count_of(OutboxMessage, OutboxMessage.kind == award_codes.LOCKED) == 1
    page = at_home(app, award.user).get(f"/account/awards/{award.id}")
    assert "Somebody entered a wrong date of birth too often" in page.text


def test_of_guesses_at_the_same_moment_no_more_than_five_are_looked_at(app: Flask) -> None:
    code, shown = a_code(an_award())
    born = [date(1985, 3, day) for day in range(5, 25)]
    start, right = Barrier(len(born)), []

    def guess(day: date) -> None:
        with app.app_context():
            start.wait()
            with transaction():
                right.append(award_codes.check(shown, day, Looking(), now=NOW))
            db.session.remove()

    threads = [Thread(target=guess, args=(day,)) for day in born]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert right == [None] * len(born)
    assert anew(code).wrong_dates == award_codes.WRONG_DATES
    with transaction():
        assert award_codes.check(shown, BORN, Looking(), now=NOW) is None, "locked, whatever date comes next"


def test_a_wrong_code_and_a_wrong_date_are_the_same_work(app: Flask) -> None:
    """The same statements: what takes no time cannot be measured."""
    _, shown = a_code(an_award())
    asked: list[list[str]] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        asked[-1].append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    for code in ("7777-7777-7777-7777", shown):
        asked.append([])
        db.session.remove()
        with transaction():
            assert award_codes.check(code, WRONG, Looking(), now=NOW) is None
    event.remove(db.engine, "before_cursor_execute", note)
    assert asked[0] == asked[1]
    assert len(asked[0]) == 3


def test_one_address_guesses_so_often_and_right_answers_count_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = rate_limits.Limit("award_checks_per_ip", 3, timedelta(minutes=10), audited=True)
    monkeypatch.setattr(rate_limits, "AWARD_CHECKS_PER_IP", few)
    _, shown = a_code(an_award())
    assert [ask(app, shown).status for _ in range(5)] == [200] * 5
    assert [ask(app, f"7777-7777-7777-777{n}").status for n in range(2, 5)] == [422] * 3
    refused = ask(app, shown)
    assert (refused.status, refused.h1) == (429, "You have tried too often")
    assert int(refused.response.headers["Retry-After"]) > 0


def test_a_code_that_is_none_is_limited_as_one_that_is(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    few = rate_limits.Limit("award_checks_per_code", 2, timedelta(hours=1), audited=True)
    monkeypatch.setattr(rate_limits, "AWARD_CHECKS_PER_CODE", few)
    _, shown = a_code(an_award())
    for code in (shown, "7777-7777-7777-7777"):
        assert [ask(app, spelt, WRONG).status for spelt in (code, code.lower(), code)] == [422, 422, 429]


def test_nothing_is_looked_up_by_an_address(app: Flask) -> None:
    _, shown = a_code(an_award())
    query = {"code": shown, "date_of_birth-day": "4", "date_of_birth-month": "3", "date_of_birth-year": "1985"}
    page = Browser(app).get(ADDRESS, **query)
    assert (page.h1, shown in page.response.text) == ("Check an award", False)
    assert count_of(AwardCheck) == 0


def test_a_form_from_elsewhere_checks_nothing(app: Flask) -> None:
    _, shown = a_code(an_award())
    employer = Browser(app)
    employer.get(ADDRESS)
    assert employer.post(ADDRESS, token=False, code=shown, date_of_birth=BORN).status == 400
    assert count_of(AwardCheck) == 0


def test_another_persons_award_and_codes_look_like_none(app: Flask) -> None:
    award = an_award()
    code, _ = a_code(award)
    own = an_award()
    thief = at_home(app, own.user)
    thief.get(f"/account/awards/{own.id}")
    for path in ("", "/certificate.pdf", "/share", f"/codes/{code.id}"):
        assert thief.get(f"/account/awards/{award.id}{path}").status == 404
        assert thief.get(f"/account/awards/{uuid4()}{path}").status == 404
    assert thief.get(f"/account/awards/{own.id}/codes/{code.id}").status == 404
    thief.get(f"/account/awards/{own.id}")
    for path in ("/email", "/share", f"/codes/{code.id}"):
        page = thief.post(f"/account/awards/{award.id}{path}", given_to="Me", lifetime="week")
        assert page.status == 404, path
        thief.get(f"/account/awards/{own.id}")
    assert thief.post(f"/account/awards/{own.id}/codes/{code.id}").status == 404
    assert anew(code).revoked_at is None
    assert len(award_codes.codes_of(award)) == 1


def test_what_an_employer_says_is_written_as_text(app: Flask) -> None:
    award = an_award()
    _, shown = a_code(award)
    ask(app, shown, organisation="<script>alert(1)</script>", reason="Bob & <i>Ann</i>")
    page = at_home(app, award.user).get(f"/account/awards/{award.id}")
    assert "<script>alert" not in page.response.text
    assert "Bob & <i>Ann</i>" in page.text
