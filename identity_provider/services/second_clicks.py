"""The second click on a right code: the answer to the first one may have been lost, and the session's cookie with it.

Nothing is proved anew. Whoever sends the very code that was accepted a moment ago, from the browser that it was
accepted from (which the callers see to), gets a proof to go on with while what the first click did still stands.
"""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

from identity_provider.models import CodeChallenge, User
from identity_provider.services import browser_sessions, sign_in_codes
from identity_provider.vault import vault

_CARRY_ON = "carry_on"


def proof(of: CodeChallenge | None, typed: str, *, now: datetime) -> str:
    """What lets this browser go on without another code; empty for any other code. The try is to be committed."""
    if of is None or not sign_in_codes.is_repeated(of, typed, now=now):
        return ""
    return vault.keyed_hash(_CARRY_ON, _what_was_proved(of)).hex()


def is_good(shown: str, of: CodeChallenge | None, person: User | None, *, now: datetime) -> bool:
    """Whether this proof was made for what was proved there, not long ago, and a session of the person goes back to it.

    None does where the person has signed out, or ended what the first click began.
    """
    if of is None or of.passed_at is None or person is None or now - of.passed_at > sign_in_codes.LIFETIME:
        return False
    begun = [each.authenticated_at for each in browser_sessions.open_ones_of(person, now=now)]
    if not any(at is not None and at >= of.passed_at for at in begun):
        return False
    made = vault.keyed_hashes(_CARRY_ON, _what_was_proved(of))
    return any([compare_digest(each.hex().encode(), shown.encode()) for each in made])


def _what_was_proved(of: CodeChallenge) -> str:
    return f"{of.id}:{of.passed_at}"
