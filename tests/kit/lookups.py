"""Searches as they are stored, without asking a register."""

from __future__ import annotations

from typing import Any

from identity_provider.db import db, transaction
from identity_provider.models import Lookup, User
from identity_provider.services.register_search import Occasion, asked_json
from identity_provider.vault import vault
from matching.records import PersonDetails
from tests.builders import NOW


def a_lookup(user: User, outcome: str, reason: str, **values: Any) -> Lookup:
    """A search for this person's record that ended so."""
    known: dict[str, Any] = {
        "occasion": Occasion.CHECK_ANSWERS,
        "trn": "1234567" if outcome == "match" else None,
        "policy": "Default",
        "asked_encrypted": vault.seal(asked_json(PersonDetails()), "lookup"),
        "explanation": {},
        "duration_ms": 4,
        "at": NOW,
    }
    lookup = Lookup(user_id=user.id, outcome=outcome, reason=str(reason), **(known | values))
    with transaction():
        db.session.add(lookup)
    return lookup
