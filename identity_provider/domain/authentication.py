"""How somebody proved who they are, in the words of tokens (OpenID Connect Core 2, RFC 8176)."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

BY_CODE = ("otp",)
"""A one-time code to a proved address."""

BY_CODE_AND_APP = ("otp", "mfa")
"""Staff: a code by email, and one of their authenticator app."""

BY_PASSKEY = ("pop", "user", "mfa")
"""A key that the person holds, used with their presence and after their device knew them (a finger, a face, a PIN).

Neither `hwk` nor `swk` is said: no attestation is asked for, so nobody knows where the key lies.
"""

BY_ONE_LOGIN = ("fed", "mfa")
"""GOV.UK One Login vouches for two factors. RFC 8176 has a word for the second only; `fed` is what others say too."""

PROOF_OF_POSSESSION = "pop"
ELSEWHERE = "fed"


class Acr(StrEnum):
    """Authentication context classes; on the wire each is an address below the issuer's."""

    ONE_TIME_CODE = "one-time-code"
    PASSKEY = "passkey"
    # Told, and nothing that a service can demand: nobody has to have one.
    ONE_LOGIN = "one-login"

    def under(self, issuer: str) -> str:
        """As tokens, requests and the provider's description name it."""
        return f"{issuer}/acr/{self.value}"


def acr_of(amr: Collection[str]) -> Acr:
    """The class that a sign-in by these means reached."""
    if PROOF_OF_POSSESSION in amr:
        return Acr.PASSKEY
    return Acr.ONE_LOGIN if ELSEWHERE in amr else Acr.ONE_TIME_CODE


DEMANDABLE = (Acr.ONE_TIME_CODE, Acr.PASSKEY)
"""The classes that a service may ask for, and is given or an error."""
