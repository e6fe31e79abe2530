"""One run of the matcher in the words of the domain: its answer, and what is kept of the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from time import monotonic
from typing import Any, TypeVar, assert_never

from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.lookup import (
    Ambiguous,
    Answer,
    Found,
    LookupReason,
    Near,
    Nothing,
    Unanswered,
    VerificationLevel,
)
from identity_provider.domain.patience import waiting
from identity_provider.ports import TeacherRegister
from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch, PotentialMatches, Reason
from matching.matcher import match as find
from matching.policy import Policy
from matching.records import CandidateAnswer, CandidateQuestion, PersonDetails, TeachingRecord

POLICIES = {MatchPolicy.DEFAULT: Policy.DEFAULT, MatchPolicy.STRICT: Policy.STRICT}
_LEVELS = {MatchPolicy.DEFAULT: VerificationLevel.LOW, MatchPolicy.STRICT: VerificationLevel.MEDIUM}

Answered = TypeVar("Answered")

FAULT = "fault"
"""The reason of a search that never took place, since something broke."""


class Occasion(StrEnum):
    """Where a search was run."""

    JOURNEY = "journey"
    CHECK_ANSWERS = "check_answers"
    SIGN_IN = "sign_in"
    JOB = "job"
    CONSOLE = "console"
    ONE_LOGIN = "one_login"
    IDENTITY_CHECK = "identity_check"


@dataclass(frozen=True, slots=True)
class Search:
    """One run of the matcher: the answer in the words of the domain, and what is kept of the run."""

    answer: Answer
    outcome: str
    reason: str
    occasion: Occasion
    policy: MatchPolicy
    at: datetime
    duration_ms: int
    asked: PersonDetails = field(repr=False)
    explanation: dict[str, Any] = field(default_factory=dict, repr=False)
    weights_version: str = ""
    # Why a record that is found may be linked: by what was stated, or by what One Login proved.
    source: LookupReason = LookupReason.MATCHED
    # The page of the last question that had been answered; None outside a journey.
    question: str | None = None

    @property
    def is_fault(self) -> bool:
        """Whether something on our side broke: no later try mends that, so people are to know of it."""
        return self.reason == FAULT

    @property
    def trn(self) -> str | None:
        """The TRN that was found."""
        return self.answer.trn if isinstance(self.answer, Found) else None


def match_by(
    policy: MatchPolicy, person: PersonDetails, register: TeacherRegister, today: date, *, proved: bool
) -> MatchOutcome:
    """Run the matcher by a service's policy, or by what was `proved` where that is enough. Raises as the register."""
    if proved:
        outcome = find(person, register, Policy.VERIFIED, today)
        held_back = isinstance(outcome, PotentialMatches) and outcome.reason is Reason.NOT_RELEASED_BY_POLICY
        # What was proved is not enough (a number goes with a former name): what is stated may be, as of everybody.
        if not held_back:
            return outcome
    return find(person, register, POLICIES[policy], today)


def read(outcome: MatchOutcome, policy: MatchPolicy) -> tuple[Answer, str, str]:
    """The outcome of matching in the words of the domain, as (answer, word, reason).

    What was matched as `Verified` is not only stated, so that a link is sure (domain.md, "Medium").
    """
    match outcome:
        case DefiniteMatch():
            level = VerificationLevel.MEDIUM if outcome.policy is Policy.VERIFIED else _LEVELS[policy]
            return Found(outcome.record.trn, level), "match", outcome.rule.value
        case PotentialMatches():
            return _read_potential(outcome)
        case NoMatch():
            return Nothing(), "none", f"no_record_{outcome.grade}"
        case _:
            assert_never(outcome)


def _read_potential(outcome: PotentialMatches) -> tuple[Answer, str, str]:
    match outcome.reason:
        case Reason.AMBIGUOUS:
            return Ambiguous(), outcome.outcome, outcome.reason.value
        case Reason.STATED_TRN_CONFLICTS:
            return Near(LookupReason.STATED_TRN_CONFLICTS), outcome.outcome, outcome.reason.value
        case Reason.STATED_TRN_NOT_FOUND:
            return Near(LookupReason.STATED_TRN_NOT_FOUND), outcome.outcome, outcome.reason.value
        case Reason.REGISTER_INCOMPLETE if outcome.explanation.complete:
            # An empty register holds nobody's record: it is being loaded, and has not answered.
            return Unanswered(), "unanswered", outcome.reason.value
        case (
            Reason.NEAR_MATCH
            | Reason.TOO_MANY_CANDIDATES
            | Reason.TOO_LITTLE_GIVEN
            | Reason.RECORD_CLOSED
            | Reason.NOT_RELEASED_BY_POLICY
            | Reason.REGISTER_INCOMPLETE
            | Reason.STATED_TRN_LEAKED
        ):
            return Near(LookupReason.NEAR_MATCH), outcome.outcome, outcome.reason.value
        case _:
            assert_never(outcome.reason)


def asked_json(person: PersonDetails) -> str:
    return json.dumps(
        {
            "first_name": person.first_name,
            "middle_name": person.middle_name,
            "last_name": person.last_name,
            "previous_first_names": list(person.previous_first_names),
            "previous_last_names": list(person.previous_last_names),
            "date_of_birth": person.date_of_birth.isoformat() if person.date_of_birth else None,
            "trn": person.trn,
            "nino": person.nino,
            "email": person.email,
            "email_verified": person.email_verified,
            "trn_leaked": person.trn_leaked,
        }
    )


def asked_person(kept: str) -> PersonDetails:
    """Read back what `asked_json` wrote; what a version of long ago did not keep yet was not stated."""
    facts = json.loads(kept)
    facts["previous_first_names"] = tuple(facts.get("previous_first_names", ()))
    facts["previous_last_names"] = tuple(facts.get("previous_last_names", ()))
    born = facts.get("date_of_birth")
    facts["date_of_birth"] = date.fromisoformat(born) if born else None
    known = {each.name for each in fields(PersonDetails)}
    return PersonDetails(**{name: value for name, value in facts.items() if name in known})


class Impatient:
    """A register that has to answer before the person has waited long enough, and is not asked any further then."""

    def __init__(self, register: TeacherRegister, until: float) -> None:
        self._register = register
        self._until = until

    @property
    def size(self) -> int:
        return self._in_time(lambda: self._register.size)

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
        return self._in_time(lambda: self._register.find_by_identifiers(trn, nino))

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        return self._in_time(lambda: self._register.find_candidates(question))

    def _in_time(self, ask: Callable[[], Answered]) -> Answered:
        if monotonic() > self._until:
            raise RegisterUnavailable("the register has taken too long already")
        with waiting(self._until):
            return ask()
