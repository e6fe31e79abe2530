"""What GOV.UK One Login told of a person, read from tokens that hold, and how it is kept until it is settled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email

from identity_provider.domain.values import PersonName, ValueRefused
from identity_provider.services.one_login_checks import TokenRefused
from identity_provider.services.signed_tokens import moment
from identity_provider.vault import vault

CORE_IDENTITY = "https://vocab.account.gov.uk/v1/coreIdentityJWT"
RETURN_CODE = "https://vocab.account.gov.uk/v1/returnCode"
_CONTEXT = "one_login_told"
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Proved:
    """Who somebody is, as One Login proved it: the present name, those before it, and the birthday."""

    first_name: str = field(repr=False)
    middle_name: str = field(repr=False)
    last_name: str = field(repr=False)
    date_of_birth: date = field(repr=False)
    previous: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    confidence: str = "P2"

    @property
    def previous_names(self) -> list[dict[str, Any]]:
        """As journeys and accounts keep them."""
        return [{"first_name": first, "last_name": last} for first, last in self.previous]


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that came of one trip."""

    issuer: str
    subject: str = field(repr=False)
    email: str = field(repr=False)
    upstream_sid: str | None = None
    # When the person last proved themselves there; None when it does not say.
    authenticated_at: datetime | None = None
    proved: Proved | None = None
    # Why nothing was proved, in One Login's own letters (its return codes).
    return_codes: tuple[str, ...] = ()


def sealed(told: Told) -> bytes:
    """For the row of the trip."""
    return vault.seal(json.dumps(as_facts(told)), _CONTEXT)


def unsealed(kept: bytes) -> Told:
    """Read back what `sealed` wrote."""
    facts = json.loads(vault.unseal(kept, _CONTEXT))
    proved, at = facts["proved"], facts["authenticated_at"]
    if proved is not None:
        proved["date_of_birth"] = date.fromisoformat(proved["date_of_birth"])
        proved["previous"] = tuple((first, last) for first, last in proved["previous"])
    facts["proved"] = Proved(**proved) if proved is not None else None
    facts["authenticated_at"] = datetime.fromisoformat(at) if at else None
    facts["return_codes"] = tuple(facts["return_codes"])
    return Told(**facts)


def read_proved(claims: Mapping[str, Any], today: date) -> Proved:
    """The name and birthday of a core identity that holds. Raises TokenRefused when there is none in it to use."""
    credential = claims.get("vc")
    subject = credential.get("credentialSubject") if isinstance(credential, dict) else None
    if not isinstance(subject, dict):
        raise TokenRefused("core_identity", "vc")
    names = [each for each in _objects(subject.get("name")) if _parts(each, "FamilyName")]
    present = next((each for each in names if _is_present(each, today)), None)
    born = _birthday(subject.get("birthDate"), today)
    if present is None or born is None:
        raise TokenRefused("core_identity", "name" if present is None else "birthDate")
    given = _parts(present, "GivenName")
    try:
        name = PersonName.parse(given[0] if given else "", _joined(present), " ".join(given[1:]))
    except ValueRefused as unusable:
        raise TokenRefused("core_identity", "name") from unusable
    before = ((" ".join(_parts(each, "GivenName")[:1]), _joined(each)) for each in names if each is not present)
    now = (name.first, name.last)
    previous = tuple(dict.fromkeys(each for each in before if each != now))
    return Proved(name.first, name.middle, name.last, born, previous, str(claims["vot"]))


def read_email(userinfo: Mapping[str, object]) -> str:
    """The address, when One Login says that it is verified; else none, and nothing is sent to it."""
    said = userinfo.get("email")
    if not isinstance(said, str) or userinfo.get("email_verified") is not True:
        return ""
    try:
        found = validate_email(said, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        return ""
    return found.normalized.lower()


def read_return_codes(userinfo: Mapping[str, object]) -> tuple[str, ...]:
    """The letters that say why no identity was proved."""
    codes = (each.get("code") for each in _objects(userinfo.get(RETURN_CODE)))
    return tuple(each for each in codes if isinstance(each, str) and len(each) <= 10 and each.isascii())


def as_facts(told: Told) -> dict[str, Any]:
    """All of it, to be written down."""
    proved, at = told.proved, told.authenticated_at
    return {
        "issuer": told.issuer,
        "subject": told.subject,
        "email": told.email,
        "upstream_sid": told.upstream_sid,
        "authenticated_at": at.astimezone(UTC).isoformat() if at else None,
        "return_codes": list(told.return_codes),
        "proved": None
        if proved is None
        else {
            "first_name": proved.first_name,
            "middle_name": proved.middle_name,
            "last_name": proved.last_name,
            "date_of_birth": proved.date_of_birth.isoformat(),
            "previous": [list(each) for each in proved.previous],
            "confidence": proved.confidence,
        },
    }


def authenticated_at(claims: Mapping[str, Any], now: datetime) -> datetime | None:
    """`auth_time` of an ID token; never in the future, which only clocks that differ would make of it."""
    said = moment(claims.get("auth_time"))
    return min(said, now) if said is not None else None


def _objects(listed: object) -> list[dict[str, Any]]:
    return [each for each in listed[:_MOST_NAMES] if isinstance(each, dict)] if isinstance(listed, list) else []


def _is_present(name: Mapping[str, Any], today: date) -> bool:
    """Whether the name is in use: it has no `validUntil`, or one that is still to come."""
    until = name.get("validUntil")
    return until is None or ((day := _day(until)) is not None and day > today)


def _parts(name: Mapping[str, Any], kind: str) -> list[str]:
    parts = (each for each in _objects(name.get("nameParts")) if each.get("type") == kind)
    words = (each.get("value") for each in parts)
    return [_in_lower_case(each) for each in words if isinstance(each, str) and each.strip()]


def _joined(name: Mapping[str, Any]) -> str:
    return " ".join(_parts(name, "FamilyName"))


def _in_lower_case(text: str) -> str:
    """Documents print names in capitals; nobody writes theirs so. Any other spelling is the person's own."""
    text = " ".join(text.split())
    if not text.isupper() or len(text) < 2:
        return text
    return "".join(
        letter if at == 0 or not text[at - 1].isalpha() else letter.lower() for at, letter in enumerate(text)
    )


def _birthday(listed: object, today: date) -> date | None:
    """The first one: One Login is surest of it."""
    first: Iterable[dict[str, Any]] = _objects(listed)[:1]
    born = next((_day(each.get("value")) for each in first), None)
    return born if born is not None and date(1900, 1, 1) <= born < today else None


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
