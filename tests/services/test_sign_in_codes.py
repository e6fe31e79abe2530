"""One-time codes: good once, for ten minutes, five tries in all, and kept as hashes only."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from identity_provider.db import db, transaction
from identity_provider.domain.errors import CodeRefused
from identity_provider.models import CodeChallenge, SentCode
from identity_provider.services import sign_in_codes
from tests.builders import NOW

ADDRESS = "kate@example.com"


def a_challenge(subject: UUID | None = None) -> tuple[CodeChallenge, SentCode, str]:
    """A challenge with one code, and the code as it stands in the mail."""
    asked = sign_in_codes.challenge("sign_in", ADDRESS, subject or uuid4(), now=NOW)
    sent = sign_in_codes.send(asked, now=NOW)
    code = sign_in_codes.code_to_write(asked.id, sent.counter, now=NOW)
    assert code is not None
    return asked, sent, code


def test_a_code_is_six_digits_and_good_once(app: Flask) -> None:
    asked, sent, code = a_challenge()
    assert len(code) == 6
    assert code.isdigit()
    sign_in_codes.check(asked, code, now=NOW)
    assert (asked.passed_at, sent.used_at) == (NOW, NOW)
    with pytest.raises(CodeRefused):
        sign_in_codes.check(asked, code, now=NOW)


def test_a_code_dies_after_ten_minutes(app: Flask) -> None:
    asked, sent, code = a_challenge()
    late = NOW + timedelta(minutes=10)
    with pytest.raises(CodeRefused):
        sign_in_codes.check(asked, code, now=late)
    assert sign_in_codes.code_to_write(asked.id, sent.counter, now=late) is None


def test_a_resent_code_leaves_the_first_one_good_and_both_share_five_tries(app: Flask) -> None:
    asked, _, first = a_challenge()
    sign_in_codes.send(asked, now=NOW)
    second = sign_in_codes.code_to_write(asked.id, 2, now=NOW)
    wrong = next(each for each in ("000000", "111111", "222222") if each not in (first, second))
    for _ in range(4):
        with pytest.raises(CodeRefused):
            sign_in_codes.check(asked, wrong, now=NOW)
    sign_in_codes.check(asked, first, now=NOW)


def test_after_five_wrong_tries_the_right_code_is_refused_too(app: Flask) -> None:
    asked, _, code = a_challenge()
    for _ in range(5):
        with pytest.raises(CodeRefused):
            sign_in_codes.check(asked, "not it", now=NOW)
    with pytest.raises(CodeRefused):
        sign_in_codes.check(asked, code, now=NOW)


def test_asking_again_goes_on_with_the_open_challenge_and_begins_another_when_it_is_spent(app: Flask) -> None:
    subject = uuid4()
    asked, _, code = a_challenge(subject)
    assert sign_in_codes.challenge("sign_in", ADDRESS, subject, now=NOW) is asked
    assert sign_in_codes.challenge("other", ADDRESS, subject, now=NOW) is not asked
    assert sign_in_codes.challenge("sign_in", ADDRESS, uuid4(), now=NOW) is not asked
    sign_in_codes.check(asked, code, now=NOW)
    assert sign_in_codes.challenge("sign_in", ADDRESS, subject, now=NOW) is not asked


def test_no_code_stands_in_the_database(app: Flask) -> None:
    with transaction():
        _, _, code = a_challenge()
    for table in ("code_challenges", "sent_codes", "outbox_messages", "procrastinate_jobs"):
        rows = db.session.execute(text(f"SELECT row_to_json(t)::text FROM {table} t")).scalars()  # noqa: S608
        assert not any(code in row for row in rows)


def test_spaces_dashes_and_full_width_digits_are_read(app: Flask) -> None:
    assert sign_in_codes.clean_code(" 12–34 ５６ ") == "123456"
