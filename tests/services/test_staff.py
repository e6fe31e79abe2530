"""Staff and their second factor: a code is good once, and nobody changes their own standing."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Barrier, Thread

import pyotp
import pytest
from flask import Flask

from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.errors import CodeRefused, EmailInUse, IllegalMove
from identity_provider.models import StaffUser
from identity_provider.services import browser_sessions, staff
from identity_provider.services.audit import SYSTEM, Actor
from tests.builders import NOW, a_staff_user

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def enrolled() -> StaffUser:
    member = a_staff_user()
    with transaction():
        staff.enrol_totp(member, secret=SECRET, confirmed_at=NOW)
    return member


def code_at(seconds: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(int(NOW.timestamp()) + seconds)


def test_a_code_is_good_once(app: Flask) -> None:
    member = enrolled()
    with transaction():
        staff.verify_totp(member, f"{code_at()[:3]} {code_at()[3:]}", now=NOW)
    with pytest.raises(CodeRefused), transaction():
        staff.verify_totp(member, code_at(), now=NOW)


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_the_step_before_and_the_step_after_are_accepted(app: Flask, seconds: int) -> None:
    with transaction():
        staff.verify_totp(enrolled(), code_at(seconds), now=NOW)


@pytest.mark.parametrize("typed", ["", "abc", "12345", "0" * 400, "\x00"])
def test_anything_else_is_refused(app: Flask, typed: str) -> None:
    with pytest.raises(CodeRefused), transaction():
        staff.verify_totp(enrolled(), typed, now=NOW)


def test_a_code_older_than_the_last_accepted_one_is_refused(app: Flask) -> None:
    member = enrolled()
    with transaction():
        staff.verify_totp(member, code_at(30), now=NOW)
    with pytest.raises(CodeRefused), transaction():
        staff.verify_totp(member, code_at(), now=NOW)


def test_two_steps_away_is_refused(app: Flask) -> None:
    with pytest.raises(CodeRefused), transaction():
        staff.verify_totp(enrolled(), code_at(60), now=NOW)


def test_of_ten_requests_with_one_code_one_succeeds(app: Flask) -> None:
    member_id = enrolled().id
    outcomes: list[str] = []
    start = Barrier(10)

    def attempt() -> None:
        with app.app_context():
            start.wait()
            try:
                with transaction():
                    staff.verify_totp(db.session.get_one(StaffUser, member_id), code_at(), now=NOW)
                outcomes.append("in")
            except CodeRefused:
                outcomes.append("refused")

    threads = [Thread(target=attempt) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["in"] + ["refused"] * 9


def test_an_enrolment_shows_the_same_secret_until_it_is_confirmed(app: Flask) -> None:
    member = a_staff_user()
    with transaction():
        secret = staff.enrol_totp(member)
        assert staff.enrol_totp(member) == secret
        staff.verify_totp(member, pyotp.TOTP(secret).at(int(NOW.timestamp())), now=NOW)
    assert member.totp_confirmed_at == NOW
    with pytest.raises(IllegalMove):
        staff.enrol_totp(member)


def test_one_address_is_added_once_whatever_its_letters(app: Flask) -> None:
    with transaction():
        staff.add(" New.Agent@Example.com ", [StaffRole.AGENT], actor=SYSTEM, now=NOW)
    with pytest.raises(EmailInUse), transaction():
        staff.add("new.agent@example.com", [StaffRole.VIEWER], actor=SYSTEM, now=NOW)


def test_a_disabled_person_is_out_at_once(app: Flask) -> None:
    member = enrolled()
    with transaction():
        _, secret = browser_sessions.begin(member, amr=["otp"], now=NOW)
        staff.disable(member, actor=SYSTEM, now=NOW)
    assert browser_sessions.find(secret, now=NOW + timedelta(seconds=1)) is None
    assert not member.permissions


def test_nobody_changes_their_own_standing(app: Flask) -> None:
    member = a_staff_user(StaffRole.ADMINISTRATOR)
    with pytest.raises(staff.OwnAccount):
        staff.disable(member, actor=Actor.of(member), now=NOW)
    with pytest.raises(staff.OwnAccount):
        staff.change_roles(member, [StaffRole.VIEWER], actor=Actor.of(member), now=NOW)


def test_the_command_line_adds_somebody_with_a_known_secret(app: Flask) -> None:
    arguments = ["staff", "add", "admin@example.com", "--role", "Administrator", "--totp-secret", SECRET, "--json"]
    result = app.test_cli_runner().invoke(args=arguments)
    facts = json.loads(result.output)
    assert (facts["email"], facts["roles"], facts["totp_secret"]) == ("admin@example.com", ["Administrator"], SECRET)
    assert facts["totp_confirmed"] is True
    again = app.test_cli_runner().invoke(args=arguments)
    assert again.exit_code == 1


@pytest.mark.parametrize("secret", ["", "JBSWY3DPEHPK3PXP", "not base32 at all, but quite long"])
def test_the_command_line_refuses_secrets_that_are_none_or_short(app: Flask, secret: str) -> None:
    arguments = ["staff", "add", "admin@example.com", "--role", "Administrator", "--totp-secret", secret]
    result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 2
    assert staff.find("admin@example.com") is None


def test_two_tabs_at_the_same_moment_show_one_secret(app: Flask) -> None:
    staff_id, start, shown = a_staff_user().id, Barrier(2), list[str | None]()

    def open_tab() -> None:
        with app.app_context(), transaction():
            member = db.session.get_one(StaffUser, staff_id)
            start.wait()
            shown.append(staff.secret_to_show(member))

    tabs = [Thread(target=open_tab) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert shown[0] is not None
    assert shown[0] == shown[1]


def test_a_secret_that_is_in_use_is_not_shown(app: Flask) -> None:
    with transaction():
        assert staff.secret_to_show(enrolled()) is None
