"""What features are called, and what switching one off does, in the words of those who switch them."""

from __future__ import annotations

from dataclasses import dataclass

from identity_provider.domain.features import Feature
from identity_provider.domain.words import N_


@dataclass(frozen=True, slots=True)
class Called:
    """Marked texts, translated where they are shown."""

    name: str
    off_means: str


WORDS: dict[Feature, Called] = {
    Feature.CLIENT_REGISTRATION: Called(
        N_("Registration by software"),
        N_(
            "Off: services cannot register themselves, nor change their registration. It is on only where the operator"
            " has allowed it in the settings as well."
        ),
    ),
    Feature.TRN_TOKENS: Called(
        N_("TRN tokens"),
        N_(
            "Off: no token is made, and one that a service sends along is left aside: people are asked the ordinary"
            " questions."
        ),
    ),
    Feature.HELPDESK_TICKETS: Called(
        N_("Tickets in Zendesk"),
        N_(
            "Off: cases are opened and worked on here as ever, and their tickets wait. They are raised once it is on"
            " again."
        ),
    ),
    Feature.WEBHOOK_DELIVERY: Called(
        N_("Delivery of webhooks"),
        N_("Off: messages are written down and wait. They are sent once it is on again, oldest first."),
    ),
    Feature.ACCOUNT: Called(
        N_("Own account"),
        N_(
            "Off: nobody can enter the pages of their own account, nor change anything there. Signing in to services"
            " goes on."
        ),
    ),
    Feature.PASSKEYS: Called(
        N_("Offering passkeys"),
        N_(
            "Off: nobody is offered a passkey while they sign in to a service. Passkeys that people have go on working,"
            " and a service that demands one still gets one."
        ),
    ),
    Feature.ONE_LOGIN: Called(
        N_("Offering GOV.UK One Login"),
        N_(
            "Off: nobody is offered to go through GOV.UK One Login on their way to a service. It is on only where the"
            " operator has set it up as well."
        ),
    ),
    Feature.AWARDS: Called(
        N_("Awards of people"),
        N_("Off: nobody can look at their awards, share them or check one. Services go on recording awards."),
    ),
}
