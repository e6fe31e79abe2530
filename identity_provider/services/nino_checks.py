"""Whether a person's National Insurance number is the one on their teaching record."""

from __future__ import annotations

import json

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.values import NationalInsuranceNumber
from identity_provider.models import Lookup, User
from identity_provider.services.kept_lookups import AS_ASKED
from identity_provider.services.persons import Person
from identity_provider.vault import SealBroken, vault
from matching.comparisons import Field, Level


def is_on_record(user: User | Person, nino: NationalInsuranceNumber) -> bool:
    """Whether the last search that found this user's record compared this very number, and it was the record's.

    False also where nobody compared them: for a record that staff or another service attached.
    """
    found = db.session.execute(
        select(Lookup.asked_encrypted, Lookup.explanation)
        .where(Lookup.user_id == user.id, Lookup.trn == user.trn)
        .order_by(Lookup.at.desc())
        .limit(1)
    ).first()
    if found is None or _asked_with(found.asked_encrypted) != str(nino):
        return False
    candidates = found.explanation.get("candidates", [])
    return any(
        (field["field"], field["level"]) == (Field.NINO, Level.SAME)
        for each in candidates
        if each["trn"] == user.trn
        for field in each["fields"]
    )


def _asked_with(sealed: bytes) -> str | None:
    try:
        number: str | None = json.loads(vault.unseal(sealed, AS_ASKED))["nino"]
    except SealBroken:
        return None
    return number
