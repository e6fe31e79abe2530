"""ID tokens that come back to us as hints: believed when we signed them for that service, however old."""

from __future__ import annotations

from dataclasses import dataclass

from identity_provider.kit.app import settings
from identity_provider.models import Client
from identity_provider.oidc.keys import key_ring


@dataclass(frozen=True, slots=True)
class Hint:
    """What an ID token of ours says."""

    client_id: str
    subject: str
    session_name: str | None


def read(token: str) -> Hint | None:
    """The hint; None for anything that is not an ID token of ours, signed with a key that is still published."""
    said = key_ring().claims_of(token)
    if said is None or said.get("iss") != settings().issuer or "at_hash" not in said:
        return None
    client_id, subject = said.get("aud"), said.get("sub")
    if not isinstance(client_id, str) or not isinstance(subject, str):
        return None
    named = said.get("sid")
    return Hint(client_id, subject, named if isinstance(named, str) else None)


def subject_of(token: str, client: Client) -> str | None:
    """The subject of a hint that was given to this client."""
    hint = read(token)
    return hint.subject if hint and hint.client_id == client.id else None
