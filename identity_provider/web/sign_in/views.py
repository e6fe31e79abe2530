"""Every page of the journey, put together as one blueprint."""

from __future__ import annotations

from identity_provider.web.sign_in import (
    absence,
    address,
    codes,
    ending,
    errors,
    leaving,
    mobile,
    one_login,
    passkeys,
    person,
    record,
)
from identity_provider.web.sign_in.steps import bp

__all__ = [
    "absence",
    "address",
    "bp",
    "codes",
    "ending",
    "errors",
    "leaving",
    "mobile",
    "one_login",
    "passkeys",
    "person",
    "record",
]
