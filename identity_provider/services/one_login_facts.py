"""What GOV.UK One Login proved of a person, kept beside what they stated: evidence, and never a silent change."""

from __future__ import annotations

import json
from datetime import date, datetime

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.values import PersonName
from identity_provider.models import IdentityCheck, Journey, OneLoginAttempt, User
from identity_provider.services import audit, likeness, one_login
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.one_login_told import Proved
from identity_provider.services.statements import CHECK
from identity_provider.vault import vault
from matching.normalise import family_name, given_name

PROVIDER = "GOV.UK One Login"
DOCUMENT_KIND = "one_login_identity"


def record(user: User, proved: Proved, *, now: datetime) -> IdentityCheck:
    """Keep what was proved of a user, sealed, and in which details it contradicts what they told us.

    Nothing that they stated changes by it; a birthday that they were never asked for is taken from it. The same facts
    proved anew are kept once.
    """
    row = _check_of(user)
    facts = _as_facts(proved)
    if row is None or _facts(row) != facts:
        row = IdentityCheck(user_id=user.id, client_id=None, provider=PROVIDER, document_kind=DOCUMENT_KIND)
        row.verified_sealed = vault.seal(json.dumps(facts), CHECK)
        db.session.add(row)
    row.checked_on, row.at = now.date(), now
    row.differs = _differences(user, proved)
    row.weighed_at, row.led_to = None, ""
    user.date_of_birth = user.date_of_birth or proved.date_of_birth
    db.session.flush()
    change = {"identity_check": str(row.id), "differs": row.differs}
    subject = Subject("user", user.id)
    audit.record("identity_checked", subject, actor=Actor.of(user), now=now, reason=PROVIDER, change=({}, change))
    return row


def is_confirmed(user: User) -> bool:
    """Whether One Login proved the very person whom this account names now."""
    row = _check_of(user)
    if row is None:
        return False
    facts = _facts(row)
    name = PersonName(facts["first_name"], facts["last_name"], facts.get("middle_name", ""))
    born = date.fromisoformat(facts["date_of_birth"])
    return user.date_of_birth == born and likeness.compared(name) == likeness.compared(user.name)


def contradicts(user: User) -> bool:
    """Whether One Login proved other details than the account names: a reviewer settles that, or the person does."""
    row = _check_of(user)
    return row is not None and bool(row.differs) and not is_confirmed(user)


def of_journey(journey: Journey) -> Proved | None:
    """What One Login proved in this journey, while it waits for its account."""
    if journey.one_login_attempt_id is None:
        return None
    attempt = db.session.get(OneLoginAttempt, journey.one_login_attempt_id)
    told = one_login.told_of(attempt) if attempt is not None else None
    return told.proved if told is not None else None


def speaks_of(journey: Journey) -> bool:
    """Whether the journey speaks of a person whom One Login proved: a name that was edited since is not proved.

    Also once an account was made of what was proved: its person may still change their answers after nothing was found.
    """
    proved, user = of_journey(journey), journey.user
    if proved is not None:
        return _is_stated_in(journey, _name_of(proved), proved.date_of_birth)
    return user is not None and is_confirmed(user) and _is_stated_in(journey, user.name, user.date_of_birth)


def _is_stated_in(journey: Journey, name: PersonName, born: date | None) -> bool:
    stated = PersonName(journey.first_name or "", journey.last_name or "", journey.middle_name or "")
    return likeness.compared(name) == likeness.compared(stated) and journey.date_of_birth == born


def _check_of(user: User) -> IdentityCheck | None:
    return db.session.scalar(
        select(IdentityCheck)
        .where(
            IdentityCheck.user_id == user.id,
            IdentityCheck.client_id.is_(None),
            IdentityCheck.document_kind == DOCUMENT_KIND,
        )
        .order_by(IdentityCheck.at.desc())
        .limit(1)
    )


def _differences(user: User, proved: Proved) -> list[str]:
    compared = (
        ("firstName", given_name(proved.first_name).joined == given_name(user.first_name).joined),
        ("lastName", family_name(proved.last_name).joined == family_name(user.last_name).joined),
        ("dateOfBirth", user.date_of_birth in (None, proved.date_of_birth)),
    )
    return [name for name, same in compared if not same]


def _name_of(proved: Proved) -> PersonName:
    return PersonName(proved.first_name, proved.last_name, proved.middle_name)


def _facts(check: IdentityCheck) -> dict[str, str]:
    kept: dict[str, str] = json.loads(vault.unseal(check.verified_sealed, CHECK))
    return kept


def _as_facts(proved: Proved) -> dict[str, str]:
    """In the shape of every identity check, and what One Login says besides."""
    return {
        "provider": PROVIDER,
        "document_kind": DOCUMENT_KIND,
        "first_name": proved.first_name,
        "middle_name": proved.middle_name,
        "last_name": proved.last_name,
        "date_of_birth": proved.date_of_birth.isoformat(),
        "previous_names": "; ".join(f"{first} {last}" for first, last in proved.previous),
        "confidence": proved.confidence,
    }
