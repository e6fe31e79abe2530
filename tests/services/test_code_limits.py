"""Limits on codes: a stranger uses up their own tries, and right codes count nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from flask import Flask

from identity_provider.db import transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.services import code_limits, rate_limits
from identity_provider.services.code_limits import Door
from tests.builders import NOW

TEACHER = "kate@example.com"
SCHOOL, STRANGER = "192.0.2.1", "198.51.100.7"
Count = Callable[..., None]


def use_up(count: Count, address: str, ip: str) -> None:
    """Count until it is refused."""
    with suppress(RateLimited):
        while True:
            with transaction():
                count(Door.PERSON, address, ip, now=NOW)


@pytest.mark.parametrize("count", [code_limits.count_sending, code_limits.count_guess])
def test_a_stranger_keeps_nobody_out_elsewhere_nor_at_the_other_door(app: Flask, count: Count) -> None:
    use_up(count, TEACHER, STRANGER)
    with transaction():
        count(Door.PERSON, TEACHER, SCHOOL, now=NOW)
        count(Door.STAFF, TEACHER, STRANGER, now=NOW)


@pytest.mark.parametrize("count", [code_limits.count_sending, code_limits.count_guess])
def test_an_address_has_a_limit_for_all_strangers_together(app: Flask, count: Count) -> None:
    for number in range(10):
        use_up(count, TEACHER, f"198.51.100.{number}")
    with pytest.raises(RateLimited), transaction():
        count(Door.PERSON, TEACHER, SCHOOL, now=NOW)


def test_a_whole_school_behind_one_address_signs_in(app: Flask) -> None:
    with transaction():
        for number in range(rate_limits.GUESSES_PER_IP.count + 1):
            teacher = f"teacher{number}@example.com"
            code_limits.count_sending(Door.PERSON, teacher, SCHOOL, now=NOW)
            code_limits.count_guess(Door.PERSON, teacher, SCHOOL, now=NOW)
            code_limits.forgive_guess(Door.PERSON, teacher, SCHOOL, now=NOW)


def test_wrong_codes_for_many_addresses_from_one_place_come_to_an_end(app: Flask) -> None:
    with transaction():
        for number in range(rate_limits.GUESSES_PER_IP.count):
            code_limits.count_guess(Door.PERSON, f"teacher{number}@example.com", STRANGER, now=NOW)
    with pytest.raises(RateLimited), transaction():
        code_limits.count_guess(Door.PERSON, TEACHER, STRANGER, now=NOW)
