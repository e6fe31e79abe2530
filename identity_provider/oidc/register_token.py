"""A token that speaks to the DQT for a person with a TRN, as its change-request API wants it (dqt-api.md, A4.5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from identity_provider.kit.app import settings
from identity_provider.oidc import claims
from identity_provider.oidc.keys import key_ring
from identity_provider.services import signing_keys
from identity_provider.vault import new_secret

LIVES = timedelta(minutes=5)


def for_trn(trn: str, *, now: datetime) -> str:
    """A JWT with scope `dqt:read` and the TRN, good for one call. Not inside a transaction."""
    body = {
        "iss": settings().issuer,
        "aud": "dqt",
        "iat": claims.seconds(now),
        "exp": claims.seconds(now + LIVES),
        "jti": new_secret(),
        "scope": "dqt:read",
        "trn": trn,
    }
    return key_ring().sign(body, signing_keys.DEFAULT_ALGORITHM, typ="at+jwt", now=now)
