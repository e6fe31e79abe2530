"""Whether the person may or must be asked something (OpenID Connect Core 3.1.2.1)."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.oidc.sent import SentRequest

PROMPTS = frozenset({"none", "login", "consent", "select_account"})


def check(sent: SentRequest) -> None:
    """Refuses `none` beside another value (attack 8); values that nobody defined are ignored."""
    asked = frozenset((sent.get("prompt") or "").split())
    if "none" in asked and len(asked) > 1:
        raise InvalidRequestError("The prompt none must stand alone.")
    sent.prompt = asked & PROMPTS
