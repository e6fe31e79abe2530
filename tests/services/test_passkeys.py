"""Passkeys: bound to one site, one browser and one moment, and good for nothing when anything does not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.models import AuditEvent, OutboxMessage, Passkey, PasskeyChallenge, User
from identity_provider.services import erasure, passkeys, retention, subject_access
from identity_provider.services.audit import SYSTEM
from identity_provider.services.passkeys import Holder, Place, Purpose, TooManyPasskeys
from tests.builders import NOW, a_staff_user, a_user
from tests.kit.authenticator import MAY_BE_COPIED, PRESENT, VERIFIED, Authenticator

HERE = Place("http://localhost", "localhost", "Get an identity", "b" * 43)
ELSEWHERE = Place("http://localhost", "localhost", "Get an identity", "c" * 43)


def asked_to_add(holder: Holder, place: Place = HERE, now: datetime = NOW) -> dict[str, Any]:
    with transaction():
        options: dict[str, Any] = json.loads(passkeys.options_to_add(holder, place, now=now))
    return options


def asked_to_show(purpose: Purpose = Purpose.PERSON_SHOWS, place: Place = HERE, now: datetime = NOW) -> dict[str, Any]:
    with transaction():
        options: dict[str, Any] = json.loads(passkeys.options_to_show(purpose, place, now=now))
    return options


def added(holder: Holder, device: Authenticator, **lies: Any) -> Passkey | None:
    answer = device.create(asked_to_add(holder), **lies)
    with transaction():
        return passkeys.add(holder, answer, HERE, name="Phone", now=NOW)


def shown(answer: str, purpose: Purpose = Purpose.PERSON_SHOWS, place: Place = HERE, now: datetime = NOW) -> Any:
    with transaction():
        return passkeys.shown(answer, purpose, place, now=now)


def test_a_passkey_that_was_added_is_recognised_when_it_is_shown(app: Flask) -> None:
    user, device = a_user(), Authenticator()
    made = added(user, device)
    assert made is not None
    assert (made.user_id, made.name, made.synchronised) == (user.id, "Phone", False)
    proved = shown(device.get(asked_to_show()))
    assert proved.id == made.id
    assert (proved.sign_count, proved.last_used_at) == (1, NOW)


def test_the_device_is_asked_for_little_and_told_no_sub(app: Flask) -> None:
    user, device = a_user(), Authenticator()
    added(user, device)
    options = asked_to_add(user)
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["rp"]["id"] == "localhost"
    assert [each["id"] for each in options["excludeCredentials"]]
    assert user.id.bytes not in device.keys[0].user_handle
    assert len(device.keys[0].user_handle) == 32
    with pytest.raises(AssertionError, match="InvalidStateError"):
        device.create(options)


def test_all_passkeys_of_an_account_share_one_random_handle(app: Flask) -> None:
    user, phone, key = a_user(), Authenticator(), Authenticator()
    added(user, phone)
    added(user, key)
    assert phone.keys[0].user_handle == key.keys[0].user_handle
    other = Authenticator()
    added(a_user(), other)
    assert other.keys[0].user_handle != phone.keys[0].user_handle


def test_asking_to_sign_in_tells_nothing_of_anybody(app: Flask) -> None:
    added(a_user(), Authenticator())
    options = asked_to_show()
    assert options.get("allowCredentials", []) == []
    assert options["userVerification"] == "required"


LIES: dict[str, Callable[[Authenticator, dict[str, Any]], str]] = {
    "another site's page": lambda device, asked: device.get(asked, origin="http://evil.example"),
    "a challenge of its own": lambda device, asked: device.get(asked, challenge="bm90aGluZw"),
    "a signature that is none": lambda device, asked: device.get(asked, signature=b"0" * 70),
    "another account's handle": lambda device, asked: device.get(asked, user_handle=b"x" * 32),
    "nobody was verified": lambda device, asked: _with(device, flags=PRESENT).get(asked),
    "nobody was there": lambda device, asked: _with(device, flags=VERIFIED).get(asked),
    "a key for another host": lambda device, asked: _with(device, host="evil.example").get(asked),
    "a making in place of a showing": lambda _, asked: Authenticator().create(asked | {"user": {"id": "eA"}}),
}


def _with(device: Authenticator, **values: Any) -> Authenticator:
    for name, value in values.items():
        setattr(device, name, value)
    return device


@pytest.mark.parametrize("lie", LIES)
def test_what_does_not_fit_opens_nothing(app: Flask, lie: str) -> None:
    device = Authenticator()
    added(a_user(), device)
    assert shown(LIES[lie](device, asked_to_show())) is None


@pytest.mark.parametrize(
    "rubbish",
    ["", "{", "[]", "null", '"x"', "[" * 5000, '{"id":1}', '{"id":"","rawId":"","response":{},"type":"public-key"}']
    + [
        '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"%s"}}' % ("A" * each)
        for each in (3, 30_000)
    ],
)
def test_rubbish_is_refused_and_breaks_nothing(app: Flask, rubbish: str) -> None:
    user = a_user()
    asked_to_add(user)
    assert shown(rubbish) is None
    with transaction():
        assert passkeys.add(user, rubbish, HERE, name="", now=NOW) is None


def test_a_challenge_is_good_once_in_its_browser_for_its_purpose_and_for_five_minutes(app: Flask) -> None:
    device = Authenticator()
    added(a_user(), device)
    answer = device.get(asked_to_show())
    assert shown(answer, place=ELSEWHERE) is None
    assert shown(answer, Purpose.STAFF_SHOW) is None
    assert shown(answer, now=NOW + timedelta(minutes=5)) is None
    assert shown(answer) is not None
    assert shown(answer) is None


def test_of_many_answers_at_once_one_is_taken(app: Flask) -> None:
    device = Authenticator()
    added(a_user(), device)
    answer = device.get(asked_to_show())

    def show(_: int) -> bool:
        with app.app_context():
            return shown(answer) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(show, range(8))) == 1


def test_a_counter_that_does_not_go_on_is_refused_and_written_down(app: Flask) -> None:
    device = Authenticator()
    added(a_user(), device)
    device.keys[0].count = 5
    assert shown(device.get(asked_to_show())) is not None
    device.keys[0].count = 5
    assert shown(device.get(asked_to_show())) is None
    [event] = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "passkey_perhaps_copied"))
    assert (event.before, event.after) == ({"sign_count": 6}, {"sign_count": 6})
    device.keys[0].count = 6
    assert shown(device.get(asked_to_show())) is not None


def test_a_device_that_does_not_count_is_taken_as_often_as_it_is_used(app: Flask) -> None:
    device = Authenticator()
    added(a_user(), device)
    for _ in range(2):
        device.keys[0].count = -1
        assert shown(device.get(asked_to_show())) is not None


def test_a_passkey_is_added_in_the_account_that_asked_for_it(app: Flask) -> None:
    one, other = a_user(), a_user()
    answer = Authenticator().create(asked_to_add(one))
    with transaction():
        assert passkeys.add(other, answer, HERE, name="", now=NOW) is None
    assert passkeys.of(other) == []


def test_one_passkey_is_of_one_account(app: Flask) -> None:
    device = Authenticator()
    assert added(a_user(), device) is not None
    other = a_user()
    assert added(other, Authenticator(), id=device.keys[0].id) is None
    assert passkeys.of(other) == []


def test_nobody_is_verified_nobody_adds(app: Flask) -> None:
    assert added(a_user(), Authenticator(flags=PRESENT)) is None


def test_an_account_has_ten_at_most(app: Flask) -> None:
    user = a_user()
    for _ in range(passkeys.MOST):
        added(user, Authenticator())
    with pytest.raises(TooManyPasskeys):
        asked_to_add(user)


def test_a_synchronised_passkey_is_known_as_one(app: Flask) -> None:
    made = added(a_user(), Authenticator(flags=PRESENT | VERIFIED | MAY_BE_COPIED))
    assert made is not None
    assert made.synchronised


def test_a_person_s_passkey_is_nothing_in_the_console_and_a_colleague_s_nothing_outside(app: Flask) -> None:
    phone, key = Authenticator(), Authenticator()
    added(a_user(), phone)
    added(a_staff_user(), key)
    assert shown(phone.get(asked_to_show(Purpose.STAFF_SHOW)), Purpose.STAFF_SHOW) is None
    assert shown(key.get(asked_to_show())) is None
    assert shown(key.get(asked_to_show(Purpose.STAFF_SHOW)), Purpose.STAFF_SHOW) is not None


def test_adding_and_removing_are_told_by_email_and_audited(app: Flask) -> None:
    user = a_user()
    made = added(user, Authenticator())
    assert made is not None
    with transaction():
        passkeys.rename(made, "  Old phone ", now=NOW)
        passkeys.remove(made, now=NOW)
    told = db.session.scalars(select(OutboxMessage.kind).where(OutboxMessage.recipient == user.email)).all()
    assert set(told) == {"passkey_added", "passkey_removed"}
    actions = db.session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == str(user.id))).all()
    assert {"passkey_added", "passkey_renamed", "passkey_removed"} <= set(actions)
    assert passkeys.of(user) == []


def test_erasure_forgets_passkeys_and_an_export_tells_of_them_without_their_bytes(app: Flask) -> None:
    user, device = a_user(), Authenticator()
    added(user, device)
    held = subject_access.everything_about(user, now=NOW)["passkeys"]
    assert [each["name"] for each in held] == ["Phone"]
    with transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked for it", now=NOW)
    assert db.session.query(Passkey).count() == 0
    assert shown(device.get(asked_to_show())) is None


def test_challenges_that_nobody_answered_are_removed(app: Flask) -> None:
    asked_to_show()
    with transaction():
        pass
    retention.remove_expired(NOW + timedelta(minutes=6))
    assert db.session.query(PasskeyChallenge).count() == 0
    assert db.session.query(User).count() == 0
