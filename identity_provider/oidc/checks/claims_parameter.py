"""Claims asked for one by one (OpenID Connect Core 5.5)."""

from __future__ import annotations

import json
from typing import Any

from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from identity_provider.domain.authentication import DEMANDABLE
from identity_provider.kit.app import settings
from identity_provider.oidc.sent import SentRequest

_PLACES = ("userinfo", "id_token")
_MOST_CLAIMS = 100


class UnmetAuthenticationRequirements(OAuth2Error):  # type: ignore[misc]  # Authlib carries no types
    """OpenID Connect Core Unmet Authentication Requirements 1.0."""

    error = "unmet_authentication_requirements"


def check(sent: SentRequest) -> None:
    """Refuses what is not an object of objects, and an essential `acr` that no sign-in here reaches (5.5.1.1)."""
    text = sent.get("claims")
    if text is None:
        return
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError) as broken:
        raise InvalidRequestError("The claims parameter is not JSON.") from broken
    if not isinstance(asked, dict):
        raise InvalidRequestError("The claims parameter is not an object.")
    for place in _PLACES:
        members = asked.get(place)
        if members is None:
            continue
        if not isinstance(members, dict) or len(members) > _MOST_CLAIMS:
            raise InvalidRequestError("The claims parameter is malformed.")
        sent.claims[place] = [name for name in members if name.isascii() and "\0" not in name]
        _check_subject(sent, members.get("sub"))
        _check_acr(sent, members.get("acr"))


def _check_subject(sent: SentRequest, wanted: Any) -> None:
    value = wanted.get("value") if isinstance(wanted, dict) else None
    if value is None:
        return
    if not isinstance(value, str) or "\0" in value:
        raise InvalidRequestError("The claims parameter is malformed.")
    sent.mean(value)


def _check_acr(sent: SentRequest, wanted: Any) -> None:
    """An essential one that only a passkey reaches is a demand for a passkey."""
    if not isinstance(wanted, dict) or wanted.get("essential") is not True:
        return
    values = wanted.get("values", [wanted["value"]] if "value" in wanted else None)
    if values is None:
        return
    reached = [each for each in DEMANDABLE if isinstance(values, list) and each.under(settings().issuer) in values]
    if not reached:
        raise UnmetAuthenticationRequirements("No sign-in here reaches the acr that was asked for.")
    sent.demand_one_of(reached)
