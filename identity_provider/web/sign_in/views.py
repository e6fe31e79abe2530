"""Every page of the journey, put together as one blueprint."""

from __future__ import annotations

from identity_provider.web.sign_in import address, codes, ending, errors, leaving, one_login, person, record
from identity_provider.web.sign_in.steps import bp

__all__ = ["address", "bp", "codes", "ending", "errors", "leaving", "one_login", "person", "record"]
