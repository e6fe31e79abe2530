"""What can be switched on and off while it runs: a closed list, so that a switch that nothing asks cannot exist."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Feature(StrEnum):
    """One thing that can be switched.

    A new one is a line here, in FEATURES and in the console's words; a test sees that something asks for it. The value
    is kept in the database, so it is never used again for something else.
    """

    CLIENT_REGISTRATION = "client_registration"
    TRN_TOKENS = "trn_tokens"
    HELPDESK_TICKETS = "helpdesk_tickets"
    WEBHOOK_DELIVERY = "webhook_delivery"
    ACCOUNT = "account"
    PASSKEYS = "passkeys"
    ONE_LOGIN = "one_login"
    AWARDS = "awards"


@dataclass(frozen=True, slots=True)
class About:
    """How a feature stands where nobody said otherwise, and whether one service may have it otherwise than the rest."""

    default: bool = True
    per_service: bool = False


FEATURES: dict[Feature, About] = {
    # On only where the operator allowed it in the settings as well.
    Feature.CLIENT_REGISTRATION: About(),
    # Off: none is made, and one that comes along is left aside.
    Feature.TRN_TOKENS: About(per_service=True),
    # Off: cases are opened as ever, their tickets wait.
    Feature.HELPDESK_TICKETS: About(per_service=True),
    # Off: messages are written down and wait.
    Feature.WEBHOOK_DELIVERY: About(per_service=True),
    # Off: nobody enters the pages of their own account.
    Feature.ACCOUNT: About(),
    # Off: nobody is offered one on their way to a service. Those that there are go on working.
    Feature.PASSKEYS: About(per_service=True),
    # Off: nobody on their way to a service is offered to go through it.
    Feature.ONE_LOGIN: About(per_service=True),
    # Off: nobody looks at awards, shares or checks them; services record them as ever.
    Feature.AWARDS: About(),
}
"""Every feature; what each is called is said where it is switched (support_console/features/words.py)."""
