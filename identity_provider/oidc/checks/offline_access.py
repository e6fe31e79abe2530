"""Whether a service may go on without the person (OpenID Connect Core 11)."""

from __future__ import annotations

from identity_provider.oidc.sent import SentRequest


def check(sent: SentRequest) -> None:
    """Leaves `offline_access` out of what a service that others run asks for without asking the person anew.

    A consent of another day is not enough for it; the request goes on without, and the answer says so.
    """
    if not sent.registered.first_party and "consent" not in sent.prompt:
        sent.scope = " ".join(each for each in sent.scope.split() if each != "offline_access")
