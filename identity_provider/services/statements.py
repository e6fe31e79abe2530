"""What a person stated of themselves, as labelled lines for the helpdesk."""

from __future__ import annotations

from datetime import date

from identity_provider.domain.lookup import LookupReason
from identity_provider.domain.values import NationalInsuranceNumber, ValueRefused
from identity_provider.models import User
from identity_provider.vault import SealBroken, vault

NINO_CONTEXT = "nino"
"""What a sealed National Insurance number is sealed as, wherever it is kept."""

WHY: dict[str, str] = {
    LookupReason.AMBIGUOUS: "Two or more records fit",
    LookupReason.NEAR_MATCH: "A record is close, but not close enough",
    LookupReason.STATED_TRN_NOT_FOUND: "The TRN they gave was not found",
    LookupReason.STATED_TRN_CONFLICTS: "The TRN they gave belongs to a record that does not fit, or to somebody else",
    LookupReason.CLAIMS_QTS: "They say that they have QTS, and no record was found",
    LookupReason.REGISTER_UNAVAILABLE: "The register of teachers did not answer",
    LookupReason.WITH_HELPDESK: "The case was given to the helpdesk",
    LookupReason.EVIDENCE_UNDER_REVIEW: "Evidence of a change is under review",
    LookupReason.NOT_LOOKED_UP: "Too little was given to look the person up",
}


def why(reason: str) -> str:
    """Why no match was made, in a sentence for staff."""
    return WHY.get(reason, reason.replace("_", " ").capitalize())


def stated_lines(user: User, service: str, reason: LookupReason) -> list[tuple[str, str]]:
    """The person's statement, line by line, as it goes into a ticket (domain.md, "Helpdesk")."""
    return [
        ("Name", user.name.full),
        ("Previous names", ", ".join(previous_names(user)) or "Not given"),
        ("Email", user.email),
        ("Date of birth", day(user.date_of_birth) or "Not given"),
        ("National Insurance number", nino_end(user)),
        ("Stated TRN", user.stated_trn or _without_trn(user.stated_has_trn)),
        ("Training provider", user.stated_training_provider or "Not given"),
        ("Claims QTS", _said(user.stated_has_qts)),
        ("Service", service or "Not known"),
        ("Why no match was made", why(reason)),
    ]


def previous_names(user: User) -> list[str]:
    """The person's previous names, each as one text."""
    names = [f"{each.get('first_name') or ''} {each.get('last_name') or ''}" for each in user.stated_previous_names]
    return [" ".join(name.split()) for name in names if name.strip()]


def nino_of(user: User) -> NationalInsuranceNumber | None:
    """The National Insurance number that the person stated; None when there is none that can be read."""
    if user.stated_nino_encrypted is None:
        return None
    try:
        return NationalInsuranceNumber.parse(vault.unseal(user.stated_nino_encrypted, NINO_CONTEXT))
    except (SealBroken, ValueRefused):
        return None


def nino_end(user: User) -> str:
    """As much of the National Insurance number as a ticket may hold: its last three characters."""
    nino = nino_of(user)
    if nino is not None:
        return f"ends in {nino.last_three}"
    return "They say that they have none" if user.stated_has_nino is False else "Not given"


def day(date_of_birth: date | None) -> str:
    """A date as people write it: 4 March 1985."""
    return f"{date_of_birth.day} {date_of_birth:%B %Y}" if date_of_birth else ""


def _without_trn(has_one: bool | None) -> str:
    """What somebody said of a TRN that they did not give: who has one may not know it."""
    return {True: "They are not sure of it", False: "They say that they have none", None: "Not given"}[has_one]


def _said(answer: bool | None) -> str:
    return {True: "Yes", False: "No", None: "Not answered"}[answer]
