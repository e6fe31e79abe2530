"""How the service wants the person to prove who they are (OpenID Connect Core 3.1.2.1)."""

from __future__ import annotations

from identity_provider.domain.authentication import DEMANDABLE
from identity_provider.kit.app import settings
from identity_provider.oidc.sent import SentRequest


def check(sent: SentRequest) -> None:
    """Refuses nothing. Classes that we do not know are passed over; one that only a passkey reaches is a demand.

    Where several of ours are named, each of them will do.
    """
    wanted = (sent.get("acr_values") or "").split()
    named = [each for each in DEMANDABLE if each.under(settings().issuer) in wanted]
    if named:
        sent.demand_one_of(named)
