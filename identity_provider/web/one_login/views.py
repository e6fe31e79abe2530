"""Everything about GOV.UK One Login, put together as one blueprint."""

from __future__ import annotations

from identity_provider.web.one_login import account, journeys, sign_outs
from identity_provider.web.one_login.trips import bp

__all__ = ["account", "bp", "journeys", "sign_outs"]
