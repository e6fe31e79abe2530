"""How often codes are sent and guessed: enough for a school behind one address, and nobody shuts another out.

What one visitor (an IP) does with an address counts most, so that a stranger uses up their own tries. All visitors
together reach the wide limit of an address, and one visitor the wide limit for all addresses. A right code counts
nothing. Of each challenge there are five tries whatever these limits say (services/sign_in_codes).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from identity_provider.services import rate_limits


class Door(StrEnum):
    """Where a code is asked for: each door has counters of its own."""

    PERSON = "person"
    STAFF = "staff"


def count_sending(door: Door, address: str, ip: str, *, now: datetime) -> None:
    """Count one code. Raises RateLimited. To be committed before the code is sent."""
    rate_limits.count(rate_limits.CODES_PER_IP, f"{door} {ip}", now=now)
    rate_limits.count(rate_limits.CODES_PER_ADDRESS, f"{door} {ip} {address}", now=now)
    rate_limits.count(rate_limits.CODES_PER_ADDRESS_IN_ALL, f"{door} {address}", now=now)


def count_guess(door: Door, address: str, ip: str, *, now: datetime) -> None:
    """Count one try. Raises RateLimited. To be committed before the code is compared."""
    for limit, what in _guesses(door, address, ip):
        rate_limits.count(limit, what, now=now)


def forgive_guess(door: Door, address: str, ip: str, *, now: datetime) -> None:
    """The try that was counted was right: only wrong ones count."""
    for limit, what in _guesses(door, address, ip):
        rate_limits.forgive(limit, what, now=now)


def _guesses(door: Door, address: str, ip: str) -> tuple[tuple[rate_limits.Limit, str], ...]:
    return (
        (rate_limits.GUESSES_PER_IP, f"{door} {ip}"),
        (rate_limits.GUESSES_PER_ADDRESS, f"{door} {ip} {address}"),
        (rate_limits.GUESSES_PER_ADDRESS_IN_ALL, f"{door} {address}"),
    )
