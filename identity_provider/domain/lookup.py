"""Where a person's search for a record stands: four statuses, never confused, and one pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from identity_provider.domain.absence import NOT_ASKED, FurtherAnswers


class LookupStatus(StrEnum):
    """The claim `trn_lookup_status`, exactly these strings."""

    FOUND = "Found"
    PENDING = "Pending"
    NONE = "None"
    FAILED = "Failed"


class LookupReason(StrEnum):
    """The claim `trn_lookup_reason`: why, in one token."""

    MATCHED = "matched"
    SUPPORT = "support"
    TRN_TOKEN = "trn_token"
    API = "api"
    IMPORT = "import"
    ONE_LOGIN = "one_login"
    AMBIGUOUS = "ambiguous"
    NEAR_MATCH = "near_match"
    STATED_TRN_NOT_FOUND = "stated_trn_not_found"
    STATED_TRN_CONFLICTS = "stated_trn_conflicts"
    CLAIMS_QTS = "claims_qts"
    REGISTER_UNAVAILABLE = "register_unavailable"
    WITH_HELPDESK = "with_helpdesk"
    EVIDENCE_UNDER_REVIEW = "evidence_under_review"
    NOT_LOOKED_UP = "not_looked_up"
    NO_RECORD = "no_record"
    CONFIRMED_BY_SUPPORT = "confirmed_by_support"


REASONS: dict[LookupStatus, frozenset[LookupReason]] = {
    LookupStatus.FOUND: frozenset(
        {
            LookupReason.MATCHED,
            LookupReason.SUPPORT,
            LookupReason.TRN_TOKEN,
            LookupReason.API,
            LookupReason.IMPORT,
            LookupReason.ONE_LOGIN,
        }
    ),
    LookupStatus.PENDING: frozenset(
        {
            LookupReason.AMBIGUOUS,
            LookupReason.NEAR_MATCH,
            LookupReason.STATED_TRN_NOT_FOUND,
            LookupReason.STATED_TRN_CONFLICTS,
            LookupReason.CLAIMS_QTS,
            LookupReason.REGISTER_UNAVAILABLE,
            LookupReason.WITH_HELPDESK,
            LookupReason.EVIDENCE_UNDER_REVIEW,
            LookupReason.NOT_LOOKED_UP,
        }
    ),
    LookupStatus.NONE: frozenset({LookupReason.NO_RECORD}),
    LookupStatus.FAILED: frozenset({LookupReason.CONFIRMED_BY_SUPPORT}),
}


class VerificationLevel(StrEnum):
    """How sure we are that the linked record is this person's."""

    LOW = "Low"
    MEDIUM = "Medium"


@dataclass(frozen=True, slots=True)
class Found:
    """One record, sufficient evidence, and nobody else holds it."""

    trn: str
    level: VerificationLevel


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Two or more records fit."""


@dataclass(frozen=True, slots=True)
class Near:
    """Something is close but not close enough, or too little was given to tell."""

    reason: LookupReason


@dataclass(frozen=True, slots=True)
class Nothing:
    """The register answered, and what was asked would have found the person: nothing resembles them."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The register did not answer. Not an outcome of a search: no search took place."""


Answer = Found | Ambiguous | Near | Nothing | Unanswered


@dataclass(frozen=True, slots=True)
class Statement:
    """What the person says of themselves that weighs on an empty answer. None means not asked or not sure."""

    trn: str | None
    has_trn: bool | None
    has_qts: bool | None
    further: FurtherAnswers = NOT_ASKED

    @property
    def denies_a_record(self) -> bool:
        """Whether the person says, being asked, that they have neither a TRN nor QTS."""
        return self.has_trn is False and self.has_qts is False


@dataclass(frozen=True, slots=True)
class LookupState:
    """A status with its reason; a pair that domain.md does not list cannot be made."""

    status: LookupStatus
    reason: LookupReason

    def __post_init__(self) -> None:
        if self.reason not in REASONS[self.status]:
            raise ValueError(f"{self.status} is never because of {self.reason}")


def pending(reason: LookupReason) -> LookupState:
    """We do not know, and why."""
    return LookupState(LookupStatus.PENDING, reason)


def decide(answer: Answer, said: Statement) -> LookupState:
    """The state that an answer of the register leads to, given what the person says.

    `None` needs three things at once: the register answered, nothing near was in it, and the person says that
    they have neither a TRN nor QTS (domain.md, "Lookup status"). Silence on either question is not a "no"; and the
    person was asked what would tell a missing record from wrong answers (domain/absence.py).
    """
    match answer:
        case Found():
            return LookupState(LookupStatus.FOUND, LookupReason.MATCHED)
        case Ambiguous():
            return pending(LookupReason.AMBIGUOUS)
        case Near(reason):
            return pending(reason)
        case Unanswered():
            return pending(LookupReason.REGISTER_UNAVAILABLE)
        case Nothing():
            return _nothing_found(said)
        case _:
            assert_never(answer)


def _nothing_found(said: Statement) -> LookupState:
    if said.trn or said.has_trn:
        return pending(LookupReason.STATED_TRN_NOT_FOUND)
    if said.has_qts or said.further.speaks_for_a_record:
        return pending(LookupReason.CLAIMS_QTS)
    if not (said.denies_a_record and said.further.is_complete):
        return pending(LookupReason.NOT_LOOKED_UP)
    return LookupState(LookupStatus.NONE, LookupReason.NO_RECORD)
