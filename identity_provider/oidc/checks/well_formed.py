"""Sizes and characters: nothing oversized or unprintable reaches the database or a page (attack 21)."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.domain.words import N_
from identity_provider.oidc.sent import SentRequest

MOST_PARAMETERS = 100
_LONGEST = {"state": 2_048, "nonce": 512, "claims": 8_000, "id_token_hint": 8_000, "request": 16_000}
_LONGEST_OTHER = 2_048
_DECODING_FAILED = "\ufffd"


def check(sent: SentRequest) -> None:
    """Refuses too many parameters, too long ones, NUL, bytes that are not UTF-8, and halves of characters."""
    if len(sent.parameters) > MOST_PARAMETERS:
        raise InvalidRequestError(N_("There are too many parameters."))
    for name, value in sent.parameters.items():
        if len(value) > _LONGEST.get(name, _LONGEST_OTHER):
            raise InvalidRequestError(N_("A parameter is too long."))
        if "\0" in value or _DECODING_FAILED in value or not (is_text(name) and is_text(value)):
            raise InvalidRequestError(N_("A parameter holds characters that can not be read."))


def is_text(value: str) -> bool:
    """Whether it can be written at all: JSON lets a client send half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
